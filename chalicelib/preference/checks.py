"""What forbids a channel: the first check that it fails, as a reason code and in words.

Held at the moment of choosing, and once more right before a send that was decided earlier. Never
here: which of the channels that are allowed is best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

from ..model import (
    Channel,
    ChannelQuestion,
    ConsentState,
    Customer,
    Purpose,
    Reach,
    Refusal,
)
from ..zones import Place, places
from .addresses import MISSING, address_of
from .hours import ContactRules

X_CHANNELS = frozenset({Channel.X_REPLY, Channel.X_DM})

WHATSAPP_WINDOW = timedelta(hours=24)
"""How long after their last message WhatsApp lets a business write freely."""

_UNTOUCHED = Reach()


@dataclass(frozen=True)
class Case:
    """One customer, one message, one moment."""

    customer: Customer
    question: ChannelQuestion
    now: datetime

    @cached_property
    def rules(self) -> ContactRules:
        return ContactRules.of(self.question)

    @cached_property
    def places(self) -> frozenset[Place]:
        """Where they may be; none where nothing is known."""
        return places(self.customer)

    @cached_property
    def in_hours(self) -> bool:
        """Whether it is within contact hours wherever they may be."""
        return self.rules.hold(self.now, self.places)

    @cached_property
    def available(self) -> frozenset[Channel]:
        return frozenset(self.question.available)

    def reach(self, channel: Channel) -> Reach:
        return self.customer.reach.get(channel, _UNTOUCHED)

    @property
    def urgent(self) -> bool:
        """They have just asked, and wait."""
        return self.question.purpose is Purpose.SERVICE and self.question.originating is not None

    @property
    def unlinked(self) -> bool:
        return not self.customer.x_linked_with_opt_in


def refusal(case: Case, channel: Channel) -> Refusal | None:
    """Why the channel may not carry the message; None when it may."""
    if case.question.confirming and channel != case.question.originating:
        return refuse(channel, "confirmation", "a confirmation goes back where it was asked for")
    for check in _OF_CONFIRMATIONS if case.question.confirming else _CHECKS:
        if (found := check(case, channel)) is not None:
            return found
    return None


def against_marketing(case: Case, channel: Channel) -> Refusal | None:
    """Why the channel may not carry marketing along; None when it may."""
    if case.question.confirming:
        return refuse(channel, "confirmation", "a confirmation carries nothing else")
    return _marketing_consent(case, channel) or _out_of_hours(case, channel)


def is_personal(case: Case, channel: Channel) -> bool:
    """Whether what is written there may draw on the customer's record."""
    return channel is not Channel.X_REPLY and not (channel in X_CHANNELS and case.unlinked)


@lru_cache(maxsize=512)
def refuse(channel: Channel, reason: str, text: str) -> Refusal:
    return Refusal(channel=channel, reason=reason, text=text)


def _untried(case: Case, channel: Channel) -> Refusal | None:
    if channel in case.question.tried:
        return refuse(channel, "tried", "this message did not arrive there")
    return None


def _reachable(case: Case, channel: Channel) -> Refusal | None:
    if channel not in case.available:
        return refuse(channel, "not_configured", "we do not send there")
    if address_of(case.customer, channel) is None:
        return refuse(channel, "no_address", MISSING[channel])
    return None


def _linked(case: Case, channel: Channel) -> Refusal | None:
    """Handle and profile meet only with the customer's opt-in, in either direction."""
    if not case.unlinked:
        return None
    on_x = case.question.originating in X_CHANNELS
    known_elsewhere = any(case.customer.address(n) for n in ("phone", "email"))
    if (on_x and channel not in X_CHANNELS) or (
        not on_x and channel in X_CHANNELS and known_elsewhere
    ):
        text = "they have not agreed to link their X account with their record"
        return refuse(channel, "not_linked", text)
    return None


def _conversation(case: Case, channel: Channel) -> Refusal | None:
    """X is answered only where they spoke to us; WhatsApp only within its window."""
    inbound = case.reach(channel).last_inbound_at
    writing = channel is case.question.originating
    if channel is Channel.X_REPLY:
        if not (writing and case.question.public):
            return refuse(channel, "no_public_post", "there is no public post of theirs to answer")
    elif channel is Channel.X_DM and not writing and inbound is None:
        return refuse(channel, "no_conversation", "they have never sent us a direct message")
    elif channel is Channel.WHATSAPP and not _window_is_open(case, inbound, writing):
        text = "WhatsApp allows free text only within 24 hours of their last message"
        return refuse(channel, "no_conversation", text)
    return None


def _window_is_open(case: Case, inbound: datetime | None, writing: bool) -> bool:
    """Whether their last message, be it the one that is answered, is less than a day old."""
    heard = [inbound, (case.question.written_at or case.now) if writing else None]
    return any(at is not None and case.now - at < WHATSAPP_WINDOW for at in heard)


def _suppressed(case: Case, channel: Channel) -> Refusal | None:
    if why := case.reach(channel).suppressed:
        return refuse(channel, "suppressed", f"nothing is sent there any more: {why}")
    return None


def _consented(case: Case, channel: Channel) -> Refusal | None:
    if case.question.purpose is Purpose.MARKETING:
        return _marketing_consent(case, channel)
    consent = case.customer.consent(channel, Purpose.SERVICE)
    if consent is not None and consent.state is ConsentState.DENIED:
        return refuse(channel, "consent", "they refused messages there")
    granted = consent is not None and consent.state is ConsentState.GRANTED
    if channel is Channel.VOICE:
        asked = granted
    else:
        stated = channel in case.customer.preferences.get(Purpose.SERVICE, ())
        asked = granted or stated or channel is case.question.originating
    if not asked:
        return refuse(channel, "consent", "they have not agreed to be reached there")
    return None


def _marketing_consent(case: Case, channel: Channel) -> Refusal | None:
    if channel is Channel.X_REPLY:
        return refuse(channel, "public", "nothing promotional is ever posted in public")
    consent = case.customer.consent(channel, Purpose.MARKETING)
    if consent is not None and consent.state is ConsentState.DENIED:
        return refuse(channel, "consent", "they refused marketing there")
    if consent is None or consent.state is not ConsentState.GRANTED:
        return refuse(channel, "consent", "they have not agreed to marketing there")
    if not is_personal(case, channel):
        text = "they have not agreed to link their X account with their record"
        return refuse(channel, "not_linked", text)
    return None


def _in_hours(case: Case, channel: Channel) -> Refusal | None:
    """Marketing, any call, and whatever goes to who asked for messages by day alone, keeps to the
    hours of every place where they may be."""
    answer = case.question.purpose is Purpose.SERVICE and channel is not Channel.VOICE
    if answer and not case.customer.daytime_only:
        return None
    return _out_of_hours(case, channel)


def _out_of_hours(case: Case, channel: Channel) -> Refusal | None:
    if not case.places:
        return refuse(channel, "zone_unknown", "their time zone is not known")
    if not case.in_hours:
        return refuse(channel, "quiet_hours", "it is, or may be, outside contact hours for them")
    return None


_CHECKS = (_untried, _reachable, _linked, _conversation, _suppressed, _consented, _in_hours)
_OF_CONFIRMATIONS = (_reachable, _conversation)

NAMES: Mapping[Channel, str] = {
    Channel.X_REPLY: "a public reply on X",
    Channel.X_DM: "a direct message on X",
    Channel.SMS: "text message",
    Channel.EMAIL: "e-mail",
    Channel.WHATSAPP: "WhatsApp",
    Channel.VOICE: "a phone call",
    Channel.PUSH: "a push notification",
    Channel.INBOX: "the inbox on the site",
}
