"""What may go wrong in the middle of things: lost races, crashes, hostile and outsized input."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from chalice.test import Client

import app as application
from chalicelib import documents, pipeline
from chalicelib.customers import activity, linking
from chalicelib.customers.input import ConsentInput
from chalicelib.customers.traits import with_traits
from chalicelib.errors import ConflictError, NotFoundError, PermanentError, TemporaryError
from chalicelib.ledger import Budgets, Ledger
from chalicelib.ledger.outbox import GRACE
from chalicelib.model import (
    Channel,
    ConsentState,
    Customer,
    Decision,
    DecisionContext,
    DecisionInputs,
    Identification,
    Interaction,
    InteractionStatus,
    OfferContact,
    Purpose,
    Receipt,
    Removal,
    Restock,
    SendResult,
)
from chalicelib.queues import seal
from chalicelib.steps import forgetting, messages, offering, reading, replaying, stocking
from chalicelib.steps.rooms import Rooms
from tests.search import legible
from tests.stage import (
    JOE,
    NOON,
    Aws,
    Clock,
    Desk,
    Recorder,
    a_message,
    a_shoe,
    an_event,
    an_offer,
    put_customer,
    stock_the_shop,
)

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"


pytestmark = pytest.mark.filterwarnings("ignore:IAMAuthorizer")


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms)
    return rooms


def said(rooms: Rooms, interaction_id: str = "x:1") -> Any:
    record = rooms.ledger.interaction(interaction_id)
    assert record is not None
    return record


def only_entry(rooms: Rooms, interaction_id: str = "x:1") -> Any:
    (entry,) = rooms.outbox.entries(said(rooms, interaction_id).outbox_ids)
    return entry


def a_receipt(entry: Any, status: Any, barred: Any = None) -> Interaction:
    told = Receipt(provider="recorder", provider_id=entry.provider_id, status=status, barred=barred)
    return Interaction(
        id=f"twilio:{entry.provider_id}:{status}",
        source="twilio",
        occurred_at=NOON,
        received_at=NOON,
        body=told,
    )


def lose_the_first_commit(rooms: Rooms, monkeypatch: pytest.MonkeyPatch, customer_id: str) -> None:
    """Somebody else changes the customer just before the first commit."""
    commit, lost = Ledger.commit, list[bool]()

    def late(ledger: Ledger, writes: Any) -> None:
        if not lost:
            lost.append(True)
            other = rooms.customers.view(customer_id)
            assert other is not None
            rooms.customers.save(other, other.model_copy(update={"gpc": True}), rooms.clock())
        commit(ledger, writes)

    monkeypatch.setattr(Ledger, "commit", late)


def traces_in_tables(rooms: Rooms, *needles: str) -> list[str]:
    found = []
    for table in (rooms.customers.table, rooms.ledger.table):
        for item in rooms.dynamodb.scan(TableName=table)["Items"]:
            text = legible([item])
            found += [f"{item['pk']['S']} {item['sk']['S']}" for n in needles if n in text]
    return found


# --- receipts, the sweeper, the budget -----------------------------------------------------------


def test_an_opt_out_told_by_a_receipt_survives_a_lost_race(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    told = a_receipt(only_entry(shop), "failed", "opted_out")
    lose_the_first_commit(shop, monkeypatch, "joe")
    pipeline.respond(told, shop)

    standing = reading.customer("joe", shop).consent(Channel.SMS, Purpose.MARKETING)
    assert standing is not None
    assert standing.state is ConsentState.DENIED
    assert only_entry(shop).status == "failed"


def test_a_crash_after_a_repeated_send_does_not_send_a_third_time(
    shop: Rooms, recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.answers.append(SendResult(status="retry", provider="recorder", code="429"))
    pipeline.respond(a_message(ASKS), shop)
    with monkeypatch.context() as broken:

        def crash(*_: Any) -> None:
            raise TemporaryError("the worker died")

        broken.setattr(shop.outbox, "settle", crash)
        clock.advance(seconds=GRACE.total_seconds() + 1)
        pipeline.sweep(shop)
    clock.advance(seconds=GRACE.total_seconds() + 1)
    pipeline.sweep(shop)

    assert len(recorder.sent) == 2
    assert only_entry(shop).status == "unknown"


def test_one_entry_that_cannot_be_reconciled_keeps_no_other_waiting(
    shop: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crashed:
        crashed.setattr(pipeline, "deliver", lambda entry, rooms: entry)
        for number in ("1", "2"):
            pipeline.respond(a_message(ASKS, number=number), shop)
    clock.advance(seconds=GRACE.total_seconds() + 1)
    asked: list[str] = []

    def status(self: Recorder, entry: Any) -> None:
        asked.append(entry.id)
        if len(asked) == 1:
            raise TemporaryError("the provider is down")

    monkeypatch.setattr(Recorder, "status", status)
    pipeline.sweep(shop)
    assert len(asked) == 2


def test_a_spent_budget_costs_the_message_its_offer_and_nothing_else(
    rooms: Rooms, recorder: Recorder
) -> None:
    stock_the_shop(rooms, an_offer(policy={"budget": 32}))
    for shard in range(16):
        for _ in range(2):
            documents.transact(rooms.dynamodb, [rooms.budgets.take("trail-10", 32, shard)])
    fresh = rooms.but(budgets=Budgets(rooms.ledger.table, rooms.rng))
    record = pipeline.respond(a_message(ASKS), fresh)

    assert record is not None
    assert record.status is InteractionStatus.ANSWERED
    (sent,) = recorder.sent
    assert "10%" not in sent.text


def test_meeting_another_transaction_does_not_lose_the_settling(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact, met = documents.transact, list[bool]()

    def meets(client: Any, writes: Any) -> None:
        if "outbox#" in str(writes[0]) and len(writes) <= 2 and not met:
            met.append(True)
            raise documents.Cancelled
        transact(client, writes)

    monkeypatch.setattr(documents, "transact", meets)
    pipeline.respond(a_message(ASKS), shop)
    assert met
    assert only_entry(shop).status == "sent"


# --- deciding at once ----------------------------------------------------------------------------


def test_many_offers_with_budgets_fit_one_transaction(rooms: Rooms) -> None:
    offers = [an_offer(id=f"o-{n}", rule="true", policy={"budget": 1000}) for n in range(50)]
    stock_the_shop(rooms, *offers)
    most = next(
        m.le for m in offering.DecisionRequest.model_fields["limit"].metadata if hasattr(m, "le")
    )
    asked = offering.DecisionRequest(identity="user:joe", limit=most)
    assert len(offering.decide_now(asked, rooms).offers) == most


@pytest.mark.parametrize("channel", [Channel.X_REPLY, Channel.X_DM])
def test_nothing_promotional_is_decided_for_x_without_consent(
    shop: Rooms, channel: Channel
) -> None:
    asked = offering.DecisionRequest(
        identity="user:joe", context=DecisionContext(channel=channel), limit=5
    )
    assert offering.decide_now(asked, shop).offers == ()


def test_a_decision_without_offers_is_shown_and_erased_too(rooms: Rooms) -> None:
    stock_the_shop(rooms, an_offer(rule="false"))
    decision = offering.decide_now(offering.DecisionRequest(identity="user:joe"), rooms)
    assert [d["decision_id"] for d in reading.export("joe", rooms)["decisions"]] == [decision.id]

    forgetting.erase_customer("joe", rooms)
    assert rooms.ledger.decision(decision.id) is None


def test_a_decision_made_at_once_follows_what_others_published(
    shop: Rooms, aws: Aws, clock: Clock, recorder: Recorder, desk: Desk
) -> None:
    other = aws.rooms(shop.settings, clock, recorder, desk)
    other.offers.delete("trail-10")
    other.offers.put(an_offer(id="other", rule="true"))
    stocking.publish_catalog(stocking.PublishRequest(), other)
    clock.advance(minutes=5)
    with Client(application.app) as client:
        answer = client.http.post(
            "/decisions",
            headers={"Content-Type": "application/json"},
            body=json.dumps({"identity": "user:joe"}).encode(),
        )
    assert [o["offer_id"] for o in answer.json_body["offers"]] == ["other"]


def test_a_worker_that_idled_answers_with_today_s_stock(
    shop: Rooms, aws: Aws, clock: Clock, recorder: Recorder, desk: Desk
) -> None:
    other = aws.rooms(shop.settings, clock, recorder, desk)
    stocking.put_product(a_shoe("44", stock={"broadway": 0, "soho": 0}), other)
    clock.advance(minutes=30)
    at = clock.now
    body = seal([a_message(ASKS, at=at)])
    with Client(application.app) as client:
        event = client.events.generate_sqs_event([body], queue_name="rejoinder-dev-interactions")
        client.lambda_.invoke("handle_interactions", event)
    (sent,) = recorder.sent
    assert "Broadway" not in sent.text


# --- erasure -------------------------------------------------------------------------------------


def test_erasure_takes_what_they_wait_for(shop: Rooms) -> None:
    stocking.put_product(a_shoe("44", stock={"broadway": 0}), shop)
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(
        a_message("yes please", number="2", channel=Channel.SMS, sender="phone:+15551230001"), shop
    )
    assert list(shop.customers.waiting_for("tb-gtx-44")) == ["joe"]

    forgetting.erase_customer("joe", shop)
    assert list(shop.customers.waiting_for("tb-gtx-44")) == []


def test_an_undone_merge_keeps_nothing_of_the_other(shop: Rooms) -> None:
    put_customer(
        shop, "ann", {"identities": ["email:ann@example.com"], "profile": {"first_name": "Annabel"}}
    )
    linking.tie(shop.customers, "joe", "ann", NOON)
    (done,) = linking.merges_of(shop.customers, "joe")
    linking.undo(shop.customers, "joe", done.id, NOON)
    forgetting.erase_customer("ann", shop)
    assert traces_in_tables(shop, "Annabel", "ann@example.com") == []


def test_erasure_can_be_repeated_after_a_crash_anywhere(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    for survived in range(40):
        left = survived
        delete_item, transact = shop.dynamodb.delete_item, shop.dynamodb.transact_write_items

        def until(call: Any) -> Any:
            def made(**given: Any) -> Any:
                nonlocal left
                if not left:
                    raise TemporaryError("the worker died")
                left -= 1
                return call(**given)

            return made

        with monkeypatch.context() as crash:
            crash.setattr(shop.dynamodb, "delete_item", until(delete_item))
            crash.setattr(shop.dynamodb, "transact_write_items", until(transact))
            try:
                forgetting.erase_customer("joe", shop)
            except TemporaryError:
                continue
            except NotFoundError:
                pass
        break
    assert traces_in_tables(shop, "joe", "15551230001", "x:1234") == []


def test_what_arrives_while_somebody_is_erased_is_erased_too(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    remove, late = type(shop.customers).remove, list[bool]()

    def meanwhile(store: Any, items: Any) -> int:
        if not late:
            late.append(True)
            pipeline.respond(a_message(ASKS, number="2"), shop)
        return remove(store, items)

    monkeypatch.setattr(type(shop.customers), "remove", meanwhile)
    forgetting.erase_customer("joe", shop)
    assert traces_in_tables(shop, "joe", "15551230001", "x:1234") == []


def test_an_identity_taken_over_by_another_does_not_stop_an_erasure(shop: Rooms) -> None:
    shop.dynamodb.put_item(
        TableName=shop.customers.table,
        Item={**documents.key("identity#x:1234", "identity"), "customer_id": {"S": "other"}},
    )
    forgetting.erase_customer("joe", shop)
    with pytest.raises(NotFoundError):
        reading.customer("joe", shop)


def test_a_message_that_failed_for_good_is_erased_with_its_sender(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermanentError("the reply does not fit its channel")

    with monkeypatch.context() as broken:
        broken.setattr(messages, "compose", refuse)
        record = pipeline.respond(a_message(ASKS), shop)
        assert record is not None
        assert record.status is InteractionStatus.FAILED
        pipeline.respond(a_message(ASKS, number="2", sender="x:777"), shop)
    forgetting.erase_customer("joe", shop)
    assert traces_in_tables(shop, "x:1234", "x:777") == []


def test_a_revocation_leaves_no_word_of_who_revoked(shop: Rooms) -> None:
    pipeline.respond(a_message(ASKS, sender="x:777"), shop)
    gone = Interaction(
        id="x:gone",
        source="x",
        identities=("x:777",),
        occurred_at=NOON,
        received_at=NOON,
        body=Removal(whole_account=True),
    )
    pipeline.respond(gone, shop)
    assert traces_in_tables(shop, "x:777", '"777') == []


# --- merges --------------------------------------------------------------------------------------


def test_undoing_a_merge_of_somebody_merged_further_is_refused(shop: Rooms) -> None:
    put_customer(shop, "ann", {"identities": ["email:ann@example.com"]})
    put_customer(shop, "bob", {"identities": ["email:bob@example.com"]})
    linking.tie(shop.customers, "bob", "ann", NOON)
    (done,) = linking.merges_of(shop.customers, "bob")
    linking.tie(shop.customers, "joe", "bob", NOON)
    with pytest.raises(ConflictError):
        linking.undo(shop.customers, "bob", done.id, NOON)


def test_undoing_a_merge_gives_back_only_identities_still_held(shop: Rooms) -> None:
    put_customer(shop, "ann", {"identities": ["email:ann@example.com", "card:9"]})
    linking.tie(shop.customers, "joe", "ann", NOON)
    (done,) = linking.merges_of(shop.customers, "joe")
    joe = reading.customer("joe", shop)
    without = tuple(i for i in joe.identities if i != "card:9")
    shop.customers.save(joe, joe.model_copy(update={"identities": without}), NOON)
    linking.undo(shop.customers, "joe", done.id, NOON)
    assert "card:9" not in reading.customer("ann", shop).identities


def test_an_undo_that_met_another_change_is_tried_again(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_customer(shop, "ann", {"identities": ["email:ann@example.com"]})
    linking.tie(shop.customers, "joe", "ann", NOON)
    (done,) = linking.merges_of(shop.customers, "joe")
    transact, lost = type(shop.customers).transact, list[bool]()

    def meets(store: Any, writes: Any) -> None:
        if not lost:
            lost.append(True)
            raise documents.Cancelled
        transact(store, writes)

    monkeypatch.setattr(type(shop.customers), "transact", meets)
    with Client(application.app) as client:
        path = f"/customers/joe/merges/{done.id}/undo"
        answer = client.http.post(path, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


def test_stating_who_somebody_is_keeps_their_browsers(shop: Rooms) -> None:
    pipeline.respond(an_event("page", "user:joe", "anonymous:b1"), shop)
    put_customer(shop, "joe", JOE)
    assert "anonymous:b1" in reading.customer("joe", shop).identities


# --- what the world sends ------------------------------------------------------------------------


def order_event(**properties: Any) -> Interaction:
    return an_event("order_completed", "user:joe", order_id="A-1", **properties)


@pytest.mark.parametrize(
    "odd", [{"currency": "usd"}, {"currency": "US Dollar"}, {"status": "s" * 90}]
)
def test_an_odd_field_does_not_lose_an_order(odd: dict[str, Any]) -> None:
    event = order_event(total=10, **odd)
    after = activity.record(Customer(id="joe"), event, lambda _: None)
    assert after.aggregates.order_count == 1


def test_a_long_category_does_not_lose_an_order_or_its_customer(shop: Rooms) -> None:
    long = "/".join(["outdoor and leisure"] * 15)
    stocking.put_product(a_shoe("44", product_type=long), shop)
    pipeline.respond(order_event(products=[{"product_id": "tb-gtx-44", "price": 5}]), shop)
    assert reading.customer("joe", shop).aggregates.order_count == 1


def test_the_refund_of_an_order_long_forgotten_is_no_purchase() -> None:
    event = an_event("order_refunded", "user:joe", order_id="A-1", total=10)
    after = activity.record(Customer(id="joe"), event, lambda _: None)
    assert after.aggregates.order_count == 0
    assert after.aggregates.spend_total == 0


def test_traits_cannot_outgrow_what_a_record_holds() -> None:
    customer = Customer(id="joe")
    for n in range(100):
        customer = with_traits(customer, {f"t{n}": ["x" * 500] * 50})
    assert len(customer.model_dump_json()) < 100_000


def test_browsers_without_end_do_not_outgrow_a_record(shop: Rooms) -> None:
    for n in range(45):
        pipeline.respond(an_event("page", "user:joe", f"anonymous:b{n}", number=str(n)), shop)
    joe = reading.customer("joe", shop)
    browsers = [i for i in joe.identities if i.startswith("anonymous:")]
    assert len(browsers) <= 30
    assert "anonymous:b44" in browsers
    assert "phone:+15551230001" in joe.identities
    assert shop.customers.resolve(["anonymous:b0"]) == {}


def test_categories_without_end_do_not_outgrow_a_record() -> None:
    customer = Customer(id="joe")
    for n in range(300):
        path = "/".join(f"{n}-{level}" for level in range(50))
        event = an_event("product_viewed", "user:joe", category=path)
        customer = activity.record(customer, event, lambda _: None)
    assert len(customer.model_dump_json()) < 200_000


def test_a_refusal_outlives_a_grant_dated_in_the_future() -> None:
    said = ConsentInput(
        channel="sms", purpose="marketing", state="granted", source="form",
        at="2099-01-01T00:00:00Z",
    )  # fmt: skip
    assert said.to_consent(NOON).at == NOON


def test_a_confirmation_of_stop_is_given_within_five_minutes_or_not_at_all(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    stop = a_message("STOP", channel=Channel.SMS, sender="phone:+15551230001")
    clock.advance(minutes=6)
    pipeline.respond(stop, shop)
    assert recorder.sent == []
    standing = reading.customer("joe", shop).consent(Channel.SMS, Purpose.SERVICE)
    assert standing is not None
    assert standing.state is ConsentState.DENIED


def test_a_late_retry_does_not_confirm_a_stop(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers.append(SendResult(status="retry", provider="recorder", code="503"))
    pipeline.respond(a_message("STOP", channel=Channel.SMS, sender="phone:+15551230001"), shop)
    clock.advance(minutes=20)
    pipeline.sweep(shop)
    assert len(recorder.sent) == 1


def test_an_envelope_holds_only_what_sqs_takes() -> None:
    text = seal([a_message("a\uffff\ufffe\x7f\x00b")])
    allowed = r"[\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*"
    assert re.fullmatch(allowed, text)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/interactions/" + "a" * 3000, None, 404),
        ("get", "/r/" + "a" * 3000, None, 404),
        ("get", "/u/" + "a" * 3000, None, 404),
        ("get", "/decisions/d-none", None, 404),
        ("get", "/offers?limit=" + "9" * 5000, None, 400),
        ("get", "/offers?after=" + "a" * 3000, None, 400),
        ("get", "/customers/%2E%2E%2Fx", None, 400),
        ("get", "/customers/%F0%9F%98%80", None, 400),
        ("put", "/offers/o1", '{"title": "t", "value": 1, "features": {"a": NaN}}', 400),
        (
            "put",
            "/offers/o1",
            '{"title": "t", "value": 1, "policy": {"per_customer": [{"times": 1, "days": 1e12}]}}',
            400,
        ),
        (
            "put",
            "/offers/o1",
            '{"title": "t", "value": 1, "policy": {"per_customer": [{"times": 1, "days": 1e999}]}}',
            400,
        ),
        ("put", "/products/p1", '{"title": "t", "price": "1 USD", "extra": "\\ud800"}', 400),
        ("put", "/products/p1", '{"title": "t", "price": "1 USD", "extra": NaN}', 400),
        ("put", "/products/p1", '{"title": "\\ud800", "price": "1 USD"}', 400),
        ("put", "/products/p1", '{"title": "t", "price": "' + "1" * 5000 + ' USD"}', 400),
        ("put", "/customers/c1", '{"attributes": {"a": "\\ud800"}}', 400),
        ("put", "/customers/c1", '{"attributes": {"a": NaN}}', 400),
        ("put", "/customers/c1", '{"profile": {"location": [NaN, 0]}}', 400),
        ("post", "/decisions", '{"identity": "user:\\ud800"}', 400),
        ("post", "/decisions", '{"identity": "user:joe", "context": {"basket": ["\\ud800"]}}', 400),
        ("post", "/decisions", "[" * 100000, 400),
        ("post", "/catalog/publish", '{"rollback_to": "../../x"}', 404),
    ],
)
def test_odd_requests_are_refused_as_what_they_are(
    rooms: Rooms, method: str, path: str, body: str | None, status: int
) -> None:
    with Client(application.app) as client:
        answer = getattr(client.http, method)(
            path,
            headers={"Content-Type": "application/json"},
            **({"body": body.encode()} if body is not None else {}),
        )
    assert answer.status_code == status, answer.json_body


def test_one_click_unsubscribing_takes_both_forms_of_rfc_8058(rooms: Rooms) -> None:
    with Client(application.app) as client:
        answer = client.http.post(
            "/u/none", headers={"Content-Type": "multipart/form-data; boundary=x"}, body=b"--x--"
        )
    assert answer.status_code == 404


def test_an_event_with_an_id_too_long_for_a_key_is_kept(shop: Rooms) -> None:
    event = an_event("page", "user:joe", number="\U0001f600" * 256)
    assert pipeline.respond(event, shop) is not None
    forgetting.erase_customer("joe", shop)
    assert shop.ledger.interaction(event.id) is None


@pytest.mark.no_cover  # the tracer would follow moto through four thousand items
def test_a_person_can_take_over_from_the_most_faithful_customer(shop: Rooms, desk: Desk) -> None:
    joe = reading.customer("joe", shop)
    contacts = tuple(
        OfferContact(offer_id=f"offer-{n}", decision_id=f"d-{n:024}", at=NOON - timedelta(hours=n))
        for n in range(4000)
    )
    shop.customers.put_items(
        shop.customers.history_items(joe.model_copy(update={"offers": contacts}))
    )
    pipeline.respond(a_message("I want to talk to a human please"), shop)
    assert len(desk.taken) == 1


def test_a_decision_about_the_most_faithful_customer_can_be_kept(shop: Rooms) -> None:
    contacts = tuple(
        OfferContact(offer_id=f"offer-{n}", decision_id=f"d-{n:024}", at=NOON - timedelta(hours=n))
        for n in range(4000)
    )
    inputs = DecisionInputs(customer=Customer(id="joe", offers=contacts))
    recorded = inputs.model_dump_json(exclude_none=True).encode()
    digest = hashlib.sha256(recorded).hexdigest()
    decision = Decision(id="d-1", seed=1, decided_at=NOON, inputs_digest=digest)
    documents.transact(shop.dynamodb, shop.ledger.keep_decision(decision, recorded, NOON))
    assert shop.ledger.decision_with_inputs("d-1") == (decision, inputs)


@pytest.mark.parametrize(
    "rule",
    [
        "customer.tier == 'gold' && customer.household_size > 5",
        "customer.last_purchase_at < timestamp('2020-01-01T00:00:00Z')",
        "days_since(customer.last_purchase['shoes']) < 4.5",
        "'x' in customer.interests",
        "request.products.exists(p, p == 'z')",
        "context.time < timestamp('2020-01-01T00:00:00Z')",
        "context.basket.size() > 3",
    ],
)
def test_a_replay_is_identical_whatever_a_rule_asks(rooms: Rooms, rule: str) -> None:
    try:
        stock_the_shop(rooms, an_offer(rule=rule))
    except Exception:
        pytest.skip("no such rule")
    put_customer(rooms, "kim", {"attributes": {"tier": None, "list": [1, None], "n": 1.5}})
    for who in ("user:joe", "user:kim"):
        asked = offering.DecisionRequest(
            identity=who, context=DecisionContext(basket=("tb-gtx-44",))
        )
        decision = offering.decide_now(asked, rooms)
        assert replaying.replayed(decision.id, None, rooms)["identical"]


def test_a_customer_that_moves_between_two_reads_is_looked_up_again(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, moved = type(shop.customers).view, list[bool]()

    def once(store: Any, customer_id: str, **how: Any) -> Any:
        if not moved:
            moved.append(True)
            return None
        return view(store, customer_id, **how)

    monkeypatch.setattr(type(shop.customers), "view", once)
    assert pipeline.respond(a_message(ASKS), shop) is not None


def test_who_waits_is_not_woken_at_night(
    shop: Rooms, recorder: Recorder, clock: Clock, aws: Aws
) -> None:
    waits = shop.customers.await_product("joe", "tb-gtx-44", 2**31)
    shop.ledger.commit([("wait", write) for write in waits])
    clock.advance(hours=15)  # 03:00 in New York
    notice = Interaction(
        id="restock:1",
        source="rejoinder",
        occurred_at=clock.now,
        received_at=clock.now,
        body=Restock(customer_id="joe", product_id="tb-gtx-44"),
    )
    record = pipeline.respond(notice, shop)
    assert record is not None
    assert record.status is InteractionStatus.DEFERRED
    clock.advance(hours=4)
    pipeline.sweep(shop)
    assert recorder.sent == []
    clock.advance(hours=2)
    pipeline.sweep(shop)
    for interaction in aws.queued():
        pipeline.respond(interaction, shop)
    assert [r.channel for r in recorder.sent] == [Channel.SMS]


def test_a_post_deleted_while_it_is_read_is_forgotten(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    interaction, read = Ledger.interaction, list[bool]()

    def late(ledger: Ledger, interaction_id: str) -> Any:
        found = interaction(ledger, interaction_id)
        if not read:
            read.append(True)
            pipeline.respond(a_message(ASKS), shop)
        return found

    monkeypatch.setattr(Ledger, "interaction", late)
    gone = a_message(ASKS, number="1:deleted").model_copy(
        update={"body": Removal(removed_ids=("x:1",))}
    )
    assert pipeline.respond(gone, shop) is not None
    assert said(shop).interaction.body.text == ""


def test_a_revocation_takes_the_account_out_of_all_that_was_said(
    shop: Rooms, recorder: Recorder
) -> None:
    pipeline.respond(a_message(ASKS), shop)
    pipeline.respond(a_message("I want to talk to a human please", number="2"), shop)
    gone = a_message("", number="gone").model_copy(update={"body": Removal(whole_account=True)})
    pipeline.respond(gone, shop)
    assert len(recorder.sent) == 2
    assert traces_in_tables(shop, "x:1234", '"1234') == []
    assert "phone:+15551230001" in reading.customer("joe", shop).identities


def test_orders_of_products_without_end_do_not_outgrow_a_record() -> None:
    customer = Customer(id="joe")
    for n in range(100):
        products = [{"product_id": f"{n}-{m}", "category": f"c{n}/{m}/x"} for m in range(50)]
        event = an_event("order_completed", "user:joe", order_id=f"A-{n}", products=products)
        customer = activity.record(customer, event, lambda _: None)
    assert customer.aggregates.order_count == 100
    assert len(customer.aggregates.model_dump_json()) < 100_000


def test_a_browser_with_global_privacy_control_tells_no_traits(shop: Rooms) -> None:
    said = an_event("page", "user:joe", "anonymous:b1").model_copy(
        update={"body": Identification(traits={"plan": "pro"}, gpc=True)}
    )
    pipeline.respond(said, shop)
    joe = reading.customer("joe", shop)
    assert joe.gpc
    assert joe.attributes == {}


def test_many_spent_budgets_cost_the_message_no_more_than_one(
    rooms: Rooms, recorder: Recorder
) -> None:
    offers = [an_offer(id=f"o-{n}", rule="true", policy={"budget": 1}) for n in range(24)]
    stock_the_shop(rooms, *offers)
    for offer in offers:
        documents.transact(rooms.dynamodb, [rooms.budgets.take(offer.id, 1, 0)])
    record = pipeline.respond(a_message(ASKS), rooms)

    assert record is not None
    assert record.status is InteractionStatus.ANSWERED
    assert len(recorder.sent) == 1
