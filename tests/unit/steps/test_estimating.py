"""What would have been earned, by real decisions and real engines; and what the gate asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import repeat
from random import Random
from typing import Any

import pytest
from chalice.test import Client

import app as application
from chalicelib import wiring
from chalicelib.catalog.rules import compile_offer
from chalicelib.decisioning import PRIOR, Engine, Model, compile_catalog, open_catalog
from chalicelib.errors import ConflictError, TemporaryError
from chalicelib.model import Customer, Decision, DecisionInputs, Offer
from chalicelib.settings import Settings
from chalicelib.steps import estimating, stocking
from chalicelib.steps.estimating import LoggedDecision, compared, gate
from chalicelib.steps.rooms import Rooms
from tests.stage import NOON, Aws, Clock, an_offer, stock_the_shop

pytestmark = pytest.mark.filterwarnings("ignore:IAMAuthorizer")

GOLD = {"rule": "customer.tier == 'gold'", "value": 20}
KEPT = Offer(id="kept", title="Kept", value=10)


def first_of(engine: Engine, inputs: DecisionInputs) -> dict[str, float]:
    decision = engine.decide(inputs, now=NOON, seed=1, decision_id="d")
    return {offer.offer_id: 1.0 for offer in decision.offers[:1]}


class Exploring(Engine):
    """Chooses the best, and one time in two any that is eligible."""

    def chances(self, inputs: DecisionInputs, *, now: Any) -> dict[str, float]:
        eligible, best = sorted(self.eligible(inputs, NOON)), first_of(self, inputs)
        return {i: 0.5 * best.get(i, 0.0) + 0.5 / len(eligible) for i in eligible}


def an_engine(*offers: Offer, kind: type[Engine] = Engine, model: Model = PRIOR) -> Any:
    artifact = compile_catalog(map(compile_offer, offers), published_at=NOON)
    return kind(open_catalog(artifact.body), model)


def offer(offer_id: str, **other: Any) -> Offer:
    return Offer(**{"id": offer_id, "title": offer_id.title(), "value": 10, **other})


def a_log(
    engine: Any, decisions: int, taken_up: Mapping[str, float], seed: int = 1
) -> Iterator[LoggedDecision]:
    """Decisions of customers, every second one of them gold, who take an offer up as often as is
    said; nobody takes up what is not named."""
    rng = Random(seed)
    for n in range(decisions):
        customer = Customer(id=f"c{n}", attributes={"tier": "gold" if n % 2 else "none"})
        inputs = DecisionInputs(customer=customer)
        decision = engine.decide(inputs, now=NOON, seed=n, decision_id=f"d{n}")
        if isinstance(engine, Exploring):
            decision = drawn(engine, inputs, decision, rng)
        first = decision.offers[0] if decision.offers else None
        taken = first is not None and rng.random() < taken_up.get(first.offer_id, 0.0)
        yield LoggedDecision(decision, inputs, first.value if first and taken else 0.0, f"h{n}")


def drawn(engine: Exploring, inputs: DecisionInputs, decision: Decision, rng: Random) -> Decision:
    """The decision as it would be if an offer were drawn by the engine's chances."""
    chances = engine.chances(inputs, now=NOON)
    (offer_id,) = rng.choices(list(chances), weights=list(chances.values()))
    found = engine.catalog.offer(offer_id)
    assert found is not None
    likely = chances[offer_id]
    told = {"offer_id": offer_id, "value": found.value, "selection_probability": likely}
    return decision.model_copy(update={"offers": (decision.offers[0].model_copy(update=told),)})


def compare(sample: Iterable[LoggedDecision], target: Any, current: Any) -> dict[str, Any]:
    answer = compared(sample, target, current, 0.9, late=lambda: False)
    json.dumps(answer, allow_nan=False)
    return answer


