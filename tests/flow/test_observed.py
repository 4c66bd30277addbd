"""What operators see of the whole flow: the way of one interaction, the counts, and nothing of what
anybody wrote or where they can be reached."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from chalice.app import SQSEvent
from pydantic import SecretStr

import app as application
from chalicelib import pipeline, telemetry, wiring, work
from chalicelib.errors import RejectedInput, SignatureError, TemporaryError
from chalicelib.inbound import segment, twilio, twilio_calls, whatsapp, x
from chalicelib.model import Channel, Interaction, Message, SendResult
from chalicelib.queues import seal, unseal
from chalicelib.steps import tallies
from chalicelib.steps.deferring import again
from chalicelib.steps.rooms import Rooms
from infra.packaging import PackagingError
from infra.packaging.events import json_event, rest_event, sqs_event, twilio_event
from infra.packaging.functions import Function, Place
from tests import outsiders
from tests.compliance.conftest import aws as in_memory
from tests.contracts.inbound import senders
from tests.observed import Observed, observed
from tests.stage import NOON, Aws, Clock, Recorder, a_message, stock_the_shop
from tests.unit.test_notices import noticed, taken_in
from tests.unit.test_telemetry import HEADER, daemon

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
AT_NIGHT = f"{ASKS} And don't text me at night"
SID = "SM00000000000000000000000000000077"
QUEUES = ("interactions", "urgent")
ROOT = Path(__file__).parents[2]


aws = in_memory
"""DynamoDB in a dictionary: ten times as quick."""


@pytest.fixture
def shop(rooms: Rooms) -> Iterator[Rooms]:
    """Joe's, to whose container requests come."""
    stock_the_shop(rooms)
    secrets = {"whatsapp_app_secret": SecretStr("local-whatsapp-secret")}
    made = rooms.but(settings=rooms.settings.model_copy(update=secrets))
    wiring.use(made)
    yield made
    wiring.use(None)


@pytest.fixture
def told() -> Iterator[Observed]:
    with observed() as made:
        yield made


def posts(text: str, number: str = "77") -> None:
    """Joe posts about the brand, and X tells of it."""
    body = outsiders.mention(number, "1234", text, NOON)
    signed = {"x-twitter-webhooks-signature": outsiders.signed_by_x(body)}
    headers = {"Content-Type": "application/json", **signed}
    event = rest_event("POST", "/webhooks/x", headers=headers, body=body.decode())
    with telemetry.invocation("webhook"):
        assert application.app(event, None)["statusCode"] == 200


def worked(aws: Aws, name: str = "interactions") -> None:
    """The worker takes what is queued."""
    url = aws.sqs.get_queue_url(QueueName=f"rejoinder-dev-{name}")["QueueUrl"]
    while messages := aws.sqs.receive_message(QueueUrl=url).get("Messages"):
        event = sqs_event(messages, f"arn:aws:sqs:us-east-1:123456789012:rejoinder-dev-{name}")
        with telemetry.invocation("worker"):
            application.handle_interactions(event, None)
        for message in messages:
            aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_one_query_shows_the_way_from_webhook_to_receipt(
    shop: Rooms, aws: Aws, recorder: Recorder, clock: Clock, told: Observed
) -> None:
    recorder.answers.append(SendResult(status="sent", provider="twilio", provider_id=SID))
    posts(ASKS)
    clock.advance(seconds=1.5)
    worked(aws)
    receipt = {"MessageSid": SID, "MessageStatus": "delivered"}
    with telemetry.invocation("receipt"):
        application.app(
            twilio_event("/webhooks/twilio/status", receipt, "local-twilio-token"), None
        )
    worked(aws)

    assert told.way_of("x:77") == ["received", "answered", "sent", "receipt"]
    lines = {line["message"]: line for line in told.logged if line["correlation_id"] == "x:77"}
    assert lines["received"]["source"] == "x"
    answered, sent, delivered = lines["answered"], lines["sent"], lines["receipt"]
    assert (answered["channel"], answered["status"], answered["seconds"]) == (
        *("sms", "answered"),
        1.5,
    )
    assert answered["decision_id"] == sent["decision_id"]
    assert (sent["provider"], sent["channel"]) == ("twilio", "sms")
    assert (delivered["status"], delivered["outbox_id"]) == ("delivered", sent["outbox_id"])
    assert [line["request_id"] for line in lines.values()] == [
        *("webhook", "worker", "worker", "worker")
    ]
    assert told.values("AnswerSeconds") == [1.5]
    assert told.total("Received", source="x") == 1
    assert told.total("Sent", channel="sms") == 1
    assert (told.total("Decisions"), told.total("OffersMade")) == (1, 1)


