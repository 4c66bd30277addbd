"""Logs, metrics and traces: their form, when they are written, and what is never in them."""

from __future__ import annotations

import ast
import io
import json
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chalice.app
import pytest

from chalicelib import telemetry
from chalicelib.errors import ConfigurationError, PermanentError, TemporaryError
from chalicelib.telemetry import METRICS
from tests.observed import AT, Observed, observed

PACKAGE = Path(__file__).parents[2] / "chalicelib"
CALLED = {"count", "measure"}
HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
TRACE = "1-5759e988-bd862e3fe1be46a994272793"
SECRET = "+15551230001 wrote hello"

log = logging.getLogger("rejoinder")


@pytest.fixture
def told() -> Iterator[Observed]:
    with observed() as made:
        yield made


@contextmanager
def daemon() -> Iterator[tuple[str, socket.socket]]:
    """X-Ray's, at a free port: its address, and what takes its datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taking:
        taking.bind(("127.0.0.1", 0))
        taking.settimeout(5)
        yield f"127.0.0.1:{taking.getsockname()[1]}", taking


def taken(taking: socket.socket, number: int) -> dict[str, dict[str, Any]]:
    """The documents of so many datagrams, by name."""
    bodies = [taking.recv(65_536).partition(b"\n")[2] for _ in range(number)]
    return {document["name"]: document for document in map(json.loads, bodies)}


@telemetry.step("inner")
def inner(fails: bool) -> str:
    if fails:
        raise ValueError(SECRET)
    return "done"


@telemetry.step("outer")
def outer(fails: bool = False) -> str:
    return inner(fails)


def a_record(**stated: Any) -> logging.LogRecord:
    level = {"levelno": logging.INFO, "levelname": "INFO"}
    return logging.makeLogRecord({"name": "rejoinder", **level, **stated})


# --- logs --------------------------------------------------------------------------------------


def test_a_line_is_one_object_that_says_when_where_and_what_about(told: Observed) -> None:
    with telemetry.invocation("r-1", trace_header=HEADER):
        telemetry.about("x:1")
        log.info("%d notices", 2, extra={"fields": {"queue": "urgent", "code": None}})

    (line,) = told.logged
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "message": "2 notices",
        "logger": "rejoinder",
        "stage": "dev",
        "function": "rejoinder-dev",
        "request_id": "r-1",
        "correlation_id": "x:1",
        "trace_id": TRACE,
        "queue": "urgent",
    }


def test_a_line_is_stamped_in_utc_by_its_record(told: Observed) -> None:
    log.handle(a_record(msg="hello", created=AT))

    assert told.logged[0]["timestamp"] == "2026-11-18T11:06:40.250Z"


def test_nothing_of_an_invocation_is_left_to_the_next(told: Observed) -> None:
    with telemetry.invocation("r-1", trace_header=HEADER):
        telemetry.about("x:1")
    log.info("between")
    with telemetry.invocation("r-2"):
        log.info("after")

    assert [line.get("request_id") for line in told.logged] == [None, "r-2"]
    assert not any("correlation_id" in line or "trace_id" in line for line in told.logged)


def test_an_error_is_its_type_and_our_lines_and_never_its_text(told: Observed) -> None:
    try:
        PermanentError("x", code=SECRET)
        telemetry.count(SECRET)
    except ValueError:
        log.exception("it failed")

    (line,) = told.logged
    assert (line["message"], line["error"]) == ("it failed", "ValueError")
    places = [place.partition(":") for place in line["places"]]
    assert {file for file, _, _ in places} == {
        "chalicelib/telemetry/__init__.py",
        "chalicelib/telemetry/metrics.py",
    }
    assert all(number.isdecimal() for _, _, number in places)
    assert SECRET not in told.lines[0]


def test_an_error_of_ours_is_logged_with_its_code() -> None:
    assert telemetry.fault(TemporaryError("no", code="Throttling"))["code"] == "Throttling"
    assert telemetry.fault(PermanentError("no"))["code"] == "permanent"
    assert "code" not in telemetry.fault(KeyError("k"))


def test_what_others_log_is_told_without_what_they_filled_in(told: Observed) -> None:
    logging.getLogger("urllib3.connectionpool").warning("Retrying %s", SECRET)
    logging.getLogger("botocore.credentials").info("Found credentials")

    assert [line["message"] for line in told.logged] == ["Retrying %s"]


def test_chalices_word_on_our_logger_is_told_without_the_path(told: Observed) -> None:
    template = "Caught exception for path %s"
    log.handle(a_record(msg=template, args=(SECRET,), pathname=chalice.app.__file__))

    assert [line["message"] for line in told.logged] == ["Caught exception for path %s"]


def test_a_record_that_cannot_be_formatted_is_named_and_not_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with observed() as told:  # pytest's own handlers make way as well
        log.info("%d", SECRET)

    assert told.logged == [{"level": "ERROR", "message": "not logged", "error": "TypeError"}]
    assert capsys.readouterr() == ("", "")


def test_each_line_is_written_once_whatever_was_set_up_before() -> None:
    stream = io.StringIO()
    others = [logging.StreamHandler(stream), logging.StreamHandler(stream)]
    root, child = logging.getLogger(), logging.getLogger("chalicelib.some.room")
    root.addHandler(others[0])
    log.addHandler(others[1])
    log.propagate = False
    try:
        with observed() as made:
            log.info("ours")
            child.info("a room's")
        assert [line["message"] for line in made.logged] == ["ours", "a room's"]
        assert stream.getvalue() == ""
        log.error("later")
        assert stream.getvalue() == "later\n"
    finally:
        root.removeHandler(others[0])
        log.removeHandler(others[1])
        log.propagate = True


def test_lines_go_to_the_standard_output_of_the_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    telemetry.start("dev", "f")
    try:
        monkeypatch.setattr(sys, "stdout", of_the_moment := io.StringIO())
        with telemetry.invocation():
            telemetry.tell("received", source="x")
            telemetry.count("Deferred")
        first, second = of_the_moment.getvalue().splitlines()
    finally:
        telemetry.stop()
    assert json.loads(first)["message"] == "received"
    assert json.loads(second)["Deferred"] == 1


# --- metrics -----------------------------------------------------------------------------------


def test_what_was_counted_is_written_once_at_the_end(told: Observed) -> None:
    with telemetry.invocation("r-1"):
        telemetry.count("Sent", channel="sms")
        telemetry.count("Sent", 2, channel="sms")
        telemetry.count("Decisions")
        telemetry.measure("AnswerSeconds", 0.5)
        telemetry.measure("AnswerSeconds", 1.5)
        assert told.lines == []

    (document,) = told.documents
    stated = document.pop("_aws")
    assert document == {
        "Stage": "dev",
        "Channel": "sms",
        "Sent": 3,
        "Decisions": 1,
        "AnswerSeconds": [0.5, 1.5],
    }
    assert stated["Timestamp"] == int(AT * 1000)
    by_name = {m["Name"]: d for d in stated["CloudWatchMetrics"] for m in d["Metrics"]}
    assert by_name["Sent"]["Dimensions"] == [["Stage"], ["Stage", "Channel"]]
    assert by_name["AnswerSeconds"]["Dimensions"] == [["Stage"]]


def test_what_one_document_cannot_hold_goes_into_another(told: Observed) -> None:
    with telemetry.invocation():
        for channel in ("sms", "email"):
            telemetry.count("Sent", channel=channel)
        telemetry.count("SendFailures", channel="email")
        telemetry.count("Received", source="x")
        for n in range(250):
            telemetry.measure("AnswerSeconds", n)

    assert len(told.documents) == 3
    assert (told.total("Sent"), told.total("Sent", channel="email")) == (2, 1)
    assert told.total("SendFailures", channel="email") == 1
    assert sorted(told.values("AnswerSeconds")) == list(range(250))
    assert max(len(d["AnswerSeconds"]) for d in told.documents) == 100


def test_an_invocation_that_counts_nothing_writes_nothing(told: Observed) -> None:
    with telemetry.invocation("r-1"):
        pass

    assert told.lines == []


def test_what_was_counted_is_written_even_when_the_invocation_raises(told: Observed) -> None:
    def left() -> None:
        with telemetry.invocation("r-1"):
            telemetry.count("Deferred")
            raise TemporaryError("left")

    with pytest.raises(TemporaryError):
        left()
    assert told.total("Deferred") == 1


def test_what_lambda_would_print_of_an_error_is_not_its_text(told: Observed) -> None:
    with pytest.raises(TemporaryError) as raised, telemetry.invocation("r-1"):
        raise ValueError(SECRET)

    assert SECRET not in f"{raised.value} {raised.value.details}"
    assert raised.value.__cause__ is None
    (line,) = told.logged
    assert (line["message"], line["error"]) == ("the invocation failed", "ValueError")
    with pytest.raises(ConfigurationError), telemetry.invocation("r-2"):
        raise ConfigurationError("STAGE: unknown")


def test_what_is_counted_beside_an_invocation_is_written_at_once(told: Observed) -> None:
    telemetry.count("CatalogUnreadable")

    assert told.total("CatalogUnreadable") == 1


def test_outside_lambda_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with telemetry.invocation("r-1", trace_header=HEADER, tracing_daemon="127.0.0.1:1"):
        telemetry.count("Deferred")
        telemetry.tell("received", source="x")
        assert outer() == "done"
    telemetry.count("Deferred")

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "dimension"),
    [("Cats", {}), ("Sent", {}), ("Sent", {"queue": "x"}), ("Deferred", {"channel": "sms"})],
)
def test_what_is_not_declared_is_refused(name: str, dimension: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="METRICS does not declare"):
        telemetry.count(name, 1, **dimension)


def calls() -> Iterator[tuple[str, str, list[str]]]:
    """Each use of a metric in our code: where, its name, and its dimensions."""
    for path in (*PACKAGE.rglob("*.py"), PACKAGE.parent / "app.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "telemetry." in text else ():
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in CALLED
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "telemetry"
            ):
                name = node.args[0]
                assert isinstance(name, ast.Constant), path
                yield f"{path}:{node.lineno}", str(name.value), [str(k.arg) for k in node.keywords]


def test_every_metric_that_the_code_adds_to_is_declared_and_every_declared_one_is_used() -> None:
    used = set()
    for where, name, dimensions in calls():
        assert name in METRICS, where
        wanted = METRICS[name].dimension
        assert dimensions == ([wanted.lower()] if wanted else []), where
        used.add(name)

    assert used == set(METRICS)


# --- traces ------------------------------------------------------------------------------------


def test_the_steps_of_a_sampled_invocation_are_shown_one_within_another(told: Observed) -> None:
    with daemon() as (address, taking):
        with telemetry.invocation("r-1", trace_header=HEADER, tracing_daemon=address):
            telemetry.about("x:1")
            outer()
        parts = taken(taking, 2)

    assert parts["outer"]["parent_id"] == "53995c3f42cd8ad8"
    assert parts["inner"]["parent_id"] == parts["outer"]["id"]
    assert {part["trace_id"] for part in parts.values()} == {TRACE}
    assert parts["outer"]["annotations"] == {"correlation_id": "x:1"}
    assert "annotations" not in parts["inner"]
    assert told.lines == []


def test_a_step_that_raises_is_a_fault_of_its_type_without_its_text(told: Observed) -> None:
    with daemon() as (address, taking):
        both = f"tcp:127.0.0.1:1 udp:{address}"
        with (
            pytest.raises(TemporaryError),
            telemetry.invocation(trace_header=HEADER, tracing_daemon=both),
        ):
            outer(fails=True)
        parts = taken(taking, 2)

    for part in parts.values():
        assert part["fault"] is True
        assert [each["type"] for each in part["cause"]["exceptions"]] == ["ValueError"]
    assert SECRET not in json.dumps(parts)
    assert SECRET not in "".join(told.lines)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (HEADER.replace("Sampled=1", "Sampled=0"), "here"),
        ("", "here"),
        (HEADER, ""),
        ("Sampled=1", "here"),
        (HEADER, "nowhere"),
    ],
)
def test_without_a_daemon_or_a_sampled_trace_nothing_is_traced(
    told: Observed, header: str, address: str
) -> None:
    with daemon() as (free, taking):
        at = free if address == "here" else address
        with telemetry.invocation(trace_header=header, tracing_daemon=at):
            assert outer() == "done"
        taking.setblocking(False)
        with pytest.raises(BlockingIOError):
            taking.recv(1)


def test_a_daemon_that_cannot_be_reached_costs_nobody_anything(told: Observed) -> None:
    with telemetry.invocation(trace_header=HEADER, tracing_daemon="256.0.0.1:2000"):
        assert outer() == "done"
