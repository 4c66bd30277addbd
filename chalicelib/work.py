"""One batch of queue messages, worked on so that a bad one costs the others nothing.

Chalice's deployment ignores a returned `batchItemFailures` and would delete them all, so finished
messages are deleted here and the batch then fails: SQS redelivers what is left, and dead-letters it
in the end, whole, as it came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from . import inbound, steps, telemetry
from .errors import NotFoundError, PermanentError, RejectedInput, TemporaryError, reason_of
from .model import Interaction
from .pipeline import is_urgent, respond, respond_together
from .queues import decisions_in, unseal
from .steps import tallies
from .steps.rooms import Rooms

log = logging.getLogger("rejoinder")


def finish(event: Any, queue: str, rooms: Rooms) -> None:
    """Work on every interaction of the SQS event. Raises TemporaryError naming what is left."""
    _finish(event, queue, rooms, lambda body: _work_on(body, rooms))


def take_in(event: Any, rooms: Rooms) -> None:
    """Queue what the one notice of the SQS event tells. Raises RejectedInput for a notice that
    cannot be read, which is dead-lettered in the end, and TemporaryError."""
    for record in event:
        try:
            _take_in(record, rooms)
        except Exception as error:
            telemetry.count("MessagesLeft", queue="notices")
            if isinstance(error, RejectedInput):
                telemetry.count("Rejected", source="notices")
            raise


def _take_in(record: Any, rooms: Rooms) -> None:
    parsed = inbound.notices.parse(record.body, rooms.settings, _taken_at(record, rooms.clock()))
    urgent = any(map(is_urgent, parsed.interactions))
    rooms.queues.put(parsed.interactions, urgent=urgent)
    tallies.received("notices", parsed.interactions)
    for passed_over in parsed.rejected:
        log.info("notice %s is passed over: %s", passed_over.message_id, passed_over.reason)


def _taken_at(record: Any, now: datetime) -> datetime:
    """When the queue took the message, which is when it came to us; never after `now`."""
    sent = record.to_dict().get("attributes", {}).get("SentTimestamp", "")
    if not sent.isdecimal():
        return now
    return min(datetime.fromtimestamp(int(sent) / 1000, UTC), now)


def learn(event: Any, queue: str, rooms: Rooms) -> None:
    """Count every decision that the SQS event names. Raises TemporaryError naming what is left."""
    from .steps.counting import learn_from  # brings numpy, which no other function needs

    _finish(event, queue, rooms, lambda body: learn_from(decisions_in(body), rooms))


def _finish(event: Any, queue: str, rooms: Rooms, work_on: Callable[[str], None]) -> None:
    _catch_up(rooms)
    left: list[str] = []
    done: list[str] = []
    for record in event:
        try:
            work_on(record.body)
            done.append(record.receipt_handle)
        except Exception as error:
            message_id = record.to_dict().get("messageId", "?")
            told = {**telemetry.fault(error), "queue": queue}
            log.error(
                "message %s of %s left for another try: %s",
                *(message_id, queue, reason_of(error)),
                extra={"fields": told},
            )
            left.append(message_id)
            if isinstance(error, PermanentError) and queue == rooms.settings.name("urgent"):
                # Nobody can tell what it held.
                telemetry.count("ConsentCheckFailures")
    _catch_up(rooms)
    if left:
        telemetry.count(
            "MessagesLeft", len(left), queue=queue.removeprefix(rooms.settings.name(""))
        )
        rooms.queues.delete(queue, done)
        raise TemporaryError("not all messages of the batch were finished", message_ids=left)


def _catch_up(rooms: Rooms) -> None:
    """See what others wrote and published: before the batch if it is long ago, else after it.

    A catalog that cannot be read keeps no STOP from being heard.
    """
    try:
        rooms.refresh()
    except (PermanentError, NotFoundError) as error:
        log.error("the catalogs cannot be read: %s", error.code)


def _work_on(envelope: str, rooms: Rooms) -> None:
    """Every interaction of one envelope, in order; one that fails does not keep the rest from being
    tried."""
    failed: Exception | None = None
    for run in _runs(unseal(envelope)):
        if len(run) > 1 and _done_together(run, rooms):
            continue
        for interaction in run:
            failure = _failure_of(interaction, rooms)
            failed = failed or failure
    if failed is not None:
        raise failed


def _runs(interactions: Sequence[Interaction]) -> Iterable[Sequence[Interaction]]:
    """What may be worked on together; one interaction needs no step that knows of it."""
    return [interactions] if len(interactions) == 1 else steps.events.runs(interactions)


def _done_together(run: Sequence[Interaction], rooms: Rooms) -> bool:
    """Whether they were; what one of them fails by must not keep the others from being tried."""
    try:
        return respond_together(run, rooms)
    except Exception as error:
        log.warning("%d events are worked on one by one: %s", len(run), reason_of(error))
        return False


def _failure_of(interaction: Interaction, rooms: Rooms) -> Exception | None:
    """Work on one; why it is to be tried again."""
    try:
        respond(interaction, rooms)
    except PermanentError as error:
        name = tallies.named(interaction.id)
        log.error("interaction %s cannot be worked on: %s", name, error.code)
        _count_if_consent(interaction)
    except Exception as error:
        _count_if_consent(interaction)
        return error
    return None


def _count_if_consent(interaction: Interaction) -> None:
    """A withdrawal or a removal that was not recorded at the first try."""
    if is_urgent(interaction):
        telemetry.count("ConsentCheckFailures")
