"""Points in time, however they are written: the same moment in UTC, or refused by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.model import Behaviour

AT = datetime(2026, 11, 18, 17, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-18T17:00:00.250000Z",
        "2026-11-18T17:00:00.25z",
        "2026-11-18 17:00:00.250Z",
        "2026-11-18T12:00:00.25-05:00",
        "2026-11-18T17:00:00.25",
        1795021200.25,
        AT,
        AT.astimezone(timezone(timedelta(hours=9))),
        AT.replace(tzinfo=None),
    ],
)
def test_a_moment_is_read_in_every_form_and_kept_in_utc(written: Any) -> None:
    read = Behaviour(at=written, name="page").at
    assert (read, read.tzinfo) == (AT, UTC)


@pytest.mark.parametrize("written", ["", "soon", "2026-13-18T17:00:00Z", "Z" * 11, {}, None])
def test_what_is_no_moment_is_refused_where_it_stands(written: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        Behaviour.model_validate({"at": written, "name": "page"})
    assert [error["loc"] for error in refused.value.errors()] == [("at",)]


def test_a_moment_is_written_as_it_was_read() -> None:
    told = '{"at":"2026-11-18T17:00:00.250000Z","name":"page"}'
    assert Behaviour.model_validate_json(told).model_dump_json(exclude_none=True) == told
