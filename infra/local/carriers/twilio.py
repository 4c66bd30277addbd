"""Twilio's Messages API for one account, and what becomes of a text, told by status callbacks.

The calls of the same account are in `twilio_calls.py`. Shapes:
https://www.twilio.com/docs/messaging/api/message-resource; refusals:
https://www.twilio.com/docs/api/errors.
"""

from __future__ import annotations

import base64
import random
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator

from chalicelib.model import Frozen

from .callbacks import Callbacks, Notice, key_in
from .mailbox import Lines, Mailbox
from .segments import segments
from .server import Request, Response, StandIn
from .twilio_answers import listing, refusal
from .twilio_calls import Calls

KEPT = 10_000
BODY_LIMIT_CHARACTERS = 1600
UNREACHABLE = "30003"

REFUSALS: Mapping[int, str] = {
    21211: "Invalid 'To' Phone Number",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided is not a valid message-capable phone number.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit",
}

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


class Stop(Frozen):
    """A number opted out of the brand's texts, or in again."""

    number: str
    stopped: bool


class TwilioStandIn(StandIn):
    """One account with one number; it must be told who sent STOP, and who is out of reach."""

    provider = "twilio"

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        rng: random.Random,
        secrets: Mapping[str, str],
    ) -> None:
        super().__init__(mailbox, clock, rng)
        self._account = secrets["twilio_account_sid"]
        self._token = secrets["twilio_auth_token"]
        self._number = secrets["twilio_number"]
        self._stops = Lines(Stop, mailbox.beside("twilio-stops.jsonl"), KEPT)
        self._unreachable: set[str] = set()
        self._messages: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.callbacks = Callbacks("twilio", self._notice)
        self.calls = Calls(mailbox, clock, rng, secrets, self.callbacks)

    def start(self) -> str:
        self.callbacks.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.callbacks.stop()

    def opt_out(self, number: str) -> None:
        """The number sent STOP: from here on 21610."""
        with self._lock:
            self._stops.append(Stop(number=number, stopped=True))

    def opt_in(self, number: str) -> None:
        """The number sent START."""
        with self._lock:
            self._stops.append(Stop(number=number, stopped=False))

    def unreachable(self, number: str) -> None:
        """What is sent there is accepted and then undelivered (30003)."""
        with self._lock:
            self._unreachable.add(number)

    def limited(self, until: datetime) -> Response:
        seconds = max(1, int((until - self._clock()).total_seconds()))
        return refusal(429, 20429, "Too Many Requests", {"Retry-After": str(seconds)})

    def answer(self, request: Request) -> Response:
        if not self._authentic(request):
            return refusal(401, 20003, "Authenticate")
        account = f"/2010-04-01/Accounts/{self._account}"
        if request.path.startswith(f"{account}/Calls"):
            return self.calls.answer(request, request.path.removeprefix(f"{account}/Calls"))
        root = f"{account}/Messages"
        if request.path == f"{root}.json":
            return self._create(request) if request.method == "POST" else self._list(request)
        sid = request.path.removeprefix(f"{root}/").removesuffix(".json")
        if sid not in self._messages:
            return refusal(404, 20404, "The requested resource was not found")
        if request.method == "DELETE":
            del self._messages[sid]
            return Response(204)
        return Response(200, self._messages[sid])

    def _authentic(self, request: Request) -> bool:
        expected = base64.b64encode(f"{self._account}:{self._token}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {expected}"

    def _create(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        code = self._objection(form)
        if code is not None:
            return refusal(400, code, REFUSALS[code])
        message = self._message(form)
        self._messages[message["sid"]] = message
        if len(self._messages) > KEPT:
            self._messages.popitem(last=False)
        told = form.get("StatusCallback")
        self.accept("sms", message["sid"], form["To"], form["Body"], key=key_in(told))
        answer = dict(message)
        self.callbacks.follow(told, lambda: self._course(message))
        return Response(201, answer)

    def _objection(self, form: Mapping[str, str]) -> int | None:
        checks = (
            (21604, not form.get("To")),
            (21603, not form.get("From")),
            (21211, not _NUMBER.fullmatch(form.get("To", ""))),
            (21606, form.get("From") != self._number),
            (21602, not form.get("Body", "").strip()),
            (21617, len(form.get("Body", "")) > BODY_LIMIT_CHARACTERS),
            (21610, self._stopped(form.get("To", ""))),
        )
        return next((code for code, wrong in checks if wrong), None)

    def _stopped(self, number: str) -> bool:
        said = [stop.stopped for stop in self._stops.values() if stop.number == number]
        return bool(said) and said[-1]

    def _message(self, form: Mapping[str, str]) -> dict[str, Any]:
        sid = f"SM{self._rng.getrandbits(128):032x}"
        created = format_datetime(self._clock().astimezone(UTC))
        uri = f"/2010-04-01/Accounts/{self._account}/Messages/{sid}"
        return {
            "sid": sid,
            "account_sid": self._account,
            "api_version": "2010-04-01",
            "messaging_service_sid": None,
            "from": form["From"],
            "to": form["To"],
            "body": form["Body"],
            "direction": "outbound-api",
            "status": "queued",
            "num_segments": str(segments(form["Body"])),
            "num_media": "0",
            "date_created": created,
            "date_updated": created,
            "date_sent": None,
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "uri": f"{uri}.json",
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }

    def _course(self, message: dict[str, Any]) -> list[dict[str, str]]:
        """Take the message to its end; the callbacks that tell of it, in order."""
        with self._lock:
            reached = message["to"] not in self._unreachable
            message["date_sent"] = message["date_created"]
            message["status"] = "delivered" if reached else "undelivered"
            message["error_code"] = None if reached else int(UNREACHABLE)
        common = {
            "MessageSid": message["sid"],
            "SmsSid": message["sid"],
            "AccountSid": self._account,
            "From": message["from"],
            "To": message["to"],
            "ApiVersion": "2010-04-01",
        }
        told = [
            {**common, "MessageStatus": status, "SmsStatus": status}
            for status in ("queued", "sent", message["status"])
        ]
        if not reached:
            told[-1]["ErrorCode"] = UNREACHABLE
        return told

    def _notice(self, url: str, form: Mapping[str, str]) -> Notice:
        """https://www.twilio.com/docs/messaging/guides/track-outbound-message-status"""
        signature = RequestValidator(self._token).compute_signature(url, dict(form))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature,
        }
        body = urlencode(form).encode()
        sid, status = (form.get(f"Message{n}") or form[f"Call{n}"] for n in ("Sid", "Status"))
        return Notice(sid, status, headers, body)

    def _list(self, request: Request) -> Response:
        query = request.query
        found = [m for m in reversed(self._messages.values()) if _matches(m, query)]
        page_size = int(query.get("PageSize", "50"))
        return listing(f"/2010-04-01/Accounts/{self._account}/Messages.json", found, page_size)


def _matches(message: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    day = f"{parsedate_to_datetime(message['date_sent'] or message['date_created']):%Y-%m-%d}"
    return (
        query.get("To", message["to"]) == message["to"]
        and query.get("From", message["from"]) == message["from"]
        and query.get("DateSent", day)[:10] == day
        and query.get("DateSent>", day)[:10] <= day <= query.get("DateSent<", day)[:10]
    )
