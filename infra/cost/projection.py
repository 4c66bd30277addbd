"""A projection: what some interactions a second cost and need, and which limit comes first.

Lives here: rates times what was measured, against quotas and what one key of a table takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chalicelib.ledger.budgets import SHARDS as BUDGET_SHARDS
from chalicelib.ledger.outbox import SHARDS as DUE_SHARDS
from chalicelib.ledger.statistics import SHARDS as CLOSING_SHARDS

from .billing import API, Biller
from .prices import PriceList
from .recording import Part
from .stage import Step

RATES = (1, 100, 10_000)
MONTH_SECONDS = 30 * 24 * 3600
LEAST_UNITS = 2
"""WRU of the smallest write in a transaction."""
INDEXES = (("due", "outbox", DUE_SHARDS), ("closing", "decision", CLOSING_SHARDS))
"""Name, what stands in it, and over how many keys."""


@dataclass(frozen=True)
class Load:
    """What one interaction asks for; seconds are those of executions, units those of a table."""

    usd: float
    requests: float
    api_seconds: float
    worker_seconds: float
    log_bytes: float
    writes: dict[str, float]
    steps: tuple[Step, ...]

    @property
    def seconds(self) -> float:
        return self.api_seconds + self.worker_seconds


@dataclass(frozen=True)
class Limit:
    """What is used up at `rate` interactions a second, and what to do then."""

    what: str
    rate: float
    remedy: str


def load_of(steps: Sequence[Step], usd: float, biller: Biller, interactions: int = 1) -> Load:
    """Of one interaction at `usd`, where `steps` are those of `interactions`."""

    def seconds(of: Iterable[Step]) -> float:
        billed = (biller.milliseconds(s, biller.functions[s.function].memory_mb) for s in of)
        return sum(billed) / 1000 / interactions

    at_door = [step for step in steps if step.function == API]
    platform = biller.prices.assume("platform_log_bytes")
    writes = dict[str, float]()
    for part in _parts(steps):
        if part.writes:
            writes[part.table] = writes.get(part.table, 0) + part.writes / interactions
    return Load(
        usd=usd,
        requests=len(at_door) / interactions,
        api_seconds=seconds(at_door),
        worker_seconds=seconds(step for step in steps if step.function != API),
        log_bytes=sum(len(step.log) + platform for step in steps) / interactions,
        writes=writes,
        steps=tuple(steps),
    )


def limits(load: Load, prices: PriceList) -> list[Limit]:
    """Those of AWS, in the order in which they are reached."""
    quotas = prices.quotas

    def limit(name: str, use: float, remedy: str, of: str = "") -> Limit:
        return Limit(f"{quotas[name].what}{of}", quotas[name].value / use, remedy)

    found = [
        limit("api_requests", load.requests, "have it raised; larger batches"),
        limit("lambda_concurrency", load.seconds, "have it raised; reserve a part for the API"),
        limit("queue_concurrency", load.worker_seconds, "batches; provisioned pollers"),
    ]
    for table, units in load.writes.items():
        of = f": {table}"
        found.append(limit("new_table_writes", units, "warm throughput before a launch", of))
        found.append(limit("table_writes", units, "have it raised", of))
    return sorted([*found, *_hot_indexes(load.steps, prices)], key=lambda limit: limit.rate)


def shared_keys(learning: Sequence[Step], prices: PriceList) -> list[Limit]:
    """Keys that many share, and carriers: whatever the load is made of."""
    quotas, writes = prices.quotas, prices.quotas["key_writes"].value
    sums = (part.writes for part in _parts(learning) if part.kind.startswith("statistics"))
    return [
        Limit(
            f"units of one offer's budget: {BUDGET_SHARDS} keys, taken evenly",
            BUDGET_SHARDS * writes / LEAST_UNITS,
            "more shards in ledger/budgets.py",
        ),
        Limit(
            "messages to learners: the sums of all days stand under one partition key",
            writes / max(sums, default=LEAST_UNITS),
            "more decisions in a message; the day into the partition key",
        ),
        Limit(
            "looks for news, one by each container in 30 s: one key each for catalog and models",
            quotas["key_reads"].value,
            "a longer CATALOG_REFRESH_SECONDS",
        ),
        Limit(quotas["texts"].what, quotas["texts"].value, "more short codes"),
        Limit(quotas["posts"].what, quotas["posts"].value, "another channel: X allows no more"),
    ]


def _hot_indexes(steps: Sequence[Step], prices: PriceList) -> Iterator[Limit]:
    for name, kind, shards in INDEXES:
        units = sum(part.index for part in _parts(steps) if part.kind.startswith(kind))
        if units:
            what = f"index `{name}`: {shards} keys, {units} WRU to one of them"
            rate = shards * prices.quotas["key_writes"].value / units
            yield Limit(what, rate, f"more shards than {shards}")


def _parts(steps: Iterable[Step]) -> Iterator[Part]:
    for step in steps:
        for call in step.calls:
            yield from call.parts
