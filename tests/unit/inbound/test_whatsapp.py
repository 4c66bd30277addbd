"""WhatsApp webhooks: messages, what became of ours, and what is passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import PayloadError, SignatureError, TooLargeError
from chalicelib.inbound import InboundRequest, Parsed, whatsapp
from chalicelib.inbound.whatsapp_events import interaction_id
from chalicelib.model import Channel, Interaction, Message, Receipt, Removal
from chalicelib.pipeline import is_urgent
from chalicelib.understanding import slots

from ...contracts.inbound.senders import (
    PUBLIC_URL,
    RECEIVED_AT,
    SETTINGS,
    document,
    from_whatsapp,
    payload,
)

MESSAGE = "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="
OURS = "wamid.HBgLMTQxMjU1NTA4MjkVAgASGBQzQUNCNjk5RDUwNUZGMUZEM0VBRAA="
SHEENA = "phone:+16505551234"


def parse(found: Any) -> Parsed:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    return whatsapp.parse(from_whatsapp(body), SETTINGS, RECEIVED_AT)


def only(found: Any) -> Interaction:
    parsed = parse(found)
    assert (parsed.rejected, parsed.ignored) == ((), 0)
    (interaction,) = parsed.interactions
    return interaction


def value_of(found: Any) -> dict[str, Any]:
    value: dict[str, Any] = found["entry"][0]["changes"][0]["value"]
    return value


def text(**changes: Any) -> Any:
    """The fixture's message with some fields changed; None takes one away."""
    found = document("whatsapp/text.json")
    _change(value_of(found)["messages"][0], changes)
    return found


def status(**changes: Any) -> Any:
    found = document("whatsapp/status_delivered.json")
    _change(value_of(found)["statuses"][0], changes)
    return found


def _change(fields: dict[str, Any], changes: Mapping[str, Any]) -> None:
    fields.update(changes)
    for name in [name for name, value in changes.items() if value is None]:
        del fields[name]


# --- messages


def test_a_text_is_a_message_from_its_number_at_its_own_time() -> None:
    assert only(payload("whatsapp/text.json")) == Interaction(
        id=interaction_id(MESSAGE),
        source="whatsapp",
        identities=(SHEENA,),
        occurred_at=datetime(2025, 2, 12, 0, 43, 44, tzinfo=UTC),
        received_at=RECEIVED_AT,
        body=Message(
            channel=Channel.WHATSAPP,
            text="Does the Trailblazer GTX come in another color? 👟",
            reply_to=MESSAGE,
        ),
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("button", "Unsubscribe"),
        ("button_reply", "Cancel"),
        ("list_reply", "Priority Mail Express"),
        ("image", "Do you have these in a 44?"),
    ],
)
def test_what_they_chose_or_wrote_under_a_picture_are_their_words(name: str, words: str) -> None:
    body = only(payload(f"whatsapp/{name}.json")).body
    assert isinstance(body, Message)
    assert (body.text, body.reply_to) == (words, MESSAGE)


def test_a_picture_without_words_is_a_message_without_words() -> None:
    body = only(text(type="audio", audio={"id": "1", "voice": True})).body
    assert isinstance(body, Message)
    assert body.text == ""


@pytest.mark.parametrize("name", ["reaction", "unsupported"])
def test_reactions_and_unknown_kinds_are_counted_and_nothing_else(name: str) -> None:
    assert parse(payload(f"whatsapp/{name}.json")) == Parsed((), ignored=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "kind_of_tomorrow"},
        {"type": None},
        {"type": ["text"]},
        {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {}}},
        {"group_id": "Y2FwaV9ncm91cDox"},
        {"from": "15550783881"},
        {"from": None},
    ],
    ids=["unknown kind", "no kind", "odd kind", "a form", "group", "ourselves", "hidden number"],
)
def test_what_is_no_word_of_one_person_to_us_is_passed_over(changes: dict[str, Any]) -> None:
    assert parse(text(**changes)) == Parsed((), ignored=1)


def test_the_id_of_an_interaction_does_not_tell_the_number() -> None:
    interaction = only(text(id=MESSAGE))
    assert re.fullmatch(r"whatsapp:[0-9a-f]{32}", interaction.id)
    body = interaction.body
    assert isinstance(body, Message)
    assert body.reply_to == MESSAGE


def test_a_message_that_they_took_back_takes_its_words_with_it() -> None:
    interaction = only(payload("whatsapp/revoke.json"))
    assert interaction.id == interaction_id(MESSAGE)
    assert interaction.identities == (SHEENA,)
    assert interaction.body == Removal(removed_ids=(interaction_id(OURS),))


@pytest.mark.parametrize("timestamp", [None, "soon", -5, 4.5, "9" * 30, True, {}, "99999999999"])
def test_a_time_that_cannot_be_or_is_yet_to_come_is_that_of_receipt(timestamp: Any) -> None:
    assert only(text(timestamp=timestamp)).occurred_at == RECEIVED_AT


