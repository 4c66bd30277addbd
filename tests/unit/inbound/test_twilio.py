"""Twilio webhooks: texts become messages, statuses become receipts."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from twilio.rest.api.v2010.account.message import MessageInstance

from chalicelib.errors import PayloadError, SignatureError, TooLargeError
from chalicelib.inbound import InboundRequest, Parsed, twilio
from chalicelib.model import Channel, Interaction, Message, Receipt

from ...contracts.inbound.senders import (
    PUBLIC_URL,
    RECEIVED_AT,
    SETTINGS,
    TWILIO_MESSAGE,
    as_is,
    from_twilio,
    from_twilio_as_json,
    payload,
    post,
)

KEY = "o-0123456789abcdef01234567"
MESSAGE_SID = "SM0123456789abcdef0123456789abcdef"


def form(**changes: str | None) -> bytes:
    """The fixture's fields with some changed; None takes one away."""
    fields = {**TWILIO_MESSAGE, **changes}
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


def parse(body: bytes) -> Parsed:
    return twilio.parse(from_twilio(body), SETTINGS, RECEIVED_AT)


def read_text(body: bytes) -> Message:
    (interaction,) = parse(body).interactions
    assert isinstance(interaction.body, Message)
    return interaction.body


def read_status(body: bytes) -> Interaction:
    parsed = twilio.parse_status(from_twilio(body), SETTINGS, RECEIVED_AT)
    (interaction,) = parsed.interactions
    return interaction


def test_a_text_is_a_message_from_its_number() -> None:
    (interaction,) = parse(payload("twilio/message.txt")).interactions
    assert interaction == Interaction(
        id=f"twilio:{MESSAGE_SID}",
        source="twilio",
        identities=("phone:+15551230001",),
        occurred_at=RECEIVED_AT,
        received_at=RECEIVED_AT,
        body=Message(channel=Channel.SMS, text="Is the Trailblazer GTX in stock? 👟"),
    )


def test_a_json_body_reads_the_same() -> None:
    request = from_twilio_as_json(json.dumps(TWILIO_MESSAGE).encode())
    twilio.verify(request, SETTINGS)
    assert twilio.parse(request, SETTINGS, RECEIVED_AT) == parse(payload("twilio/message.txt"))


def test_what_twilio_already_answered_is_marked() -> None:
    assert read_text(payload("twilio/opt_out.txt")).provider_handled == "stop"
    assert read_text(form(Body="help", OptOutType="HELP")).provider_handled == "help"
    assert read_text(form(Body="start", OptOutType="START")).provider_handled == "start"
    assert read_text(form(Body="stop")).provider_handled is None
    assert read_text(form(OptOutType="SOMETHING_ELSE")).provider_handled is None


def test_a_picture_without_words_is_a_message_without_words() -> None:
    assert read_text(form(Body=None, NumMedia="1", MediaUrl0="https://example.com/1")).text == ""


def test_of_a_repeated_field_the_first_counts() -> None:
    assert read_text(form() + b"&Body=second").text == TWILIO_MESSAGE["Body"]


@pytest.mark.parametrize(
    "sender", ["whatsapp:+15551230001", "WhatsApp:+15551230001", "messenger:1", "+15550009999"]
)
def test_other_channels_and_our_own_number_are_passed_over(sender: str) -> None:
    assert parse(form(From=sender)) == Parsed((), ignored=1)
    assert parse(payload("twilio/whatsapp.txt")).ignored == 1


@pytest.mark.parametrize("sender", ["", None, "12345", "15551230001", "+1555abc", "+" + "1" * 16])
def test_a_sender_that_is_no_number_is_refused_without_repeating_it(sender: str | None) -> None:
    with pytest.raises(PayloadError, match=r"From .* E\.164") as refused:
        parse(form(From=sender))
    assert not sender or sender not in str(refused.value)


@pytest.mark.parametrize("message_sid", [None, "", "S M", "x" * 65, "SM:1"])
@pytest.mark.parametrize("read", [twilio.parse, twilio.parse_status])
def test_a_message_without_its_sid_is_refused(message_sid: str | None, read: object) -> None:
    assert callable(read)
    with pytest.raises(PayloadError, match="MessageSid"):
        read(from_twilio(form(MessageSid=message_sid)), SETTINGS, RECEIVED_AT)


@pytest.mark.parametrize("body", [b"MessageSid=%FF", b"MessageSid=\xff"])
def test_a_form_that_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadError, match="UTF-8"):
        twilio.parse(post("/webhooks/twilio/messages", body), SETTINGS, RECEIVED_AT)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"From": "\\ud800"}', b'{"MessageSid": {}}'])
def test_a_json_body_that_is_no_message_is_refused(body: bytes) -> None:
    request = post("/webhooks/twilio/messages", body, {"content-type": "application/json"})
    with pytest.raises(PayloadError):
        twilio.parse(request, SETTINGS, RECEIVED_AT)


