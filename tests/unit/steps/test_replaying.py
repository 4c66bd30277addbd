"""A decision made again, a year later and elsewhere; and what another catalog would decide."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.errors import NotFoundError, PermanentError
from chalicelib.model import Decision
from chalicelib.preference import experience
from chalicelib.settings import Settings
from chalicelib.steps import reading, stocking
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.replaying import canonical, replayed
from chalicelib.steps.rooms import Rooms
from tests.stage import (
    JOE,
    Aws,
    Clock,
    Desk,
    Recorder,
    a_message,
    an_event,
    an_offer,
    put_customer,
    stock_the_shop,
)
from tests.unit.steps.test_explaining import damage, keep

SERVED_BY_TEXT_AND_MAIL = [
    {
        "channel": channel,
        "purpose": "service",
        "state": "granted",
        "source": "web form",
        "at": "2026-03-01T10:00:00Z",
    }
    for channel in ("sms", "email")
]


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    return rooms


def decided(rooms: Rooms, **other: Any) -> Decision:
    asked = {"identity": "user:joe", "context": {"basket": ["tb-gtx-44"]}, **other}
    return decide_now(DecisionRequest.model_validate(asked), rooms)


def publish(rooms: Rooms, **other: Any) -> str:
    rooms.offers.put(an_offer(**other))
    version: str = stocking.publish_catalog(stocking.PublishRequest(), rooms)["version"]
    return version


def test_a_year_later_another_container_gives_the_same_bytes(
    shop: Rooms, clock: Clock, aws: Aws, settings: Settings
) -> None:
    for n in range(30):
        shop.offers.put(
            an_offer(id=f"other-{n}", value=10 + n / 8, rule=f"customer.age > {30 + n}")
        )
    publish(shop, id="trail-11", value=12.4)
    decision = decided(shop, limit=5)
    told = reading.explanation(decision.id, shop)
    for n in range(3):
        clock.advance(days=100)
        publish(shop, id=f"other-{n}", value=1000 + n)
    clock.advance(days=65)
    elsewhere = aws.rooms(settings, clock, Recorder(), Desk())
    again = replayed(decision.id, None, elsewhere)

    assert len(decision.offers) == 5
    assert again["identical"] is True
    assert again["differs"] == {"fields": [], "versions": {}}
    assert again["changed"] == []
    assert again["replayed"] == told
    kept = elsewhere.ledger.decision(decision.id)
    assert kept is not None
    assert canonical(kept) == canonical(decision)
    assert reading.explanation(decision.id, elsewhere) == told


def test_the_channel_is_chosen_again(
    shop: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_customer(shop, "joe", {**JOE, "preferences": {}, "consents": SERVED_BY_TEXT_AND_MAIL})
    tried, ids = 0, list[str]()
    for n in range(40):
        asked = a_message("do you have the Trailblazer in a 44?", number=str(n))
        record = pipeline.respond(asked, shop)
        assert record is not None
        kept = shop.ledger.decision(record.decision_id or "")
        assert kept is not None
        assert kept.preference is not None
        tried += kept.preference.probability < 0.5
        ids.append(kept.id)
        clock.advance(minutes=1)
        assert replayed(kept.id, None, shop)["identical"] is True
    assert tried
    monkeypatch.setattr(experience, "WRITING", 0.0)
    assert replayed(ids[-1], None, shop)["differs"]["fields"] == ["preference"]


def test_another_catalog_shows_what_would_have_been(shop: Rooms) -> None:
    publish(shop, id="second", value=12)
    decision = decided(shop, limit=2)
    shop.offers.delete("second")
    shop.offers.put(an_offer(value=20))
    shop.offers.put(an_offer(id="old", rule="customer.age >= 65"))
    other = publish(shop, id="better", value=500)
    told = replayed(decision.id, other, shop)

    assert told["identical"] is False
    assert [o["offer_id"] for o in told["recorded"]["offers"]] == ["trail-10", "second"]
    assert [o["offer_id"] for o in told["replayed"]["offers"]] == ["better", "trail-10"]
    assert [r["offer_id"] for r in told["replayed"]["rejected"]] == ["old"]
    changed = {each.pop("offer_id"): each for each in told["changed"]}
    assert changed["trail-10"]["was"]["rank"] == 1
    assert changed["trail-10"]["is"]["rank"] == 2
    assert changed["better"]["was"] == {"reason": "absent", "text": "is not in that catalog"}
    assert changed["second"]["is"]["reason"] == "absent"
    assert told["differs"]["fields"] == ["offers", "best"]
    versions = told["differs"]["versions"]
    assert versions == {"catalog": {"was": decision.versions["catalog"], "is": other}}
    assert told["offers"] == told["replayed"]["offers"]


def test_an_offer_that_another_catalog_refuses_has_its_reason(shop: Rooms) -> None:
    decision = decided(shop)
    other = publish(shop, rule="customer.age >= 65")
    (changed,) = replayed(decision.id, other, shop)["changed"]

    assert changed["was"]["rank"] == 1
    assert (changed["is"]["reason"], changed["is"]["failed"][0]["needed"]) == (
        "rule",
        "at least 65",
    )


def test_a_catalog_that_says_the_same_changes_nothing_but_its_version(shop: Rooms) -> None:
    decision = decided(shop)
    other = publish(shop, id="old", rule="customer.age >= 65")
    told = replayed(decision.id, other, shop)

    assert not told["identical"]
    assert (told["differs"]["fields"], told["changed"]) == ([], [])


def test_a_replay_by_other_code_is_not_called_identical(shop: Rooms) -> None:
    decision = decided(shop)
    keep(shop, decision.model_copy(update={"versions": {**decision.versions, "code": "0"}}))
    told = replayed(decision.id, None, shop)

    assert not told["identical"]
    running = shop.engine().versions["code"]
    assert told["differs"] == {"fields": [], "versions": {"code": {"was": "0", "is": running}}}


def test_a_damaged_record_is_not_replayed(shop: Rooms) -> None:
    decision = decided(shop)
    damage(shop, decision)

    with pytest.raises(PermanentError, match="damaged"):
        replayed(decision.id, None, shop)


def test_a_decision_or_catalog_that_is_not_there_is_not_found(shop: Rooms) -> None:
    with pytest.raises(NotFoundError):
        replayed("d-unknown", None, shop)
    with pytest.raises(NotFoundError):
        replayed(decided(shop).id, "0" * 16, shop)


def test_what_is_recorded_is_what_was_decided_on_but_for_the_orders(shop: Rooms) -> None:
    bought = an_event(
        "order_completed",
        "user:joe",
        order_id="A-1",
        total=99,
        products=[{"product_id": "rr-gtx-44", "category": "shoes/trail", "price": 99}],
    )
    pipeline.respond(bought, shop)
    before = reading.customer("joe", shop)
    decision = decided(shop)
    kept = shop.ledger.decision_with_inputs(decision.id)

    assert len(before.orders) == 1
    assert kept is not None
    assert kept[1].customer == before.model_copy(update={"orders": ()})
    whole = kept[1].model_copy(update={"customer": before})
    again = shop.engine().decide(
        whole, now=decision.decided_at, seed=decision.seed, decision_id=decision.id
    )
    assert again.offers == decision.offers
    assert reading.customer("joe", shop).orders == before.orders
