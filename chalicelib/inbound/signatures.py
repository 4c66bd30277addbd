"""Keyed signatures: made and compared in constant time.

Lives here: the HMAC that X, Twilio and WhatsApp share, and the one way to compare a secret. Never
here: what is signed (each source knows) or where a secret comes from (settings).
"""

from __future__ import annotations

import base64
import hmac

from pydantic import SecretStr

from ..errors import SignatureError


def sign(secret: SecretStr, message: bytes, algorithm: str) -> str:
    """base64(HMAC(secret, message)) with the named hashlib algorithm (RFC 2104); see `digest`."""
    return base64.b64encode(digest(secret, message, algorithm)).decode("ascii")


def digest(secret: SecretStr, message: bytes, algorithm: str) -> bytes:
    """HMAC(secret, message) with the named hashlib algorithm (RFC 2104).

    Raises SignatureError where no secret is set: an empty key would let anybody sign.
    """
    key = secret.get_secret_value().encode()
    if not key:
        raise SignatureError("this source has no secret set, so nothing it sends can be verified")
    return hmac.digest(key, message, algorithm)


def is_same(expected: str, given: str) -> bool:
    """Compares in constant time; any text may be given, ASCII or not."""
    return hmac.compare_digest(
        expected.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass")
    )
