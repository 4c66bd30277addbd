"""Publishing from the operator's own machine."""

from __future__ import annotations

import json

import pytest

from chalicelib.model import Offer
from chalicelib.steps.rooms import Rooms
from infra import publish


def said(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    return out or err


def test_the_command_publishes_and_goes_back(
    rooms: Rooms, capsys: pytest.CaptureFixture[str]
) -> None:
    rooms.offers.put(Offer(id="one", title="One", value=1))
    assert publish.main([], rooms) == 0
    first = json.loads(said(capsys))
    rooms.offers.put(Offer(id="two", title="Two", value=1))
    assert publish.main([], rooms) == 0
    assert json.loads(said(capsys))["added"] == ["two"]
    assert publish.main(["--rollback"], rooms) == 0
    assert json.loads(said(capsys))["version"] == first["version"]
    assert rooms.engine().versions["catalog"] == first["version"]


def test_what_cannot_be_published_is_told_and_nothing_is_switched(
    rooms: Rooms, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish.main(["--rollback-to", "unheard-of"], rooms) == 1
    assert "nothing was published" in said(capsys)
    assert rooms.catalogs.head() is None
