"""A rule means what CEL means: Google's C++ engine judges generated rules on generated customers.

Two statements. Where that engine gives a verdict on the rule's text as it stands, ours is the same.
Where it gives an error, ours is its verdict on the rule with every condition in error made false.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.catalog.rules import check_rule
from chalicelib.decisioning.eligibility import prepare_rule
from chalicelib.decisioning.view import build_frame
from chalicelib.errors import PayloadError
from chalicelib.model import Customer, DecisionContext

from . import judge
from .generated import NOW, Condition, conditions, contexts, customers

pytestmark = pytest.mark.no_cover
"""Thousands of cases: tracing every line of them says nothing new and takes as long again."""

QUICK = settings(
    max_examples=500,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def settled(condition: Condition, frame: dict[str, Any], **variables: Any) -> str:
    """The rule with each condition replaced by the judge's verdict on it, error being false."""
    if condition.kind == "leaf":
        return str(judge.evaluate(condition.text, frame, **variables) is True).lower()
    if condition.kind in ("exists", "all"):
        items = judge.evaluate(condition.over, frame, **variables)
        if not isinstance(items, list | dict):
            return "false"
        verdicts = [settled(condition.parts[0], frame, i=item) for item in items]
        joined = (" || " if condition.kind == "exists" else " && ").join(f"({v})" for v in verdicts)
        return joined or str(condition.kind == "all").lower()
    parts = [f"({settled(part, frame, **variables)})" for part in condition.parts]
    match condition.kind:
        case "and":
            return " && ".join(parts)
        case "or":
            return " || ".join(parts)
        case "not":
            return f"!{parts[0]}"
        case "same":
            return f"{parts[0]} == false"
    return f"{parts[0]} ? {parts[1]} : {parts[2]}"


def ours(text: str, frame: dict[str, Any]) -> bool:
    return prepare_rule(check_rule(text)).test(frame)


@QUICK
@given(customers, contexts, st.lists(conditions, min_size=4, max_size=4))
def test_a_rule_means_what_the_published_engine_says(
    customer: Customer, context: DecisionContext, rules: list[Condition]
) -> None:
    frame = build_frame(customer, context, None, {}, NOW)
    for rule in rules:
        try:
            verdict = ours(rule.text, frame)
        except PayloadError:
            refused = judge.refusal(rule.text, declared=True)
            assert refused is not None, rule.text
            continue
        assert judge.refusal(rule.text) is None, rule.text
        published = judge.evaluate(rule.text, frame)
        if isinstance(published, bool):
            assert verdict is published, (rule.text, frame)
        assert verdict is judge.evaluate(settled(rule, frame), frame), (rule.text, frame)


EMPTY: dict[str, Any] = {"customer": {}, "context": {"time": NOW}, "request": {}}


