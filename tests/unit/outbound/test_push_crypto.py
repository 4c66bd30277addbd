"""The seals of web push, by the RFCs' own examples and their published implementations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import http_ece
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from py_vapid import Vapid02, jwt

from chalicelib.errors import ConfigurationError
from chalicelib.outbound.push_crypto import VapidKey, decode, encode, encrypt
from infra.local.carriers import LOCAL_SECRETS

PRIVATE_KEY = LOCAL_SECRETS["vapid_private_key"]
EXPIRES = datetime(2026, 11, 19, 5, 0, tzinfo=UTC)


def a_key(number: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decode(number), "big"), ec.SECP256R1())


BROWSER_KEY = a_key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"


def test_the_example_of_rfc_8291_is_encrypted_as_the_rfc_has_it() -> None:
    """https://www.rfc-editor.org/rfc/rfc8291#appendix-A"""
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        P256DH,
        AUTH,
        sender=a_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert encode(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=3_993))
def test_the_published_implementation_opens_what_we_encrypt(payload: bytes) -> None:
    body = encrypt(payload, P256DH, AUTH)
    opened = http_ece.decrypt(body, private_key=BROWSER_KEY, auth_secret=decode(AUTH))
    assert opened == payload
    assert len(body) <= 4096


def test_the_same_message_is_never_encrypted_alike() -> None:
    assert len({encrypt(b"In stock", P256DH, AUTH) for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", AUTH),
        (P256DH[:-4], AUTH),
        (P256DH + "AAAA", AUTH),
        ("B" + "A" * 86, AUTH),
        (P256DH[:-3] + "AAA", AUTH),
        ("☂" * 20, AUTH),
        ("not base64url at all!", AUTH),
        (P256DH, ""),
        (P256DH, AUTH + "AA"),
        (P256DH, "=" * 22),
    ],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    """Too short, too long, not on the curve, not base64url."""
    with pytest.raises(ValueError, match=r"\w"):
        encrypt(b"In stock", p256dh, auth)


def a_token(**other: Any) -> str:
    known = {"audience": "https://fcm.googleapis.com", "subject": "mailto:a@b.example"}
    return VapidKey(PRIVATE_KEY).authorization(**{**known, "expires_at": EXPIRES, **other})


def test_py_vapid_takes_our_token_for_its_own() -> None:
    token = a_token()
    assert Vapid02.verify(token)
    signed, _, key = token.removeprefix("vapid t=").partition(",k=")
    assert key == VapidKey(PRIVATE_KEY).public
    assert jwt.decode(signed, key) == {
        "aud": "https://fcm.googleapis.com",
        "exp": int(EXPIRES.timestamp()),
        "sub": "mailto:a@b.example",
    }
    theirs = Vapid02.from_raw(PRIVATE_KEY.encode()).sign(
        {"aud": "https://fcm.googleapis.com", "exp": 1, "sub": "mailto:a@b.example"}
    )["Authorization"]
    assert theirs.partition(".")[0] == token.partition(".")[0]
    assert theirs.partition(",k=")[2] == key


def test_a_token_under_another_key_is_not_ours() -> None:
    signed, _, _ = a_token().removeprefix("vapid t=").partition(",k=")
    with pytest.raises(InvalidSignature):
        jwt.decode(signed, P256DH)


@pytest.mark.parametrize("wrong", ["", "short", "A" * 43, "_" * 43, "-----BEGIN PRIVATE KEY-----"])
def test_a_private_key_that_is_none_is_a_fault_of_the_deployment(wrong: str) -> None:
    """Among them zero, and a number beyond the curve's order."""
    with pytest.raises(ConfigurationError, match="VAPID_PRIVATE_KEY") as refused:
        VapidKey(wrong)
    assert "short" not in str(refused.value)
