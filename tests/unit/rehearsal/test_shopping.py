"""The demo shop as an operator's calls, and the afternoon that it needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from infra.rehearsal import shopping

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize("hour", range(24))
def test_it_is_two_in_the_afternoon_where_joe_lives(hour: int) -> None:
    now = NOW + timedelta(hours=hour)

    assert now.astimezone(ZoneInfo(shopping.afternoon_zone(now))).hour == shopping.AFTERNOON


def test_joe_is_brought_in_awake_with_his_own_orders_and_offer() -> None:
    said = {call.path: call for call in shopping.calls(NOW, short=True)}

    (joe,) = json.loads(said["/customers/import"].body)
    assert joe["id"] == "joe"
    assert joe["profile"]["time_zone"] == shopping.afternoon_zone(NOW)
    orders = said["/customers/import?kind=transactions"].body.decode().splitlines()
    assert len(orders) > 2
    assert all(",joe," in line for line in orders[1:])
    assert f"/offers/{shopping.TRAIL_OFFER}" in said


def test_the_whole_shop_is_more_than_the_short_one() -> None:
    short, whole = (list(shopping.calls(NOW, short=short)) for short in (True, False))

    assert len(short) < 12 < len(whole)
    assert short[-1].path == whole[-1].path == "/catalog/publish"


def test_orders_move_by_weeks_with_the_shop() -> None:
    def first(now: datetime) -> datetime:
        calls = {call.path: call for call in shopping.calls(now, short=True)}
        row = calls["/customers/import?kind=transactions"].body.decode().splitlines()[1]
        return datetime.fromisoformat(row.split(",")[2])

    assert first(NOW + timedelta(weeks=60)) - first(NOW) == timedelta(weeks=60)
