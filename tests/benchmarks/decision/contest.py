"""One catalog, all contenders: prepared, checked against each other, then raced.

Decisions are compared before any is timed: the baseline's best offers with the product's for every
customer, and which rules each engine finds met with the baseline's for a sample of them. The
product's engine is warmed, as a container does in the background before a catalog serves.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isclose
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from chalicelib.decisioning.engine import Engine
from chalicelib.model import Offer

from . import ours, race
from .generated import Generated, Select, Visitor, compile_rules
from .patience import OutOfPatienceError, Patience
from .peers import PEERS, Peer
from .workload import LIMIT, Workload

OURS: Final = "Rejoinder"
FROM_REQUEST: Final = "Rejoinder, from the request"
GENERATED: Final = "generated Python + numpy"
_SAMPLE: Final = 3
_CLOSE: Final = 1e-9

Kind = Literal["ours", "request", "generated", "engine"]
Case = Literal["lognormal", "flat", "history"]
"""Lognormal values, flat ones, or lognormal ones and customers who have bought before."""
Ranked = Sequence[tuple[str, float]]
T = TypeVar("T")


class DisagreementError(Exception):
    """The product and the baseline decide differently: nothing would be worth timing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one contender did with catalogs of one size: `seconds` of each decision, none where it
    did not race. `note` is what there is to say besides."""

    contender: str
    kind: Kind
    size: int
    case: Case
    prepare_seconds: float | None
    seconds: tuple[float, ...] = ()
    note: str = ""

    @property
    def median(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds else None


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: customers, seconds for each contender, seconds to prepare a peer.

    `patience` are seconds for 100,000 rules; a peer that took so much of it for fewer rules that it
    cannot keep within it is not tried.
    """

    customers: int
    budget: float
    patience: float


@dataclass
class _Ready:
    """A contender whose rules are prepared."""

    entrant: race.Entrant
    kind: Kind
    prepare_seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One catalog, ready for those who make the whole decision."""

    offers: Sequence[Offer]
    engine: Engine
    published_in: float
    baseline: Generated
    compiled_in: float


class Contest:
    """The contenders, one catalog after the other. A catalog is compiled once, and so are rules
    that stand beside several catalogs' values."""

    def __init__(self, effort: Effort, folder: Path, announce: Callable[[str], None]) -> None:
        self._effort = effort
        self._folder = folder
        self._announce = announce
        self._pace: dict[str, float] = {}
        self._select: tuple[Sequence[Any], Sequence[Select], float] | None = None
        self._prepared: _Prepared | None = None

    def hold(self, workload: Workload, case: Case, *, engines: bool) -> list[Outcome]:
        """Everybody's outcome. Raises DisagreementError."""
        size = len(workload.offers)
        prepared = self._prepare(workload)
        visitors = [prepared.baseline.visitor(customer) for customer in workload.customers]
        ready = _whole_decisions(workload, prepared, visitors)
        absent: list[Outcome] = []
        for peer in PEERS if engines else ():
            self._announce(f"{size:,} offers: {peer.name} prepares")
            entered = self._enter(peer, workload, prepared.baseline, visitors)
            if isinstance(entered, str):
                absent.append(Outcome(peer.name, "engine", size, case, None, (), entered))
            else:
                ready.append(entered)
        self._announce(f"{size:,} offers, {case}: the race")
        entrants = [one.entrant for one in ready]
        race.run(entrants, len(workload.customers), self._effort.budget)
        raced = [
            Outcome(
                one.entrant.name, one.kind, size, case, one.prepare_seconds,
                tuple(one.entrant.seconds), one.note,
            )
            for one in ready
        ]  # fmt: skip
        return [*raced, *absent]

    def alone(self, workload: Workload) -> race.Entrant:
        """The product alone, to be raced against itself."""
        engine = self._prepare(workload).engine
        visitors = [ours.visitor(engine, customer, LIMIT) for customer in workload.customers]
        return _entrant(OURS, partial(ours.decide, engine), visitors)

    def eligible_share(self, workload: Workload) -> float:
        """The mean share of the offers whose rule a customer meets."""
        baseline, customers = self._prepare(workload).baseline, workload.customers
        found = sum(len(baseline.eligible(baseline.visitor(c).attributes)) for c in customers)
        return found / (len(customers) * len(workload.offers))

    @property
    def artifact(self) -> Path:
        """Where the product's latest published catalog lies."""
        return self._folder / "artifact"

    def _prepare(self, workload: Workload) -> _Prepared:
        """The catalog, published, loaded and warmed, and the baseline; the latest one is kept."""
        if self._prepared is None or self._prepared.offers is not workload.offers:
            size = len(workload.offers)
            self._announce(f"{size:,} offers: the generated baseline prepares")
            select, compiled_in = self._selecting(workload)
            baseline = Generated(workload, select)
            self._announce(f"{size:,} offers: {OURS} prepares")
            self._prepared = None
            self.artifact.unlink(missing_ok=True)
            _, published_in = _clocked(lambda: ours.store(workload.compiled(), self.artifact))
            engine = ours.load(self.artifact)
            engine.warm()
            self._prepared = _Prepared(workload.offers, engine, published_in, baseline, compiled_in)
        return self._prepared

    def _selecting(self, workload: Workload) -> tuple[Sequence[Select], float]:
        """The baseline's compiled rules; the same rules are compiled once."""
        if self._select is None or self._select[0] is not workload.conditions:
            select, seconds = _clocked(lambda: list(compile_rules(workload.conditions)))
            self._select = workload.conditions, select, seconds
        return self._select[1:]

    def _enter(
        self,
        kind: type[Peer],
        workload: Workload,
        baseline: Generated,
        visitors: Sequence[Visitor],
    ) -> _Ready | str:
        """The peer, ready, or why it does not take part."""
        size = len(workload.offers)
        foreseen = self._pace.get(kind.name, 0.0) * size
        if foreseen > self._effort.patience:
            return f"not tried: at its pace the rules would take {foreseen:.0f} s to prepare"
        try:
            patience = Patience(self._effort.patience)
            peer, seconds = _clocked(lambda: kind(workload.conditions, patience))
        except (OutOfPatienceError, MemoryError, RuntimeError) as error:
            return f"cannot hold {size:,} rules: {str(error)[:80] or 'too slow to prepare'}"
        self._pace[kind.name] = seconds / size
        records = [peer.record(customer.attributes) for customer in workload.customers]
        wrong = sum(
            set(peer.positions(peer.ask(records[place]))) != set(baseline.eligible(v.attributes))
            for place, v in enumerate(visitors[:_SAMPLE])
        )
        note = f"deviates for {wrong} of {_SAMPLE} customers" if wrong else ""
        return _Ready(_entrant(kind.name, peer.ask, records), "engine", seconds, note)


