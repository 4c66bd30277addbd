"""The stage that tests play on: the local shop in miniature, and hand-written carriers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib import wiring
from chalicelib.catalog import publishing
from chalicelib.customers.input import CustomerInput
from chalicelib.customers.saving import save
from chalicelib.decisioning import Engine, compile_catalog, open_catalog
from chalicelib.model import (
    Channel,
    Customer,
    Handover,
    Identity,
    Interaction,
    Message,
    Offer,
    OutboxEntry,
    Product,
    Receipt,
    Reply,
    SendResult,
    Store,
    WebEvent,
)
from chalicelib.queues import unseal
from chalicelib.settings import Settings
from chalicelib.steps.rooms import Rooms

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
"""12:00 in New York."""


CARRIED = (Channel.X_REPLY, Channel.X_DM, Channel.SMS, Channel.EMAIL)


class Clock:
    """Stands still until told to move."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@dataclass
class Recorder:
    """A carrier that answers as it is told and keeps what it was given."""

    provider: str = "recorder"
    channels: frozenset[Channel] = frozenset(Channel)
    answers: list[SendResult] = field(default_factory=list)
    known: Receipt | None = None
    sent: list[Reply] = field(default_factory=list)

    def send(self, reply: Reply, *, key: str) -> SendResult:
        self.sent.append(reply)
        if self.answers:
            return self.answers.pop(0)
        return SendResult(status="sent", provider=self.provider, provider_id=f"p-{key}")

    def status(self, entry: OutboxEntry) -> Receipt | None:
        return self.known


@dataclass
class Desk:
    """A service desk that takes everything."""

    taken: list[Handover] = field(default_factory=list)

    def send(self, handover: Handover, *, key: str) -> SendResult:
        self.taken.append(handover)
        return SendResult(status="sent", provider="desk", provider_id=key)


