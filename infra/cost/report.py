"""The report, as Markdown that a terminal shows as well.

Lives here: words and tables. Every figure in it is measured, or follows from `prices.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from . import projection, tables
from .billing import API, MILLION, Biller, total
from .figures import HEADLINE_BATCH, Figures, gigabytes
from .projection import MONTH_SECONDS, RATES, Load
from .stage import Step

AIMS: Final = {"usd_per_million_replies": 12.0, "usd_per_million_web_events": 3.0}
MEMORIES: Final = (256, 512, 1024, 1769, 2048)
REFRESH_SECONDS: Final = 30
"""How often a container looks for news: `catalog_refresh_seconds`."""
PAID: Final = {
    "API Gateway": ("API Gateway", "Data transfer"),
    "Lambda": ("Lambda",),
    "SQS": ("SQS",),
    "DynamoDB reads": ("DynamoDB on demand, read",),
    "DynamoDB writes": ("DynamoDB on demand, write",),
    "logs": ("CloudWatch Logs",),
}


def written(figures: Figures, machine: str) -> str:
    """All of it; `machine` says where and when it was measured."""
    sections = (
        _summary(figures, machine),
        _reply(figures),
        _events(figures),
        f"## A decision asked for (`POST /decisions`)\n\n{tables.bill(figures.decision())}",
        _idle(figures),
        _memory(figures),
        _projection(figures),
        _prices(figures.biller),
    )
    return "\n\n".join(sections) + "\n"


def _summary(figures: Figures, machine: str) -> str:
    told, prices = figures.headline(), figures.biller.prices
    rows = [
        ("a million answered texts", *_against(told, "usd_per_million_replies")),
        (
            f"a million web events of regulars, {HEADLINE_BATCH} a request",
            *_against(told, "usd_per_million_web_events"),
        ),
        ("a month of nothing, without storage", f"{told['usd_idle_per_month']:.2f}", "0.00", ""),
    ]
    new = figures.event(figures.measured.request(HEADLINE_BATCH, known=False))
    return f"""# What it costs

Written by `make cost` on {machine}.
Calls, bytes and capacity units are those of the application's own handlers, over a metered local
cloud. CPU time is the median of warm runs on that machine, which is not Lambda's. Prices are AWS's
list for {prices.region} as of {prices.as_of}, free tiers not counted. Carriers come on top.

{tables.table(("what", "usd", "aim", "met"), rows)}

Customers are regulars: 60 attributes, 30 orders, 40 contacts, 50 behaviours. An answered text is
the text, the reply with an offer in it, Twilio's status callbacks `sent` and `delivered`, and
learning from it. A million web events of new visitors cost {total(new) * MILLION:.2f} usd."""


def _reply(figures: Figures) -> str:
    lines = figures.reply()
    whole, kept = total(lines), figures.kept_bytes()
    shares = [
        (what, f"{usd * MILLION:.2f}", f"{usd / whole:.0%}")
        for what, usd in tables.by_price(lines).items()
    ]
    items = [(i, s, f"{size:,}", str(units)) for i, s, size, units in figures.written()]
    saved = [(what, f"{usd * MILLION:.2f}") for what, usd in figures.savings()]
    prices = figures.biller.prices
    stored = prices["dynamodb_storage"].usd + prices["dynamodb_recovery"].usd
    return f"""## An answered text

{tables.bill(lines)}

{tables.table(("paid for", "usd a million", "share"), shares)}

What it writes, dearest first:

{tables.table(("item", "written by", "bytes", "WRU"), items)}

What each of these alone would take off:

{tables.table(("change", "usd a million"), saved)}

It leaves {kept:,} bytes: {gigabytes(kept):.1f} GB a million, {gigabytes(kept) * stored:.2f} usd a
month while they are kept (`INTERACTION_RETENTION_DAYS`; TTL deletes free of charge)."""


def _events(figures: Figures) -> str:
    rows = []
    for events in figures.measured.events:
        lines = figures.event(events)
        parts = tables.by_price(lines)
        cells = (f"{_of(parts, names) * MILLION:.2f}" for names in PAID.values())
        who = "a regular" if events.known else "somebody new"
        rows.append((who, str(events.count), f"{total(lines) * MILLION:.2f}", *cells))
    head = ("whose", "events a request", "usd a million", *PAID)
    chosen = figures.measured.request(HEADLINE_BATCH, known=True)
    return f"""## Web events

By how many events of one visitor come in a request. The headline is {HEADLINE_BATCH}: in a request
`@segment/analytics-node` sends 15, RudderStack's SDK for Node 20, `segment-analytics-python` 100.
A browser sends what happens within 0.3 s (our beacon), or each event by itself: a page view is the
row of 1.

{tables.table(head, rows)}

One of {HEADLINE_BATCH} events of a regular:

{tables.bill(figures.event(chosen))}"""


def _idle(figures: Figures) -> str:
    lines, prices = figures.idle(), figures.biller.prices
    stored = prices["dynamodb_storage"].usd + prices["dynamodb_recovery"].usd
    recovery, count = prices["dynamodb_recovery"].usd, figures.metrics()
    return f"""## A month in which nothing happens

{tables.monthly(lines)}

