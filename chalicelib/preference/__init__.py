"""Which channel carries a message to this customer at this moment, and why no other does. Pure.

    addresses     where they are reached            checks       what forbids a channel
    hours         when they may be written to       experience   what has worked for them

In this order: what they stated for the purpose, as far as consent, hours, caps and reachability
allow it; of the others that are allowed the one that has worked best for them, at this hour, less
what it costs. A few messages go elsewhere to learn whether that does better; how likely each choice
was is told. The same customer, question and moment give the same choice, and each of the eight
channels that is not chosen says why in words. Never here: what is said, and whether the provider
accepts it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from ..model import (
    Channel,
    ChannelQuestion,
    Customer,
    Preference,
    RankedChannel,
    Refusal,
)
from ..zones import daypart
from .addresses import address_of, endpoint_of
from .checks import NAMES, WHATSAPP_WINDOW, X_CHANNELS, Case, against_marketing, is_personal
from .checks import refusal as _refusal
from .checks import refuse as _refuse
from .experience import USUAL, Standing, Worths, everybodys, standing
from .hours import ContactRules, Hours

__all__ = [
    "NAMES",
    "TRIED_OUT",
    "USUAL",
    "WHATSAPP_WINDOW",
    "X_CHANNELS",
    "ContactRules",
    "Hours",
    "Worths",
    "address_of",
    "choose",
    "endpoint_of",
    "everybodys",
    "refused",
]

TRIED_OUT: Final = 0.04
"""How often a message goes by another channel than the best, to learn how that does."""

_NEVER_TRIED_OUT: Final = frozenset({Channel.VOICE, Channel.X_REPLY})
"""Nobody is called, or written to in public, to see how they take it."""

_NOTHING_LEARNED: Final[Worths] = {}


def choose(
    customer: Customer,
    question: ChannelQuestion,
    now: datetime,
    everybody: Worths = _NOTHING_LEARNED,
) -> Preference:
    """The channel for one message, with what it may carry and why each other was passed over.

    `everybody` is what messages of all customers are worth, by channel and part of the day. The
    answer to STOP, START or HELP goes back where the word came from, whatever stands on record, and
    never carries marketing.
    """
    case = Case(customer, question, now)
    refused = {c: r for c in Channel if (r := _refusal(case, c)) is not None}
    ranking = _ranked(case, [c for c in Channel if c not in refused], everybody)
    if not ranking:
        why = "no channel may carry this message"
        return Preference(why=why, refused=tuple(refused.values()), personal=False)
    chosen = _drawn(ranking, question.seed)
    why = chosen.text if chosen is ranking[0] else f"tried out, to learn how it does: {chosen.text}"
    first = f"{NAMES[chosen.channel]}: {why}"
    others = (
        refused.get(c) or _refuse(c, "not_preferred", first)
        for c in Channel
        if c is not chosen.channel
    )
    against = against_marketing(case, chosen.channel)
    return Preference(
        chosen=chosen.channel,
        to=address_of(customer, chosen.channel),
        why=why,
        refused=tuple(others),
        marketing=against is None,
        marketing_refusal=against,
        personal=is_personal(case, chosen.channel),
        probability=chosen.probability,
        ranking=tuple(ranking),
    )


def refused(
    customer: Customer,
    question: ChannelQuestion,
    channel: Channel,
    now: datetime,
    *,
    marketing: bool,
) -> Refusal | None:
    """Why what was worded for this channel earlier may not go out there now; None when it may."""
    case = Case(customer, question, now)
    return _refusal(case, channel) or (against_marketing(case, channel) if marketing else None)


def _ranked(case: Case, open_: list[Channel], everybody: Worths) -> list[RankedChannel]:
    """Those that may carry it, best first, each with how likely it is to be chosen."""
    part = daypart(case.customer, case.now)
    standings = {c: standing(case, c, part, everybody) for c in open_}
    purpose = case.question.purpose
    stated = [] if case.question.confirming else case.customer.preferences.get(purpose, ())
    first = list(dict.fromkeys(c for c in stated if c in standings))
    order = sorted(standings, key=lambda c: (-standings[c].score, c))
    ranked = [*first, *(c for c in order if c not in first)]
    return [
        _told(c, standings[c], chance, f"they prefer it for {purpose} messages" if first else None)
        if n == 0
        else _told(c, standings[c], chance)
        for n, (c, chance) in enumerate(zip(ranked, _chances(ranked, bool(first)), strict=True))
    ]


def _told(
    channel: Channel, found: Standing, chance: float, why: str | None = None
) -> RankedChannel:
    return RankedChannel(
        channel=channel, score=found.score, probability=chance, text=why or found.text
    )


def _chances(ranked: list[Channel], stated: bool) -> list[float]:
    """The best one's, but for the few messages that are shared by those worth a try."""
    tried = [] if stated else [c for c in ranked[1:] if c not in _NEVER_TRIED_OUT]
    if not tried:
        return [float(n == 0) for n in range(len(ranked))]
    each = TRIED_OUT / len(tried)
    return [1.0 - TRIED_OUT, *(each if c in tried else 0.0 for c in ranked[1:])]


def _drawn(ranking: list[RankedChannel], seed: int) -> RankedChannel:
    if len(ranking) > 1 and ranking[0].probability < 1.0:
        digest = hashlib.sha256(f"channel:{seed}".encode()).digest()
        drawn = int.from_bytes(digest[:6]) / 2**48
        for ranked in ranking:
            drawn -= ranked.probability
            if drawn < 0:
                return ranked
    return ranking[0]
