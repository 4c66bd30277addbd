"""Rules are checked when they are saved: what is taken, what is refused, what is warned of."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from chalicelib.catalog.doubts import attribute_warning
from chalicelib.catalog.rules import check_rule, compile_offer
from chalicelib.catalog.rules.advice import doubts, unkept_attributes
from chalicelib.catalog.rules.syntax import MAX_DEPTH, MAX_LENGTH
from chalicelib.errors import PayloadError
from chalicelib.model import CompiledOffer, Offer

RULES = Path(__file__).parents[3] / "chalicelib/catalog/RULES.md"


def refusal(text: str) -> dict[str, Any]:
    with pytest.raises(PayloadError) as refused:
        check_rule(text)
    return refused.value.details


def rule_warnings(rule: Any, attributes: Collection[str] | None = None) -> list[str]:
    """What is warned of, as it is put together when a draft is saved or published."""
    unkept = (attribute_warning(name, attributes) for name in unkept_attributes(rule))
    return [*doubts(rule), *filter(None, unkept)]


def examples() -> list[str]:
    blocks = RULES.read_text(encoding="utf-8").split("```")[1::2]
    return [block.removeprefix("cel\n") for block in blocks]


@pytest.mark.parametrize("text", examples())
def test_an_example_of_the_reference_is_accepted(text: str) -> None:
    assert check_rule(text)["when"]["type"] == "bool"


def test_the_reference_names_every_field_and_function() -> None:
    from chalicelib.catalog.rules.calls import FUNCTIONS, METHODS
    from chalicelib.catalog.rules.schema import ROOTS

    reference = RULES.read_text(encoding="utf-8")
    names = [*FUNCTIONS, *METHODS, *(name for fields in ROOTS.values() for name in fields)]
    assert [name for name in names if name not in reference] == []


def test_the_checked_form_is_plain_json_that_survives_storage() -> None:
    rule = check_rule("customer.age >= 18.0 && days_since(customer.last_purchase['shoes']) < 400")
    assert json.loads(json.dumps(rule)) == rule
    assert rule == {
        "form": 1,
        "when": {
            "op": "and",
            "type": "bool",
            "args": [
                {
                    "op": ">=",
                    "type": "bool",
                    "text": "customer.age >= 18.0",
                    "args": [
                        {"read": ["customer", "age"], "type": "int"},
                        {"const": 18.0, "type": "double"},
                    ],
                },
                {
                    "op": "<",
                    "type": "bool",
                    "text": "days_since(customer.last_purchase['shoes']) < 400",
                    "args": [
                        {
                            "op": "days_since",
                            "type": "double",
                            "args": [
                                {
                                    "read": ["customer", "last_purchase", "shoes"],
                                    "type": "timestamp",
                                }
                            ],
                        },
                        {"const": 400, "type": "int"},
                    ],
                },
            ],
        },
    }


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("", 1, 1, "the rule ends too early"),
        ("customer.age >=", 1, 16, "the rule ends too early"),
        ("customer.age = 3", 1, 14, "'=' is not expected here"),
        ("customer.age >= 18 &&\n  customer.age 3", 2, 16, "'3' is not expected here"),
        ("true and false", 1, 6, "'and' is not expected here"),
        ("customer.vip == true && tru", 1, 25, "tru is unknown"),
        ("true &&\n   foo > 3", 2, 4, "foo is unknown"),
        ("age > 3", 1, 1, "is it customer.age?"),
        ("customer == 3", 1, 1, "write customer.<name>"),
        ("context.chanel == 'sms'", 1, 1, "is it context.channel?"),
        ("request.zzz == 'sms'", 1, 1, "there are intent, products, categories"),
        ("customer.age >= 'a'", 1, 1, ">= cannot compare a int with a string"),
        ("1 + 'a' == 2", 1, 1, "+ cannot join a int and a string"),
        ("customer.spend_total / customer.order_count > 1.0", 1, 1, "double(...) round the int"),
        ("customer.age", 1, 1, "a condition is true or false"),
        ("customer.age && true", 1, 1, "this is a int"),
        ("-'a' == 'b'", 1, 1, "- needs a number"),
        ("customer.x == null", 1, 15, "write has(customer.name)"),
        ("customer.x == 1u", 1, 15, "leave off the u"),
        ("customer.x == {'a': 1}", 1, 15, "map literals"),
        ("customer.x == r'a'", 1, 15, "raw strings"),
        ("customer.x == b'a'", 1, 15, "raw strings"),
        ("customer.x == '''a'''", 1, 15, "triple-quoted"),
        ("true\n&& 'a", 2, 4, "not closed"),
        ("customer.x == 'a\\q'", 1, 15, "no escape that CEL knows"),
        ("customer.x == '\\ud800'", 1, 15, "not a character"),
        ("customer.x == '\ud800'", 1, 16, "not a character of text"),
        ("customer.x == 1e999", 1, 15, "too large"),
        ("customer.x == 1.", 1, 15, "digits must follow"),
        ("customer.x.matches('a')", 1, 1, "matches() is not in the subset"),
        ("customer.x.lowerAscii() == 'a'", 1, 1, "lowerAscii() is not in the subset"),
        ("customer.x.map(i, i) == [1]", 1, 1, "map() is not in the subset"),
        ("startsWith(customer.x, 'a')", 1, 1, "x.contains('y')"),
        ("size() == 1", 1, 1, "takes 1 values, not 0"),
        ("customer.last_seen_at.getHours('a', 'b') == 1", 1, 1, "takes 1 or 2 values, not 3"),
        ("days_since(customer.age) > 1", 1, 1, "takes a timestamp, not a int"),
        ("timestamp('2026-13-01T00:00:00Z') < context.time", 1, 1, "no such date"),
        ("timestamp('tomorrow') < context.time", 1, 1, "is written like"),
        ("duration('1d') > duration('1h')", 1, 1, "is written like 1h30m"),
        ("duration('1.5ns') > duration('1h')", 1, 1, "finer than a microsecond"),
        ("duration('999999999h') > duration('1h')", 1, 1, "10,000 years"),
        ("duration(customer.x) > duration('1h')", 1, 1, "takes a literal"),
        ("context.time.getHours('Mars/Base') == 1", 1, 1, "no IANA time zone"),
        ("context.time.getHours('+30:00') == 1", 1, 1, "no offset"),
        ("duration('1h').getHours('UTC') == 1", 1, 1, "takes no time zone"),
        ("has(customer['x'])", 1, 1, "has() asks for one name"),
        ("customer.interests.exists(1, true)", 1, 1, "is written list.exists"),
        ("customer.interests.all(customer, true)", 1, 24, "customer is taken"),
        ("customer.age.all(i, true)", 1, 1, "goes through a list"),
        ("customer.age.x == 1", 1, 1, "has no part called 'x'"),
        ("customer.age[0] == 1", 1, 1, "has no parts to pick"),
        ("customer.interests['a'] == 'b'", 1, 1, "has no part called 'a'"),
        ("customer.interests[true] == 'b'", 1, 20, "is indexed by a int"),
        ("customer.in == 1", 1, 1, "a word of the language"),
        ("(customer.a ? 1 : 'a') == 1", 1, 2, "must give one type"),
    ],
)
def test_a_refusal_says_where_and_what(text: str, line: int, column: int, problem: str) -> None:
    details = refusal(text)
    assert problem in details["problem"]
    assert (details["line"], details["column"]) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 4_000 + "true" + ")" * 4_000,
        "[" * 4_999 + "]" * 4_999,
        "!" * 9_000 + "true",
        "-" * 5_000 + "1 == 1",
        "true ? " * 1_000 + "true" + " : false" * 1_000,
        "customer" + ".a" * 4_000,
        "1" + " + 1" * 2_000 + " == 1",
        "'" + "\\n" * 4_900,
        '"' + "\\" * 9_999,
        "1" * 9_000 + " == customer.a",
        "0x" + "f" * 9_000 + " == customer.a",
        "a" * (MAX_LENGTH + 1),
        "\x00",
        ")" * 5_000,
        "duration('" + "9" * 9_000 + "h') > duration('1h')",
        "timestamp('" + "9" * 9_000 + "') > context.time",
        "'" + "😀" * 4_000,
    ],
)
def test_hostile_text_is_refused_like_any_other(text: str) -> None:
    assert {"line", "column", "problem"} <= refusal(text).keys()


def test_nesting_is_allowed_to_its_limit() -> None:
    deep = "(" * MAX_DEPTH + "customer.a" + ")" * MAX_DEPTH
    assert check_rule(deep) == check_rule("customer.a")
    refusal(f"({deep})")


def test_a_long_chain_is_not_deep() -> None:
    chain = " && ".join(f"customer.a{n % 9} > {n}" for n in range(400))
    assert len(check_rule(chain)["when"]["args"]) == 400


def test_what_is_settled_beforehand_is_folded() -> None:
    assert check_rule("1 < 2 && customer.a")["when"] == check_rule("customer.a")["when"]
    assert check_rule("customer.a || !(2 > 1) || false")["when"] == check_rule("customer.a")["when"]
    assert check_rule("true && true")["when"]["const"] is True
    assert check_rule("2 > 1 ? customer.a : customer.b") == check_rule("customer.a")
    assert check_rule("1 > 2 && customer.a")["when"] == {
        "const": False,
        "type": "bool",
        "text": "1 > 2",
    }


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("1 > 2 && customer.age > 3", "the rule is always false: nobody passes it"),
        ("true || customer.age > 3", "the rule is always true: every customer passes it"),
        ("customer.intrests == 'a'", "no kept field (is it customer.interests?)"),
        ("[customer.zzz].exists(i, i)", "customer.zzz is no kept field: it is read from"),
        ("customer.age >= 21 && customer.age < 18", "cannot both hold"),
        ("customer.age > 18 && 18 >= customer.age", "cannot both hold"),
        ("customer.country == 'US' && customer.country == 'CA'", "cannot both hold"),
        ("customer.age == 3 && customer.age > 3.0", "cannot both hold"),
        ("customer.age > 3 && customer.age == 3", "cannot both hold"),
        ("customer.age == 3 && customer.age != 3", "cannot both hold"),
        ("context.time > timestamp('2026-02-01T00:00:00Z') && "
         "context.time < timestamp('2026-01-01T00:00:00Z')", "cannot both hold"),
        ("context.channel == 'tweet'", "context.channel is never 'tweet': it is one of x_reply"),
        ("request.intent in ['price', 'prize']", "request.intent is never 'prize'"),
        ("context.weekday != 'Monday'", "context.weekday is never 'Monday'"),
        ("customer.purchase_count['shoes'] == 0", "write !('shoes' in customer.purchase_count)"),
        ("1 > customer.view_count['shoes']", "write !('shoes' in customer.view_count)"),
    ],
)  # fmt: skip
def test_a_doubtful_rule_is_warned_of(text: str, warning: str) -> None:
    assert any(warning in found for found in rule_warnings(check_rule(text)))


@pytest.mark.parametrize(
    "text",
    [
        "customer.age >= 18 && customer.age <= 18",
        "customer.age > 18 && customer.age > 21 && customer.age != 30",
        "customer.age >= 21 || customer.age < 18",
        "customer.country == 'US' && customer.age > 3",
        "customer.purchase_count['shoes'] >= 1",
        "context.channel in ['sms', 'email'] && request.intent != 'price'",
        "customer.interests.exists(i, i > 'a')",
        "customer.postcode > '1' && customer.postcode < '2'",
    ],
)
def test_a_sound_rule_is_not(text: str) -> None:
    assert rule_warnings(check_rule(text)) == []


def test_attributes_that_customers_carry_are_not_warned_of() -> None:
    rule = check_rule("customer.tier == 'gold' && customer.tir == 'gold'")
    assert len(rule_warnings(rule)) == 2
    (warning,) = rule_warnings(rule, {"tier"})
    assert "customer.tir is no kept field (is it customer.tier?)" in warning


def test_numbers_and_texts_of_one_subject_do_not_contradict() -> None:
    assert not any(
        "both" in w for w in rule_warnings(check_rule("customer.a > 3 && customer.a < 'b'"))
    )


def test_an_offer_is_compiled_with_its_rule() -> None:
    offer = Offer(id="trail-10", title="10% off", rule="customer.age >= 18", value=12.5)
    assert compile_offer(offer) == CompiledOffer(offer=offer, rule=check_rule(offer.rule))


def test_an_offer_with_useless_numbers_is_refused() -> None:
    with pytest.raises(PayloadError, match="finite"):
        compile_offer(Offer(id="a", title="a", value=1e300, weight=1e300))
    with pytest.raises(PayloadError, match="discount must be a finite number"):
        compile_offer(Offer(id="a", title="a", value=1, features={"discount": float("nan")}))


def test_no_parser_is_loaded_before_a_rule_is_checked() -> None:
    program = (
        "import sys, chalicelib.catalog.rules, chalicelib.decisioning;"
        "sys.exit(bool({'lark', 'celpy'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
