"""What each kind of event loads in a fresh process: nothing that it does not need.

What these lists cost in processor time is measured by tests/benchmarks/init.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.inbound import InboundRequest, twilio
from chalicelib.preloading import needed
from chalicelib.queues import seal
from chalicelib.settings import Settings, load_runtime
from infra.packaging.events import json_event, sqs_event, twilio_event

COLDLY = Path(__file__).parents[1] / "coldly.py"
SETTINGS = {
    "STAGE": "dev",
    "ARTIFACTS_BUCKET": "bucket",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_NUMBER": "+15550009999",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
FORM = {"MessageSid": "SM1", "From": "+15551230001", "To": "+15550009999", "Body": "is it open?"}
SMS = twilio_event("/webhooks/twilio/messages", FORM, SETTINGS["TWILIO_AUTH_TOKEN"])
DECISION = json_event("POST", "/decisions", {"identity": "user:joe"})

GROUND = {"app", "chalice", "chalicelib", "pydantic"}
OURS = {
    *("aws", "console", "customers", "documents", "errors", "inbound", "lazily", "ledger"),
    *(
        "model",
        "pipeline",
        "preloading",
        "queues",
        "settings",
        "steps",
        "telemetry",
        "understanding",
    ),
    *("understanding", "web", "wiring", "work"),
}
HEAVY = {
    *("boto3", "celpy", "cryptography", "jinja2", "lark", "numpy", "oauthlib", "rapidfuzz"),
    "s3transfer",
}


def a_message() -> dict[str, Any]:
    """The text as the webhook queues it."""
    headers = {name.lower(): value for name, value in SMS["headers"].items()}
    request = InboundRequest("POST", "", headers, {}, SMS["body"].encode())
    settings = Settings.model_validate({"twilio_number": FORM["To"]})
    body = seal(twilio.parse(request, settings, datetime(2026, 11, 18, tzinfo=UTC)).interactions)
    message = {"MessageId": "1", "ReceiptHandle": "1", "Body": body, "MD5OfBody": ""}
    return sqs_event([message], "arn:aws:sqs:us-east-1:123456789012:rejoinder-dev-interactions")


def loaded_by(handler: str, event: dict[str, Any]) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-I", str(COLDLY), handler],
        env=SETTINGS,
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["answer"] is None or told["answer"]["statusCode"] == 200, told["answer"]
    return set(told["modules"])


def rooms(modules: set[str]) -> set[str]:
    """Our own packages and modules, by the first name below chalicelib."""
    return {name.split(".")[1] for name in modules if name.startswith("chalicelib.")}


def within(room: str, modules: set[str]) -> set[str]:
    return {m.rpartition(".")[2] for m in modules if m.startswith(f"chalicelib.{room}.")}


def heavy(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} & HEAVY


@pytest.fixture(scope="module")
def webhook() -> set[str]:
    return loaded_by("app", SMS)


@pytest.fixture(scope="module")
def decision() -> set[str]:
    return loaded_by("app", DECISION)


@pytest.fixture(scope="module")
def worker() -> set[str]:
    return loaded_by("handle_interactions", a_message())


def test_a_webhook_loads_its_source_and_the_queue(webhook: set[str]) -> None:
    assert rooms(webhook) == OURS
    assert within("inbound", webhook) == {"payload", "request", "signatures", "twilio"}
    assert within("steps", webhook) == {"rooms", "tallies"}
    assert within("customers", webhook) == within("ledger", webhook) == set()
    assert heavy(webhook) == set()


def test_a_decision_loads_neither_words_nor_a_source(decision: set[str]) -> None:
    assert rooms(decision) - OURS == {
        *("assortment", "catalog", "decisioning", "engines", "files", "outbound", "preference"),
        "zones",
    }
    assert within("understanding", decision) == set()
    assert within("inbound", decision) == {"payload", "request"}
    assert heavy(decision) <= {"numpy"}, "numpy only while nothing is published"


def test_a_worker_loads_what_answers_and_no_other_source(worker: set[str]) -> None:
    assert "replies" in rooms(worker)
    assert within("inbound", worker) == {"payload", "request"}
    assert "calling" not in within("steps", worker)
    assert heavy(worker) <= {"jinja2", "numpy", "rapidfuzz"}


def test_a_worker_loads_while_it_starts_what_its_first_message_needs(worker: set[str]) -> None:
    runtime = load_runtime({"_HANDLER": "app.handle_interactions"})

    assert {f"chalicelib.{name}" for name in needed(runtime)} <= worker


def test_an_api_that_an_event_waits_for_loads_nothing_ahead() -> None:
    assert needed(load_runtime({"_HANDLER": "app.app"})) == ()
    ahead = {"_HANDLER": "app.app", "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    assert "steps.offering" in needed(load_runtime(ahead))