def test_a_time_may_be_a_number() -> None:
    earlier = RECEIVED_AT - timedelta(days=6)
    assert only(text(timestamp=int(earlier.timestamp()))).occurred_at == earlier


@pytest.mark.parametrize("sender", ["", "joe", "+16505551234", "12345", "0" * 10, "1" * 16, 1650])
def test_a_sender_that_is_no_number_is_refused_without_repeating_it(sender: Any) -> None:
    with pytest.raises(PayloadError, match="number") as refused:
        parse(text(**{"from": sender}))
    assert not sender or str(sender) not in str(refused.value)


@pytest.mark.parametrize("message_id", [None, "", "a b", "wamid.#1", "x" * 201, 7])
@pytest.mark.parametrize("make", [text, status])
def test_what_has_no_id_is_refused(make: Any, message_id: Any) -> None:
    with pytest.raises(PayloadError, match="wamid"):
        parse(make(id=message_id))


@pytest.mark.parametrize(
    "changes", [{"text": None}, {"text": "hello"}, {"text": {}}, {"text": {"body": 7}}]
)
def test_a_text_without_text_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        parse(text(**changes))


# --- what became of ours


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("played", "read"),
        ("failed", "failed"),
    ],
)
def test_every_status_is_a_receipt_of_its_own(word: str, expected: Any) -> None:
    interaction = only(status(status=word))
    assert interaction.id == f"{interaction_id(OURS)}:{word}"
    assert interaction.identities == ()
    assert interaction.occurred_at == datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)
    assert interaction.body == Receipt(
        provider="whatsapp", provider_id=OURS, status=expected, key="o-0123456789abcdef01234567"
    )


def test_what_comes_back_as_a_key_and_is_none_of_ours_is_passed_over() -> None:
    for other in ("joe@example.com", 7, None, {"o": 1}):
        body = only(status(biz_opaque_callback_data=other)).body
        assert isinstance(body, Receipt)
        assert body.key is None


@pytest.mark.parametrize("word", ["deleted", "status_of_tomorrow", None, 7, ["sent"]])
def test_an_unknown_status_is_counted(word: Any) -> None:
    assert parse(status(status=word)) == Parsed((), ignored=1)


def test_who_stopped_our_marketing_is_barred() -> None:
    assert only(payload("whatsapp/status_failed.json")).body == Receipt(
        provider="whatsapp",
        provider_id=OURS,
        status="failed",
        code="131050",
        barred="no_marketing",
        key="o-0123456789abcdef01234567",
    )


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([{"code": 131047, "title": "Re-engagement message"}], "131047"),
        ([{"code": "131026"}, {"code": 131047}], "131026"),
        ([{"code": 0}], None),
        ([{"code": {}}], None),
        ([{"code": True}], None),
        (["131047"], None),
        ([], None),
        ("131047", None),
    ],
)
def test_a_failure_keeps_its_first_code_and_bars_nothing_else(errors: Any, code: Any) -> None:
    body = only(status(status="failed", errors=errors)).body
    assert isinstance(body, Receipt)
    assert (body.status, body.code, body.barred) == ("failed", code, None)


# --- whole deliveries


def test_one_delivery_may_hold_many_messages_and_statuses() -> None:
    parsed = parse(payload("whatsapp/many.json"))
    assert [i.id for i in parsed.interactions] == [
        interaction_id(MESSAGE),
        interaction_id("wamid.SECOND="),
        f"{interaction_id(OURS)}:sent",
        f"{interaction_id(OURS)}:delivered",
        f"{interaction_id(OURS)}:read",
    ]
    assert parsed.interactions[1].identities == ("phone:+16505551235",)
    # Another number's message, and news of the account.
    assert (parsed.ignored, parsed.rejected) == (2, ())


def test_what_stands_twice_in_one_delivery_counts_once() -> None:
    found = text()
    found["entry"] *= 2
    parsed = parse(found)
    assert (len(parsed.interactions), parsed.ignored) == (1, 1)


def test_one_event_that_cannot_be_read_costs_the_others_nothing() -> None:
    found = document("whatsapp/many.json")
    value_of(found)["messages"][0]["from"] = "joe"
    parsed = parse(found)
    assert len(parsed.interactions) == 4
    assert [(r.index, r.message_id) for r in parsed.rejected] == [(0, None)]
    assert "joe" not in parsed.rejected[0].reason


def test_without_a_number_of_our_own_everything_is_passed_over() -> None:
    unset = SETTINGS.model_copy(update={"whatsapp_phone_number_id": ""})
    for metadata in ({"phone_number_id": ""}, {}, None):
        found = text()
        value_of(found)["metadata"] = metadata
        request = from_whatsapp(json.dumps(found).encode())
        assert whatsapp.parse(request, unset, RECEIVED_AT) == Parsed((), ignored=1)


