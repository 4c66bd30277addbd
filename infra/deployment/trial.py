"""The steps by which a running Rejoinder is tried, as the public, as Twilio and as an operator.

Lives here: who the customer is, what they ask, and what each step has to come to. Never here:
which deployment is tried, and a secret, number or text in what is told.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.settings import Settings

from ..local import callers
from .access import JSON
from .calls import Answer, Caller, SmokeError, Times

CUSTOMER = "smoke-test"
BROWSER = "smoke-test"
PHONE = "+12025550142"
"""Nobody's: 555-0100 to 555-0199 are set aside for fiction in every area code.
https://nationalnanpa.com/pdf/NRUF/ATIS-0300115.pdf"""
QUESTION = "Where is my order SMOKE-000?"
"""Answered alike whatever the catalog holds, with no offer beside it, and by nobody at the desk."""

_STATED = {
    "identities": [f"phone:{PHONE}", f"anonymous:{BROWSER}"],
    "profile": {"first_name": "Smoke", "language": "en"},
    "preferences": {"service": ["inbox"]},
    "consents": [
        {"channel": "sms", "purpose": purpose, "state": "denied", "source": "smoke test"}
        for purpose in ("service", "marketing")
    ],
}
"""They refuse texts: were the inbox closed to them, nothing would be sent at all."""

_NOT_YET = {403, 404, 500, 502, 503, 504}
"""What an API answers whose deployment is not in effect everywhere yet."""
_NOT_NOW = {409, 503}
"""What an erasure answers while others change the same record, or a table is busy."""

Tell = Callable[[str], None]


class Trial:
    """One run's steps. Each raises SmokeError."""

    def __init__(
        self, caller: Caller, signing: Settings, rng: random.Random, times: Times, tell: Tell
    ) -> None:
        self._caller = caller
        self._signing = signing
        self._rng = rng
        self._times = times
        self._tell = tell
        self._last = times.clock()

    def look_alive(self) -> None:
        """A new deployment of an API takes a moment to be served."""
        what = "GET /healthz is answered"
        health = self._answered(
            lambda: self._caller.call("GET", "/healthz", {}), {200}, _NOT_YET, what
        )
        self._told(f"GET /healthz: {health.document.get('status')}")

    def state_customer(self) -> None:
        stated = self._caller.operate("PUT", f"/customers/{CUSTOMER}", _STATED)
        self._hold(stated, 200, "an operator")
        stranger = self._caller.call("GET", f"/customers/{CUSTOMER}", {"Content-Type": JSON})
        if stranger.status not in (401, 403):
            raise SmokeError(f"an operator's route answers {stranger.status} to anybody")
        self._told("an operator states the test's customer; nobody else may")

    def refuse_strangers(self) -> None:
        """A text that is signed with something else."""
        wrong = f"{self._rng.getrandbits(128):032x}"
        forger = self._signing.model_validate(
            {"public_url": self._signing.public_url, "twilio_auth_token": wrong}
        )
        self._hold(self._text(forger)[1], 401, "a forged text")
        self._told("a forged text is refused")

    def open_inbox(self) -> bool:
        """Have their browser vouched for; whether there is an inbox that they can be shown."""
        secret = self._signing.identity_secret.get_secret_value()
        headers = {**self._page(), "X-Anonymous-Id": BROWSER}
        listed = self._caller.call("GET", "/inbox", headers).status
        if listed not in (200, 404):
            raise SmokeError(f"a page that asks for its inbox is answered {listed}")
        if listed == 404 or not secret:
            why = "the stage keeps no inbox" if listed == 404 else "it has no identity_secret"
            self._told(f"skipped: an answer in the inbox, because {why}")
            return False
        self._vouch(secret)
        return True

    def _vouch(self, secret: str) -> None:
        message_id = f"smoke-{self._rng.getrandbits(128):032x}"
        proof = hmac.new(secret.encode(), CUSTOMER.encode(), hashlib.sha256).hexdigest()
        event = {
            "messageId": message_id,
            "userId": CUSTOMER,
            "anonymousId": BROWSER,
            "context": {"identityProof": proof},
        }
        body = json.dumps(event).encode()
        self._hold(self._caller.call("POST", "/v1/identify", self._page(), body), 200, "a page")
        self._record_of(f"web:{message_id}")
        self._told("a page's event is taken, queued and worked on")

    def ask(self, *, has_inbox: bool) -> None:
        interaction_id, answer = self._text(self._signing)
        self._hold(answer, 200, "a signed text")
        self._told("a signed text is taken")
        record = self._record_of(interaction_id)
        ways = [(r["channel"], r["receipt"]["status"]) for r in record["replies"]]
        wanted = ("answered", [("inbox", "sent")]) if has_inbox else ("ignored", [])
        if (record["status"], ways) != wanted:
            became = f"{record['status']}, {ways or 'no reply'}"
            raise SmokeError(f"{interaction_id} became {became}; wanted {wanted[0]}, {wanted[1]}")
        self._told(
            "it is answered, in the inbox and nowhere else"
            if has_inbox
            else "it is worked on, and as they can be reached nowhere, nothing goes out"
        )

    def erase(self, what: str) -> None:
        """Their record, and all that is kept of the test. None is as good."""
        path = f"/customers/{CUSTOMER}"
        said = f"erasing {what} is answered"
        erased = self._answered(
            lambda: self._caller.operate("DELETE", path), {200, 404}, _NOT_NOW, said
        )
        if erased.status == 200:
            self._told(f"{what} is erased")

    def _answered(
        self, ask: Callable[[], Answer], wanted: set[int], passing: set[int], what: str
    ) -> Answer:
        """The first answer that is wanted; what may pass is asked for again. Raises SmokeError."""
        last: list[int] = []

        def why() -> str:
            return f"{what} {last[-1]}, not {min(wanted)}"

        def look() -> Answer | None:
            answer = ask()
            last.append(answer.status)
            if answer.status not in wanted | passing:
                raise SmokeError(why())
            return answer if answer.status in wanted else None

        return self._times.until(look, why)

    def _text(self, signing: Settings) -> tuple[str, Answer]:
        """The id that the interaction is to have, and the webhook's answer."""
        call = callers.text_message(signing, PHONE, QUESTION, rng=self._rng)
        answer = self._caller.call("POST", call.path, call.headers, call.body)
        return call.interaction_id, answer

    def _record_of(self, interaction_id: str) -> Mapping[str, Any]:
        """What became of it, once it was worked on and all its replies are with their carriers."""

        def look() -> Mapping[str, Any] | None:
            answer = self._caller.operate("GET", f"/interactions/{interaction_id}")
            if answer.status == 404:
                return None
            self._hold(answer, 200, "an operator")
            replies = answer.document["replies"]
            pending = any(r["receipt"]["status"] == "pending" for r in replies)
            return None if pending else answer.document

        return self._times.until(look, lambda: f"{interaction_id} is not worked on")

    def _page(self) -> Mapping[str, str]:
        key = base64.b64encode(f"{self._signing.write_key.get_secret_value()}:".encode()).decode()
        return {"Authorization": f"Basic {key}", "Content-Type": JSON}

    def _hold(self, answer: Answer, status: int, who: str) -> None:
        if answer.status != status:
            code = answer.document.get("error", {}).get("code", "no code")
            raise SmokeError(f"{who} is answered {answer.status} ({code}), not {status}")

    def _told(self, line: str) -> None:
        now = self._times.clock()
        self._tell(f"  ok  {line} ({now - self._last:.1f} s)")
        self._last = now
