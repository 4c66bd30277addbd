"""Proves a package: unpacked, imported in isolation, and made to answer as Lambda would have it.

Each step that holds is told. What the functions then go through stands in `story.py`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from contextlib import ExitStack
from pathlib import Path

from . import PackagingError, hold
from .building import Built
from .functions import ISOLATED, Place
from .story import Story, Tell, lambda_variables, stated


def prove(built: Built, python: Path, image: Path, folder: Path, tell: Tell) -> None:
    """Raises PackagingError for the first thing that does not hold."""
    task, logs = folder / "unpacked", folder / "logs"
    for made in (task, logs):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
    with zipfile.ZipFile(built.zip) as package:
        package.extractall(task)
    _probe(built, python, task, image, tell)
    with ExitStack() as opened:
        Story(built, Place(python, task, image, logs), opened, tell).play()


def _probe(built: Built, python: Path, task: Path, image: Path, tell: Tell) -> None:
    """Everything in the zip can be imported and read with nothing else around."""
    data = [
        str(path.relative_to(built.project))
        for path in sorted(built.project.glob("chalicelib/**/*"))
        if path.is_file() and path.suffix != ".py"
    ]
    done = subprocess.run(  # noqa: S603
        [str(python), *ISOLATED, str(Path(__file__).with_name("probe.py")), str(task), str(image)],
        cwd=task,
        env={**lambda_variables("probe"), **stated(built, "app.app")},
        input="\n".join(data),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-12:])
        raise PackagingError(f"the unpacked zip cannot be imported in isolation:\n{last}")
    found = json.loads(done.stdout)
    hold(not found["failed"], "cannot be imported", found["failed"])
    hold(not found["strangers"], "came from outside the zip", found["strangers"])
    unread = [name for name in data if found["read"].get(name) != _size(built.project / name)]
    hold(not unread, "cannot be read as package data", unread)
    tell(
        f"imports app and {found['imported']} modules of ours and every library in isolation, "
        f"on Python {found['python']} with boto3 {found['boto3']} of the image"
    )
    tell(f"reads {len(data)} data files of chalicelib through importlib.resources")


def _size(path: Path) -> int:
    return path.stat().st_size
