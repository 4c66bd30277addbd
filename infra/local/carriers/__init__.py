"""Stand-ins for X, Twilio, AWS SMS, WhatsApp, SES and the service desk: HTTP servers on 127.0.0.1.

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

from .aws_sms import AwsSmsStandIn
from .desk import DeskStandIn
from .mailbox import Accepted, Mailbox
from .push import HOST, PushStandIn
from .ses import SesStandIn
from .twilio import TwilioStandIn
from .whatsapp import API_VERSION, WhatsAppStandIn
from .x import XStandIn

__all__ = ["LOCAL_SECRETS", "Accepted", "Carriers", "Mailbox", "Urls"]

LOCAL_SECRETS: Mapping[str, str] = {
    "x_consumer_key": "local-x-key",
    "x_consumer_secret": "local-x-secret",
    "x_access_token": "local-x-token",
    "x_access_token_secret": "local-x-token-secret",
    "x_user_id": "999",
    "x_marked_automated": "true",
    "twilio_account_sid": "AC00000000000000000000000000000999",
    "twilio_auth_token": "local-twilio-token",
    "twilio_number": "+15550009999",
    "whatsapp_token": "local-whatsapp-token",
    "whatsapp_app_secret": "local-whatsapp-secret",
    "whatsapp_verify_token": "local-whatsapp-verify-token",
    "whatsapp_phone_number_id": "106540352242922",
    "aws_sms_identity": "+15550008888",
    "aws_sms_configuration_set": "rejoinder-local",
    "ses_sender": "hello@retailerxyz.example",
    "ses_reply_to": "care@retailerxyz.example",
    "ses_configuration_set": "rejoinder-local",
    "aws_access_key_id": "local",
    "aws_secret_access_key": "local",
    "vapid_private_key": "8zmgsa4ph4CvvxXlMz1nI-9cNfgKthwHcmZzWQUgvJo",
    "vapid_subject": "mailto:help@retailerxyz.example",
    "push_hosts": HOST,
    "handover_webhook_secret": "local-handover-secret",
}
"""What the stand-ins know their one client by: settings by their names, and the AWS key pair."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where they listen: roots, but for `whatsapp_url`, which has the version of the API, and
    `desk_url`, which is the webhook."""

    x_url: str
    twilio_url: str
    whatsapp_url: str
    aws_sms_url: str
    ses_url: str
    push_url: str
    desk_url: str


class Carriers:
    """All of them, over one mailbox; what one of them is to be told is told to `c.x` and so on."""

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
        self.whatsapp = WhatsAppStandIn(mailbox, clock, chance, known)
        self.aws_sms = AwsSmsStandIn(mailbox, clock, chance, known)
        self.ses = SesStandIn(mailbox, clock, chance, known)
        self.push = PushStandIn(mailbox, clock, chance, known)
        self.desk = DeskStandIn(mailbox, clock, chance, known)
        phones = (self.twilio, self.whatsapp, self.aws_sms)
        self._all = (self.x, *phones, self.ses, self.push, self.desk)

    def start(self) -> Urls:
        """Listen, each on a free port of 127.0.0.1."""
        return Urls(
            x_url=self.x.start(),
            twilio_url=self.twilio.start(),
            whatsapp_url=f"{self.whatsapp.start()}/{API_VERSION}",
            aws_sms_url=self.aws_sms.start(),
            ses_url=self.ses.start(),
            push_url=self.push.start(),
            desk_url=f"{self.desk.start()}/handovers",
        )

    def stop(self) -> None:
        """Stop listening, and return once every thread has ended."""
        stopping = [threading.Thread(target=standin.stop) for standin in self._all]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
