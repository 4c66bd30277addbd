"""Rules that nobody can pass, and conditions that cannot hold together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.catalog.rules import check_rule, compile_offer
from chalicelib.catalog.rules.contradictions import contradictions
from chalicelib.decisioning import Engine
from chalicelib.model import Customer, DecisionContext, DecisionInputs, Offer
from tests.stage import NOON


def found(rule: str) -> tuple[bool, list[str]]:
    return contradictions(check_rule(rule)["when"])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("customer.x in []", "customer.x in [] never holds"),
        ("context.hour > 23", "context.hour > 23 never holds"),
        ("customer.order_count < 0", "customer.order_count < 0 never holds"),
        ("customer.age in [1, 2] && customer.age in [3]", "cannot both hold"),
        ("customer.age > 18 && customer.age < 20 && customer.age != 19",
         "customer.age > 18, customer.age < 20 and customer.age != 19 cannot all hold"),
        ("customer.age >= 3 && customer.vip && customer.age <= 9 && customer.age < 3",
         "customer.age >= 3 and customer.age < 3 cannot both hold"),
        ("customer.x in ['a', 'b'] && customer.x != 'a' && customer.x != 'b'", "cannot all hold"),
        ("customer.age > 1.5 && customer.age < 1.6", "cannot both hold"),
        ("customer.age > 30 && (customer.age < 10 || customer.age == 5)",
         "customer.age > 30 and customer.age == 5 cannot both hold"),
        ("!(customer.age >= 18) && customer.age > 20",
         "!(customer.age >= 18) and customer.age > 20 cannot both hold"),
        ("!(customer.age < 18 || customer.age >= 18) && has(customer.age)", "cannot all hold"),
        ("!has(customer.x) && customer.x == 1", "cannot both hold"),
        ("customer.vip && !customer.vip", "customer.vip and !(customer.vip) cannot both hold"),
        ("customer.vip && customer.vip == false", "cannot both hold"),
        ("'a' in customer.interests && !('a' in customer.interests)", "cannot both hold"),
        ("customer.interests.exists(i, i == 'a' && i == 'b')", "i == 'a' and i == 'b' cannot"),
        ("(customer.a ? customer.b > 1 : customer.c > 2) && customer.b < 0 && customer.c < 0",
         "customer.b < 0 and customer.b > 1 cannot both hold"),
        ("!(customer.a ? customer.b < 1 : customer.b < 2) && customer.b < 0", "cannot both hold"),
        ("!(customer.x != 3) && customer.x > 4", "cannot both hold"),
        ("customer.x == 1 && customer.x == '1'", "cannot both hold"),
        ("!(true || customer.x == 1) ", None),
        ("context.weekday == 'Monday'", None),
        ("customer.view_count['shoes'] < 1", None),
    ],
)  # fmt: skip
def test_a_rule_that_nobody_can_pass_is_known(rule: str, said: str | None) -> None:
    impossible, told = found(rule)
    assert impossible
    assert any(said in text for text in told) if said else told == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("customer.age > 30 && (customer.age < 10 || customer.age == 50)",
         ["customer.age > 30 and customer.age < 10 cannot both hold"]),
        ("customer.x == 1 || customer.age > 3 && customer.age < 2",
         ["customer.age > 3 and customer.age < 2 cannot both hold"]),
        ("!(customer.x in [] && true)", []),
        ("!(customer.age >= 18) && !(customer.age < 18)", []),
        ("!(customer.x < 18 || customer.x >= 18) && has(customer.x)", []),
        ("customer.x != 3 && !(customer.x > 2) && customer.x > 1", []),
        ("customer.x > 1.5 && customer.x < 1.6", []),
        ("customer.a > 3 && customer.a < 'b'", []),
        ("customer.interests.all(i, i == 'a' && i == 'b')", []),
        ("customer.x == 1 && customer.y == 2", []),
        ("context.hour >= 23 && context.weekday in ['mon', 'tue']", []),
    ],
)  # fmt: skip
def test_a_rule_that_somebody_can_pass_is_not_called_impossible(rule: str, said: list[str]) -> None:
    assert found(rule) == (False, said)


VALUES = ["1", "2", "2.5", "3", "'a'", "'b'", "true", "false"]
COMPARISONS = st.builds(
    "customer.{} {} {}".format,
    st.sampled_from(["x", "y"]),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(VALUES),
)
LISTED = st.builds(
    "customer.{} in [{}]".format,
    st.sampled_from(["x", "y"]),
    st.lists(st.sampled_from(VALUES), max_size=3).map(", ".join),
)
AGES = st.builds("customer.age {} {}".format, st.sampled_from(["<", ">", "=="]), st.integers(0, 3))
CONDITIONS = st.one_of(
    COMPARISONS,
    COMPARISONS,
    LISTED,
    AGES,
    st.sampled_from(["customer.x", "has(customer.x)", "customer.tags.exists(t, t > 2 && t < 3)"]),
)
RULES = st.recursive(
    CONDITIONS,
    lambda parts: st.one_of(
        st.builds("({} && {})".format, parts, parts),
        st.builds("({} && {} && {})".format, parts, parts, parts),
        st.builds("({} || {})".format, parts, parts),
        st.builds("!({})".format, parts),
        st.builds("({} ? {} : {})".format, parts, parts, parts),
    ),
    max_leaves=7,
)
CARRIED: list[Any] = [None, 1, 2, 2.5, 3, 4, "a", "ab", "c", True, False]


def somebody(x: Any, y: Any, born: str | None, tags: list[int]) -> Customer:
    attributes = {"x": x, "y": y, "tags": tags}
    carried = {name: value for name, value in attributes.items() if value is not None}
    return Customer.model_validate(
        {"id": "c", "attributes": carried, "profile": {"birth_date": born}}
    )


PEOPLE = [
    DecisionInputs(customer=somebody(x, y, born, tags), context=DecisionContext())
    for x in CARRIED
    for y in (None, 2, "b", True)
    for born, tags in ((None, []), ("2025-01-01", [2]), ("2024-01-01", [3, 2]))
]


@pytest.mark.no_cover  # a hundred people for each rule: tracing them says nothing new
@settings(max_examples=500, deadline=None)
@given(RULES)
def test_what_is_called_impossible_nobody_passes(rule: str) -> None:
    impossible, _ = found(rule)
    if impossible:
        engine = Engine.of([compile_offer(Offer(id="o", title="T", value=1, rule=rule))])
        for inputs in PEOPLE:
            assert engine.eligible(inputs, NOON) == set()
