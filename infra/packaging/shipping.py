"""From the zip that chalice made to the one that ships: stripped, compiled, always the same bytes.

chalice deploys what lies under the name that it gave, so the zip that ships takes that place too,
byte for byte: `chalice deploy` reuses it as it is while the project beside it is unchanged.
"""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from . import PackagingError, compiling, contents, packing, stripping


def ship(zip_file: Path, project: Path, python: Path, folder: Path) -> None:
    """Make `zip_file` what ships, here and where `chalice deploy` looks; `folder` is to work in.

    Raises PackagingError for code that does not compile, or another zip in chalice's place.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(zip_file) as opened:
        present = list(contents.distributions(opened).values())
        for name in stripping.shipped(opened.namelist(), present):
            opened.extract(name, folder)
    compiling.compile_tree(python, folder)
    for record in folder.glob("*.dist-info/RECORD"):
        restate(record, folder)
    packing.pack(folder, zip_file)
    shutil.copyfile(zip_file, _reused(project))


def restate(record: Path, tree: Path) -> None:
    """Have a RECORD list what is there: https://peps.python.org/pep-0376/#record."""
    rows = csv.reader(io.StringIO(record.read_text(encoding="utf-8")))
    held = sorted({name for row in rows if row for name in _there(row[0], tree)})
    record.write_text("".join(f"{name},,\n" for name in held), encoding="utf-8")


def _there(name: str, tree: Path) -> Iterable[str]:
    names = (name, compiling.compiled(Path(name)).as_posix()) if name.endswith(".py") else (name,)
    return (n for n in names if (tree / n).is_file())


def _reused(project: Path) -> Path:
    found = sorted((project / ".chalice" / "deployments").glob("*.zip"))
    if len(found) != 1:
        raise PackagingError(f"chalice left {len(found)} packages in {project}, not one")
    return found[0]
