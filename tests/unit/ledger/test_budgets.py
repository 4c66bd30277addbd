"""Budgets that everyone shares are spent exactly, whatever order the units are taken in."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import documents
from chalicelib.ledger.budgets import FORGET_AFTER, SHARDS, Budgets, share
from tests.stage import NOON, Aws


@given(st.integers(0, 10_000_000))
def test_the_shards_add_up_to_the_budget(budget: int) -> None:
    assert sum(share(budget, shard) for shard in range(SHARDS)) == budget


def test_units_are_taken_until_there_is_none_and_none_is_overspent(aws: Aws) -> None:
    budgets = Budgets("rejoinder-dev-ledger", random.Random(1))
    taken = refused = 0
    while (shard := budgets.pick("f", 20, NOON)) is not None:
        try:
            documents.transact(aws.dynamodb, [budgets.take("f", 20, shard)])
            taken += 1
        except documents.Cancelled:
            budgets.note_spent("f", shard, NOON)
            refused += 1

    assert taken == budgets.used(aws.dynamodb, "f") == 20
    assert refused == SHARDS


def test_each_shard_has_a_partition_of_its_own_and_no_offer_shares_one(aws: Aws) -> None:
    budgets = Budgets("rejoinder-dev-ledger", random.Random(1))
    takes = [budgets.take(o, 320, n) for o in ("f", "f#1") for n in range(SHARDS)]
    documents.transact(aws.dynamodb, takes)

    assert len({each["Update"]["Key"]["pk"]["S"] for each in takes}) == 2 * SHARDS
    assert budgets.used(aws.dynamodb, "f") == budgets.used(aws.dynamodb, "f#1") == SHARDS


def test_a_look_knows_all_that_is_spent(aws: Aws) -> None:
    others, ours = (Budgets("rejoinder-dev-ledger", random.Random(n)) for n in (1, 2))
    for shard in range(SHARDS):
        if shard != 11:
            documents.transact(aws.dynamodb, [others.take("f", SHARDS, shard)])
    ours.look(aws.dynamodb, "f", SHARDS, NOON)

    assert {ours.pick("f", SHARDS, NOON) for _ in range(50)} == {11}


def test_a_spent_shard_is_tried_again_after_a_while() -> None:
    budgets = Budgets("t", random.Random(1))
    budgets.note_spent("f", 0, NOON)

    assert budgets.pick("f", 1, NOON) is None
    assert budgets.pick("f", 1, NOON + FORGET_AFTER + timedelta(seconds=1)) == 0


@pytest.mark.parametrize("budget", [0])
def test_no_budget_is_never_taken(budget: int) -> None:
    assert Budgets("t", random.Random(1)).pick("f", budget, NOON) is None
