"""Drafts of offers: kept with what their check made of them, read back compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.catalog import Checked, OfferStore
from chalicelib.catalog.rules import compile_offer
from chalicelib.errors import NotFoundError, PayloadError, TooLargeError
from chalicelib.model import CompiledOffer, Offer, Wording
from chalicelib.settings import Settings
from tests.stage import Aws

from .conftest import check_wording

Open = Callable[..., OfferStore]


@pytest.fixture
def checks() -> list[str]:
    """The ids of the offers that were checked, one for each time."""
    return []


@pytest.fixture
def store(aws: Aws, settings: Settings, checks: list[str]) -> Open:
    """The drafts, as a container sees them whose checks are told by `refuse`."""

    def open_(refuse: Callable[[Offer], object] = check_wording) -> OfferStore:
        def compiled(offer: Offer) -> CompiledOffer:
            checks.append(offer.id)
            return compile_offer(offer)

        return OfferStore(
            aws.dynamodb, settings.name("catalog"), check_wording=refuse, compile_offer=compiled
        )

    return open_


@pytest.fixture
def drafts(store: Open) -> OfferStore:
    return store()


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


def test_an_offer_for_everybody_is_not_doubted_unless_it_seems_a_mistake(
    drafts: OfferStore,
) -> None:
    assert drafts.put(TRAIL).warnings == ()
    slip = TRAIL.model_copy(update={"rule": "true || customer.age > 3"})
    assert drafts.put(slip).warnings == ("the rule is always true: every customer passes it",)


def test_a_doubtful_rule_is_warned_of(drafts: OfferStore) -> None:
    rule = "customer.age > 30 && customer.age < 20 && customer.tir == 'gold'"
    always, both, attribute = drafts.put(TRAIL.model_copy(update={"rule": rule})).warnings
    assert always == "the rule is always false: nobody passes it"
    assert both == "customer.age > 30 and customer.age < 20 cannot both hold"
    assert attribute.startswith("customer.tir is no kept field")


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


# --- all of them, compiled ---


RULED = [
    Offer(id="b", title="B", value=2, rule="customer.age >= 18 && customer.tier == 'gold'"),
    Offer(id="a", title="A", value=1, rule="customer.x in []"),
]


def test_drafts_are_compiled_in_order_and_not_checked_again(
    drafts: OfferStore, checks: list[str]
) -> None:
    for offer in RULED:
        drafts.put(offer)
    checks.clear()
    told = list[Checked]()
    assert list(drafts.compiled(told.append)) == [compile_offer(o) for o in reversed(RULED)]
    assert checks == []
    assert [c.compiled.offer.id for c in told] == ["a", "b"]
    assert [c.unkept for c in told] == [("x",), ("tier",)]
    assert told[0].warnings[1] == "customer.x in [] never holds"
    assert list(drafts.compiled()) == [c.compiled for c in told]


def test_what_an_older_checker_made_is_made_anew(
    drafts: OfferStore, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for offer in RULED:
        drafts.put(offer)
    checks.clear()
    monkeypatch.setattr("chalicelib.catalog.checks.CHECKER", 999)
    assert list(drafts.compiled()) == [compile_offer(o) for o in reversed(RULED)]
    assert checks == ["a", "b"]


def test_a_draft_without_a_check_beside_it_is_checked(
    drafts: OfferStore, checks: list[str], aws: Aws, settings: Settings
) -> None:
    drafts.put(TRAIL)
    item = stored(aws, settings, "trail-10")
    del item["checked"]
    aws.dynamodb.put_item(TableName=settings.name("catalog"), Item=item)
    checks.clear()
    assert list(drafts.compiled()) == [compile_offer(TRAIL)]
    assert checks == ["trail-10"]


def test_a_check_that_has_no_room_beside_its_draft_is_left_out(
    drafts: OfferStore,
    checks: list[str],
    aws: Aws,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large = RULED[0]
    body = large.model_dump_json(exclude_none=True)
    monkeypatch.setattr("chalicelib.catalog.offers.MAX_DRAFT_BYTES", len(body) + 10)
    drafts.put(large)
    assert "checked" not in stored(aws, settings, "b")
    checks.clear()
    assert list(drafts.compiled()) == [compile_offer(large)]
    assert checks == ["b"]


def test_every_invalid_draft_is_named(
    store: Open, aws: Aws, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient = store(refuse=lambda offer: None)
    for offer in (
        Offer(id="a", title="T", value=1),
        Offer(id="c", title="T", value=1, wording=Wording(sms="Hi {{ name")),
        Offer(id="d", title="T", value=1),
    ):
        lenient.put(offer)
    keep_body(aws, settings, "b", '{"id":"b","title":"T","value":1,"rule":"customer.age >="}')
    keep_body(aws, settings, "e", '{"id":"e","title":"T","value":1,"policy":{"budget":-1}}')
    monkeypatch.setattr("chalicelib.catalog.checks.CHECKER", 999)
    compiled = store().compiled()
    assert next(compiled).offer.id == "a"
    with pytest.raises(
        PayloadError, match="3 offers are invalid; nothing was published"
    ) as refused:
        next(compiled)
    rule, wording, form = refused.value.details["offers"]
    assert (rule["offer_id"], rule["place"], rule["line"], rule["column"]) == ("b", "rule", 1, 16)
    assert wording == {"offer_id": "c", "place": "wording", "reason": "a template does not parse"}
    assert (form["offer_id"], form["place"]) == ("e", "policy.budget")


def test_a_hundred_invalid_drafts_are_named_at_most(
    drafts: OfferStore, aws: Aws, settings: Settings
) -> None:
    for n in range(105):
        keep_body(aws, settings, f"o{n}", f'{{"id":"o{n}","title":"T","value":1,"rule":"1 +"}}')
    with pytest.raises(PayloadError, match="105 offers") as refused:
        list(drafts.compiled())
    assert len(refused.value.details["offers"]) == 100


def stored(aws: Aws, settings: Settings, offer_id: str) -> dict[str, Any]:
    key = {"pk": {"S": "offers"}, "sk": {"S": offer_id}}
    answer = aws.dynamodb.get_item(TableName=settings.name("catalog"), Key=key)
    return dict(answer["Item"])


def keep_body(aws: Aws, settings: Settings, offer_id: str, body: str) -> None:
    """A draft as an earlier release may have kept it."""
    item = {"pk": {"S": "offers"}, "sk": {"S": offer_id}, "body": {"S": body}}
    aws.dynamodb.put_item(TableName=settings.name("catalog"), Item=item)
