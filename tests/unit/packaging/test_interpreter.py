"""Which Python packages, and when the folders made with it are made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.packaging import ROOT, PackagingError, interpreter


def program(path: Path, says: str, code: int = 0) -> str:
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_first_python_that_really_runs_is_taken(tmp_path: Path) -> None:
    shim = program(tmp_path / "shim", "pyenv: python3.13: command not found", 127)
    older = program(tmp_path / "older", "3.11")
    right = program(tmp_path / "right", "3.13")

    found = interpreter.find_python([str(tmp_path / "absent"), shim, older, right])

    assert found == Path(right)


def test_without_one_it_says_how_to_bring_one(tmp_path: Path) -> None:
    older = program(tmp_path / "older", "3.12")

    with pytest.raises(PackagingError, match=r"no Python 3\.13 was found: set PYTHON_LAMBDA"):
        interpreter.find_python([older])


def test_a_chosen_python_is_the_only_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_LAMBDA", program(tmp_path / "chosen", "3.12"))

    with pytest.raises(PackagingError, match="no Python"):
        interpreter.find_python()


def test_a_pyenv_s_own_python_is_found_behind_its_shim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = tmp_path / "versions" / "3.13.9" / "bin"
    behind.mkdir(parents=True)
    right = program(behind / "python3.13", "3.13")
    monkeypatch.delenv("PYTHON_LAMBDA", raising=False)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    monkeypatch.setattr("sys.executable", program(tmp_path / "python", "3.11"))

    assert interpreter.find_python() in (Path(right), Path("/usr/bin/python3.13"))


def test_the_build_tools_are_those_that_requirements_dev_pins() -> None:
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")

    chalice, boto3, _ = interpreter.pinned(("chalice", "boto3", "setuptools"), text)

    assert chalice.startswith("chalice==")
    assert boto3.startswith("boto3==")


def test_an_unpinned_build_tool_is_refused() -> None:
    with pytest.raises(PackagingError, match="does not pin boto3"):
        interpreter.pinned(("chalice", "boto3"), "chalice==1.34.0\nmoto[server]==5\n")


def test_a_folder_is_made_anew_only_for_other_pins(tmp_path: Path) -> None:
    python = tmp_path / "python"
    program(python, "")
    listed, folder = tmp_path / "image.txt", tmp_path / "image"
    log = tmp_path / "log"
    python.write_text(f"#!/bin/sh\nmkdir -p {folder}\necho made >> {log}\n", encoding="utf-8")

    for pins in ("boto3==1.40.4\n", "boto3==1.40.4\n", "boto3==1.41.0\n"):
        listed.write_text(pins, encoding="utf-8")
        interpreter.make_image(tmp_path, listed, folder)

    assert log.read_text(encoding="utf-8") == "made\nmade\n"


def test_what_could_not_be_installed_is_told(tmp_path: Path) -> None:
    program(tmp_path / "python", "no matching distribution", 1)
    listed = tmp_path / "image.txt"
    listed.touch()

    with pytest.raises(PackagingError, match="no matching distribution"):
        interpreter.make_image(tmp_path, listed, tmp_path / "image")
