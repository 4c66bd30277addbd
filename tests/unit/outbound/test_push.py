"""Web push: what is asked of a push service, and what its answers mean."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import urllib3

from chalicelib.errors import ConfigurationError
from chalicelib.model import Channel, Purpose, TrackedLink
from chalicelib.outbound import PushCarrier
from chalicelib.outbound.push import find_service, topic_of
from chalicelib.settings import PUSH_HOSTS, Settings
from infra.local.carriers.push import HOST, address, subscription

from .conftest import NOW, Scripted, a_reply, an_entry

JOE = address("joe")


@pytest.fixture
def push(settings: Settings, provider: Scripted, http: urllib3.PoolManager) -> PushCarrier:
    own = settings.model_copy(update={"push_service_url": provider.url, "push_ttl_seconds": 3600})
    return PushCarrier(own, http=http, clock=lambda: NOW)


@pytest.mark.parametrize(
    ("answered", "status", "code", "barred"),
    [
        (201, "sent", None, None),
        (202, "sent", None, None),
        (200, "sent", None, None),
        (404, "failed", "http_404", "unreachable"),
        (410, "failed", "http_410", "unreachable"),
        (413, "failed", "http_413", None),
        (400, "failed", "http_400", None),
        (403, "failed", "http_403", None),
        (301, "failed", "http_301", None),
        (429, "retry", "http_429", None),
        (500, "unknown", "http_500", None),
        (503, "unknown", "http_503", None),
    ],
)
def test_a_push_service_s_answers_mean(
    push: PushCarrier,
    provider: Scripted,
    answered: int,
    status: str,
    code: str | None,
    barred: str | None,
) -> None:
    provider.then(answered)
    result = push.send(a_reply(Channel.PUSH, JOE), key="out-1")
    assert (result.status, result.code, result.barred) == (status, code, barred)


def test_a_busy_push_service_says_when_to_come_back(push: PushCarrier, provider: Scripted) -> None:
    provider.then(429, None, {"Retry-After": "90"})
    assert push.send(a_reply(Channel.PUSH, JOE), key="1").retry_at == NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("purpose", "urgency"), [(Purpose.SERVICE, "normal"), (Purpose.MARKETING, "low")]
)
def test_a_message_says_how_long_it_keeps_and_how_urgent_it_is(
    push: PushCarrier, provider: Scripted, purpose: Purpose, urgency: str
) -> None:
    provider.then(201)
    result = push.send(a_reply(Channel.PUSH, JOE, purpose=purpose), key="out-1")
    (request,) = provider.requests
    assert request.url == subscription("joe")["endpoint"]
    assert (request.headers["ttl"], request.headers["urgency"]) == ("3600", urgency)
    assert request.headers["topic"] == result.provider_id == topic_of("out-1")


def test_a_repeat_replaces_the_first_and_another_message_does_not() -> None:
    assert topic_of("out-1") == topic_of("out-1") != topic_of("out-2")
    assert len(topic_of("out-1")) == 32


def opened(push: PushCarrier, reply: Any) -> Any:
    return json.loads(push._payload(reply, "t"))


def test_a_tap_leads_where_the_first_link_does_and_the_text_needs_none(push: PushCarrier) -> None:
    url = "https://reply.example/r/abc"
    link = TrackedLink(token="abc", url="https://shop.example/p/1", customer_id="joe")
    reply = a_reply(Channel.PUSH, JOE, text=f"It is back. {url}", links=(link,), subject="Shoe")
    assert opened(push, reply) == {
        "title": "Shoe",
        "body": "It is back.",
        "tag": "t",
        "url": url,
    }
    assert opened(push, a_reply(Channel.PUSH, JOE, text="Hello")) == {
        "title": "RetailerXYZ",
        "body": "Hello",
        "tag": "t",
    }


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/send/1",
        "https://fcm.googleapis.com:8443/send/1",
        "https://fcm.googleapis.com@evil.example/send/1",
        "https://evil.example/fcm.googleapis.com",
        "https://evil.example#fcm.googleapis.com",
        "https://evil.example\\fcm.googleapis.com",
        "https://fcm.googleapis.com.evil.example/send/1",
        "https://evilfcm.googleapis.com/send/1",
        "https://push.apple.com/1",
        "https://evilpush.apple.com/1",
        "https://127.0.0.1/send/1",
        "https://localhost/send/1",
        "https://[::1]/send/1",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://10.0.0.1/",
        "https://fcm.googleapis.com:99999/",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/\r\nX: 1",
        "https://fcm.googleapis.c\u043em/send/1",
        "ftp://fcm.googleapis.com/",
        "//fcm.googleapis.com/",
        "https://",
        "https://[",
        "",
    ],
)
def test_a_stranger_s_endpoint_is_never_called(
    endpoint: str, settings: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    own = settings.model_copy(update={"push_service_url": provider.url, "push_hosts": PUSH_HOSTS})
    to = json.dumps({**subscription("joe"), "endpoint": endpoint})
    result = PushCarrier(own, http=http, clock=lambda: NOW).send(
        a_reply(Channel.PUSH, to), key="out-1"
    )
    assert (result.status, result.code, result.barred) == (
        "failed",
        "foreign_endpoint",
        "unreachable",
    )
    assert provider.requests == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def_g-h",
        "https://FCM.googleapis.com:443/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QP",
        "https://db5p.notify.windows.com/w/?token=BQYA%3d",
    ],
)
def test_the_push_services_of_today_s_browsers_are_known(endpoint: str) -> None:
    assert find_service(endpoint, PUSH_HOSTS.split(",")) is not None


def test_what_stands_behind_a_known_host_stays_as_it_was(
    settings: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(201)
    endpoint = "https://db5p.notify.windows.com:443/w/?token=BQYA%3D&x=1#no"
    own = settings.model_copy(update={"push_service_url": provider.url, "push_hosts": PUSH_HOSTS})
    to = json.dumps({**subscription("joe"), "endpoint": endpoint})
    PushCarrier(own, http=http, clock=lambda: NOW).send(a_reply(Channel.PUSH, to), key="1")
    (request,) = provider.requests
    assert request.url == "https://db5p.notify.windows.com/w/?token=BQYA%3D&x=1"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("", "no_subscription"),
        ("1234", "no_subscription"),
        ("[]", "no_subscription"),
        ('{"endpoint": "https://push.example/1"}', "no_subscription"),
        ('{"endpoint": "https://push.example/1", "keys": null}', "no_subscription"),
        (
            json.dumps(
                {"endpoint": f"https://{HOST}/send/1", "keys": {"p256dh": "A", "auth": "B"}}
            ),
            "malformed_keys",
        ),
        (
            json.dumps({"endpoint": f"https://{HOST}/send/1", "keys": {"p256dh": 1, "auth": [2]}}),
            "malformed_keys",
        ),
    ],
)
def test_what_is_no_subscription_fails_for_good(
    push: PushCarrier, provider: Scripted, to: str, code: str
) -> None:
    result = push.send(a_reply(Channel.PUSH, to), key="out-1")
    assert (result.status, result.code, result.barred) == ("failed", code, "unreachable")
    assert provider.requests == []


def test_a_message_that_no_push_service_takes_is_not_sent(
    push: PushCarrier, provider: Scripted
) -> None:
    result = push.send(a_reply(Channel.PUSH, JOE, text="x" * 4_000), key="out-1")
    assert (result.status, result.code, result.barred) == ("failed", "too_large", None)
    assert provider.requests == []


def test_a_push_service_cannot_be_asked(push: PushCarrier) -> None:
    assert push.status(an_entry(a_reply(Channel.PUSH, JOE))) is None


def test_neither_endpoint_nor_keys_are_in_what_we_show(
    push: PushCarrier, provider: Scripted
) -> None:
    provider.then(410)
    shown = repr(push.send(a_reply(Channel.PUSH, JOE), key="out-1"))
    assert HOST not in shown
    assert subscription("joe")["keys"]["auth"] not in shown


def test_a_key_that_is_none_is_found_at_once(settings: Settings, http: urllib3.PoolManager) -> None:
    wrong = Settings.model_validate(
        {**settings.model_dump(exclude_defaults=True), "vapid_private_key": "short"}
    )
    with pytest.raises(ConfigurationError, match="VAPID_PRIVATE_KEY"):
        PushCarrier(wrong, http=http, clock=lambda: NOW)
