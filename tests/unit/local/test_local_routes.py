"""The local routes, over a webhook that keeps what it is sent; our own edges judge it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from chalicelib.inbound import InboundRequest, Parsed, notices, segment, twilio, whatsapp, x
from chalicelib.model import Channel, Message, WebEvent
from chalicelib.settings import Settings, load_settings
from infra.local.carriers import Accepted, Mailbox
from infra.local.carriers.topics import Topic
from infra.local.clock import LocalClock
from infra.local.local_routes import LocalRoutes
from infra.local.server import HttpRequest, HttpResponse, HttpServer

NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


class Webhook:
    """Answers `status` and keeps the requests."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[HttpRequest] = []
        self.server = HttpServer(self.answer, lambda status, message: HttpResponse(status))

    def answer(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        return HttpResponse(self.status, (), b'{"error": {"code": "theirs"}}')


class Local:
    """The routes with everything that they know."""

    def __init__(self, webhook: Webhook) -> None:
        self.clock = LocalClock(real_time=lambda: NOW)
        self.mailbox = Mailbox()
        self.lookups: list[tuple[str, str]] = []
        self.clock_was_set = 0
        self.settings = load_settings(
            {
                "PUBLIC_URL": "https://shop.example",
                "X_CONSUMER_SECRET": "s1",
                "X_USER_ID": "999",
                "TWILIO_AUTH_TOKEN": "s2",
                "TWILIO_NUMBER": "+15550009999",
                "WRITE_KEY": "s3",
                "AWS_SMS_IDENTITY": "+15550008888",
                "SES_REPLY_TO": "care@retailerxyz.example",
                "WHATSAPP_APP_SECRET": "s4",
                "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
            }
        )
        self.routes = LocalRoutes(
            self.settings,
            own_url=webhook.server.url,
            clock=self.clock,
            mailbox=self.mailbox,
            interaction_of=self.interaction_of,
            clock_was_set=self.note_clock,
            rng=random.Random(1),
            texts=Topic(webhook.server.url, "arn:aws:sns:us-east-1:1:texts"),
            mail=Topic(webhook.server.url, "arn:aws:sns:us-east-1:1:mail"),
        )

    def interaction_of(self, message: Accepted) -> str | None:
        self.lookups.append((message.provider, message.provider_id))
        return f"x:{message.provider_id}" if message.provider == "twilio" else None

    def note_clock(self) -> None:
        self.clock_was_set += 1

    def ask(self, method: str, target: str, said: Any = None) -> tuple[int, Any]:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        response = self.routes.answer(HttpRequest(method, target, (), body))
        return response.status, json.loads(response.body)

    def accept(self, number: int, provider: str = "twilio", subject: str | None = None) -> None:
        self.mailbox.accept(
            Accepted(
                channel="sms",
                provider=provider,
                provider_id=str(number),
                to="+1555",
                text=f"text {number}",
                subject=subject,
                sent_at=NOW + timedelta(seconds=number),
            )
        )


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    webhook = Webhook()
    webhook.server.start()
    yield webhook
    webhook.server.stop()


@pytest.fixture
def local(webhook: Webhook) -> Iterator[Local]:
    local = Local(webhook)
    yield local
    local.routes.close()


def inbound(webhook: Webhook, settings: Settings) -> InboundRequest:
    """The one request that the webhook got, as the app would see it."""
    (request,) = webhook.requests
    headers = {name.lower(): value for name, value in request.headers}
    assert headers["host"] == "shop.example"
    assert headers["x-forwarded-proto"] == "https"
    url = settings.public_url + request.target
    return InboundRequest(request.method, url, headers, {}, request.body)


def only(parsed: Parsed, interaction_id: str) -> Any:
    assert [i.id for i in parsed.interactions] == [interaction_id]
    return parsed.interactions[0]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Trailblazer <GTX> & 44?", "@retailerxyz Trailblazer <GTX> & 44?"),
        ("hey @RetailerXYZ, 44?", "hey @RetailerXYZ, 44?"),
    ],
)
def test_a_tweet_is_a_signed_mention(said: str, text: str, local: Local, webhook: Webhook) -> None:
    status, answer = local.ask("POST", "/local/tweet", {"from": "x:1234", "text": said})

    request = inbound(webhook, local.settings)
    x.verify(request, local.settings)
    interaction = only(x.parse(request, local.settings, NOW), answer["interaction_id"])
    assert status == 200
    assert interaction.identities == ("x:1234",)
    assert isinstance(interaction.body, Message)
    assert (interaction.body.channel, interaction.body.text) == (Channel.X_REPLY, text)
    assert interaction.occurred_at == NOW


