"""What POST /decisions costs the handler in CPU: `python -m tests.benchmarks.handler [CALLS]`.

The whole app in this process, from API Gateway's event to its answer, over DynamoDB's recorded
answers: a customer of 60 attributes, 30 orders, 40 contacts and 100 behaviours (of which a record
keeps the newest 50), and a catalog of 1,000 offers. What botocore takes for its three calls is told
apart: it is the client's own. Times are CPU time of the process: the medians of the best of some
runs of CALLS calls, since what else a machine does slows a run, and never speeds one. The last line
is one JSON object.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from warnings import filterwarnings

import boto3
from moto import mock_aws

from chalicelib import wiring
from chalicelib.customers.store import CustomerStore
from chalicelib.decisioning import Engine
from chalicelib.ledger import Ledger
from chalicelib.steps import explaining, offering, plan
from chalicelib.steps.rooms import Rooms
from tests.stage import Aws, Clock, Desk, Recorder, a_stage

from . import recorded
from .decision import workload
from .regular import PHONE, a_regular

RESOURCES = Path(__file__).parents[2] / "infra" / "resources.yaml"
OFFERS, LIMIT = 1000, 3
RUNS, WARM_UP = 5, 50
ASKED = {
    "identity": PHONE,
    "context": {"channel": "sms", "basket": ["p-1", "p-2"], "page": "https://shop.example/"},
    "placement": "home",
    "limit": LIMIT,
}

PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "customer_read": ((CustomerStore, "resolve"), (CustomerStore, "living")),
    "preference": ((offering, "chosen"),),
    "inputs": ((offering, "decide"),),
    "decide": ((Engine, "decide"),),
    "plan": ((plan.Plan, "writes"),),
    "keep_decision": ((Ledger, "keep_decision"),),
    "customer_changes": ((CustomerStore, "changes"),),
    "commit": ((Ledger, "commit"),),
    "answer": ((explaining, "answered"),),
}
"""What each part of the handler's time is spent in; what is in none is `routing_and_parse`."""
WHOLE, CLIENT = "routing_and_parse", "botocore"


class Watch:
    """CPU time by part; a part that runs within another is taken out of it."""

    def __init__(self) -> None:
        self._spent: dict[str, int] = defaultdict(int)
        self._running: list[str] = []
        self._since = 0

    def timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._enter(part)
            try:
                return call(*args, **kwargs)
            finally:
                self._leave()

        return watched

    def taken(self) -> dict[str, float]:
        """Milliseconds by part since the last look."""
        told = {part: spent / 1e6 for part, spent in self._spent.items()}
        self._spent.clear()
        return told

    def _enter(self, part: str) -> None:
        self._charge()
        self._running.append(part)

    def _leave(self) -> None:
        self._charge()
        self._running.pop()

    def _charge(self) -> None:
        now = time.process_time_ns()
        if self._running:
            self._spent[self._running[-1]] += now - self._since
        self._since = now


class Client:
    """The DynamoDB client, with its calls on the watch."""

    def __init__(self, client: Any, watch: Watch) -> None:
        self._client = client
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return self._watch.timed(CLIENT, found) if name in OPERATIONS else found


OPERATIONS = ("batch_get_item", "query", "transact_write_items")


@contextmanager
def a_handler(watch: Watch) -> Iterator[Callable[[], dict[str, Any]]]:
    """Answers one POST /decisions after the other, over DynamoDB's recorded answers."""
    shop = workload.generate(1, OFFERS, 1)
    engine = Engine.of(shop.compiled())
    with mock_aws():
        session = boto3.Session("bench", "bench", region_name="us-east-1")
        names = ("cloudformation", "dynamodb", "s3", "sqs")
        clients = {name: session.client(name) for name in names}
        formation = clients["cloudformation"]
        formation.create_stack(StackName="rejoinder-dev", TemplateBody=RESOURCES.read_text())
        stack = formation.describe_stacks(StackName="rejoinder-dev")["Stacks"][0]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
        dynamodb, clock = clients["dynamodb"], Clock()
        answers = recorded.Recorder(dynamodb)
        clients["dynamodb"] = Client(dynamodb, watch)
        stage = a_stage(outputs["ArtifactsBucket"])
        rooms: Rooms = Aws(clients, outputs).rooms(stage, clock, Recorder(), Desk())
        clock.now = workload.NOW
        made = a_regular(shop.customers[0].attributes)
        rooms.customers.put_items(rooms.customers.items_of(made))
        rooms = rooms.but(engine=lambda: engine, engine_for=lambda customer_id: engine)
        wiring.use(rooms)
        rooms.refresh()
        handle = _handler()
        assert len(json.loads(handle()["body"])["offers"]) == LIMIT
    answers.replace_the_store()
    # What was imported and loaded for this is no garbage of the handler's to look through.
    gc.collect()
    gc.freeze()
    try:
        yield handle
    finally:
        gc.unfreeze()
        wiring.use(None)


def _handler() -> Callable[[], dict[str, Any]]:
    filterwarnings("ignore", message="IAMAuthorizer")
    from app import app

    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/decisions", "path": "/decisions",
                           "identity": {"sourceIp": "192.0.2.1"}, "stage": "api"},
        "headers": {"Content-Type": "application/json", "Host": "api.example"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": json.dumps(ASKED),
        "isBase64Encoded": False,
    }  # fmt: skip
    context = SimpleNamespace(aws_request_id="1")

    def handle() -> dict[str, Any]:
        answer: dict[str, Any] = app(event, context)
        if answer["statusCode"] != 200:
            raise SystemExit(f"the handler answered {answer['statusCode']}: {answer['body']}")
        return answer

    return handle


def measure(calls: int) -> dict[str, Any]:
    """The medians, in milliseconds."""
    watch = Watch()
    with a_handler(watch) as handle:
        whole = _figures(watch, handle, calls)
        with _watched(watch):
            parts = _figures(watch, handle, calls)
    cpu, client = sum(whole.values()), whole[CLIENT]
    return {
        "bench": "handler",
        "cpu_ms": round(cpu, 3),
        "botocore_ms": round(client, 3),
        "beyond_client_ms": round(cpu - client, 3),
        "parts_ms": {part: round(spent, 3) for part, spent in parts.items() if part != CLIENT},
    }


def _figures(watch: Watch, handle: Callable[[], Any], calls: int) -> dict[str, float]:
    """Each part's median over the calls of one run, of the run that took the least."""
    timed = watch.timed(WHOLE, handle)
    for _ in range(WARM_UP):
        timed()
    watch.taken()
    runs = [_run(watch, timed, calls) for _ in range(RUNS)]
    return min(runs, key=lambda parts: sum(parts.values()))


def _run(watch: Watch, timed: Callable[[], Any], calls: int) -> dict[str, float]:
    seen: dict[str, list[float]] = defaultdict(list)
    for _ in range(calls):
        timed()
        for part, spent in watch.taken().items():
            seen[part].append(spent)
    return {part: median(spent) for part, spent in seen.items()}


@contextmanager
def _watched(watch: Watch) -> Iterator[None]:
    """With every part of the handler on the watch."""
    patches = [
        patch.object(owner, name, watch.timed(part, getattr(owner, name)))
        for part, places in PARTS.items()
        for owner, name in places
    ]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def main() -> None:
    told = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    for part, spent in sorted(told["parts_ms"].items(), key=lambda named: -named[1]):
        print(f"{part:>20} {spent:7.3f} ms")
    print(f"{'beyond the client':>20} {told['beyond_client_ms']:7.3f} ms")
    print(f"{'botocore':>20} {told['botocore_ms']:7.3f} ms")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