def test_the_way_of_what_waits_for_the_morning_is_one(
    shop: Rooms, aws: Aws, clock: Clock, told: Observed
) -> None:
    clock.advance(hours=10)
    posts(AT_NIGHT)
    worked(aws)
    clock.advance(hours=10.5)
    with telemetry.invocation("sweep"):
        pipeline.sweep(shop)
    worked(aws)

    assert told.way_of("x:77") == ["received", "deferred", "answered", "sent"]
    assert told.total("Deferred") == 1
    # A wait that they asked for says nothing of how quick we are.
    assert told.values("AnswerSeconds") == []


def test_an_answer_that_a_carrier_takes_at_the_second_try_is_measured_from_its_question(
    shop: Rooms, aws: Aws, recorder: Recorder, clock: Clock, told: Observed
) -> None:
    recorder.answers.append(SendResult(status="retry", provider="recorder", code="503"))
    posts(ASKS)
    worked(aws)
    clock.advance(seconds=180)
    with telemetry.invocation("sweep"):
        pipeline.sweep(shop)

    assert told.way_of("x:77") == ["received", "answered", "retry", "sent"]
    assert told.total("SendFailures", channel="sms") == 1
    assert told.values("AnswerSeconds") == [180.0]


def test_what_goes_another_way_stays_on_the_way_of_its_question(
    shop: Rooms, aws: Aws, recorder: Recorder, told: Observed
) -> None:
    recorder.answers.append(SendResult(status="failed", provider="recorder", code="30003"))
    posts(ASKS)
    worked(aws)

    assert told.way_of("x:77") == ["received", "answered", "failed", "answered", "sent"]
    assert told.total("SendFailures", channel="sms") == 1
    assert told.total("Sent") == 1
    assert len(told.values("AnswerSeconds")) == 1


def test_a_sampled_message_shows_every_step_with_its_time(shop: Rooms, told: Observed) -> None:
    with daemon() as (address, taking):
        with telemetry.invocation(trace_header=HEADER, tracing_daemon=address):
            pipeline.respond(a_message(ASKS, number="77"), shop)
        taking.setblocking(False)
        parts = list[dict[str, Any]]()
        with contextlib.suppress(BlockingIOError):
            while datagram := taking.recv(65_536):
                parts.append(json.loads(datagram.partition(b"\n")[2]))

    (whole,) = [part for part in parts if part["name"] == "respond"]
    assert whole["annotations"] == {"correlation_id": "x:77"}
    steps = {part["name"] for part in parts if part["parent_id"] == whole["id"]}
    assert steps == {"resolve", "understand", "choose", "decide", "word", "commit", "send"}


def test_a_send_that_nobody_knows_of_is_counted_once(
    shop: Rooms, aws: Aws, recorder: Recorder, clock: Clock, told: Observed
) -> None:
    recorder.answers.append(SendResult(status="unknown", provider="recorder"))
    posts(ASKS)
    worked(aws)
    for _ in range(2):
        clock.advance(seconds=180)
        pipeline.sweep(shop)

    assert told.total("SendsUnknown", channel="sms") == 1


def test_leave_that_was_taken_back_meanwhile_is_normal(
    shop: Rooms, recorder: Recorder, clock: Clock, told: Observed
) -> None:
    recorder.answers.append(SendResult(status="retry", provider="recorder"))
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(seconds=10)
    said: dict[str, Any] = {"channel": Channel.SMS, "sender": "phone:+15551230001", "at": clock()}
    pipeline.respond(a_message("STOP", number="2", **said), shop)
    clock.advance(seconds=180)
    pipeline.sweep(shop)

    assert (told.total("OptOuts"), told.total("LeaveRefusals")) == (1, 1)
    assert told.total("ConsentCheckFailures") == 0


