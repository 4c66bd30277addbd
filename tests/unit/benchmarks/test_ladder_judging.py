"""Successes are counted where the protocol says, by thresholds from September alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.ladder import figure
from tests.benchmarks.ladder.journey import OCTOBER, SEPTEMBER
from tests.benchmarks.ladder.judging import Judge
from tests.benchmarks.ladder.protocol import Record
from tests.benchmarks.ladder.report import Report

DEV = np.array([True, True, True, False])
RNG = np.random.default_rng(4)
SIZE = 4_000
RECORD = Record(
    household=RNG.integers(4, size=SIZE),
    day=np.sort(RNG.integers(SEPTEMBER - 50, OCTOBER + 92, size=SIZE)),
    offered=np.zeros(SIZE, int),
    score=RNG.random(SIZE),
    taken=RNG.random(SIZE) < 0.2,
)
TESTED = RECORD.day >= OCTOBER


def _with(**columns: Any) -> Record:
    return Record(**(vars(RECORD) | columns))


def test_every_trip_of_the_kept_households_counts_from_october_on() -> None:
    rows = TESTED & DEV[RECORD.household]
    found = Judge(DEV, DEV, 1).figures(RECORD)

    assert found.every.value == pytest.approx(RECORD.taken[rows].mean())
    elsewhere = _with(taken=np.where(rows, RECORD.taken, ~RECORD.taken))
    assert Judge(DEV, DEV, 1).figures(elsewhere).every == found.every


def test_the_threshold_is_september_s_of_those_who_choose_whoever_is_measured() -> None:
    september = (RECORD.day >= SEPTEMBER) & ~TESTED & DEV[RECORD.household]
    threshold = np.percentile(RECORD.score[september], 90)
    sent = TESTED & ~DEV[RECORD.household] & (RECORD.score > threshold)
    found = Judge(~DEV, DEV, 1).figures(RECORD)

    assert found.sent.value == pytest.approx(RECORD.taken[sent].mean())
    moved = np.where(september, RECORD.score, RECORD.score / 2)
    assert Judge(~DEV, DEV, 1).figures(_with(score=moved)).coverage == 0.0


def test_intervals_are_wider_where_households_differ_more() -> None:
    kept = np.ones(4, bool)
    mixed = Judge(kept, kept, 1).figures(RECORD).every
    apart = Judge(kept, kept, 1).figures(_with(taken=RECORD.household == 0)).every

    assert mixed.low < mixed.value < mixed.high
    assert apart.high - apart.low > 5 * (mixed.high - mixed.low)


def test_the_best_share_has_the_highest_scores_and_equals_count_in_part() -> None:
    kept = np.ones(4, bool)
    judge = Judge(kept, kept, 1)

    assert judge.best(_with(taken=RECORD.score > 0.8), 0.1) == 1.0
    assert judge.best(_with(score=np.zeros(SIZE)), 0.1) == pytest.approx(
        RECORD.taken[TESTED].mean()
    )


def test_the_summary_has_every_rung_and_null_for_those_that_did_not_run() -> None:
    kept = np.ones(4, bool)
    report = Report({"mass": RECORD, "vw": RECORD}, Judge(kept, DEV, 1), "all", 7)
    line = report.summary()

    assert (line["bench"], line["households"], line["seed"]) == ("ladder", "all", 7)
    assert set(line["every_trip"]) == {
        *("random", "mass", "segment", "event", "individual", "tifu", "upcf", "fair", "vw", "ours"),
    }
    assert set(line["sent_10pct"]) == {*line["every_trip"], "coverage_ours"}
    assert line["every_trip"]["ours"] is None
    assert line["interval_ours"] is None
    assert line["ratio_mass"]["vw"][0] == 1.0
    assert report.table().row_count == 2


def test_the_ladder_is_drawn_from_any_rungs(tmp_path: Path) -> None:
    kept = np.ones(4, bool)
    figures = {name: Judge(kept, DEV, 1).figures(RECORD) for name in ("random", "vw", "ours")}
    figure.draw(figures, "dev", tmp_path / "ladder.png")

    assert (tmp_path / "ladder.png").read_bytes().startswith(b"\x89PNG")
