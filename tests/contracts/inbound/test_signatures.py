"""The security contract, written once: every source takes what was signed, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from chalicelib.errors import SignatureError
from chalicelib.inbound import SOURCES, source
from chalicelib.settings import Settings

from .senders import SENDERS, SETTINGS, Sender, as_is

each_sender = pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
each_sender_that_signs_the_body = pytest.mark.parametrize(
    "sender", [s for s in SENDERS if s.covers_body], ids=lambda sender: sender.name
)


def test_every_source_has_a_sender_here() -> None:
    assert {sender.source for sender in SENDERS} == set(SOURCES)


@each_sender
def test_what_the_source_signed_is_taken(sender: Sender) -> None:
    source(sender.source).verify(sender.send(sender.secret, as_is), SETTINGS)


@each_sender
@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda credential: "", id="missing"),
        pytest.param(lambda credential: "wrong" + credential[5:], id="wrong"),
        pytest.param(lambda credential: credential[:-1], id="truncated"),
        pytest.param(lambda credential: credential + "x", id="longer"),
        pytest.param(lambda credential: credential.swapcase(), id="other case"),
        pytest.param(lambda credential: "clé-☂", id="not ASCII"),
    ],
)
def test_any_other_credential_is_refused(sender: Sender, mangle: object) -> None:
    assert callable(mangle)
    with pytest.raises(SignatureError):
        source(sender.source).verify(sender.send(sender.secret, mangle), SETTINGS)


@each_sender
def test_no_credential_at_all_is_refused(sender: Sender) -> None:
    signed = sender.send(sender.secret, lambda credential: "")
    bare = replace(signed, headers={"content-type": signed.headers.get("content-type", "")})
    with pytest.raises(SignatureError):
        source(sender.source).verify(bare, SETTINGS)


@each_sender
def test_another_secret_is_refused(sender: Sender) -> None:
    with pytest.raises(SignatureError):
        source(sender.source).verify(sender.send("another-secret", as_is), SETTINGS)


@each_sender
def test_without_a_secret_of_our_own_nothing_is_taken(sender: Sender) -> None:
    """An unset secret is an empty key, with which anybody could sign."""
    unset = SETTINGS.model_copy(
        update={
            name: SecretStr("")
            for name, field in Settings.model_fields.items()
            if field.annotation is SecretStr
        }
    )
    for secret in ("", sender.secret):
        with pytest.raises(SignatureError):
            source(sender.source).verify(sender.send(secret, as_is), unset)


@each_sender_that_signs_the_body
@pytest.mark.parametrize("addition", [b" ", b"&Extra=1", b"\x00"], ids=["space", "field", "nul"])
def test_a_changed_body_is_refused(sender: Sender, addition: bytes) -> None:
    signed = sender.send(sender.secret, as_is)
    with pytest.raises(SignatureError):
        source(sender.source).verify(replace(signed, body=signed.body + addition), SETTINGS)


@each_sender
def test_a_refusal_shows_neither_secret_nor_credential_nor_content(sender: Sender) -> None:
    signed = sender.send("another-secret", as_is)
    with pytest.raises(SignatureError) as refused:
        source(sender.source).verify(signed, SETTINGS)
    shown = f"{refused.value} {refused.value.details} {signed!r}"
    assert sender.secret not in shown
    assert "another-secret" not in shown
    assert "Trailblazer" not in shown
    assert "+1555" not in shown