In an account that uses its free tier for nothing else: {figures.beyond_free(lines):.2f} usd.
Storage comes on top: {stored:.2f} usd a month for each GB in DynamoDB, {recovery:.2f} of it for
point-in-time recovery. So do the custom metrics that work tells, by the hour in which it does:
{count} of them in this run, {prices["metric"].of(count):.2f} usd for a month around the clock."""


def _memory(figures: Figures) -> str:
    head = ("step", "cpu ms", "waits ms", *(f"{memory} MB" for memory in MEMORIES))
    biller = figures.biller
    whole, cold = biller.prices.assume("vcpu_mb"), biller.prices["lambda_x86_64"].of(2) * 1000
    return f"""## Memory

Billed milliseconds, and dollars for a million; * is the least. One thread's CPU time grows below
{whole:.0f} MB, which is one vCPU; waits stay. The dearer sizes buy latency.

{tables.table(head, _memory_rows(figures))}

A cold start is billed too: a second of it at 2048 MB is {cold:.3f} usd a thousand."""


def _memory_rows(figures: Figures) -> Iterator[Sequence[str]]:
    measured = figures.measured
    observed = [s for s in measured.request(1, known=True).steps if s.function != API]
    for step in (*measured.reply, *measured.decision, *observed):
        yield _sized(step.name, [step], figures)
    yield _sized("all of an answered text", measured.reply, figures)


def _sized(name: str, steps: Sequence[Step], figures: Figures) -> Sequence[str]:
    """Milliseconds and dollars at each memory."""
    biller = figures.biller
    billed = [sum(biller.milliseconds(step, m) for step in steps) for m in MEMORIES]
    priced = [sum(figures.duration(step, m) for step in steps) * MILLION for m in MEMORIES]
    least = min(priced)
    cells = (
        f"{b:.0f} ms {usd:.2f}{' *' if usd == least else ''}"
        for b, usd in zip(billed, priced, strict=True)
    )
    cpu, waits = sum(step.cpu_ms for step in steps), sum(map(biller.waits, steps))
    return name, f"{cpu:.1f}", f"{waits:.0f}", *cells


def _projection(figures: Figures) -> str:
    events = figures.measured.request(HEADLINE_BATCH, known=True)
    reply = (figures.measured.reply, total(figures.reply()))
    loads = {
        "answered texts": projection.load_of(*reply, figures.biller),
        "web events": projection.load_of(
            events.steps, total(figures.event(events)), figures.biller, events.count
        ),
    }
    prices = figures.biller.prices
    rows = [row for name, load in loads.items() for row in _rates(figures, name, load)]
    head = ("of what", "a second", "usd a month", "requests/s", "executions at once")
    units = ("customers WRU/s", "ledger WRU/s", "log GB/day", "keeping up, usd a month")
    limited = "\n\n".join(
        _limited(name, projection.limits(load, prices)) for name, load in loads.items()
    )
    return f"""## Projection

{tables.table((*head, *units), rows)}

Prices stay those of the first tier. Executions at once are rate times duration; a function gains
1,000 of them in 10 s. Keeping up is what so many containers read to hear of new products, catalogs
and models each {REFRESH_SECONDS} s: it is in no message's bill. Learning waits on a
queue of its own: it is in the dollars, and not in the units a second.

{limited}

What many share, whatever comes in:

{_limited("", projection.shared_keys(figures.measured.learning, prices))}"""


def _rates(figures: Figures, name: str, load: Load) -> Iterator[Sequence[str]]:
    refresh = total(figures.biller.calls("refresh", figures.measured.refresh.calls))
    for rate in RATES:
        at_once = rate * load.seconds
        looks = max(1.0, at_once) * MONTH_SECONDS / REFRESH_SECONDS
        yield (
            name,
            f"{rate:,}",
            f"{rate * MONTH_SECONDS * load.usd:,.0f}",
            f"{rate * load.requests:,.4g}" if rate < 100 else f"{rate * load.requests:,.0f}",
            f"{at_once:,.1f}",
            f"{rate * load.writes.get('customers', 0):,.0f}",
            f"{rate * load.writes.get('ledger', 0):,.0f}",
            f"{rate * load.log_bytes * 86_400 / 1e9:,.1f}",
            f"{looks * refresh:,.2f}",
        )


def _limited(name: str, limits: Sequence[projection.Limit]) -> str:
    rows = [(limit.what, f"{limit.rate:,.1f}", limit.remedy) for limit in limits]
    rate = f"{name} a second".strip()
    return tables.table(("limit", rate, "then"), rows)


def _prices(biller: Biller) -> str:
    told = biller.prices
    prices = [
        (p.what, f"{p.usd:g}", f"{p.per:,.0f} {p.unit}", p.as_of, p.source)
        for p in told.prices.values()
    ]
    assumed = [(name, f"{a.value:g}", a.why) for name, a in told.assumed.items()]
    functions = [
        (name, str(f.memory_mb), f.architecture, "yes" if f.traced else "no")
        for name, f in biller.functions.items()
    ]
    return f"""## Prices, and what is assumed

{tables.table(("price", "usd", "for", "as of", "source"), prices)}

What cannot be measured without AWS:

{tables.table(("assumed", "value", "why"), assumed)}

The functions of `prod` in `.chalice/config.json`:

{tables.table(("function", "MB", "architecture", "traced"), functions)}"""


def _of(parts: dict[str, float], names: tuple[str, ...]) -> float:
    return sum(usd for what, usd in parts.items() if what.startswith(names))


def _against(told: dict[str, object], name: str) -> tuple[str, str, str]:
    usd, aim = float(str(told[name])), AIMS[name]
    return f"{usd:.2f}", f"{aim:.2f}", "yes" if usd <= aim else f"no: {usd / aim:.1f} times"
