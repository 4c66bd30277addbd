"""Figures: the bills of what was measured, and what is drawn from them.

Lives here: which steps make up which bill. Never here: words (`report.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import metrics
from .billing import API, GB, MILLION, Biller, Line, total
from .flows import Events, Measured
from .recording import Part
from .stage import Step

HEADLINE_BATCH = 20
MINUTES, DAYS = 30 * 24 * 60, 30
SMALL_MB, WHOLE_MB = 512, 1769
ITEM_OVERHEAD_BYTES = 100
"""That DynamoDB stores beside each item."""
QUEUED = frozenset({"handle_interactions", "handle_urgent", "handle_notices", "handle_learn"})
_VIEW = frozenset({"customer view#profile", "customer view#activity", "identity identity"})


@dataclass(frozen=True)
class Figures:
    """The bills of one run. `watched` counts what the templates have CloudWatch keep."""

    measured: Measured
    biller: Biller
    watched: Mapping[str, int]

    def headline(self) -> dict[str, object]:
        """The line that the command ends with."""
        events = self.event(self.measured.request(HEADLINE_BATCH, known=True))
        return {
            "bench": "cost",
            "usd_per_million_replies": round(total(self.reply()) * MILLION, 2),
            "usd_per_million_web_events": round(total(events) * MILLION, 2),
            "usd_idle_per_month": round(total(self.idle()), 2),
        }

    def reply(self) -> list[Line]:
        """A text with its answer, callbacks and learning."""
        return [*self.bill(self.measured.reply), *self.learning()]

    def event(self, events: Events) -> list[Line]:
        """One of the events of a request."""
        return [line.shared(events.count) for line in self.bill(events.steps)]

    def decision(self) -> list[Line]:
        """One POST /decisions, with learning."""
        return [*self.bill(self.measured.decision), *self.learning()]

    def learning(self) -> list[Line]:
        """The share of one decision in collecting and counting; that the collector runs at all is
        part of what idling costs."""
        collect, *learn = self.measured.learning
        told = [call for call in collect.calls if call.operation.startswith("SendMessage")]
        lines = [*self.biller.calls("collect", told), *self.bill(learn)]
        return [line.shared(self.measured.learned) for line in lines]

    def idle(self) -> list[Line]:
        """A month in which nothing happens, without storage."""
        lines = [line.times(MINUTES) for line in self.bill(self.measured.idle)]
        lines += [line.times(DAYS) for line in self.bill(self.measured.daily)]
        lines += [*self._polls(), *self._watching(self.measured.idle)]
        return lines

    def metrics(self) -> int:
        """Custom metrics that the whole of the workload tells: by the month that they are told."""
        events = (step for each in self.measured.events for step in each.steps)
        measured = self.measured
        steps = [*measured.reply, *events, *measured.decision, *measured.learning, *measured.idle]
        return len({metric for step in steps for metric in metrics.told_in(step.log)})

    def bill(self, steps: Iterable[Step]) -> list[Line]:
        """Everything that these steps cost, with what it takes to hand them their messages."""
        lines = list[Line]()
        for step in steps:
            if step.function in QUEUED:
                lines.append(self.biller.polled(step.name))
            lines += self.biller.lines(step)
        return lines

    def savings(self) -> list[tuple[str, float]]:
        """What a reply would cost less by some changes, each by itself; most first."""
        prices, reply = self.biller.prices, self.measured.reply
        door = [step for step in reply if step.function == API]
        behind = [step for step in reply if step.function != API]
        asked, worked = len(door), len(behind)
        batched = (prices["lambda_request"].of(1) + prices["sqs"].of(2)) * 0.9 * worked
        compute = sum(line.usd for line in self.reply() if line.price is prices["lambda_x86_64"])
        arm = 1 - prices["lambda_arm64"].usd / prices["lambda_x86_64"].usd
        http = prices["api_rest"].of(asked) - prices["api_http"].of(asked)
        twice = sum(part.writes for part in _parts(reply, "TransactWriteItems")) / 2
        sent = self.bill(step for step in reply if step.name == "receipt sent")
        found = {
            "queueing nothing for the callback `sent`": total(sent),
            "HTTP API instead of REST API for the webhooks": http,
            "ten messages to a worker at once instead of one": batched,
            "arm64 instead of x86-64": compute * arm,
            f"{SMALL_MB} MB for the worker": self._resized(behind, SMALL_MB),
            f"{WHOLE_MB} MB for the API, no slower": self._resized(door, WHOLE_MB),
            "what all or nothing costs: each write twice": prices["dynamodb_write"].of(twice),
        }
        told = [(what, usd) for what, usd in found.items() if usd > 0]
        return sorted(told, key=lambda named: -named[1])

    def written(self) -> list[tuple[str, str, int, int]]:
        """Item, step, bytes and WRU of what a reply writes, dearest first."""
        found = dict[tuple[str, str], tuple[int, int]]()
        for step in self.measured.reply:
            for part in _parts([step]):
                if units := part.writes + part.index:
                    size, before = found.get((part.kind, step.name), (0, 0))
                    found[part.kind, step.name] = max(size, part.bytes), before + units
        told = [(kind, step, size, units) for (kind, step), (size, units) in found.items()]
        return sorted(told, key=lambda row: -row[3])

    def kept_bytes(self) -> int:
        """What a reply adds to what is stored, for as long as it is kept."""
        sizes = dict[str, int]()
        for step in self.measured.reply:
            for part in _parts([step]):
                if part.writes and part.kind not in _VIEW:
                    # An outbox entry is written over by what became of it.
                    name = part.kind if part.kind == "outbox record" else step.name + part.kind
                    sizes[name] = part.bytes + ITEM_OVERHEAD_BYTES
        return sum(sizes.values())

    def beyond_free(self, lines: Sequence[Line]) -> float:
        """Dollars of a month in an account that uses its free tier for nothing else."""
        prices, left = self.biller.prices, 0.0
        for name, price in prices.prices.items():
            units = sum(line.units for line in lines if line.price is price)
            left += price.of(max(0.0, units - prices.free.get(name, 0)))
        return left

    def duration(self, step: Step, memory_mb: int) -> float:
        """Dollars for the milliseconds of one execution with that memory."""
        billed = self.biller.milliseconds(step, memory_mb) / 1000 * memory_mb / 1024
        architecture = self.biller.functions[step.function].architecture
        return self.biller.prices[f"lambda_{architecture}"].of(billed)

    def _resized(self, steps: Iterable[Step], memory_mb: int) -> float:
        """What that memory would take off, instead of what each function has."""
        functions = self.biller.functions
        return sum(
            self.duration(step, functions[step.function].memory_mb) - self.duration(step, memory_mb)
            for step in steps
        )

    def _polls(self) -> Iterator[Line]:
        queues = sum(name in QUEUED for name in self.biller.functions)
        pollers, wait = (self.biller.prices.assume(n) for n in ("pollers", "poll_seconds"))
        polls = queues * pollers * 60 / wait * MINUTES
        shown = f"{queues} queues x {pollers:.0f} polls at a time x {60 / wait:.0f} a minute"
        yield Line("empty receives", self.biller.prices["sqs"], polls, shown)

    def _watching(self, steps: Iterable[Step]) -> Iterator[Line]:
        told = {metric for step in steps for metric in metrics.told_in(step.log)}
        for name, count in {**self.watched, "metric": len(told)}.items():
            if count:
                where = "told while idle" if name == "metric" else "in the templates"
                yield Line("watching", self.biller.prices[name], count, f"{count} {where}")


def _parts(steps: Iterable[Step], operation: str | None = None) -> Iterator[Part]:
    for step in steps:
        for call in step.calls:
            if operation in (None, call.operation):
                yield from call.parts


def gigabytes(size: float) -> float:
    """Of a million."""
    return size * MILLION / GB
