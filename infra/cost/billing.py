"""Bills: what an invocation took, as lines of units and prices.

Lives here: which units a call, a byte and a millisecond become. Never here: measuring
(`stage.py`), DynamoDB's units (`units.py`), prices (`prices.json`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil

from .prices import Price, PriceList
from .recording import Call
from .stage import Step

CHUNK_BYTES = 64 * 1024
GB = 1e9
API = "api_handler"
MILLION = 1_000_000


@dataclass(frozen=True)
class Function:
    """How a function is deployed."""

    memory_mb: int
    architecture: str
    traced: bool = False


@dataclass(frozen=True)
class Line:
    """So many units of one price, for one interaction."""

    stage: str
    price: Price
    units: float
    shown: str = ""
    """How the units came about."""

    @property
    def usd(self) -> float:
        return self.price.of(self.units)

    def times(self, count: int) -> Line:
        """So often."""
        return replace(self, units=self.units * count, shown=f"{self.shown}, {count:,} times")

    def shared(self, count: int) -> Line:
        """The share of one of `count` interactions."""
        if count == 1:
            return self
        return replace(self, units=self.units / count, shown=f"({self.shown}) / {count:,}")


@dataclass(frozen=True)
class Biller:
    """Prices steps, as the functions are deployed."""

    prices: PriceList
    functions: Mapping[str, Function]

    def lines(self, step: Step) -> Iterator[Line]:
        """All that one invocation costs, whoever calls it."""
        if step.function == API:
            yield from self._request(step)
        function = self.functions[step.function]
        yield self._line(step.name, "lambda_request", 1, "1 invocation")
        yield self._duration(step, function)
        if function.traced:
            share = self.prices.assume("traced_share")
            yield self._line(step.name, "trace", share, f"{share:.0%} of requests")
        yield from self.calls(step.name, step.calls)
        lines, platform = len(step.log.encode()), self.prices.assume("platform_log_bytes")
        shown = f"{lines:,} B + {platform:.0f} B of Lambda's"
        yield self._line(step.name, "logs", (lines + platform) / GB, shown)

    def polled(self, name: str) -> Line:
        """What Lambda asks of the queue for one batch: a receive and a delete."""
        return self._line(f"{name}: take", "sqs", 2, "1 receive + 1 delete")

    def calls(self, name: str, calls: Iterable[Call]) -> Iterator[Line]:
        """Those that were made of AWS."""
        for call in calls:
            if call.service == "sqs":
                chunks = max(1, ceil(call.request_bytes / CHUNK_BYTES))
                shown = f"{call.operation}, {call.request_bytes:,} B"
                yield self._line(f"{name}: queue", "sqs", chunks, shown)
            elif call.service == "s3":
                price = "s3_get" if call.operation in ("GET", "HEAD") else "s3_put"
                yield self._line(f"{name}: S3", price, 1, call.operation)
            elif call.service == "dynamodb":
                yield from self._database(name, call)

    def milliseconds(self, step: Step, memory_mb: int) -> float:
        """Billed for the invocation: one thread's CPU time at that memory, then the waits."""
        slower = max(1.0, self.prices.assume("vcpu_mb") / memory_mb)
        return ceil(step.cpu_ms * slower + self.waits(step))

    def waits(self, step: Step) -> float:
        """Milliseconds spent on the network, by what is assumed of each call."""
        waited = sum(self.prices.assume(_latency(call)) for call in step.calls)
        return waited + len(step.texts) * self.prices.assume("carrier_ms")

    def _request(self, step: Step) -> Iterator[Line]:
        yield self._line(f"{step.name}: API", "api_rest", 1, "1 request")
        size = step.answer_bytes + self.prices.assume("header_bytes")
        yield self._line(f"{step.name}: API", "transfer_out", size / GB, f"{size:,.0f} B")

    def _duration(self, step: Step, function: Function) -> Line:
        billed = self.milliseconds(step, function.memory_mb)
        shown = f"{billed:.0f} ms x {function.memory_mb} MB"
        units = billed / 1000 * function.memory_mb / 1024
        return self._line(step.name, f"lambda_{function.architecture}", units, shown)

    def _database(self, name: str, call: Call) -> Iterator[Line]:
        kinds = {part.kind for part in call.parts}
        if call.writes:
            what = "settle" if "outbox record" in kinds else "write"
            what = "commit" if "interaction record" in kinds else what
            beside = sum(part.index for part in call.parts)
            of = f"{len(call.parts)} items, {sum(part.bytes for part in call.parts):,} B"
            shown = f"{of}, {beside} of indexes" if beside else of
            yield self._line(f"{name}: {what}", "dynamodb_write", call.writes, shown)
        if call.reads:
            size = sum(part.bytes for part in call.parts)
            shown = f"{call.operation}, {size:,} B"
            yield self._line(f"{name}: read", "dynamodb_read", call.reads, shown)

    def _line(self, stage: str, price: str, units: float, shown: str) -> Line:
        return Line(stage, self.prices[price], units, shown)


def total(lines: Iterable[Line]) -> float:
    """Dollars for one interaction."""
    return sum(line.usd for line in lines)


def _latency(call: Call) -> str:
    if call.service == "dynamodb":
        return "dynamodb_write_ms" if call.writes else "dynamodb_read_ms"
    return f"{call.service}_ms"
