"""How the X carrier reads what X answers; what X takes is tested against the stand-in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3

from chalicelib.model import Channel, Handover
from chalicelib.outbound.x import XCarrier
from chalicelib.settings import Settings

from .conftest import NOW, Scripted, a_reply, an_entry, seeded
from .test_handover import a_handover


@pytest.fixture
def carrier(settings: Settings, http: urllib3.PoolManager) -> XCarrier:
    return XCarrier(settings, http=http, clock=lambda: NOW, rng=seeded())


def test_a_reply_without_a_post_to_answer_is_never_published(
    carrier: XCarrier, provider: Scripted
) -> None:
    result = carrier.send(a_reply(Channel.X_REPLY), key="out-1")
    assert (result.status, result.code) == ("failed", "no_reply_to")
    assert provider.requests == []


def test_a_reply_names_the_post_that_it_answers(carrier: XCarrier, provider: Scripted) -> None:
    provider.then(201, {"data": {"id": "77", "text": "In stock"}})
    result = carrier.send(a_reply(Channel.X_REPLY, reply_to="55"), key="out-1")
    assert (result.status, result.provider, result.provider_id) == ("sent", "x", "77")
    assert json.loads(provider.requests[0].body) == {
        "text": "In stock & near you",
        "reply": {"in_reply_to_tweet_id": "55"},
    }


def test_a_participant_id_cannot_leave_its_place_in_the_path(
    carrier: XCarrier, provider: Scripted
) -> None:
    provider.then(404)
    carrier.send(a_reply(Channel.X_DM, to="12/../34?x"), key="out-1")
    assert provider.requests[0].path.endswith("/with/12%2F..%2F34%3Fx/messages")


def test_the_signature_takes_its_time_and_nonce_from_what_is_passed_in(
    settings: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    for _ in range(2):
        provider.then(201, {"data": {"dm_event_id": "1"}})
        again = XCarrier(settings, http=http, clock=lambda: NOW, rng=seeded(7))
        again.send(a_reply(Channel.X_DM), key="out-1")
    first, second = (r.headers["authorization"] for r in provider.requests)
    assert first == second
    assert f'oauth_timestamp="{int(NOW.timestamp())}"' in first


RESET = int(NOW.timestamp()) + 900


def limits(short: int, daily: int) -> dict[str, str]:
    """What is left of X's two limits; the daily one resets an hour after the short one."""
    return {
        "x-rate-limit-remaining": f"{short}",
        "x-rate-limit-reset": f"{RESET}",
        "x-user-limit-24hour-remaining": f"{daily}",
        "x-user-limit-24hour-reset": f"{RESET + 3600}",
    }


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-rate-limit-reset": f"{RESET}"}, 900),
        (limits(short=0, daily=5), 900),
        (limits(short=3, daily=0), 4500),
        (limits(short=0, daily=0), 4500),
        ({"x-rate-limit-reset": "soon"}, None),
        ({"x-rate-limit-reset": "9" * 20}, None),
        ({}, None),
    ],
)
def test_a_rate_limited_reply_waits_for_the_spent_limit_to_reset(
    carrier: XCarrier, provider: Scripted, headers: dict[str, str], seconds: int | None
) -> None:
    provider.then(429, {"title": "Too Many Requests", "type": "about:blank"}, headers)
    result = carrier.send(a_reply(Channel.X_DM), key="out-1")
    assert result.status == "retry"
    assert result.retry_at == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"detail": "You are not allowed to create a Tweet with duplicate content."}, "duplicate"),
        ({"type": "https://api.twitter.com/2/problems/not-authorized"}, "not-authorized"),
        ({"type": "about:blank", "detail": "Forbidden"}, "http_403"),
        ("no object", "http_403"),
    ],
)
def test_a_refusal_fails_with_a_code_and_never_with_x_s_sentence(
    carrier: XCarrier, provider: Scripted, document: Any, code: str
) -> None:
    provider.then(403, document)
    result = carrier.send(a_reply(Channel.X_DM), key="out-1")
    assert (result.status, result.code) == ("failed", code)


