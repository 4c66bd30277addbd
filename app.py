"""Every route, queue and schedule of Rejoinder, thin: read the request, call one room, answer."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

from chalice.app import Chalice, CloudWatchEvent, Rate, Response, SQSEvent

from chalicelib import console, pipeline, web, wiring, work
from chalicelib.customers import linking, saving
from chalicelib.customers.input import ConsentInput, CustomerInput
from chalicelib.errors import NotFoundError
from chalicelib.inbound import beacon, segment, twilio, twilio_calls, whatsapp, x
from chalicelib.model import ContactLimits, Offer, Product, Store
from chalicelib.openapi import describe
from chalicelib.settings import load_settings
from chalicelib.steps import (
    calling,
    consenting,
    explaining,
    forgetting,
    importing,
    inbox,
    learning,
    models,
    offering,
    reading,
    replaying,
    stocking,
    watching,
)
from chalicelib.web import (
    body_of,
    content_type,
    entity_id,
    file_of,
    inbound_request,
    query_of,
    shown,
)

VERSION = "0.1.0"
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
JSON = "application/json"
ANY = [JSON, FORM, "text/plain"]
FILES = [JSON, "text/csv", "text/tab-separated-values", "application/x-ndjson", "text/plain"]
URL_SAFE = "%/:?#[]@!$&'()*+,;=~-._"
WEB_CORS = web.cors("Authorization", "Content-Type", "Content-Encoding", "anonymousid", "sentat")
INBOX_CORS = web.cors("Authorization", "Content-Type", "X-Anonymous-Id")

app = Chalice(app_name="rejoinder")
app.log.setLevel(logging.INFO)
routes = web.Routes(app)
rooms = wiring.rooms
fresh = wiring.fresh_rooms
stage = load_settings()


# --- what comes in -----------------------------------------------------------------------------


@routes.public("/webhooks/x", "GET", "X's challenge: answers crc_token")
def challenge_x() -> Any:
    return x.answer_challenge(query_of(app).get("crc_token", ""), rooms().settings)


@routes.public("/webhooks/x", "POST", "X events: mentions, replies, DMs, revocations, deletions")
def receive_x() -> Any:
    parsed = pipeline.receive("x", x.parse, inbound_request(app), rooms())
    return web.accepted(parsed)


@routes.public("/webhooks/twilio/messages", "POST", "Inbound SMS", content_types=[FORM, JSON])
def receive_sms() -> Response:
    pipeline.receive("twilio", twilio.parse, inbound_request(app), rooms())
    return web.no_reply_twiml()


@routes.public(
    "/webhooks/twilio/status", "POST", "Delivery status of an SMS", content_types=[FORM, JSON]
)
def receive_sms_status() -> Response:
    pipeline.receive("twilio", twilio.parse_status, inbound_request(app), rooms())
    return web.no_reply_twiml()


@routes.public(
    "/webhooks/twilio/calls", "POST", "What became of a call", content_types=[FORM, JSON]
)
def receive_call_status() -> Response:
    pipeline.receive("twilio", twilio_calls.parse_status, inbound_request(app), rooms())
    return web.no_reply_twiml()


@routes.public(
    "/webhooks/twilio/voice",
    "POST",
    "A key pressed in a call, or a call to us; answers what is said",
    content_types=[FORM, JSON],
)
def receive_key() -> Response:
    request = inbound_request(app)
    pipeline.receive("twilio", twilio_calls.parse_key, request, rooms())
    return web.twiml(calling.answer(request, rooms()))


@routes.public("/webhooks/whatsapp", "GET", "WhatsApp's challenge: answers hub.challenge")
def challenge_whatsapp() -> Response:
    challenge = whatsapp.answer_challenge(query_of(app), rooms().settings)
    return web.served(challenge, "text/plain")


@routes.public("/webhooks/whatsapp", "POST", "WhatsApp messages, and what became of ours")
def receive_whatsapp() -> Any:
    parsed = pipeline.receive("whatsapp", whatsapp.parse, inbound_request(app), rooms())
    return web.accepted(parsed)


def _declare_segment(call: str, path: str) -> None:
    """One call of the Segment HTTP API, at one of its paths."""

    def receive() -> Any:
        parse = partial(segment.parse, call=call)
        return web.accepted(pipeline.receive("segment", parse, inbound_request(app), rooms()))

    receive.__name__ = f"receive_{path.strip('/').replace('/', '_')}"
    summary = f"Segment HTTP API: {call}"
    routes.public(path, "POST", summary, content_types=ANY, cors=WEB_CORS)(receive)


for _call in ("identify", "track", "page", "screen", "group", "alias", "batch"):
    _declare_segment(_call, f"/v1/{_call}")
for _short, _call in {"i": "identify", "t": "track", "p": "page", "b": "batch"}.items():
    _declare_segment(_call, f"/v1/{_short}")


@routes.public("/beacon.js", "GET", "Our own small beacon")
def serve_beacon() -> Response:
    return web.served(beacon.read_script(), "application/javascript")


@routes.public("/inbox", "GET", "The messages for the visitor of X-Anonymous-Id", cors=INBOX_CORS)
def list_inbox() -> Response:
    return web.private(inbox.listed(inbound_request(app), rooms()))


@routes.public(
    "/inbox/{id}/read", "POST", "The visitor read it", content_types=ANY, cors=INBOX_CORS
)
def read_message(id: str) -> Response:
    return web.private(inbox.mark_read(inbound_request(app), id, rooms()))


@routes.public("/r/{token}", "GET", "Counts a click and redirects")
def follow_link(token: str) -> Response:
    link = pipeline.follow(token, rooms())
    if link is None:
        raise NotFoundError("this link is not known, or has expired")
    # An operator wrote it, in whatever characters.
    return Response("", status_code=302, headers={"Location": quote(link.url, safe=URL_SAFE)})


@routes.public("/u/{token}", "GET", "Asks whether to unsubscribe from marketing e-mail")
def ask_to_unsubscribe(token: str) -> Response:
    return web.served(consenting.ask_to_unsubscribe(token, rooms()), "text/html")


@routes.public(
    "/u/{token}",
    "POST",
    "One-click unsubscribe (RFC 8058)",
    content_types=[FORM, MULTIPART, JSON],
)
def unsubscribe(token: str) -> Response:
    return web.served(consenting.unsubscribe(token, rooms()), "text/html")


@routes.public("/c/{token}", "GET", "Asks to confirm that one agrees to marketing e-mail")
def ask_to_confirm(token: str) -> Response:
    return web.served(consenting.ask_to_confirm(token, rooms()), "text/html")


@routes.public(
    "/c/{token}",
    "POST",
    "Confirms it (double opt-in)",
    content_types=[FORM, MULTIPART, JSON],
)
def confirm_consent(token: str) -> Response:
    return web.served(consenting.confirm(token, rooms()), "text/html")


# --- the customer view -------------------------------------------------------------------------


@routes.operator("/customers/{id}", "PUT", "State who a customer is", takes=CustomerInput)
def put_customer(id: str) -> Any:
    said = body_of(app, CustomerInput)
    now = rooms().clock()
    saved = saving.save(rooms().customers, said.to_customer(entity_id(id), now), now)
    customer = consenting.ask_pending(saved.customer, rooms())
    return {**shown(customer), "merged": list(saved.merged_ids)}


@routes.operator("/customers/{id}", "GET", "The single customer view")
def get_customer(id: str) -> Any:
    return shown(reading.customer(entity_id(id), rooms()))


@routes.operator("/customers/{id}", "DELETE", "Erase a customer; answers the receipt")
def delete_customer(id: str) -> Any:
    return shown(forgetting.erase_customer(entity_id(id), rooms()))


@routes.operator(
    "/customers/{id}/erasure", "POST", "Erase a customer; answers the receipt", content_types=ANY
)
def erase_customer(id: str) -> Any:
    return shown(forgetting.erase_customer(entity_id(id), rooms()))


@routes.operator("/customers/{id}/export", "GET", "Everything kept of a customer, explained")
def export_customer(id: str) -> Any:
    return reading.export(entity_id(id), rooms())


@routes.operator("/customers/{id}/consents", "POST", "Record a consent", takes=ConsentInput)
def post_consent(id: str) -> Any:
    said = body_of(app, ConsentInput).to_consent(rooms().clock())
    return shown(consenting.put_consent(entity_id(id), said, rooms()))


@routes.operator("/customers/{id}/consents", "GET", "Every consent and refusal ever heard, in time")
def list_consents(id: str) -> Any:
    return {"consents": reading.consents(entity_id(id), rooms())}


@routes.operator("/customers/{id}/merges", "GET", "Who was merged into a customer")
def list_merges(id: str) -> Any:
    return {"merges": reading.merges(entity_id(id), rooms())}


@routes.operator(
    "/customers/{id}/merges/{merge_id}/undo", "POST", "Part two customers again", content_types=ANY
)
def undo_merge(id: str, merge_id: str) -> Any:
    store, now = rooms().customers, rooms().clock()
    return shown(linking.undo(store, entity_id(id), entity_id(merge_id), now))


@routes.operator(
    "/customers/import", "POST", "Customers, or ?kind=transactions", content_types=FILES
)
def post_customers() -> Any:
    kind = query_of(app).get("kind", "customers")
    return importing.customers(kind, file_of(app), fresh())


# --- products, stores and offers ---------------------------------------------------------------


@routes.operator("/products/{id}", "PUT", "Keep a product", takes=Product)
def put_product(id: str) -> Any:
    return shown(stocking.put_product(body_of(app, Product, id=entity_id(id)), rooms()))


@routes.operator("/products/{id}", "GET", "One product")
def get_product(id: str) -> Any:
    return shown(rooms().products.get_product(entity_id(id)))


@routes.operator("/products/import", "POST", "A Google Merchant feed", content_types=FILES)
def post_products() -> Any:
    return importing.products(content_type(app), file_of(app), fresh())


@routes.operator("/stores/{id}", "PUT", "Keep a store", takes=Store)
def put_store(id: str) -> Any:
    return shown(stocking.put_store(body_of(app, Store, id=entity_id(id)), rooms()))


@routes.operator("/stores/{id}", "GET", "One store")
def get_store(id: str) -> Any:
    return shown(rooms().products.get_store(entity_id(id)))


@routes.operator("/offers/{id}", "PUT", "Keep the draft of an offer", takes=Offer)
def put_offer(id: str) -> Any:
    return stocking.put_offer(body_of(app, Offer, id=entity_id(id)), rooms())


@routes.operator("/offers/{id}", "GET", "The draft of an offer")
def get_offer(id: str) -> Any:
    return shown(rooms().offers.get(entity_id(id)))


@routes.operator("/offers/{id}", "DELETE", "Drop the draft; live until the next publication")
def delete_offer(id: str) -> Any:
    rooms().offers.delete(entity_id(id))
    return {"deleted": id}


@routes.operator("/offers", "GET", "The drafts of all offers; ?after= and ?limit= page")
def list_offers() -> Any:
    return stocking.list_offers(query_of(app), rooms())


@routes.operator(
    "/catalog/publish", "POST", "Make all drafts live, or roll back", takes=stocking.PublishRequest
)
def publish_catalog() -> Any:
    return stocking.publish_catalog(body_of(app, stocking.PublishRequest), rooms())


@routes.operator("/catalog/limits", "GET", "The draft of the contact limits")
def get_limits() -> Any:
    return shown(rooms().limits.get())


@routes.operator("/catalog/limits", "PUT", "Keep it; live once published", takes=ContactLimits)
def put_limits() -> Any:
    limits = body_of(app, ContactLimits)
    rooms().limits.put(limits)
    return shown(limits)


# --- models ------------------------------------------------------------------------------------


@routes.operator("/models", "GET", "Which models decide, and how well")
def get_models() -> Any:
    return watching.told(rooms())


@routes.operator("/models", "POST", "Learn a model, to be tried in shadow", content_types=ANY)
def learn_model() -> Any:
    return models.learned(fresh())


@routes.operator(
    "/models/rollout", "PUT", "Which model decides for whom", takes=models.RolloutRequest
)
def put_rollout() -> Any:
    return models.rolled_out(body_of(app, models.RolloutRequest), fresh())


# --- decisions and what became of things -------------------------------------------------------


@routes.operator("/decisions", "POST", "Decide now", takes=offering.DecisionRequest)
def post_decision() -> Any:
    asked = body_of(app, offering.DecisionRequest)
    return explaining.answered(offering.decide_now(asked, fresh()))


@routes.operator(
    "/decisions/{id}", "GET", "Explain a decision; ?limit= and ?from= page, ?offer_id= asks of one"
)
def get_decision(id: str) -> Any:
    return reading.explanation(entity_id(id), rooms(), explaining.Page.of(query_of(app)))


@routes.operator("/decisions/{id}/replay", "POST", "Decide again", takes=replaying.ReplayRequest)
def replay_decision(id: str) -> Any:
    asked = body_of(app, replaying.ReplayRequest)
    return replaying.replayed(entity_id(id), asked.catalog_version, fresh())


@routes.operator("/interactions/{id}", "GET", "One interaction and what became of it")
def get_interaction(id: str) -> Any:
    return reading.interaction(unquote(id), rooms())


# --- the house itself --------------------------------------------------------------------------


@routes.public("/healthz", "GET", "Whether we can serve")
def healthz() -> Any:
    return {
        "status": "ok",
        "stage": stage.stage,
        **stocking.served(rooms()),
        **watching.served(rooms()),
    }


@routes.public("/openapi.json", "GET", "This list, for machines")
def openapi() -> Any:
    return describe("Rejoinder", VERSION, routes.operations)


@routes.public("/console", "GET", "The page that an operator opens")
def console_page() -> Response:
    return web.served(*console.read_page("index.html"))


@routes.public("/console/{name}", "GET", "A file of that page")
def console_file(name: str) -> Response:
    return web.served(*console.read_page(name))


# --- queues and schedules ----------------------------------------------------------------------


@app.on_sqs_message(queue=stage.name("interactions"), batch_size=10)
def handle_interactions(event: SQSEvent) -> None:
    work.finish(event, stage.name("interactions"), rooms())


@app.on_sqs_message(queue=stage.name("urgent"), batch_size=10)
def handle_urgent(event: SQSEvent) -> None:
    work.finish(event, stage.name("urgent"), rooms())


@app.on_sqs_message(queue=stage.name("notices"), batch_size=1)
def handle_notices(event: SQSEvent) -> None:
    work.take_in(event, rooms())


@app.schedule(Rate(1, unit=Rate.MINUTES))
def handle_sweep(event: CloudWatchEvent) -> None:
    pipeline.sweep(rooms())
    rooms().refresh()
    rooms().snapshots.write_if_due(rooms().clock())


@app.on_sqs_message(queue=stage.name("learning"), batch_size=10)
def handle_learn(event: SQSEvent) -> None:
    work.learn(event, stage.name("learning"), rooms())


@app.schedule(Rate(1, unit=Rate.MINUTES))
def handle_collect(event: CloudWatchEvent) -> None:
    learning.collect(rooms())


@app.schedule(Rate(1, unit=Rate.DAYS))
def handle_snapshot(event: CloudWatchEvent) -> None:
    models.snapshot(fresh())
