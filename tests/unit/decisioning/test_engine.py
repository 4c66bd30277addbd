"""The decision as a whole: what it holds, and that it can be had again."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta, timezone
from typing import Any

from chalicelib.decisioning import CODE_VERSION, PRIOR
from chalicelib.model import Customer, Decision, DecisionContext, Understanding

from .builders import NOW, asked, contact, decide, decided, engine, joe, offer, product, told

OFFERS = (
    offer("trail", rule="'running' in customer.interests", products=["category:shoes/trail"]),
    offer("bags", rule="'bags' in customer.last_purchase"),
    offer("dear", rule="customer.spend_total > 1000.0"),
    offer("old", ends_at="2026-01-01T00:00:00Z"),
    offer("often", policy={"per_customer": [{"times": 1, "days": 7}]}),
    offer("gone", policy={"budget": 0}),
)
ASKED = Understanding(
    intent="availability", confidence=0.9, products=[{"product_id": "tb", "confidence": 0.9}]
)


SPOKEN: dict[str, Any] = {
    "customer": joe(offers=[contact("often", 1)]),
    "understanding": ASKED,
    "products": (product("tb", "shoes/trail"), product("x", "bags")),
    "exhausted": tuple("uvwxyz"),
}


def spoken_to(**changes: Any) -> Decision:
    return decide(*OFFERS, **{**SPOKEN, "interaction_id": "x:1", **changes})


def test_terms_are_prepared_once_and_rank_as_often_as_asked() -> None:
    """Settled beforehand or not."""
    by, inputs = engine(*OFFERS), asked(**SPOKEN)
    terms = by.terms(inputs, now=NOW)
    lazily = list(by.best_first(terms))
    terms.settle()
    assert list(by.best_first(terms)) == lazily
    made = [(made.offer_id, made.score) for made in decided(by, inputs).offers]
    assert [(offer_id, -minus_score) for minus_score, offer_id, _, _ in lazily] == made != []


def test_every_offer_is_either_chosen_or_has_its_reason() -> None:
    rejected = told(*OFFERS, **SPOKEN)
    assert [o.offer_id for o in spoken_to().offers] == ["trail"]
    assert {r.offer_id: r.reason for r in rejected} == {
        "bags": "rule",
        "dear": "rule",
        "old": "date",
        "often": "cap",
        "gone": "budget",
    }
    assert all(r.text for r in rejected)


def test_a_decision_holds_what_it_was_made_from() -> None:
    decision = spoken_to(seed=42, digest="f00d")
    assert (decision.id, decision.interaction_id, decision.customer_id) == ("d-1", "x:1", "joe")
    assert (decision.seed, decision.decided_at, decision.inputs_digest) == (42, NOW, "f00d")
    assert decision.understanding == ASKED
    assert decision.context == DecisionContext(channel="sms")
    version = engine(*OFFERS).catalog.version
    assert decision.versions == {"catalog": version, "model": PRIOR.version, "code": CODE_VERSION}


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert spoken_to().model_dump_json() == spoken_to().model_dump_json()


def test_another_process_gives_the_same_bytes() -> None:
    """Strings hash differently there, so nothing may hang on the order of a set."""
    program = (
        "from tests.unit.decisioning.test_engine import spoken_to;"
        "print(spoken_to().model_dump_json())"
    )
    here = spoken_to().model_dump_json()
    there = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
        capture_output=True,
        check=True,
        text=True,
    )
    assert there.stdout.strip() == here


def test_stored_inputs_give_the_same_bytes() -> None:
    customer = joe(offers=[contact("often", 1)])
    stored = Customer.model_validate_json(customer.model_dump_json(exclude_defaults=True))
    assert spoken_to(customer=stored).model_dump_json() == spoken_to().model_dump_json()


def test_the_clock_may_be_in_any_zone() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert spoken_to(now=elsewhere) == spoken_to()
    assert spoken_to(now=NOW.replace(tzinfo=None)) == spoken_to()


def test_an_empty_catalog_decides_for_nothing() -> None:
    assert (decide().offers, told()) == ((), [])


def test_a_customer_of_whom_nothing_is_known_gets_a_decision() -> None:
    nobody = Customer(id="anon")
    decision = decide(*OFFERS, customer=nobody)
    assert [o.offer_id for o in decision.offers] == ["often"]
    assert len(decision.offers) + len(told(*OFFERS, customer=nobody)) == len(OFFERS)
