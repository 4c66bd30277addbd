"""From what was counted to a model that decides, for some or for all, and back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.catalog import decides_for
from chalicelib.decisioning import PRIOR, Model
from chalicelib.decisioning.packing import pack_model, read_model
from chalicelib.errors import ConflictError, NotFoundError, PermanentError
from chalicelib.model import Decision
from chalicelib.settings import Settings
from chalicelib.steps import models, reading, stocking, watching
from chalicelib.steps.counting import learn_from
from chalicelib.steps.models import RolloutRequest
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.replaying import replayed
from chalicelib.steps.rooms import Rooms
from tests.stage import Aws, Clock, Desk, Recorder, an_offer, stock_the_shop
from tests.unit.steps.test_learning import buys

CHEAP = an_offer(id="cheap", value=5, policy={}, features={"discount": 0.1})
DEAR = an_offer(id="dear", value=10, policy={}, features={"discount": 0.0})


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms, CHEAP, DEAR)
    return rooms


@pytest.fixture
def counted(shop: Rooms, clock: Clock) -> Rooms:
    """A shop in which an offer was taken up."""
    made = decided(shop)
    clock.advance(hours=1)
    buys(shop, clock)
    clock.advance(hours=72)
    learn_from([made.id], shop)
    return shop


def decided(rooms: Rooms, who: str = "user:joe", limit: int = 1) -> Decision:
    return decide_now(DecisionRequest(identity=who, limit=limit), rooms)


def rollout(rooms: Rooms, share: float, version: str | None = None) -> dict[str, Any]:
    return models.rolled_out(RolloutRequest(share=share, version=version), rooms)


def keep(rooms: Rooms, name: str, **weights: float) -> str:
    """A model of one's own, tried in shadow."""
    model = Model(name, {**PRIOR.weights, **weights})
    rooms.models.try_out(models._kept(model), models._kept(PRIOR), read_model, rooms.clock())
    rooms.model.refresh(rooms.clock(), force=True)
    return model.version


def for_cheap(rooms: Rooms) -> str:
    """A model to which any discount is worth more than money."""
    return keep(rooms, "cheap", **{"offer.discount": 40.0})


def first(decision: Decision) -> str:
    return decision.offers[0].offer_id


def test_without_an_outcome_there_is_nothing_to_learn(shop: Rooms) -> None:
    with pytest.raises(NotFoundError):
        models.learned(shop)


def test_what_was_learned_is_told_and_runs_in_shadow(counted: Rooms) -> None:
    told = models.learned(counted)

    assert (told["observations"], told["answers"]) == (1, 1)
    assert (told["live"], told["share"]) == (PRIOR.version, 0)
    assert told["candidate"] == told["learned"] != PRIOR.version
    bias = next(c for c in told["changes"] if c["feature"] == "bias")
    assert bias["is"] > bias["was"] == PRIOR.weights["bias"]
    assert counted.engine().versions["model"] == PRIOR.version


def test_the_same_sums_on_the_same_day_give_the_same_model(counted: Rooms, clock: Clock) -> None:
    one, other = models.learned(counted), models.learned(counted)
    assert one["learned"] == other["learned"]
    clock.advance(days=60)
    later = models.learned(counted)["changes"]

    weights = {c["feature"]: abs(c["is"] - c["was"]) for c in one["changes"]}
    assert sum(abs(c["is"] - c["was"]) for c in later) < sum(weights.values())


def test_a_candidate_in_shadow_tells_what_it_would_choose_and_decides_for_nobody(
    shop: Rooms,
) -> None:
    assert decided(shop).shadow is None
    version = for_cheap(shop)
    decision = decided(shop)

    assert first(decision) == "dear"
    assert decision.shadow is not None
    assert (decision.shadow.model, decision.shadow.offer_ids) == (version, ("cheap",))
    assert decision.versions["model"] == PRIOR.version
    kept = reading.decision(decision.id, shop)
    assert kept.shadow == decision.shadow
    assert replayed(decision.id, None, shop)["identical"]


def test_a_model_that_is_live_decides_for_all(shop: Rooms) -> None:
    version = for_cheap(shop)
    told = rollout(shop, 1)

    assert (told["live"], told["candidate"], told["previous"]) == (version, None, PRIOR.version)
    assert decided(shop, "anonymous:nobody").versions["model"] == version
    decision = decided(shop)
    assert first(decision) == "cheap"
    assert decision.versions["model"] == version
    assert decision.shadow is None