def test_an_offer_that_earned_is_missed() -> None:
    current = an_engine(KEPT, offer("gold", **GOLD))
    sample = list(a_log(current, 240, {"kept": 0.2, "gold": 0.2}))
    answer = compare(sample, an_engine(KEPT), current)

    earned = sum(each.earned for each in sample) / 240
    assert answer["verdict"] == "confirm"
    assert answer["current"]["doubly_robust"]["value"] == pytest.approx(earned, abs=1e-6)
    assert answer["current"]["effective_sample_size"] == 240
    assert answer["target"]["effective_sample_size"] == 120
    assert answer["target"]["overlap"] == 0.5
    assert answer["ratio"]["value"] == pytest.approx(2 / 3, abs=0.12)
    assert answer["difference"]["high"] < 0
    assert (answer["decisions"], answer["customers"], answer["complete"]) == (240, 240, True)
    assert answer["text"].startswith("on 240 logged decisions this would have earned ")


def test_an_explored_offer_that_would_have_earned_more_passes() -> None:
    dull, better = offer("dull", weight=3), offer("better")
    current = an_engine(dull, better, kind=Exploring)
    sample = list(a_log(current, 500, {"dull": 0.1, "better": 0.4}))
    answer = compare(
        sample, an_engine(dull.model_copy(update={"weight": 1.0 / 3}), better), current
    )

    assert answer["verdict"] == "passes"
    for name in ("ips", "snips", "doubly_robust"):
        assert answer["target"][name]["low"] < 4.0 < answer["target"][name]["high"]
        assert answer["current"][name]["low"] < 1.75 < answer["current"][name]["high"]
    assert answer["target"]["largest_weight"] == 4.0
    assert answer["ratio"]["low"] > 1.5


def test_the_models_hopes_are_brought_down_to_what_was_earned() -> None:
    """The prior expects 4 % of everything; where 40 % is earned, that is what is expected."""
    current = an_engine(KEPT, offer("gold", **GOLD))
    target = an_engine(KEPT, offer("other", **GOLD))
    answer = compare(a_log(current, 240, {"kept": 0.4, "gold": 0.4}), target, current)

    assert answer["ratio"]["value"] == pytest.approx(1.0, abs=0.1)


def test_offers_that_were_never_made_are_told_as_such() -> None:
    current = an_engine(KEPT)
    target = an_engine(KEPT, offer("new", **GOLD))
    answer = compare(a_log(current, 240, {"kept": 0.5}), target, current)

    assert (answer["target"]["never_logged"], answer["current"]["never_logged"]) == (0.5, 0.0)
    assert answer["target"]["overlap"] == 0.5
    assert answer["warnings"] == [
        "50% of its choices are offers that were never made: what they would earn is the model's"
        " word alone"
    ]
    assert answer["verdict"] == "passes"


def test_without_overlap_nothing_is_asked_but_said() -> None:
    current, target = an_engine(KEPT), an_engine(offer("new"))
    answer = compare(a_log(current, 200, {"kept": 0.5}), target, current)

    assert answer["verdict"] == "thin"
    assert answer["target"]["snips"] is None
    warning, _ = answer["warnings"]
    assert warning.startswith("what would go live: too little overlap: 200 logged decisions")


def test_where_nothing_was_earned_no_share_of_it_is_told() -> None:
    current = an_engine(KEPT, offer("gold", **GOLD))
    answer = compare(a_log(current, 220, {}), an_engine(KEPT), current)

    assert (answer["verdict"], answer["ratio"]) == ("thin", None)
    assert answer["warnings"] == ["too little was earned to tell a share of it"]


def test_no_offer_is_a_choice_too() -> None:
    current, nothing = an_engine(offer("gold", **GOLD)), an_engine()
    sample = list(a_log(current, 240, {"gold": 0.5}))
    answer = compare(sample, nothing, current)

    assert answer["target"]["ips"]["value"] == 0.0
    assert answer["target"]["overlap"] == 0.5
    assert answer["ratio"]["high"] < 0.01
    assert answer["verdict"] == "confirm"


def test_the_same_policy_is_not_estimated_at_all() -> None:
    never: Iterator[LoggedDecision] = iter(())
    answer = compare(never, an_engine(KEPT), an_engine(KEPT))

    assert answer["verdict"] == "unchanged"


