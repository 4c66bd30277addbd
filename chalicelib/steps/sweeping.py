"""What a crash left: entries that were promised and never settled, finished one by one.

An entry known not to have gone out is sent again. One that may have gone out is asked of its
provider: found, it is settled; surely not there, it is sent; where nobody can tell, it is recorded
as unknown and never blindly repeated.
"""

from __future__ import annotations

from datetime import timedelta

from ..model import (
    ConsentState,
    Customer,
    OutboxEntry,
    Purpose,
    Reply,
    SendResult,
)
from .rooms import Rooms

MAX_ATTEMPTS = 10

CONFIRM_WITHIN = timedelta(minutes=5)
"""After that, a confirmation of STOP would be one more message that they did not want."""


def verdict(entry: OutboxEntry, rooms: Rooms) -> SendResult | None:
    """What to record of an overdue entry; None: it is to be sent now."""
    if not isinstance(entry.body, Reply):
        # The desk knows the entry by its key: a repeat is recognised there.
        return None if entry.attempts < MAX_ATTEMPTS else _closed(entry, "gave_up")
    if entry.status != "retry":
        return _reconciled(entry, entry.body, rooms)
    if entry.attempts >= MAX_ATTEMPTS:
        return _closed(entry, "gave_up")
    return None if _still_allowed(entry.body, entry, rooms) else _closed(entry, "consent_withdrawn")


def _reconciled(entry: OutboxEntry, reply: Reply, rooms: Rooms) -> SendResult | None:
    carrier = rooms.carriers.get(reply.channel)
    receipt = carrier.status(entry) if carrier else None
    if receipt is None:
        return SendResult(status="unknown", provider=carrier.provider if carrier else "none")
    if receipt.status == "absent" and entry.status == "unknown":
        # It was sent once, and is not there: lists may lag, so it is not sent twice.
        return _closed(entry, "not_found")
    if receipt.status == "absent":
        return None if _still_allowed(reply, entry, rooms) else _closed(entry, "consent_withdrawn")
    failed = receipt.status == "failed"
    return SendResult(
        status="failed" if failed else "sent",
        provider=receipt.provider,
        provider_id=receipt.provider_id,
        code=receipt.code,
    )


def _still_allowed(reply: Reply, entry: OutboxEntry, rooms: Rooms) -> bool:
    """A refusal said since the reply was decided takes effect before it is sent."""
    customer = rooms.customers.living(entry.customer_id)
    if customer is None or _refused(customer, reply, entry):
        return False
    standing = customer.consent(reply.channel, Purpose.SERVICE)
    refused = standing is not None and standing.state is ConsentState.DENIED
    # All that was said to somebody who had refused is the confirmation of it.
    return not refused or rooms.clock() - entry.committed_at <= CONFIRM_WITHIN


def _refused(customer: Customer, reply: Reply, entry: OutboxEntry) -> bool:
    return any(
        c.channel is reply.channel
        and c.state is ConsentState.DENIED
        and c.at > entry.committed_at
        and c.purpose in (reply.purpose, Purpose.SERVICE)
        for c in customer.consents
    )


def _closed(entry: OutboxEntry, code: str) -> SendResult:
    return SendResult(status="failed", provider=entry.provider or "none", code=code)
