"""What `python -m infra.local` says when it cannot run."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from infra.local import __main__ as program
from infra.local.machine import LocalCloud
from tests.unit.local.small_app import small_app


def said(given: dict[str, str], state: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    before = signal.getsignal(signal.SIGTERM)
    code = program.main(given, state)
    assert signal.getsignal(signal.SIGTERM) == before
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    return code, printed.err


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"PORT": "http"}, "PORT is a number"),
        ({"PORT": "65536"}, "PORT is a number"),
        ({"PORT": "²"}, "PORT is a number"),
        ({"DATA": "nothing"}, "DATA is one of shop, completejourney"),
    ],
)
def test_what_is_not_is_named(
    given: dict[str, str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, complaints = said(given, tmp_path, capsys)

    assert code == 2
    assert complaint in complaints
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_cannot_be_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFIDENCE_THRESHOLD", "high")

    code, complaints = said({"PORT": "0"}, tmp_path, capsys)

    assert code == 1
    assert "CONFIDENCE_THRESHOLD" in complaints


def test_a_folder_in_use_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalCloud(state_dir=tmp_path, app=small_app()):
        code, complaints = said({"PORT": "0"}, tmp_path, capsys)

    assert code == 1
    assert "in use by process" in complaints


def test_a_port_in_use_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalCloud(app=small_app()) as machine:
        port = machine.url.rsplit(":", 1)[1]
        code, complaints = said({"PORT": port}, tmp_path, capsys)

    assert code == 1
    assert f"port {port} is in use" in complaints


def test_other_data_than_the_state_holds_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loaded").write_text("completejourney\n")

    code, complaints = said({"PORT": "0"}, tmp_path, capsys)

    assert code == 1
    assert "holds completejourney, not shop: FRESH=1 begins anew" in complaints


def test_it_is_not_ready_before_it_is_healthy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine runs, around an app that has no /healthz."""

    def around_small_app(**options: Any) -> LocalCloud:
        return LocalCloud(**{**options, "app": small_app()})

    monkeypatch.setattr("infra.local.machine.LocalCloud", around_small_app)

    code, complaints = said({"PORT": "0"}, tmp_path, capsys)

    assert code == 1
    assert "/healthz answers 404" in complaints