def test_nothing_logged_is_said_and_nothing_asked() -> None:
    answer = compare((), an_engine(KEPT), an_engine())

    assert (answer["verdict"], answer["decisions"]) == ("nothing", 0)


def test_choices_that_nobody_saw_or_that_have_no_chance_tell_nothing() -> None:
    current = an_engine(KEPT)
    (row,) = a_log(current, 1, {"kept": 1.0})
    unseen = row.decision.model_copy(update={"carried": ()})
    impossible = row.decision.offers[0].model_copy(update={"selection_probability": 0.0})
    broken = row.decision.model_copy(update={"offers": (impossible,)})
    sample = [row._replace(decision=d) for d in (unseen, broken)]

    assert compare(sample, an_engine(), current)["verdict"] == "nothing"
    seen = row.decision.model_copy(update={"carried": ("kept",)})
    answer = compare([row._replace(decision=seen, customer="")], an_engine(), current)
    assert (answer["decisions"], answer["verdict"]) == (1, "thin")


def test_an_offer_in_neither_catalog_is_valued_as_it_was_then() -> None:
    gone = an_engine(offer("gone"))
    answer = compare(a_log(gone, 50, {"gone": 1.0}), an_engine(), an_engine(KEPT))

    assert (answer["target"]["overlap"], answer["current"]["overlap"]) == (0.0, 0.0)
    # The prior is as sure of both, and 100 % was earned of what it said was 4 %.
    assert answer["current"]["doubly_robust"]["value"] == pytest.approx(10.0, abs=0.5)


def test_another_model_is_estimated_like_another_catalog() -> None:
    offers = [offer("a", value=11), offer("b", features={"discount": 1.0})]
    greedy = an_engine(*offers, model=Model("greedy", {"bias": -3.0, "offer.discount": -9.0}))
    current = an_engine(*offers, kind=Exploring)
    answer = compare(a_log(current, 400, {"a": 0.1, "b": 0.5}), greedy, current)

    assert answer["verdict"] == "confirm"
    assert answer["target"]["versions"]["model"] != answer["current"]["versions"]["model"]
    assert answer["target"]["doubly_robust"]["value"] == pytest.approx(1.1, abs=0.5)


def test_neither_time_nor_decisions_run_over(monkeypatch: pytest.MonkeyPatch) -> None:
    current, target = an_engine(KEPT), an_engine()
    (row,) = a_log(current, 1, {})
    asked: list[int] = []
    answer = compared(
        repeat(row), target, current, 0.9, late=lambda: len(asked) == 7, progress=asked.append
    )
    assert (answer["decisions"], answer["complete"], asked) == (7, False, [1, 2, 3, 4, 5, 6, 7])

    monkeypatch.setattr(estimating, "MOST_DECISIONS", 20)
    answer = compare(repeat(row), target, current)
    assert (answer["decisions"], answer["complete"]) == (20, True)


def test_asking_again_answers_the_same() -> None:
    current = an_engine(KEPT, offer("gold", **GOLD))
    sample = list(a_log(current, 60, {"kept": 0.3, "gold": 0.3}))

    assert compare(sample, an_engine(KEPT), current) == compare(sample, an_engine(KEPT), current)


# --- the gate --------------------------------------------------------------------------------


def with_log(rooms: Rooms, logged: Callable[[], Iterable[LoggedDecision]]) -> Rooms:
    """Rooms that know what was logged."""
    return rooms.but(logged=logged)


@pytest.fixture
def shop(rooms: Rooms) -> Iterator[Rooms]:
    """Two offers are live; on 220 decisions the one for gold customers earned as often."""
    stock_the_shop(rooms, KEPT, offer("gold", **GOLD))
    sample = list(a_log(rooms.engine(), 220, {"kept": 0.4, "gold": 0.4}))
    made = with_log(rooms, lambda: sample)
    wiring.use(made)
    yield made
    wiring.use(None)


