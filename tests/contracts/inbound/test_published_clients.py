"""The published clients of Segment, RudderStack and Twilio drive verify() and parse() over HTTP."""

from __future__ import annotations

import gzip
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient
from segment.analytics.request import APIError
from twilio.request_validator import RequestValidator

from chalicelib.errors import RejectedInput
from chalicelib.inbound import InboundRequest, Parsed, segment, twilio
from chalicelib.model import Identification, Message, Receipt, WebEvent

from .senders import RECEIVED_AT, SETTINGS, TWILIO_MESSAGE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Receiver(ThreadingHTTPServer):
    """Takes requests as app.py does, and keeps what was parsed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[InboundRequest] = []
        self.parsed: list[Parsed] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, request: InboundRequest) -> Parsed:
        path = urlsplit(request.url).path
        if path.startswith("/v1/"):
            segment.verify(request, SETTINGS)
            call = segment.CALLS[path.removeprefix("/v1/")]
            return segment.parse(request, SETTINGS, RECEIVED_AT, call=call)
        twilio.verify(request, SETTINGS)
        if path.endswith("/status"):
            return twilio.parse_status(request, SETTINGS, RECEIVED_AT)
        return twilio.parse(request, SETTINGS, RECEIVED_AT)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        url = self.server.url + self.path
        request = InboundRequest(
            "POST",
            url,
            {name.lower(): value for name, value in self.headers.items()},
            {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()},
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        self.server.requests.append(request)
        try:
            self.server.parsed.append(self.server.take(request))
            status = 200
        except RejectedInput as refused:
            status = refused.status
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def say_everything(client: Any) -> None:
    """The same seven calls by either client: they share one interface."""
    client.identify("joe", {"email": "joe@example.com"}, message_id="m-1")
    client.track("joe", "Product Viewed", {"product_id": "tb-gtx-44"}, message_id="m-2")
    client.page(
        "joe", "Shoes", "Trailblazer GTX", {"url": "https://shop.example/"}, message_id="m-3"
    )
    client.screen("joe", "Shoes", "Trailblazer GTX", {"price": 129.9}, message_id="m-4")
    client.group("joe", "club-7", {"name": "Trail club"}, message_id="m-5")
    client.alias("a1b2c3", "joe", message_id="m-6")
    client.track(None, "Cart Viewed", anonymous_id="a1b2c3", message_id="m-7")


def assert_everything_arrived(parsed: list[Parsed]) -> None:
    assert all(not p.rejected and not p.ignored for p in parsed)
    found = {i.id: i for p in parsed for i in p.interactions}
    assert sorted(found) == [f"web:m-{n}" for n in range(1, 8)]
    assert found["web:m-1"].body == Identification(traits={"email": "joe@example.com"})
    assert found["web:m-1"].identities == ("user:joe",)
    assert found["web:m-2"].body == WebEvent(
        name="product_viewed", properties={"product_id": "tb-gtx-44"}
    )
    page, screen = found["web:m-3"].body, found["web:m-4"].body
    assert isinstance(page, WebEvent)
    assert isinstance(screen, WebEvent)
    assert (page.name, page.properties["name"]) == ("page", "Trailblazer GTX")
    assert page.properties["url"] == "https://shop.example/"
    assert (screen.name, screen.properties["price"]) == ("screen", 129.9)
    assert found["web:m-5"].body == Identification(
        traits={"group": {"name": "Trail club", "id": "club-7"}}
    )
    assert found["web:m-6"].identities == ("user:joe", "anonymous:a1b2c3")
    assert found["web:m-7"].identities == ("anonymous:a1b2c3",)


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_segments_python_client_is_understood(receiver: Receiver, zipped: bool) -> None:
    client = SegmentClient("local-write-key", host=receiver.url, sync_mode=True, gzip=zipped)
    say_everything(client)
    assert_everything_arrived(receiver.parsed)
    assert {r.headers.get("content-encoding") for r in receiver.requests} == {
        "gzip" if zipped else None
    }


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_rudderstacks_python_client_is_understood(receiver: Receiver, zipped: bool) -> None:
    client = RudderClient("local-write-key", host=receiver.url, sync_mode=True, gzip=zipped)
    say_everything(client)
    assert_everything_arrived(receiver.parsed)


def test_a_clients_own_timestamp_becomes_the_time_it_happened(receiver: Receiver) -> None:
    client = SegmentClient("local-write-key", host=receiver.url, sync_mode=True)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    client.track("joe", "Order Completed", timestamp=long_ago, message_id="m-8")
    (interaction,) = receiver.parsed[0].interactions
    assert interaction.occurred_at < interaction.received_at


def test_segments_client_hears_of_a_wrong_write_key(receiver: Receiver) -> None:
    client = SegmentClient("another-key", host=receiver.url, sync_mode=True)
    with pytest.raises(APIError) as refused:
        client.track("joe", "Product Viewed")
    assert refused.value.status == 401
    assert receiver.parsed == []


def send_text(receiver: Receiver, path: str, fields: dict[str, str]) -> int:
    url = receiver.url + path
    signature = RequestValidator("local-twilio-token").compute_signature(url, fields)
    request = urllib.request.Request(  # noqa: S310 - our own server on 127.0.0.1
        url, urlencode(fields).encode(), {**FORM, "X-Twilio-Signature": signature}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        return int(response.status)


def test_a_text_that_twilio_signed_arrives(receiver: Receiver) -> None:
    assert send_text(receiver, "/webhooks/twilio/messages?brand=xyz", TWILIO_MESSAGE) == 200
    (interaction,) = receiver.parsed[0].interactions
    assert isinstance(interaction.body, Message)
    assert interaction.identities == ("phone:+15551230001",)


def test_a_status_with_fields_of_tomorrow_arrives(receiver: Receiver) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "ANewField": "ü", "Empty": ""}
    assert send_text(receiver, "/webhooks/twilio/status", fields) == 200
    (interaction,) = receiver.parsed[0].interactions
    assert interaction.body == Receipt(provider="twilio", provider_id="SM1", status="delivered")


def test_a_zipped_body_without_any_label_arrives(receiver: Receiver) -> None:
    body = gzip.compress(b'{"writeKey":"local-write-key","batch":[]}')
    request = urllib.request.Request(f"{receiver.url}/v1/b", body)  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        assert response.status == 200