def test_a_share_of_the_customers_is_decided_for_by_the_candidate(shop: Rooms) -> None:
    version = for_cheap(shop)
    rollout(shop, 0.3)
    theirs = {n for n in range(300) if shop.engine_for(f"c-{n}").versions["model"] == version}
    rollout(shop, 0.5)
    more = {n for n in range(300) if shop.engine_for(f"c-{n}").versions["model"] == version}

    assert 60 < len(theirs) < 120
    assert theirs < more
    assert theirs == {n for n in range(300) if decides_for(version, 0.3, f"c-{n}")}
    assert shop.engine().versions["model"] == PRIOR.version
    assert shop.engine_for("anonymous") is shop.engine()
    assert shop.engine_in_shadow() is None


def test_one_call_takes_the_customers_back_and_another_the_model_before(shop: Rooms) -> None:
    version = for_cheap(shop)
    rollout(shop, 0.3)
    back = RolloutRequest(rollback=True)
    told = models.rolled_out(back, shop)
    assert (told["live"], told["candidate"], told["share"]) == (PRIOR.version, version, 0)
    rollout(shop, 1)
    assert shop.engine().versions["model"] == version
    told = models.rolled_out(back, shop)

    assert (told["live"], told["previous"]) == (PRIOR.version, version)
    assert shop.engine().versions["model"] == PRIOR.version
    assert models.rolled_out(back, shop)["live"] == version
    history = [(h["live"], h["share"]) for h in watching.told(shop)["history"]]
    assert history[0] == (version, 0)
    assert len(history) == 6


def test_there_is_nothing_before_the_first_model(shop: Rooms) -> None:
    with pytest.raises(NotFoundError):
        models.rolled_out(RolloutRequest(rollback=True), shop)
    with pytest.raises(ConflictError):
        rollout(shop, 1)
    for_cheap(shop)
    with pytest.raises(NotFoundError):
        models.rolled_out(RolloutRequest(rollback=True), shop)
    with pytest.raises(NotFoundError):
        rollout(shop, 1, "learned-000000000000")
    with pytest.raises(NotFoundError):
        rollout(shop, 1, "../catalogs/x")
    with pytest.raises(ConflictError):
        rollout(shop, 0.5, PRIOR.version)


