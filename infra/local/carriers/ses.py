"""SES's v2 API: SendEmail with simple content, its signature and its refusals.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

import hmac
import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .mailbox import Mailbox
from .server import Request, Response, StandIn

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/ses/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")
RECIPIENTS_LIMIT = 50


class SesStandIn(StandIn):
    """One account, whose key pair and verified senders it knows."""

    provider = "ses"

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        rng: random.Random,
        secrets: Mapping[str, str],
    ) -> None:
        super().__init__(mailbox, clock, rng)
        self._credentials = Credentials(
            secrets["aws_access_key_id"], secrets["aws_secret_access_key"]
        )
        self._verified = {parseaddr(secrets["ses_sender"])[1].lower()}
        self.requests: deque[dict[str, Any]] = deque(maxlen=1_000)
        """The accepted requests as they came, headers and tags among them."""

    def verify(self, identity: str) -> None:
        """Accept mail from this address, or from every address of this domain."""
        with self._lock:
            self._verified.add(identity.lower())

    def limited(self, until: datetime) -> Response:
        return _error(429, "TooManyRequestsException", "Too many requests.")

    def answer(self, request: Request) -> Response:
        if not self._signed(request):
            return _error(403, "SignatureDoesNotMatch", "The request signature does not match.")
        if (request.method, request.path) != ("POST", "/v2/email/outbound-emails"):
            return _error(404, "NotFoundException", "No such operation.")
        document = request.document()
        wrong = _objection(document)
        if wrong:
            return _error(400, "BadRequestException", wrong)
        sender = parseaddr(str(document.get("FromEmailAddress", "")))[1].lower()
        if not {sender, sender.rpartition("@")[2]} & self._verified:
            return _error(400, "MessageRejected", "Email address is not verified.")
        return self._send(document)

    def _send(self, document: dict[str, Any]) -> Response:
        bits = f"{self._rng.getrandbits(192):048x}"
        parts = (bits[:16], bits[16:24], bits[24:28], bits[28:32], bits[32:36], bits[36:])
        message_id = "-".join(parts) + "-000000"
        simple = document["Content"]["Simple"]
        body = simple["Body"]
        text = (body.get("Text") or body.get("Html"))["Data"]
        for to in document["Destination"]["ToAddresses"]:
            self.accept("email", message_id, to, text, simple["Subject"]["Data"])
        self.requests.append(document)
        return Response(200, {"MessageId": message_id})

    def _signed(self, request: Request) -> bool:
        """Recompute AWS Signature Version 4 over the headers that the caller signed.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
        """
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if found is None or found["key"] != self._credentials.access_key:
            return False
        names = found["headers"].split(";")
        if not {"host", "x-amz-date"} <= set(names) <= set(request.headers):
            return False
        signed = AWSRequest(
            method=request.method,
            url=request.url,
            headers={name: request.headers[name] for name in names},
            data=request.body,
        )
        signed.context["timestamp"] = request.headers["x-amz-date"]
        signer = SigV4Auth(self._credentials, "ses", found["region"])
        to_sign = signer.string_to_sign(signed, signer.canonical_request(signed))
        return hmac.compare_digest(signer.signature(to_sign, signed), found["signature"])


def _objection(document: Mapping[str, Any]) -> str | None:
    """What SES finds wrong with the form of a request, if anything."""
    to = (document.get("Destination") or {}).get("ToAddresses") or []
    if not 1 <= len(to) <= RECIPIENTS_LIMIT or not all("@" in address for address in to):
        return "Destination is not valid."
    simple = (document.get("Content") or {}).get("Simple") or {}
    parts = [simple.get("Subject"), *(simple.get("Body") or {None: None}).values()]
    if not all(isinstance(part, dict) and part.get("Data") for part in parts):
        return "Simple content needs a subject and a body."
    for header in simple.get("Headers") or ():
        name, value = str(header.get("Name", "")), str(header.get("Value", ""))
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            return "Header is not valid."
    for each in document.get("EmailTags") or ():
        if not all(_TAG.fullmatch(str(each.get(part, ""))) for part in ("Name", "Value")):
            return "Tag is not valid."
    return None


def _error(status: int, name: str, message: str) -> Response:
    return Response(status, {"message": message}, {"x-amzn-ErrorType": name})
