"""The proof's events are judged by chalice, which reads them in Lambda, and by our own edges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from chalice.app import Chalice, SQSEvent

from chalicelib.errors import SignatureError
from chalicelib.inbound import twilio
from chalicelib.settings import Settings
from chalicelib.web import inbound_request
from infra.packaging import events
from infra.packaging.events import json_event, rest_event, schedule_event, sqs_event, twilio_event

FORM = {"MessageSid": f"SM{1:032x}", "From": "+15551230001", "Body": "hello & goodbye"}


def served(event: Mapping[str, Any]) -> Any:
    """What routes like ours make of the event."""
    app = Chalice(app_name="judge")

    @app.route("/things/{id}", methods=["GET", "PUT"])
    def thing(id: str) -> Any:
        request: Any = app.current_request
        return {"id": id, "method": request.method, "body": request.raw_body.decode()}

    @app.route("/webhooks/twilio/messages", methods=["POST"], content_types=[events.FORM])
    def receive() -> Any:
        request = inbound_request(app)
        try:
            twilio.verify(request, Settings.model_validate({"twilio_auth_token": "token"}))
        except SignatureError:
            return {"url": request.url, "verified": False}
        return {"url": request.url, "verified": True}

    return json.loads(app(dict(event), None)["body"])


def test_a_request_without_a_body_is_routed() -> None:
    event = rest_event("GET", "/things/{id}", parameters={"id": "tb-44"})

    assert served(event) == {"id": "tb-44", "method": "GET", "body": ""}


def test_a_request_with_a_json_body_is_routed() -> None:
    event = json_event("PUT", "/things/{id}", {"a": 1}, id="x")

    assert served(event) == {"id": "x", "method": "PUT", "body": '{"a": 1}'}


@pytest.mark.parametrize(("token", "verified"), [("token", True), ("another", False)])
def test_a_text_is_verified_by_the_token_that_signed_it(token: str, verified: bool) -> None:
    answer = served(twilio_event("/webhooks/twilio/messages", FORM, token))

    assert answer["verified"] is verified
    assert answer["url"] == f"https://{events.HOST}/api/webhooks/twilio/messages"


def test_a_text_is_verified_with_its_query() -> None:
    answer = served(twilio_event("/webhooks/twilio/messages", FORM, "token", key="o-1"))

    assert answer["verified"]
    assert answer["url"] == f"https://{events.HOST}/api/webhooks/twilio/messages?key=o-1"


def test_queue_messages_arrive_with_what_the_worker_reads() -> None:
    message = {
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": "[]",
        "MD5OfBody": "d751713988987e9331980363e24189ce",
        "Attributes": {"ApproximateReceiveCount": "1"},
    }

    event = SQSEvent(sqs_event([message], "arn:aws:sqs:us-east-1:123456789012:q"), None)

    [record] = list(event)
    assert (record.body, record.receipt_handle) == ("[]", "r-1")
    assert record.to_dict()["messageId"] == "m-1"
    assert record.to_dict()["awsRegion"] == "us-east-1"


def test_a_tick_names_its_rule() -> None:
    [rule] = schedule_event("handle_sweep")["resources"]

    assert rule.endswith("rule/handle_sweep")
