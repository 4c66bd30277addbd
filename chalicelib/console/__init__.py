"""The pages that an operator opens: static files, no build step, read from the package.

They show what the HTTP API tells and keep nothing; the API asks for the operator's token.
"""

from __future__ import annotations

from importlib.resources import files

from ..errors import NotFoundError

_MEDIA_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def read_page(name: str) -> tuple[str, str]:
    """A file of this folder and its media type. Raises NotFoundError."""
    media_type = _MEDIA_TYPES.get(name.rpartition(".")[2])
    page = files(__package__).joinpath(name)
    if media_type is None or "/" in name or "\\" in name or not page.is_file():
        raise NotFoundError("no such page")
    return page.read_text(encoding="utf-8"), media_type
