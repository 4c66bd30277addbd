"""How the WhatsApp carrier reads what the Cloud API answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3

from chalicelib.model import Channel
from chalicelib.outbound.whatsapp import WhatsAppCarrier
from chalicelib.settings import Settings

from .conftest import Scripted, a_reply, an_entry

JOE = "+15551230001"


@pytest.fixture
def carrier(settings: Settings, http: urllib3.PoolManager) -> WhatsAppCarrier:
    return WhatsAppCarrier(settings, http=http)


def an_error(code: Any) -> dict[str, Any]:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"""
    details = {"messaging_product": "whatsapp", "details": f"about {JOE}"}
    return {"error": {"message": f"(#{code}) to {JOE}", "code": code, "error_data": details}}


def test_a_text_goes_out_by_our_number_with_the_key_of_its_entry(
    carrier: WhatsAppCarrier, provider: Scripted
) -> None:
    provider.then(200, {"messages": [{"id": "wamid.1"}], "contacts": [{"input": JOE}]})
    result = carrier.send(a_reply(Channel.WHATSAPP, JOE, text="Grüße & 👟"), key="out-1")
    assert (result.status, result.provider) == ("sent", "whatsapp")
    assert result.provider_id == "wamid.1"
    (request,) = provider.requests
    assert request.method == "POST"
    assert request.path == "/v26.0/106540352242922/messages"
    assert request.headers["authorization"] == "Bearer local-whatsapp-token"
    assert request.document() == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": JOE,
        "type": "text",
        "text": {"body": "Grüße & 👟", "preview_url": False},
        "biz_opaque_callback_data": "out-1",
    }


def test_an_answer_quotes_the_message_that_it_answers(
    carrier: WhatsAppCarrier, provider: Scripted
) -> None:
    provider.then(200, {"messages": [{"id": "wamid.2"}]})
    carrier.send(a_reply(Channel.WHATSAPP, JOE, reply_to="wamid.1"), key="out-1")
    assert provider.requests[0].document()["context"] == {"message_id": "wamid.1"}


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize("code", [4, 80007, 130429, 131056])
def test_what_was_throttled_is_tried_again_whatever_the_http_status(
    carrier: WhatsAppCarrier, provider: Scripted, code: int, status: int
) -> None:
    provider.then(status, an_error(code))
    result = carrier.send(a_reply(Channel.WHATSAPP, JOE), key="out-1")
    assert (result.status, result.code, result.retry_at) == ("retry", str(code), None)


@pytest.mark.parametrize(
    ("status", "document", "expected", "code"),
    [
        (429, None, "retry", "http_429"),
        (400, an_error(131047), "failed", "131047"),
        (400, an_error(131026), "failed", "131026"),
        (401, an_error(190), "failed", "190"),
        (400, an_error("131047"), "failed", "http_400"),
        (400, {"error": "no"}, "failed", "http_400"),
        (400, {"error": None}, "failed", "http_400"),
        (500, an_error(131000), "unknown", "131000"),
        (503, None, "unknown", "http_503"),
    ],
)
def test_every_other_answer_is_read_by_the_table(
    carrier: WhatsAppCarrier,
    provider: Scripted,
    status: int,
    document: Any,
    expected: str,
    code: str,
) -> None:
    provider.then(status, document)
    result = carrier.send(a_reply(Channel.WHATSAPP, JOE), key="out-1")
    assert (result.status, result.code, result.barred) == (expected, code, None)


def test_who_stopped_our_marketing_is_said_to_have_opted_out(
    carrier: WhatsAppCarrier, provider: Scripted
) -> None:
    provider.then(400, an_error(131050))
    result = carrier.send(a_reply(Channel.WHATSAPP, JOE), key="out-1")
    assert (result.status, result.code, result.barred) == ("failed", "131050", "no_marketing")
    assert JOE not in result.model_dump_json()


@pytest.mark.parametrize(
    "document", [None, {}, {"messages": []}, {"messages": [7]}, {"messages": [{"id": 7}]}]
)
def test_an_answer_that_names_no_message_is_still_a_yes(
    carrier: WhatsAppCarrier, provider: Scripted, document: Any
) -> None:
    provider.then(200, document)
    result = carrier.send(a_reply(Channel.WHATSAPP, JOE), key="out-1")
    assert (result.status, result.provider_id) == ("sent", None)


def test_the_cloud_api_cannot_be_asked_what_became_of_a_message(
    carrier: WhatsAppCarrier, provider: Scripted
) -> None:
    entry = an_entry(a_reply(Channel.WHATSAPP, JOE), provider_id="wamid.1")
    assert carrier.status(entry) is None
    assert provider.requests == []


def test_neither_token_nor_number_stands_in_a_url(
    carrier: WhatsAppCarrier, provider: Scripted
) -> None:
    provider.then(200, {"messages": [{"id": "wamid.1"}]})
    carrier.send(a_reply(Channel.WHATSAPP, JOE), key="out-1")
    (request,) = provider.requests
    assert JOE[1:] not in request.url
    assert "token" not in request.url
    assert "token" not in json.dumps(request.document())