@dataclass(frozen=True)
class Aws:
    """The clients, the names of what the stack holds, and where containers may put files."""

    clients: dict[str, Any]
    outputs: dict[str, str]
    scratch: Path | None = None

    @property
    def dynamodb(self) -> Any:
        return self.clients["dynamodb"]

    @property
    def s3(self) -> Any:
        return self.clients["s3"]

    @property
    def sqs(self) -> Any:
        return self.clients["sqs"]

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """The names of the operations called inside, in order."""
        calls: list[str] = []

        def note(model: Any, **_: Any) -> None:
            calls.append(model.name)

        for name, client in self.clients.items():
            client.meta.events.register(f"before-call.{name}", note)
        try:
            yield calls
        finally:
            for name, client in self.clients.items():
                client.meta.events.unregister(f"before-call.{name}", note)

    def queued(self) -> list[Interaction]:
        """What waits on the `interactions` queue, taken off it."""
        url = self.sqs.get_queue_url(QueueName="rejoinder-dev-interactions")["QueueUrl"]
        found = list[Interaction]()
        while messages := self.sqs.receive_message(QueueUrl=url).get("Messages"):
            for message in messages:
                found += unseal(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def container(self, settings: Settings, clock: Clock) -> Rooms:
        """Rooms as a container has them before its first request; nothing is read yet."""
        return wiring.build(
            settings,
            clock=clock,
            rng=random.Random(7),
            pause=lambda _: None,
            client=lambda name: self.clients[name],
            scratch=self.scratch,
            start=lambda work: work(),
        )

    def rooms(self, settings: Settings, clock: Clock, carrier: Recorder, desk: Desk) -> Rooms:
        made = self.container(settings, clock)
        made = made.but(carriers=dict.fromkeys(CARRIED, carrier), desk=desk)
        made.refresh()
        return made


def a_stage(bucket: str) -> Settings:
    return Settings.model_validate(
        {
            "stage": "dev",
            "artifacts_bucket": bucket,
            "public_url": "https://reply.example",
            "x_user_id": "999",
            "x_consumer_secret": "local-x-secret",
            "twilio_auth_token": "local-twilio-token",
            "twilio_number": "+15550009999",
            "write_key": "local-write-key",
            "suppression_key": "local-suppression-key",
            "control_share": 0,
        }
    )


JOE = {
    "identities": ["x:1234", "phone:+15551230001", "email:joe@example.com"],
    "profile": {
        "first_name": "Joe",
        "birth_date": "1986-05-02",
        "country": "US",
        "language": "en",
        "time_zone": "America/New_York",
        "postcode": "10001",
        "location": [40.75, -73.99],
    },
    "interests": ["running"],
    "preferences": {"service": ["sms"], "marketing": ["sms", "email"]},
    "consents": [
        {
            "channel": "sms",
            "purpose": "marketing",
            "state": "granted",
            "source": "web form",
            "at": "2026-03-01T10:00:00Z",
        }
    ],
    "x_linked_with_opt_in": True,
}

STORES = [
    Store(
        id="broadway",
        name="Broadway",
        address="1 Broadway, New York",
        location=(40.70, -74.01),
        time_zone="America/New_York",
        hours={"wed": "10:00-20:00"},
    ),
    Store(id="soho", name="SoHo", location=(40.72, -74.0), time_zone="America/New_York"),
]


def a_shoe(size: str = "44", **other: Any) -> Product:
    known = {
        "id": f"tb-gtx-{size}",
        "title": "Trailblazer GTX",
        "brand": "Fjord",
        "product_type": "shoes/trail",
        "price": "129.90 USD",
        "link": "https://shop.example/p/tb-gtx",
        "size": size,
        "color": "blue",
        "item_group_id": "tb",
        "stock": {"broadway": 3, "soho": 0},
    }
    return Product.model_validate({**known, **other})


PRODUCTS = [
    a_shoe("43"),
    a_shoe("44"),
    a_shoe(
        id="rr-gtx-44",
        title="Ridgerunner GTX",
        item_group_id="rr",
        price="119.00 USD",
        link="https://shop.example/p/rr-gtx",
        stock={"soho": 2},
    ),
]


def an_offer(**other: Any) -> Offer:
    known = {
        "id": "trail-10",
        "title": "10% off trail shoes",
        "rule": "customer.age >= 18 && 'running' in customer.interests",
        "value": 12.5,
        "products": ["category:shoes/trail"],
        "features": {"discount": 0.1},
        "policy": {"per_customer": [{"times": 1, "days": 7}]},
        "wording": {"default": "{{ customer.first_name }}, 10% off trail shoes this week."},
        "link": "https://shop.example/offers/trail-10",
    }
    return Offer.model_validate({**known, **other})


def stock_the_shop(rooms: Rooms, *offers: Offer) -> None:
    """Stores, products, Joe, and these offers live (the one for trail shoes if none is given)."""
    for store in STORES:
        rooms.assortment.note_store(rooms.products.put_store(store))
    for product in PRODUCTS:
        rooms.assortment.note_product(rooms.products.put_product(product))
    put_customer(rooms, "joe", JOE)
    for offer in offers or (an_offer(),):
        rooms.offers.put(offer)
    publish(rooms)


def publish(rooms: Rooms) -> None:
    """All drafts live, and served by these rooms."""
    catalog = publishing.publish(
        rooms.offers.compiled(),
        rooms.catalogs,
        now=rooms.clock(),
        compile_catalog=compile_catalog,
        open_=open_catalog,
    ).catalog
    rooms.catalog.note(catalog.version, Engine(catalog))


def put_customer(rooms: Rooms, customer_id: str, said: dict[str, Any]) -> Customer:
    given = CustomerInput.model_validate(said).to_customer(customer_id, rooms.clock())
    return save(rooms.customers, given, rooms.clock()).customer


def a_message(
    text: str,
    *,
    number: str = "1",
    channel: Channel = Channel.X_REPLY,
    sender: Identity = "x:1234",
    at: datetime = NOON,
    **other: Any,
) -> Interaction:
    source = "twilio" if channel is Channel.SMS else "x"
    reply_to = None if channel is Channel.SMS else number
    return Interaction(
        id=f"{source}:{number}",
        source=source,
        identities=(sender,),
        occurred_at=at,
        received_at=at,
        body=Message(channel=channel, text=text, reply_to=reply_to, **other),
    )


def an_event(name: str, *who: Identity, number: str = "1", **properties: Any) -> Interaction:
    return Interaction(
        id=f"web:{number}",
        source="web",
        identities=who,
        occurred_at=NOON,
        received_at=NOON,
        body=WebEvent(name=name, properties=properties),
    )
