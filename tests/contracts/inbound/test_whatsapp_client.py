"""The published WhatsApp client, pywa, as the judge: of signatures, the challenge and payloads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from pywa import handlers, utils
from pywa.client import WhatsApp
from pywa.types.message_status import MessageStatusType

from chalicelib.errors import SignatureError
from chalicelib.inbound import InboundRequest, whatsapp, whatsapp_events
from chalicelib.model import Interaction, Message, Receipt, Removal

from .senders import RECEIVED_AT, SETTINGS, from_whatsapp, payload, post

KINDS: tuple[Any, ...] = (
    handlers.MessageHandler,
    handlers.CallbackButtonHandler,
    handlers.CallbackSelectionHandler,
    handlers.MessageStatusHandler,
    handlers.DeletedMessageHandler,
    handlers.UserMarketingPreferencesHandler,
)
NUMBER_ID = SETTINGS.whatsapp_phone_number_id
quickly = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module")
def client() -> WhatsApp:
    return WhatsApp(
        phone_id=NUMBER_ID,
        token="local-whatsapp-token",
        verify_token="local-whatsapp-verify-token",
        app_secret="local-whatsapp-secret",
        skip_duplicate_updates=False,
    )


def is_taken(request: InboundRequest, secret: str) -> bool:
    ours = SETTINGS.model_copy(update={"whatsapp_app_secret": SecretStr(secret)})
    try:
        whatsapp.verify(request, ours)
    except SignatureError:
        return False
    return True


@given(body=st.binary(max_size=300), secret=st.text(st.characters(codec="utf-8"), min_size=1))
@quickly
def test_what_pywa_holds_for_signed_we_do_and_the_other_way_round(body: bytes, secret: str) -> None:
    signed = from_whatsapp(body, secret)
    signature = signed.headers["x-hub-signature-256"]
    assert utils.webhook_updates_validator(secret, body, signature)
    assert is_taken(signed, secret)
    forged = from_whatsapp(body + b" ", secret).headers["x-hub-signature-256"]
    headers = {"x-hub-signature-256": forged}
    assert not utils.webhook_updates_validator(secret, body, forged)
    assert not is_taken(post("/webhooks/whatsapp", body, headers), secret)


@given(given_signature=st.text(st.characters(max_codepoint=127), max_size=80))
@quickly
def test_we_take_no_signature_that_pywa_would_not(given_signature: str) -> None:
    body = payload("whatsapp/text.json")
    headers = {"x-hub-signature-256": f"sha256={given_signature}"}
    expected = utils.webhook_updates_validator("key", body, f"sha256={given_signature}")
    assert is_taken(post("/webhooks/whatsapp", body, headers), "key") is expected


@pytest.mark.parametrize("token", ["local-whatsapp-verify-token", "wrong", ""])
def test_pywa_and_we_echo_the_same_challenges(client: WhatsApp, token: str) -> None:
    expected, status = client.webhook_challenge_handler(token, "1158201444")
    query = {"hub.mode": "subscribe", utils.HUB_VT: token, utils.HUB_CH: "1158201444"}
    if status == 200:
        assert whatsapp.answer_challenge(query, SETTINGS) == expected
    else:
        with pytest.raises(SignatureError):
            whatsapp.answer_challenge(query, SETTINGS)


def told_to_pywa(client: WhatsApp, body: bytes) -> list[Any]:
    """What pywa makes of a delivery: it hands it to the handlers of its kind."""
    heard: list[Any] = []

    def hear(_: WhatsApp, update: Any) -> None:
        heard.append(update)

    client.add_handlers(*(kind(hear) for kind in KINDS))
    assert client.webhook_update_handler(body) == ("ok", 200)
    return heard


def ours(body: bytes) -> Interaction:
    (interaction,) = whatsapp.parse(from_whatsapp(body), SETTINGS, RECEIVED_AT).interactions
    return interaction


@pytest.fixture
def listening() -> WhatsApp:
    """A client of its own: its handlers stay with it."""
    return WhatsApp(phone_id=NUMBER_ID, app_secret="key", skip_duplicate_updates=False)


@pytest.mark.parametrize("name", ["text", "image", "button", "button_reply", "list_reply"])
def test_pywa_and_we_read_the_same_message(listening: WhatsApp, name: str) -> None:
    body = payload(f"whatsapp/{name}.json")
    (heard,) = told_to_pywa(listening, body)
    found = ours(body)
    assert isinstance(found.body, Message)
    words = heard.title if hasattr(heard, "title") else heard.text or heard.caption
    assert found.body.text == words
    assert found.body.reply_to == heard.id
    assert found.id == whatsapp_events.interaction_id(heard.id)
    assert found.identities == (f"phone:+{heard.from_user.wa_id}",)
    assert found.occurred_at == heard.timestamp


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("status_delivered", MessageStatusType.DELIVERED),
        ("status_failed", MessageStatusType.FAILED),
    ],
)
def test_pywa_and_we_read_the_same_status(listening: WhatsApp, name: str, status: Any) -> None:
    body = payload(f"whatsapp/{name}.json")
    (heard,) = told_to_pywa(listening, body)
    found = ours(body)
    assert isinstance(found.body, Receipt)
    assert heard.status is status
    assert (found.body.status, found.body.provider_id) == (heard.status.value, heard.id)
    assert found.body.code == (str(heard.error.code) if heard.error else None)
    assert found.occurred_at == heard.timestamp


def test_every_status_that_pywa_knows_has_a_meaning() -> None:
    known = {status.value for status in MessageStatusType} - {"UNKNOWN"}
    assert known == set(whatsapp_events.STATUSES)


def test_pywa_and_we_read_the_same_message_taken_back(listening: WhatsApp) -> None:
    body = payload("whatsapp/revoke.json")
    (heard,) = told_to_pywa(listening, body)
    taken_back = whatsapp_events.interaction_id(heard.original_message_id)
    assert ours(body).body == Removal(removed_ids=(taken_back,))


def test_pywa_and_we_read_the_same_preference(listening: WhatsApp) -> None:
    body = payload("whatsapp/user_preferences.json")
    (heard,) = told_to_pywa(listening, body)
    found = ours(body)
    assert heard.value.value == "stop"
    assert isinstance(found.body, Message)
    assert found.body.provider_handled == heard.value.value
    assert found.identities == (f"phone:+{heard.from_user.wa_id}",)
    assert found.occurred_at == heard.timestamp


def test_what_belongs_to_another_number_neither_reads(listening: WhatsApp) -> None:
    other = payload("whatsapp/text.json").replace(NUMBER_ID.encode(), b"999")
    assert told_to_pywa(listening, other) == []
    assert json.loads(other)
    assert whatsapp.parse(from_whatsapp(other), SETTINGS, RECEIVED_AT).ignored == 1
