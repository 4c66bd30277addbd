"""The control group is made no offers, and what groups do is counted to the last order."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.customers import linking
from chalicelib.decisioning.groups import NOTHING, Groups, Tally, merged, read_groups
from chalicelib.documents import read
from chalicelib.ledger.statistics import StatisticsStore
from chalicelib.model import Cap, Channel, ContactLimits, Decision, DecisionInputs, Purpose
from chalicelib.steps import forgetting, importing, reading, stocking, watching
from chalicelib.steps.counting import learn_from
from chalicelib.steps.explaining import Page
from chalicelib.steps.groups import CONTROL, in_control
from chalicelib.steps.learning import collect
from chalicelib.steps.logged import logged
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.replaying import replayed
from chalicelib.steps.rooms import Rooms
from chalicelib.steps.watched import compared
from tests.learners import Killed, Meddled, Sums, dies, learn_all, queued, sums, undisturbed
from tests.stage import (
    JOE,
    Aws,
    Clock,
    Recorder,
    a_message,
    an_event,
    an_offer,
    put_customer,
    stock_the_shop,
)
from tests.unit.steps.test_learning import buys, decided, happens, totals
from tests.unit.steps.test_models import for_cheap, rollout

ASKS = "do you have the Trailblazer GTX in a 44?"
SERVICE = an_offer(id="returns", purpose="service", value=1, policy={})
ROBE = {"product_id": "robe", "price": 20}
"""Nothing that an offer names."""


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms, an_offer(policy={}), SERVICE)
    return rooms


def controlled(rooms: Rooms, share: float = 1.0) -> Rooms:
    """The same, with this share of the customers in the control group."""
    return rooms.but(settings=rooms.settings.model_copy(update={"control_share": share}))


@pytest.fixture
def control(shop: Rooms) -> Rooms:
    return controlled(shop)


@pytest.fixture
def sqs(aws: Aws) -> Any:
    return aws.sqs


def came(rooms: Rooms, group: str = "control") -> Tally:
    return found(rooms).total(group)


def found(rooms: Rooms) -> Groups:
    return merged(read_groups(s.groups) for s in rooms.statistics.spans() if s.groups is not None)


def live(rooms: Rooms) -> str:
    return f"live {rooms.engine().versions['model']}"


def exact(rooms: Rooms) -> Sums:
    """What was counted, but for the samples, in which no decision is that made no offer."""
    return {place: span._replace(sample=()) for place, span in sums(rooms).items()}


def expected(rooms: Rooms, decision_ids: list[str]) -> Sums:
    whole = undisturbed(rooms, decision_ids)
    return {place: span._replace(sample=()) for place, span in whole.items()}


def offers(decision: Decision) -> list[str]:
    return [offer.offer_id for offer in decision.offers]


def held(decision: Decision) -> list[str]:
    return [offer.offer_id for offer in decision.withheld or ()]


def test_a_share_of_the_customers_is_in_the_group_for_good() -> None:
    ids = [f"c-{n}" for n in range(5_000)]
    two, five = ({i for i in ids if in_control(i, share)} for share in (0.02, 0.05))

    assert 60 < len(two) < 140
    assert two < five
    assert all(in_control(i, 1.0) for i in ids)
    assert not any(in_control(i, 0.0) for i in ids)
    assert not in_control("anonymous", 1.0)
    # Another salt would put others into it: whoever is in it must stay.
    assert sorted(two)[:3] == ["c-1138", "c-1141", "c-1192"]


def test_the_control_group_is_made_service_offers_alone(control: Rooms, shop: Rooms) -> None:
    decision = decided(control, limit=2)

    assert (offers(decision), held(decision)) == (["returns"], ["trail-10"])
    assert decision.group == "control"
    (service, withheld) = sorted(
        reading.customer("joe", control).offers, key=lambda c: c.withheld or False
    )
    assert (service.offer_id, service.withheld) == ("returns", None)
    assert (withheld.offer_id, withheld.withheld) == ("trail-10", True)
    everybody = decided(shop, limit=2)
    assert (offers(everybody), everybody.withheld) == (["trail-10", "returns"], None)


def test_who_is_nobody_is_in_no_group(control: Rooms) -> None:
    assert decided(control, "anonymous:nobody").group is None


def test_the_group_is_told_plainly(control: Rooms) -> None:
    decision = decided(control, limit=2)
    told = reading.explanation(decision.id, control)

    assert told["group"] == {"name": "control", "text": CONTROL}
    assert [o["offer_id"] for o in told["offers"]] == ["returns"]
    assert [o["offer_id"] for o in told["chosen"]] == ["returns"]
    (withheld,) = told["withheld"]
    assert (
        "in the control group: no offers, so that what offers do can be measured"
        in (withheld["text"])
    )
    assert withheld["contributions"]
    assert "trail-10" not in {o["offer_id"] for o in told["rejected"]}
    asked = reading.explanation(decision.id, control, Page(offer_id="trail-10"))
    assert (asked["chosen"], len(asked["withheld"])) == ([], 1)


def test_others_are_told_by_whom_they_are_decided_for(shop: Rooms) -> None:
    told = reading.explanation(decided(shop).id, shop)

    assert (told["group"]["name"], told["withheld"]) == ("live", [])
    candidate = for_cheap(shop)
    rollout(shop, 0.99)
    decision = decided(shop)
    assert (decision.group, decision.versions["model"]) == ("candidate", candidate)
    assert replayed(decision.id, None, shop)["identical"]


def test_a_replay_makes_the_same_of_it_though_the_group_is_gone(
    control: Rooms, shop: Rooms
) -> None:
    decision = decided(control, limit=2)

    again = replayed(decision.id, None, shop)
    assert again["identical"]
    assert [o["offer_id"] for o in again["withheld"]] == ["trail-10"]


def test_for_the_control_group_the_live_model_tells_what_would_be_made(control: Rooms) -> None:
    before = control.engine().versions["model"]
    for_cheap(control)
    rollout(control, 0.99)

    assert decided(control).versions["model"] == before


def test_what_is_withheld_takes_from_no_budget(shop: Rooms) -> None:
    shop.offers.put(an_offer(policy={"budget": 2}))
    stocking.publish_catalog(stocking.PublishRequest(), shop)
    control = controlled(shop)

    assert [held(decided(control)) for _ in range(3)] == [["trail-10"]] * 3
    assert [offers(decided(shop)) for _ in range(3)] == [["trail-10"], ["trail-10"], ["returns"]]
    assert held(decided(control)) == []


def test_what_is_withheld_counts_for_the_caps_of_the_group_alone(shop: Rooms) -> None:
    shop.limits.put(ContactLimits(purposes={Purpose.MARKETING: (Cap(times=2, days=7),)}))
    stocking.publish_catalog(stocking.PublishRequest(), shop)
    control = controlled(shop)

    assert [held(decided(control)) for _ in range(3)] == [["trail-10"], ["trail-10"], []]
    assert offers(decided(shop)) == ["trail-10"]


def test_an_answer_goes_out_without_the_offer(control: Rooms, recorder: Recorder) -> None:
    text = a_message(ASKS, channel=Channel.SMS, sender="phone:+15551230001")
    record = pipeline.respond(text, control)
    assert record is not None
    (reply,) = recorder.sent

    assert "Trailblazer GTX" in reply.text
    assert "10%" not in reply.text
    assert [link for link in reply.links if link.offer_id] == []
    decision = reading.decision(record.decision_id or "", control)
    assert (decision.offers, held(decision), decision.carried) == ((), ["trail-10"], ("trail-10",))
    assert reading.explanation(decision.id, control)["carried"] == ()
    assert replayed(decision.id, None, control)["identical"]


def test_deciding_takes_no_call_more(control: Rooms, shop: Rooms, aws: Aws) -> None:
    with aws.watched() as usual:
        decided(shop)
    with aws.watched() as calls:
        decided(control)

    assert calls == usual == ["BatchGetItem", "Query", "TransactWriteItems"]


def test_of_merged_customers_the_survivors_id_decides(shop: Rooms) -> None:
    ids = [f"c-{n}" for n in range(100)]
    inside = next(i for i in ids if in_control(i, 0.5))
    outside = next(i for i in ids if not in_control(i, 0.5))
    half = controlled(shop, 0.5)
    person = {"profile": JOE["profile"], "interests": ["running"]}
    for name in (inside, outside):
        put_customer(shop, name, person)
    assert held(decided(half, f"user:{inside}")) == ["trail-10"]
    linking.tie(shop.customers, outside, inside, shop.clock())

    decision = decided(half, f"user:{inside}")
    assert (decision.customer_id, offers(decision)) == (outside, ["trail-10"])
    item = shop.ledger.decision_with_inputs(decision.id)
    assert item is not None
    # What was withheld from the other one is no contact to the survivor.
    assert item[1].customer.offers == ()


def test_what_was_recorded_before_there_were_groups_still_reads() -> None:
    assert DecisionInputs.model_validate_json('{"customer":{"id":"joe"}}').group is None
    old = '{"id":"d","seed":1,"decided_at":"2026-11-18T17:00:00Z"}'
    decision = Decision.model_validate_json(old)
    assert (decision.group, decision.withheld) == (None, None)


def test_an_order_after_what_would_have_been_an_offer_counts(
    control: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(control)
    clock.advance(hours=1)
    happens(control, clock, "order_completed", order_id="o-1", total=35.5, products=[ROBE])
    clock.advance(hours=71)
    assert collect(control) == 1
    learn_all(control, sqs)

    assert came(control) == Tally(moments=1, offers=0, answers=0, orders=1, revenue=3550)
    assert totals(control) == (0, 0)
    assert exact(control) == expected(control, [decision.id])


def test_no_policy_is_judged_by_the_control_group(
    control: Rooms, shop: Rooms, clock: Clock
) -> None:
    made = [decided(control, limit=2), decided(shop, limit=2)]
    clock.advance(hours=72)
    learn_from([decision.id for decision in made], shop)

    assert totals(shop) == (3, 0)
    assert [each.decision.id for each in logged(shop)] == [made[1].id]


def test_offers_made_and_taken_up_count_for_the_live_models_group(
    shop: Rooms, clock: Clock, sqs: Any
) -> None:
    decision = decided(shop)
    clock.advance(hours=1)
    buys(shop, clock)
    happens(shop, clock, "order_completed", order_id="o-2", total=20, products=[ROBE])
    clock.advance(hours=72)
    happens(shop, clock, "order_completed", order_id="o-3", total=20, products=[ROBE])
    learn_from([decision.id], shop)

    assert came(shop, live(shop)) == Tally(1, 1, 1, 2, 14_990)
    assert found(shop).customers(live(shop)) == 1


def test_a_moment_without_marketing_is_none(shop: Rooms, clock: Clock) -> None:
    put_customer(shop, "ann", {"profile": {"birth_date": "1990-01-01"}, "interests": ["running"]})
    asked = {"identity": "user:ann", "context": {"channel": "sms"}}
    decision = decide_now(DecisionRequest.model_validate(asked), shop)
    clock.advance(hours=72)
    learn_from([decision.id], shop)

    assert offers(decision) == ["returns"]
    assert found(shop).names == []
    assert totals(shop) == (1, 0)


@pytest.mark.parametrize("group", ["control", "live"])
def test_an_order_that_is_told_late_and_undone_later_is_exact(
    shop: Rooms, clock: Clock, sqs: Any, group: str
) -> None:
    rooms = controlled(shop, 1.0 if group == "control" else 0.0)
    name = group if group == "control" else live(shop)
    decision = decided(rooms)
    placed = clock.advance(hours=70)
    clock.advance(hours=9)
    learn_from([decision.id], rooms)
    assert came(rooms, name).orders == 0
    order = an_event("order_completed", "user:joe", order_id="o-9", total=20, products=[ROBE])
    for _ in range(2):
        pipeline.respond(order.model_copy(update={"occurred_at": placed}), rooms)
        assert queued(rooms, sqs) == [(decision.id,)]
        learn_from([decision.id], rooms)

    assert came(rooms, name)[3:] == (1, 2_000)
    clock.advance(days=20)
    happens(rooms, clock, "order_refunded", order_id="o-9")
    learn_all(rooms, sqs)
    assert came(rooms, name)[3:] == (0, 0)
    assert exact(rooms) == expected(rooms, [decision.id])


def test_imported_orders_count_alike(control: Rooms, clock: Clock, sqs: Any) -> None:
    decision = decided(control)
    file = f"id,customer,at,product_id,amount\no-1,user:joe,{clock.now.isoformat()},robe,20\n"
    clock.advance(hours=80)
    learn_from([decision.id], control)
    for _ in range(2):
        importing.customers("transactions", file.encode(), control)
        learn_all(control, sqs)

    assert came(control)[3:] == (1, 2_000)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_learner_that_dies_and_messages_that_come_again_change_nothing(
    control: Rooms, clock: Clock, after: bool
) -> None:
    decisions = [decided(control).id for _ in range(4)]
    happens(control, clock, "order_completed", order_id="o-1", total=20, products=[ROBE])
    clock.advance(hours=72)
    client = Meddled(control.dynamodb, "transact_write_items", dies, after=after)
    doomed = control.but(statistics=StatisticsStore(client, control.ledger.table))
    with pytest.raises(Killed):
        learn_from(decisions, doomed)
    for _ in range(3):
        learn_from(decisions, control)

    assert came(control) == Tally(4, 0, 0, 4, 8_000)
    assert exact(control) == expected(control, decisions)


def test_orders_that_have_expired_are_not_taken_back(
    control: Rooms, clock: Clock, aws: Aws
) -> None:
    decision = decided(control)
    happens(control, clock, "order_completed", order_id="o-1", total=20, products=[ROBE])
    clock.advance(hours=72)
    learn_from([decision.id], control)
    control.customers.remove(list(control.customers.items("joe", "view#order#")))
    clock.advance(days=88)
    learn_from([decision.id], control)

    assert came(control).orders == 1


def test_what_was_counted_before_there_were_groups_is_left_alone(
    control: Rooms, clock: Clock
) -> None:
    decision = decided(control)
    clock.advance(hours=72)
    learn_from([decision.id], control)
    (outcome,) = control.statistics.outcomes([decision.id])
    without = {name: value for name, value in outcome.item.items() if name != "moment"}
    control.dynamodb.put_item(TableName=control.ledger.table, Item=without)
    learn_from([decision.id], control)

    assert came(control).moments == 1


def test_the_erased_are_not_counted_and_what_was_counted_of_them_stays(
    control: Rooms, clock: Clock
) -> None:
    counted, still_open = decided(control), decided(control)
    clock.advance(hours=72)
    learn_from([counted.id], control)
    forgetting.erase_customer("joe", control)
    learn_from([counted.id, still_open.id], control)

    assert came(control).moments == 1


def test_groups_are_told_beside_one_another() -> None:
    day = Groups()
    for number in range(60):
        day.count("control", f"c-{number}", Tally(1, 0, 0, number % 6 == 0, 3_000))
        day.count("live m-1", f"l-{number}", Tally(2, 2, number % 3 == 0, number % 3 == 0, 6_000))
        day.count("live m-0", f"l-{number}", Tally(1, 1, 1, 1, 9_000))
    control, live_one = compared([day], "m-1", None)

    assert (control["group"], control["model"]) == ("control", None)
    assert (live_one["group"], live_one["model"]) == ("live", "m-1")
    assert (control["decisions"], live_one["decisions"], live_one["offers"]) == (60, 120, 120)
    assert control["customers"] == pytest.approx(60, abs=3)
    assert (control["offers"], control["answer_rate"]) == (0, None)
    assert live_one["answer_rate"]["value"] == pytest.approx(1 / 6, abs=1e-6)
    assert control["orders_per_decision"]["value"] == pytest.approx(1 / 6, abs=1e-6)
    assert control["revenue_per_decision"] == {"value": 30.0, "low": None, "high": None}
    apart = live_one["to_control"]["orders_per_decision"]
    assert apart["low"] < apart["value"] == 0.0 < apart["high"]
    assert control["to_live"]["orders_per_decision"]["value"] == 0.0
    assert (control["to_control"], live_one["to_live"]) == (None, None)
    assert live_one["to_control"]["answer_rate"] is None


def test_a_candidates_share_is_a_group_of_its_own(shop: Rooms, clock: Clock) -> None:
    before = [decided(shop)]
    version = for_cheap(shop)
    rollout(shop, 0.999)
    after = [decided(shop), decided(shop)]
    clock.advance(hours=72)
    learn_from([decision.id for decision in (*before, *after)], shop)
    rows = {told["group"]: told for told in watching.told(shop)["groups"]}

    assert rows.keys() == {"control", "live", "candidate"}
    assert rows["candidate"]["model"] == version
    assert (rows["live"]["decisions"], rows["candidate"]["decisions"]) == (1, 2)
    assert rows["candidate"]["to_live"]["orders_per_decision"]["value"] == 0.0


def test_a_mark_tells_what_was_counted(control: Rooms, clock: Clock) -> None:
    decision = decided(control)
    clock.advance(hours=72)
    learn_from([decision.id], control)
    (outcome,) = control.statistics.outcomes([decision.id])

    assert outcome.moment == "[1, 0, 0, 0, 0]"
    assert read(Decision, outcome.item).group == "control"
    assert Tally() == NOTHING
