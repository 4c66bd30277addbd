"""Global Privacy Control: what was looked at counts for nothing, what was bought and said stays."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.decisioning import FEATURES, unprofiled
from chalicelib.model import Aggregates, Behaviour, Customer

from .builders import NOW, asked, days, decided, engine, joe, offer, told

BOUGHT = joe().aggregates
BROWSED: dict[str, Any] = {
    "recent": (
        Behaviour(at=NOW - days(1), name="product_viewed", product_id="tb", category="shoes/trail"),
    ),
    "aggregates": BOUGHT.model_copy(
        update={
            "view_count": {"shoes": 12, "shoes/trail": 12},
            "last_view": {"shoes": NOW - days(1), "shoes/trail": NOW - days(1)},
            "last_seen_at": NOW - days(1),
            "interaction_count": 40,
        }
    ),
}
OFFERS = (
    offer("trail", products=["category:shoes/trail"]),
    offer("one", products=["tb"]),
    offer("bags", products=["category:bags"]),
)
OF_BROWSING = {"looked_lately", "looked_often", "viewed_product"}


def scores(customer: Customer) -> dict[str, float]:
    by = engine(*OFFERS)
    return {o.offer_id: o.probability for o in decided(by, asked(customer)).offers}


def parts(customer: Customer) -> set[str]:
    """The features that have a part in a score."""
    by, inputs = engine(*OFFERS), asked(customer)
    of_offers = by.contributions(inputs, decided(by, inputs)).values()
    return {name for of in of_offers for name, part in of.items() if part}


def test_scores_are_those_of_somebody_who_never_looked_at_anything() -> None:
    signalled, looked, nothing = joe(**BROWSED, gpc=True), joe(**BROWSED), joe()
    assert scores(signalled) == scores(nothing)
    assert scores(signalled) != scores(looked)
    assert parts(looked) >= OF_BROWSING
    assert parts(signalled).isdisjoint(OF_BROWSING)
    assert parts(signalled) & {"bought_lately", "bought_often"}
    assert {feature.name for feature in FEATURES} >= OF_BROWSING


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("customer.view_count['shoes'] >= 2", False),
        ("days_since(customer.last_view['shoes/trail']) < 14", False),
        ("days_since(customer.last_seen_at) < 14", False),
        ("customer.interaction_count > 10", False),
        ("customer.purchase_count['shoes'] >= 3", True),
        ("days_since(customer.last_purchase['shoes']) < 400", True),
        ("'running' in customer.interests && customer.tier == 'gold'", True),
    ],
)
def test_rules_know_what_was_bought_and_said_and_nothing_else(rule: str, holds: bool) -> None:
    ruled = offer("a", rule=rule)
    by = engine(ruled)
    assert decided(by, asked(joe(**BROWSED))).offers
    assert bool(decided(by, asked(joe(**BROWSED, gpc=True))).offers) is holds
    rejected = told(ruled, customer=joe(**BROWSED, gpc=True))
    assert [r.reason for r in rejected] == ([] if holds else ["rule"])
    assert {f.value for r in rejected for f in r.failed} <= {None, 0}


def test_who_sent_no_signal_is_the_very_same_customer() -> None:
    looked = joe(**BROWSED)
    assert unprofiled(looked) is looked
    bare = unprofiled(joe(**BROWSED, gpc=True))
    assert bare == joe(gpc=True)
    assert bare.aggregates == Aggregates(**BOUGHT.model_dump())
