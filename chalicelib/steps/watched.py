"""How the groups of customers fare beside one another: control, the live model's, a candidate's.

Never here: who is in which group (`groups.py`), and the sums and intervals (`decisioning/groups`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from .groups import LIVE

if TYPE_CHECKING:
    from ..decisioning.groups import Estimate, Groups

CONTROL: Final = "control"
_DECIMALS: Final = 6


def compared(days: Sequence[Groups], live: str, candidate: str | None) -> list[dict[str, Any]]:
    """Each group's moments of all days that are kept, with its differences to the control group and
    to the live model's on the days that both have.

    A decision is one in which marketing was made, or withheld from the control group. Intervals are
    of 95 %; where too few customers tell, `low` and `high` are None.
    """
    names = {CONTROL: CONTROL, LIVE: f"{LIVE} {live}"}
    if candidate is not None:
        names["candidate"] = f"candidate {candidate}"
    models = {LIVE: live, "candidate": candidate}
    return [
        {
            "group": group,
            "model": models.get(group),
            **_told(days, name),
            "to_control": None if group == CONTROL else _beside(days, name, CONTROL),
            "to_live": None if group == LIVE else _beside(days, name, names[LIVE]),
        }
        for group, name in names.items()
    ]


def _told(days: Sequence[Groups], name: str) -> dict[str, Any]:
    from ..decisioning.groups import MEASURES, level, merged

    found = merged(days)
    total = found.total(name)
    return {
        "decisions": total.moments,
        "customers": found.customers(name),
        "offers": total.offers,
        **{told: _shown(level(days, name, measure)) for told, measure in MEASURES.items()},
    }


def _beside(days: Sequence[Groups], name: str, other: str) -> dict[str, Any]:
    from ..decisioning.groups import MEASURES, difference

    return {
        told: _shown(difference(days, name, other, measure)) for told, measure in MEASURES.items()
    }


def _shown(found: Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {n: v if v is None else round(v, _DECIMALS) for n, v in found._asdict().items()}
