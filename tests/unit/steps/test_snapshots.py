"""A model learned each day, in shadow, where there is something to learn from."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.decisioning import PRIOR
from chalicelib.decisioning.packing import read_model
from chalicelib.errors import ConflictError
from chalicelib.steps import models, watching
from chalicelib.steps.counting import learn_from
from chalicelib.steps.rooms import Rooms
from tests.stage import Clock, an_offer, stock_the_shop
from tests.unit.steps.test_learning import buys, decided
from tests.unit.steps.test_models import rollout


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    stock_the_shop(rooms, an_offer(policy={}))
    return with_least(rooms, 2)


def with_least(rooms: Rooms, decisions: int) -> Rooms:
    least = {"snapshot_least_decisions": decisions}
    return rooms.but(settings=rooms.settings.model_copy(update=least))


def counted(rooms: Rooms, clock: Clock, number: int = 2) -> None:
    """So many decisions, of which the first is answered, and their windows passed."""
    made = [decided(rooms) for _ in range(number)]
    buys(rooms, clock, order_id=f"o-{made[0].id}")
    clock.advance(hours=72)
    learn_from([decision.id for decision in made], rooms)


def told(rooms: Rooms) -> dict[str, Any]:
    return watching.told(rooms)


def test_the_days_model_runs_in_shadow_and_is_never_live_by_itself(
    shop: Rooms, clock: Clock
) -> None:
    counted(shop, clock)
    learned = models.snapshot(shop)

    assert learned is not None
    assert (learned["candidate"], learned["share"]) == (learned["learned"], 0)
    assert shop.engine().versions["model"] == told(shop)["live"] == PRIOR.version
    assert decided(shop).shadow is not None


def test_one_follows_the_other_and_old_ones_are_kept(shop: Rooms, clock: Clock) -> None:
    versions = []
    for _ in range(2):
        counted(shop, clock)
        learned = models.snapshot(shop)
        assert learned is not None
        versions.append(learned["learned"])

    assert len(set(versions)) == 2
    assert told(shop)["candidate"] == versions[1]
    assert [h["candidate"] for h in told(shop)["history"]] == versions[::-1]
    assert shop.models.open(versions[0], read_model).version == versions[0]


def test_of_too_few_new_decisions_none_is_learned_and_the_log_says_so(
    shop: Rooms, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "rejoinder")
    assert models.snapshot(shop) is None
    counted(shop, clock)
    assert models.snapshot(shop) is not None
    counted(shop, clock, 1)
    assert models.snapshot(shop) is None

    assert "no model is learned: 1 decisions counted since the last of 2" in caplog.text
    assert "joe" not in caplog.text
    counted(shop, clock, 1)
    assert models.snapshot(shop) is not None


def test_what_an_operator_learned_from_is_not_new(shop: Rooms, clock: Clock) -> None:
    counted(shop, clock)
    models.learned(shop)

    assert models.snapshot(shop) is None


def test_days_that_expire_do_not_hide_new_decisions(shop: Rooms, clock: Clock) -> None:
    counted(shop, clock, 4)
    assert models.snapshot(shop) is not None
    clock.advance(days=190)
    counted(shop, clock)

    assert models.snapshot(shop) is not None


def test_it_can_be_switched_off(shop: Rooms, clock: Clock) -> None:
    counted(shop, clock)

    assert models.snapshot(with_least(shop, 0)) is None
    assert told(shop)["history"] == []


def test_a_candidate_that_has_customers_keeps_them(
    shop: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "rejoinder")
    counted(shop, clock)
    learned = models.snapshot(shop)
    assert learned is not None
    rollout(shop, 0.3)
    counted(shop, clock)
    assert models.snapshot(shop) is None
    assert "a candidate has a share of the customers" in caplog.text
    # It may be given them while the next one is being learned.
    rolled, heads = shop.models.head(), iter([None])
    monkeypatch.setattr(shop.models, "head", lambda: next(heads, rolled))
    assert models.snapshot(shop) is None
    monkeypatch.undo()

    assert (told(shop)["candidate"], told(shop)["share"]) == (learned["learned"], 0.3)
    assert "another candidate has a share" in caplog.text


def test_who_was_quicker_is_not_written_over(
    shop: Rooms, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(shop, clock)

    def quicker(*_: Any, **__: Any) -> None:
        raise ConflictError("another model was published meanwhile")

    monkeypatch.setattr(shop.models, "try_out", quicker)
    assert models.snapshot(shop) is None
    assert shop.statistics.learned_from() == {}