@pytest.mark.parametrize("said", [{}, {"share": 1, "rollback": True}, {"share": 1.1}])
def test_a_rollout_asks_for_one_thing(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RolloutRequest.model_validate(said)


def test_somebody_else_who_was_first_is_not_written_over(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_cheap(shop)
    seen = shop.models.head()
    rollout(shop, 0.1)
    monkeypatch.setattr(shop.models, "head", lambda: seen)

    with pytest.raises(ConflictError):
        rollout(shop, 1)


def test_a_decision_is_explained_and_replayed_by_the_model_that_made_it(
    shop: Rooms, aws: Aws, settings: Settings, clock: Clock
) -> None:
    for_cheap(shop)
    rollout(shop, 1)
    decision = decided(shop)
    told = reading.explanation(decision.id, shop)
    keep(shop, "other", bias=-9.0)
    rollout(shop, 1)
    clock.advance(days=1)
    elsewhere = aws.rooms(settings, clock, Recorder(), Desk())

    assert elsewhere.engine().versions["model"] != decision.versions["model"]
    assert replayed(decision.id, None, elsewhere)["identical"]
    assert reading.explanation(decision.id, elsewhere) == told
    assert told["recomputed_by"] is None
    assert told["chosen"][0]["contributions"]["offer.discount"] == 4.0


def test_another_catalog_is_tried_with_the_model_that_decided(shop: Rooms) -> None:
    version = for_cheap(shop)
    rollout(shop, 1)
    decision = decided(shop)
    shop.offers.put(an_offer(id="gift", value=6, features={"discount": 0.5}))
    other = stocking.publish_catalog(stocking.PublishRequest(confirm=True), shop)["version"]
    told = replayed(decision.id, other, shop)

    assert [o["offer_id"] for o in told["replayed"]["offers"]] == ["gift"]
    assert told["replayed"]["versions"]["model"] == version


def test_a_new_catalog_is_decided_on_by_the_model_that_is_live(shop: Rooms) -> None:
    version = for_cheap(shop)
    rollout(shop, 1)
    shop.offers.put(an_offer(id="late"))
    stocking.publish_catalog(stocking.PublishRequest(confirm=True), shop)

    assert shop.engine().versions["model"] == version
    assert len(shop.engine().catalog) == 3
    assert shop.engine() is shop.engine()


@pytest.fixture
def elsewhere(shop: Rooms, aws: Aws, settings: Settings, clock: Clock) -> tuple[Rooms, Rooms]:
    return shop, aws.rooms(settings, clock, Recorder(), Desk())


def damage(aws: Aws, settings: Settings, version: str, body: bytes = b"nonsense") -> None:
    aws.s3.put_object(Bucket=settings.artifacts_bucket, Key=f"models/{version}.gz", Body=body)


def test_other_containers_follow_within_the_time_that_is_set(
    elsewhere: tuple[Rooms, Rooms], clock: Clock
) -> None:
    here, there = elsewhere
    version = for_cheap(here)
    rollout(here, 1)
    assert there.engine().versions["model"] == PRIOR.version
    clock.advance(seconds=31)
    there.refresh()

    assert there.engine().versions["model"] == version
    assert watching.served(there)["models"] == watching.served(here)["models"]


def test_where_the_live_model_is_damaged_the_last_good_one_serves(
    elsewhere: tuple[Rooms, Rooms], clock: Clock, aws: Aws, settings: Settings
) -> None:
    here, there = elsewhere
    good = for_cheap(here)
    rollout(here, 1)
    clock.advance(seconds=31)
    there.refresh()
    bad = keep(here, "bad", bias=0.0)
    rollout(here, 1)
    damage(aws, settings, bad)
    clock.advance(seconds=31)
    there.refresh()
    started = aws.rooms(settings, clock, Recorder(), Desk())

    for rooms in (there, started):
        assert rooms.engine().versions["model"] == good
        told = watching.served(rooms)["models"]
        assert told["live"] == good
        assert told["refused"]["version"] == "#4"
        assert "corrupt" in told["refused"]["reason"]
        assert decided(rooms).versions["model"] == good


def test_where_no_model_can_be_read_the_prior_serves(
    shop: Rooms, aws: Aws, settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    version = for_cheap(shop)
    rollout(shop, 1)
    for each in (version, PRIOR.version):
        damage(aws, settings, each)
    started = aws.rooms(settings, clock, Recorder(), Desk())

    assert decided(started).versions["model"] == PRIOR.version
    assert watching.served(started)["models"]["refused"] is not None
    assert "no published model can be read" in caplog.text


def test_a_candidate_that_is_damaged_leaves_the_live_one_alone(
    shop: Rooms, aws: Aws, settings: Settings, clock: Clock
) -> None:
    version = for_cheap(shop)
    damage(aws, settings, version)
    started = aws.rooms(settings, clock, Recorder(), Desk())

    assert started.engine_in_shadow() is None
    told = watching.served(started)["models"]
    assert (told["live"], told["candidate"]) == (PRIOR.version, None)
    assert told["refused"]["version"] == version
    with pytest.raises(PermanentError):
        rollout(started, 1)


def test_a_file_that_holds_another_model_is_not_taken_for_it(
    shop: Rooms, aws: Aws, settings: Settings
) -> None:
    version = for_cheap(shop)
    other = aws.s3.get_object(Bucket=settings.artifacts_bucket, Key=f"models/{PRIOR.version}.gz")[
        "Body"
    ].read()
    damage(aws, settings, version, other)

    with pytest.raises(PermanentError, match="another one"):
        rollout(shop, 1)


def test_a_model_comes_back_as_it_was_kept() -> None:
    model = Model("m", {"bias": -1.25, "offer.x": 0.1}, {"bias": (0.5, -0.5)}, (0.25, 1.5))

    again = read_model(pack_model(model))
    assert (again, again.version) == (model, model.version)
    for nonsense in (b"", b"{}", b"[]", b'{"name":"m"}', b'{"name":"m","weights":{"a":"b"}}'):
        with pytest.raises(PermanentError):
            read_model(nonsense)


def test_what_was_predicted_stands_beside_what_came_of_it(counted: Rooms, clock: Clock) -> None:
    told = watching.told(counted)

    assert (told["live"], told["candidate"], told["share"]) == (PRIOR.version, None, 0)
    assert told["history"] == []
    assert (told["observations"], told["answers"]) == (1, 1)
    assert len(told["reliability"]) == 10
    (row,) = [r for r in told["reliability"] if r["offers"]]
    assert row["actual"] == 1.0
    assert row["from"] <= row["predicted"] < row["to"]
    (day,) = told["drift"]
    assert (day["day"], day["offers"], day["actual"]) == ("2026-11-18", 1, 1.0)
    assert day["standard_errors"] > 0
    clock.advance(days=181)
    assert watching.told(counted)["observations"] == 0


def test_before_anything_is_counted_everything_is_empty(rooms: Rooms) -> None:
    told = watching.told(rooms)

    assert (told["observations"], told["drift"]) == (0, [])
    assert all(r["predicted"] is None for r in told["reliability"])
    assert told["live"] == PRIOR.version
