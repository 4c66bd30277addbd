"""What prepared rules do with a customer; the published engine judges them in tests/contracts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.catalog.rules import check_rule
from chalicelib.catalog.rules.schema import ROOTS
from chalicelib.decisioning.eligibility import prepare_rule
from chalicelib.decisioning.moments import CALENDAR
from chalicelib.decisioning.values import CALCULATIONS, CONDITIONS, Undefined
from chalicelib.decisioning.view import build_frame
from chalicelib.errors import ConfigurationError
from chalicelib.model import DecisionContext, Profile, Understanding

from .builders import NOW, days, joe, product, rule

ASKED = Understanding(
    intent="availability", confidence=0.9, products=[{"product_id": "tb", "confidence": 0.9}]
)
CONTEXT = DecisionContext(
    channel="sms", placement="home", basket=("sock",), store="soho", page="/trail"
)
FRAME = build_frame(joe(), CONTEXT, ASKED, {"tb": product("tb", "shoes > trail")}, NOW)


def holds(text: str, frame: dict[str, Any] = FRAME) -> bool:
    return rule(text).test(frame)


@pytest.mark.parametrize(
    "text",
    [
        "customer.age == 40 && customer.first_name == 'Joe' && customer.country == 'US'",
        "customer.birth_date == timestamp('1986-05-02T00:00:00Z')",
        "customer.tier == 'gold' && customer.household_size >= 3",
        "customer.interests == ['running'] && customer.order_count == 4",
        "customer.spend_total == 412.5 && customer.spend['shoes'] == 300.0",
        "days_since(customer.last_purchase['shoes/trail']) == 200.0",
        "customer.purchase_count.shoes == 3 && !has(customer.purchase_count.bags)",
        "context.hour == 19 && context.weekday == 'tue'",
        "context.time.getHours() == 0 && context.time.getHours(customer.time_zone) == 19",
        "context.channel == 'sms' && context.placement == 'home' && context.store == 'soho'",
        "context.page == '/trail' && 'sock' in context.basket",
        "request.intent == 'availability' && request.products == ['tb']",
        "request.categories == ['shoes', 'shoes/trail']",
    ],
)
def test_a_rule_reads_the_view(text: str) -> None:
    assert holds(text)


def test_every_declared_field_is_in_the_view_with_its_type() -> None:
    known = {
        "int": int, "double": float, "string": str, "timestamp": type(NOW),
        "list(string)": list, "map(timestamp)": dict, "map(int)": dict, "map(double)": dict,
    }  # fmt: skip
    full = build_frame(
        joe(profile=Profile(**dict.fromkeys(("first_name", "last_name", "gender", "language"), "x"),
                            birth_date="1986-05-02", country="US", time_zone="UTC", postcode="1"),
            aggregates={"first_purchase_at": NOW, "last_purchase_at": NOW, "last_seen_at": NOW}),
        CONTEXT, ASKED, {}, NOW,
    )  # fmt: skip
    types = {root: {n: known[t] for n, t in fields.items()} for root, fields in ROOTS.items()}
    assert types == {
        root: {n: type(v) for n, v in values.items() if n in types[root]}
        for root, values in full.items()
        if root in types
    }


def test_an_attribute_never_stands_in_for_a_kept_field() -> None:
    customer = joe(profile=Profile(), attributes={"age": 99, "order_count": 99, "hour": 1})
    frame = build_frame(customer, DecisionContext(), None, {}, NOW)
    assert not holds("has(customer.age) || customer.order_count == 99", frame)
    assert holds("customer.hour == 1 && context.hour == 0", frame)


def test_an_unknown_time_zone_reads_as_utc() -> None:
    customer = joe(profile=Profile(time_zone="Nowhere/Land"))
    frame = build_frame(customer, DecisionContext(), None, {}, NOW)
    assert holds("context.hour == 0 && context.weekday == 'wed'", frame)


def test_attributes_are_taken_as_cel_has_them() -> None:
    odd = {"big": 2**70, "huge": 10**400, "nan": float("nan"), "null": None,
           "map": {"a": None, "b": [2**63, None]}}  # fmt: skip
    customer = build_frame(joe(attributes=odd), DecisionContext(), None, {}, NOW)["customer"]
    assert {name: customer.get(name) for name in odd} == {
        "big": float(2**70), "huge": None, "nan": None, "null": None,
        "map": {"b": [float(2**63), None]},
    }  # fmt: skip
    assert "null" not in customer


def test_a_missing_attribute_makes_its_condition_false() -> None:
    for text in ("customer.no > 3", "customer.no <= 3", "customer.no == 3", "customer.no != 3",
                 "customer.no", "3 in customer.no", "customer.no.startsWith('a')",
                 "customer.no.all(i, true)", "has(customer.no)"):  # fmt: skip
        assert not holds(text)
        assert holds(f"!({text})")


def test_a_condition_alone_holds_only_for_true() -> None:
    frame = build_frame(joe(attributes={"yes": True, "one": 1}), DecisionContext(), None, {}, NOW)
    assert holds("customer.yes && !customer.one", frame)


def test_conditions_that_cannot_be_worked_out_are_false_inside_others() -> None:
    assert holds("(customer.no > 3) == false")
    assert holds("(customer.no ? 1 : 2) == 2")


def test_a_rule_of_another_form_is_refused() -> None:
    for unknown in ({"form": 2, "when": {}}, {}, None, "customer.age > 3"):
        with pytest.raises(ConfigurationError, match="form"):
            prepare_rule(unknown)


def test_the_checked_form_stays_as_it_was() -> None:
    checked = check_rule("customer.age >= 18 && duration('1h') < context.time - context.time")
    before = repr(checked)
    prepare_rule(checked).test(FRAME)
    assert repr(checked) == before


@pytest.mark.parametrize(
    ("operation", "operands"),
    [
        ("+", (1, 1.0)), ("-", ("a", "a")), ("*", ("a", 2)), ("/", (1, 2.0)), ("%", (1.0, 1.0)),
        ("neg", ("a",)), ("index", ("abc", 1)), ("size", (3,)), ("int", (None,)),
        ("double", (True,)), ("timestamp", ("2026-02-30T00:00:00Z",)), ("timestamp", (None,)),
        ("timestamp", (2**62,)), ("getHours", (3,)), ("getHours", (NOW, 3)),
        ("getDate", (timedelta(1),)), ("getHours", (timedelta(1), "UTC")), ("getHours", (NOW, "x")),
        ("getHours", (NOW.replace(year=1, month=1, day=1), "-10:00")),
        ("<", (1, "a")), ("<", (True, 1)), ("<", ([1], [2])), ("in", ("a", "abc")),
        ("startsWith", (1, "a")),
    ],
)  # fmt: skip
def test_an_operator_on_what_it_does_not_take_is_undefined(
    operation: str, operands: tuple[Any, ...]
) -> None:
    with pytest.raises(Undefined):
        (CALCULATIONS | CALENDAR | CONDITIONS)[operation](*operands)


def test_equality_knows_kinds() -> None:
    equal = CONDITIONS["=="]
    assert equal({"a": [1, 2.0]}, {"a": [1.0, 2]})
    assert not equal({"a": 1}, {"b": 1})
    assert not equal({"a": 1}, {"a": 2})
    assert not equal(True, 1)
    assert not equal([True], [1])
    assert not equal(None, 0)


def test_days_since_counts_parts_of_days_and_the_future() -> None:
    frame = {"customer": {"last_seen_at": NOW + days(0.5)}, "context": {"time": NOW}}
    assert holds("days_since(customer.last_seen_at) == -0.5", frame)
    assert not holds("days_since(customer.x) < 3.0 || days_since(customer.x) > 3.0",
                     {"customer": {"x": 5}, "context": {"time": NOW}})  # fmt: skip
