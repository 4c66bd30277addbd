"""What is played on a deployed stage: Joe, a poison message, a publication and a rollback.

Each scene is seen from outside: signed requests in, what the stand-in carriers accepted out, and
what the operators' routes tell. Each returns one line about how it went.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.settings import Settings

from ..deployment.access import SigV4
from ..deployment.calls import Answer, Caller
from ..local import callers
from ..local.carriers import Accepted, Mailbox
from ..local.story import ASKS, JOE_PHONE, JOE_X
from . import Patience, RehearsalError
from .ministack import Ministack
from .shopping import Said

TEXT = "how much is the Trailblazer GTX?"
SEEN = "tb-gtx-44"
NEW_OFFER = "rehearsed"

HASTE = "2"
"""Seconds until a message that failed is tried again, while it is to fail."""

_FAULT = "rehearsed-fault"


@dataclass(frozen=True)
class Stage:
    """The deployed stage: whom to call, what its carriers accepted, and the cloud around it."""

    name: str
    cloud: Ministack
    operator: Caller
    world: Caller
    mailbox: Mailbox
    secrets: Settings
    """What the callers sign with, for the URL that the world knows."""
    clock: Callable[[], datetime]
    rng: random.Random
    patience: Patience

    def operate(self, method: str, path: str, document: Any = None) -> Mapping[str, Any]:
        return _held(self.operator.operate(method, path, document), f"{method} {path}")

    def bring_in(self, said: Said) -> Mapping[str, Any]:
        """One call of an operator's, its body as it is."""
        url = self.operator.url + said.path
        headers = SigV4(self.cloud.session).headers(said.method, url, said.body)
        answer = self.operator.call(said.method, said.path, headers, said.body)
        return _held(answer, f"{said.method} {said.path}")

    def receive(self, call: callers.Call) -> str:
        """Deliver what a carrier tells us; the id of the interaction that it becomes."""
        answer = self.world.call("POST", call.path, call.headers, call.body)
        _held(answer, f"POST {call.path}")
        return call.interaction_id

    def record(self, interaction_id: str) -> Mapping[str, Any] | None:
        """What the stage tells of an interaction; None while it knows none."""
        answer = self.operator.operate("GET", f"/interactions/{interaction_id}")
        return None if answer.status == 404 else _held(answer, "GET /interactions")

    def settled(self, interaction_id: str, *receipts: str) -> Mapping[str, Any]:
        """The record, once each reply has one of these receipts."""

        def look() -> Mapping[str, Any] | None:
            told = self.record(interaction_id)
            if told is None or told["status"] == "received":
                return None
            return (
                told if all(r["receipt"]["status"] in receipts for r in told["replies"]) else None
            )

        return self.patience.until(look, f"{interaction_id} is worked on, and its replies settled")

    def messages(self, channel: str) -> tuple[Accepted, ...]:
        return self.mailbox.messages(channel)


def joe(stage: Stage) -> str:
    """He looks at the shoe, tweets, and gets a text; nothing personal is said on X."""
    now, secrets, rng = stage.clock(), stage.secrets, stage.rng
    seen = stage.receive(callers.click(secrets, "joe", SEEN, "Product Viewed", now=now, rng=rng))
    stage.patience.until(lambda: stage.record(seen), "what Joe looked at is on record")
    asked = stage.receive(callers.tweet(secrets, JOE_X, ASKS, now=stage.clock(), rng=rng))
    told = stage.settled(asked, "delivered")
    texts = [m for m in stage.messages("sms") if m.to == JOE_PHONE]
    _demand(told["status"] == "answered", f"the tweet is {told['status']}, not answered")
    _demand(len(texts) == 1, f"{len(texts)} texts went to Joe, not one")
    for said, what in (
        ("in stock", "that it is in stock"),
        ("Broadway", "the store"),
        ("129.90", "the price"),
        ("10% off", "the offer"),
    ):
        _demand(said in texts[0].text, f"the text does not say {what}")
    _demand(not stage.messages("x_reply"), "something was said in public on X")
    _demand(not stage.messages("x_dm"), "something was said on X")
    (reply,) = told["replies"]
    return (
        f"a signed tweet, answered by a text with the store, the price and the offer; "
        f"receipt: {reply['receipt']['status']}; nothing on X"
    )


def publication(stage: Stage) -> str:
    """A new offer is live once it is published, and not any more once that is taken back."""
    offer = {
        "title": "Free laces",
        "purpose": "marketing",
        "rule": "customer.age >= 18",
        "value": 1000,
        "starts_at": "2026-01-01T00:00:00Z",
        "wording": {"default": "Free laces with every pair."},
    }
    stage.operate("PUT", f"/offers/{NEW_OFFER}", offer)
    _demand(not _is_offered(stage), "a draft is decided on")
    published = stage.operate("POST", "/catalog/publish", {"confirm": True})
    _demand(_is_offered(stage), "what was published is not decided on")
    stage.operate("POST", "/catalog/publish", {"rollback": True})
    _demand(not _is_offered(stage), "what was rolled back is still decided on")
    return f"{published['version']} decided Joe's offer, and after the rollback did not"


