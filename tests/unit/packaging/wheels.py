"""Small deployment packages, with the `.dist-info` that pip leaves of each wheel."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

PURE = "py3-none-any"


class Package:
    """A zip being filled; `close` it to read it."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self._path = path

    def add(self, name: str, content: str = "") -> Package:
        self._zip.writestr(name, content)
        return self

    def install(
        self, name: str, version: str, requires: Sequence[str] = (), tag: str = PURE
    ) -> Package:
        """What unpacking a wheel of that name leaves behind: one module and its `.dist-info`."""
        folder, module = f"{name}-{version}.dist-info", f"{name}/__init__.py"
        metadata = [
            f"Name: {name}",
            f"Version: {version}",
            *(f"Requires-Dist: {r}" for r in requires),
        ]
        self.add(module, "#" * 1000)
        self.add(f"{folder}/METADATA", "\n".join(metadata) + "\n")
        self.add(f"{folder}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        self.add(f"{folder}/RECORD", f"{module},,\n{folder}/METADATA,,\n{folder}/WHEEL,,\n")
        return self

    def close(self) -> zipfile.ZipFile:
        self._zip.close()
        return zipfile.ZipFile(self._path)
