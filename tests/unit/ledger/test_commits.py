"""What is committed can be read back, to the byte."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from chalicelib import documents
from chalicelib.errors import PermanentError
from chalicelib.ledger import Ledger
from chalicelib.model import Customer, Decision, DecisionInputs, Product
from chalicelib.settings import Settings
from tests.stage import NOON, Aws, a_shoe

INPUTS = DecisionInputs(
    customer=Customer(id="joe", attributes={"tier": "gold", "ratio": 0.1, "names": ["Zoë", "李"]}),
    products=(Product.model_validate(a_shoe()),),
    limit=3,
    exhausted=("a", "b"),
)
RECORDED = INPUTS.model_dump_json(exclude_none=True).encode()
DECISION = Decision(
    id="d-1", seed=7, decided_at=NOON, inputs_digest=hashlib.sha256(RECORDED).hexdigest()
)


@pytest.fixture
def ledger(aws: Aws, settings: Settings) -> Ledger:
    return Ledger(aws.dynamodb, settings.name("ledger"), 400)


def test_a_decision_is_kept_with_what_it_was_made_from(ledger: Ledger) -> None:
    ledger.commit([("decision", w) for w in ledger.keep_decision(DECISION, RECORDED, NOON)])

    assert ledger.decision("d-1") == DECISION
    assert ledger.decision_with_inputs("d-1") == (DECISION, INPUTS)
    assert (ledger.decision("d-2"), ledger.decision_with_inputs("d-2")) == (None, None)


@pytest.mark.parametrize(
    "change", [lambda b: b[:-9], lambda b: b[:40] + b"\0" + b[41:], lambda b: b""]
)
def test_inputs_that_are_not_those_decided_on_are_refused(
    ledger: Ledger, aws: Aws, change: Any
) -> None:
    (write,) = ledger.keep_decision(DECISION, RECORDED, NOON)
    packed = write["Put"]["Item"]["inputs"]
    packed["B"] = change(packed["B"])
    documents.transact(aws.dynamodb, [write])

    with pytest.raises(PermanentError) as refused:
        ledger.decision_with_inputs("d-1")
    assert refused.value.details == {"decision_id": "d-1"}
    assert ledger.decision("d-1") == DECISION


def test_inputs_of_another_decision_are_refused(ledger: Ledger) -> None:
    other = RECORDED.replace(b"gold", b"lead")
    ledger.commit([("decision", w) for w in ledger.keep_decision(DECISION, other, NOON)])

    with pytest.raises(PermanentError):
        ledger.decision_with_inputs("d-1")
