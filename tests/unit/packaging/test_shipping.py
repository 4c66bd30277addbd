"""From chalice's zip to the one that ships: compiled, reproducible, where chalice looks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from infra.packaging import PackagingError, compiling, contents, packing, shipping

from .wheels import Package

PYTHON = Path(sys.executable)
COMPILED = "chalicelib/__pycache__/model.cpython-313.pyc"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """chalice's place, with the zip that it keeps, and a zip of ours beside it."""
    kept = tmp_path / "project" / ".chalice" / "deployments"
    kept.mkdir(parents=True)
    package = Package(tmp_path / "deployment.zip")
    package.install("library", "1").add("library/tests/test_it.py", "assert True\n")
    package.add("library/fails.py", "def fail():\n    raise ValueError('as asked')\n")
    package.add("app.py", "import chalicelib.model, library.fails\n")
    package.add("chalicelib/__init__.py").add("chalicelib/model.py", "WORDS = frozenset('abc')\n")
    package.add("chalicelib/replies/en/help.j2", "Hello")
    package.close().close()
    shutil.copy(tmp_path / "deployment.zip", kept / "0123-python3.13.zip")
    return tmp_path / "project"


def ship(project: Path) -> zipfile.ZipFile:
    beside = project.parent
    shipping.ship(beside / "deployment.zip", project, PYTHON, beside / "shipped")
    return zipfile.ZipFile(beside / "deployment.zip")


def test_our_sources_ship_with_their_code_and_libraries_as_code_alone(project: Path) -> None:
    with ship(project) as opened:
        names = set(opened.namelist())

    assert {"app.py", "__pycache__/app.cpython-313.pyc", "chalicelib/model.py", COMPILED} <= names
    assert {"library/__init__.pyc", "library/fails.pyc", "chalicelib/replies/en/help.j2"} <= names
    assert not {n for n in names if n.startswith("library/") and n.endswith(".py")}
    assert "library/tests/test_it.pyc" not in names


def test_code_without_sources_runs_and_its_tracebacks_say_where_in_lambda(project: Path) -> None:
    with ship(project) as opened:
        opened.extractall(project / "unpacked")

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _FAIL, str(project / "unpacked")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 'File "/var/task/library/fails.py", line 2, in fail' in done.stderr
    assert done.stderr.endswith("ValueError: as asked\n")
    assert str(project.parent) not in done.stderr.replace(str(project / "unpacked"), "")


_FAIL = "import sys; sys.path.insert(0, sys.argv[1]); import library.fails as f; f.fail()"


def test_compiled_code_is_read_whatever_the_times_on_disk_say(project: Path) -> None:
    with ship(project) as opened:
        header = opened.read(COMPILED)[:16]

    flags = int.from_bytes(header[4:8], "little")
    assert flags == 0b01  # PEP 552: by digest, and the digest is not looked at


def test_what_ships_lists_what_is_there(project: Path) -> None:
    with ship(project) as opened:
        held = contents.distributions(opened)["library"].files
        sizes = contents.sizes(opened, contents.distributions(opened).values())
        names = set(opened.namelist())

    assert held == {n for n in names if n.startswith("library")} - {
        *("library/fails.pyc", "library-1.dist-info/RECORD")  # which the wheel does not list
    }
    assert sizes["rejoinder"].unpacked > 0
    assert "__pycache__" not in sizes


def test_the_same_package_makes_the_same_bytes(project: Path) -> None:
    before = (project.parent / "deployment.zip").read_bytes()
    ship(project).close()
    first = (project.parent / "deployment.zip").read_bytes()

    (project.parent / "deployment.zip").write_bytes(before)
    ship(project).close()

    assert (project.parent / "deployment.zip").read_bytes() == first != before


def test_times_and_rights_of_the_disk_do_not_count(tmp_path: Path) -> None:
    made = []
    for name, when, rights in (("a", 10**9, 0o600), ("b", time.time(), 0o755)):
        (tmp_path / name / "inner").mkdir(parents=True)
        for file in ("z.txt", "inner/a.txt"):
            path = tmp_path / name / file
            path.write_text("said")
            path.chmod(rights)
            os.utime(path, (when, when))
        packing.pack(tmp_path / name, tmp_path / f"{name}.zip")
        made.append((tmp_path / f"{name}.zip").read_bytes())

    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert opened.namelist() == ["inner/a.txt", "z.txt"]
        assert {entry.external_attr >> 16 for entry in opened.infolist()} == {0o100644}


def test_chalice_finds_the_very_zip_that_ships(project: Path) -> None:
    ship(project).close()

    (kept,) = (project / ".chalice" / "deployments").iterdir()
    assert kept.name == "0123-python3.13.zip"
    assert kept.read_bytes() == (project.parent / "deployment.zip").read_bytes()


def test_a_second_zip_in_chalice_s_place_is_refused(project: Path) -> None:
    (project / ".chalice" / "deployments" / "older.zip").touch()

    with pytest.raises(PackagingError, match="left 2 packages"):
        ship(project)


def test_code_that_does_not_compile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def :\n")

    with pytest.raises(PackagingError, match="SyntaxError"):
        compiling.compile_tree(PYTHON, tmp_path)
