"""Runs a Chalice app's queue and schedule handlers, as Lambda's event sources would.

Lives here: polling, batches, deletion after success, retries, and the clock of schedules. Never
here: what a handler does. Which queues and schedules there are is asked of the app itself.
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Chalice, ScheduledEventConfig, ScheduleExpression, SQSEventConfig

from .cloud import REGION, Cloud
from .gateway import LambdaContext

log = logging.getLogger("rejoinder.local")

RETRY_SECONDS = 1
"""A failed message comes back after this, instead of the queue's visibility timeout."""

STOP_SECONDS = 30
"""A handler that takes longer to finish is left alone: its message comes again."""

_POLL_SECONDS = 20
_UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


class Pump:
    """The workers of one app over one cloud. A message is in one worker's hands at a time."""

    def __init__(
        self,
        app: Chalice,
        cloud: Cloud,
        *,
        clock: Callable[[], datetime],
        workers: Mapping[str, int] | None = None,
        retry_seconds: int = RETRY_SECONDS,
    ) -> None:
        """`workers` says how many threads a queue has, by its name; else one.

        Raises ValueError for a handler of a queue that the template does not have.
        """
        self._cloud = cloud
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._stopping = threading.Event()
        self._sqs = boto3.client(
            "sqs",
            endpoint_url=cloud.url,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - guards nothing
            config=Config(
                retries={"total_max_attempts": 1},
                max_pool_connections=20,
                read_timeout=2 * _POLL_SECONDS,
            ),
        )
        self._schedules: list[_Schedule] = []
        self._threads: list[threading.Thread] = []
        for source in app.event_sources:
            handler = app.handler_map[source.name]
            if isinstance(source, SQSEventConfig):
                self._add_queue(source, handler, workers or {})
            elif isinstance(source, ScheduledEventConfig):
                self._add_schedule(source, handler)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the messages in hand and end every thread."""
        self._stopping.set()
        self._cloud.release_polls()
        for schedule in self._schedules:
            schedule.hurry()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(STOP_SECONDS)
        self._sqs.close()

    def run_schedules(self) -> None:
        """Have every schedule run now, in its own thread."""
        for schedule in self._schedules:
            schedule.hurry()

    def _add_queue(
        self, source: SQSEventConfig, handler: Callable[..., Any], workers: Mapping[str, int]
    ) -> None:
        name = source.queue or str(source.queue_arn).rsplit(":", 1)[-1]
        if not any(r.name == name for r in self._cloud.resources):
            raise ValueError(f"{source.name} handles {name}, which resources.yaml does not have")
        arn = f"arn:aws:sqs:{REGION}:{self._cloud.account}:{name}"
        queue = _Queue(self._sqs, arn, source.batch_size, handler, self._retry_seconds, self._clock)
        for n in range(workers.get(name, 1)):
            self._threads.append(
                threading.Thread(
                    target=self._work, args=(queue,), name=f"{source.name} {n}", daemon=True
                )
            )

    def _add_schedule(self, source: ScheduledEventConfig, handler: Callable[..., Any]) -> None:
        schedule = _Schedule(source, handler, self._clock)
        self._schedules.append(schedule)
        self._threads.append(
            threading.Thread(
                target=schedule.run, args=(self._stopping,), name=source.name, daemon=True
            )
        )

    def _work(self, queue: _Queue) -> None:
        while not self._stopping.is_set():
            try:
                queue.work_on_batch()
            except (ClientError, BotoCoreError) as error:
                log.error("queue %s: %s", queue.name, type(error).__name__)
                self._stopping.wait(RETRY_SECONDS)


class _Queue:
    """One queue and its handler."""

    def __init__(
        self,
        sqs: Any,
        arn: str,
        batch_size: int,
        handler: Callable[..., Any],
        retry_seconds: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._clock = clock
        self.name = arn.rsplit(":", 1)[-1]
        self._arn = arn
        self._sqs = sqs
        self._url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        self._retry_seconds = retry_seconds
        self._batch_size = min(batch_size, 10)
        self._handler = handler

    def work_on_batch(self) -> None:
        """Wait for messages; hand them over; then delete them, or leave them for another try."""
        messages = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=self._batch_size,
            WaitTimeSeconds=_POLL_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not messages:
            return
        # moto goes by the machine's clock, and all else here by one that can be set.
        ahead = round((self._clock().timestamp() - time.time()) * 1000)
        event = {"Records": [_record(message, self._arn, ahead) for message in messages]}
        try:
            self._handler(event, LambdaContext(60))
        except Exception as error:
            # Its text may hold anything; the ids and the type do not.
            ids = ", ".join(message["MessageId"] for message in messages)
            log.error("queue %s: %s with messages %s", self.name, type(error).__name__, ids)
            self._hasten(messages)
        else:
            self._delete(messages)

    def _delete(self, messages: Sequence[Mapping[str, Any]]) -> None:
        entries = [_entry(n, message) for n, message in enumerate(messages)]
        self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _hasten(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Those that the handler has deleted are refused singly, which is as it should be."""
        entries = [
            {**_entry(n, message), "VisibilityTimeout": self._retry_seconds}
            for n, message in enumerate(messages)
        ]
        self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


class _Schedule:
    """One schedule and its handler."""

    def __init__(
        self,
        source: ScheduledEventConfig,
        handler: Callable[..., Any],
        clock: Callable[[], datetime],
    ) -> None:
        self._name = source.name
        self._handler = handler
        self._clock = clock
        self._seconds = _rate_seconds(source.schedule_expression)
        self._hurried = threading.Event()

    def hurry(self) -> None:
        self._hurried.set()

    def run(self, stopping: threading.Event) -> None:
        """At once, then at its rate in real time, and whenever it is hurried."""
        while not stopping.is_set():
            self._hurried.clear()
            try:
                self._handler(self._event(), LambdaContext(60))
            except Exception as error:
                log.error("schedule %s: %s", self._name, type(error).__name__)
            if not stopping.is_set():
                self._hurried.wait(self._seconds)

    def _event(self) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000001",
            "time": f"{self._clock():%Y-%m-%dT%H:%M:%SZ}",
            "region": REGION,
            "resources": [f"arn:aws:events:{REGION}:000000000001:rule/{self._name}"],
            "detail": {},
        }


def _rate_seconds(expression: str | ScheduleExpression) -> float:
    text = expression if isinstance(expression, str) else expression.to_string()
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if found is None:
        raise ValueError(f"the local run knows schedules of the form rate(…), not {text}")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def _entry(index: int, message: Mapping[str, Any]) -> dict[str, Any]:
    return {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}


def _record(message: Mapping[str, Any], arn: str, ahead_milliseconds: int) -> dict[str, Any]:
    """One record of the event, as Lambda gives it."""
    stated = dict(message.get("Attributes", {}))
    if "SentTimestamp" in stated:
        stated["SentTimestamp"] = str(int(stated["SentTimestamp"]) + ahead_milliseconds)
    attributes = {
        name: {
            **{k[0].lower() + k[1:]: v for k, v in value.items()},
            "stringListValues": [],
            "binaryListValues": [],
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": stated,
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