@pytest.mark.parametrize(
    "found",
    [
        {"object": "instagram", "entry": []},
        {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": {}}]}]},
    ],
    ids=["another product", "a field of no name"],
)
def test_what_is_not_about_messages_is_acknowledged(found: Any) -> None:
    assert parse(found) == Parsed((), ignored=1)


def test_an_empty_delivery_is_acknowledged() -> None:
    assert parse({"object": "whatsapp_business_account"}) == Parsed(())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"object=whatsapp_business_account",
        b'{"object": 7}',
        b'{"object": "whatsapp_business_account", "entry": {}}',
        b'{"object": "whatsapp_business_account", "entry": [7]}',
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [7]}]}',
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"value": []}]}]}',
        b'{"object": "whatsapp_business_account", "entry": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"object": "whatsapp_business_account", "x": "\\ud83d"}',
        b'{"object": "whatsapp_business_account", "x": NaN}',
    ],
    ids=lambda body: body[:30].decode(),
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        parse(body)


def test_a_delivery_over_three_megabytes_is_refused_before_its_signature_is_looked_at() -> None:
    oversized = from_whatsapp(b"a" * (3 * 1024 * 1024 + 1), mangle=lambda signature: "")
    with pytest.raises(TooLargeError):
        whatsapp.verify(oversized, SETTINGS)
    with pytest.raises(TooLargeError):
        whatsapp.parse(oversized, SETTINGS, RECEIVED_AT)
    whatsapp.verify(from_whatsapp(b"a" * 3 * 1024 * 1024), SETTINGS)


def test_a_signature_of_another_delivery_is_refused() -> None:
    replayed = from_whatsapp(payload("whatsapp/text.json")).headers
    forged = InboundRequest("POST", PUBLIC_URL, replayed, {}, payload("whatsapp/image.json"))
    with pytest.raises(SignatureError):
        whatsapp.verify(forged, SETTINGS)


# --- the switch in WhatsApp's own settings


def preference(**changes: Any) -> Any:
    found = document("whatsapp/user_preferences.json")
    _change(value_of(found)["user_preferences"][0], changes)
    return found


def test_who_stops_our_marketing_in_whatsapp_is_heard_at_once_and_not_answered() -> None:
    interaction = only(preference())
    assert interaction.identities == (SHEENA,)
    assert interaction.occurred_at == datetime(2024, 11, 15, 21, 22, 1, tzinfo=UTC)
    assert isinstance(interaction.body, Message)
    assert interaction.body.provider_handled == "stop"
    assert is_urgent(interaction)
    limits = slots.withdrawal(interaction.body.text.lower())
    assert limits == {"channel": "whatsapp", "purpose": "marketing"}


def test_a_preference_has_an_id_that_is_the_same_again_and_tells_no_number() -> None:
    first, again = only(preference()), only(preference())
    later = only(preference(timestamp=1731705722))
    assert first.id == again.id != later.id
    assert re.fullmatch(r"whatsapp:[0-9a-f]{32}", first.id)
    assert "6505551234" not in first.id
    other_key = SETTINGS.model_copy(update={"whatsapp_app_secret": SecretStr("another")})
    request = from_whatsapp(json.dumps(preference()).encode())
    (keyed,) = whatsapp.parse(request, other_key, RECEIVED_AT).interactions
    assert keyed.id != first.id


@pytest.mark.parametrize(
    "changes", [{"value": "resume"}, {"category": "of_tomorrow"}, {"value": 7}, {"wa_id": None}]
)
def test_no_other_preference_is_taken_for_a_word_of_theirs(changes: dict[str, Any]) -> None:
    """That they resumed marketing is no consent that we asked for."""
    assert parse(preference(**changes)) == Parsed((), ignored=1)


# --- the challenge

CHALLENGE = {
    "hub.mode": "subscribe",
    "hub.verify_token": "local-whatsapp-verify-token",
    "hub.challenge": "1158201444",
}


def test_the_challenge_is_echoed_to_who_knows_the_token() -> None:
    assert whatsapp.answer_challenge(CHALLENGE, SETTINGS) == "1158201444"


@pytest.mark.parametrize(
    "changes",
    [
        {"hub.verify_token": "wrong"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "clé-☂"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
    ],
)
def test_without_token_or_mode_nothing_is_echoed(changes: dict[str, str]) -> None:
    with pytest.raises(SignatureError) as refused:
        whatsapp.answer_challenge(CHALLENGE | changes, SETTINGS)
    assert "local-whatsapp-verify-token" not in str(refused.value)
    with pytest.raises(SignatureError):
        whatsapp.answer_challenge({}, SETTINGS)


def test_without_a_token_of_our_own_nothing_is_echoed() -> None:
    unset = SETTINGS.model_copy(update={"whatsapp_verify_token": SecretStr("")})
    for token in ("", "local-whatsapp-verify-token"):
        with pytest.raises(SignatureError):
            whatsapp.answer_challenge(CHALLENGE | {"hub.verify_token": token}, unset)


@pytest.mark.parametrize("challenge", ["", "<script>", "a b", "a\nb", "x" * 257, "ü"])
def test_a_challenge_that_is_no_word_is_not_echoed(challenge: str) -> None:
    with pytest.raises(PayloadError, match=r"hub\.challenge"):
        whatsapp.answer_challenge(CHALLENGE | {"hub.challenge": challenge}, SETTINGS)
