"""Why a decision was what it was: told on request, worked out from what was recorded."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import documents
from chalicelib.errors import NotFoundError, PayloadError
from chalicelib.model import Decision, ScoredOffer
from chalicelib.steps import reading, stocking
from chalicelib.steps.explaining import Page, in_words
from chalicelib.steps.offering import DecisionRequest, decide_now
from chalicelib.steps.rooms import Rooms
from tests.stage import an_offer, stock_the_shop

MANY = 7


@pytest.fixture
def shop(rooms: Rooms) -> Rooms:
    """One offer for Joe, and seven for the old."""
    old = [an_offer(id=f"old-{n}", rule="customer.age >= 65") for n in range(MANY)]
    stock_the_shop(rooms, an_offer(title="10% off running shoes"), *old)
    return rooms


@pytest.fixture
def decision(shop: Rooms) -> Decision:
    return decide_now(DecisionRequest(identity="user:joe"), shop)


def told(decision: Decision, rooms: Rooms, **query: Any) -> dict[str, Any]:
    page = Page.of({name.rstrip("_"): str(value) for name, value in query.items()})
    return reading.explanation(decision.id, rooms, page)


def a_scored_offer(**parts: float) -> ScoredOffer:
    return ScoredOffer(
        offer_id="o",
        title="O",
        score=1.75,
        probability=0.14,
        value=12.5,
        weight=1.0,
        selection_probability=1.0,
        contributions=parts,
    )


def test_a_chosen_offer_is_told_in_words_and_in_parts(decision: Decision, shop: Rooms) -> None:
    explained = told(decision, shop)
    (chosen,) = explained["chosen"]

    assert chosen["text"].startswith("chosen: ")
    assert f"= {chosen['score']:.2f}; most for it: " in chosen["text"]
    assert chosen["contributions"]["interest"] > 0
    assert (
        explained["features"]["interest"] == "a stated interest is in the offer's title or category"
    )
    assert set(explained["features"]) == set(chosen["contributions"])


def test_the_words_name_what_weighed_most() -> None:
    scored = a_scored_offer(
        bias=-3.2, looked_lately=0.71, interest=0.55, loyal=0.2, owned_product=-0.6, fatigue=-0.1
    )
    assert in_words(scored) == (
        "chosen: 14 % likely \N{MULTIPLICATION SIGN} 12.50 worth \N{MULTIPLICATION SIGN} weight 1 "
        "= 1.75; most for it: looked lately (+0.71), interest (+0.55); "
        "most against it: owned product (-0.60)"
    )
    assert in_words(a_scored_offer(bias=-3.2, loyal=0.001)).endswith("weight 1 = 1.75")
    discounted = a_scored_offer(**{"offer.big_discount": 0.3})
    assert in_words(discounted).endswith("most for it: the offer's big discount (+0.30)")


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.0412, "4.1 %"), (0.05, "5 %"), (0.4149, "41 %"), (0.9999, "99.9 %"), (1.0, "100 %")],
)
def test_nothing_short_of_certain_is_called_certain(probability: float, said: str) -> None:
    scored = a_scored_offer().model_copy(update={"probability": probability})
    assert in_words(scored).startswith(f"chosen: {said} likely ")


def test_reasons_come_in_pages(decision: Decision, shop: Rooms) -> None:
    first = told(decision, shop, limit=3)
    assert (len(first["rejected"]), first["rejected_total"], first["next_from"]) == (3, MANY, 3)
    seen, start = list(first["rejected"]), first["next_from"]
    while start is not None:
        page = told(decision, shop, limit=3, from_=start)
        seen += page["rejected"]
        start = page["next_from"]

    assert [r["offer_id"] for r in seen] == [f"old-{n}" for n in range(MANY)]
    assert {r["reason"] for r in seen} == {"rule"}
    assert seen[0]["title"] == "10% off trail shoes"
    assert seen == told(decision, shop)["rejected"]
    assert told(decision, shop, from_=99)["rejected"] == []


def test_one_offer_can_be_asked_of(decision: Decision, shop: Rooms) -> None:
    explained = told(decision, shop, offer_id="old-4")
    (rejected,) = explained["rejected"]
    assert (rejected["offer_id"], rejected["failed"][0]["needed"]) == ("old-4", "at least 65")
    assert (explained["chosen"], explained["next_from"]) == ([], None)

    explained = told(decision, shop, offer_id="trail-10")
    assert [o["offer_id"] for o in explained["chosen"]] == ["trail-10"]
    assert explained["rejected"] == []


def test_an_offer_that_the_catalog_never_had_is_not_found(decision: Decision, shop: Rooms) -> None:
    shop.offers.put(an_offer(id="later"))
    stocking.publish_catalog(stocking.PublishRequest(), shop)

    with pytest.raises(NotFoundError):
        told(decision, shop, offer_id="later")


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"from_": -1}, {"offer_id": "a/b"}],
)
def test_a_page_that_is_none_is_refused(query: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        Page.of({name.rstrip("_"): str(value) for name, value in query.items()})


def test_a_decision_of_other_code_or_model_says_who_works_it_out(shop: Rooms) -> None:
    decision = decide_now(DecisionRequest(identity="user:joe"), shop)
    versions = {**decision.versions, "code": "0", "model": "learned-1"}
    older = decision.model_copy(update={"versions": versions})
    keep(shop, older)

    running = shop.engine().versions
    by = {"code": running["code"], "model": running["model"]}
    assert told(older, shop)["recomputed_by"] == by
    keep(shop, decision)
    assert told(decision, shop)["recomputed_by"] is None


def test_without_its_catalog_a_decision_tells_what_was_recorded(
    decision: Decision, shop: Rooms
) -> None:
    keep(shop, decision.model_copy(update={"versions": {**decision.versions, "catalog": "0" * 16}}))
    explained = told(decision, shop)

    assert [o["offer_id"] for o in explained["chosen"]] == ["trail-10"]
    assert (explained["rejected"], explained["rejected_total"]) == ([], None)
    assert "catalog cannot be read" in explained["missing"]


def test_without_its_inputs_a_decision_tells_what_was_recorded(
    decision: Decision, shop: Rooms
) -> None:
    damage(shop, decision)
    explained = told(decision, shop)

    assert [o["offer_id"] for o in explained["chosen"]] == ["trail-10"]
    assert "damaged" in explained["missing"]
    assert [d["decision_id"] for d in reading.export("joe", shop)["decisions"]] == [decision.id]


def test_an_export_explains_within_bounds(
    decision: Decision, shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "EXPORTED_REASONS", 2)
    (exported,) = reading.export("joe", shop)["decisions"]

    assert (len(exported["rejected"]), exported["rejected_total"]) == (2, MANY)
    assert exported["chosen"][0]["text"].startswith("chosen: ")


def keep(rooms: Rooms, decision: Decision) -> None:
    """Put another decision where the one of the same id stands; its inputs stay."""
    stored = documents.get(rooms.dynamodb, rooms.ledger.table, f"decision#{decision.id}", "record")
    assert stored is not None
    stored["body"] = {"S": decision.model_dump_json(exclude_none=True)}
    rooms.dynamodb.put_item(TableName=rooms.ledger.table, Item=stored)


def damage(rooms: Rooms, decision: Decision) -> None:
    """A bit of the recorded inputs falls over."""
    stored = documents.get(rooms.dynamodb, rooms.ledger.table, f"decision#{decision.id}", "record")
    assert stored is not None
    packed = bytearray(stored["inputs"]["B"])
    packed[len(packed) // 2] ^= 1
    stored["inputs"] = {"B": bytes(packed)}
    rooms.dynamodb.put_item(TableName=rooms.ledger.table, Item=stored)
