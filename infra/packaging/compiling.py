"""Puts compiled code beside our sources, and in the place of the libraries' sources.

Lambda's /var/task cannot be written: a package without compiled code is compiled anew at every cold
start. Libraries go without their sources (PEP 3147, "sourceless imports"): their tracebacks name
file, line and function still, and ours show the line too. Never here: what is shipped at all.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from . import PackagingError
from .interpreter import PYTHON

TASK = PurePosixPath("/var/task")
"""Where Lambda unpacks the zip; tracebacks say it."""

_TAG = f"cpython-{PYTHON.replace('.', '')}"
_WITH_SOURCES = ("app.py", "chalicelib/")


def compile_tree(python: Path, tree: Path) -> None:
    """Compile every module below `tree` with that Python. Raises PackagingError.

    The same sources make the same bytes: one process, one order, one hash seed.
    """
    sources = sorted(path.relative_to(tree) for path in tree.rglob("*.py"))
    lines = [f"{tree / s}\t{tree / compiled(s)}\t{TASK / s.as_posix()}" for s in sources]
    done = subprocess.run(  # noqa: S603
        [str(python), "-P", "-S", "-B", str(Path(__file__).with_name("bytecode.py"))],
        input="\n".join(lines),
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise PackagingError(f"the package does not compile:\n{last}")
    for source in _without_source(sources):
        (tree / source).unlink()


def compiled(source: Path) -> Path:
    """Where the compiled code of a module goes: where its source stays, below `__pycache__`."""
    if source.as_posix().startswith(_WITH_SOURCES):
        return source.parent / "__pycache__" / f"{source.stem}.{_TAG}.pyc"
    return source.with_suffix(".pyc")


def _without_source(sources: Iterable[Path]) -> Iterator[Path]:
    return (source for source in sources if not source.as_posix().startswith(_WITH_SOURCES))
