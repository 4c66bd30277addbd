"""Publishing with all that is told of it: what changed, whom it reaches, what is doubtful."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.catalog import rules
from chalicelib.errors import PayloadError, PermanentError
from chalicelib.model import ContactLimits
from chalicelib.steps import reach, stocking
from chalicelib.steps.rooms import Rooms
from tests.stage import Aws, Clock, an_offer, put_customer, stock_the_shop


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    """The offer for trail shoes is live; Joe runs, Ann sews and is gold, Bob hikes."""
    stock_the_shop(rooms)
    put_customer(rooms, "ann", {"interests": ["sewing"], "attributes": {"tier": "gold"}})
    put_customer(rooms, "bob", {"interests": ["hiking"], "attributes": {"tier": "silver"}})
    return rooms


def publish(rooms: Rooms, **asked: Any) -> dict[str, Any]:
    return stocking.publish_catalog(stocking.PublishRequest(**asked), rooms)


def put(rooms: Rooms, offer_id: str, rule: str = "true", **other: Any) -> None:
    stocking.put_offer(an_offer(id=offer_id, rule=rule, **other), rooms)


def test_what_changed_is_told_with_whom_it_reaches(shop: Rooms) -> None:
    first = shop.engine().versions["catalog"]
    put(shop, "all", "has(customer.tier) || customer.interests.size() > 0")
    put(shop, "gold", "customer.tier == 'gold'")
    put(shop, "nobody", "customer.tier == 'iron'")
    put(shop, "trail-10", "customer.interests.exists(i, i == 'hiking' || i == 'sewing')")
    told = publish(shop)

    assert (told["previous"], told["offers"]) == (first, 4)
    assert (told["added"], told["added_total"]) == (["all", "gold", "nobody"], 3)
    assert (told["changed"], told["changed_total"]) == (["trail-10"], 1)
    assert (told["removed"], told["removed_total"]) == ([], 0)
    assert told["reach"] == {
        "sample": 3,
        "became_reachable": [
            {"offer_id": "all", "customers": 3},
            {"offer_id": "gold", "customers": 1},
        ],
        "became_reachable_total": 2,
        "became_unreachable": [],
        "became_unreachable_total": 0,
        "changed_reach": [{"offer_id": "trail-10", "before": 1, "after": 2}],
        "changed_reach_total": 1,
    }
    assert told["version"] == shop.engine().versions["catalog"]

    shop.offers.delete("gold")
    put(shop, "trail-10", "customer.tier == 'iron'")
    told = publish(shop)
    assert (told["removed"], told["changed"]) == (["gold"], ["trail-10"])
    assert told["reach"]["became_unreachable"] == [
        {"offer_id": "trail-10", "customers": 2},
        {"offer_id": "gold", "customers": 1},
    ]
    back = publish(shop, rollback=True)
    assert (back["added"], back["changed"]) == (["gold"], ["trail-10"])
    assert back["reach"]["became_reachable_total"] == 2


def test_what_is_asked_and_where_is_left_open(shop: Rooms) -> None:
    put(shop, "sms", "context.channel == 'sms' && request.intent == 'price' && has(customer.tier)")
    assert publish(shop)["reach"]["became_reachable"] == [{"offer_id": "sms", "customers": 2}]


def test_nothing_changed_is_told_as_nothing(shop: Rooms) -> None:
    live = shop.engine().versions["catalog"]
    told = publish(shop)
    assert (told["version"], told["added"], told["changed"]) == (live, [], [])
    assert not told["limits_changed"]
    assert told["reach"]["became_reachable"] == told["reach"]["changed_reach"] == []


def test_the_first_publication_adds_everything(rooms: Rooms) -> None:
    put(rooms, "all")
    told = publish(rooms)
    assert (told["previous"], told["added"]) == (None, ["all"])
    assert told["reach"] == {
        "sample": 0,
        "became_reachable": [],
        "became_reachable_total": 0,
        "became_unreachable": [],
        "became_unreachable_total": 0,
        "changed_reach": [],
        "changed_reach_total": 0,
    }


def test_where_very_many_differ_fewer_customers_are_asked_the_same(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "FEW", 0)
    monkeypatch.setattr(reach, "PAIRS", 3)
    monkeypatch.setattr(reach, "_FEWEST_CUSTOMERS", 1)
    put(shop, "a", "has(customer.interests)")
    put(shop, "trail-10", "customer.tier == 'iron'")
    told = publish(shop)["reach"]
    assert told["sample"] == 1
    assert told["became_reachable"] == [{"offer_id": "a", "customers": 1}]


def test_lists_are_cut_and_totals_are_not(shop: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stocking, "LISTED", 2)
    monkeypatch.setattr(reach, "TOLD", 2)
    for name in "abc":
        put(shop, name, "has(customer.interests)")
    told = publish(shop)
    assert (told["added"], told["added_total"]) == (["a", "b"], 3)
    assert [o["offer_id"] for o in told["reach"]["became_reachable"]] == ["a", "b"]
    assert told["reach"]["became_reachable_total"] == 3


def test_doubts_refuse_nothing(shop: Rooms) -> None:
    put(shop, "a", "customer.tier == 'gold' && customer.tir == 'gold'", products=["gone"])
    put(shop, "b", "customer.age > 30 && (customer.age < 3 || customer.age < 4)")
    told = publish(shop)
    assert (told["offers"], told["warnings_total"]) == (3, 5)
    attribute, product, *contradiction = told["warnings"]
    assert attribute.startswith("a: customer.tir is no kept field (is it customer.tier?)")
    assert product == "a: products: there is no product gone"
    assert contradiction == [
        "b: the rule is always false: nobody passes it",
        "b: customer.age > 30 and customer.age < 3 cannot both hold",
        "b: customer.age > 30 and customer.age < 4 cannot both hold",
    ]


def test_an_author_is_told_of_doubts_at_once(shop: Rooms) -> None:
    told = stocking.put_offer(an_offer(rule="customer.x in []", products=["gone"]), shop)
    assert told["id"] == "trail-10"
    assert [text.split(":")[0].split(" is ")[0] for text in told["warnings"]] == [
        "the rule",
        "customer.x in [] never holds",
        "customer.x",
        "products",
    ]


def test_invalid_drafts_are_named_and_nothing_is_published(
    shop: Rooms, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = shop.engine().versions["catalog"]
    item = {"pk": {"S": "offers"}, "sk": {"S": "bad"}}
    body = {"body": {"S": '{"id":"bad","title":"T","value":1,"rule":"customer.age >="}'}}
    table = shop.settings.name("catalog")
    aws.dynamodb.put_item(TableName=table, Item={**item, **body})
    with pytest.raises(PayloadError) as refused:
        publish(shop)
    assert [o["offer_id"] for o in refused.value.details["offers"]] == ["bad"]
    head = shop.catalogs.head()
    assert head is not None
    assert head.version == live == shop.engine().versions["catalog"]


def test_publishing_checks_nothing_again(shop: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(text: str) -> Any:
        raise AssertionError("a rule was parsed")

    put(shop, "a", "customer.age > 3")
    monkeypatch.setattr(rules, "parse", parse)
    assert publish(shop)["added"] == ["a"]


LIMITS = ContactLimits.model_validate(
    {"overall": [{"times": 2, "days": 7}], "groups": {"boats": [{"times": 1, "days": 30}]}}
)


def test_limits_are_live_once_they_are_published(shop: Rooms) -> None:
    shop.limits.put(LIMITS)
    assert shop.engine().catalog.limits == ContactLimits()
    told = publish(shop)
    assert told["limits_changed"]
    assert (told["added"], told["changed"]) == ([], [])
    assert told["warnings"] == ["limits: no product is in the category boats"]
    assert shop.engine().catalog.limits == LIMITS
    assert not publish(shop)["limits_changed"]
    assert publish(shop, rollback=True)["limits_changed"]
    assert shop.engine().catalog.limits == ContactLimits()


def test_what_was_live_and_cannot_be_read_is_told_and_mended(shop: Rooms, aws: Aws) -> None:
    live = shop.engine().versions["catalog"]
    bucket = shop.settings.artifacts_bucket
    aws.s3.put_object(Bucket=bucket, Key=f"catalogs/{live}.gz", Body=b"not gzip")
    put(shop, "other")
    told = publish(shop)
    assert told["added"] == ["other", "trail-10"]
    assert told["warnings"] == [f"the catalog {live} could not be compared: an artifact is corrupt"]


def test_a_container_that_can_read_nothing_says_so_and_may_publish(
    shop: Rooms, aws: Aws, clock: Clock
) -> None:
    live = shop.engine().versions["catalog"]
    bucket = shop.settings.artifacts_bucket
    aws.s3.put_object(Bucket=bucket, Key=f"catalogs/{live}.gz", Body=b"not gzip")
    fresh = aws.container(shop.settings, clock)
    with pytest.raises(PermanentError):
        fresh.refresh()
    told = stocking.served(fresh)
    assert (told["offers"], told["versions"]["catalog"]) == (0, "none")
    assert told["refused"] == {"version": live, "reason": "an artifact is corrupt"}
    publish(fresh)
    assert stocking.served(fresh)["refused"] is None
    assert fresh.engine().versions["catalog"] == live


def test_older_catalogs_are_at_hand_for_replays(shop: Rooms) -> None:
    first = shop.engine().versions["catalog"]
    put(shop, "other")
    publish(shop)
    older = shop.engine_of(first)
    assert (older.versions["catalog"], len(older.catalog)) == (first, 1)
    assert shop.engine_of(first) is older
    assert len(shop.engine_of("none").catalog) == 0
    assert shop.engine_of(shop.engine().versions["catalog"]) is shop.engine()
