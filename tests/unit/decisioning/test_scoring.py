"""Features, the model over them, and the ranking that follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, inf, log1p
from random import Random
from typing import Any

import pytest

from chalicelib.decisioning import FEATURES, PRIOR, Model
from chalicelib.decisioning.scoring import Scorer, probability
from chalicelib.decisioning.search import Scored
from chalicelib.decisioning.situation import Situation, Target
from chalicelib.model import (
    Aggregates,
    Behaviour,
    Customer,
    DecisionContext,
    Offer,
    Understanding,
)

from .builders import NOW, asked, contact, days, decide, decided, engine, joe, offer, product, told

ABOUT = offer(title="Trail deal!", products=["tb", "category:shoes > trail"])
PRODUCTS = {"tb": product("tb", "shoes/trail"), "sock": product("sock", "shoes/socks")}


def measured(
    of: Offer = ABOUT, customer: Customer | None = None, **changes: Any
) -> dict[str, float]:
    situation = Situation(
        customer=customer or joe(),
        context=changes.get("context", DecisionContext()),
        understanding=changes.get("understanding"),
        products=PRODUCTS,
        now=changes.get("now", NOW),
    )
    target = Target.of(of)
    return {f.name: f.measure(situation, target) for f in FEATURES}


def asking(**changes: Any) -> Understanding:
    return Understanding(intent="availability", confidence=1, **changes)


def test_features_have_names_of_their_own_and_say_what_they_are() -> None:
    assert len({f.name for f in FEATURES}) == len(FEATURES)
    assert all(f.about for f in FEATURES)
    assert {n for n in PRIOR.weights if not n.startswith("offer.")} == {f.name for f in FEATURES}


def test_purchases_in_the_category_count_by_recency_and_frequency() -> None:
    found = measured()
    assert found["bought_lately"] == pytest.approx(exp(-200 / 90))
    assert found["bought_often"] == pytest.approx(log1p(2) / log1p(20))
    assert found["loyal"] == pytest.approx(log1p(4) / log1p(20))
    nothing = measured(offer(products=["category:bags"]))
    assert nothing["bought_lately"] == nothing["bought_often"] == 0


def test_views_of_the_category_and_the_product_count() -> None:
    seen = joe(
        aggregates=Aggregates(
            last_view={"shoes/trail": NOW - days(7)}, view_count={"shoes/trail": 99}
        ),
        recent=[
            Behaviour(at=NOW - days(3), name="product_viewed", product_id="tb"),
            Behaviour(at=NOW - days(9), name="product_viewed", product_id="tb"),
            Behaviour(at=NOW, name="page"),
        ],
    )
    found = measured(customer=seen)
    assert found["looked_lately"] == pytest.approx(exp(-1))
    assert found["looked_often"] == 1
    assert found["viewed_product"] == pytest.approx(exp(-1))


def test_a_moment_in_the_future_counts_as_now() -> None:
    seen = joe(recent=[Behaviour(at=NOW + days(1), name="product_viewed", product_id="tb")])
    assert measured(customer=seen)["viewed_product"] == 1


def test_it_is_half_due_when_the_usual_interval_is_over() -> None:
    def due(ago: float, count: int = 3) -> float:
        kept = Aggregates(
            first_purchase_at=NOW - days(ago + 200),
            last_purchase={"shoes/trail": NOW - days(ago)},
            purchase_count={"shoes/trail": count},
        )
        return measured(customer=joe(aggregates=kept))["due"]

    assert due(100) == pytest.approx(0.5)
    assert due(0) < 0.02 < 0.98 < due(200) < due(100_000) <= 1
    assert due(100, count=1) == 0


def test_what_is_asked_for_counts() -> None:
    meant = asking(products=[{"product_id": "tb", "confidence": 1}])
    found = measured(understanding=meant)
    assert (found["asked_product"], found["asked_category"]) == (1, 1)
    other = measured(offer(products=["x", "category:bags"]), understanding=meant)
    assert (other["asked_product"], other["asked_category"]) == (0, 0)
    wish = asking(slots={"category": "shoes/trail"})
    assert measured(understanding=wish)["asked_category"] == 1


def test_what_goes_with_the_basket_counts() -> None:
    with_sock = DecisionContext(basket=("sock", "unknown"))
    assert measured(context=with_sock)["complements"] == 1
    assert measured(context=with_sock)["in_basket"] == 0
    assert measured(context=DecisionContext(basket=("tb",)))["in_basket"] == 1
    assert measured()["complements"] == pytest.approx(exp(-200 / 14))


def test_what_is_owned_already_counts() -> None:
    owner = joe(aggregates=Aggregates(last_product_purchase={"tb": NOW - days(180)}))
    assert measured(customer=owner)["owned_product"] == pytest.approx(exp(-1))


def test_an_interest_is_found_in_title_and_category() -> None:
    assert measured(customer=joe(interests=("TRAIL",)))["interest"] == 1
    assert measured(customer=joe(interests=("Deal",)))["interest"] == 1
    assert measured(customer=joe(interests=("yoga",)))["interest"] == 0


def test_earlier_offers_count_for_and_against() -> None:
    customer = joe(
        offers=[
            contact("a", 1),
            contact("a", 40, response="ignored"),
            contact("a", 50, response="clicked"),
            contact("b", 2, response="bought"),
            contact("a", 91),
        ]
    )
    found = measured(customer=customer)
    assert (found["repeated"], found["clicked"], found["fatigue"]) == (2 / 5, 1, 1 / 10)
    assert found["responsive"] == 3 / 8
    fresh = measured()
    assert (fresh["repeated"], fresh["clicked"], fresh["responsive"]) == (0, 0, 1 / 4)


@pytest.mark.parametrize(
    ("channel", "private"), [("sms", 1), ("x_dm", 1), ("x_reply", 0), (None, 0)]
)
def test_a_public_channel_is_not_private(channel: str | None, private: float) -> None:
    assert measured(context=DecisionContext(channel=channel))["private"] == private


def test_evening_and_weekend_are_the_customers_own() -> None:
    saturday_evening = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert measured(now=saturday_evening)["evening"] == 1
    assert measured(now=saturday_evening)["weekend"] == 1
    assert measured(now=saturday_evening + timedelta(hours=3))["evening"] == 0
    assert measured(now=saturday_evening + timedelta(hours=3))["weekend"] == 1
    assert measured(now=saturday_evening + timedelta(hours=4))["weekend"] == 1
    assert measured(now=saturday_evening + timedelta(days=1, hours=4))["weekend"] == 0


def test_purpose_and_bias_are_features() -> None:
    assert (measured()["marketing"], measured()["bias"]) == (1, 1)
    assert measured(offer(purpose="service"))["marketing"] == 0


def test_an_offers_own_features_join_by_name() -> None:
    scorer = Scorer(
        Model("m", {"offer.discount": 2.0}), Situation(joe(), DecisionContext(), None, {}, NOW)
    )
    target = Target.of(offer())
    assert scorer.contributions(target, {"discount": 0.1, "hot": 2.0}) == {"offer.discount": 0.2}
    assert scorer.contributions(target, {"hot": 2.0}) == {}


def test_own_features_are_cut_where_they_say_nothing_more() -> None:
    model = Model("m", {"offer.x": 10.0, "offer.y": -1.0})
    assert model.own({"x": 1.0, "y": 4.0, "z": 9.0}) == 6.0
    assert (model.own({"x": 99.0}), model.own({"y": 99.0})) == (50.0, -50.0)


@pytest.mark.parametrize("log_odds", [-9000.0, -501.0, -20.0, -3.2, 0.0, 0.3, 3.0, 40.0, 9000.0])
def test_the_probability_is_the_logistic_of_the_log_odds(log_odds: float) -> None:
    """Cut to forty binary places."""
    found = probability(log_odds)
    assert found == pytest.approx(1 / (1 + exp(min(-log_odds, 700))), abs=2**-40)
    assert (found * 2**40).is_integer()


def test_offers_are_scored_by_that_very_probability() -> None:
    """Bit for bit, though its arithmetic is written out again where offers are scored."""
    by, rng = engine(offer(value=3.0)), Random(1)
    terms = by.terms(asked(Customer(id="c")), now=NOW)
    edges = [0.0, -499.9, -500.0, -500.1, 500.0, -9000.0, 9000.0, -inf]
    for log_odds in (*edges, *(rng.gauss(-3.0, 4.0) for _ in range(5000))):
        terms.common = [log_odds] * len(terms.common)
        found: list[Scored] = []
        assert terms.enter([0], found) == found[0]
        assert found == [(-probability(log_odds) * 3.0, "a", 0, probability(log_odds))]


def test_a_models_version_is_its_content() -> None:
    assert PRIOR.version.startswith("prior-")
    assert Model("a", {"x": 1, "y": 2}).version == Model("a", {"y": 2, "x": 1}).version
    assert Model("a", {"x": 1}).version != Model("a", {"x": 2}).version


def test_the_score_is_probability_times_value_times_weight() -> None:
    by, inputs = engine(offer(value=7, weight=0.5, features={"discount": 0.1})), asked()
    decision = decided(by, inputs)
    parts = by.contributions(inputs, decision)["a"]
    (best,) = decision.offers
    assert best.probability == pytest.approx(1 / (1 + exp(-sum(parts.values()))))
    assert best.score == best.probability * 3.5
    assert parts["offer.discount"] == pytest.approx(0.15)
    assert (best.value, best.weight, best.selection_probability) == (7, 0.5, 1)


def test_equal_scores_go_by_id() -> None:
    offers = [offer(i) for i in "dbac"]
    assert [o.offer_id for o in decide(*offers).offers] == ["a", "b", "c"]
    assert [(r.offer_id, r.reason) for r in told(*offers)] == [("d", "score")]


def test_a_lower_score_is_told_with_both_scores() -> None:
    offers = offer("a"), offer("b", value=1)
    high = decide(*offers, limit=1).offers[0].score
    low = high / 10
    assert told(*offers, limit=1)[0].text == (
        f"others suit better: it scores {low:.4g}, the last of those chosen {high:.4g}"
    )


@pytest.mark.parametrize("limit", [0, -1])
def test_without_a_place_nothing_is_chosen(limit: int) -> None:
    assert decide(offer("a"), limit=limit).offers == ()
    assert told(offer("a"), limit=limit)[0].text == "no offer was asked for"


def test_a_model_of_ones_own_ranks_by_it() -> None:
    offers = offer("a", features={"hot": 0}), offer("b", features={"hot": 1})
    decision = decide(*offers, model=Model("hot", {"offer.hot": 1.0}), limit=1)
    assert decision.offers[0].offer_id == "b"
    assert decision.versions["model"].startswith("hot-")
