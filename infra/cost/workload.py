"""What is measured: texts that are answered, web events, decisions, learning, and doing nothing.

Each goes through `app.py`'s own handlers, in the events of AWS's documentation. The customers are
regulars (60 attributes, 30 orders, 40 contacts, 50 behaviours), another one for each request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from ..local.environment import WRITE_KEY
from ..packaging.events import json_event, rest_event, twilio_event
from .stage import Stage, Step

QUESTION = "do you have the Trailblazer GTX in a 44?"
STATUSES = ("sent", "delivered")
"""What Twilio calls back for: not for the status that our call was answered with.
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks"""
_WORKER = ("interactions", "handle_interactions")


def reply(stage: Stage) -> Iterator[Step]:
    """One signed text from a regular, answered with an offer in it; then its callbacks."""
    customer = stage.regular()
    number = next(i for i in customer.identities if i.startswith("phone:"))
    form = {
        **_form(f"SM{stage.number():032x}"),
        "From": number.removeprefix("phone:"),
        "To": stage.rooms.settings.twilio_number,
        "Body": QUESTION,
        "NumMedia": "0",
        "NumSegments": "1",
    }
    yield _posted(stage, "webhook", "/webhooks/twilio/messages", form)
    (answer,) = stage.worked("answer", *_WORKER)
    yield answer
    (sid,) = answer.texts
    record = stage.rooms.ledger.interaction(f"twilio:{form['MessageSid']}")
    (key,) = record.outbox_ids if record else ()
    for status in STATUSES:
        told = {**_form(sid), "MessageStatus": status, "SmsStatus": status}
        yield _posted(stage, f"callback {status}", "/webhooks/twilio/status", told, key=key)
        yield from stage.worked(f"receipt {status}", *_WORKER)


def events(stage: Stage, count: int, *, known: bool) -> Iterator[Step]:
    """One request with `count` events of one visitor: a regular, or somebody new."""
    customer = stage.regular().id if known else None
    body = _batch(stage, count, customer)
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    event = rest_event("POST", "/v1/batch", headers=headers, body=json.dumps(body))
    yield stage.answered("webhook", event)
    yield from stage.worked("observe", *_WORKER)


def decide(stage: Stage) -> Step:
    """One POST /decisions for a regular's page."""
    asked = {
        "identity": f"user:{stage.regular().id}",
        "context": {"page": "https://shop.example/"},
        "placement": "home",
        "limit": 3,
    }
    return stage.answered("decision", json_event("POST", "/decisions", asked))


def learn(stage: Stage) -> Iterator[Step]:
    """Everything decided so far is collected, and counted."""
    stage.clock.advance(hours=stage.rooms.settings.attribution_hours + 1)
    stage.rooms.refresh()
    yield stage.scheduled("collect", "handle_collect")
    yield from stage.worked("learn", "learning", "handle_learn")


def idle(stage: Stage) -> Iterator[Step]:
    """A minute in which nothing happens."""
    stage.clock.advance(seconds=60)
    yield stage.scheduled("sweep", "handle_sweep")
    yield stage.scheduled("collect", "handle_collect")


def refresh(stage: Stage) -> Step:
    """What a container reads to keep up with what others published, each half minute."""
    stage.clock.advance(seconds=60)
    return stage.measured("refresh", "each container", {}, lambda event: stage.rooms.refresh())


def _posted(stage: Stage, name: str, resource: str, form: Mapping[str, str], **query: str) -> Step:
    token = stage.rooms.settings.twilio_auth_token.get_secret_value()
    return stage.answered(name, twilio_event(resource, form, token, **query))


def _form(sid: str) -> dict[str, str]:
    """What stands in each of Twilio's requests."""
    return {"MessageSid": sid, "SmsSid": sid, "AccountSid": "AC" + "9" * 32, "ApiVersion": "2010"}


def _batch(stage: Stage, count: int, customer: str | None) -> dict[str, Any]:
    """As the beacon posts it."""
    visitor = stage.number()
    begun = stage.clock() - timedelta(seconds=count)
    page = {"url": "https://shop.example/p/tb-gtx-44", "title": "Trailblazer GTX", "referrer": ""}

    def event(n: int) -> dict[str, Any]:
        return {
            "type": "track",
            "messageId": f"{visitor:08x}{n:024x}",
            "timestamp": (begun + timedelta(seconds=n)).isoformat(),
            "context": {"page": page},
            "anonymousId": f"{visitor:032x}",
            "userId": customer,
            "event": "Product Viewed",
            "properties": {"product_id": "tb-gtx-44", "category": "shoes/trail", "price": 129.9},
        }

    sent_at = stage.clock().isoformat()
    return {"writeKey": WRITE_KEY, "sentAt": sent_at, "batch": [event(n) for n in range(count)]}
