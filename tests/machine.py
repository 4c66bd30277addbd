"""The whole of Rejoinder on this machine, with the demo shop in it, and those who speak to it.

Everything here goes over HTTP, as the world's requests do, signed as their senders sign.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import boto3
import urllib3

from chalicelib.inbound import whatsapp_events
from chalicelib.steps.rooms import Rooms
from infra.local import shop
from infra.local.machine import Data, LocalCloud
from infra.progress import Progress
from infra.shelves import Shelves
from tests import outsiders

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
"""12:00 in New York, a Wednesday."""

PATIENCE_SECONDS = 20
FORM = "application/x-www-form-urlencoded"

Found = TypeVar("Found")
Response = urllib3.BaseHTTPResponse


@dataclass(frozen=True)
class Person:
    """A customer made for one test, known by all three."""

    id: str
    x: str
    phone: str
    email: str


class Machine:
    """One running Rejoinder. Times are its own clock's; waits are bounded."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.url = cloud.url
        self.http = urllib3.PoolManager(retries=False, timeout=30, maxsize=32)
        self._sqs = boto3.Session("test", "test", region_name="us-east-1").client(
            "sqs", endpoint_url=cloud.settings.aws_endpoint_url
        )
        names = ("interactions", "urgent", "notices", "interactions-dead")
        self._queues = {name: self._queue_url(name) for name in names}
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self.http.clear()
        self._sqs.close()

    # --- requests ---

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        """One request; redirects are not followed."""
        return self.http.request(
            method, self.url + path, body=body, headers=headers or {}, redirect=False
        )

    def operate(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        body: bytes = b"",
        content_type: str = "application/json",
    ) -> Response:
        """One request of an operator, with a JSON document or any other body."""
        headers = {"Authorization": f"Bearer {self.cloud.token}", "Content-Type": content_type}
        return self.call(method, path, _json(document) if document is not None else body, headers)

    def told(self, path: str) -> Any:
        """What an operator reads at `path`; it must be there."""
        answer = self.operate("GET", path)
        assert answer.status == 200, (path, answer.status, answer.data)
        return answer.json()

    def customer(self, customer_id: str) -> Any:
        return self.told(f"/customers/{customer_id}")

    def interaction(self, interaction_id: str) -> Response:
        return self.operate("GET", f"/interactions/{quote(interaction_id, safe='')}")

    def dealt_with(self, interaction_id: str) -> Any:
        """The interaction, once it has been worked on and its replies are with their carriers."""

        def look() -> Any:
            answer = self.interaction(interaction_id)
            if answer.status != 200:
                return None
            pending = [r for r in answer.json()["replies"] if r["receipt"]["status"] == "pending"]
            return None if pending else answer.json()

        return self.until(look)

    def messages(self, to: str | None = None) -> list[dict[str, Any]]:
        """What the stand-in carriers took, oldest first."""
        found: list[dict[str, Any]] = self.call("GET", "/local/messages").json()
        return [m for m in found if to in (None, m["to"])]

    # --- waiting ---

    def until(self, look: Callable[[], Found], seconds: float = PATIENCE_SECONDS) -> Found:
        """The first true value that `look` answers; fails with its last one after `seconds`."""
        until = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < until, f"not within {seconds} s: {found!r}"
            time.sleep(0.01)
        return found

    def settled(self) -> None:
        """Wait until nothing is queued or being worked on, and every text came to its end."""
        self.until(lambda: self.queued() == 0)
        self.cloud.carriers.twilio.callbacks.settle()
        self.cloud.carriers.whatsapp.callbacks.settle()
        for carrier in (self.cloud.carriers.ses, self.cloud.carriers.aws_sms):
            carrier.topics.callbacks.settle()
        self.until(lambda: self.queued() == 0)

    def queued(self) -> int:
        """Messages in the queues of what came in, waiting or in a worker's hands."""
        return sum(self._depth(name) for name in ("interactions", "urgent", "notices"))

    @contextmanager
    def queueing(self) -> Iterator[list[str]]:
        """Notes each call by which our code puts something into a queue."""
        assert self.cloud.rooms is not None
        events, calls = self.cloud.rooms.queues._client.meta.events, list[str]()

        def note(model: Any, **_: Any) -> None:
            calls.append(model.name)

        for name in ("SendMessage", "SendMessageBatch"):
            events.register(f"before-call.sqs.{name}", note)
        try:
            yield calls
        finally:
            for name in ("SendMessage", "SendMessageBatch"):
                events.unregister(f"before-call.sqs.{name}", note)

    def put_in_queue(self, body: str) -> None:
        """As if it had come from a webhook."""
        self._sqs.send_message(QueueUrl=self._queues["interactions"], MessageBody=body)

    def take_dead_letters(self) -> list[str]:
        """The bodies in the dead-letter queue of `interactions`, taken off it."""
        url = self._queues["interactions-dead"]
        taken = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in taken:
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in taken]

    def _queue_url(self, name: str) -> str:
        found: str = self._sqs.get_queue_url(QueueName=self.cloud.settings.name(name))["QueueUrl"]
        return found

    def _depth(self, name: str) -> int:
        url = self._queues[name]
        counts = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return sum(int(n) for k, n in counts["Attributes"].items() if k.startswith("Approximate"))

    # --- people ---

    def number(self) -> int:
        """Another one each time."""
        return next(self._numbers)

    def somebody(self, **other: Any) -> Person:
        """A customer with three identities of their own, who prefers texts and takes offers."""
        number = self.number()
        person = Person(
            f"person-{number}", f"7{number:05d}", f"+1555777{number:04d}", f"p{number}@example.com"
        )
        answer = self.operate("PUT", f"/customers/{person.id}", {**_known_of(person), **other})
        assert answer.status == 200, answer.data
        return person

    def tweets(self, author: str, text: str) -> str:
        """The author mentions the brand; answers the interaction's id."""
        post_id = self.x_id()
        body = outsiders.mention(post_id, author, text, self.cloud.clock())
        assert self.deliver_x(body).status == 200
        return f"x:{post_id}"

    def sends_dm(self, sender: str, text: str) -> str:
        """A direct message to the brand; answers the interaction's id."""
        event_id = self.x_id()
        body = outsiders.direct_message(event_id, sender, text, self.cloud.clock())
        assert self.deliver_x(body).status == 200
        return f"x:{event_id}"

    def texts(self, sender: str, text: str) -> str:
        """Somebody texts the brand's number; answers the interaction's id."""
        fields = self.text_message(sender, text)
        answer = self.deliver_twilio("/webhooks/twilio/messages", fields)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml")
        return f"twilio:{fields['MessageSid']}"

    def text_message(self, sender: str, text: str) -> dict[str, str]:
        """The fields of a text that was never sent before."""
        return outsiders.text_message(f"SM{self.number():032x}", sender, text)

    def writes_on_whatsapp(self, sender: str, text: str) -> str:
        """Somebody writes to the brand on WhatsApp; answers the interaction's id."""
        message_id = f"wamid.{self.number():064x}"
        body = outsiders.whatsapp_message(message_id, sender, text, self.cloud.clock())
        assert self.deliver_whatsapp(body).status == 200
        return whatsapp_events.interaction_id(message_id)

    def x_id(self) -> str:
        """An id that X has given to nothing else."""
        return str(2_080_765_813_578_191_303 + self.number())

    def deliver_x(self, body: bytes, signature: str | None = None) -> Response:
        """By X's webhook; `signature` None: the right one."""
        headers = {
            "Content-Type": "application/json",
            "X-Twitter-Webhooks-Signature": signature or outsiders.signed_by_x(body),
        }
        return self.call("POST", "/webhooks/x", body, headers)

    def deliver_whatsapp(self, body: bytes, signature: str | None = None) -> Response:
        """By WhatsApp's webhook; `signature` None: the right one."""
        given = outsiders.signed_by_whatsapp(body) if signature is None else signature
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": given}
        return self.call("POST", "/webhooks/whatsapp", body, headers)

    def deliver_twilio(
        self, path: str, fields: Mapping[str, str], signature: str | None = None
    ) -> Response:
        """By one of Twilio's webhooks; `signature` None: the right one."""
        headers = {
            "Content-Type": FORM,
            "X-Twilio-Signature": signature or outsiders.signed_by_twilio(self.url + path, fields),
        }
        return self.call("POST", path, urlencode(fields).encode(), headers)

    def tracks(self, call: str, document: Any, write_key: str = "local-write-key") -> Response:
        """One call of the Segment HTTP API."""
        key = base64.b64encode(f"{write_key}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {key}"}
        return self.call("POST", f"/v1/{call}", _json(document), headers)


