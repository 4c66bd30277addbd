"""Amazon SES: e-mail by the v2 API.

Lives here: the request and what SES's answers mean. Never here: bounces and complaints, which come
back through SNS, or the wording.

| SES answers | result | https://docs.aws.amazon.com/ses/latest/… |
|---|---|---|
| `MessageId` | sent | APIReference-V2/API_SendEmail.html |
| TooManyRequests, LimitExceeded, Throttling | retry | dg/manage-sending-quotas-errors.html |
| SendingPaused | retry: the account's owner resumes it | APIReference-V2/API_SendEmail.html |
| 4xx else | failed, the exception's name | the same |
| no connection, or no credentials to sign with | retry: nothing was written | |
| 5xx, time-out or reset | unknown; SES cannot be asked | |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .aws import prepared, refused, unanswered

PASSING = frozenset(
    {
        "TooManyRequestsException",
        "LimitExceededException",
        "SendingPausedException",
        "Throttling",
        "ThrottlingException",
    }
)
KEY_TAG = "rejoinder-key"

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,900}>")
"""RFC 5322, 3.6.4, in ASCII: what SES takes as a header's value, and what cannot end it early."""


class SesCarrier:
    """Carries email; `reply.to` is an address, `reply.reply_to` the Message-ID that it answers."""

    provider = "ses"
    channels = frozenset({Channel.EMAIL})

    def __init__(self, settings: Settings, *, client: Any) -> None:
        """`client` is a boto3 `sesv2` client; ConfigurationError if it would retry by itself."""
        self._client = prepared(client, "sesv2.SendEmail")
        self._sender = settings.ses_sender
        self._reply_to = settings.ses_reply_to
        self._configuration_set = settings.ses_configuration_set

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether there is an address to send from."""
        return bool(settings.ses_sender)

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Mail the reply; in the thread of the mail that it answers, and with one-click
        unsubscribe (RFC 8058) where it has an address for it."""
        headers = {}
        if reply.reply_to and _MESSAGE_ID.fullmatch(reply.reply_to):
            # RFC 5322, 3.6.4. The references of theirs are not kept: the parent is enough.
            headers = {"In-Reply-To": reply.reply_to, "References": reply.reply_to}
        if reply.unsubscribe_url:
            headers["List-Unsubscribe"] = ", ".join(self._ways_out(reply.unsubscribe_url))
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        body = {"Text": reply.text} | ({"Html": reply.html} if reply.html else {})
        return self.mail(
            reply.to,
            reply.subject or "",
            body,
            key=key,
            headers=headers,
            answers_to=self._reply_to,
        )

    def _ways_out(self, url: str) -> list[str]:
        """By HTTPS, and by mail where mails to us are received (RFC 2369)."""
        by_mail = f"<mailto:{parseaddr(self._reply_to)[1]}?subject=unsubscribe>"
        return [f"<{url}>", *([by_mail] if self._reply_to else [])]

    def mail(
        self,
        to: str,
        subject: str,
        body: Mapping[str, str],
        *,
        key: str,
        headers: Mapping[str, str] | None = None,
        answers_to: str = "",
    ) -> SendResult:
        """One e-mail; `body` holds `Text` and, if it has one, `Html`. `key` becomes a tag."""
        simple: dict[str, Any] = {
            "Subject": _content(subject),
            "Body": {part: _content(text) for part, text in body.items()},
        }
        if headers:
            simple["Headers"] = [{"Name": n, "Value": v} for n, v in headers.items()]
        request: dict[str, Any] = {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": [to]},
            "Content": {"Simple": simple},
            "EmailTags": [{"Name": KEY_TAG, "Value": tag(key)}],
        }
        if answers_to:
            request["ReplyToAddresses"] = [answers_to]
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            answer = self._client.send_email(**request)
        except ClientError as error:
            return refused(error, self.provider, passing=PASSING)
        except BotoCoreError as error:
            return unanswered(error, self.provider)
        return SendResult(status="sent", provider=self.provider, provider_id=answer["MessageId"])

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """None: SES answers no questions about one message."""
        return None


def tag(key: str) -> str:
    """`key` in the characters that a message tag may have.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", key)[:256]


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
