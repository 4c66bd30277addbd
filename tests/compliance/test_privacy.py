"""Access, erasure, objection, retention, and what logs never hold."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import Channel, SendResult
from chalicelib.settings import Settings
from chalicelib.steps import forgetting, reading
from chalicelib.steps.rooms import Rooms
from infra.local.template import Resource
from tests.memory import Memory
from tests.search import found_in, legible
from tests.stage import Aws, Clock, Desk, Recorder, an_event, stock_the_shop

from .scenes import ASKS, OFFERED, agreed, ann, is_back, state_of, told_of, writes

BROWSER = "anonymous:b-77"
SAID = f"zanzibar: {ASKS}"
NEEDLES = ("+15551230077", "ann@example.com", "zanzibar", "Annabeth", "b-77", "o-77")
BOUGHT = {"order_id": "o-77", "total": 129.9, "products": [{"product_id": "tb-gtx-44"}]}
LEDGER, CUSTOMERS = "rejoinder-dev-ledger", "rejoinder-dev-customers"
DAY = 86_400
RETENTION = {
    "behaviour_retention_days": 2,
    "interaction_retention_days": 3,
    "profile_retention_days": 5,
    "consent_retention_days": 7,
}
VIEWS = {"looked_lately", "looked_often", "viewed_product"}
"""The features that look at what was looked at."""


def lives(shop: Rooms) -> None:
    """Ann looks, buys, writes everywhere and refuses."""
    ann(shop, agreed(Channel.SMS, Channel.EMAIL), preferences={"service": ["sms"]})
    for number, name in enumerate(("product_viewed", "order_completed")):
        told = an_event(name, "user:ann", BROWSER, number=str(number), **BOUGHT)
        pipeline.respond(told, shop)
    for here in (Channel.SMS, Channel.EMAIL, Channel.WHATSAPP, Channel.X_DM, Channel.X_REPLY):
        writes(shop, SAID, here)
    writes(shop, "stop emailing me")


def items(aws: Aws) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every item of every table."""
    memory: Any = aws.dynamodb
    assert isinstance(memory, Memory)
    for table, partitions in memory._tables.items():
        for partition in partitions.values():
            for item in partition.values():
                yield table, item


def held(aws: Aws) -> set[str]:
    """What of hers is in any table."""
    places = {table: list[bytes]() for table, _ in items(aws)}
    for table, item in items(aws):
        places[table].append(legible([item]).encode())
    return {needle for needle, found in found_in(places, NEEDLES).items() if found}


def test_access_shows_the_whole_record_with_the_logic_of_decisions_in_readable_form(
    shop: Rooms,
) -> None:
    lives(shop)
    told = reading.export("ann", shop)
    text = json.dumps(told, ensure_ascii=False)

    assert [needle for needle in NEEDLES if needle not in text] == []
    assert len(told["decisions"]) >= 6
    for decision in told["decisions"]:
        assert decision["channel"]["why"]
        for offer in (*decision["chosen"], *decision["rejected"]):
            assert offer["text"]


def test_erasure_leaves_no_trace_in_any_table_and_gives_a_receipt(shop: Rooms, aws: Aws) -> None:
    lives(shop)
    assert held(aws) == set(NEEDLES)
    receipt = forgetting.erase_customer("ann", shop)

    assert held(aws) == set()
    for kind in ("interactions", "replies", "decisions", "links", "consents", "profile"):
        assert receipt.removed[kind] > 0
    assert receipt.remaining


def test_who_comes_back_after_erasure_is_somebody_new_and_empty(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    lives(shop)
    forgetting.erase_customer("ann", shop)
    clock.advance(seconds=1)
    recorder.sent.clear()
    stranger = writes(shop, ASKS).customer_id
    assert stranger is not None

    known = reading.customer(stranger, shop)
    assert stranger != "ann"
    assert (known.orders, known.offers, known.profile.first_name) == ((), (), None)
    assert known.identities == ("phone:+15551230077",)
    assert OFFERED not in recorder.sent[0].text


def test_never_contact_this_number_survives_an_erasure_as_a_keyed_hash(
    shop: Rooms, aws: Aws
) -> None:
    ann(shop)
    writes(shop, "STOP")
    forgetting.erase_customer("ann", shop)
    assert held(aws) == set()

    ann(shop, agreed(Channel.SMS))
    assert state_of(shop, Channel.SMS) == "denied"


@pytest.mark.parametrize("objects", [False, True])
def test_global_privacy_control_stops_profiling_from_that_browser(
    shop: Rooms, objects: bool
) -> None:
    ann(shop, agreed(Channel.SMS))
    look = an_event("product_viewed", "user:ann", BROWSER, product_id="tb-gtx-44")
    body = look.body.model_copy(update={"gpc": objects})
    pipeline.respond(look.model_copy(update={"body": body}), shop)

    known = reading.customer("ann", shop)
    assert bool(known.recent) is not objects
    told = told_of(shop, writes(shop, ASKS))
    assert bool(told["profiling"]) is objects
    assert bool(VIEWS & told["features"].keys()) is not objects


def test_retention_limits_are_settings_enforced_by_ttl(
    aws: Aws,
    settings: Settings,
    clock: Clock,
    recorder: Recorder,
    desk: Desk,
    resources: list[Resource],
) -> None:
    limited = settings.model_copy(update=RETENTION)
    shop = aws.rooms(limited, clock, recorder, desk)
    stock_the_shop(shop)
    lives(shop)

    now = clock.now.timestamp()
    kept = [item for table, item in items(aws) if table in (LEDGER, CUSTOMERS)]
    ends = {(int(item["expires_at"]["N"]) - now) / DAY for item in kept}
    assert ends == set(RETENTION.values())
    tables = {r.name: r.properties for r in resources if r.name in (LEDGER, CUSTOMERS)}
    for properties in tables.values():
        told = properties["TimeToLiveSpecification"]
        assert told == {"AttributeName": "expires_at", "Enabled": True}
    assert len(tables) == 2


def test_no_text_number_handle_or_address_is_logged(
    shop: Rooms, recorder: Recorder, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where things fail."""
    caplog.set_level(logging.DEBUG, "rejoinder")
    caplog.set_level(logging.INFO)
    failures = ("failed", "retry", "unknown")
    recorder.answers = [SendResult(status=s, provider="recorder", code="no") for s in failures] * 3
    lives(shop)
    is_back(shop)
    clock.advance(hours=2)
    pipeline.sweep(shop)
    forgetting.erase_customer("ann", shop)

    text = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert [needle for needle in (*NEEDLES, "x:77") if needle in text] == []
