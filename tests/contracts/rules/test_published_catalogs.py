"""Whole catalogs of generated rules: every way of the engine finds just the offers that Google's
C++ CEL engine says the customer is eligible for."""

from __future__ import annotations

from math import inf, nextafter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.catalog.rules import check_rule
from chalicelib.decisioning import Engine
from chalicelib.decisioning.view import build_frame
from chalicelib.errors import PayloadError
from chalicelib.model import CompiledOffer, Customer, DecisionContext, DecisionInputs
from tests.unit.decisioning.builders import offer
from tests.unit.decisioning.ways import SQUEEZES, WAYS, ranked, squeezed

from . import judge
from .generated import NAMES, NOW, WORDS, ZONES, Condition, _connected, _leaf, conditions, quoted
from .generated import customers as odd_customers
from .test_published_engine import settled

pytestmark = pytest.mark.no_cover
"""Thousands of cases: tracing every line of them says nothing new and takes as long again."""

ENOUGH = 3_500
"""Pairs of a rule and a customer."""
QUICK = settings(
    max_examples=90,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
AROUND = [18, 18.0, nextafter(18.0, inf), nextafter(18.0, -inf), 0, -0.0, 0.5, -1, 2**53 - 1, 2**53]
MANY = [n + part for n in range(30) for part in (0, 0.5, nextafter(n, inf) - n)]
_order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
_few = st.sampled_from([f"customer.{name}" for name in NAMES[:5]])
_literals = st.sampled_from([*map(repr, AROUND), *map(quoted, WORDS), "true", "false"])
_several = st.lists(_literals, max_size=3)
_numbers = st.sampled_from([*AROUND, *MANY]).map(repr)
_kept = st.sampled_from(
    ["customer.age >= 40", "customer.order_count < 17.5", "context.hour == 1", "customer.a0",
     "context.weekday in ['sat', 'sun']", "context.time.getHours(customer.time_zone) < 9",
     "'gold' in context.basket", "customer.interests.exists(i, i.startsWith('g'))",
     "size(customer.interests) > 1", "days_since(customer.last_purchase['shoes']) < 100",
     "customer.purchase_count.shoes > 3", "'bags' in customer.last_view", "customer.a1 in []",
     "customer.first_name != 'gold'", "customer.a0 + 1 > 18", "customer.a0 == customer.a1"]
)  # fmt: skip
_plain = st.one_of(
    st.builds(lambda a, op, v: _leaf(f"{a} {op} {v}"), _few, _order, _literals),
    st.builds(lambda a, op, v: _leaf(f"{v} {op} {a}"), _few, _order, _numbers),
    st.builds(lambda op, v: _leaf(f"customer.a0 {op} {v}"), _order, _numbers),
    st.builds(lambda a, vs: _leaf(f"{a} in [{', '.join(vs)}]"), _few, _several),
    st.builds(lambda w, a: _leaf(f"{quoted(w)} in {a}"), st.sampled_from(WORDS[:6]), _few),
    _few.map(lambda a: _leaf(f"has({a})")),
    _few.map(_leaf),
    _kept.map(_leaf),
)  # fmt: skip
_once = _connected(_plain)
_rules = st.one_of(
    _plain, _once, _once, _connected(_once), _connected(_connected(_once)), conditions
)
_values = st.one_of(
    st.sampled_from([*AROUND, *MANY]),
    st.sampled_from([*AROUND, *WORDS, True, False]),
    st.lists(st.sampled_from([*WORDS[:6], 1, True, "18"]), max_size=3),
    st.lists(st.lists(st.just("a"), max_size=1), max_size=1),
    st.dictionaries(st.sampled_from(WORDS[1:4]), st.sampled_from([1, None]), max_size=2),
)
_plain_customers = st.builds(
    Customer,
    id=st.just("c"),
    profile=st.fixed_dictionaries(
        {}, optional={"first_name": st.sampled_from(WORDS), "time_zone": st.sampled_from(ZONES[:4]),
                      "birth_date": st.sampled_from(["1986-03-29", "1986-03-28", "1986-03-30"])}
    ),
    attributes=st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES[:5], _values)),
    interests=st.lists(st.sampled_from(WORDS), max_size=3).map(tuple),
)  # fmt: skip
_customers = st.lists(_plain_customers | odd_customers, min_size=3, max_size=5)
_contexts = st.builds(DecisionContext, basket=st.just(("a", "gold")) | st.just(()))


