"""Customers whose tastes nobody told the system answer its offers, and it finds the tastes out.

Everything goes over HTTP: the shop, what its customers look at, the decisions, the answers by
click, coupon and order, and the models learned from them. How likely each customer takes up each
offer is known here alone; success is that likelihood of what they were offered, which has no luck
in it.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest
import urllib3
from moto.dynamodb.models import DynamoDBBackend

import app as application
from chalicelib.model import Reply
from chalicelib.settings import Settings
from chalicelib.steps.rooms import Rooms
from infra.local.front import refuse
from infra.local.gateway import Gateway, LambdaContext
from infra.local.server import HttpServer
from infra.local.tables import LocalDynamoDB, open_tables
from tests import outsiders
from tests.conftest import ACCOUNT, REGION
from tests.machine import FORM
from tests.stage import NOON, Aws, Clock, Recorder, a_stage

PEOPLE: Final = 80
"""Every other one comes in one round, the others in the next."""
SLOTS: Final = 4
"""Offers on the page that they open; a text message has room for one."""
MODELS: Final = 4
"""One after each round, made live at once."""
INTERACTIONS: Final = PEOPLE // 2 * MODELS
"""Visits and texts from which the last model is learned, by at most SLOTS offers each."""
THINGS: Final = {
    "shoes": "Trailblazer",
    "tents": "Nightfall",
    "packs": "Carryall",
    "bikes": "Rambler",
    "skis": "Whiteout",
    "watches": "Pacemaker",
}
"""By category, its one product."""
RARE: Final = ("bikes", "skis", "watches")
"""Early access to these is for gold members."""
DULL: Final = "socks"
LATELY: Final = timedelta(days=60)
JUST_NOW: Final = timedelta(days=4)
A_ROUND: Final = timedelta(hours=73)
"""A little more than the attribution window."""
TEXTING: Final = 12
"""One customer in so many writes a text instead of opening the page."""
SEED: Final = 5
TOKEN: Final = "a-token"
MINUTE: Final = {
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    **dict.fromkeys(("id", "version", "account", "time", "region", "resources", "detail"), ""),
}
HANDLERS: Final = {
    "urgent": application.handle_urgent,
    "interactions": application.handle_interactions,
    "learning": application.handle_learn,
}


class Deal(NamedTuple):
    """What matters of an offer to those who are made it."""

    id: str
    category: str
    discount: float
    is_for_gold: bool = False


DEALS: Final = {
    deal.id: deal
    for deal in (
        *(Deal(f"{c}-early", c, 0.0, c in RARE) for c in THINGS),
        *(Deal(f"{c}-bargain", c, 0.3) for c in THINGS),
        Deal("raffle", DULL, 0.3),
    )
}


@dataclass
class Soul:
    """One customer: what others know of them, and what they alone know."""

    number: int
    hunts: bool
    """Loves a bargain; to the others a discount smells of old stock."""
    is_gold: bool
    looked: dict[str, datetime] = field(default_factory=dict)
    bought: dict[str, datetime] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"soul-{self.number}"

    @property
    def phone(self) -> str:
        return f"+1555888{self.number:04d}"

    def likes(self, deal: Deal, now: datetime) -> float:
        """How likely they are to take it up: who bought lately has enough, who looks wants it."""
        if deal.category == DULL:
            return 0.02
        if _within(self.bought.get(deal.category), now, LATELY):
            chance = 0.02
        elif _within(self.looked.get(deal.category), now, JUST_NOW):
            chance = 0.45
        else:
            chance = 0.2
        if deal.discount:
            chance *= 2.0 if self.hunts else 0.2
        return chance

    def best(self, count: int, now: datetime) -> float:
        """The most of so many offers that they may be made together: one of a category."""
        most: dict[str, float] = {}
        for deal in DEALS.values():
            if self.is_gold or not deal.is_for_gold:
                most[deal.category] = max(self.likes(deal, now), most.get(deal.category, 0.0))
        return sum(sorted(most.values())[-count:])


def _within(at: datetime | None, now: datetime, span: timedelta) -> bool:
    return at is not None and now - at <= span


@dataclass
class Score:
    """How likely what was offered was to be taken up, beside the best that could have been."""

    interactions: int = 0
    offers: int = 0
    made: float = 0.0
    best: float = 0.0

    def add(self, soul: Soul, deals: Sequence[Deal], now: datetime) -> None:
        self.interactions += 1
        self.offers += len(deals)
        self.made += sum(soul.likes(deal, now) for deal in deals)
        self.best += soul.best(len(deals), now)

    @property
    def share(self) -> float:
        return self.made / self.best


class QuickTables(LocalDynamoDB):
    """Plain moto copies every table for each transaction."""

    __module__ = DynamoDBBackend.__module__  # where moto looks for its routes


class Shop:
    """Rejoinder behind HTTP, over one test's AWS; its clock stands still, and its queues and its
    schedule run when they are told to, so that every run is the same."""

    def __init__(self, aws: Aws, rooms: Rooms, clock: Clock, sent: list[Reply], url: str) -> None:
        self.clock = clock
        self.sent = sent
        self.url = url
        self._sqs = aws.sqs
        names = {name: rooms.settings.name(name) for name in HANDLERS}
        self._queues = {n: aws.sqs.get_queue_url(QueueName=q)["QueueUrl"] for n, q in names.items()}
        self._http = urllib3.PoolManager(retries=False)
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self._http.clear()

    def call(
        self, method: str, path: str, body: bytes, key: str, kind: str = "application/json"
    ) -> Any:
        told = {"Authorization": key, "Content-Type": kind}
        return self._http.request(method, self.url + path, body=body, headers=told, redirect=False)

    def operate(self, method: str, path: str, document: Any = None) -> Any:
        """One request of an operator."""
        return self.call(method, path, json.dumps(document).encode(), f"Bearer {TOKEN}")

    def imports(
        self, path: str, lines: Sequence[str], kind: str, *, head: str | None = None
    ) -> None:
        body = "\n".join([*([head] if head else []), *lines]).encode()
        told = self.call("POST", path, body, f"Bearer {TOKEN}", kind).json()
        assert told["accepted"] == len(lines), told

    def hears(self, events: Sequence[dict[str, Any]]) -> None:
        """By the Segment HTTP API."""
        key = base64.b64encode(b"local-write-key:").decode()
        body = json.dumps({"batch": events}).encode()
        told = self.call("POST", "/v1/batch", body, f"Basic {key}").json()
        assert told["accepted"] == len(events), told
        self.work()

    def receives(self, sender: str, text: str) -> None:
        """By Twilio's webhook."""
        fields = outsiders.text_message(f"SM{next(self._numbers):032x}", sender, text)
        path = "/webhooks/twilio/messages"
        signature = outsiders.signed_by_twilio(self.url + path, fields)
        told = {"Content-Type": FORM, "X-Twilio-Signature": signature}
        body = urlencode(fields).encode()
        assert self._http.request("POST", self.url + path, body=body, headers=told).status == 200
        self.work()

    def follows(self, link: str) -> None:
        assert self._http.request("GET", link, redirect=False).status == 302
        self.work()

    def passes(self, span: timedelta) -> None:
        """The clock moves on, what is due is collected, and learners count it."""
        self.clock.now += span
        application.handle_collect(MINUTE, LambdaContext())
        self.work()

    def work(self) -> None:
        """As Lambda's event sources do: each queue to its handler, until it is empty."""
        for name, handler in HANDLERS.items():
            url = self._queues[name]
            while messages := self._taken(url):
                handler({"Records": [_record(m) for m in messages]}, LambdaContext())
                done = [
                    {"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages
                ]
                self._sqs.delete_message_batch(QueueUrl=url, Entries=done)

    def _taken(self, url: str) -> list[Any]:
        found = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return list(found.get("Messages", []))


def _record(message: dict[str, str]) -> dict[str, str]:
    return {f"{name[0].lower()}{name[1:]}": value for name, value in message.items()}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    made = HttpServer(lambda request: gateway.answer(request), refuse)
    gateway = Gateway(application.app, token=TOKEN, domain=made.url.partition("://")[2])
    made.start()
    yield made
    made.stop()


@pytest.fixture
def settings(aws: Aws, server: HttpServer) -> Settings:
    open_tables(ACCOUNT, REGION).__class__ = QuickTables
    stated = a_stage(aws.outputs["ArtifactsBucket"])
    return stated.model_copy(update={"public_url": server.url})


@pytest.fixture
def shop(
    aws: Aws, rooms: Rooms, clock: Clock, recorder: Recorder, server: HttpServer
) -> Iterator[Shop]:
    made = Shop(aws, rooms, clock, recorder.sent, server.url)
    yield made
    made.close()


class Town:
    """The people, and what they do."""

    def __init__(self, shop: Shop, rng: random.Random) -> None:
        self._shop = shop
        self._rng = rng
        self._orders = itertools.count(1)
        self._rounds = itertools.count()
        self.souls = [Soul(n, rng.random() < 0.4, rng.random() < 0.5) for n in range(PEOPLE)]

    def is_founded(self) -> None:
        """Products, offers, people, and what these bought before."""
        shop = self._shop
        things = {**THINGS, DULL: "Cosy"}
        rows = [
            f"{c}-1\t{t}\t90 USD\tin_stock\thttps://s.example/{c}\t{c}" for c, t in things.items()
        ]
        head = "id\ttitle\tprice\tavailability\tlink\tproduct_type"
        shop.imports("/products/import", rows, "text/tab-separated-values", head=head)
        for deal in DEALS.values():
            assert shop.operate("PUT", f"/offers/{deal.id}", _offer(deal)).status < 300
        assert shop.operate("POST", "/catalog/publish", {}).status == 200
        people = [json.dumps(_person(soul)) for soul in self.souls]
        shop.imports("/customers/import", people, "application/x-ndjson")
        orders = [json.dumps(order) for soul in self.souls for order in self._history(soul)]
        shop.imports("/customers/import?kind=transactions", orders, "application/x-ndjson")

    def _history(self, soul: Soul) -> Iterator[dict[str, Any]]:
        """A category that they bought in twice of late, and socks besides."""
        for category in (self._rng.choice(list(THINGS)), DULL):
            last = NOON - timedelta(days=self._rng.uniform(5, 20))
            soul.bought[category] = last
            for n in range(2):
                yield {
                    "id": f"h-{soul.number}-{category}-{n}",
                    "customer": soul.id,
                    "at": (last - timedelta(days=7 * n)).isoformat(),
                    "currency": "USD",
                    "lines": [{"product_id": f"{category}-1", "quantity": 1, "amount": "90"}],
                }

    def lives_a_round(self) -> Score:
        """Half of them look about, are made offers, and take them up or not; days pass."""
        now, score, orders = self._shop.clock(), Score(), list[dict[str, Any]]()
        souls = self.souls[next(self._rounds) % 2 :: 2]
        self._shop.hears([view for soul in souls for view in self._looks(soul, now)])
        for soul in souls:
            if self._rng.random() < 1 / TEXTING:
                self._writes(soul, now, score)
            else:
                orders.extend(self._opens_the_page(soul, now, score))
        self._shop.hears(orders)
        self._shop.passes(A_ROUND)
        return score

    def _looks(self, soul: Soul, now: datetime) -> Iterator[dict[str, Any]]:
        if self._rng.random() < 0.4:
            category = self._rng.choice(list(THINGS))
            soul.looked[category] = now
            yield _event(soul, now, "Product Viewed", {"product_id": f"{category}-1"})

    def _opens_the_page(self, soul: Soul, now: datetime, score: Score) -> Iterator[dict[str, Any]]:
        asked = {"identity": f"user:{soul.id}", "placement": "home", "limit": SLOTS}
        told = self._shop.operate("POST", "/decisions", asked).json()["offers"]
        deals = [DEALS[offer["offer_id"]] for offer in told]
        score.add(soul, deals, now)
        for deal in deals:
            if self._rng.random() < soul.likes(deal, now):
                yield _event(soul, now, "Order Completed", self._order(soul, deal, now))

    def _order(self, soul: Soul, deal: Deal, now: datetime) -> dict[str, Any]:
        """By a bargain's coupon they buy this and that, by early access the thing itself."""
        order = {"order_id": f"o-{next(self._orders)}", "total": 90, "currency": "USD"}
        if deal.discount:
            return {**order, "coupon": deal.id}
        soul.bought[deal.category] = now
        line = {"product_id": f"{deal.category}-1", "price": 90, "quantity": 1}
        return {**order, "products": [line]}

    def _writes(self, soul: Soul, now: datetime, score: Score) -> None:
        category = self._rng.choice(list(THINGS))
        soul.looked[category] = now
        self._shop.receives(soul.phone, f"Is the {THINGS[category]} in stock?")
        reply = self._shop.sent[-1]
        for link in (each for each in reply.links if each.offer_id):
            deal = DEALS[str(link.offer_id)]
            score.add(soul, [deal], now)
            if self._rng.random() < soul.likes(deal, now):
                self._shop.follows(f"{self._shop.url}/r/{link.token}")


def _offer(deal: Deal) -> dict[str, Any]:
    kind = "Raffle" if deal.category == DULL else "Bargains" if deal.discount else "Early access"
    own = {"discount": deal.discount} if deal.discount else {"early": 1.0}
    return {
        "title": f"{kind} in {deal.category}",
        "purpose": "marketing",
        "rule": "customer.tier == 'gold'" if deal.is_for_gold else "customer.age >= 18",
        "value": 10.0,
        "products": [f"category:{deal.category}"],
        "features": {**own, **({"raffle": 1.0} if deal.category == DULL else {})},
        "policy": {"exclusive_group": deal.category},
        "wording": {"default": f"{kind} for you."},
        "link": f"https://s.example/o/{deal.id}",
    }


def _person(soul: Soul) -> dict[str, Any]:
    granted = {"channel": "sms", "purpose": "marketing", "state": "granted", "source": "web form"}
    return {
        "id": soul.id,
        "identities": [f"phone:{soul.phone}"],
        "profile": {"birth_date": "1990-01-01", "country": "US", "time_zone": "America/New_York"},
        "attributes": {"tier": "gold" if soul.is_gold else "basic"},
        "interests": ["bargains"] if soul.hunts else [],
        "preferences": {"service": ["sms"], "marketing": ["sms"]},
        "consents": [{**granted, "at": "2026-03-01T10:00:00Z"}],
    }


def _event(soul: Soul, now: datetime, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    said = {"type": "track", "userId": soul.id, "event": name, "properties": properties}
    return {**said, "timestamp": now.isoformat()}


def made_live(shop: Shop) -> dict[str, Any]:
    """A model of all that is counted, decides for all customers."""
    learned: dict[str, Any] = shop.operate("POST", "/models").json()
    answer = shop.operate("PUT", "/models/rollout", {"share": 1})
    if answer.status == 409:
        answer = shop.operate("PUT", "/models/rollout", {"share": 1, "confirm": True})
    assert answer.json()["live"] == learned["learned"]
    return learned


def test_success_climbs_from_the_priors_to_within_a_tenth_of_the_best_policys(shop: Shop) -> None:
    town = Town(shop, random.Random(SEED))
    town.is_founded()
    scores, learned = list[Score](), dict[str, Any]()
    for _ in range(MODELS):
        scores.append(town.lives_a_round())
        learned = made_live(shop)
    last = town.lives_a_round()

    assert sum(score.interactions for score in scores) == INTERACTIONS
    assert learned["observations"] == sum(score.offers for score in scores)
    assert scores[0].share < 0.55
    assert last.share > 0.9
    asked = {"identity": f"user:{town.souls[0].id}", "limit": SLOTS}
    chances = [
        o["selection_probability"]
        for o in shop.operate("POST", "/decisions", asked).json()["offers"]
    ]
    assert min(chances) < 1  # it goes on exploring
