"""The two seals of a web push message: VAPID says who sends it, encryption hides what it says.

Lives here: RFC 8292 (tokens) and RFC 8291 with RFC 8188 (the `aes128gcm` body), over the
`cryptography` package; loaded only where push is configured. Never here: requests, subscriptions
on record. Both are so few lines that `http-ece`, `py-vapid` and `pywebpush` are judges in the tests
rather than a second implementation in the package.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import struct
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..errors import ConfigurationError

RECORD_BYTES = 4096
"""One record, which is what every push service takes (RFC 8030, 7.2)."""

_POINT_BYTES, _SALT_BYTES = 65, 16
_LAST_RECORD = b"\x02"


class VapidKey:
    """The application server's key pair, which browsers bind their subscriptions to."""

    def __init__(self, private_key: str) -> None:
        """`private_key`: 32 bytes in base64url, as key makers print it; ConfigurationError."""
        try:
            number = int.from_bytes(_sized(decode(private_key), 32), "big")
            self._key = ec.derive_private_key(number, ec.SECP256R1())
        except ValueError:
            raise ConfigurationError("VAPID_PRIVATE_KEY is 32 bytes in base64url") from None
        self.public = encode(_point(self._key.public_key()))

    def authorization(self, audience: str, subject: str, expires_at: datetime) -> str:
        """The header's value for one push service: a JWT (ES256) and our public key.

        RFC 8292, 2 and 3: `audience` is the endpoint's origin, `expires_at` within 24 hours.
        """
        claims = {"aud": audience, "exp": int(expires_at.timestamp()), "sub": subject}
        signed = ".".join(encode(_json(part)) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return f"vapid t={signed}.{signature},k={self.public}"


def encrypt(
    payload: bytes,
    p256dh: str,
    auth: str,
    *,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body under `Content-Encoding: aes128gcm` that only this subscription's browser can read.

    RFC 8291, 3.4. `sender` and `salt` are made anew for each message; the RFC's example gives them.
    The payload is to fit one record. Raises ValueError for keys that are none.
    """
    point, secret = _sized(decode(p256dh), _POINT_BYTES), _sized(decode(auth), 16)
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(_SALT_BYTES)
    own_point = _point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), receiver)
    material = _derive(shared, secret, b"WebPush: info\0" + point + own_point, 32)
    key = _derive(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack("!IB", RECORD_BYTES, _POINT_BYTES) + own_point
    return header + AESGCM(key).encrypt(nonce, payload + _LAST_RECORD, None)


def encode(data: bytes) -> str:
    """base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The reverse; padding may be there. Raises ValueError."""
    try:
        bare = text.strip().rstrip("=").encode("ascii")
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("not base64url") from None


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _sized(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise ValueError(f"wanted {length} bytes")
    return data


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
