from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.local.folder import Folder, FolderInUse


def test_one_run_at_a_time(tmp_path: Path) -> None:
    first = Folder(tmp_path / "local")

    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        Folder(tmp_path / "local")

    first.release()
    Folder(tmp_path / "local").release()


def test_a_lock_left_by_a_killed_process_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("99999999\n")

    Folder(tmp_path).release()


def test_the_token_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    token = folder.token()
    folder.empty()

    assert len(token) >= 32
    assert folder.token() == token
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    folder.release()


def test_an_empty_or_open_token_file_is_put_right(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    (tmp_path / "token").chmod(0o644)
    folder = Folder(tmp_path)

    assert folder.token()
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    folder.release()


def test_emptying_begins_anew(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.loaded = "shop"
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "journal.jsonl").write_text("x")
    assert folder.loaded == "shop"

    folder.empty()

    assert folder.loaded is None
    assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]
    folder.release()