def _whole_decisions(
    workload: Workload, prepared: _Prepared, visitors: Sequence[Visitor]
) -> list[_Ready]:
    """The contenders that make the whole decision, once they agree."""
    engine, baseline = prepared.engine, prepared.baseline
    ours_visitors = [ours.visitor(engine, customer, LIMIT) for customer in workload.customers]
    requests = [ours.request(customer, LIMIT) for customer in workload.customers]
    for place, expected in enumerate(map(baseline.decide, visitors)):
        _agree(ours.decide(engine, ours_visitors[place]), expected, place)
        _agree(ours.decide_request(engine, requests[place]), expected, place)
    published_in, compiled_in = prepared.published_in, prepared.compiled_in
    decide, from_request = partial(ours.decide, engine), partial(ours.decide_request, engine)
    return [
        _Ready(_entrant(OURS, decide, ours_visitors), "ours", published_in),
        _Ready(_entrant(FROM_REQUEST, from_request, requests), "request", published_in),
        _Ready(_entrant(GENERATED, baseline.decide, visitors), "generated", compiled_in),
    ]


def pooled(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """One for each contender, size and case: its decisions with several catalogs together."""
    together: dict[tuple[str, int, Case], list[Outcome]] = {}
    for o in outcomes:
        together.setdefault((o.contender, o.size, o.case), []).append(o)
    return [_pool(of) for of in together.values()]


def _pool(outcomes: Sequence[Outcome]) -> Outcome:
    prepared = [o.prepare_seconds for o in outcomes if o.prepare_seconds is not None]
    return replace(
        outcomes[0],
        prepare_seconds=statistics.median(prepared) if prepared else None,
        seconds=tuple(second for o in outcomes for second in o.seconds),
        note="; ".join(dict.fromkeys(o.note for o in outcomes if o.note)),
    )


def _entrant(name: str, ask: Callable[[Any], object], records: Sequence[Any]) -> race.Entrant:
    return race.Entrant(name, lambda customer: ask(records[customer]))


def _clocked(make: Callable[[], T]) -> tuple[T, float]:
    with race.undisturbed():
        began = time.perf_counter()
        made = make()
        return made, time.perf_counter() - began


def _agree(found: Ranked, expected: Ranked, customer: int) -> None:
    """The same offers in the same order, their scores equal to nine digits."""
    same_ids = [offer for offer, _ in found] == [offer for offer, _ in expected]
    close = all(
        isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
        for (_, one), (_, other) in zip(found, expected, strict=False)
    )
    if not (same_ids and close):
        raise DisagreementError(f"customer {customer}: {list(found)} or {list(expected)}?")
