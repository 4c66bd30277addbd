"""What happens in the rules' tests: somebody writes, something comes back, time is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib import pipeline
from chalicelib.model import (
    Channel,
    Consent,
    Customer,
    Identity,
    Interaction,
    InteractionRecord,
    Message,
    Purpose,
    Restock,
)
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import put_customer

ASKS = "do you have the Trailblazer GTX in a 44?"
OFFERED = "10% off"
ANN_X, ANN_PHONE, ANN_EMAIL = "x:77", "phone:+15551230077", "email:ann@example.com"
ANN: Mapping[str, Any] = {
    "identities": [ANN_X, ANN_PHONE, ANN_EMAIL],
    "profile": {
        "first_name": "Annabeth",
        "birth_date": "1990-01-01",
        "country": "US",
        "time_zone": "America/New_York",
    },
    "interests": ["running"],
    "x_linked_with_opt_in": True,
}
"""Somebody whom the offer is for, and who has agreed to nothing."""

_SENDERS = {Channel.X_REPLY: ANN_X, Channel.X_DM: ANN_X, Channel.EMAIL: ANN_EMAIL}
_NUMBERS = count(1)


def agreed(
    *channels: Channel, purpose: Purpose = Purpose.MARKETING, state: str = "granted"
) -> list[dict[str, str]]:
    """Consents, or refusals, as an operator states them."""
    told = {"purpose": purpose.value, "state": state, "source": "a form"}
    return [{"channel": c.value, **told, "at": "2026-03-01T10:00:00Z"} for c in channels]


def ann(shop: Rooms, *consents: Sequence[dict[str, str]], **stated: Any) -> Customer:
    """Ann is on record, with these consents, and whatever else is stated of her."""
    said = [consent for some in consents for consent in some]
    return put_customer(shop, "ann", {**ANN, "consents": said, **stated})


def writes(
    shop: Rooms,
    text: str,
    here: Channel = Channel.SMS,
    *,
    sender: Identity | None = None,
    **other: Any,
) -> InteractionRecord:
    """Ann, or whoever `sender` is, writes; what was made of it."""
    now, number = shop.clock(), next(_NUMBERS)
    said = Interaction(
        id=f"x:{number}",
        source="x",
        identities=(sender or _SENDERS.get(here, ANN_PHONE),),
        occurred_at=now,
        received_at=now,
        body=Message(channel=here, text=text, reply_to=str(number), **other),
    )
    return worked(shop, said)


def worked(shop: Rooms, interaction: Interaction) -> InteractionRecord:
    record = pipeline.respond(interaction, shop)
    assert record is not None
    return record


def is_back(shop: Rooms, customer_id: str = "ann") -> InteractionRecord:
    """What they wait for is in stock again: something to tell them that they did not just ask."""
    waits = shop.customers.await_product(customer_id, "tb-gtx-44", 2**31)
    shop.ledger.commit([("wait", write) for write in waits])
    now = shop.clock()
    notice = Interaction(
        id=f"restock:{next(_NUMBERS)}",
        source="rejoinder",
        occurred_at=now,
        received_at=now,
        body=Restock(customer_id=customer_id, product_id="tb-gtx-44"),
    )
    return worked(shop, notice)


def said_of(
    shop: Rooms,
    channel: Channel,
    purpose: Purpose = Purpose.MARKETING,
    customer_id: str | None = "ann",
) -> Consent | None:
    """What stands on record."""
    assert customer_id is not None
    return reading.customer(customer_id, shop).consent(channel, purpose)


def state_of(shop: Rooms, *about: Any, **of: Any) -> str | None:
    found = said_of(shop, *about, **of)
    return found.state.value if found else None


def told_of(shop: Rooms, record: InteractionRecord) -> dict[str, Any]:
    """The explanation of the decision that was made."""
    assert record.decision_id is not None
    return reading.explanation(record.decision_id, shop)


def at(hour: int, minute: int = 0, zone: str = "America/New_York") -> datetime:
    """That time of Wednesday, 18 November 2026, on the clocks of `zone`."""
    local = datetime(2026, 11, 18, hour, minute, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)