def test_a_direct_message_is_signed_and_private(local: Local, webhook: Webhook) -> None:
    said = {"from": "1234", "text": "Where is it?", "dm": True}

    _, answer = local.ask("POST", "/local/tweet", said)

    request = inbound(webhook, local.settings)
    x.verify(request, local.settings)
    interaction = only(x.parse(request, local.settings, NOW), answer["interaction_id"])
    assert interaction.body.channel is Channel.X_DM
    assert interaction.body.text == "Where is it?"


@pytest.mark.parametrize("sender", ["+1 (555) 123-0001", "phone:+15551230001"])
def test_a_text_is_signed_as_twilio_signs(sender: str, local: Local, webhook: Webhook) -> None:
    _, answer = local.ask("POST", "/local/text", {"from": sender, "text": "hi 👟 & more"})

    request = inbound(webhook, local.settings)
    twilio.verify(request, local.settings)
    interaction = only(twilio.parse(request, local.settings, NOW), answer["interaction_id"])
    assert interaction.identities == ("phone:+15551230001",)
    assert interaction.body.text == "hi 👟 & more"


def published(webhook: Webhook, topic: str) -> str:
    """What the one request published, and that it was to this topic."""
    (request,) = webhook.requests
    form = dict(parse_qsl(request.body.decode()))
    assert (form["Action"], form["TopicArn"]) == ("Publish", f"arn:aws:sns:us-east-1:1:{topic}")
    assert "/sns/aws4_request" in (request.header("authorization") or "")
    return form["Message"]


def test_a_text_by_aws_is_published_as_two_way_sms_does(local: Local, webhook: Webhook) -> None:
    said = {"from": "+15551230001", "text": "Größe 44?", "provider": "aws_sms"}
    _, answer = local.ask("POST", "/local/text", said)

    parsed = notices.parse(published(webhook, "texts"), local.settings, NOW)
    interaction = only(parsed, answer["interaction_id"])
    assert interaction.identities == ("phone:+15551230001",)
    assert interaction.body == Message(channel=Channel.SMS, text="Größe 44?")


def test_a_mail_is_published_as_ses_does(local: Local, webhook: Webhook) -> None:
    said = {"from": "Joe@example.com", "subject": "Größe 44?", "text": "Is it there? ½"}
    _, answer = local.ask("POST", "/local/mail", said)

    parsed = notices.parse(published(webhook, "mail"), local.settings, NOW)
    interaction = only(parsed, answer["interaction_id"])
    assert interaction.identities == ("email:joe@example.com",)
    assert isinstance(interaction.body, Message)
    assert interaction.body.text == "Größe 44?\nIs it there? ½"
    assert interaction.body.reply_to


def test_a_topic_that_is_not_there_is_told(local: Local, webhook: Webhook) -> None:
    webhook.status = 500
    status, _ = local.ask("POST", "/local/mail", {"from": "joe@example.com", "text": "x"})
    assert status == 502


def test_a_whatsapp_message_is_signed_as_whatsapp_signs(local: Local, webhook: Webhook) -> None:
    said = {"from": "phone:+1 (555) 123-0001", "text": "hi 👟 & more"}
    _, answer = local.ask("POST", "/local/whatsapp", said)

    request = inbound(webhook, local.settings)
    whatsapp.verify(request, local.settings)
    interaction = only(whatsapp.parse(request, local.settings, NOW), answer["interaction_id"])
    assert interaction.identities == ("phone:+15551230001",)
    assert (interaction.body.channel, interaction.body.text) == (Channel.WHATSAPP, "hi 👟 & more")
    assert interaction.occurred_at == NOW


@pytest.mark.parametrize(
    ("said", "name", "properties"),
    [
        ({"product_id": "tb-44"}, "product_viewed", {"product_id": "tb-44"}),
        ({"event": "Signed Out"}, "signed_out", {}),
    ],
)
def test_a_click_is_a_segment_event(
    said: dict[str, str], name: str, properties: Any, local: Local, webhook: Webhook
) -> None:
    _, answer = local.ask("POST", "/local/click", {"user_id": "user:joe", **said})

    request = inbound(webhook, local.settings)
    segment.verify(request, local.settings)
    parsed = segment.parse(request, local.settings, NOW, call="track")
    interaction = only(parsed, answer["interaction_id"])
    assert isinstance(interaction.body, WebEvent)
    assert (interaction.body.name, interaction.body.properties) == (name, properties)
    assert "user:joe" in interaction.identities


def test_what_the_webhook_refuses_is_told(local: Local, webhook: Webhook) -> None:
    webhook.status = 401

    assert local.ask("POST", "/local/text", {"from": "+15551230001", "text": "x"}) == (
        401,
        {"error": {"code": "theirs"}},
    )


