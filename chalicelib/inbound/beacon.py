"""Our own small beacon: the script that `GET /beacon.js` serves, read from the package once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_script() -> str:
    """JavaScript for a page's `<script src=… data-write-key=…>`; see its first lines."""
    return files(__package__).joinpath("beacon.js").read_text(encoding="utf-8")
