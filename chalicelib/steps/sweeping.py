"""What a crash left: entries that were promised and never settled, finished one by one.

An entry known not to have gone out is sent again. One that may have gone out is asked of its
provider: found, it is settled; surely not there, it is sent; where nobody can tell, it is recorded
as unknown and never blindly repeated.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ..model import (
    ConsentState,
    Customer,
    Intent,
    InteractionRecord,
    Message,
    OutboxEntry,
    Purpose,
    Reply,
    Restock,
    SendResult,
)
from ..preference import refused
from . import tallies
from .channels import question_about
from .rooms import Rooms

MAX_ATTEMPTS = 10

CONFIRMED = frozenset({Intent.OPT_OUT, Intent.OPT_IN, Intent.HELP})
"""Answered where the word came from, whatever else stands on record."""

CONFIRM_WITHIN = timedelta(minutes=5)
"""After that, a confirmation of STOP would be one more message that they did not want."""

NO_LEAVE = "no_leave"
"""The code of a reply that may not go out as it is worded any more: it is worded anew."""


def has_failed(entry: OutboxEntry) -> bool:
    """Whether it did not arrive, and there is somebody whom it could reach another way."""
    return isinstance(entry.body, Reply) and entry.status == "failed"


def has_stopped(entry: OutboxEntry) -> bool:
    """Whether it got as far as it will on its way: it failed, or lies there unread."""
    return has_failed(entry) or entry.status in ("sent", "delivered")


def verdict(entry: OutboxEntry, rooms: Rooms) -> SendResult | None:
    """What to record of an overdue entry; None: it is to be sent now."""
    if not isinstance(entry.body, Reply):
        # The desk knows the entry by its key: a repeat is recognised there.
        return None if entry.attempts < MAX_ATTEMPTS else _closed(entry, "gave_up")
    if entry.status != "retry":
        return _reconciled(entry, entry.body, rooms)
    if entry.attempts >= MAX_ATTEMPTS:
        return _closed(entry, "gave_up")
    return _unless_barred(entry.body, entry, rooms)


def _reconciled(entry: OutboxEntry, reply: Reply, rooms: Rooms) -> SendResult | None:
    carrier = rooms.carriers.get(reply.channel)
    receipt = carrier.status(entry) if carrier else None
    if receipt is None:
        return SendResult(status="unknown", provider=carrier.provider if carrier else "none")
    if receipt.status == "absent" and entry.status == "unknown":
        # It was sent once, and is not there: lists may lag, so it is not sent twice.
        return _closed(entry, "not_found")
    if receipt.status == "absent":
        return _unless_barred(reply, entry, rooms)
    failed = receipt.status == "failed"
    return SendResult(
        status="failed" if failed else "sent",
        provider=receipt.provider,
        provider_id=receipt.provider_id,
        code=receipt.code,
    )


@tallies.consent_check
def _unless_barred(reply: Reply, entry: OutboxEntry, rooms: Rooms) -> SendResult | None:
    """None where it may go out now; else how it ends.

    A refusal that was heard since the reply was decided takes effect before it is sent, whenever it
    was said; what the carriers ask of us besides is the confirmation of it. Hours, and the window
    of a conversation, may have passed as well.
    """
    customer = rooms.customers.living(entry.customer_id)
    record = rooms.ledger.interaction(entry.interaction_id)
    if customer is None:
        return _closed(entry, "consent_withdrawn")
    if record is not None and entry.code != NO_LEAVE:
        tallies.still_waits(record.interaction)
    confirms = _confirms(record)
    if _refused(customer, reply):
        in_time = rooms.clock() - entry.committed_at <= CONFIRM_WITHIN
        if in_time and confirms and reply.purpose is Purpose.SERVICE:
            return None
        return _closed(entry, "consent_withdrawn")
    if record is None or not isinstance(record.interaction.body, Message | Restock):
        return None
    question = question_about(rooms, record.interaction, confirming=confirms)
    marketing = reply.purpose is Purpose.MARKETING
    now = rooms.clock()
    barred = refused(customer, question, reply.channel, now, marketing=marketing)
    if barred is None:
        return None
    if barred.reason == "quiet_hours" and customer.daytime_only:
        return _postponed(entry, rooms.contact_rules.next_time(customer, now))
    return _closed(entry, NO_LEAVE)


def _refused(customer: Customer, reply: Reply) -> bool:
    """Whether they refused there what the reply is for, or everything."""
    standing = (customer.consent(reply.channel, p) for p in {reply.purpose, Purpose.SERVICE})
    return any(c is not None and c.state is ConsentState.DENIED for c in standing)


def _confirms(record: InteractionRecord | None) -> bool:
    """Whether what is said to it is the one answer to STOP, START or HELP."""
    said = record.understanding if record else None
    return said is not None and said.intent in CONFIRMED


def _postponed(entry: OutboxEntry, until: datetime) -> SendResult:
    """Until their hours: who asked for messages by day alone is not to miss the answer."""
    provider = entry.provider or "none"
    return SendResult(status="retry", provider=provider, code=NO_LEAVE, retry_at=until)


def _closed(entry: OutboxEntry, code: str) -> SendResult:
    return SendResult(status="failed", provider=entry.provider or "none", code=code)
