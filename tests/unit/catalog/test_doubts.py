"""Warnings of a publication: gathered, counted, and told up to a hundred."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.catalog import Checked, Doubts, LimitStore, limit_warnings
from chalicelib.catalog.rules import compile_offer
from chalicelib.model import ContactLimits, Offer
from chalicelib.settings import Settings
from tests.stage import NOON, Aws

LIMITS = ContactLimits.model_validate(
    {
        "overall": [{"times": 3, "days": 7}],
        "channels": {"sms": [{"times": 1, "days": 1}]},
        "groups": {"Shoes > Trail": [{"times": 1, "days": 2}], "boats": [{"times": 1, "days": 2}]},
    }
)


def checked(
    offer_id: str, *unkept: str, warnings: tuple[str, ...] = (), **other: object
) -> Checked:
    known = {"id": offer_id, "title": "T", "value": 1}
    return Checked(compile_offer(Offer.model_validate({**known, **other})), warnings, unkept)


def test_doubts_name_the_offer() -> None:
    doubts = Doubts(NOON, products={"tb-gtx"}, attributes={"tier"})
    doubts.note(checked("a", products=("gone", "tb-gtx")))
    doubts.note(checked("b", ends_at=NOON - timedelta(days=1)))
    doubts.note(checked("c", ends_at=NOON + timedelta(days=1), warnings=("never holds",)))
    doubts.note(checked("d", "tier", "tir"))
    doubts.add("anything else")
    *others, attribute, last = doubts.texts
    assert others == [
        "a: products: there is no product gone",
        "b: ends_at: the offer has ended",
        "c: never holds",
    ]
    assert attribute.startswith("d: customer.tir is no kept field (is it customer.tier?)")
    assert (last, doubts.total) == ("anything else", 5)


def test_a_hundred_doubts_are_told_and_all_are_counted() -> None:
    doubts = Doubts(NOON, products=None, attributes=())
    for n in range(103):
        doubts.note(checked(f"o{n}", warnings=("never holds",)))
    assert (len(doubts.texts), doubts.total) == (100, 103)


def test_without_products_none_is_missed() -> None:
    doubts = Doubts(NOON, products=None, attributes=())
    doubts.note(checked("a", products=("gone",)))
    assert doubts.total == 0


def test_limits_are_kept_as_they_were_put(aws: Aws, settings: Settings) -> None:
    store = LimitStore(aws.dynamodb, settings.name("catalog"))
    assert store.get() == ContactLimits()
    store.put(LIMITS)
    assert store.get() == LIMITS


def test_a_limit_on_a_category_that_no_product_is_in_is_warned_of() -> None:
    assert limit_warnings(LIMITS, {"shoes", "shoes/trail", "trail"}) == (
        "limits: no product is in the category boats",
    )
