"""pywebpush speaks to the stand-in for push services: what it accepts of it, we are judged by.

It signs with the machine's clock, so here the stand-in has it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from pywebpush import WebPushException, webpush
from requests.adapters import HTTPAdapter

from chalicelib.model import Channel, Reply
from infra.local.carriers import LOCAL_SECRETS
from infra.local.carriers.push import HOST, address, subscription

from .conftest import Clock, Local, a_vapid_key, make_push


@pytest.fixture
def today() -> Iterator[Local]:
    made = Local(clock=Clock(datetime.now(UTC)))
    made.start()
    yield made
    made.carriers.stop()


class Elsewhere(HTTPAdapter):
    """Takes a request meant for the push service to the stand-in, its Host header unchanged."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        meant = urlsplit(request.url or "")
        request.headers["Host"] = str(meant.netloc)
        request.url = urlsplit(self._url)._replace(path=meant.path).geturl()
        return super().send(request, *args, **kwargs)


def pushes(local: Local, document: Any, token: str = "joe", **other: Any) -> requests.Response:
    session = requests.Session()
    session.mount("https://", Elsewhere(local.urls.push_url))
    known: dict[str, Any] = {
        "vapid_private_key": LOCAL_SECRETS["vapid_private_key"],
        "vapid_claims": {"sub": LOCAL_SECRETS["vapid_subject"]},
        "ttl": 60,
    }
    answer = webpush(
        subscription(token), json.dumps(document), requests_session=session, **{**known, **other}
    )
    assert isinstance(answer, requests.Response)
    return answer


def test_the_stand_in_takes_pywebpush_s_message_and_ours_alike(today: Local) -> None:
    theirs = {"title": "Shoe", "body": "Größe 44 ist da 👟"}
    assert pushes(today, theirs).status_code == 201
    ours = make_push(today, today.urls.push_url, 10.0)
    reply = Reply(channel=Channel.PUSH, to=address("joe"), text=theirs["body"], subject="Shoe")
    assert ours.send(reply, key="out-1").status == "sent"

    first, second = today.mailbox.messages("push")
    assert (first.text, first.subject, first.to) == (second.text, second.subject, second.to)
    (their_headers, _), (our_headers, our_payload) = today.carriers.push.shown
    assert our_payload == {**theirs, "tag": second.provider_id}
    assert set(their_headers) - set(our_headers) <= {"accept", "user-agent"}
    assert our_headers["content-encoding"] == their_headers["content-encoding"] == "aes128gcm"


@pytest.mark.parametrize(
    ("status", "changed"),
    [
        (403, {"vapid_private_key": a_vapid_key("somebody else")}),
        (403, {"vapid_claims": {"sub": "mailto:a@b.example", "aud": "https://other.example"}}),
        (403, {"vapid_claims": {"sub": "mailto:a@b.example", "exp": 4_000_000_000}}),
        (401, {"vapid_claims": None}),
        (415, {"content_encoding": "aesgcm"}),
        (400, {"ttl": -1}),
        (400, {"headers": {"Topic": "x" * 33}}),
        (400, {"headers": {"Urgency": "now"}}),
    ],
)
def test_pywebpush_understands_the_stand_in_s_refusals(
    today: Local, status: int, changed: dict[str, Any]
) -> None:
    with pytest.raises(WebPushException) as refused:
        pushes(today, {"body": "In stock"}, **changed)
    assert refused.value.response is not None
    assert refused.value.response.status_code == status
    assert today.mailbox.messages() == ()


def test_a_subscription_that_ended_is_gone_for_both(today: Local) -> None:
    today.carriers.push.end("joe")
    with pytest.raises(WebPushException) as refused:
        pushes(today, {"body": "In stock"})
    assert refused.value.response is not None
    assert refused.value.response.status_code == 410
    ours = make_push(today, today.urls.push_url, 10.0)
    result = ours.send(Reply(channel=Channel.PUSH, to=address("joe"), text="Hello"), key="out-1")
    assert (result.status, result.barred) == ("failed", "unreachable")


def test_a_token_is_for_one_push_service_and_one_day(local: Local) -> None:
    """A push service that keeps our token can do nothing with it at another."""
    push = make_push(local, local.urls.push_url, 10.0)
    reply = Reply(channel=Channel.PUSH, to=address("joe"), text="Hello")
    assert push.send(reply, key="out-1").status == "sent"
    ((headers, _),) = local.carriers.push.shown
    sent = {name: headers[name] for name in ("authorization", "content-encoding", "ttl")}

    def replayed(host: str = HOST) -> int:
        return local.http.request(
            "POST", f"{local.urls.push_url}/send/joe", headers={**sent, "Host": host}
        ).status

    assert replayed() == 400  # the token is good, only there is no message
    assert replayed("other.example") == 403
    local.clock.pass_by(timedelta(hours=25))
    assert replayed() == 403
