"""What must not come in: it is refused with the reason, and nothing of it is queued."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.machine import FORM, NOON, Machine, Response
from tests.outsiders import mention, signed_by_twilio, signed_by_x

SIGNATURES = ("wrong", "missing", "truncated", "replayed")
ASKS = "Trailblazer GTX in 44?"


def spoilt(signature: str, replayed: str, how: str) -> str:
    """A signature made unfit; `replayed` is a good one, of something else."""
    other = "B" if signature[-4] == "A" else "A"
    wrong = signature[:-4] + other + signature[-3:]
    return {"wrong": wrong, "missing": "", "truncated": signature[:-4], "replayed": replayed}[how]


def refusal(answer: Response, status: int) -> dict[str, Any]:
    """The error of an answer that has the one form of all errors."""
    assert answer.status == status, answer.data
    assert answer.headers["Content-Type"].startswith("application/json")
    document = answer.json()
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message", "details"}
    assert document["error"]["code"]
    assert document["error"]["message"]
    found: dict[str, Any] = document["error"]
    return found


@pytest.fixture(autouse=True)
def _nothing_is_queued(machine: Machine) -> Iterator[None]:
    machine.settled()
    with machine.queueing() as calls:
        yield
    assert calls == []


@pytest.mark.parametrize("how", SIGNATURES)
def test_what_x_did_not_sign_is_refused(machine: Machine, how: str) -> None:
    body, another = (mention(machine.x_id(), "1234", ASKS, NOON) for _ in range(2))
    signature = spoilt(signed_by_x(body), signed_by_x(another), how)
    headers = {"Content-Type": "application/json", "X-Twitter-Webhooks-Signature": signature}

    error = refusal(machine.call("POST", "/webhooks/x", body, headers), 401)
    assert error["code"] == "signature"


@pytest.mark.parametrize("how", SIGNATURES)
@pytest.mark.parametrize("route", ["messages", "status"])
def test_what_twilio_did_not_sign_is_refused(machine: Machine, how: str, route: str) -> None:
    path = f"/webhooks/twilio/{route}"
    fields = {**machine.text_message("+15551230001", ASKS), "MessageStatus": "delivered"}
    another = signed_by_twilio(machine.url + path, {**fields, "Body": "another"})
    signature = spoilt(signed_by_twilio(machine.url + path, fields), another, how)
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}

    error = refusal(machine.call("POST", path, urlencode(fields).encode(), headers), 401)
    assert error["code"] == "signature"


def test_a_signature_for_one_route_is_none_for_another(machine: Machine) -> None:
    fields = machine.text_message("+15551230001", ASKS)
    signature = signed_by_twilio(f"{machine.url}/webhooks/twilio/status", fields)
    refusal(machine.deliver_twilio("/webhooks/twilio/messages", fields, signature), 401)


@pytest.mark.parametrize("key", ["wrong-key", "", "local-write-ke"])
def test_without_the_write_key_nothing_is_tracked(machine: Machine, key: str) -> None:
    event = {"userId": "nobody", "event": "Product Viewed"}
    error = refusal(machine.tracks("track", event, key), 401)
    assert error["code"] == "signature"


def test_x_s_challenge_is_answered_with_the_app_s_secret(machine: Machine) -> None:
    answer = machine.call("GET", "/webhooks/x?crc_token=a1b2")
    assert answer.json() == {"response_token": signed_by_x(b"a1b2")}
    refusal(machine.call("GET", "/webhooks/x"), 400)


BODIES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "no JSON": (b"do you have it in a 44?", 400),
    "cut off": (b'{"data": {"event_type": "post.men', 400),
    "a list": (b"[]", 400),
    "of no type we know": (b'{"hello": "world"}', 400),
    "without its fields": (b'{"data": {"event_type": "post.mention.create"}}', 400),
    "in Latin-1": ('{"for_user_id": "999", "x": "Größe"}'.encode("latin-1"), 400),
    "in UTF-16": ('{"for_user_id": "999"}'.encode("utf-16"), 400),
    "half a character": (b'{"for_user_id": "999", "x": "\\ud83d"}', 400),
    "no number": (b'{"for_user_id": "999", "x": NaN}', 400),
    "too deep": (b'{"for_user_id": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
    "too large": (b'{"for_user_id": "' + b"9" * 262_144 + b'"}', 413),
}


@pytest.mark.parametrize("body", BODIES)
def test_an_event_of_x_that_cannot_be_read_is_refused_with_the_reason(
    machine: Machine, body: str
) -> None:
    content, status = BODIES[body]
    refusal(machine.deliver_x(content), status)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"From": "joe"}, 400),
        ({"From": ""}, 400),
        ({"MessageSid": ""}, 400),
        ({"Body": "a" * 262_144}, 413),
    ],
    ids=["sender", "no sender", "no id", "too large"],
)
def test_a_text_that_cannot_be_read_is_refused_with_the_reason(
    machine: Machine, changed: dict[str, str], status: int
) -> None:
    fields = {**machine.text_message("+15551230001", ASKS), **changed}
    refusal(machine.deliver_twilio("/webhooks/twilio/messages", fields), status)


def test_a_text_in_another_encoding_is_refused(machine: Machine) -> None:
    path = "/webhooks/twilio/messages"
    # What the validator signs is the form as it decodes it: bytes that are no UTF-8 replaced.
    fields = {"MessageSid": "SM1", "From": "+15551230001", "Body": "Gr\ufffdsse"}
    body = b"MessageSid=SM1&From=%2B15551230001&Body=Gr%F6sse"
    headers = {
        "Content-Type": FORM,
        "X-Twilio-Signature": signed_by_twilio(machine.url + path, fields),
    }
    assert "UTF-8" in refusal(machine.call("POST", path, body, headers), 400)["message"]


def keyed(machine: Machine, call: str, content: bytes, **headers: str) -> Response:
    return machine.call("POST", f"/v1/{call}?writeKey=local-write-key", content, headers)


@pytest.mark.parametrize(
    ("call", "content"),
    [
        ("track", b'{"userId": "u"}'),
        ("track", b'{"event": "Product Viewed"}'),
        ("track", b'{"userId": "u", "event": "\xff"}'),
        ("track", b'{"userId": "u", "event": "Viewed", "x": "' + b"a" * 33_000 + b'"}'),
        ("identify", b'{"userId": {"id": 1}}'),
        ("alias", b'{"userId": "u"}'),
        ("batch", b'{"batch": "all"}'),
        ("batch", b'{"batch": [' + b"{}," * 2_500 + b"{}]}"),
        ("batch", b'{"batch": ["' + b"a" * 513_000 + b'"]}'),
        ("batch", gzip.compress(b'{"batch": []}', mtime=0)[:-6]),
        ("batch", gzip.compress(b" " * 5_000_000, mtime=0)),
    ],
    ids=lambda given: given if isinstance(given, str) else given[:16].decode("latin-1"),
)
def test_a_call_that_cannot_be_read_is_refused_with_the_reason(
    machine: Machine, call: str, content: bytes
) -> None:
    refusal(keyed(machine, call, content), 400)


POSTS: list[tuple[str, Callable[[Machine, bytes, dict[str, str]], Response]]] = [
    ("/webhooks/x", lambda m, body, headers: m.call("POST", "/webhooks/x", body, headers)),
    ("/v1/track", lambda m, body, headers: keyed(m, "track", body, **headers)),
    (
        "/decisions",
        lambda m, body, headers: m.operate(
            "POST", "/decisions", body=body, content_type=headers["Content-Type"]
        ),
    ),
]


@pytest.mark.parametrize("send", [send for _, send in POSTS], ids=[path for path, _ in POSTS])
def test_a_body_of_a_type_that_a_route_does_not_take_is_refused(
    machine: Machine, send: Callable[[Machine, bytes, dict[str, str]], Response]
) -> None:
    refusal(send(machine, b"<event/>", {"Content-Type": "application/xml"}), 415)


def test_a_body_that_is_not_what_its_encoding_says_is_refused(machine: Machine) -> None:
    refusal(keyed(machine, "batch", b"{}", **{"Content-Encoding": "gzip"}), 400)
    refusal(keyed(machine, "batch", b"{}", **{"Content-Encoding": "br"}), 415)


def test_an_operator_s_oversized_or_unreadable_body_is_refused(machine: Machine) -> None:
    for content, status in ((b"{", 400), (b"[1]", 400), (b'{"x": "' + b"a" * 262_144, 413)):
        refusal(machine.operate("PUT", "/customers/somebody", body=content), status)
    assert machine.operate("GET", "/customers/somebody").status == 404


def test_what_is_wrong_with_a_document_is_said_field_by_field(machine: Machine) -> None:
    wrong = {"profile": {"country": "Utopia"}, "interests": [1], "shoe_size": 44}
    error = refusal(machine.operate("PUT", "/customers/somebody", wrong), 400)
    fields = {problem["field"] for problem in error["details"]["problems"]}
    assert fields == {"profile.country", "interests.0", "shoe_size"}
    assert "Utopia" not in json.dumps(error)


def test_routes_and_methods_that_are_not_there_are_refused(machine: Machine) -> None:
    refusal(machine.call("GET", "/nothing/here"), 404)
    refusal(machine.call("DELETE", "/webhooks/x"), 405)