def test_publishing_over_http_asks_where_too_little_would_be_earned(shop: Rooms) -> None:
    live = shop.engine().versions["catalog"]
    headers = {"Content-Type": "application/json"}

    with Client(application.app) as client:
        assert client.http.delete("/offers/gold").status_code == 200
        refused = client.http.post("/catalog/publish", headers=headers, body=b"{}")
        assert shop.engine().versions["catalog"] == live
        head = shop.catalogs.head()
        assert head is not None
        assert head.version == live
        told = client.http.post("/catalog/publish", headers=headers, body=b'{"confirm": true}')

    error = refused.json_body["error"]
    assert (refused.status_code, error["code"]) == (409, "conflict")
    estimate = error["details"]["estimate"]
    assert estimate["verdict"] == "confirm"
    assert estimate["ratio"]["low"] < estimate["least_ratio"] == 0.9
    assert told.status_code == 200
    assert told.json_body["removed"] == ["gold"]
    assert told.json_body["estimate"] == estimate
    assert shop.engine().versions["catalog"] == told.json_body["version"] != live


def test_going_back_is_never_held_up(shop: Rooms) -> None:
    shop.offers.delete("gold")
    worse = stocking.publish_catalog(stocking.PublishRequest(confirm=True), shop)
    stocking.put_offer(offer("gold", **GOLD), shop)
    better = stocking.publish_catalog(stocking.PublishRequest(), shop)
    assert better["estimate"]["verdict"] == "passes"

    back = stocking.publish_catalog(stocking.PublishRequest(rollback=True), shop)
    assert (back["version"], back["estimate"]["verdict"]) == (worse["version"], "confirm")
    assert back["estimate"]["current"]["versions"]["catalog"] == better["version"]


def test_publishing_the_same_again_is_estimated_at_nothing(shop: Rooms) -> None:
    stocking.publish_catalog(stocking.PublishRequest(), shop)
    told = stocking.publish_catalog(stocking.PublishRequest(), shop)

    assert told["estimate"]["verdict"] == "unchanged"


def test_a_container_that_served_nothing_yet_compares_with_what_is_live(
    shop: Rooms, aws: Aws, settings: Settings, clock: Clock
) -> None:
    cold = with_log(aws.container(settings, clock), shop.logged)
    shop.offers.delete("gold")

    with pytest.raises(ConflictError, match="confirm"):
        stocking.publish_catalog(stocking.PublishRequest(), cold)


def test_a_setting_says_what_is_too_little(shop: Rooms) -> None:
    target, current = an_engine(KEPT), shop.engine()
    with pytest.raises(ConflictError):
        gate(target, current, shop)
    told = gate(target, current, shop, confirmed=True)
    lenient = shop.settings.model_copy(update={"gate_least_ratio": 0.1})

    assert told["verdict"] == "confirm"
    assert gate(target, current, shop.but(settings=lenient))["verdict"] == "passes"


def test_what_cannot_be_read_holds_up_nothing(shop: Rooms) -> None:
    def broken() -> Iterator[LoggedDecision]:
        raise TemporaryError("the ledger cannot be reached")
        yield

    answer = gate(an_engine(KEPT), shop.engine(), shop.but(logged=broken))

    assert answer["verdict"] == "unread"
    assert answer["text"].endswith("could not be read: the ledger cannot be reached")


def test_the_gate_stops_asking_in_time(shop: Rooms, clock: Clock) -> None:
    (row, *_) = shop.logged()

    def slow() -> Iterator[LoggedDecision]:
        for each in repeat(row):
            clock.now += timedelta(seconds=1)
            yield each

    answer = gate(an_engine(KEPT), shop.engine(), shop.but(logged=slow))

    assert (answer["decisions"], answer["complete"]) == (4, False)


def test_without_a_log_publishing_is_as_ever(rooms: Rooms) -> None:
    stock_the_shop(rooms)
    stocking.put_offer(an_offer(id="other"), rooms)
    told = stocking.publish_catalog(stocking.PublishRequest(), rooms)

    assert told["estimate"]["verdict"] == "nothing"
    assert told["added"] == ["other"]
