"""One warm container of each function, on a metered cloud, and what each invocation took.

Lives here: how an invocation is made and measured. Never here: which are worth measuring
(`workload.py`), and what they cost.
"""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from warnings import filterwarnings

import boto3

from chalicelib import wiring
from chalicelib.catalog import publishing
from chalicelib.decisioning import compile_catalog, open_catalog
from chalicelib.model import Customer
from chalicelib.settings import load_settings
from chalicelib.steps.rooms import Rooms
from tests.benchmarks.decision import workload as generated
from tests.benchmarks.regular import a_regular

from ..local import shop
from ..local.carriers import Urls
from ..local.environment import environment, local_environment
from ..local.gateway import LambdaContext
from ..packaging.events import schedule_event, sqs_event
from ..shelves import Shelves
from .recording import Call, Recording

OFFERS = 1000
START = generated.NOW
Event = Mapping[str, Any]
Handle = Callable[[Event], Any]


@dataclass(frozen=True)
class Step:
    """One invocation of one function: CPU time, calls, and what it wrote to its log."""

    name: str
    function: str
    cpu_ms: float
    calls: tuple[Call, ...]
    log: str
    answer_bytes: int
    texts: tuple[str, ...] = ()
    """Ids of the texts that went out."""


class Clock:
    """Begins at START, runs on, and can be moved."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return START + self._ahead + timedelta(seconds=time.monotonic() - self._begun)

    def advance(self, **span: float) -> None:
        self._ahead += timedelta(**span)


class Log(io.TextIOBase):
    """What the functions write to their standard output."""

    def __init__(self) -> None:
        self._written = io.StringIO()

    def write(self, text: str) -> int:
        return self._written.write(text)

    def drain(self) -> str:
        """All since the last time."""
        told, self._written = self._written.getvalue(), io.StringIO()
        return told


class Stage:
    """The application, ready to be asked."""

    def __init__(self, app: Any, rooms: Rooms, recording: Recording, clock: Clock, log: Log):
        self.rooms = rooms
        self.clock = clock
        self._app = app
        self._recording = recording
        self._log = log
        self._sqs = boto3.client("sqs")
        self._known = _regular()
        self._made = 0

    def number(self) -> int:
        """Another one each time."""
        self._made += 1
        return self._made

    def regular(self) -> Customer:
        """Another one each time, stored."""
        number = self.number()
        ids = (f"user:joe-{number}", f"phone:+1555{number:07d}", f"x:{number}")
        made = self._known.model_copy(update={"id": f"joe-{number}", "identities": ids})
        store = self.rooms.customers
        store.put_items(store.items_of(made, self.clock()))
        return made

    def answered(self, name: str, event: Event) -> Step:
        """One request to the API, which must be taken."""

        def ask(event: Event) -> Any:
            answer = self._app.app(event, LambdaContext())
            if answer["statusCode"] != 200:
                raise RuntimeError(f"{event['path']} answered {answer['statusCode']}")
            return answer

        return self.measured(name, "api_handler", event, ask)

    def scheduled(self, name: str, handler: str) -> Step:
        """One tick of a schedule."""
        return self.measured(name, handler, schedule_event(handler), self._handler(handler))

    def worked(self, name: str, queue: str, handler: str) -> Iterator[Step]:
        """Each message of the queue to its function alone, as where few come."""
        url = self._sqs.get_queue_url(QueueName=self.rooms.settings.name(queue))["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{self._recording.stated['account']}:{queue}"
        while messages := self._received(url):
            yield self.measured(name, handler, sqs_event(messages, arn), self._handler(handler))
            for message in messages:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def measured(self, name: str, function: str, event: Event, handle: Handle) -> Step:
        """What `handle` takes of the CPU, calls and logs."""
        self._recording.take()
        self._log.drain()
        begun = time.process_time()
        answer = handle(event)
        spent = time.process_time() - begun
        taken = self._recording.take()
        size = len(json.dumps(answer)) if answer is not None else 0
        return Step(name, function, spent * 1000, taken.calls, self._log.drain(), size, taken.texts)

    def _received(self, url: str) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=1, MessageSystemAttributeNames=["All"]
        )
        return list(answer.get("Messages", ()))

    def _handler(self, name: str) -> Handle:
        handle = getattr(self._app, name)
        return lambda event: handle(event, LambdaContext())


@contextmanager
def running() -> Iterator[Stage]:
    """The demo shop and 1,000 generated offers, live, at START."""
    log, clock = Log(), Clock()
    with Recording() as recording, redirect_stdout(log), environment(_variables(recording)):
        rooms = wiring.build(load_settings(), clock=clock, rng=random.Random(5))  # noqa: S311
        wiring.use(rooms)
        try:
            _fill(rooms, clock())
            filterwarnings("ignore", message="IAMAuthorizer")
            yield Stage(import_module("app"), rooms, recording, clock, log)
        finally:
            wiring.use(None)


def _variables(recording: Recording) -> dict[str, str | None]:
    stated = recording.stated
    local = local_environment(
        {},
        cloud_url=stated["cloud_url"],
        bucket=stated["bucket"],
        urls=Urls(**stated["urls"]),
        own_url=stated["cloud_url"],
    )
    # Only in Lambda are logs and metrics written as they are paid for.
    return {**local, "AWS_LAMBDA_FUNCTION_NAME": "rejoinder-prod"}


def _fill(rooms: Rooms, now: datetime) -> None:
    shop.load(Shelves.of(rooms), now=now)
    offers = [*rooms.offers.compiled(), *generated.generate(1, OFFERS, 1).compiled()]
    publishing.publish(
        offers, rooms.catalogs, now=now, compile_catalog=compile_catalog, open_=open_catalog
    )
    rooms.refresh()
    rooms.engine()
    rooms.index()


def _regular() -> Customer:
    """Who bought shoes last year, so that the offer of trail shoes is one for them."""
    made = a_regular(generated.generate(1, 1, 1).customers[0].attributes)
    bought = {**made.aggregates.last_purchase, "shoes": START - timedelta(days=200)}
    aggregates = made.aggregates.model_copy(update={"last_purchase": bought})
    return made.model_copy(update={"aggregates": aggregates})
