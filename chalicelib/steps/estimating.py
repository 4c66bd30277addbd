"""What a catalog or a model would have earned on logged decisions, and whether it may go live so.

The decisions are made again, from their recorded inputs, by the policy that is to go live and by
the one that is. Lives here: that replay, its answer, and the gate. Never here: the estimators
(`decisioning/estimation.py`), which decisions were logged and what they earned (the ledger), and
putting anything live.

An offer that changed but kept its id counts as the same offer, and what was earned as it was valued
then. A customer's earlier contacts are those that were made, whatever the policy would have made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from ..decisioning import Catalog
from ..decisioning.scoring import probability
from ..errors import ConflictError, RejoinderError
from ..model import Decision, DecisionInputs, ScoredOffer
from .rooms import Rooms

if TYPE_CHECKING:
    from ..decisioning.estimation import Chance, Comparison, Estimate, Estimated, Logged

MOST_DECISIONS: Final = 2_000
SECONDS: Final = 5.0
"""A publication waits no longer for its estimate, but for one slow answer of the ledger."""
_REPLAYING: Final = 4.5
"""Seconds of these; what is left is for the intervals."""
_MUCH: Final = 0.1
"""The share of choices that were never made from which on it is said."""
_DECIMALS: Final = 6


class LoggedDecision(NamedTuple):
    """A decision, what it was made from, what its first offer earned (its value where it was taken
    up, else 0), and whose it was: a hash, empty where nobody is known."""

    decision: Decision
    inputs: DecisionInputs
    earned: float
    customer: str


class Policy(Protocol):
    """What is asked of an engine."""

    versions: dict[str, str]
    catalog: Catalog

    def chances(self, inputs: DecisionInputs, *, now: datetime) -> Mapping[str, float]:
        """Each offer that may be chosen first, and how likely."""

    def contributions(
        self, inputs: DecisionInputs, decision: Decision
    ) -> Mapping[str, Mapping[str, float]]:
        """Of the decision's offers that the catalog has, each feature's part of the log-odds."""


class _Choice(NamedTuple):
    """What a policy would do: its chance of the logged offer, and those of all that it may make."""

    chance: Chance
    among: Mapping[str, float]


class _Replayed(NamedTuple):
    """One logged choice, None where no offer was made, and what both policies would do."""

    made: str | None
    logged: Logged
    target: _Choice
    current: _Choice


def gate(
    target: Policy,
    current: Policy,
    rooms: Rooms,
    *,
    confirmed: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """What `target` would have earned beside `current`, as JSON; for it to go live in its place.

    Raises ConflictError with the estimate where the lower bound of their ratio is below the setting
    GATE_LEAST_RATIO, unless `confirmed`. Where little is known, nothing is asked.
    """
    started = rooms.clock()

    def late() -> bool:
        return abs(rooms.clock() - started) >= timedelta(seconds=_REPLAYING)

    least = rooms.settings.gate_least_ratio
    try:
        found = compared(rooms.logged(), target, current, least, late=late, progress=progress)
    except RejoinderError as error:
        # Nobody's correction of the catalog waits for what cannot be read.
        return _unknown("unread", f"the logged decisions could not be read: {error.message}")
    if found["verdict"] == "confirm" and not confirmed:
        raise ConflictError(
            'it may earn too little: look at the estimate, and send {"confirm": true} to go on',
            estimate=found,
        )
    return found


def compared(
    sample: Iterable[LoggedDecision],
    target: Policy,
    current: Policy,
    least_ratio: float,
    *,
    late: Callable[[], bool],
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Both policies on the sample, side by side, as JSON; the same again for the same arguments.

    Money is per decision. The sample comes in random order: it is left where MOST_DECISIONS are
    reached, or once it is `late`. `verdict` is `passes`, or `confirm` where the lower bound of
    target to current is below `least_ratio`; `thin` where too little speaks for either; `nothing`
    where no decisions are logged, and `unchanged` where the policies are the same.
    """
    if target.versions == current.versions:
        return _unknown("unchanged", "it decides as what is live does")
    replayed, complete = _replay(sample, target, current, late, progress)
    if not replayed:
        return _unknown("nothing", "no decision is logged yet whose outcome is known")
    from ..decisioning.estimation import compare  # loads numpy

    found = compare(
        [each.logged for each in replayed],
        [each.target.chance for each in replayed],
        [each.current.chance for each in replayed],
        Random(f"{target.versions} {current.versions}"),  # noqa: S311 - to be had again
        rescale=True,
    )
    untold = _never_logged(replayed, [each.target.among for each in replayed])
    verdict, warnings = _verdict(found, untold, least_ratio)
    return {
        "verdict": verdict,
        "text": _in_words(found),
        "warnings": warnings,
        "decisions": found.target.decisions,
        "customers": found.target.customers,
        "complete": complete,
        "target": {"versions": target.versions, **_side(found.target), "never_logged": untold},
        "current": {
            "versions": current.versions,
            **_side(found.current),
            "never_logged": _never_logged(replayed, [each.current.among for each in replayed]),
        },
        "difference": _interval(found.difference),
        "ratio": _interval(found.ratio),
        "least_ratio": least_ratio,
    }