def a_request(method: str, customer_id: str) -> dict[str, Any]:
    return rest_event(method, "/customers/{id}", parameters={"id": customer_id})


def unwell(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, code: str) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise TemporaryError("AWS refused the call", code=code)

    monkeypatch.setattr(where, name, fails)


def test_a_withdrawal_left_for_another_try_is_a_failed_consent_check(
    shop: Rooms, told: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwell(monkeypatch, shop.ledger, "commit", "Throttling")
    body = seal([a_message(ASKS), a_message("STOP", number="2")])
    records = [{"messageId": "m-1", "body": body, "receiptHandle": "r"}]
    event = SQSEvent({"Records": records}, None)
    with pytest.raises(TemporaryError), telemetry.invocation("worker"):
        work.finish(event, "rejoinder-dev-urgent", shop)

    assert told.total("ConsentCheckFailures") == 1
    assert told.total("MessagesLeft", queue="urgent") == 1
    (line,) = [each for each in told.logged if "left for another try" in each["message"]]
    assert (line["error"], line["code"]) == ("TemporaryError", "Throttling")
    assert line["places"]


def test_an_urgent_message_that_nobody_can_read_is_a_failed_consent_check(
    shop: Rooms, told: Observed
) -> None:
    for name, failed in (("interactions", 0), ("urgent", 1)):
        records = [{"messageId": "m-1", "body": "no JSON", "receiptHandle": "r"}]
        with pytest.raises(TemporaryError):
            work.finish(SQSEvent({"Records": records}, None), f"rejoinder-dev-{name}", shop)
        assert told.total("ConsentCheckFailures") == failed


def test_leave_that_could_not_be_looked_at_is_a_failed_consent_check(
    shop: Rooms, recorder: Recorder, clock: Clock, told: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.answers.append(SendResult(status="retry", provider="recorder"))
    pipeline.respond(a_message(ASKS), shop)
    clock.advance(seconds=180)
    unwell(monkeypatch, shop.customers, "living", "Throttling")
    pipeline.sweep(shop)

    assert told.total("ConsentCheckFailures") == 1
    assert len(recorder.sent) == 1


@pytest.mark.parametrize(("fails", "failures"), [(True, 1), (False, 0)])
def test_an_operators_word_that_cannot_be_recorded_is_a_failed_consent_check(
    shop: Rooms, told: Observed, monkeypatch: pytest.MonkeyPatch, fails: bool, failures: int
) -> None:
    if fails:
        unwell(monkeypatch, shop.customers, "save", "Throttling")
    said = {"channel": "sms", "purpose": "marketing", "state": "denied", "source": "a call"}
    event = json_event("POST", "/customers/{id}/consents", said, id="joe")
    with telemetry.invocation("api"):
        status = application.app(event, None)["statusCode"]
    nobody = json_event("POST", "/customers/{id}/consents", said, id="nobody")
    application.app(nobody, None)

    assert status == (503 if fails else 200)
    assert told.total("ConsentCheckFailures") == failures
    assert told.total("OptOuts") == 1 - failures
    assert told.total("RouteErrors", route="post_consent") == failures


def test_a_route_that_fails_is_counted_and_told_by_its_places(
    shop: Rooms, told: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise KeyError("+15551230001")

    monkeypatch.setattr(shop.customers, "living", fails)
    with telemetry.invocation("api"):
        answer = application.app(
            rest_event("GET", "/customers/{id}", parameters={"id": "joe"}), None
        )

    assert answer["statusCode"] == 500
    assert told.total("RouteErrors", route="get_customer") == 1
    (line,) = told.logged
    assert (line["error"], line["route"]) == ("KeyError", "get_customer")
    assert line["places"][0].startswith("chalicelib/web.py:")
    assert "+1555" not in "".join(told.lines)


def test_an_erasure_and_a_catalog_that_cannot_be_read_are_counted(
    shop: Rooms, aws: Aws, clock: Clock, told: Observed
) -> None:
    application.app(a_request("DELETE", "joe"), None)
    assert told.total("Erasures") == 1

    bucket = aws.outputs["ArtifactsBucket"]
    for each in aws.s3.list_objects_v2(Bucket=bucket)["Contents"]:
        if "catalog" in each["Key"]:
            aws.s3.put_object(Bucket=bucket, Key=each["Key"], Body=b"damaged")
    started = wiring.build(
        shop.settings, clock=clock, client=lambda name: aws.clients[name], scratch=None
    )
    wiring.use(started)
    with pytest.raises(Exception, match=r"."):
        started.refresh()
    assert told.total("CatalogUnreadable") == 1


# --- what is never told ------------------------------------------------------------------------

Deliver = Callable[[Rooms], list[Interaction]]


def received(name: str, parse: Any, request: Any) -> Deliver:
    return lambda shop: list(pipeline.receive(name, parse, request, shop).interactions)


def deliveries() -> Iterator[tuple[str, Deliver]]:
    """Every payload that we hold of what senders send, in its sender's name."""
    parts: dict[str, pipeline.Parse] = {
        "status": twilio.parse_status,
        "call_key": twilio_calls.parse_key,
        "call_incoming": twilio_calls.parse_key,
        "call_": twilio_calls.parse_status,
    }
    for path in sorted(senders.PAYLOADS.glob("*/*")):
        source, body = path.parent.name, path.read_bytes()
        if source == "x":
            yield path.name, received("x", x.parse, senders.from_x(body))
        elif source == "whatsapp":
            yield path.name, received("whatsapp", whatsapp.parse, senders.from_whatsapp(body))
        elif source == "segment":
            parse = partial(segment.parse, call=path.stem)
            yield path.name, received("segment", parse, senders.from_segment(body))
        elif source == "twilio" and path.stem != "whatsapp":
            found = (p for start, p in parts.items() if path.stem.startswith(start))
            read = next(found, twilio.parse)
            yield path.name, received("twilio", read, senders.from_twilio(body))


def needles(interactions: list[Interaction]) -> set[str]:
    """Whom they are of, and what was written."""
    found = set[str]()
    for interaction in interactions:
        found |= {i if i.startswith("x:") else i.partition(":")[2] for i in interaction.identities}
        if isinstance(interaction.body, Message):
            found |= {word for word in interaction.body.text.split() if len(word) > 4}
    return found


def test_no_text_number_handle_or_address_is_told_of_anything_that_comes_in(
    shop: Rooms,
    aws: Aws,
    recorder: Recorder,
    clock: Clock,
    told: Observed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even where it is refused, or fails."""
    failures = ("failed", "retry", "unknown", "sent")
    recorder.answers = [SendResult(status=s, provider="recorder", code="no") for s in failures] * 20
    known, refused = set[str](), 0
    for _, deliver in deliveries():
        try:
            known |= needles(deliver(shop))
        except RejectedInput:
            refused += 1
    text = {**senders.document("aws_sms/text.json"), "messageBody": "from Zanzibar"}
    for document in (text, senders.document("aws_sms/successful.json")):
        noticed(aws, "TextsTopic", document)
    for name in sorted(path.name for path in (senders.PAYLOADS / "ses").iterdir()):
        noticed(aws, "MailTopic", senders.document(f"ses/{name}"))
    taken_in(aws, shop)
    known |= worked_on(aws, shop)
    clock.advance(hours=2)
    pipeline.sweep(shop)
    tokens = {link.token for reply in recorder.sent for link in reply.links}
    for token in tokens:
        application.app(rest_event("GET", "/r/{token}", parameters={"token": token}), None)
    unwell(monkeypatch, shop.ledger, "commit", "Throttling")
    known |= tokens | worked_on(aws, shop)

    kinds = {line.get("kind") for line in told.logged}
    assert {"message", "event", "identification", "receipt", "removal"} <= kinds
    assert refused < 3
    assert tokens
    assert {"+15551230001", "joe@example.com", "x:1234", "Zanzibar"} <= known
    lines = "\n".join(told.lines)
    assert [needle for needle in known if needle in lines] == []
    secrets = ("local-x-secret", "local-twilio-token", "local-write-key", "local-whatsapp")
    assert [secret for secret in secrets if secret in lines] == []


def worked_on(aws: Aws, shop: Rooms) -> set[str]:
    """Whatever is queued; what it held that nobody may see."""
    known = set[str]()
    for name in QUEUES:
        url = aws.sqs.get_queue_url(QueueName=f"rejoinder-dev-{name}")["QueueUrl"]
        while messages := aws.sqs.receive_message(QueueUrl=url).get("Messages"):
            for message in messages:
                known |= needles(list(unseal(message["Body"])))
                aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            event = SQSEvent(sqs_event(messages, "a:b:c:d:e:f"), None)
            with contextlib.suppress(TemporaryError):
                work.finish(event, f"rejoinder-dev-{name}", shop)
    return known


def test_what_is_refused_at_the_door_is_counted_and_not_told(shop: Rooms, told: Observed) -> None:
    forged = senders.from_twilio(b"From=%2B15551230001&Body=hello+zanzibar&MessageSid=SM1", "wrong")
    with pytest.raises(SignatureError):
        pipeline.receive("twilio", twilio.parse, forged, shop)

    assert told.total("Rejected", source="twilio") == 1
    assert told.logged == []
    assert dict(parse_qsl(forged.body.decode()))["Body"] not in "".join(told.lines)


@pytest.mark.parametrize(
    ("interaction_id", "name"),
    [
        ("x:1", "x:1"),
        (again(again("x:1")), "x:1"),
        ("click:t0ken:20261118T170000000000", "click"),
        ("web:ajs-next-1763485200000-5f2b", "web:ajs-next-1763485200000-5f2b"),
        ("web:joe@example.com", "web:2481f36dfc515ca7"),
        ("web:+15551230001", "web:b3595101de7d3cc8"),
        ("web:a b", "web:c8687a08aa5d6ed2"),
    ],
)
def test_an_interaction_is_named_without_what_its_id_may_hold(
    interaction_id: str, name: str
) -> None:
    assert tallies.named(interaction_id) == name


# --- in Lambda ---------------------------------------------------------------------------------


def test_in_lambda_logs_and_metrics_reach_standard_output_once_as_json(tmp_path: Path) -> None:
    """Some seconds: each function in a process of its own, under Lambda's own runtime client."""
    written = lines_of("app.app", a_request("GET", "joe"), tmp_path)

    (failed,) = [each for each in written if each.get("route") == "get_customer"]
    assert (failed["level"], failed["stage"]) == ("ERROR", "dev")
    assert failed["function"] == "rejoinder-dev"
    assert failed["request_id"] == "00000000-0000-4000-8000-000000000001"
    (metrics,) = [each for each in written if "_aws" in each]
    assert (metrics["RouteErrors"], metrics["Route"]) == (1, "get_customer")
    assert all("timestamp" in each for each in written if "_aws" not in each)


def test_in_lambda_a_queues_function_writes_its_metrics_even_when_it_raises(
    tmp_path: Path,
) -> None:
    message = {"MessageId": "m", "ReceiptHandle": "r", "Body": "zanzibar", "MD5OfBody": ""}
    written = lines_of("app.handle_notices", sqs_event([message], "a:b:c:d:e:f"), tmp_path)

    (metrics,) = [each for each in written if "_aws" in each]
    assert (metrics["MessagesLeft"], metrics["Queue"]) == (1, "notices")
    assert "zanzibar" not in json.dumps(written)


def lines_of(handler: str, event: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """What the function writes as JSON while it answers one event, and nobody answers it."""
    (site,) = {Path(p) for p in sys.path if p.endswith("site-packages")}
    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "rejoinder-dev",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }
    place = Place(Path(sys.executable), ROOT, site, folder)
    with Function(place, handler, environment) as function, contextlib.suppress(PackagingError):
        function.invoke(event)
    lines = (folder / f"{handler}.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
