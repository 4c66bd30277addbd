"""Every route, queue and schedule of Rejoinder, thin: read the request, call one room, answer."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

from chalice.app import Chalice, CloudWatchEvent, Rate, Response, SQSEvent

from chalicelib import console, customers, inbound, model, pipeline, steps, web, wiring, work
from chalicelib.errors import NotFoundError
from chalicelib.preloading import preload
from chalicelib.settings import load_runtime, load_settings
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
door = wiring.bare_rooms
rooms = wiring.rooms
fresh = wiring.fresh_rooms
stage = load_settings()
web.observe(app, stage)
preload(load_runtime())


# --- what comes in -----------------------------------------------------------------------------


@routes.public("/webhooks/x", "GET", "X's challenge: answers crc_token")
def challenge_x() -> Any:
    return inbound.x.answer_challenge(query_of(app).get("crc_token", ""), door().settings)


@routes.public("/webhooks/x", "POST", "X events: mentions, replies, DMs, revocations, deletions")
def receive_x() -> Any:
    parsed = pipeline.receive("x", inbound.x.parse, inbound_request(app), door())
    return web.accepted(parsed)


@routes.public("/webhooks/twilio/messages", "POST", "Inbound SMS", content_types=[FORM, JSON])
def receive_sms() -> Response:
    pipeline.receive("twilio", inbound.twilio.parse, inbound_request(app), door())
    return web.no_reply_twiml()


@routes.public(
    "/webhooks/twilio/status", "POST", "Delivery status of an SMS", content_types=[FORM, JSON]
)
def receive_sms_status() -> Response:
    pipeline.receive("twilio", inbound.twilio.parse_status, inbound_request(app), door())
    return web.no_reply_twiml()


@routes.public(
    "/webhooks/twilio/calls", "POST", "What became of a call", content_types=[FORM, JSON]
)
def receive_call_status() -> Response:
    pipeline.receive("twilio", inbound.twilio_calls.parse_status, inbound_request(app), door())
    return web.no_reply_twiml()


@routes.public(
    "/webhooks/twilio/voice",
    "POST",
    "A key pressed in a call, or a call to us; answers what is said",
    content_types=[FORM, JSON],
)
def receive_key() -> Response:
    request = inbound_request(app)
    pipeline.receive("twilio", inbound.twilio_calls.parse_key, request, door())
    return web.twiml(steps.calling.answer(request, door()))


@routes.public("/webhooks/whatsapp", "GET", "WhatsApp's challenge: answers hub.challenge")
def challenge_whatsapp() -> Response:
    challenge = inbound.whatsapp.answer_challenge(query_of(app), door().settings)
    return web.served(challenge, "text/plain")


@routes.public("/webhooks/whatsapp", "POST", "WhatsApp messages, and what became of ours")
def receive_whatsapp() -> Any:
    parsed = pipeline.receive("whatsapp", inbound.whatsapp.parse, inbound_request(app), door())
    return web.accepted(parsed)


def _declare_segment(call: str, path: str) -> None:
    """One call of the Segment HTTP API, at one of its paths."""

    def receive() -> Any:
        parse = partial(inbound.segment.parse, call=call)
        return web.accepted(pipeline.receive("segment", parse, inbound_request(app), door()))

    receive.__name__ = f"receive_{path.strip('/').replace('/', '_')}"
    summary = f"Segment HTTP API: {call}"
    routes.public(path, "POST", summary, content_types=ANY, cors=WEB_CORS)(receive)


for _call in ("identify", "track", "page", "screen", "group", "alias", "batch"):
    _declare_segment(_call, f"/v1/{_call}")
for _short, _call in {"i": "identify", "t": "track", "p": "page", "b": "batch"}.items():
    _declare_segment(_call, f"/v1/{_short}")


@routes.public("/beacon.js", "GET", "Our own small beacon")
def serve_beacon() -> Response:
    return web.served(inbound.beacon.read_script(), "application/javascript")


@routes.public("/inbox", "GET", "The messages for the visitor of X-Anonymous-Id", cors=INBOX_CORS)
def list_inbox() -> Response:
    return web.private(steps.inbox.listed(inbound_request(app), door()))


@routes.public(
    "/inbox/{id}/read", "POST", "The visitor read it", content_types=ANY, cors=INBOX_CORS
)
def read_message(id: str) -> Response:
    return web.private(steps.inbox.mark_read(inbound_request(app), id, door()))


@routes.public("/r/{token}", "GET", "Counts a click and redirects")
def follow_link(token: str) -> Response:
    link = pipeline.follow(token, door())
    if link is None:
        raise NotFoundError("this link is not known, or has expired")
    # An operator wrote it, in whatever characters.
    return Response("", status_code=302, headers={"Location": quote(link.url, safe=URL_SAFE)})


@routes.public("/u/{token}", "GET", "Asks whether to unsubscribe from marketing e-mail")
def ask_to_unsubscribe(token: str) -> Response:
    return web.served(steps.consenting.ask_to_unsubscribe(token, door()), "text/html")


@routes.public(
    "/u/{token}",
    "POST",
    "One-click unsubscribe (RFC 8058)",
    content_types=[FORM, MULTIPART, JSON],
)
def unsubscribe(token: str) -> Response:
    return web.served(steps.consenting.unsubscribe(token, door()), "text/html")


@routes.public("/c/{token}", "GET", "Asks to confirm that one agrees to marketing e-mail")
def ask_to_confirm(token: str) -> Response:
    return web.served(steps.consenting.ask_to_confirm(token, door()), "text/html")


@routes.public(
    "/c/{token}",
    "POST",
    "Confirms it (double opt-in)",
    content_types=[FORM, MULTIPART, JSON],
)
def confirm_consent(token: str) -> Response:
    return web.served(steps.consenting.confirm(token, door()), "text/html")


# --- the customer view -------------------------------------------------------------------------


@routes.operator(
    "/customers/{id}", "PUT", "State who a customer is", takes=lambda: customers.input.CustomerInput
)
def put_customer(id: str) -> Any:
    said = body_of(app, customers.input.CustomerInput)
    now = rooms().clock()
    saved = customers.saving.save(rooms().customers, said.to_customer(entity_id(id), now), now)
    customer = steps.consenting.ask_pending(saved.customer, rooms())
    return {**shown(customer), "merged": list(saved.merged_ids)}


@routes.operator("/customers/{id}", "GET", "The single customer view")
def get_customer(id: str) -> Any:
    return shown(steps.reading.customer(entity_id(id), rooms()))


@routes.operator("/customers/{id}", "DELETE", "Erase a customer; answers the receipt")
def delete_customer(id: str) -> Any:
    return shown(steps.forgetting.erase_customer(entity_id(id), rooms()))


@routes.operator(
    "/customers/{id}/erasure", "POST", "Erase a customer; answers the receipt", content_types=ANY
)
def erase_customer(id: str) -> Any:
    return shown(steps.forgetting.erase_customer(entity_id(id), rooms()))


@routes.operator("/customers/{id}/export", "GET", "Everything kept of a customer, explained")
def export_customer(id: str) -> Any:
    return steps.reading.export(entity_id(id), rooms())


@routes.operator(
    "/customers/{id}/consents",
    "POST",
    "Record a consent",
    takes=lambda: customers.input.ConsentInput,
)
def post_consent(id: str) -> Any:
    said = body_of(app, customers.input.ConsentInput).to_consent(rooms().clock())
    return shown(steps.consenting.put_consent(entity_id(id), said, rooms()))


@routes.operator("/customers/{id}/consents", "GET", "Every consent and refusal ever heard, in time")
def list_consents(id: str) -> Any:
    return {"consents": steps.reading.consents(entity_id(id), rooms())}


@routes.operator("/customers/{id}/merges", "GET", "Who was merged into a customer")
def list_merges(id: str) -> Any:
    return {"merges": steps.reading.merges(entity_id(id), rooms())}


@routes.operator(
    "/customers/{id}/merges/{merge_id}/undo", "POST", "Part two customers again", content_types=ANY
)
def undo_merge(id: str, merge_id: str) -> Any:
    store, now = rooms().customers, rooms().clock()
    return shown(customers.linking.undo(store, entity_id(id), entity_id(merge_id), now))


@routes.operator(
    "/customers/import", "POST", "Customers, or ?kind=transactions", content_types=FILES
)
def post_customers() -> Any:
    kind = query_of(app).get("kind", "customers")
    return steps.importing.customers(kind, file_of(app), fresh())


# --- products, stores and offers ---------------------------------------------------------------


@routes.operator("/products/{id}", "PUT", "Keep a product", takes=lambda: model.Product)
def put_product(id: str) -> Any:
    return shown(steps.stocking.put_product(body_of(app, model.Product, id=entity_id(id)), rooms()))


@routes.operator("/products/{id}", "GET", "One product")
def get_product(id: str) -> Any:
    return shown(rooms().products.get_product(entity_id(id)))


@routes.operator("/products/import", "POST", "A Google Merchant feed", content_types=FILES)
def post_products() -> Any:
    return steps.importing.products(content_type(app), file_of(app), fresh())


@routes.operator("/stores/{id}", "PUT", "Keep a store", takes=lambda: model.Store)
def put_store(id: str) -> Any:
    return shown(steps.stocking.put_store(body_of(app, model.Store, id=entity_id(id)), rooms()))


@routes.operator("/stores/{id}", "GET", "One store")
def get_store(id: str) -> Any:
    return shown(rooms().products.get_store(entity_id(id)))


@routes.operator("/offers/{id}", "PUT", "Keep the draft of an offer", takes=lambda: model.Offer)
def put_offer(id: str) -> Any:
    return steps.stocking.put_offer(body_of(app, model.Offer, id=entity_id(id)), rooms())


@routes.operator("/offers/{id}", "GET", "The draft of an offer")
def get_offer(id: str) -> Any:
    return shown(rooms().offers.get(entity_id(id)))


@routes.operator("/offers/{id}", "DELETE", "Drop the draft; live until the next publication")
def delete_offer(id: str) -> Any:
    rooms().offers.delete(entity_id(id))
    return {"deleted": id}


@routes.operator("/offers", "GET", "The drafts of all offers; ?after= and ?limit= page")
def list_offers() -> Any:
    return steps.stocking.list_offers(query_of(app), rooms())


@routes.operator(
    "/catalog/publish",
    "POST",
    "Make all drafts live, or roll back",
    takes=lambda: steps.stocking.PublishRequest,
)
def publish_catalog() -> Any:
    return steps.stocking.publish_catalog(body_of(app, steps.stocking.PublishRequest), rooms())


@routes.operator("/catalog/limits", "GET", "The draft of the contact limits")
def get_limits() -> Any:
    return shown(rooms().limits.get())


@routes.operator(
    "/catalog/limits", "PUT", "Keep it; live once published", takes=lambda: model.ContactLimits
)
def put_limits() -> Any:
    limits = body_of(app, model.ContactLimits)
    rooms().limits.put(limits)
    return shown(limits)


# --- models ------------------------------------------------------------------------------------


@routes.operator("/models", "GET", "Which models decide, and how well")
def get_models() -> Any:
    return steps.watching.told(rooms())


@routes.operator("/models", "POST", "Learn a model, to be tried in shadow", content_types=ANY)
def learn_model() -> Any:
    return steps.models.learned(fresh())


@routes.operator(
    "/models/rollout",
    "PUT",
    "Which model decides for whom",
    takes=lambda: steps.models.RolloutRequest,
)
def put_rollout() -> Any:
    return steps.models.rolled_out(body_of(app, steps.models.RolloutRequest), fresh())


# --- decisions and what became of things -------------------------------------------------------


@routes.operator("/decisions", "POST", "Decide now", takes=lambda: steps.offering.DecisionRequest)
def post_decision() -> Any:
    asked = body_of(app, steps.offering.DecisionRequest)
    return steps.explaining.answered(steps.offering.decide_now(asked, fresh()))


@routes.operator(
    "/decisions/{id}", "GET", "Explain a decision; ?limit= and ?from= page, ?offer_id= asks of one"
)
def get_decision(id: str) -> Any:
    return steps.reading.explanation(
        entity_id(id), rooms(), steps.explaining.Page.of(query_of(app))
    )


@routes.operator(
    "/decisions/{id}/replay", "POST", "Decide again", takes=lambda: steps.replaying.ReplayRequest
)
def replay_decision(id: str) -> Any:
    asked = body_of(app, steps.replaying.ReplayRequest)
    return steps.replaying.replayed(entity_id(id), asked.catalog_version, fresh())


@routes.operator("/interactions/{id}", "GET", "One interaction and what became of it")
def get_interaction(id: str) -> Any:
    return steps.reading.interaction(unquote(id), rooms())


# --- the house itself --------------------------------------------------------------------------


@routes.public("/healthz", "GET", "Whether we can serve")
def healthz() -> Any:
    return {
        "status": "ok",
        "stage": stage.stage,
        **steps.stocking.served(rooms()),
        **steps.watching.served(rooms()),
    }


@routes.public("/openapi.json", "GET", "This list, for machines")
def openapi() -> Any:
    from chalicelib.openapi import describe  # asked for by hardly any request

    return describe("Rejoinder", VERSION, routes.operations)


@routes.public("/console", "GET", "The page that an operator opens")
def console_page() -> Response:
    return web.served(*console.read_page("index.html"))


@routes.public("/console/{name}", "GET", "A file of that page")
def console_file(name: str) -> Response:
    return web.served(*console.read_page(name))


# --- queues and schedules ----------------------------------------------------------------------


@app.on_sqs_message(queue=stage.name("interactions"), batch_size=10, maximum_concurrency=50)
def handle_interactions(event: SQSEvent) -> None:
    work.finish(event, stage.name("interactions"), rooms())


@app.on_sqs_message(queue=stage.name("urgent"), batch_size=10, maximum_concurrency=10)
def handle_urgent(event: SQSEvent) -> None:
    work.finish(event, stage.name("urgent"), rooms())


@app.on_sqs_message(queue=stage.name("notices"), batch_size=1, maximum_concurrency=5)
def handle_notices(event: SQSEvent) -> None:
    work.take_in(event, door())


@app.schedule(Rate(1, unit=Rate.MINUTES))
def handle_sweep(event: CloudWatchEvent) -> None:
    pipeline.sweep(rooms())
    rooms().refresh()
    rooms().snapshots.write_if_due(rooms().clock())


@app.on_sqs_message(queue=stage.name("learning"), batch_size=10, maximum_concurrency=5)
def handle_learn(event: SQSEvent) -> None:
    work.learn(event, stage.name("learning"), rooms())


@app.schedule(Rate(1, unit=Rate.MINUTES))
def handle_collect(event: CloudWatchEvent) -> None:
    steps.learning.collect(rooms())


@app.schedule(Rate(1, unit=Rate.DAYS))
def handle_snapshot(event: CloudWatchEvent) -> None:
    steps.models.snapshot(fresh())
