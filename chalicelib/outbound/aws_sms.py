"""AWS End User Messaging SMS: text messages by `pinpoint-sms-voice-v2`.

Lives here: the request and what the answers mean. Never here: receipts and inbound texts, which
come through SNS, segments or consent.

| AWS answers | result | https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/… |
|---|---|---|
| `MessageId` | sent | API_SendTextMessage.html |
| ThrottlingException | retry | the same |
| Conflict, DESTINATION_PHONE_NUMBER_OPTED_OUT | failed, opted_out | API_ConflictException.html |
| 4xx else | failed, its `Reason` or its name | the same |
| no connection, or no credentials to sign with | retry: nothing was written | |
| 5xx, time-out or reset | unknown; AWS cannot be asked | |
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .aws import prepared, refused, unanswered

PASSING = frozenset({"ThrottlingException", "Throttling"})
OPTED_OUT = "DESTINATION_PHONE_NUMBER_OPTED_OUT"

TIME_TO_LIVE_SECONDS = 4 * 3600
"""A text that could not be delivered by then answers nothing any more, and may come at night."""

KEY_LIMIT_CHARACTERS = 800
"""Of a value of `Context`."""


class AwsSmsCarrier:
    """Carries sms; `reply.to` is an E.164 number."""

    provider = "aws_sms"
    channels = frozenset({Channel.SMS})

    def __init__(self, settings: Settings, *, client: Any) -> None:
        """`client` is a boto3 `pinpoint-sms-voice-v2` client; ConfigurationError if it would retry
        by itself."""
        self._client = prepared(client, "pinpoint-sms-voice-v2.SendTextMessage")
        self._identity = settings.aws_sms_identity
        self._configuration_set = settings.aws_sms_configuration_set

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether there is a number, pool or sender id to send from."""
        return bool(settings.aws_sms_identity)

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Send one text; `key` comes back in the context of its delivery events."""
        request: dict[str, Any] = {
            "DestinationPhoneNumber": reply.to,
            "OriginationIdentity": self._identity,
            "MessageBody": reply.text,
            "TimeToLive": TIME_TO_LIVE_SECONDS,
            "Context": {"key": key[:KEY_LIMIT_CHARACTERS]},
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            answer = self._client.send_text_message(**request)
        except ClientError as error:
            reason = error.response.get("Reason")
            return refused(
                error,
                self.provider,
                passing=PASSING,
                code=str(reason) if reason else None,
                barred="opted_out" if reason == OPTED_OUT else None,
            )
        except BotoCoreError as error:
            return unanswered(error, self.provider)
        return SendResult(status="sent", provider=self.provider, provider_id=answer["MessageId"])

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """None: AWS answers no questions about one message."""
        return None
