"""Who a visitor is, proven by the shop's server: verified, and taken out of what is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import PayloadError, SignatureError
from chalicelib.inbound import segment
from chalicelib.inbound.segment_events import Arrival
from chalicelib.model import Interaction

from ...contracts.inbound.senders import RECEIVED_AT, SETTINGS, post

SECRET = "local-identity-secret"
PROVING = SETTINGS.model_copy(update={"identity_secret": SecretStr(SECRET)})


def proof_of(user_id: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), user_id.encode(), hashlib.sha256).hexdigest()


def read(event: dict[str, Any], call: str = "track", settings: Any = PROVING) -> Interaction:
    request = post(f"/v1/{call}", json.dumps(event).encode())
    (interaction,) = segment.parse(request, settings, RECEIVED_AT, call=call).interactions
    return interaction


def an_event(proof: Any = None, **other: Any) -> dict[str, Any]:
    context = {} if proof is None else {"context": {"identityProof": proof}}
    return {"messageId": "m-1", "event": "Page", "userId": "joe", "anonymousId": "b-1"} | {
        **context,
        **other,
    }


@pytest.mark.parametrize("call", ["identify", "track", "page", "screen", "group", "alias"])
def test_every_call_can_be_proven(call: str) -> None:
    event = an_event(proof_of("joe"), groupId="g", previousId="b-1")
    assert read(event, call).proven
    assert not read(an_event(groupId="g", previousId="b-1"), call).proven


@pytest.mark.parametrize(
    "place",
    [
        {"context": {"identityProof": proof_of("joe")}},
        {"context": {"traits": {"identityProof": proof_of("joe"), "plan": "gold"}}},
        {"traits": {"identityProof": proof_of("joe"), "plan": "gold"}},
        {"properties": {"identityProof": proof_of("joe")}},
        {"context": {"identityProof": proof_of("joe").upper()}},
    ],
)
def test_a_proof_is_taken_where_clients_can_put_it_and_kept_nowhere(place: dict[str, Any]) -> None:
    for call in ("identify", "track"):
        interaction = read({**an_event(), **place}, call)
        assert interaction.proven
        assert proof_of("joe") not in interaction.model_dump_json().lower()
    assert read({**an_event(), **place}, "identify").id == read(an_event(), "identify").id


@pytest.mark.parametrize(
    "wrong",
    [
        proof_of("ann"),
        proof_of("joe", "guessed"),
        proof_of("joe", ""),
        proof_of("joe")[:-1],
        proof_of("joe") + "0",
        hashlib.sha256(b"joe").hexdigest(),
        "",
        "☂",
        "\ud800",
        0,
        True,
        [],
        {"a": 1},
        "x" * 20_000,
    ],
)
def test_a_wrong_proof_rejects_the_event(wrong: Any) -> None:
    expected: tuple[type[Exception], ...] = (SignatureError,)
    if wrong == "\ud800":
        expected = (PayloadError,)  # no text at all
    with pytest.raises(expected) as refused:
        read(an_event(wrong))
    assert proof_of("joe") not in str(refused.value)


def test_of_a_batch_the_wrongly_proven_event_alone_is_rejected() -> None:
    events = [
        {**an_event(proof_of("joe")), "type": "track", "messageId": "good"},
        {**an_event(proof_of("ann")), "type": "track", "messageId": "wrong"},
        {**an_event(), "type": "track", "messageId": "none"},
    ]
    request = post("/v1/batch", json.dumps({"batch": events}).encode())
    parsed = segment.parse(request, PROVING, RECEIVED_AT, call="batch")
    assert [(i.id, i.proven) for i in parsed.interactions] == [
        ("web:good", True),
        ("web:none", False),
    ]
    assert [(r.index, r.message_id) for r in parsed.rejected] == [(1, "wrong")]
    assert proof_of("joe") not in parsed.rejected[0].reason


@pytest.mark.parametrize("user_id", [None, "", " "])
def test_a_proof_is_of_a_user_and_of_nothing_else(user_id: str | None) -> None:
    for given in (proof_of(""), proof_of("None"), proof_of("b-1")):
        with pytest.raises(SignatureError):
            read(an_event(given, userId=user_id))


def test_a_user_id_is_proven_as_it_is_kept() -> None:
    assert read(an_event(proof_of("42"), userId=42)).proven
    assert read(an_event(proof_of("joe"), userId=" joe ")).identities[0] == "user:joe"
    with pytest.raises(SignatureError):
        read(an_event(proof_of(" joe "), userId=" joe "))


def test_a_shop_without_a_secret_proves_nothing() -> None:
    for proof in (proof_of("joe"), proof_of("joe", "")):
        interaction = read(an_event(proof), settings=SETTINGS)
        assert not interaction.proven
        assert proof not in interaction.model_dump_json()


def test_the_secret_is_in_no_repr() -> None:
    arrival = Arrival(RECEIVED_AT, None, False, SECRET)
    assert SECRET not in repr(arrival)
    assert SECRET not in repr(PROVING)