@pytest.mark.parametrize("document", [{}, {"data": None}, {"data": [1]}, None])
def test_a_created_answer_without_an_id_is_sent_all_the_same(
    carrier: XCarrier, provider: Scripted, document: Any
) -> None:
    provider.then(201, document)
    result = carrier.send(a_reply(Channel.X_DM), key="out-1")
    assert (result.status, result.provider_id) == ("sent", None)


def test_what_x_gave_an_id_was_sent_and_is_not_asked_again(
    carrier: XCarrier, provider: Scripted
) -> None:
    receipt = carrier.status(an_entry(a_reply(Channel.X_DM), provider_id="77"))
    assert receipt is not None
    assert (receipt.provider_id, receipt.status) == ("77", "sent")
    assert provider.requests == []


def test_a_lost_reply_is_found_by_the_post_that_it_answers(
    carrier: XCarrier, provider: Scripted
) -> None:
    posts = [
        {"id": "3"},
        {"id": "2", "referenced_tweets": [{"type": "quoted", "id": "55"}]},
        {"id": "1", "referenced_tweets": [{"type": "replied_to", "id": "55"}]},
    ]
    provider.then(200, {"data": posts})
    later = NOW + timedelta(hours=1)
    entry = an_entry(a_reply(Channel.X_REPLY, reply_to="55"), due_at=later)
    receipt = carrier.status(entry)
    assert receipt is not None
    assert receipt.provider_id == "1"
    assert provider.requests[0].path == "/2/users/999/tweets"
    assert provider.requests[0].query["start_time"] == "2026-11-18T16:58:00Z"


def test_a_lost_message_is_found_by_sender_time_and_text_under_x_s_short_links(
    carrier: XCarrier, provider: Scripted
) -> None:
    wanted = {
        "sender_id": "999",
        "text": "Yours &amp; mine: https://t.co/abc",
        "created_at": "2026-11-18T17:00:05.000Z",
    }
    events = [
        {**wanted, "id": "5", "created_at": "2026-11-18T17:09:00.000Z"},
        {**wanted, "id": "4"},
        {**wanted, "id": "3", "text": "Something else"},
        {**wanted, "id": "2", "sender_id": "1234"},
        {**wanted, "id": "1", "created_at": "2026-11-18T09:00:00.000Z"},
    ]
    provider.then(200, {"data": events})
    reply = a_reply(Channel.X_DM, text="Yours & mine: https://reply.example/r/1")
    receipt = carrier.status(an_entry(reply))
    assert receipt is not None
    assert receipt.provider_id == "4"


@pytest.mark.parametrize("channel", [Channel.X_REPLY, Channel.X_DM])
def test_what_is_in_no_whole_list_is_absent(
    carrier: XCarrier, provider: Scripted, channel: Channel
) -> None:
    provider.then(200, {"meta": {"result_count": 0}})
    receipt = carrier.status(an_entry(a_reply(channel, reply_to="55")))
    assert receipt is not None
    assert receipt.status == "absent"


a_full_page = {"data": [{"id": "3"}] * 100}


@pytest.mark.parametrize(
    ("status", "document"),
    [(200, a_full_page), (503, {"data": [{}]}), (200, {"errors": [{"title": "Forbidden"}]})],
)
def test_what_x_does_not_show_stays_unknown(
    carrier: XCarrier, provider: Scripted, status: int, document: dict[str, Any]
) -> None:
    provider.then(status, document)
    assert carrier.status(an_entry(a_reply(Channel.X_REPLY, reply_to="55"))) is None


def test_without_the_brand_s_own_id_x_cannot_be_asked(
    settings: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    unknown = settings.model_copy(update={"x_user_id": ""})
    carrier = XCarrier(unknown, http=http, clock=lambda: NOW, rng=seeded())
    assert carrier.status(an_entry(a_reply(Channel.X_REPLY, reply_to="55"))) is None
    assert provider.requests == []


def test_a_handover_is_nothing_that_x_knows_of(carrier: XCarrier) -> None:
    handover: Handover = a_handover(at=datetime(2026, 11, 18, tzinfo=UTC))
    assert carrier.status(an_entry(handover)) is None
