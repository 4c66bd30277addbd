"""Building the Lambda package of a stage, and proving that what was built works.

Lives here: the steps of `python -m infra.package` and what `python -m infra.deploy` shares with
them. Never here: anything that the deployed functions need.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["BUILD", "ROOT", "PackagingError", "hold"]

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "package"


class PackagingError(Exception):
    """The package cannot be built, is not whole, or does not do what it should; says what to do."""


def hold(holds: bool, what: str, named: list[str]) -> None:
    """Raise PackagingError, saying `what` of those `named`, unless it holds."""
    if not holds:
        raise PackagingError(f"{'; '.join(named)} {what}")
