from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.app import Chalice, Cron

from infra.local.cloud import Cloud
from infra.local.pump import Pump

from .small_app import QUEUE, Seen, small_app

NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)

Start = Callable[..., Pump]


@pytest.fixture
def seen() -> Seen:
    return Seen(poison={"poison"})


@pytest.fixture
def start(cloud: Cloud, seen: Seen) -> Iterator[Start]:
    with ExitStack() as stack:

        def start_one(**options: Any) -> Pump:
            settings = {"clock": lambda: NOW, "retry_seconds": 0, **options}
            pump = Pump(small_app(seen), cloud, **settings)
            stack.callback(pump.stop)
            pump.start()
            return pump

        yield start_one


@pytest.fixture
def sqs(cloud: Cloud, client_of: Callable[..., Any]) -> Any:
    return client_of(cloud, "sqs")


def send(sqs: Any, *bodies: str) -> None:
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)


def held(sqs: Any, name: str = QUEUE) -> int:
    """How many messages the queue holds, seen or unseen."""
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    stated = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(stated[n]) for n in names)


def test_messages_reach_the_handler_as_lambda_gives_them(
    start: Start, seen: Seen, sqs: Any, cloud: Cloud
) -> None:
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    sqs.send_message(
        QueueUrl=url,
        MessageBody="ü",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}},
    )
    pump = start(workers={QUEUE: 2})
    assert seen.wait_for(lambda: seen.bodies == ["ü"])
    pump.stop()

    record = seen.records[0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == f"arn:aws:sqs:us-east-1:{cloud.account}:{QUEUE}"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "x"
    # By the clock that can be set, as all else here.
    assert abs(int(record["attributes"]["SentTimestamp"]) - NOW.timestamp() * 1000) < 60_000
    assert {"messageId", "receiptHandle", "md5OfBody", "awsRegion"} <= set(record)
    assert held(sqs) == 0


def test_a_message_that_comes_while_it_waits_is_taken_at_once(
    start: Start, seen: Seen, sqs: Any
) -> None:
    start()
    send(sqs, "a")

    assert seen.wait_for(lambda: seen.bodies == ["a"], 5)


def test_poison_is_dead_lettered_whole_and_blocks_nobody(
    start: Start, seen: Seen, sqs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pump = start()
    send(sqs, "poison")
    assert seen.wait_for(lambda: seen.failures >= 1)
    send(sqs, "good")
    assert seen.wait_for(lambda: "good" in seen.bodies)
    assert seen.wait_for(lambda: seen.failures >= 5)
    send(sqs, "last")
    assert seen.wait_for(lambda: "last" in seen.bodies)
    pump.stop()

    assert held(sqs) == 0
    dead = sqs.get_queue_url(QueueName=f"{QUEUE}-dead")["QueueUrl"]
    assert [m["Body"] for m in sqs.receive_message(QueueUrl=dead)["Messages"]] == ["poison"]
    assert "RuntimeError" in caplog.text
    assert seen.records[0]["messageId"] in caplog.text
    assert "poison" not in caplog.text


def test_what_a_failing_handler_has_finished_is_not_handed_out_again(
    cloud: Cloud, sqs: Any, seen: Seen
) -> None:
    """As ours does: it deletes the good ones of the batch itself, then raises."""
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    app = Chalice(app_name="deleting", configure_logs=False)

    @app.on_sqs_message(queue=QUEUE, batch_size=10)
    def handle(event: Any) -> None:
        bodies = {record.body: record.receipt_handle for record in event}
        with seen.changed:
            seen.bodies += list(bodies)
            seen.changed.notify_all()
        if "good" in bodies:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=bodies["good"])
        if seen.bodies.count("bad") < 2:
            raise RuntimeError

    send(sqs, "good", "bad")
    pump = Pump(app, cloud, clock=lambda: NOW, retry_seconds=0)
    pump.start()
    assert seen.wait_for(lambda: seen.bodies.count("bad") == 2)
    pump.stop()

    assert seen.bodies.count("good") == 1
    assert held(sqs) == 0


def test_a_schedule_runs_at_the_start_and_whenever_it_is_hurried(start: Start, seen: Seen) -> None:
    pump = start()
    assert seen.wait_for(lambda: seen.ticks == ["2026-11-18T17:00:00Z"])

    pump.run_schedules()

    assert seen.wait_for(lambda: len(seen.ticks) == 2)


def test_a_failing_schedule_goes_on(
    cloud: Cloud, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    app = Chalice(app_name="failing", configure_logs=False)

    @app.schedule("rate(2 minutes)")
    def handle(event: Any) -> None:
        with seen.changed:
            seen.ticks.append(event.time)
            seen.changed.notify_all()
        raise RuntimeError("secret")

    pump = Pump(app, cloud, clock=lambda: NOW)
    pump.start()
    assert seen.wait_for(lambda: len(seen.ticks) == 1)
    pump.run_schedules()
    assert seen.wait_for(lambda: len(seen.ticks) == 2)
    pump.stop()

    assert "schedule handle: RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_a_schedule_of_another_form_is_named(cloud: Cloud) -> None:
    app = Chalice(app_name="cron", configure_logs=False)
    app.schedule(Cron(0, 10, "*", "*", "?", "*"))(lambda event: None)

    with pytest.raises(ValueError, match=r"cron\(0 10"):
        Pump(app, cloud, clock=lambda: NOW)


def test_a_queue_that_is_not_there_is_named(cloud: Cloud) -> None:
    app = Chalice(app_name="nowhere", configure_logs=False)
    app.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:1:nowhere")(lambda event: None)

    with pytest.raises(ValueError, match="nowhere"):
        Pump(app, cloud, clock=lambda: NOW)


class Told(logging.Handler):
    """Tells when something was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.came = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        self.came.set()


def test_trouble_with_the_cloud_is_told_and_no_end(seen: Seen) -> None:
    told = Told()
    logger = logging.getLogger("rejoinder.local")
    logger.addHandler(told)
    with Cloud() as cloud:
        pump = Pump(small_app(seen), cloud, clock=lambda: NOW)
    pump.start()

    assert told.came.wait(10)
    pump.stop()
    logger.removeHandler(told)

    assert told.messages[0] == f"queue {QUEUE}: EndpointConnectionError"
