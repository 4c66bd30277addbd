"""Which channel carries a message to this customer at this moment, and why no other does. Pure.

The order is: the preference they stated for the purpose, the channel where messages last got
through, the channel they wrote on, then channels they agreed to. The first of these that every
check lets through is chosen; each of the eight channels that is not says why in words. Never here:
what is said, and whether the provider accepts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .errors import ConfigurationError
from .model import (
    Channel,
    ConsentState,
    Customer,
    Message,
    Preference,
    Purpose,
    Reach,
    Refusal,
)
from .zones import places

X_CHANNELS = frozenset({Channel.X_REPLY, Channel.X_DM})

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

_ADDRESSES: Mapping[Channel, tuple[str, str]] = {
    Channel.X_REPLY: ("x", "no X account is on record"),
    Channel.X_DM: ("x", "no X account is on record"),
    Channel.SMS: ("phone", "no phone number is on record"),
    Channel.WHATSAPP: ("phone", "no phone number is on record"),
    Channel.VOICE: ("phone", "no phone number is on record"),
    Channel.EMAIL: ("email", "no e-mail address is on record"),
}

WHATSAPP_WINDOW = timedelta(hours=24)
"""How long after their last message WhatsApp lets a business write freely."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily span in local time, from `start` until just before `end`."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Hours:
        """`08:00-21:00`; `24:00` ends the day. ConfigurationError for anything else."""
        matched = re.fullmatch(r"(\d\d:[0-5]\d)-(\d\d:[0-5]\d)", text.strip())
        if matched is not None:
            start, end = matched[1], "23:59:59.999999" if matched[2] == "24:00" else matched[2]
            try:
                hours = cls(time.fromisoformat(start), time.fromisoformat(end))
            except ValueError:
                hours = None
            if hours is not None and hours.start < hours.end:
                return hours
        raise ConfigurationError('contact hours are written "08:00-21:00", earlier-later')

    def hold(self, at: datetime, zone: str) -> bool:
        """Whether `at` lies within the span on the clocks of `zone`."""
        return self.start <= at.astimezone(ZoneInfo(zone)).time() < self.end


@dataclass(frozen=True, slots=True)
class ContactRules:
    """When marketing may go out: everywhere, and by ISO 3166 country where the law differs."""

    hours: Hours = Hours(time(8), time(21))
    by_country: Mapping[str, Hours] = field(default_factory=dict)

    @classmethod
    def parse(cls, hours: str, by_country: Mapping[str, str] | None = None) -> ContactRules:
        """From the settings' plain strings. ConfigurationError for what is not a span of hours."""
        countries = {c.upper(): Hours.parse(span) for c, span in (by_country or {}).items()}
        return cls(Hours.parse(hours), countries)

    def hours_in(self, country: str | None) -> Hours:
        return self.by_country.get(country or "", self.hours)


@dataclass(frozen=True, slots=True)
class _Case:
    customer: Customer
    purpose: Purpose
    originating: Channel | None
    message: Message | None
    now: datetime
    rules: ContactRules
    available: frozenset[Channel]
    confirming: bool

    def reach(self, channel: Channel) -> Reach:
        return self.customer.reach.get(channel) or Reach()

    @property
    def unlinked(self) -> bool:
        return not self.customer.x_linked_with_opt_in


def choose(
    customer: Customer,
    *,
    purpose: Purpose,
    originating: Channel | None,
    message: Message | None,
    now: datetime,
    rules: ContactRules,
    available: frozenset[Channel],
    confirming: bool = False,
) -> Preference:
    """The channel for one message, with what it may carry and why each other was passed over.

    `originating` is where they wrote, None for a proactive message; `available` are the channels
    that have a carrier. `confirming` is for the one answer to STOP, START or HELP: it goes back
    where the word came from, whatever stands on record, and never carries marketing.
    """
    case = _Case(customer, purpose, originating, message, now, rules, available, confirming)
    refused = {c: r for c in Channel if (r := _refusal(case, c)) is not None}
    ranked = [(c, why) for c, why in _ranking(case) if c not in refused]
    if not ranked:
        why = "no channel may carry this message"
        return Preference(why=why, refused=tuple(refused.values()), personal=False)
    chosen, why = ranked[0]
    first = f"{NAMES[chosen]}: {why}"
    others = (refused.get(c) or _refuse(c, "not_preferred", first) for c in Channel if c != chosen)
    against = _against_marketing(case, chosen)
    return Preference(
        chosen=chosen,
        to=customer.address(_ADDRESSES[chosen][0]),
        why=why,
        refused=tuple(others),
        marketing=against is None,
        marketing_refusal=against,
        personal=_personal(case, chosen),
    )


def _ranking(case: _Case) -> Iterator[tuple[Channel, str]]:
    """Candidates, best first, each with the reason that puts it there; may name one twice."""
    if not case.confirming:
        for channel in case.customer.preferences.get(case.purpose, ()):
            yield channel, f"they prefer it for {case.purpose} messages"
        for channel in _worked(case):
            yield channel, "messages last got through there"
    if case.originating is not None:
        yield case.originating, "they wrote there"
    if not case.confirming:
        granted = (c for c in case.customer.consents if c.state is ConsentState.GRANTED)
        for consent in sorted(granted, key=lambda c: (c.at, c.channel), reverse=True):
            if consent.purpose is case.purpose:
                yield consent.channel, f"they agreed to {case.purpose} messages there"


