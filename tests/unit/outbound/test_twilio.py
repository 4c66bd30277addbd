"""How the Twilio carrier reads what Twilio answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import urllib3
from twilio.rest.api.v2010.account.message import MessageInstance

from chalicelib.model import Channel
from chalicelib.outbound.twilio import STATUSES, TwilioCarrier
from chalicelib.settings import Settings

from .conftest import NOW, Scripted, a_reply, an_entry
from .test_handover import a_handover

JOE = "+15551230001"


@pytest.fixture
def carrier(settings: Settings, http: urllib3.PoolManager) -> TwilioCarrier:
    return TwilioCarrier(settings, http=http, clock=lambda: NOW)


def test_a_text_goes_out_from_our_number_with_a_status_callback(
    carrier: TwilioCarrier, provider: Scripted
) -> None:
    provider.then(201, {"sid": "SM1", "status": "queued"})
    result = carrier.send(a_reply(Channel.SMS, JOE, text="Grüße & 👟"), key="out-1")
    assert (result.status, result.provider, result.provider_id) == ("sent", "twilio", "SM1")
    assert result.keyed
    assert parse_qs(provider.requests[0].body.decode()) == {
        "To": [JOE],
        "From": ["+15550009999"],
        "Body": ["Grüße & 👟"],
        "StatusCallback": ["https://reply.example/webhooks/twilio/status?key=out-1"],
    }


def test_without_a_public_address_no_callback_is_asked_for(
    settings: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(201, {"sid": "SM1"})
    private = settings.model_copy(update={"public_url": ""})
    carrier = TwilioCarrier(private, http=http, clock=lambda: NOW)
    assert not carrier.send(a_reply(Channel.SMS, JOE), key="1").keyed
    assert b"StatusCallback" not in provider.requests[0].body


def test_a_number_that_opted_out_fails_and_says_so(
    carrier: TwilioCarrier, provider: Scripted
) -> None:
    provider.then(400, {"code": 21610, "message": f"{JOE} is unsubscribed"})
    result = carrier.send(a_reply(Channel.SMS, JOE), key="out-1")
    assert (result.status, result.code, result.barred) == ("failed", "21610", "opted_out")
    assert JOE not in result.model_dump_json()


def test_another_refusal_is_no_opt_out(carrier: TwilioCarrier, provider: Scripted) -> None:
    provider.then(400, {"code": 21211})
    result = carrier.send(a_reply(Channel.SMS, JOE), key="out-1")
    assert (result.status, result.code, result.barred) == ("failed", "21211", None)


def test_too_many_requests_are_tried_again_when_twilio_says(
    carrier: TwilioCarrier, provider: Scripted
) -> None:
    provider.then(429, {"code": 20429}, {"Retry-After": "30"})
    result = carrier.send(a_reply(Channel.SMS, JOE), key="out-1")
    assert (result.status, result.code) == ("retry", "20429")
    assert result.retry_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("word", "status", "error_code", "code"),
    [
        ("queued", "sent", None, None),
        ("delivered", "delivered", None, None),
        ("read", "read", None, None),
        ("undelivered", "failed", 30003, "30003"),
        ("teleported", "unknown", None, None),
    ],
)
def test_status_is_asked_by_twilio_s_id_where_it_is_known(
    carrier: TwilioCarrier,
    provider: Scripted,
    word: str,
    status: str,
    error_code: int | None,
    code: str | None,
) -> None:
    provider.then(200, {"sid": "SM1", "status": word, "error_code": error_code})
    receipt = carrier.status(an_entry(a_reply(Channel.SMS, JOE), provider_id="SM1"))
    assert receipt is not None
    assert (receipt.provider, receipt.provider_id) == ("twilio", "SM1")
    assert (receipt.status, receipt.code) == (status, code)
    assert provider.requests[0].path.endswith("/Messages/SM1.json")


def test_every_status_that_twilio_s_own_client_knows_has_a_meaning() -> None:
    known = {v for n, v in vars(MessageInstance.Status).items() if n.isupper()}
    assert len(known) > 10
    assert known - {"receiving", "received"} <= set(STATUSES)


def a_message(sid: str, **other: Any) -> dict[str, Any]:
    known = {"body": "In stock & near you", "date_created": "Wed, 18 Nov 2026 17:00:03 +0000"}
    return {"sid": sid, "status": "sent", "error_code": None, **known, **other}


def test_a_lost_text_is_found_by_number_text_and_time(
    carrier: TwilioCarrier, provider: Scripted
) -> None:
    messages = [
        a_message("SM5", date_created="Wed, 18 Nov 2026 18:00:00 +0000"),
        a_message("SM4"),
        a_message("SM3", body="Something else"),
        a_message("SM2", date_created="Wed, 18 Nov 2026 09:00:00 +0000"),
        a_message("SM1", date_created=None),
    ]
    provider.then(200, {"messages": messages})
    receipt = carrier.status(an_entry(a_reply(Channel.SMS, JOE)))
    assert receipt is not None
    assert receipt.provider_id == "SM4"
    asked = provider.requests[0].query
    assert (asked["To"], asked["From"]) == (JOE, "+15550009999")
    assert asked["DateSent>"] == "2026-11-18"


@pytest.mark.parametrize("listed", [0, 3])
def test_what_is_in_no_whole_list_is_absent(
    carrier: TwilioCarrier, provider: Scripted, listed: int
) -> None:
    provider.then(200, {"messages": [a_message("SM3", body="Something else")] * listed})
    receipt = carrier.status(an_entry(a_reply(Channel.SMS, JOE)))
    assert receipt is not None
    assert receipt.status == "absent"


a_full_page = {"messages": [{"sid": "SM3", "body": "Something else"}] * 100}


@pytest.mark.parametrize(("status", "document"), [(200, a_full_page), (503, {}), (200, None)])
def test_what_twilio_does_not_show_stays_unknown(
    carrier: TwilioCarrier, provider: Scripted, status: int, document: Any
) -> None:
    provider.then(status, document)
    assert carrier.status(an_entry(a_reply(Channel.SMS, JOE))) is None
    provider.then(404, {"code": 20404})
    assert carrier.status(an_entry(a_reply(Channel.SMS, JOE), provider_id="SM1")) is None


def test_a_handover_is_nothing_that_twilio_knows_of(carrier: TwilioCarrier) -> None:
    assert carrier.status(an_entry(a_handover())) is None