def test_a_body_over_256_kilobytes_is_refused_before_its_signature_is_looked_at() -> None:
    oversized = post("/webhooks/twilio/messages", b"a" * (256 * 1024 + 1))
    with pytest.raises(TooLargeError):
        twilio.verify(oversized, SETTINGS)
    with pytest.raises(TooLargeError):
        twilio.parse(oversized, SETTINGS, RECEIVED_AT)


# --- statuses


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("partially_delivered", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("failed", "failed"),
        ("undelivered", "failed"),
        ("canceled", "failed"),
        ("receiving", "unknown"),
        ("received", "unknown"),
        ("status-of-tomorrow", "unknown"),
    ],
)
def test_every_status_that_tells_news_becomes_a_receipt(status: str, expected: str) -> None:
    interaction = read_status(form(MessageSid="SM1", MessageStatus=status))
    assert interaction.id == f"twilio:SM1:{status}"
    assert interaction.identities == ()
    assert isinstance(interaction.body, Receipt)
    assert (interaction.body.provider, interaction.body.provider_id) == ("twilio", "SM1")
    assert interaction.body.status == expected


@pytest.mark.parametrize(("key", "known"), [(KEY, KEY), ("o-1", None), ("", None)])
def test_our_key_comes_back_in_the_url(key: str, known: str | None) -> None:
    request = post("/webhooks/twilio/status", payload("twilio/status_delivered.txt"), {})
    told = InboundRequest("POST", request.url, request.headers, {"key": key}, request.body)
    (interaction,) = twilio.parse_status(told, SETTINGS, RECEIVED_AT).interactions
    assert isinstance(interaction.body, Receipt)
    assert interaction.body.key == known


def test_a_failure_keeps_its_error_code() -> None:
    assert read_status(payload("twilio/status_undelivered.txt")).body == Receipt(
        provider="twilio",
        provider_id="SM00000000000000000000000000000001",
        status="failed",
        code="30003",
    )


@pytest.mark.parametrize("status", ["accepted", "scheduled", "queued", "sending", "sent", "Sent"])
def test_what_the_answer_to_our_send_said_is_passed_over(status: str) -> None:
    body = form(MessageSid="SM1", MessageStatus=status)
    parsed = twilio.parse_status(from_twilio(body), SETTINGS, RECEIVED_AT)
    assert parsed == Parsed((), ignored=1)


def test_an_error_is_news_whatever_the_status() -> None:
    body = read_status(form(MessageStatus="sent", ErrorCode="21610")).body
    assert isinstance(body, Receipt)
    assert (body.status, body.code, body.barred) == ("sent", "21610", "opted_out")


def test_every_status_of_a_text_on_its_way_is_one_that_twilio_s_own_client_knows() -> None:
    known = {v for n, v in vars(MessageInstance.Status).items() if n.isupper()}
    assert known >= twilio.REPEATED


@pytest.mark.parametrize("error_code", ["", "0", "text", None])
def test_no_error_is_no_code(error_code: str | None) -> None:
    body = read_status(form(MessageStatus="delivered", ErrorCode=error_code)).body
    assert isinstance(body, Receipt)
    assert body.code is None


@pytest.mark.parametrize("status", [None, "", "a b", "x" * 41])
def test_a_status_callback_without_a_status_is_refused(status: str | None) -> None:
    with pytest.raises(PayloadError, match="MessageStatus"):
        read_status(form(MessageStatus=status))


# --- signatures beyond the shared contract


def test_a_json_body_whose_url_holds_no_hash_of_it_is_refused() -> None:
    """Twilio signs only the URL of a JSON request: without the hash any body would do."""
    signed = from_twilio(b"")
    headers = {**signed.headers, "content-type": "application/json"}
    with pytest.raises(SignatureError, match="bodySHA256"):
        twilio.verify(InboundRequest("POST", signed.url, headers, {}, b"{}"), SETTINGS)


def test_an_algorithm_that_nobody_published_is_refused() -> None:
    signed = from_twilio(form())
    headers = {
        **signed.headers,
        "x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_MD5",
    }
    with pytest.raises(SignatureError, match="algorithm"):
        twilio.verify(InboundRequest("POST", signed.url, headers, {}, signed.body), SETTINGS)


def test_a_settings_header_without_an_algorithm_means_sha1() -> None:
    signed = from_twilio(form(), mangle=as_is)
    headers = {**signed.headers, "x-twilio-webhooks-signature-settings": "key=k"}
    twilio.verify(InboundRequest("POST", signed.url, headers, {}, signed.body), SETTINGS)


@pytest.mark.parametrize(
    "url",
    [
        "https://h:99999/",
        "https://[::1/",
        "ftp://h/",
        "",
        "https://h/\ud800",
        PUBLIC_URL + "/other",
    ],
)
def test_another_url_is_refused_however_odd(url: str) -> None:
    signed = from_twilio(form())
    with pytest.raises(SignatureError):
        twilio.verify(InboundRequest("POST", url, signed.headers, {}, signed.body), SETTINGS)
