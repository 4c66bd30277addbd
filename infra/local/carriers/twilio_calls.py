"""Twilio's Calls API for one account: a call that says something, and the key pressed in it.

Shapes: https://www.twilio.com/docs/voice/api/call-resource; refusals:
https://www.twilio.com/docs/api/errors. A call without TwiML of its own is refused, for nothing here
fetches any.
"""

from __future__ import annotations

import random
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from .callbacks import Callbacks, key_in
from .mailbox import Accepted, Mailbox
from .server import Request, Response
from .twilio_answers import listing, refusal

KEPT = 10_000
TWIML_LIMIT_CHARACTERS = 4000

REFUSALS: Mapping[int, str] = {
    12100: "Document parse failure",
    21201: "No 'To' number specified",
    21205: "Url is required",
    21210: "'From' phone number not verified",
    21211: "Invalid 'To' Phone Number",
    21213: "'From' phone number is required",
}

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


class Calls:
    """The calls of one account; it must be told who does not answer, and who presses a key."""

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        rng: random.Random,
        secrets: Mapping[str, str],
        callbacks: Callbacks[Mapping[str, str]],
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._rng = rng
        self._account = secrets["twilio_account_sid"]
        self._number = secrets.get("twilio_voice_number") or secrets["twilio_number"]
        self._callbacks = callbacks
        self._ends: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._calls: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def end(self, number: str, status: str) -> None:
        """Calls to the number end so from here on: `busy`, `no-answer`, `failed`, `canceled`."""
        self._ends[number] = status

    def press(self, number: str, key: str) -> None:
        """Who is called there presses this key from here on."""
        self._keys[number] = key

    def answer(self, request: Request, path: str) -> Response:
        """The answer to a request of the account; `path` is what follows `…/Calls`."""
        if path == ".json":
            return self._create(request) if request.method == "POST" else self._list(request)
        call = self._calls.get(path.removeprefix("/").removesuffix(".json"))
        if call is None:
            return refusal(404, 20404, "The requested resource was not found")
        return Response(200, call)

    def _create(self, request: Request) -> Response:
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        form = dict(reversed(pairs))
        document = _read(form.get("Twiml", ""))
        code = self._objection(form, document)
        if code is not None or document is None:
            return refusal(400, code or 12100, REFUSALS[code or 12100])
        call = self._call(form)
        self._calls[call["sid"]] = call
        if len(self._calls) > KEPT:
            self._calls.popitem(last=False)
        text = " ".join(say.text or "" for say in document.iter("Say"))
        told = form.get("StatusCallback")
        self._accept(call, text, key_in(told))
        answer = dict(call)
        self._ring(call, document, told)
        return Response(201, answer)

    def _objection(
        self, form: Mapping[str, str], document: ElementTree.Element | None
    ) -> int | None:
        twiml = form.get("Twiml", "")
        checks = (
            (21201, not form.get("To")),
            (21213, not form.get("From")),
            (21211, not _NUMBER.fullmatch(form.get("To", ""))),
            (21210, form.get("From") != self._number),
            (21205, not twiml),
            (12100, document is None or len(twiml) > TWIML_LIMIT_CHARACTERS),
        )
        return next((code for code, wrong in checks if wrong), None)

    def _call(self, form: Mapping[str, str]) -> dict[str, Any]:
        sid = f"CA{self._rng.getrandbits(128):032x}"
        created = format_datetime(self._clock().astimezone(UTC))
        return {
            "sid": sid,
            "account_sid": self._account,
            "api_version": "2010-04-01",
            "from": form["From"],
            "to": form["To"],
            "direction": "outbound-api",
            "status": "queued",
            "date_created": created,
            "date_updated": created,
            "start_time": None,
            "end_time": None,
            "duration": None,
            "price": None,
            "price_unit": "USD",
            "uri": f"/2010-04-01/Accounts/{self._account}/Calls/{sid}.json",
        }

    def _accept(self, call: Mapping[str, Any], text: str, key: str | None) -> None:
        self._mailbox.accept(
            Accepted(
                channel="voice",
                provider="twilio_voice",
                provider_id=call["sid"],
                key=key,
                to=call["to"],
                text=text,
                sent_at=self._clock(),
            )
        )

    def _ring(self, call: dict[str, Any], document: ElementTree.Element, told: str | None) -> None:
        """The key that they press is posted while the call lasts, its end when it is over."""
        end, key = self._ends.get(call["to"], "completed"), self._keys.get(call["to"])
        gather = document.find("Gather")
        if key is not None and gather is not None and end == "completed":
            pressed = {**self._told_of(call, "in-progress"), "Digits": key}
            self._callbacks.follow(gather.get("action"), lambda: [pressed])
        self._callbacks.follow(told, lambda: self._course(call, end))

    def _course(self, call: dict[str, Any], end: str) -> list[dict[str, str]]:
        """Take the call to its end; the one callback that tells of it."""
        call["status"], call["start_time"] = end, call["date_created"]
        call["duration"] = "12" if end == "completed" else None
        return [{**self._told_of(call, end), "CallbackSource": "call-progress-events"}]

    def _told_of(self, call: Mapping[str, Any], status: str) -> dict[str, str]:
        """https://www.twilio.com/docs/voice/twiml#request-parameters"""
        return {
            "CallSid": call["sid"],
            "AccountSid": self._account,
            "From": call["from"],
            "To": call["to"],
            "CallStatus": status,
            "Direction": "outbound-api",
            "ApiVersion": "2010-04-01",
        }

    def _list(self, request: Request) -> Response:
        query = request.query
        found = [call for call in reversed(self._calls.values()) if _matches(call, query)]
        uri = f"/2010-04-01/Accounts/{self._account}/Calls.json"
        return listing(uri, found, int(query.get("PageSize", "50")))


def _read(twiml: str) -> ElementTree.Element | None:
    try:
        document = ElementTree.fromstring(twiml)  # noqa: S314 - our own app wrote it, on this machine
    except ElementTree.ParseError:
        return None
    return document if document.tag == "Response" else None


def _matches(call: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    day = f"{parsedate_to_datetime(call['start_time'] or call['date_created']):%Y-%m-%d}"
    return (
        query.get("To", call["to"]) == call["to"]
        and query.get("From", call["from"]) == call["from"]
        and query.get("StartTime", day)[:10] == day
        and query.get("StartTime>", day)[:10] <= day <= query.get("StartTime<", day)[:10]
    )