def test_two_posts_of_one_moment_have_two_ids(local: Local) -> None:
    said = {"from": "1", "text": "x"}

    first, second = (local.ask("POST", "/local/tweet", said)[1] for _ in range(2))

    assert first != second


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/local/tweet", {"from": "999", "text": "the brand itself"}),
        ("/local/tweet", {"from": "a b", "text": "x"}),
        ("/local/tweet", {"from": 1234, "text": "x"}),
        ("/local/tweet", {"from": "1", "text": "x", "dm": "yes"}),
        ("/local/tweet", {"from": "1", "text": " "}),
        ("/local/tweet", {"from": "1", "text": "x" * 10_001}),
        ("/local/tweet", b'{"from": "1", "text": "\\ud83d"}'),
        ("/local/tweet", b"\xff"),
        ("/local/tweet", b"[" * 100_000),
        ("/local/tweet", []),
        ("/local/text", {"from": "joe", "text": "x"}),
        ("/local/whatsapp", {"from": "joe", "text": "x"}),
        ("/local/text", {"from": "+15551230001", "text": "x", "provider": "pigeon"}),
        ("/local/mail", {"from": "joe", "text": "x"}),
        ("/local/mail", {"from": "joe@example.com"}),
        ("/local/click", {"user_id": "joe", "product_id": 5}),
        ("/local/click", {"product_id": "x"}),
        ("/local/clock", {"now": "yesterday"}),
        ("/local/clock", {"now": "0001-01-01T00:00:00+14:00"}),
        ("/local/clock", {"now": "9999-12-31T23:59:59-12:00"}),
        ("/local/clock", {}),
    ],
)
def test_malformed_requests_are_400(target: str, said: Any, local: Local, webhook: Webhook) -> None:
    status, answer = local.ask("POST", target, said)

    assert (status, answer["error"]["code"]) == (400, "payload")
    assert webhook.requests == []
    assert local.clock.now() == NOW


def test_the_clock_is_set_and_schedules_are_hurried(local: Local) -> None:
    status, answer = local.ask("POST", "/local/clock", {"now": "2026-12-01T08:00:00+01:00"})

    assert (status, answer) == (200, {"now": "2026-12-01T07:00:00Z"})
    assert local.clock_was_set == 1
    assert local.ask("GET", "/local/clock") == (200, {"now": "2026-12-01T07:00:00Z"})


def test_messages_are_what_the_carriers_took_newest_last(local: Local) -> None:
    local.accept(1)
    local.accept(2, "ses", "Subject")

    assert local.ask("GET", "/local/messages") == (
        200,
        [
            {
                "channel": "sms",
                "provider": "twilio",
                "to": "+1555",
                "text": "text 1",
                "interaction_id": "x:1",
                "sent_at": "2026-11-18T17:00:01Z",
            },
            {
                "channel": "sms",
                "provider": "ses",
                "to": "+1555",
                "text": "text 2",
                "interaction_id": None,
                "sent_at": "2026-11-18T17:00:02Z",
                "subject": "Subject",
            },
        ],
    )


def test_whose_interaction_a_message_answers_is_asked_once(local: Local) -> None:
    """Until it is known: the carrier has a message before the ledger has its id."""
    local.accept(1)
    local.accept(2, "ses")

    for _ in range(3):
        local.ask("GET", "/local/messages")

    assert local.lookups.count(("twilio", "1")) == 1
    assert local.lookups.count(("ses", "2")) == 3


def test_messages_can_be_had_from_a_time_on_and_only_the_newest(local: Local) -> None:
    for number in range(5):
        local.accept(number)

    def texts(query: str) -> list[str]:
        return [m["text"] for m in local.ask("GET", f"/local/messages?{query}")[1]]

    assert texts("since=2026-11-18T17:00:02Z") == ["text 3", "text 4"]
    assert texts("since=" + quote("2026-11-18T18:00:02+01:00")) == ["text 3", "text 4"]
    assert texts("limit=2") == ["text 3", "text 4"]
    assert texts("limit=1&since=2026-11-18T17:00:00Z") == ["text 4"]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1001", "limit=²", "since=x"])
def test_a_wrong_query_is_400(query: str, local: Local) -> None:
    assert local.ask("GET", f"/local/messages?{query}")[0] == 400


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/local/tweet", 405),
        ("DELETE", "/local/clock", 405),
        ("GET", "/local", 404),
        ("GET", "/local/nothing", 404),
        ("HEAD", "/local/messages", 200),
    ],
)
def test_unknown_routes_and_methods(method: str, target: str, status: int, local: Local) -> None:
    response = local.routes.answer(HttpRequest(method, target, (), b""))

    assert response.status == status
    if status == 405:
        assert dict(response.headers)["Allow"] in ("POST", "GET, POST")
