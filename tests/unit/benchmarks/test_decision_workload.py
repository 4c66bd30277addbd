"""The decision benchmark measures what it says: its workload, its languages, its baseline."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from chalicelib.catalog.rules import compile_offer
from chalicelib.decisioning.engine import Engine
from chalicelib.model import CompiledOffer, Customer, DecisionInputs
from tests.benchmarks.decision import (
    conditions,
    dialects,
    loading,
    ours,
    peers,
    population,
    race,
    rules,
    workload,
)
from tests.benchmarks.decision.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Flag,
    Holds,
    Not,
    OneOf,
    Text,
    Threshold,
)
from tests.benchmarks.decision.contest import Contest, Effort, Kind, Outcome, pooled
from tests.benchmarks.decision.generated import Generated, compile_rules
from tests.benchmarks.decision.patience import OutOfPatienceError, Patience
from tests.benchmarks.decision.report import Report
from tests.benchmarks.decision.workload import LIMIT, NOW, Workload, generate

EDGES: tuple[Condition, ...] = (
    *(Threshold("n00", op, 12.5) for op in ("<", "<=", ">", ">=")),
    *(Threshold("n03", op, 7.0) for op in ("<", "<=", ">", ">=")),
    Text("s00", "==", "s00_00"),
    Text("s00", "!=", "s00_00"),
    OneOf("s01", ("s01_00", "s01_03")),
    Flag("b0"),
    Not(Flag("b0")),
    Holds("g0", "g0_01"),
    Not(Holds("g0", "g0_01")),
    Not(AnyOf((Flag("b0"), Threshold("n00", "<", 12.5)))),
    AllOf((Flag("b1"), AnyOf((Flag("b0"), AllOf((Holds("g0", "g0_01"), Flag("b2"))))))),
    AnyOf((AllOf((Flag("b0"), Not(Flag("b1")))), Not(Threshold("n03", ">", 7.0)))),
)
"""Every kind of condition, with customers to stand on either side of its bounds and on them."""


def at_the_edges() -> list[population.Record]:
    base = population.record(random.Random(1))
    return [
        base | {"n00": number, "n03": count, "s00": word, "b0": truth, "b1": not truth, "g0": items}
        for number, count in ((12.49, 6), (12.5, 7), (12.51, 8), (13, 7.0))
        for word, truth, items in (
            ("s00_00", True, ["g0_00", "g0_01"]),
            ("s00_01", False, []),
            ("s00_02", False, ["g0_02"]),
        )
    ]


def cases() -> tuple[list[Condition], list[population.Record]]:
    rng = random.Random(2)
    generated = [rules.rule(rng) for _ in range(150)]
    records = [population.record(rng) for _ in range(8)]
    return [*EDGES, *generated], [*at_the_edges(), *records]


def met(written: Sequence[Condition], record: population.Record) -> list[int]:
    return [n for n, condition in enumerate(written) if conditions.holds(condition, record)]


def test_the_same_seed_gives_the_same_workload() -> None:
    one, same, other = generate(1, 30, 3), generate(1, 30, 3), generate(2, 30, 3)
    assert one == same
    assert (one.offers, one.customers) != (other.offers, other.customers)


def test_a_smaller_catalog_is_the_start_of_a_larger_one() -> None:
    assert generate(1, 60, 1).offers[:20] == generate(1, 20, 1).offers


def test_flat_values_stand_beside_the_same_rules() -> None:
    flat = generate(1, 50, 1, "flat")
    assert [o.rule for o in flat.offers] == [o.rule for o in generate(1, 50, 1).offers]
    assert all(9.9 <= offer.value <= 10.1 for offer in flat.offers)


def test_a_customer_has_sixty_attributes_and_twelve_contacts_in_a_month() -> None:
    customer = generate(1, 40, 1).customers[0]
    kinds = [type(value) for value in customer.attributes.values()]
    assert (kinds.count(float) + kinds.count(int), kinds.count(str)) == (34, 12)
    assert (kinds.count(bool), kinds.count(list)) == (8, 6)
    assert len({contact.offer_id for contact in customer.offers}) == 12
    assert all((NOW - contact.at).days < 30 for contact in customer.offers)


def test_about_six_percent_of_the_offers_are_eligible() -> None:
    made = generate(2026, 1000, 40)
    share = workload.eligible_share(made.conditions, [c.attributes for c in made.customers])
    assert 0.05 <= share <= 0.07


def test_no_rule_leans_on_a_predicate_that_is_nearly_always_false() -> None:
    made = generate(2026, 300, 60)
    parts = [part for whole in made.conditions for part in conditions.predicates(whole)]
    records = [customer.attributes for customer in made.customers]
    rare = sum(workload.eligible_share([part], records) < 0.05 for part in parts)
    assert rare / len(parts) < 0.1


def test_rules_have_three_to_eight_predicates_of_different_attributes() -> None:
    rng = random.Random(3)
    for _ in range(300):
        names = [part.name for part in conditions.predicates(rules.rule(rng))]
        assert 3 <= len(names) <= 8
        assert len(names) == len(set(names))


def test_the_checked_form_is_what_the_parser_makes_of_the_text() -> None:
    for compiled in generate(1, 40, 0).compiled():
        assert compile_offer(compiled.offer) == compiled


def test_the_product_and_the_trees_agree() -> None:
    written, records = cases()
    offer = generate(1, 1, 0).offers[0]
    engine = Engine.of(
        CompiledOffer(
            offer=offer.model_copy(update={"id": f"o{n:06}"}), rule=dialects.checked(condition)
        )
        for n, condition in enumerate(written)
    )
    for record in records:
        inputs = DecisionInputs(customer=Customer(id="c", attributes=record))
        assert engine.eligible(inputs, NOW) == {f"o{n:06}" for n in met(written, record)}


@pytest.mark.parametrize("kind", peers.PEERS, ids=lambda kind: kind.__name__)
def test_every_engine_and_the_trees_agree(kind: type[peers.Peer]) -> None:
    written, records = cases()
    peer = kind(written, Patience(60))
    for record in records:
        assert peer.positions(peer.ask(peer.record(record))) == met(written, record)


def test_the_generated_baseline_and_the_trees_agree() -> None:
    written, records = cases()
    select = list(compile_rules(written))
    for record in records:
        found: list[int] = []
        for part in select:
            part({n: frozenset(v) if isinstance(v, list) else v for n, v in record.items()},
                 found.append)  # fmt: skip
        assert found == met(written, record)


@pytest.mark.parametrize("values", ["lognormal", "flat"])
def test_the_generated_baseline_decides_as_the_product_does(
    values: workload.Values, tmp_path: Path
) -> None:
    made = generate(5, 150, 12, values)
    ours.store(made.compiled(), tmp_path / "artifact")
    engine = ours.load(tmp_path / "artifact")
    baseline = Generated(made, list(compile_rules(made.conditions)))
    for customer in made.customers:
        expected = ours.decide(engine, ours.visitor(engine, customer, LIMIT))
        decided = baseline.decide(baseline.visitor(customer))
        assert [offer for offer, _ in decided] == [offer for offer, _ in expected]
        assert [score for _, score in decided] == pytest.approx([s for _, s in expected], rel=1e-9)


def test_the_generated_baseline_settles_equal_scores_by_id() -> None:
    made = generate(1, 200, 1)
    offers = [made.offers[0].model_copy(update={"id": f"o{n:06}"}) for n in range(200)]
    always = [Not(AllOf((Flag("b0"), Not(Flag("b0")))))] * 200
    customer = made.customers[0].model_copy(update={"offers": ()})
    baseline = Generated(Workload(offers, always, [customer]), list(compile_rules(always)))
    decided = baseline.decide(baseline.visitor(customer))
    assert [offer for offer, _ in decided] == ["o000000", "o000001", "o000002"]


def test_caps_stand_in_the_way_of_the_best_offers() -> None:
    made = generate(1, 500, 24)
    baseline = Generated(made, list(compile_rules(made.conditions)))
    freed = [customer.model_copy(update={"offers": ()}) for customer in made.customers]
    changed = 0
    for customer, free in zip(made.customers, freed, strict=True):
        kept = [offer for offer, _ in baseline.decide(baseline.visitor(customer))]
        changed += kept != [offer for offer, _ in baseline.decide(baseline.visitor(free))]
    assert changed > 12


def test_a_peer_out_of_patience_gives_up() -> None:
    with pytest.raises(OutOfPatienceError):
        peers.RuleEngine(EDGES, Patience(-1))


def test_a_contest_times_every_contender_for_every_customer(tmp_path: Path) -> None:
    contest = Contest(Effort(customers=2, budget=60, patience=60), tmp_path, lambda text: None)
    outcomes = contest.hold(generate(1, 20, 2), "lognormal", engines=True)
    assert len(outcomes) == 3 + len(peers.PEERS)
    assert {(len(outcome.seconds), outcome.note) for outcome in outcomes} == {(2, "")}


def test_a_turn_is_a_batch_of_customers_after_untimed_ones() -> None:
    asked: list[int] = []
    entrant = race.Entrant("swift", asked.append)
    race.run([entrant], 2 * race.BATCH, 60)
    paced, turn = asked[:2], list(range(race.BATCH))
    last = 2 * race.BATCH - 1
    assert paced == [0, 1]
    assert asked[2:] == [last, last - 1, *turn, 24, 23, *(n + race.BATCH for n in turn)]
    assert len(entrant.seconds) == 2 * race.BATCH


def test_a_contender_beyond_its_budget_decides_for_fewer_customers() -> None:
    asked: list[int] = []
    entrant = race.Entrant("slow", asked.append)
    race.run([entrant], 10 * race.BATCH, 0)
    assert len(entrant.seconds) == 3
    assert len(asked) == 2 + 3 * (race.WARM_UPS + 1)


def test_outcomes_of_several_catalogs_are_pooled() -> None:
    one = Outcome("ours", "ours", 100, "flat", 1.0, (1.0, 2.0), "late")
    other = Outcome("ours", "ours", 100, "flat", 3.0, (9.0,), "late")
    elsewhere = Outcome("ours", "ours", 100, "history", 3.0, (9.0,))
    both = Outcome("ours", "ours", 100, "flat", 2.0, (1.0, 2.0, 9.0), "late")
    assert pooled([one, elsewhere, other]) == [both, elsewhere]
    assert both.median == 2.0


def test_customers_with_a_history_are_the_same_but_for_it() -> None:
    plain, known = generate(1, 30, 3), generate(1, 30, 3, history=True)
    assert known.offers == plain.offers
    for one, other in zip(plain.customers, known.customers, strict=True):
        assert not one.aggregates.purchase_count
        assert other.aggregates.purchase_count
        assert other.model_copy(update={"aggregates": one.aggregates}) == one


def test_a_fresh_process_decides_without_numpy(tmp_path: Path) -> None:
    made = generate(1, 40, 1)
    ours.store(made.compiled(), tmp_path / "artifact")
    loaded = loading.measure(tmp_path / "artifact", made.customers[0], times=1)
    assert not loaded.numpy
    assert loaded.mb > loaded.imports_mb > 0
    assert loaded.ms > 0
    assert loaded.second_ms > 0


def test_ratios_are_the_peers_median_over_ours_and_null_where_one_did_not_race() -> None:
    def outcome(name: str, kind: Kind, size: int, *seconds: float) -> Outcome:
        return Outcome(name, kind, size, "lognormal", 1.0, seconds)

    report = Report(
        [
            outcome("ours", "ours", 1_000, 2e-3), outcome("ours", "ours", 100_000, 5e-3),
            outcome("baseline", "generated", 1_000, 8e-3),
            outcome("slow", "engine", 1_000, 9e-3), outcome("fast", "engine", 1_000, 6e-3),
            outcome("slow", "engine", 100_000),
        ],
        {},
        growth=1.25,
    ).summary()  # fmt: skip
    assert report["ratio_generated"] == {"1000": 4.0, "100000": None}
    assert report["ratio_best_engine"] == {"1000": 3.0, "100000": None}
    assert (report["growth_1k_to_100k"], report["load_10k_ms"]) == (1.25, None)
