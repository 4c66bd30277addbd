"""Drafts of offers."""

from __future__ import annotations

import pytest

from chalicelib.catalog import OfferStore
from chalicelib.errors import NotFoundError, PayloadError, TooLargeError
from chalicelib.model import Offer, Wording
from chalicelib.settings import Settings
from tests.stage import Aws

from .conftest import check_wording, compile_offer


@pytest.fixture
def drafts(aws: Aws, settings: Settings) -> OfferStore:
    return OfferStore(
        aws.dynamodb,
        settings.name("catalog"),
        check_wording=check_wording,
        compile_offer=compile_offer,
    )


TRAIL = Offer(id="trail-10", title="10% off trail shoes", value=12.5)


def test_a_draft_is_read_as_it_was_put(drafts: OfferStore) -> None:
    change = drafts.put(TRAIL)
    assert (change.created, change.changed) == (True, True)
    assert drafts.get("trail-10") == TRAIL


def test_putting_the_same_again_changes_nothing(drafts: OfferStore) -> None:
    drafts.put(TRAIL)
    change = drafts.put(TRAIL)
    assert (change.created, change.changed) == (False, False)


def test_a_draft_is_replaced_as_a_whole(drafts: OfferStore) -> None:
    drafts.put(TRAIL)
    change = drafts.put(Offer(id="trail-10", title="Other", value=1))
    assert (change.created, change.changed, change.before) == (False, True, TRAIL)
    assert drafts.get("trail-10").value == 1


@pytest.mark.parametrize(
    "wrong",
    [
        Offer(id="trail-10", title="T", value=1, rule="customer.age >="),
        Offer(id="trail-10", title="T", value=1, wording=Wording(sms="Hi {{ name")),
    ],
)
def test_a_wrong_draft_is_refused_and_the_old_one_stays(drafts: OfferStore, wrong: Offer) -> None:
    drafts.put(TRAIL)
    with pytest.raises(PayloadError):
        drafts.put(wrong)
    assert drafts.get("trail-10") == TRAIL


def test_a_draft_too_large_to_keep_is_refused(drafts: OfferStore) -> None:
    features = {f"feature {n:0100}": 1.0 for n in range(5000)}
    with pytest.raises(TooLargeError):
        drafts.put(Offer(id="large", title="T", value=1, features=features))


def test_unknown_products_are_warned_of(drafts: OfferStore) -> None:
    offer = Offer(id="o", title="T", value=1, products=("tb-gtx", "gone", "category:shoes"))
    assert drafts.put(offer, products={"tb-gtx"}).warnings == (
        "products: there is no product gone",
    )
    assert drafts.put(offer).warnings == ()


def test_a_deleted_draft_is_gone(drafts: OfferStore) -> None:
    drafts.put(TRAIL)
    drafts.delete("trail-10")
    with pytest.raises(NotFoundError):
        drafts.get("trail-10")
    with pytest.raises(NotFoundError):
        drafts.delete("trail-10")


def test_drafts_are_listed_in_order_page_by_page(drafts: OfferStore, aws: Aws) -> None:
    for n in (3, 1, 4, 0, 2):
        drafts.put(Offer(id=f"o{n}", title="T", value=n))
    with aws.watched() as calls:
        assert [o.id for o in drafts.list()] == ["o0", "o1", "o2", "o3", "o4"]
        assert [o.id for o in drafts.list(limit=2)] == ["o0", "o1"]
        assert [o.id for o in drafts.list(after="o1", limit=2)] == ["o2", "o3"]
        assert [o.id for o in drafts.list(after="o3", limit=2)] == ["o4"]
    assert set(calls) == {"Query"}


def test_a_list_longer_than_a_page_is_whole(
    drafts: OfferStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.catalog.offers.PAGE", 2)
    for n in range(5):
        drafts.put(Offer(id=f"o{n}", title="T", value=n))
    assert len(list(drafts.list())) == 5
    assert len(list(drafts.list(limit=4))) == 4


def test_without_a_callable_the_rooms_own_compiler_checks_rules(
    aws: Aws, settings: Settings
) -> None:
    drafts = OfferStore(aws.dynamodb, settings.name("catalog"), check_wording=check_wording)
    assert drafts.put(TRAIL).created
    with pytest.raises(PayloadError):
        drafts.put(Offer(id="o", title="T", value=1, rule="customer.age >="))