def compiled(rules: list[Condition]) -> dict[str, tuple[Condition, CompiledOffer]]:
    """By offer id; rules that the checker refuses are left out: another test is about them."""
    found = {}
    for number, rule in enumerate(rules):
        try:
            checked = check_rule(rule.text)
        except PayloadError:
            continue
        offer_id = f"o{number}"
        plain = offer(offer_id, value=float(number % 7), products=[f"category:c{number % 3}"])
        found[offer_id] = rule, CompiledOffer(offer=plain, rule=checked)
    return found


def judged(rules: dict[str, tuple[Condition, CompiledOffer]], frame: dict[str, Any]) -> set[str]:
    return {
        offer_id
        for offer_id, (rule, _) in rules.items()
        if judge.evaluate(settled(rule, frame), frame) is True
    }


_catalogs = st.integers(5, 60).flatmap(lambda n: st.lists(_rules, min_size=n, max_size=n))


def test_every_way_finds_the_offers_that_the_published_engine_says() -> None:
    seen: list[tuple[int, int]] = []

    @QUICK
    @given(_catalogs, _customers, _contexts)
    def agree(drawn: list[Condition], customers: list[Customer], context: DecisionContext) -> None:
        if sum(size for size, _ in seen) > ENOUGH:
            return  # how large examples are hangs on what else Hypothesis has seen imported
        rules = compiled(drawn)
        every = [DecisionInputs(customer=customer, context=context) for customer in customers]
        expected = [judged(rules, build_frame(c, context, None, {}, NOW)) for c in customers]
        seen.extend((len(rules), len(found)) for found in expected)
        for squeeze in SQUEEZES:
            with squeezed(squeeze):
                by = Engine.of(found for _, found in rules.values())
                for inputs, theirs in zip(every, expected, strict=True):
                    agrees(by, inputs, theirs, rules)

    agree()
    pairs, eligible = sum(size for size, _ in seen), sum(count for _, count in seen)
    assert pairs > 3000
    assert 0.1 < eligible / pairs < 0.9


def agrees(
    by: Engine,
    inputs: DecisionInputs,
    expected: set[str],
    rules: dict[str, tuple[Condition, CompiledOffer]],
) -> None:
    assert by.eligible(inputs, NOW) == expected
    assert by.reachable(inputs.customer, NOW) >= expected
    for way in WAYS:
        found = [c.offer_id for c in ranked(by, way, inputs, NOW)]
        assert len(found) == len(set(found))
        assert set(found) == expected, (way, [rules[i][0].text for i in expected ^ set(found)])


@pytest.mark.parametrize("squeeze", SQUEEZES)
def test_more_thresholds_than_classes_are_told_apart(squeeze: str) -> None:
    """Beyond 31 thresholds of one attribute some fall inside an interval; every value around them
    is tried, by each operator."""
    texts = {
        f"o{n}-{m}": Condition("not" if n % 2 else "and", f"{'!' * (n % 2)}({leaf.text})", (leaf,))
        for n, bound in enumerate(MANY[:60])
        for m, op in enumerate(("<", "<=", ">", ">=", "==", "!="))
        for leaf in (_leaf(f"customer.a0 {op} {bound!r}"),)
    }
    values = [-1, 20, *MANY[:60:4], *(nextafter(v, -inf) for v in MANY[:60:9]), "x", [0], None]
    with squeezed(squeeze):
        by = Engine.of(
            CompiledOffer(offer=offer(i), rule=check_rule(rule.text)) for i, rule in texts.items()
        )
        for value in values:
            inputs = DecisionInputs(customer=Customer(id="c", attributes={"a0": value}))
            frame = build_frame(inputs.customer, inputs.context, None, {}, NOW)
            expected = {
                i for i, rule in texts.items() if judge.evaluate(settled(rule, frame), frame)
            }
            for way in WAYS:
                assert {c.offer_id for c in ranked(by, way, inputs, NOW)} == expected, (way, value)
