"""The flow, aloud: receive, respond, deliver, learn.

    webhook -> verify -> parse -> Interaction -> queue ->
    [ resolve the customer -> record -> understand -> choose the channel -> decide
      -> word the reply -> commit decision and outbox in one transaction ]
    -> send -> receipt -> outcome -> learn

Lives here: the order of things, and what a lost race means. Never here: what any step does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from . import documents, inbound, ledger, model, steps, telemetry, understanding
from .errors import PermanentError, RejectedInput, TemporaryError, reason_of
from .inbound.request import InboundRequest, Parsed
from .model import (
    Click,
    Fallback,
    Identification,
    Interaction,
    Message,
    Receipt,
    Removal,
    Restock,
    WebEvent,
)
from .settings import Settings
from .steps import tallies

if TYPE_CHECKING:
    from .model import InteractionRecord, OutboxEntry, SendResult, TrackedLink
    from .steps.plan import Plan
    from .steps.rooms import Rooms

log = logging.getLogger("rejoinder")

TRIED_TOGETHER: Final = 4
"""How often a run of events is tried as one, where others change its customer meanwhile."""

Parse = Callable[[InboundRequest, Settings, datetime], Parsed]


def receive(name: str, parse: Parse, request: InboundRequest, rooms: Rooms) -> Parsed:
    """Verify, parse and queue one delivery: all that a webhook does before its 2xx.

    `name` is an entry of inbound.SOURCES, `parse` that source's reader of this route. Raises
    RejectedInput, with nothing queued, or TemporaryError when the queue would not take it.
    """
    try:
        inbound.source(name).verify(request, rooms.settings)
        parsed = parse(request, rooms.settings, rooms.clock())
        rooms.queues.put(parsed.interactions, urgent=any(map(is_urgent, parsed.interactions)))
    except RejectedInput:
        telemetry.count("Rejected", source=name)
        raise
    tallies.received(name, parsed.interactions)
    return parsed


def is_urgent(interaction: Interaction) -> bool:
    """A withdrawal: never behind anything else."""
    body = interaction.body
    if isinstance(body, Message):
        return body.provider_handled == "stop" or understanding.is_withdrawal(body.text)
    return isinstance(body, Removal)


@telemetry.step("respond")
def respond(interaction: Interaction, rooms: Rooms) -> InteractionRecord | None:
    """Work on one interaction, commit, and send what was promised; None for a duplicate.

    Raises TemporaryError to have the queue try again.
    """
    tallies.begun(interaction)
    attempts, spent = rooms.patience.attempts(), False
    while spent or next(attempts, None) is not None:
        spent = False
        try:
            plan = _plan(interaction, rooms)
        except documents.Cancelled:
            continue
        except PermanentError as error:
            return _give_up(interaction, error, rooms)
        if plan is None:
            steps.learning.tell_again(interaction, rooms)
            return None
        try:
            rooms.ledger.commit(plan.writes(rooms, rooms.clock()))
        except ledger.Refused as refused:
            if steps.plan.INTERACTION in refused.names:
                steps.learning.tell_again(interaction, rooms)
                return None
            spent = steps.deciding.note_spent(refused.names, plan.units, rooms)
            continue
        tallies.committed(interaction, plan, rooms.clock())
        for entry in plan.entries:
            if entry.status == "pending":
                _go_on(deliver(entry, rooms), rooms)
        for follow in plan.then:
            _follow(follow, rooms)
        steps.learning.tell_late(plan, rooms)
        return plan.record
    raise TemporaryError("others keep changing the customer", interaction_id=interaction.id)


@telemetry.step("respond")
def respond_together(run: Sequence[Interaction], rooms: Rooms) -> bool:
    """Work on a run of events (`steps.events.runs`) in one transaction; False where each of them is
    to be worked on by itself.

    Raises TemporaryError or PermanentError for what may be the fault of only one of them.
    """
    tallies.begun(run[0])
    for _ in islice(rooms.patience.attempts(), TRIED_TOGETHER):
        try:
            plan = steps.events.observe_together(run, rooms)
            if plan is None:
                return True
            writes = plan.writes(rooms, rooms.clock())
            if len(writes) > documents.TRANSACTION_LIMIT:
                return False
            rooms.ledger.commit(writes)
        except steps.resolving.Apart:
            return False
        except (documents.Cancelled, ledger.Refused):
            continue
        tallies.committed(run[0], plan, rooms.clock())
        return True
    return False


@telemetry.step("send")
def deliver(entry: OutboxEntry, rooms: Rooms) -> OutboxEntry:
    """Send what was committed and settle it. Only who committed the entry, or swept it, may."""
    if isinstance(entry.body, model.Handover):
        result = rooms.desk.send(entry.body, key=entry.id)
    elif isinstance(entry.body, Interaction):
        rooms.queues.put([entry.body])
        result = model.SendResult(status="sent", provider="queue")
    elif (carrier := rooms.carriers.get(entry.body.channel)) is not None:
        result = carrier.send(entry.body, key=entry.id)
    else:
        result = model.SendResult(status="failed", provider="none", code="no_carrier")
    return _settle(entry, result, rooms)


def sweep(rooms: Rooms) -> int:
    """Finish what a crash or a passing fault left in the outbox; answers how many entries."""
    count = 0
    for overdue in rooms.outbox.overdue(rooms.clock()):
        entry = rooms.outbox.take(overdue, rooms.clock())
        if entry is None:
            continue
        count += 1
        tallies.taken_up(entry)
        try:
            _finish(entry, rooms)
        except Exception as error:
            # It is looked at again when its time comes; the others do not wait for it.
            log.error("outbox entry %s left for another try: %s", entry.id, reason_of(error))
    return count


def follow(token: str, rooms: Rooms) -> TrackedLink | None:
    """Where a tracked link leads; the click is queued, to be learned from."""
    link = rooms.ledger.link(token)
    if link is None:
        return None
    now = rooms.clock()
    click = Click(
        token=token,
        url=link.url,
        customer_id=link.customer_id,
        decision_id=link.decision_id,
        offer_id=link.offer_id,
    )
    interaction = Interaction(
        id=f"click:{token}:{now:%Y%m%dT%H%M%S%f}",
        source="rejoinder",
        occurred_at=now,
        received_at=now,
        body=click,
    )
    rooms.queues.put([interaction])
    return link


def learn(interaction: Interaction, outcome: Click, rooms: Rooms) -> Plan | None:
    """Put an outcome on the customer's record, where scoring reads it and learners count it; None
    for a duplicate."""
    return steps.receipts.note_click(interaction, outcome, rooms)


def _plan(interaction: Interaction, rooms: Rooms) -> Plan | None:
    """What this kind of interaction changes."""
    match interaction.body:
        case Message() as message:
            return steps.messages.answer(interaction, message, rooms)
        case WebEvent() | Identification():
            return steps.events.observe(interaction, rooms)
        case Receipt() as receipt:
            return steps.receipts.note_receipt(interaction, receipt, rooms)
        case Click() as outcome:
            return learn(interaction, outcome, rooms)
        case Restock() as restock:
            return steps.restocking.tell(interaction, restock, rooms)
        case Fallback() as undelivered:
            return steps.fallback.move_on(interaction, undelivered, rooms)
        case Removal() as removal:
            return steps.forgetting.remove(interaction, removal, rooms)


def _give_up(
    interaction: Interaction, error: PermanentError, rooms: Rooms
) -> InteractionRecord | None:
    """No retry would mend it: what is known is put on record, and work on it stops."""
    owner = steps.resolving.look_up(interaction, rooms).customer_id
    # What nobody owns could never be erased: neither words nor identities are kept of it.
    kept = interaction if owner else steps.plan.anonymised(interaction)
    record = steps.plan.recorded(
        kept, model.InteractionStatus.FAILED, customer_id=owner, note=error.message
    )
    try:
        rooms.ledger.commit(steps.plan.Plan(record=record).writes(rooms, rooms.clock()))
    except ledger.Refused as refused:
        if steps.plan.INTERACTION in refused.names:
            return None
        raise TemporaryError("others were first", interaction_id=interaction.id) from None
    tallies.given_up(interaction, error.code)
    if is_urgent(interaction):
        telemetry.count("ConsentCheckFailures")
    return record


def _finish(entry: OutboxEntry, rooms: Rooms) -> None:
    if steps.sweeping.has_stopped(entry):
        respond(steps.fallback.of(entry, rooms.clock()), rooms)
        return
    result = steps.sweeping.verdict(entry, rooms)
    settled = deliver(entry, rooms) if result is None else _settle(entry, result, rooms)
    _go_on(settled, rooms)


def _go_on(entry: OutboxEntry, rooms: Rooms) -> None:
    """What did not arrive goes another way, at once."""
    if steps.sweeping.has_failed(entry):
        _follow(steps.fallback.of(entry, rooms.clock()), rooms)


def _follow(interaction: Interaction, rooms: Rooms) -> None:
    """Work on what comes of something that is done; what it leaves open, the sweeper finds."""
    try:
        respond(interaction, rooms)
    except TemporaryError as error:
        log.error("%s left to the sweeper: %s", interaction.id, error.code)


def _settle(entry: OutboxEntry, result: SendResult, rooms: Rooms) -> OutboxEntry:
    for _ in rooms.patience.attempts():
        try:
            settled = rooms.outbox.settle(entry, result, rooms.clock())
        except documents.Cancelled as cancelled:
            if cancelled.failed:
                # A receipt or another sweeper settled it first; what they said stands. Or its
                # customer was erased.
                steps.forgetting.forget_unsettled(entry, rooms)
                return entry
            continue
        tallies.settled(entry, settled, rooms.clock())
        if result.barred:
            steps.receipts.note_barrier(settled, result.barred, rooms)
        return settled
    raise TemporaryError("what became of a send was not recorded", outbox_id=entry.id)
