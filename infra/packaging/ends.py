"""Which code that ships names a module that is left out: each is known, or the package is refused.

Libraries import late, in functions that no import of theirs runs: `np.percentile` asks `np.ma`.
Lives here: reading the sources for such names, and the table of those that are never reached.
"""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from . import stripping

KNOWN: Final = {
    "numpy/__config__.py": "tells on request how numpy was built",
    "numpy/__init__.py": "loads what is asked for as `np.<name>`; test_stripping.py: we do not",
    "numpy/_pytesttester.py": "runs numpy's tests",
    "pydantic/_internal/_generate_schema.py": "for types of before pydantic 2",
    "rapidfuzz/*.py": "tries the variants in turn and takes the one that is there",
    "urllib3/__init__.py": "in browsers",
}
"""By pattern of the naming file: why what it names and is left out is never asked for."""


def loose_ends(package: zipfile.ZipFile) -> list[str]:
    """`file: module` for each module that is left out and may still be asked for by name."""
    modules = {module(name): name for name in package.namelist() if _is_code(name)}
    lost = {name for name, file in modules.items() if stripping.reason(file)}
    asking = (f for f in modules.values() if f.endswith(".py") and stripping.reason(f) is None)
    return [
        f"{file}: {name}"
        for file in sorted(asking)
        if not any(fnmatchcase(file, glob) for glob in KNOWN)
        for name in sorted(lost & set(named(package.read(file), file)))
    ]


def module(file: str) -> str:
    """`numpy/ma/core.py` -> `numpy.ma.core`; `numpy/ma/__init__.py` -> `numpy.ma`."""
    path = PurePosixPath(file)
    parts = (*path.parent.parts, path.name.partition(".")[0])
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def named(source: bytes, file: str) -> Iterator[str]:
    """Every module that a source may load, wherever in it: by import, or as a package's name."""
    tree = ast.parse(source)
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                aliases[alias.asname or alias.name.partition(".")[0]] = alias.name
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            folder = _folder(node, file)
            yield from (folder, *(f"{folder}.{alias.name}" for alias in node.names))
    yield from _attributes(ast.walk(tree), aliases)


def _attributes(nodes: Iterable[ast.AST], aliases: dict[str, str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{aliases.get(node.value.id, node.value.id)}.{node.attr}"


def _folder(node: ast.ImportFrom, file: str) -> str:
    if not node.level:
        return node.module or ""
    package = PurePosixPath(file).parts[: -node.level]
    return ".".join((*package, *filter(None, [node.module])))


def _is_code(name: str) -> bool:
    return name.endswith((".py", ".so"))