def poison(stage: Stage, receives: int | None = None) -> str:
    """A text fails until it is dead-lettered; the cause is mended, it is redriven and answered.

    `receives` is after how many tries, where that is not to be as often as the template says.
    """
    queue, dead = _queue(stage, "interactions"), _queue(stage, "interactions-dead")
    # What is still coming in of the scenes before is not to fail with it.
    stage.patience.until(lambda: _empty(stage, queue, dead), "both queues are empty")
    before = len(stage.messages("sms"))
    usual = _attributes(stage, queue, "VisibilityTimeout", "RedrivePolicy")
    policy = json.loads(usual["RedrivePolicy"])
    often = receives or policy["maxReceiveCount"]
    hasty = {**policy, "maxReceiveCount": often}
    role = _role(stage, "handle_interactions")
    _set(stage, queue, {"VisibilityTimeout": HASTE, "RedrivePolicy": json.dumps(hasty)})
    _break(stage, role)
    try:
        asked = stage.receive(callers.text_message(stage.secrets, JOE_PHONE, TEXT, rng=stage.rng))
        stage.patience.until(lambda: _count(stage, dead) or None, "the message is dead-lettered")
        _demand(len(stage.messages("sms")) == before, "it was answered although it failed")
    finally:
        _mend(stage, role)
        _set(stage, queue, usual)
    how = _redrive(stage, dead, queue)
    told = stage.settled(asked, "delivered")
    _demand(told["status"] == "answered", f"the redriven text is {told['status']}, not answered")
    stage.patience.until(lambda: _empty(stage, queue, dead), "both queues are empty")
    sent = len(stage.messages("sms")) - before
    _demand(sent == 1, f"it was answered {sent} times, not once")
    return (
        f"received {often} times by a worker without its rights (each {HASTE} s, and not "
        f"{usual['VisibilityTimeout']} s, after the last), dead-lettered; mended, {how}, "
        f"answered once"
    )


def _is_offered(stage: Stage) -> bool:
    asked = {"identity": "user:joe", "limit": 5}
    decided = stage.operate("POST", "/decisions", asked)
    return NEW_OFFER in [offer["offer_id"] for offer in decided["offers"]]


def _role(stage: Stage, handler: str) -> str:
    functions = stage.cloud.client("lambda")
    name = f"rejoinder-{stage.name}-{handler}"
    role: str = functions.get_function_configuration(FunctionName=name)["Role"]
    return role.rpartition("/")[2]


def _break(stage: Stage, role: str) -> None:
    """The kind of fault that operators make: a permission is gone."""
    denied = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    stage.cloud.client("iam").put_role_policy(
        RoleName=role, PolicyName=_FAULT, PolicyDocument=document
    )


def _mend(stage: Stage, role: str) -> None:
    stage.cloud.client("iam").delete_role_policy(RoleName=role, PolicyName=_FAULT)


def _redrive(stage: Stage, dead: str, queue: str) -> str:
    """Back to where it came from: how SQS does it, or as one would do it by hand."""
    sqs = stage.cloud.client("sqs")
    arn = _attributes(stage, dead, "QueueArn")
    try:
        sqs.start_message_move_task(SourceArn=arn["QueueArn"])
    except ClientError:
        # What the task does, too: the message as it is, and then it is gone from the dead.
        while found := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        return "put back by hand (ministack has no StartMessageMoveTask)"
    return "redriven"


def _queue(stage: Stage, name: str) -> str:
    sqs = stage.cloud.client("sqs")
    return str(sqs.get_queue_url(QueueName=f"rejoinder-{stage.name}-{name}")["QueueUrl"])


def _attributes(stage: Stage, queue: str, *names: str) -> dict[str, str]:
    sqs = stage.cloud.client("sqs")
    told = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names))["Attributes"]
    return {name: str(told[name]) for name in names}


def _set(stage: Stage, queue: str, attributes: Mapping[str, str]) -> None:
    sqs = stage.cloud.client("sqs")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=dict(attributes))


def _count(stage: Stage, queue: str) -> int:
    """Messages that wait in it, and messages that somebody is working on."""
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(map(int, _attributes(stage, queue, *names).values()))


def _empty(stage: Stage, *queues: str) -> bool | None:
    return True if not any(_count(stage, queue) for queue in queues) else None


def _held(answer: Answer, what: str) -> Mapping[str, Any]:
    if answer.status != 200:
        code = answer.document.get("error", {}).get("code", "no code")
        raise RehearsalError(f"{what} answers {answer.status} ({code}), not 200")
    return answer.document


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RehearsalError(otherwise)
