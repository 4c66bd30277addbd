"""The Segment HTTP API: bodies in all wrappings, batches, keys."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from typing import Any

import pytest

from chalicelib.errors import PayloadError, SignatureError
from chalicelib.inbound import Parsed, RejectedEvent, segment
from chalicelib.model import WebEvent

from ...contracts.inbound.senders import (
    RECEIVED_AT,
    SETTINGS,
    document,
    payload,
    post,
)

GOOD = {"type": "track", "event": "Product Viewed", "anonymousId": "a1", "messageId": "good"}


def parse(body: Any, call: str = "batch", **headers: str) -> Parsed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return segment.parse(post("/v1", raw, named), SETTINGS, RECEIVED_AT, call=call)


def batch(*events: Any, **fields: Any) -> dict[str, Any]:
    return {"batch": list(events), **fields}


def with_changes(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


# --- wrappings


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "application/json"},
        {"content_type": "text/plain;charset=UTF-8"},
        {"content_type": "application/x-www-form-urlencoded"},
        {},
        {"content_encoding": "gzip"},
    ],
    ids=["json", "beacon", "rudderstack node", "no label", "unzipped on the way"],
)
def test_the_bytes_count_and_not_their_label(headers: dict[str, str]) -> None:
    assert len(parse(payload("segment/batch.json"), **headers).interactions) == 4
    zipped = gzip.compress(payload("segment/batch.json"))
    assert len(parse(zipped, **headers).interactions) == 4


def test_a_zip_bomb_is_cut_off() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(PayloadError, match="over 512000 bytes"):
        parse(bomb)
    with pytest.raises(SignatureError):
        segment.verify(post("/v1/batch", bomb), SETTINGS)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 4_000_000


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda zipped: zipped[:-9], id="truncated"),
        pytest.param(lambda zipped: zipped + b"more", id="trailing"),
        pytest.param(lambda zipped: zipped[:10] + b"\xff" * 10, id="corrupt"),
        pytest.param(lambda zipped: b"\x1f\x8b", id="magic only"),
    ],
)
def test_broken_gzip_is_refused(spoil: Any) -> None:
    with pytest.raises(PayloadError, match="gzip"):
        parse(spoil(gzip.compress(payload("segment/batch.json"))))


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse(b"\xef\xbb\xbf" + payload("segment/batch.json")).rejected == ()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"writeKey=local-write-key", "not JSON"),
        (b"7", "not a JSON object"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b"{}", "`batch` is a list"),
        (b'{"batch": {}}', "`batch` is a list"),
        (b'{"batch": [], "sentAt": "now"}', "sentAt"),
        (b'{"batch": [], "sentAt": 7}', "sentAt"),
        (b'{"batch": [' + b"9" * 5000 + b"]}", "thousands of digits"),
        (b"[" * 200_000, "nested"),
        (b'{"batch": [' + b"0," * 2_500 + b"0]}", "at most 2500"),
        (b" " * 512_001, "over 512000 bytes"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_with_the_reason(body: bytes, fault: str) -> None:
    with pytest.raises(PayloadError, match=fault):
        parse(body)


# --- batches


def test_a_bad_event_is_named_and_the_good_ones_are_kept() -> None:
    parsed = parse(batch(GOOD, with_changes(type="nonsense", messageId="bad"), 7))
    assert [i.id for i in parsed.interactions] == ["web:good"]
    unknown = "type is one of identify, track, page, screen, group, alias"
    assert parsed.rejected == (
        RejectedEvent(1, "bad", unknown),
        RejectedEvent(2, None, "an event is an object"),
    )


def test_a_batch_of_only_bad_events_is_still_read() -> None:
    parsed = parse(batch({}, {"type": "track"}))
    assert parsed.interactions == ()
    assert [r.index for r in parsed.rejected] == [0, 1]


def test_an_empty_batch_is_nothing() -> None:
    assert parse(batch()) == Parsed(())


def test_a_message_id_twice_in_a_batch_counts_once() -> None:
    parsed = parse(batch(GOOD, with_changes(event="Another")))
    (interaction,) = parsed.interactions
    assert interaction.body == WebEvent(name="product_viewed")
    assert parsed.ignored == 1


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (with_changes(properties={"x": "\ud83d"}), "surrogate"),
        (with_changes(properties={"\udc00": 1}), "surrogate"),
        (with_changes(event="\ud83d"), "surrogate"),
        (with_changes(properties={"x": float("nan")}), "NaN"),
        (with_changes(properties={"x": float("-inf")}), "infinity"),
        (with_changes(properties={"x": 10**40}), "30 digits"),
        (with_changes(properties={"x": "y" * 33_000}), "at most 32768 bytes"),
    ],
)
def test_a_hostile_value_costs_only_its_own_event(event: dict[str, Any], fault: str) -> None:
    parsed = parse(batch({**event, "messageId": "hostile"}, GOOD))
    assert [i.id for i in parsed.interactions] == ["web:good"]
    ((index, message_id, reason),) = [(r.index, r.message_id, r.reason) for r in parsed.rejected]
    assert (index, message_id) == (0, "hostile")
    assert fault in reason


def test_a_nesting_bomb_costs_only_its_own_event() -> None:
    bomb = b'{"messageId": "bomb", "a":' * 200 + b"1" + b"}" * 200
    parsed = parse(b'{"batch": [' + bomb + b"," + json.dumps(GOOD).encode() + b"]}")
    assert [i.id for i in parsed.interactions] == ["web:good"]
    assert "nested" in parsed.rejected[0].reason


@pytest.mark.parametrize("message_id", ["\ud83d", {}, "x" * 257, None, ""])
def test_a_rejected_event_is_named_only_by_an_id_that_can_be_shown(message_id: object) -> None:
    parsed = parse(batch(with_changes(type="nonsense", messageId=message_id)))
    assert parsed.rejected[0].message_id is None


def test_a_privacy_signal_of_the_batch_covers_its_events() -> None:
    parsed = parse(batch(GOOD, context={"gpc": True}))
    assert parsed.interactions[0].body == WebEvent(name="product_viewed", gpc=True)


# --- single calls


@pytest.mark.parametrize("call", ["identify", "track", "page", "screen", "group", "alias"])
def test_each_call_reads_its_event_whatever_type_it_names(call: str) -> None:
    event = document(f"segment/{call}.json")
    (interaction,) = parse(event, call).interactions
    assert parse({**event, "type": "nonsense"}, call).interactions == (interaction,)


def test_every_path_names_a_call() -> None:
    assert {p: segment.CALLS[p] for p in "itpb"} == {
        "i": "identify",
        "t": "track",
        "p": "page",
        "b": "batch",
    }
    assert all(segment.CALLS[call] == call for call in segment.CALLS.values())


def test_a_bad_single_event_is_refused_with_the_reason() -> None:
    with pytest.raises(PayloadError, match="userId or an anonymousId"):
        parse({"event": "Product Viewed"}, "track")


def test_a_single_event_over_32_kilobytes_is_refused() -> None:
    with pytest.raises(PayloadError, match="over 32768 bytes"):
        parse(with_changes(properties={"x": "y" * 33_000}), "track")
    assert parse(with_changes(properties={"x": "y" * 32_000}), "track").interactions


# --- keys beyond the shared contract


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer local-write-key",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff:").decode(),
        "Basic " + base64.b64encode(b":local-write-key").decode(),
    ],
)
def test_another_authorization_is_refused_even_beside_a_right_key(authorization: str) -> None:
    """A header that is there decides: the body is not looked into."""
    headers = {"authorization": authorization}
    with pytest.raises(SignatureError):
        segment.verify(post("/v1/batch", payload("segment/batch.json"), headers), SETTINGS)


def test_basic_auth_without_the_colon_is_taken() -> None:
    headers = {"authorization": "basic " + base64.b64encode(b"local-write-key").decode()}
    segment.verify(post("/v1/batch", b"", headers), SETTINGS)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"writeKey": 7}', b"\x1f\x8b\x00", b"\xff"])
def test_a_body_that_holds_no_readable_key_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureError):
        segment.verify(post("/v1/batch", body), SETTINGS)