def _worked(case: _Case) -> list[Channel]:
    """Channels that worked and have not failed since, the most recent first."""
    never = datetime.min.replace(tzinfo=UTC)
    found = []
    for channel, reach in case.customer.reach.items():
        at = max(reach.last_inbound_at or never, reach.last_delivered_at or never)
        if at > (reach.last_failed_at or never):
            found.append((at, channel))
    return [channel for _, channel in sorted(found, reverse=True)]


def _refusal(case: _Case, channel: Channel) -> Refusal | None:
    """The first check that `channel` fails, as a reason code and words."""
    checks = (_reachable, _conversation) if case.confirming else _CHECKS
    if case.confirming and channel != case.originating:
        return _refuse(channel, "confirmation", "a confirmation goes back where it was asked for")
    for check in checks:
        if (refusal := check(case, channel)) is not None:
            return refusal
    return None


@lru_cache(maxsize=512)
def _refuse(channel: Channel, reason: str, text: str) -> Refusal:
    return Refusal(channel=channel, reason=reason, text=text)


def _reachable(case: _Case, channel: Channel) -> Refusal | None:
    if channel not in case.available:
        return _refuse(channel, "not_configured", "we do not send there")
    namespace, missing = _ADDRESSES.get(channel, ("", "no address of theirs is on record"))
    if not namespace or case.customer.address(namespace) is None:
        return _refuse(channel, "no_address", missing)
    return None


def _linked(case: _Case, channel: Channel) -> Refusal | None:
    """Handle and profile meet only with the customer's opt-in, in either direction."""
    if not case.unlinked:
        return None
    on_x = case.originating in X_CHANNELS
    known_elsewhere = any(case.customer.address(n) for n in ("phone", "email"))
    if (on_x and channel not in X_CHANNELS) or (
        not on_x and channel in X_CHANNELS and known_elsewhere
    ):
        text = "they have not agreed to link their X account with their record"
        return _refuse(channel, "not_linked", text)
    return None


def _conversation(case: _Case, channel: Channel) -> Refusal | None:
    """X is answered only where they spoke to us; WhatsApp only within its window."""
    inbound = case.reach(channel).last_inbound_at
    writing = channel is case.originating
    if channel is Channel.X_REPLY:
        public = case.message is not None and case.message.channel is Channel.X_REPLY
        if not (writing and public):
            return _refuse(channel, "no_public_post", "there is no public post of theirs to answer")
    elif channel is Channel.X_DM and not writing and inbound is None:
        return _refuse(channel, "no_conversation", "they have never sent us a direct message")
    elif (
        channel is Channel.WHATSAPP
        and not writing
        and (inbound is None or case.now - inbound >= WHATSAPP_WINDOW)
    ):
        text = "WhatsApp allows free text only within 24 hours of their last message"
        return _refuse(channel, "no_conversation", text)
    return None


def _suppressed(case: _Case, channel: Channel) -> Refusal | None:
    if why := case.reach(channel).suppressed:
        return _refuse(channel, "suppressed", f"nothing is sent there any more: {why}")
    return None


def _consented(case: _Case, channel: Channel) -> Refusal | None:
    if case.purpose is Purpose.MARKETING:
        return _marketing_consent(case, channel)
    consent = case.customer.consent(channel, Purpose.SERVICE)
    if consent is not None and consent.state is ConsentState.DENIED:
        return _refuse(channel, "consent", "they refused messages there")
    granted = consent is not None
    if channel is Channel.VOICE:
        asked = granted
    else:
        stated = channel in case.customer.preferences.get(Purpose.SERVICE, ())
        asked = granted or stated or channel is case.originating
    if not asked:
        return _refuse(channel, "consent", "they have not agreed to be reached there")
    return None


def _marketing_consent(case: _Case, channel: Channel) -> Refusal | None:
    if channel is Channel.X_REPLY:
        return _refuse(channel, "public", "nothing promotional is ever posted in public")
    consent = case.customer.consent(channel, Purpose.MARKETING)
    if consent is None:
        return _refuse(channel, "consent", "they have not agreed to marketing there")
    if consent.state is ConsentState.DENIED:
        return _refuse(channel, "consent", "they refused marketing there")
    if not _personal(case, channel):
        text = "they have not agreed to link their X account with their record"
        return _refuse(channel, "not_linked", text)
    return None


def _in_hours(case: _Case, channel: Channel) -> Refusal | None:
    """Marketing, and any call, keeps to the hours of every place where they may be."""
    if case.purpose is Purpose.SERVICE and channel is not Channel.VOICE:
        return None
    return _out_of_hours(case, channel)


def _out_of_hours(case: _Case, channel: Channel) -> Refusal | None:
    where = places(case.customer)
    if not where:
        return _refuse(channel, "zone_unknown", "their time zone is not known")
    if not all(case.rules.hours_in(p.country).hold(case.now, p.zone) for p in where):
        return _refuse(channel, "quiet_hours", "it is, or may be, outside contact hours for them")
    return None


_CHECKS = (_reachable, _linked, _conversation, _suppressed, _consented, _in_hours)


def _personal(case: _Case, channel: Channel) -> bool:
    """Whether what is written there may draw on the customer's record."""
    return channel is not Channel.X_REPLY and not (channel in X_CHANNELS and case.unlinked)


def _against_marketing(case: _Case, channel: Channel) -> Refusal | None:
    """Why the chosen channel may not carry marketing along; None when it may."""
    if case.confirming:
        return _refuse(channel, "confirmation", "a confirmation carries nothing else")
    return _marketing_consent(case, channel) or _out_of_hours(case, channel)
