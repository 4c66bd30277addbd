"""What differs between two compiled catalogs: which offers, by their fingerprints, and limits.

Never here: what an offer says, and what a difference leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ..model import ContactLimits


class Compiled(Protocol):
    """A compiled catalog, as `decisioning.open_catalog` opens it: offers at positions."""

    version: str
    limits: ContactLimits

    def __len__(self) -> int: ...
    def id_at(self, position: int, /) -> str: ...
    def mark_at(self, position: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Differences:
    """Ids in their order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    limits: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.limits)


def differences(before: Compiled | None, after: Compiled) -> Differences:
    """From `before` (None: nothing) to `after`. Takes some two microseconds an offer."""
    if before is None:
        return Differences(added=_ordered(_ids(after)), limits=after.limits != ContactLimits())
    if before.version == after.version:
        return Differences()
    left = {offer_id: position for position, offer_id in enumerate(_ids(before))}
    added, changed = list[str](), list[str]()
    for position, offer_id in enumerate(_ids(after)):
        old = left.pop(offer_id, None)
        if old is None:
            added.append(offer_id)
        elif before.mark_at(old) != after.mark_at(position):
            changed.append(offer_id)
    return Differences(
        _ordered(added), _ordered(changed), _ordered(left), before.limits != after.limits
    )


def _ids(catalog: Compiled) -> Iterator[str]:
    return map(catalog.id_at, range(len(catalog)))


def _ordered(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids))
