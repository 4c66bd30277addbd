"""SES's v2 API: SendEmail with simple content, its signature, its refusals, and what becomes of a
mail, told to a topic of SNS.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from botocore.credentials import Credentials

from .mailbox import Mailbox
from .server import Request, Response, StandIn
from .sigv4 import is_signed
from .topics import Told, Topics

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
        self._configuration_set = secrets["ses_configuration_set"]
        self._bouncing: dict[str, str] = {}
        self._complaining: set[str] = set()
        self.topics = Topics(self.provider)
        self.requests: deque[dict[str, Any]] = deque(maxlen=1_000)
        """The accepted requests as they came, headers and tags among them."""

    def start(self) -> str:
        self.topics.callbacks.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.topics.callbacks.stop()

    def verify(self, identity: str) -> None:
        """Accept mail from this address, or from every address of this domain."""
        with self._lock:
            self._verified.add(identity.lower())

    def limited(self, until: datetime) -> Response:
        return _error(429, "TooManyRequestsException", "Too many requests.")

    def answer(self, request: Request) -> Response:
        if not is_signed(request, self._credentials, "ses"):
            return _error(403, "SignatureDoesNotMatch", "The request signature does not match.")
        if (request.method, request.path) != ("POST", "/v2/email/outbound-emails"):
            return _error(404, "NotFoundException", "No such operation.")
        document = request.document()
        wrong = _objection(document)
        if wrong:
            return _error(400, "BadRequestException", wrong)
        if document.get("ConfigurationSetName", "") not in ("", self._configuration_set):
            return _error(404, "NotFoundException", "Configuration set does not exist.")
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
            if document.get("ConfigurationSetName"):
                self.topics.follow(*self._course(document, message_id, to))
        self.requests.append(document)
        return Response(200, {"MessageId": message_id})

    def bounce(self, address: str, kind: str = "Permanent") -> None:
        """What is sent there is accepted, and then it comes back."""
        with self._lock:
            self._bouncing[address] = kind

    def complain(self, address: str) -> None:
        """What is sent there is delivered, and called spam."""
        with self._lock:
            self._complaining.add(address)

    def _course(self, document: Mapping[str, Any], message_id: str, to: str) -> list[Told]:
        """What becomes of it, as SES's event publishing tells it.

        https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
        """
        at = f"{self._clock().astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
        mail = {
            "timestamp": at,
            "messageId": message_id,
            "source": document["FromEmailAddress"],
            "destination": [to],
            "tags": {tag["Name"]: [tag["Value"]] for tag in document.get("EmailTags", ())},
        }
        parts: list[tuple[str, dict[str, Any]]] = [("Send", {})]
        if kind := self._bouncing.get(to):
            who = [{"emailAddress": to, "action": "failed", "status": "5.1.1"}]
            bounce = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": who}
            parts.append(("Bounce", {**bounce, "timestamp": at}))
        else:
            parts.append(("Delivery", {"timestamp": at, "recipients": [to]}))
        if to in self._complaining:
            who = [{"emailAddress": to}]
            complaint = {"complainedRecipients": who, "complaintFeedbackType": "abuse"}
            parts.append(("Complaint", {**complaint, "timestamp": at}))
        return [
            Told(message_id, name, {"eventType": name, "mail": mail, name.lower(): part})
            for name, part in parts
        ]


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