@contextmanager
def running() -> Iterator[Machine]:
    """A machine with the demo shop, at NOON."""

    def load(rooms: Rooms, now: datetime, progress: Progress) -> None:
        cloud.clock.set(NOON)
        shop.load(Shelves.of(rooms), now=NOON)

    cloud = LocalCloud(data=Data("shop", load), rng=random.Random(11))
    with cloud:
        machine = Machine(cloud)
        try:
            # As `make run` does before it says that it is ready.
            assert machine.call("GET", "/healthz").status == 200
            yield machine
        finally:
            machine.close()


def _known_of(person: Person) -> dict[str, Any]:
    granted = {"channel": "sms", "purpose": "marketing", "state": "granted", "source": "web form"}
    return {
        "identities": [f"x:{person.x}", f"phone:{person.phone}", f"email:{person.email}"],
        "profile": {
            "first_name": "Pat",
            "birth_date": "1990-01-01",
            "country": "US",
            "language": "en",
            "time_zone": "America/New_York",
            "location": [40.75, -73.99],
        },
        "interests": ["running"],
        "preferences": {"service": ["sms"], "marketing": ["sms"]},
        "consents": [{**granted, "at": "2026-03-01T10:00:00Z"}],
        "x_linked_with_opt_in": True,
    }


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()
