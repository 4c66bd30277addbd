"""One batch of queue messages, worked on so that a bad one costs the others nothing.

Chalice's deployment ignores a returned `batchItemFailures` and would delete them all, so finished
messages are deleted here and the batch then fails: SQS redelivers what is left, and dead-letters it
in the end, whole, as it came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .errors import NotFoundError, PermanentError, RejoinderError, TemporaryError
from .inbound import notices
from .pipeline import is_urgent, respond
from .queues import decisions_in, unseal
from .steps.rooms import Rooms

log = logging.getLogger("rejoinder")


def finish(event: Any, queue: str, rooms: Rooms) -> None:
    """Work on every interaction of the SQS event. Raises TemporaryError naming what is left."""
    _finish(event, queue, rooms, lambda body: _work_on(body, lambda i: respond(i, rooms)))


def take_in(event: Any, rooms: Rooms) -> None:
    """Queue what the one notice of the SQS event tells. Raises RejectedInput for a notice that
    cannot be read, which is dead-lettered in the end, and TemporaryError."""
    for record in event:
        parsed = notices.parse(record.body, rooms.settings, _taken_at(record, rooms.clock()))
        urgent = any(map(is_urgent, parsed.interactions))
        rooms.queues.put(parsed.interactions, urgent=urgent)
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
            reason = error.code if isinstance(error, RejoinderError) else type(error).__name__
            log.error("message %s of %s left for another try: %s", message_id, queue, reason)
            left.append(message_id)
    _catch_up(rooms)
    if left:
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


def _work_on(envelope: str, respond_to: Callable[[Any], Any]) -> None:
    """Every interaction of one envelope; one that fails does not keep the rest from being tried."""
    failed: Exception | None = None
    for interaction in unseal(envelope):
        try:
            respond_to(interaction)
        except PermanentError as error:
            log.error("interaction %s cannot be worked on: %s", interaction.id, error.code)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
