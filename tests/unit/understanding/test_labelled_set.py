"""The labelled set is honest, and the figures on its unseen half do not sink."""

from __future__ import annotations

import re

import pytest

from chalicelib.model import Intent
from chalicelib.understanding.language import plain
from tests.benchmarks import assortment, understanding
from tests.benchmarks.train_understanding import utterances

TRAIN, TEST = utterances("train"), utterances("test")


def test_the_set_is_large_and_every_intent_has_unseen_phrasings() -> None:
    assert len(TRAIN) + len(TEST) >= 500
    assert {one.intent for one in TEST} == set(Intent)


def test_no_message_and_no_family_is_on_both_sides() -> None:
    def spelt(text: str) -> str:
        return re.sub(r"\W+", " ", plain(text)).strip()

    seen = {spelt(one.text) for one in TRAIN} - {""}
    assert not [one.text for one in TEST if spelt(one.text) in seen]
    assert not {one.family for one in TRAIN} & {one.family for one in TEST}


def test_every_group_that_is_labelled_exists() -> None:
    groups = {product.item_group_id for product in assortment.products()}
    assert all((one.products or frozenset()) <= groups for one in [*TRAIN, *TEST])


@pytest.fixture(scope="module")
def judged() -> list[understanding.Judged]:
    return understanding.judge()


def test_unseen_phrasings_are_understood(judged: list[understanding.Judged]) -> None:
    assert understanding.accuracy(judged) >= 0.86
    assert understanding.product_accuracy(judged)[0] >= 0.92
    assert all(f1 >= 0.7 for _, _, f1, _ in understanding.per_intent(judged).values())


def test_confidence_means_what_it_says(judged: list[understanding.Judged]) -> None:
    assert understanding.calibration_error(judged) <= 0.06
    kept = [one for one in judged if one.understood.confidence >= understanding.THRESHOLD]
    assert understanding.accuracy(kept) >= 0.9
