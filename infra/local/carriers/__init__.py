"""Stand-ins for X, Twilio, SES and the service desk: real HTTP servers on 127.0.0.1.

Lives here: the servers of one machine, started and stopped together, and the local credentials.
Never here: anything of Rejoinder's; they know it only by what it sends, and refuse what the real
ones refuse.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .desk import DeskStandIn
from .mailbox import Accepted, Mailbox
from .ses import SesStandIn
from .twilio import TwilioStandIn
from .x import XStandIn

__all__ = ["LOCAL_SECRETS", "Accepted", "Carriers", "Mailbox", "Urls"]

LOCAL_SECRETS: Mapping[str, str] = {
    "x_consumer_key": "local-x-key",
    "x_consumer_secret": "local-x-secret",
    "x_access_token": "local-x-token",
    "x_access_token_secret": "local-x-token-secret",
    "x_user_id": "999",
    "twilio_account_sid": "AC00000000000000000000000000000999",
    "twilio_auth_token": "local-twilio-token",
    "twilio_number": "+15550009999",
    "ses_sender": "hello@retailerxyz.example",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
    "handover_webhook_secret": "local-handover-secret",
}
"""What the stand-ins know their one client by: settings by their names, and the AWS key pair."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where they listen; `x_url`, `twilio_url`, `ses_url` are roots, `desk_url` is the webhook."""

    x_url: str
    twilio_url: str
    ses_url: str
    desk_url: str


class Carriers:
    """All four, over one mailbox; what is to be told to one of them is told to `c.x` and so on."""

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        clock: Callable[[], datetime],
        secrets: Mapping[str, str] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """`secrets` replaces some of LOCAL_SECRETS; `rng` makes ids (else the system's does)."""
        known = {**LOCAL_SECRETS, **(secrets or {})}
        chance = rng or random.SystemRandom()
        self.x = XStandIn(mailbox, clock, chance, known)
        self.twilio = TwilioStandIn(mailbox, clock, chance, known)
        self.ses = SesStandIn(mailbox, clock, chance, known)
        self.desk = DeskStandIn(mailbox, clock, chance, known)
        self._all = (self.x, self.twilio, self.ses, self.desk)

    def start(self) -> Urls:
        """Listen, each on a free port of 127.0.0.1."""
        x_url, twilio_url, ses_url, desk_url = (standin.start() for standin in self._all)
        return Urls(x_url, twilio_url, ses_url, f"{desk_url}/handovers")

    def stop(self) -> None:
        """Stop listening, and return once every thread has ended."""
        stopping = [threading.Thread(target=standin.stop) for standin in self._all]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
