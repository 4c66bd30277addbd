"""How groups of customers fare, as sums that can be added in any order, and taken back exactly.

One moment is one decision in which marketing was made, or withheld from the control group. Of each
group's moments the sums are kept by BUCKETS of customers, drawn by a hash: all moments of one
customer are in one bucket, so that buckets vary as customers do. Intervals leave each bucket out
once (the delete-a-group jackknife, Kott, Journal of Official Statistics 17, 2001). Differences
compare the moments of the same day alone, each day weighted by what it can tell (Mantel and
Haenszel, 1959): a group that grew meanwhile is not compared with another season's customers.

How many customers there are is told by a sketch of REGISTERS bytes (HyperLogLog: Flajolet, Fusy,
Gandouet and Meunier, 2007), which names nobody: within some 3 %. All else is integers.
Never here: which group a customer is in, and where sums are kept.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log, sqrt
from typing import Any, Final, NamedTuple

import numpy as np

from ..errors import PermanentError

BUCKETS: Final = 64
REGISTERS: Final = 1024
LEAST_BUCKETS: Final = 5
"""With customers in fewer no interval is told."""
_Z: Final = 1.959964
"""Of the normal distribution, 97.5 % lie below."""

_Table = np.ndarray[Any, np.dtype[np.float64]]


class Tally(NamedTuple):
    """What came of some moments; `revenue` in hundredths."""

    moments: int = 0
    offers: int = 0
    answers: int = 0
    orders: int = 0
    revenue: int = 0

    def plus(self, other: Tally, times: int = 1) -> Tally:
        return Tally(*(a + times * b for a, b in zip(self, other, strict=True)))


NOTHING: Final = Tally()


class Measure(NamedTuple):
    """A mean: the sum of one field of the tallies by that of another, in `unit`s."""

    of: str
    per: str
    unit: float = 1.0


MEASURES: Final[Mapping[str, Measure]] = {
    "answer_rate": Measure("answers", "offers"),
    "orders_per_decision": Measure("orders", "moments"),
    "revenue_per_decision": Measure("revenue", "moments", 0.01),
}


class Estimate(NamedTuple):
    """A value with its 95 % interval, which is None where too few customers tell."""

    value: float
    low: float | None = None
    high: float | None = None


class Groups:
    """The sums of some moments, by group and bucket, and who they were of, as sketches."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[int, Tally]] = {}
        self._sketches: dict[str, bytearray] = {}

    @property
    def names(self) -> list[str]:
        return sorted(self._sums)

    def count(self, group: str, customer_id: str, change: Tally) -> None:
        """Add what came of one customer's moment; or a change of it, which may be negative."""
        digest = hashlib.sha256(f"moment {customer_id}".encode()).digest()
        self._add(group, digest[0] % BUCKETS, change)
        sketch = self._sketches.setdefault(group, bytearray(REGISTERS))
        place, rest = int.from_bytes(digest[1:3]) % REGISTERS, int.from_bytes(digest[3:11])
        sketch[place] = max(sketch[place], 65 - rest.bit_length())

    def add(self, other: Groups) -> None:
        """Add what another one counted."""
        for group, buckets in other._sums.items():
            for bucket, tally in buckets.items():
                self._add(group, bucket, tally)
            mine = self._sketches.setdefault(group, bytearray(REGISTERS))
            self._sketches[group] = bytearray(map(max, mine, other._sketches[group]))

    def total(self, group: str) -> Tally:
        found = NOTHING
        for tally in self._sums.get(group, {}).values():
            found = found.plus(tally)
        return found

    def customers(self, group: str) -> int:
        """About how many customers the moments were of."""
        sketch = self._sketches.get(group, bytearray(REGISTERS))
        empty = sketch.count(0)
        raw = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS**2 / sum(2.0**-rank for rank in sketch)
        if empty and raw <= 2.5 * REGISTERS:
            return round(REGISTERS * log(REGISTERS / empty))
        return round(raw)

    def by_bucket(self, group: str, field: str) -> list[int]:
        """One field of the tallies, BUCKETS long."""
        buckets = self._sums.get(group, {})
        return [getattr(buckets.get(bucket, NOTHING), field) for bucket in range(BUCKETS)]

    def to_bytes(self) -> bytes:
        """Equal sums give equal bytes; `read_groups` reads them."""
        plain = {
            group: [sorted([b, *t] for b, t in buckets.items()), self._sketches[group].hex()]
            for group, buckets in self._sums.items()
        }
        return zlib.compress(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode(), 6)

    def _add(self, group: str, bucket: int, tally: Tally) -> None:
        buckets = self._sums.setdefault(group, {})
        buckets[bucket] = buckets.get(bucket, NOTHING).plus(tally)


