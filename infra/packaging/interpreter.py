"""The Python that Lambda runs, found on this machine, and the two folders made with it.

The builder is a venv that holds chalice and all that app.py imports; the image is a folder with
what the Lambda image brings beside our zip. Both are kept under build/ until their pins change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from . import PackagingError

PYTHON = "3.13"
"""What the functions run on: chalice names the runtime after the Python that packages."""

_BUILD_TOOLS = ("chalice", "boto3", "setuptools")
_PROBE = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"


def find_python(candidates: Iterable[str] | None = None) -> Path:
    """A Python of that version which really runs: a pyenv shim of that name may not.

    Raises PackagingError naming how to bring one.
    """
    for candidate in _candidates() if candidates is None else candidates:
        if _says(candidate, "-c", _PROBE) == PYTHON:
            return Path(shutil.which(candidate) or candidate)
    raise PackagingError(
        f"no Python {PYTHON} was found: set PYTHON_LAMBDA to one, or install it "
        f"(`uv python install {PYTHON}`, `pyenv install {PYTHON}`, or your system's package)"
    )


def make_builder(python: Path, root: Path, folder: Path) -> Path:
    """A venv with chalice and the requirements, its versions as pinned; answers its bin folder."""
    tools = pinned(_BUILD_TOOLS, (root / "requirements-dev.txt").read_text(encoding="utf-8"))
    requirements = root / "requirements.txt"
    wanted = "\n".join([str(python), *tools, requirements.read_text(encoding="utf-8")])

    def make() -> None:
        _run(str(python), "-m", "venv", str(folder))
        pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet")
        _run(*pip, "-r", str(requirements), *tools)

    _keep(folder, wanted, make)
    return folder / "bin"


def make_image(builder: Path, listed: Path, folder: Path) -> Path:
    """The folder with the packages of `listed`, for that Python."""

    def make() -> None:
        pip = (str(builder / "python"), "-m", "pip", "install", "--quiet")
        _run(*pip, "--target", str(folder), "-r", str(listed))

    _keep(folder, str(builder) + listed.read_text(encoding="utf-8"), make)
    return folder


def pinned(names: Iterable[str], requirements: str) -> list[str]:
    """The lines of a requirements file that say these packages. Raises PackagingError."""
    lines = [line.partition("#")[0].strip() for line in requirements.splitlines()]
    found = {_name(line): line for line in lines if line and not line.startswith("-")}
    absent = [name for name in names if name not in found]
    if absent:
        raise PackagingError(f"requirements-dev.txt does not pin {', '.join(absent)}")
    return [found[name] for name in names]


def _name(line: str) -> str:
    end = next((n for n, c in enumerate(line) if not (c.isalnum() or c in "-_.")), len(line))
    return line[:end].lower()


def _candidates() -> Iterator[str]:
    if chosen := os.environ.get("PYTHON_LAMBDA"):
        yield chosen
        return
    yield sys.executable
    yield f"python{PYTHON}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{PYTHON}*/bin/python{PYTHON}"), reverse=True))
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv and (found := _says(uv, "python", "find", PYTHON)):
        yield found


def _says(*command: str) -> str | None:
    """What the command prints, None if it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _keep(folder: Path, wanted: str, make: Callable[[], None]) -> None:
    """Have `make` fill the folder anew, unless it was filled for the same `wanted` before."""
    stamp = folder / ".made-for"
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    make()
    stamp.write_text(digest, encoding="utf-8")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise PackagingError(f"`{' '.join(command[:5])} …` failed:\n{last}")