def _replay(
    sample: Iterable[LoggedDecision],
    target: Policy,
    current: Policy,
    late: Callable[[], bool],
    progress: Callable[[int], None],
) -> tuple[list[_Replayed], bool]:
    """The decisions that tell something, and whether there was time for all of the sample."""
    replayed: list[_Replayed] = []
    for done, each in enumerate(islice(sample, MOST_DECISIONS), 1):
        if late():
            return replayed, False
        replayed.extend(_again(each, target, current))
        progress(done)
    return replayed, True


def _again(each: LoggedDecision, target: Policy, current: Policy) -> Iterator[_Replayed]:
    """Nothing for a choice that nobody saw, or whose probability is not on record."""
    from ..decisioning.estimation import Logged

    decision, inputs, earned, customer = each
    first = decision.offers[0] if decision.offers else None
    made, propensity = (first.offer_id, first.selection_probability) if first else (None, 1.0)
    unseen = decision.carried is not None and made is not None and made not in decision.carried
    if unseen or not 0.0 < propensity <= 1.0:
        return
    policies = (target, current)
    one, other = (policy.chances(inputs, now=decision.decided_at) for policy in policies)
    worth = {first.offer_id: first.probability * first.value} if first else {}
    worth |= _expected(decision, inputs, {*worth, *one, *other}, policies)
    logged = Logged(customer or decision.id, earned, propensity, worth[made] if made else 0.0)
    yield _Replayed(made, logged, _choice(made, one, worth), _choice(made, other, worth))


def _choice(made: str | None, among: Mapping[str, float], worth: Mapping[str, float]) -> _Choice:
    """To make no offer is a choice too, where there is none that can be made; it earns nothing."""
    from ..decisioning.estimation import Chance

    same = among.get(made, 0.0) if made else float(not among)
    return _Choice(Chance(same, sum(p * worth[i] for i, p in among.items())), among)


def _expected(
    decision: Decision, inputs: DecisionInputs, ids: Collection[str], policies: Sequence[Policy]
) -> dict[str, float]:
    """What these offers may be expected to earn then: the mean of what the policies that have them
    expect, so that neither is measured by its own hopes alone."""
    asked = decision.model_copy(update={"offers": tuple(map(_named, sorted(ids)))})
    expected: dict[str, list[float]] = {}
    for policy in policies:
        for offer_id, parts in policy.contributions(inputs, asked).items():
            offer = policy.catalog.offer(offer_id)
            if offer is not None:
                worth = probability(sum(parts.values())) * offer.value
                expected.setdefault(offer_id, []).append(worth)
    return {offer_id: sum(worths) / len(worths) for offer_id, worths in expected.items()}


def _named(offer_id: str) -> ScoredOffer:
    """An offer to be asked about, of which nothing else is said."""
    return ScoredOffer(
        offer_id=offer_id,
        title="",
        score=0.0,
        probability=0.0,
        value=0.0,
        weight=0.0,
        selection_probability=0.0,
    )


def _never_logged(replayed: Sequence[_Replayed], among: Sequence[Mapping[str, float]]) -> float:
    """The share of choices whose offer stands first in no logged decision."""
    seen = {each.made for each in replayed}
    untold = sum(p for chances in among for i, p in chances.items() if i not in seen)
    return round(untold / len(replayed), _DECIMALS)


def _verdict(found: Comparison, untold: float, least_ratio: float) -> tuple[str, list[str]]:
    sides = (("what would go live", found.target), ("what is live", found.current))
    warnings = [f"{whose}: {side.warning}" for whose, side in sides if side.warning]
    if found.ratio is None:
        warnings.append("too little was earned to tell a share of it")
    thin = bool(warnings)
    if untold >= _MUCH:
        warnings.append(
            f"{untold:.0%} of its choices are offers that were never made: what they would earn is"
            " the model's word alone"
        )
    if thin or found.ratio is None:
        return "thin", warnings
    return ("confirm" if found.ratio.low < least_ratio else "passes"), warnings


def _side(estimate: Estimate) -> dict[str, Any]:
    return {
        "ips": _interval(estimate.ips),
        "snips": _interval(estimate.snips),
        "doubly_robust": _interval(estimate.doubly_robust),
        "effective_sample_size": round(estimate.effective, 1),
        "largest_weight": round(estimate.largest_weight, _DECIMALS),
        "overlap": round(estimate.overlap, _DECIMALS),
        "clipped": round(estimate.clipped, _DECIMALS),
    }


def _in_words(found: Comparison) -> str:
    ours, live, ratio = found.target.doubly_robust, found.current.doubly_robust, found.ratio
    share = f": {ratio.value:.0%} of it ({ratio.low:.0%} to {ratio.high:.0%})" if ratio else ""
    return (
        f"on {found.target.decisions} logged decisions this would have earned {ours.value:.4g} each"
        f" ({ours.low:.4g} to {ours.high:.4g}), what is live {live.value:.4g}"
        f" ({live.low:.4g} to {live.high:.4g}){share}"
    )


def _interval(found: Estimated | None) -> dict[str, float] | None:
    return {n: round(v, _DECIMALS) for n, v in found._asdict().items()} if found else None


def _unknown(verdict: str, text: str) -> dict[str, Any]:
    return {"verdict": verdict, "text": text, "warnings": [], "decisions": 0}