def read_groups(packed: bytes) -> Groups:
    """What `Groups.to_bytes` wrote. Raises PermanentError for anything else."""
    found = Groups()
    try:
        for group, (rows, sketch) in json.loads(zlib.decompress(packed)).items():
            found._sums[group] = {bucket: Tally(*tally) for bucket, *tally in rows}
            found._sketches[group] = bytearray.fromhex(sketch)
    except (zlib.error, ValueError, TypeError) as error:
        raise PermanentError("these sums of groups are corrupt") from error
    return found


def merged(some: Iterable[Groups]) -> Groups:
    """All of them in one."""
    found = Groups()
    for each in some:
        found.add(each)
    return found


def level(days: Sequence[Groups], group: str, measure: Measure) -> Estimate | None:
    """How a group fares; None where it has nothing to measure."""
    of, per = (_table(days, group, field).sum(axis=0) for field in (measure.of, measure.per))
    value = _ratio(of.sum(), per.sum())
    if value is None:
        return None
    reach = _reach(lambda left: _ratio((of * left).sum(), (per * left).sum()), value, [per])
    return _told(value, reach, measure, least=0.0)


def difference(days: Sequence[Groups], group: str, other: str, measure: Measure) -> Estimate | None:
    """How much better a group fares than another one on the same days; None where there is no day
    that tells."""
    y, x = (_table(days, group, field) for field in (measure.of, measure.per))
    v, u = (_table(days, other, field) for field in (measure.of, measure.per))

    def compared(left: _Table) -> float | None:
        a, n, b, m = ((table * left).sum(axis=1) for table in (y, x, v, u))
        both = np.where(n + m > 0, n + m, 1.0)
        return _ratio(((a * m - b * n) / both).sum(), (n * m / both).sum())

    shared = (x.sum(axis=1, keepdims=True) > 0) & (u.sum(axis=1, keepdims=True) > 0)
    value = compared(np.ones(BUCKETS))
    if value is None:
        return None
    # Of a group without any answer or order no spread is known.
    sizes = [(table * shared).sum(axis=0) for table in (x, u)]
    known = all((table * shared).any() for table in (y, v))
    return _told(value, _reach(compared, value, sizes) if known else None, measure)


def _table(days: Sequence[Groups], group: str, field: str) -> _Table:
    """Days x BUCKETS."""
    return np.array([day.by_bucket(group, field) for day in days], float).reshape(-1, BUCKETS)


def _reach(
    statistic: Callable[[_Table], float | None], value: float, sizes: Sequence[_Table]
) -> float | None:
    """How far the interval reaches, by how `statistic` varies as one bucket of customers after the
    other weighs nothing; None where that cannot be told."""
    freedom = int(min(np.count_nonzero(size) for size in sizes)) - 1
    if freedom + 1 < LEAST_BUCKETS:
        return None
    peopled = np.flatnonzero(np.sum(sizes, axis=0))
    left = [statistic(weights) for weights in (1.0 - np.eye(BUCKETS))[peopled]]
    squares = [(each - value) ** 2 for each in left if each is not None]
    if len(squares) < len(left) or not any(squares):
        return None
    return _t(freedom) * sqrt((len(left) - 1) / len(left) * sum(squares))


def _told(
    value: float, reach: float | None, measure: Measure, least: float = float("-inf")
) -> Estimate:
    if reach is None:
        return Estimate(value * measure.unit)
    low, high = max(value - reach, least), value + reach
    return Estimate(value * measure.unit, low * measure.unit, high * measure.unit)


def _ratio(above: float, below: float) -> float | None:
    return float(above / below) if below > 0 else None


def _t(freedom: int) -> float:
    """The 97.5th percentile of Student's t, by Fisher's expansion (Abramowitz and Stegun, 26.7.5)
    to its second term: within 2 % from 4 degrees of freedom on."""
    z = _Z
    first = (z**3 + z) / (4 * freedom)
    return z + first + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
