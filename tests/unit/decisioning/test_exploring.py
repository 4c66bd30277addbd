"""Trying what may be better than it looks: exact probabilities, and a drawing that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
import pytest

from chalicelib.decisioning.exploring import AT_RANDOM, WINDOW, Order, Seen, drawn, orders
from chalicelib.decisioning.learning import MEMBERS
from chalicelib.decisioning.scoring import Model

SURE = Model("sure", {"due": 1.0})


def unsure(seed: int = 4, by: float = 0.8) -> Model:
    rng = Random(seed)
    names = ("bias", "due", "viewed")
    deviations = {n: tuple(rng.gauss(0, by) for _ in range(MEMBERS)) for n in names}
    return Model("unsure", {"due": 1.0, "viewed": 0.5}, deviations)


def seen(
    rows: Sequence[Mapping[str, float]], log_odds: Sequence[float], worths: Sequence[float]
) -> Seen:
    names = tuple(dict.fromkeys(name for row in rows for name in row)) or ("bias",)
    features = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    return Seen(names, features.reshape(len(rows), len(names)), log_odds, worths)


def window(count: int = 4, seed: int = 9) -> Seen:
    """Offers nearly as good as one another, best first."""
    rng = Random(seed)
    rows = [{"bias": 1.0, "due": rng.gauss(0, 1), "viewed": rng.random()} for _ in range(count)]
    return seen(rows, [-0.05 * place for place in range(count)], [2.0] * count)


@pytest.mark.parametrize("count", [2, 3, WINDOW])
def test_the_probabilities_of_all_orders_add_up_to_one(count: int) -> None:
    some = orders(window(count), unsure())
    assert sum(order.weight for order in some) == pytest.approx(1)
    assert all(order.weight > 0 for order in some)
    assert len({order.places for order in some}) == len(some)
    assert all(sorted(order.places) == list(range(count)) for order in some)


def test_an_order_is_drawn_as_often_as_its_probability_says() -> None:
    some, draws = orders(window(), unsure()), 20_000
    found = Counter(drawn(some, Random(seed).random()).places for seed in range(draws))
    for order in some:
        expected = order.weight * draws
        assert found[order.places] == pytest.approx(expected, abs=5 * expected**0.5)


def test_every_offer_of_the_window_has_its_chance_of_being_first() -> None:
    some = orders(window(WINDOW), unsure(by=1e-6))
    first = dict.fromkeys(range(WINDOW), 0.0)
    for order in some:
        first[order.places[0]] += order.weight
    least = AT_RANDOM / WINDOW
    assert all(chance >= least - 1e-12 for chance in first.values())
    assert first[0] == pytest.approx(1 - AT_RANDOM + least)


def test_members_rank_by_probability_times_worth() -> None:
    opposed = Model("opposed", {}, {"a": (3.0, 3.0, 3.0, -3.0), "b": (0.0,) * 4})
    told = seen([{"a": 1.0}, {"b": 1.0}], [0.0, 0.0], [1.0, 1.0])
    by_places = {order.places: order.weight for order in orders(told, opposed)}
    rest = (1 - AT_RANDOM) / 4
    assert by_places == pytest.approx(
        {(0, 1): 3 * rest + AT_RANDOM / 2, (1, 0): rest + AT_RANDOM / 2}
    )
    dearer = told._replace(worths=[1.0, 30.0])
    assert max(orders(dearer, opposed)).places == (1, 0)


def test_offers_that_score_alike_keep_their_order() -> None:
    alike = seen([{}] * 3, [-1.0] * 3, [1.0] * 3)
    most = max(orders(alike, unsure()))
    assert most.places == (0, 1, 2)
    assert most.weight == pytest.approx(1 - AT_RANDOM + AT_RANDOM / 3)


@pytest.mark.parametrize(
    ("some", "model"), [(window(), SURE), (window(1), unsure()), (window(0), unsure())]
)
def test_where_there_is_nothing_to_explore_the_order_stands(some: Seen, model: Model) -> None:
    assert orders(some, model) == [Order(1.0, tuple(range(len(some.worths))))]


def test_the_ends_of_the_draw_are_the_first_order_and_the_last() -> None:
    some = [Order(0.25, (0, 1)), Order(0.75, (1, 0))]
    assert [drawn(some, at).places[0] for at in (0.0, 0.2499, 0.25, 0.999, 1.0)] == [0, 0, 1, 1, 1]


def test_the_same_window_and_model_give_the_same_orders() -> None:
    assert orders(window(), unsure()) == orders(window(), unsure())
    known = window()
    turned = known._replace(names=known.names[::-1], features=known.features[:, ::-1])
    assert orders(turned, unsure()) == orders(known, unsure())
