"""AWS End User Messaging SMS: SendTextMessage for one number, and what becomes of a text.

Speaks the AWS JSON 1.0 protocol; botocore's own client is the judge of its answers. Delivery events
go to a topic of SNS, as a configuration set's event destination has it.
https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.credentials import Credentials

from .mailbox import Mailbox
from .server import Request, Response, StandIn
from .sigv4 import is_signed
from .topics import Told, Topics

TARGET = "PinpointSMSVoiceV2.SendTextMessage"
BODY_LIMIT_CHARACTERS = 1600
KNOWN = frozenset(
    {
        *("DestinationPhoneNumber", "OriginationIdentity", "MessageBody", "MessageType", "Keyword"),
        *("ConfigurationSetName", "MaxPrice", "TimeToLive", "Context", "DryRun"),
    }
)

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


class AwsSmsStandIn(StandIn):
    """One account with one number and one configuration set; it must be told who opted out."""

    provider = "aws_sms"

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
        self._number = secrets["aws_sms_identity"]
        self._configuration_set = secrets["aws_sms_configuration_set"]
        self._opted_out: set[str] = set()
        self._unreachable: set[str] = set()
        self.topics = Topics(self.provider)

    def start(self) -> str:
        self.topics.callbacks.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.topics.callbacks.stop()

    def opt_out(self, number: str) -> None:
        """The number is on the opt-out list."""
        with self._lock:
            self._opted_out.add(number)

    def unreachable(self, number: str) -> None:
        """What is sent there is accepted, and then there is no such number."""
        with self._lock:
            self._unreachable.add(number)

    def limited(self, until: datetime) -> Response:
        return _error(400, "ThrottlingException", Message="Rate exceeded")

    def answer(self, request: Request) -> Response:
        if not is_signed(request, self._credentials, "sms-voice"):
            return _error(403, "InvalidSignatureException", message="It does not match.")
        if request.headers.get("x-amz-target") != TARGET:
            return _error(400, "UnknownOperationException")
        said = request.document()
        return self._objection(said) or self._send(said)

    def _objection(self, said: Mapping[str, Any]) -> Response | None:
        to, text = str(said.get("DestinationPhoneNumber", "")), str(said.get("MessageBody", ""))
        named = said.get("ConfigurationSetName", self._configuration_set)
        if wrong := set(said) - KNOWN:
            return _invalid(f"unknown: {', '.join(sorted(wrong))}")
        if not _NUMBER.fullmatch(to) or not 1 <= len(text.strip()) <= BODY_LIMIT_CHARACTERS:
            return _invalid("DestinationPhoneNumber or MessageBody")
        if not 5 <= said.get("TimeToLive", 5) <= 259_200 or len(said.get("Context", {})) > 5:
            return _invalid("TimeToLive or Context")
        if said.get("OriginationIdentity") != self._number or named != self._configuration_set:
            return _error(400, "ResourceNotFoundException", ResourceType="phone-number")
        if to in self._opted_out:
            reason = "DESTINATION_PHONE_NUMBER_OPTED_OUT"
            return _error(400, "ConflictException", Message="Opted out", Reason=reason)
        return None

    def _send(self, said: Mapping[str, Any]) -> Response:
        message_id = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        to = said["DestinationPhoneNumber"]
        self.accept("sms", message_id, to, said["MessageBody"])
        if said.get("ConfigurationSetName"):
            last = "TEXT_INVALID" if to in self._unreachable else "TEXT_DELIVERED"
            events = ("TEXT_PENDING", last)
            self.topics.follow(*(self._told(event, message_id, said) for event in events))
        return Response(200, {"MessageId": message_id})

    def _told(self, event: str, message_id: str, said: Mapping[str, Any]) -> Told:
        """…/sms-voice/latest/userguide/configuration-sets-event-format.html"""
        at = int(self._clock().timestamp() * 1000)
        document = {
            "eventType": event,
            "eventVersion": "1.0",
            "eventTimestamp": at,
            "isFinal": event != "TEXT_PENDING",
            "originationPhoneNumber": self._number,
            "destinationPhoneNumber": said["DestinationPhoneNumber"],
            "messageId": message_id,
            "messageRequestTimestamp": at,
            "messageStatus": event.removeprefix("TEXT_"),
            "context": said.get("Context", {}),
            "totalMessageParts": 1,
        }
        return Told(message_id, event, document)


def _invalid(what: str) -> Response:
    return _error(400, "ValidationException", Message=what, Reason="INVALID_PARAMETER")


def _error(status: int, name: str, **fields: str) -> Response:
    return Response(status, {"__type": name, **fields})
