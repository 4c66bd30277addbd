"""What has worked for a customer, by channel and part of the day. Pure.

A message that was not answered is worth half of one that was, one that did not arrive nothing. The
mean worth is estimated for the channel at all hours from what everybody's messages there are worth,
and for this part of the day from that (a beta-binomial shrinkage, twice: Gelman and others,
Bayesian Data Analysis, 5.3). A channel that they are writing on is as good as one that has just
been answered a few times. What is slow, or costs, counts for less.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ..model import Channel, Daypart, Reach, Tally
from .checks import Case

Worths = Mapping[str, float]
"""What everybody's messages are worth, 0 to 1, by `sms:evening` and so on; what is missing is as in
USUAL."""

USUAL: Final[Mapping[Channel, float]] = {
    Channel.SMS: 0.60,
    Channel.WHATSAPP: 0.62,
    Channel.X_DM: 0.52,
    Channel.X_REPLY: 0.45,
    Channel.EMAIL: 0.50,
    Channel.PUSH: 0.42,
    Channel.INBOX: 0.35,
    Channel.VOICE: 0.48,
}
"""Before anything is learned: to be read and argued with."""

WEIGHT: Final = 4.0
"""Messages that what is known of everybody, or of other hours, counts for."""
OF_EVERYBODY: Final = 40.0
"""Messages that USUAL counts for, where everybody's are counted."""
WRITING: Final = 4.0
"""Answered messages that writing there right now counts for."""

PROMPTNESS: Final[Mapping[Channel, float]] = {
    Channel.EMAIL: 0.8,
    Channel.VOICE: 0.7,
    Channel.INBOX: 0.6,
}
"""How much of an urgent message's worth is left where it is seen late, or comes as a call."""

USD_OF_AN_ANSWER: Final = 1.0
"""What an answered message is taken to be worth, against what it costs to send."""

_ARRIVED: Final = 0.5
_READ: Final = 0.1
"""Of those halves: what was read without an answer, where the channel tells, is a little more."""


class Standing(NamedTuple):
    """How a channel stands with a customer: the score, and what it comes from in words."""

    score: float
    text: str


def standing(case: Case, channel: Channel, part: Daypart, everybody: Worths) -> Standing:
    """How well a message does there now: 0 to 1, less what it costs."""
    tallies = case.reach(channel).tallies
    usual = everybody.get(_name(channel, part), USUAL[channel])
    overall = _shrunk(usual, tallies.values(), _writing(case, channel))
    now = _shrunk(overall, filter(None, [tallies.get(part)]))
    if case.urgent:
        now *= PROMPTNESS.get(channel, 1.0)
    score = now - case.question.costs.get(channel, 0.0) / USD_OF_AN_ANSWER
    return Standing(round(score, 6), _told(case, channel))


def everybodys(reaches: Iterable[Mapping[Channel, Reach]]) -> Worths:
    """What messages are worth by all that is counted of these customers; what came of none of them
    is left out. Nothing in it is anybody's."""
    sums, counts = defaultdict[str, float](float), Counter[str]()
    usual = dict[str, float]()
    for reach in reaches:
        for channel, known in reach.items():
            for part, tally in known.tallies.items():
                name = _name(channel, part)
                usual[name] = USUAL[channel]
                sums[name] += worth(tally)
                counts[name] += max(tally.tried, tally.answered)
    return {
        name: round((OF_EVERYBODY * usual[name] + sums[name]) / (OF_EVERYBODY + count), 4)
        for name, count in sorted(counts.items())
        if count
    }


def worth(tally: Tally) -> float:
    """Of all messages counted there, in answered ones."""
    unanswered = max(tally.reached - tally.answered, 0)
    read = min(tally.read, unanswered)
    return tally.answered + _ARRIVED * unanswered + _READ * read


def _name(channel: Channel, part: Daypart) -> str:
    return f"{channel.value}:{part}"


def _shrunk(prior: float, tallies: Iterable[Tally], answered: float = 0.0) -> float:
    known = list(tallies)
    count = sum(max(t.tried, t.answered) for t in known) + answered
    return (WEIGHT * prior + sum(map(worth, known)) + answered) / (WEIGHT + count)


def _writing(case: Case, channel: Channel) -> float:
    return WRITING if channel is case.question.originating else 0.0


def _told(case: Case, channel: Channel) -> str:
    parts = ["they wrote there"] if channel is case.question.originating else []
    known = case.reach(channel).tallies.values()
    tried, reached = sum(t.tried for t in known), sum(t.reached for t in known)
    answered = sum(t.answered for t in known)
    if tried or answered:
        messages = "message" if tried == 1 else "messages"
        parts.append(f"of {tried} {messages} there {reached} arrived and {answered} were answered")
    return ", and ".join(parts) or "nothing is known of messages there yet"