@pytest.mark.parametrize(
    "text",
    [
        r"'\x41\101\u0041\U0001F600' == 'AAA😀' && '\"\'\`\?\\' == '\"\u0027`?' + '\x5c'",
        r"'\a\b\f\n\r\t\v' == '\u0007\u0008\u000c\u000a\u000d\u0009\u000b'",
        "size('😀é') == 2 && 'é' > 'z' && '😀' > '\uffff'",
        "0xff == 255 && -0x10 == -16 && 1e3 == 1000.0 && .5 == 0.5 && 2-1 == 1 && - -2 == 2",
        "-7 / 2 == -3 && -7 % 2 == -1 && 7 % -2 == 1 && 7 / -2 == -3",
        "1.0 / 0.0 > 1e300 && -1.0 / 0.0 < -1e300 && 1.0 / -0.0 < -1e300 && 0.0 / 0.0 != 0.0 / 0.0",
        "9223372036854775807 > 9223372036854775806 && -9223372036854775808 < 0",
        "int('+12') == 12 && int(' 12 ') == 12 && int(-1.9) == -1 && double(' 1.5 ') == 1.5",
        "timestamp('2026-03-29T01:59:59+01:00') == timestamp('2026-03-29t00:59:59z')",
        "timestamp('2026-03-29T01:30:00Z').getHours('Europe/Berlin') == 3",
        "timestamp('2026-03-29T00:30:00Z').getHours('Europe/Berlin') == 1",
        "timestamp('2026-03-29T00:30:00Z').getDayOfWeek('America/New_York') == 6",
        "timestamp('2024-12-31T23:00:00Z').getDayOfYear() == 365",
        "timestamp('2024-12-31T23:00:00Z').getMonth() == 11 && context.time.getFullYear() == 2026",
        "context.time.getDate() == 29 && context.time.getDayOfMonth() == 28",
        "int(timestamp('1969-12-31T23:59:59.5Z')) == -1 && timestamp(1000) < context.time",
        "duration('1h30m').getMinutes() == 90 && duration('-90m').getHours() == -1",
        "duration('1.5h') == duration('5400s') && duration('0') < duration('.5s')",
        "timestamp('2024-02-29T00:00:00Z') + duration('24h') == timestamp('2024-03-01T00:00:00Z')",
        "[1, 2][1] == 2 && [1, 2] + [3] == [1, 2, 3] && 'b' in ['a', 'b'] && !('' in ['a'])",
        "[[1], [2]].exists(i, 2 in i) && [].all(i, i == 1) && ![1, 2].all(j, j > 1)",
        "true ? false || true : false // and a comment",
        "(size('a') == 1 ? 1 : 2) == 1 && ([] == [1] ? 'a' : 'b') == 'b' && [[1, 2]][0][1] == 2",
        "timestamp(context.time) == context.time && [true][0] && !(![true][0]) == true",
        "timestamp([context.time, 1][0]) == context.time && [1, 2][[1.0, 'a'][0]] == 2",
        "[-[1, 'a'][0], 'a'][0] == -1 && [1.5, 'a'][0] * 2.0 == 3.0 && int([true, 1][0]) == 1",
        "[1, 'a'] != ['a', 1] && [[1.5]] == [[1.5]] && double(2) == 2.0 && -double('2') < 0.0",
        "false < true && 'a' < 'b' && !(2 < 1)",
        "context.time == timestamp('2026-03-29T00:30:00Z') &&\n  days_since(context.time) == 0.0",
    ],
)
def test_a_corner_of_the_language_means_the_same(text: str) -> None:
    """Each of these holds, for them and for us."""
    assert judge.evaluate(text.replace("days_since(context.time) == 0.0", "true"), EMPTY) is True
    assert ours(text, EMPTY)


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775807 + 1 > 0",
        "-9223372036854775807 - 2 < 0",
        "9223372036854775807 * 2 > 0",
        "-9223372036854775808 / -1 > 0",
        "-(-9223372036854775807 - 1) > 0",
        "1 / 0 == 1",
        "1 % 0 == 1",
        "[1][1] == 1",
        "[1][-1] == 1",
        "int(1e19) > 0",
        "int('1.5') == 1",
        "int('') == 0",
        "double('x') == 0.0",
        "timestamp('9999-12-31T23:59:59Z') + duration('2h') > context.time",
        "timestamp('9999-12-31T00:00:00Z') - timestamp('1600-01-01T00:00:00Z') > duration('1h')",
        "timestamp(253402300800) > context.time",
        "customer.none > 3",
        "has(customer.none.deeper)",
        "customer.none.exists(i, true)",
        "[1, 'a'][0] + 1.5 > 0.0",
        "-[1, 'a'][1] == 1",
        "size([1, 'a'][0]) == 1",
        "[1, 'a'][0][0] == 1",
        "customer.none ? true : true",
    ],
)
def test_what_is_an_error_there_is_a_false_condition_here(text: str) -> None:
    assert judge.evaluate(text, EMPTY) is None
    condition = "customer.none" if "?" in text else text
    assert not ours(condition, EMPTY)
    assert ours(f"!({condition})", EMPTY)


@pytest.mark.parametrize(
    "text",
    [
        "", "(", "customer.", "customer.age = 3", "'open", "'\\q' == 'a'", "'\\ud800' == 'a'",
        "'\\400' == 'a'", "'\\x4' == 'a'", "1.", "9223372036854775808 > 0", "1 == 'a'", "!1",
        "'a' in 'abc'", "1 < 2 < 3", "-'a' == 'b'", "size(1) == 1", "int(true) == 1", "'a'.size(1)",
        "1 && true", "unknown > 1", "customer.true", "customer.in == 1", "has(customer['a'])",
        "true ? 1 : 'a'", "7.5 % 2.0 == 1.5", "1 + 1.0 == 2.0", "duration('1h') * 2 > 1",
        "'a'.startsWith(1)", "[1] == ['a']", "context.time > 3", "context.time + context.time == 1",
        "customer.age.exists(i, true)", "customer.interests.exists(i)", "customer.last_seen_at[0]",
        "customer.purchase_count[1] > 2", "customer.spend_total.x", "getHours(context.time) == 1",
    ],
)  # fmt: skip
def test_what_their_checker_refuses_ours_refuses(text: str) -> None:
    assert judge.refusal(text, declared=True)
    with pytest.raises(PayloadError):
        check_rule(text)
