"""What became of messages to a customer, counted by channel and part of their day. Pure.

The counts are what the choice of a channel learns from. Never here: that choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ..model import Channel, Customer, OutboxStatus, Reach, Tally
from ..zones import daypart

ANSWERED_WITHIN: Final = timedelta(hours=24)
"""How long after a message a word of theirs on its channel counts as an answer to it."""

_SEEN: Final[frozenset[OutboxStatus]] = frozenset({"delivered", "read"})
_KNOWN: Final[frozenset[OutboxStatus]] = _SEEN | {"failed"}


def received(
    customer: Customer,
    channel: Channel,
    status: OutboxStatus,
    *,
    before: OutboxStatus,
    sent_at: datetime,
    at: datetime,
) -> Customer:
    """The customer after it became known what a message came to, `before` being known earlier;
    each message counts once for everything that is told of it."""
    if status not in _KNOWN:
        return customer
    told = {
        "tried": before not in _KNOWN,
        "reached": status in _SEEN and before not in _SEEN,
        "read": status == "read",
    }
    field = "last_failed_at" if status == "failed" else "last_delivered_at"
    return _counted(customer, channel, sent_at, told, {field: at})


def answered(customer: Customer, channel: Channel, *, sent_at: datetime, at: datetime) -> Customer:
    """The customer after they answered a message of ours: once, however often they do."""
    last = customer.reach.get(channel, Reach()).last_answered_at
    if last is not None and last >= sent_at:
        return customer
    return _counted(customer, channel, sent_at, {"answered": True}, {"last_answered_at": at})


def written(customer: Customer, channel: Channel, at: datetime) -> Customer:
    """The customer after they wrote there: an answer, if something of ours has just arrived."""
    ours = customer.reach.get(channel, Reach()).last_delivered_at
    if ours is not None and timedelta(0) <= at - ours <= ANSWERED_WITHIN:
        customer = answered(customer, channel, sent_at=ours, at=at)
    last = customer.reach.get(channel, Reach()).last_inbound_at
    # They may be told late, and out of order.
    return with_reach(customer, channel, {"last_inbound_at": max(at, last or at)})


def with_reach(customer: Customer, channel: Channel, told: Mapping[str, Any]) -> Customer:
    """The customer with this known of a channel."""
    reach = customer.reach.get(channel, Reach()).model_copy(update=told)
    return customer.model_copy(update={"reach": {**customer.reach, channel: reach}})


def _counted(
    customer: Customer,
    channel: Channel,
    sent_at: datetime,
    told: Mapping[str, bool],
    facts: Mapping[str, Any],
) -> Customer:
    part = daypart(customer, sent_at)
    tallies = customer.reach.get(channel, Reach()).tallies
    tally = tallies.get(part, Tally())
    counted = {name: getattr(tally, name) + is_so for name, is_so in told.items()}
    grown = {**tallies, part: tally.model_copy(update=counted)}
    return with_reach(customer, channel, {**facts, "tallies": grown})
