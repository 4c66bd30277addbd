"""The decision as a whole: what it holds, and that it can be had again."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta, timezone
from typing import Any

import pytest

from chalicelib.decisioning import CODE_VERSION, PRIOR
from chalicelib.model import Customer, Decision, DecisionContext, Purpose, Understanding

from .builders import NOW, contact, decide, joe, offer, product

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


def spoken_to(**changes: Any) -> Decision:
    return decide(
        *OFFERS,
        **{
            "customer": joe(offers=[contact("often", 1)]),
            "understanding": ASKED,
            "products": {"tb": product("tb", "shoes/trail"), "x": product("x", "bags")},
            "exhausted": frozenset("uvwxyz"),
            **changes,
        },
    )


def test_every_offer_is_either_chosen_or_has_its_reason() -> None:
    decision = spoken_to()
    assert [o.offer_id for o in decision.offers] == ["trail"]
    assert {r.offer_id: r.reason for r in decision.rejected} == {
        "bags": "rule",
        "dear": "rule",
        "old": "date",
        "often": "cap",
        "gone": "budget",
    }
    assert all(r.text for r in decision.rejected)


def test_a_decision_holds_what_it_was_made_from() -> None:
    decision = spoken_to(seed=42)
    assert (decision.id, decision.interaction_id, decision.customer_id) == ("d-1", "x:1", "joe")
    assert (decision.seed, decision.decided_at) == (42, NOW)
    assert decision.understanding == ASKED
    assert decision.context == DecisionContext(channel="sms")
    assert decision.versions == {"catalog": "v1", "model": PRIOR.version, "code": CODE_VERSION}


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


@pytest.mark.parametrize(
    "changed",
    [
        {"customer": joe()},
        {"context": DecisionContext(channel="email")},
        {"understanding": None},
        {"products": {}},
        {"now": NOW + timedelta(microseconds=1)},
        {"seed": 8},
        {"limit": 2},
        {"exhausted": frozenset({"y"})},
        {"purposes": frozenset({Purpose.MARKETING})},
    ],
)
def test_the_digest_tells_inputs_apart(changed: dict[str, Any]) -> None:
    assert spoken_to(**changed).inputs_digest != spoken_to().inputs_digest


def test_the_digest_does_not_hang_on_names_or_order() -> None:
    customer = joe(offers=[contact("often", 1)], attributes={"household_size": 3, "tier": "gold"})
    again = spoken_to(customer=customer, decision_id="other", interaction_id=None)
    assert again.inputs_digest == spoken_to().inputs_digest
    assert len(again.inputs_digest) == 64


def test_the_clock_may_be_in_any_zone() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert spoken_to(now=elsewhere) == spoken_to()
    assert spoken_to(now=NOW.replace(tzinfo=None)) == spoken_to()


def test_an_empty_catalog_decides_for_nothing() -> None:
    assert (decide().offers, decide().rejected) == ((), ())


def test_a_customer_of_whom_nothing_is_known_gets_a_decision() -> None:
    decision = decide(*OFFERS, customer=Customer(id="anon"))
    assert [o.offer_id for o in decision.offers] == ["often"]
    assert len(decision.offers) + len(decision.rejected) == len(OFFERS)
