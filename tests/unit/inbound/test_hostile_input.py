"""Whatever strangers send: an answer that says no, never an error of ours."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import RejectedInput
from chalicelib.inbound import InboundRequest, Parsed, segment, twilio, twilio_calls, whatsapp, x
from chalicelib.settings import Settings

from ...contracts.inbound.senders import PAYLOADS, RECEIVED_AT, SETTINGS, TWILIO_MESSAGE, post

JSON = {"content-type": "application/json"}

READERS: dict[str, Callable[[InboundRequest, Settings, datetime], Parsed]] = {
    "x": x.parse,
    "twilio": twilio.parse,
    "twilio-status": twilio.parse_status,
    "twilio-calls": twilio_calls.parse_status,
    "twilio-voice": twilio_calls.parse_key,
    "whatsapp": whatsapp.parse,
    **{
        call: partial(segment.parse, call=call)
        for call in ("identify", "track", "page", "screen", "group", "alias", "batch")
    },
}
VERIFIERS = (x.verify, twilio.verify, segment.verify, whatsapp.verify)

each_reader = pytest.mark.parametrize("name", READERS)
quickly = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)  # Lone surrogates included.
    | st.sampled_from([10**29, 10**400, -(10**30), "999", "1234", "2026-07-24T21:23:23Z", "", " "])
)
json_values = st.recursive(
    scalars,
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4)
    ),
    max_leaves=12,
)


def read(name: str, request: InboundRequest) -> None:
    """What was read can be stored and shown; what was refused says why without repeating it."""
    refusal, parsed = None, Parsed(())
    try:
        parsed = READERS[name](request, SETTINGS, RECEIVED_AT)
    except RejectedInput as refused:
        refusal = refused.message
    assert refusal is None or (refusal.isascii() and "input_value" not in refusal)
    for interaction in parsed.interactions:
        assert interaction.model_validate_json(interaction.model_dump_json()) == interaction
        assert interaction.occurred_at <= interaction.received_at
    for event in parsed.rejected:
        json.dumps([event.index, event.message_id, event.reason]).encode()
        assert "input_value" not in event.reason
        assert event.message_id is None or event.message_id.encode()


@each_reader
@quickly
@given(body=st.binary(max_size=200), zipped=st.booleans())
def test_any_bytes(name: str, body: bytes, zipped: bool) -> None:
    body = gzip.compress(body) if zipped else body
    read(name, post("/", body))
    read(name, post("/", body, JSON))


@each_reader
@quickly
@given(document=json_values)
def test_any_json(name: str, document: Any) -> None:
    body = json.dumps(document).encode()
    read(name, post("/", body, JSON))
    for wrapped in ({"batch": [document]}, {"data": document}, {"for_user_id": document}):
        read(name, post("/", json.dumps(wrapped).encode(), JSON))


TWILIO_FIELDS = {
    **TWILIO_MESSAGE,
    **{"CallSid": "CA1", "CallStatus": "busy", "Direction": "outbound-api", "Digits": "9"},
    "MessageStatus": "failed",
    "ErrorCode": "1",
    "OptOutType": "STOP",
}


@quickly
@given(fields=st.dictionaries(st.sampled_from(sorted(TWILIO_FIELDS)), st.text(max_size=30)))
def test_any_field_of_a_text_or_a_call(fields: dict[str, str]) -> None:
    body = urlencode({**TWILIO_FIELDS, **fields}, errors="replace").encode()
    for name in ("twilio", "twilio-status", "twilio-calls", "twilio-voice"):
        read(name, post("/", body))


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("x/*.json")), ids=lambda path: path.stem)
@quickly
@given(data=st.data())
def test_an_x_event_with_anything_in_any_place(path: Any, data: st.DataObject) -> None:
    read("x", post("/", json.dumps(_spoil(json.loads(path.read_bytes()), data)).encode()))


@pytest.mark.parametrize(
    "path", sorted(PAYLOADS.glob("whatsapp/*.json")), ids=lambda path: path.stem
)
@quickly
@given(data=st.data())
def test_a_whatsapp_event_with_anything_in_any_place(path: Any, data: st.DataObject) -> None:
    read("whatsapp", post("/", json.dumps(_spoil(json.loads(path.read_bytes()), data)).encode()))


@pytest.mark.parametrize(
    "path", sorted(PAYLOADS.glob("segment/*.json")), ids=lambda path: path.stem
)
@quickly
@given(data=st.data())
def test_a_segment_event_with_anything_in_any_place(path: Any, data: st.DataObject) -> None:
    spoilt = json.dumps(_spoil(json.loads(path.read_bytes()), data)).encode()
    read(path.stem, post("/", spoilt))


def _spoil(document: Any, data: st.DataObject) -> Any:
    """The document with one of its values, at any depth, replaced by any other."""
    if not isinstance(document, dict | list) or not document or data.draw(st.integers(0, 7)) == 0:
        return data.draw(json_values)
    key = data.draw(st.sampled_from(sorted(document) if isinstance(document, dict) else [0]))
    document[key] = _spoil(document[key], data)
    return document


header_values = st.text(st.characters(), max_size=40)


@quickly
@given(
    body=st.binary(max_size=100),
    url=st.text(st.characters(), max_size=60),
    values=st.lists(header_values, min_size=6, max_size=6),
)
def test_no_request_is_taken_for_a_signed_one(body: bytes, url: str, values: list[str]) -> None:
    names = (
        "x-twitter-webhooks-signature",
        "x-twilio-signature",
        "x-twilio-webhooks-signature-settings",
        "content-type",
        "authorization",
        "x-hub-signature-256",
    )
    headers = dict(zip(names, values, strict=True))
    for verify in VERIFIERS:
        with pytest.raises(RejectedInput):
            verify(InboundRequest("POST", url, headers, {"writeKey": values[0]}, body), SETTINGS)
