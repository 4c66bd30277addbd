from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from infra.local.clock import LocalClock

REAL = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_it_is_real_time_until_it_is_set() -> None:
    assert abs(LocalClock().now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_once_set_it_runs_on() -> None:
    moments = iter([REAL, REAL + timedelta(minutes=3)])
    clock = LocalClock(real_time=lambda: next(moments))

    clock.set(datetime(2026, 11, 18, 17, 0, tzinfo=UTC))

    assert clock() == datetime(2026, 11, 18, 17, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 18, 17, 0),
        datetime(2026, 11, 18, 12, 0, tzinfo=timezone(-timedelta(hours=5))),
    ],
)
def test_any_zone_is_read_and_none_is_utc(moment: datetime) -> None:
    clock = LocalClock(real_time=lambda: REAL)

    clock.set(moment)

    assert clock.now().isoformat() == "2026-11-18T17:00:00+00:00"


def test_the_offset_outlives_the_process(tmp_path: Path) -> None:
    LocalClock(tmp_path / "clock.json", lambda: REAL).set(REAL + timedelta(days=2))

    later = LocalClock(tmp_path / "clock.json", lambda: REAL + timedelta(hours=1))

    assert later.now() == REAL + timedelta(days=2, hours=1)
    assert later.offset == timedelta(days=2)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"offset_seconds": 1e300}', '{"offset_seconds": null}']
)
def test_a_damaged_offset_is_real_time(content: str, tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_text(content)

    assert LocalClock(tmp_path / "clock.json", lambda: REAL).now() == REAL
