"""What 10 million customers with 100 million transactions take, from what a few thousand took.

Pure arithmetic on measurements, and on the price list of infra/cost. Never here: measuring.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from infra.cost.prices import PriceList, load
from infra.cost.tables import table

CUSTOMERS, ORDERS = 10_000_000, 100_000_000
CORES = 16
"""Of the machine that the projection writes the files on."""

REPORTED_GB_AN_HOUR = 5
"""DynamoDB's slowest import that is told of in public: 10 GB in two hours; AWS states no rate.
https://github.com/hashicorp/terraform-provider-aws/issues/27250"""

WARMED = 20_000
"""WRU a second that the table is warmed up to for the loaders, half of its quota."""

GB = 1e9


@dataclass(frozen=True)
class Online:
    """One row by the loader: rows a second, CPU seconds, calls, capacity units."""

    rows_per_second: float
    cpu: float
    calls: float
    reads: float
    writes: float


@dataclass(frozen=True)
class Measured:
    """Rates of one machine; CPU seconds, bytes and items of one customer with their orders."""

    processes: int
    customers_per_second: float
    transactions_per_second: float
    customer_cpu: float
    order_cpu: float
    online_customer: Online
    online_order: Online
    bytes: float
    gzip_bytes: float
    items: float
    source_bytes: float

    def figures(self) -> dict[str, float]:
        """What the benchmark's JSON line says."""
        return {
            "customers_per_second": round(self.customers_per_second),
            "transactions_per_second": round(self.transactions_per_second),
            "online_customers_per_second": round(self.online_customer.rows_per_second),
            "online_transactions_per_second": round(self.online_order.rows_per_second),
            "offline_cpu_ms_a_customer": round(1000 * self.customer_cpu, 2),
            "offline_cpu_ms_a_transaction": round(1000 * self.order_cpu, 2),
            "bytes_per_customer": round(self.bytes),
            "wru_per_customer": round(self.online_customer.writes, 1),
            "wru_per_transaction": round(self.online_order.writes, 1),
            "processes": self.processes,
        }


def on_paper(measured: Measured, prices: PriceList | None = None) -> str:
    """Both paths as tables in plain text."""
    prices = prices or load()
    offline = _offline(measured, prices)
    online = _online(measured, prices)
    return "\n\n".join(
        (
            f"{CUSTOMERS:,} customers, {ORDERS:,} transactions; prices of {prices.as_of}",
            table(("offline, then S3 import", "", "how"), offline),
            table(("online, infra.load", "", "how"), online),
        )
    )


def _offline(measured: Measured, prices: PriceList) -> list[tuple[str, str, str]]:
    cpu = CUSTOMERS * measured.customer_cpu + ORDERS * measured.order_cpu
    size = CUSTOMERS * measured.bytes / GB
    packed = CUSTOMERS * measured.gzip_bytes / GB
    stored = prices["s3_storage"].of(packed) * 7 / 30
    return [
        (
            "writing the files",
            f"{cpu / 3600 / CORES:.1f} h",
            f"{cpu / 3600:.1f} h of CPU on {CORES} cores: {1000 * measured.customer_cpu:.2f} ms a"
            f" customer, {1000 * measured.order_cpu:.2f} ms a transaction",
        ),
        (
            "source files",
            f"{CUSTOMERS * measured.source_bytes / GB:.0f} GB",
            f"{measured.source_bytes:,.0f} bytes a customer with ten orders",
        ),
        (
            "items",
            f"{CUSTOMERS * measured.items / 1e6:.0f} million",
            f"{measured.items:.1f} a customer",
        ),
        (
            "uncompressed",
            f"{size:.0f} GB",
            f"{measured.bytes:,.0f} bytes a customer: what the import is billed by",
        ),
        ("on S3", f"{packed:.0f} GB", f"{measured.gzip_bytes:,.0f} bytes a customer"),
        (
            "import",
            f"{prices['dynamodb_import'].of(size):.2f} USD",
            f"{prices['dynamodb_import'].usd} a GB; no write units",
        ),
        ("S3 for a week", f"{stored:.2f} USD", f"{prices['s3_storage'].usd} a GB and month"),
        (
            "time of the import",
            f"< {size / REPORTED_GB_AN_HOUR:.0f} h",
            f"at {REPORTED_GB_AN_HOUR} GB an hour, the slowest reported; AWS states none",
        ),
    ]


def _online(measured: Measured, prices: PriceList) -> list[tuple[str, str, str]]:
    customer, order = measured.online_customer, measured.online_order
    writes = CUSTOMERS * customer.writes + ORDERS * order.writes
    reads = CUSTOMERS * customer.reads + ORDERS * order.reads
    cpu = CUSTOMERS * customer.cpu + ORDERS * order.cpu
    wait = order.calls * prices.assume("dynamodb_write_ms") / 1000
    cold, quota = prices.quotas["new_table_writes"].value, prices.quotas["table_writes"].value
    loaders = ceil(WARMED / order.writes * (order.cpu + wait))
    usd = prices["dynamodb_write"].of(writes) + prices["dynamodb_read"].of(reads)
    return [
        (
            "write units",
            f"{writes / 1e6:,.0f} million",
            f"{customer.writes:.1f} a customer, {order.writes:.1f} a transaction",
        ),
        (
            "read units",
            f"{reads / 1e6:,.0f} million",
            f"{customer.reads:.1f} a customer, {order.reads:.1f} a transaction",
        ),
        ("DynamoDB", f"{usd:,.0f} USD", f"{prices['dynamodb_write'].usd} a million WRU"),
        ("time, a new table", f"{writes / cold / 3600:.0f} h", f"{cold:,.0f} WRU a second"),
        ("time, warmed up", f"{writes / WARMED / 3600:.0f} h", f"{WARMED:,} WRU a second"),
        ("time, at the quota", f"{writes / quota / 3600:.0f} h", f"{quota:,.0f} WRU a second"),
        (
            "doublings to the quota",
            f"{log2(quota / cold):.1f}",
            "one within 30 minutes, without warming up",
        ),
        (
            "one loader alone",
            f"{(cpu + ORDERS * wait) / 86400:.0f} days",
            f"{1000 * order.cpu:.1f} ms of CPU, {order.calls:.1f} calls of"
            f" {prices.assume('dynamodb_write_ms'):.0f} ms a transaction",
        ),
        ("loaders, warmed up", f"{loaders}", f"to write {WARMED:,} WRU a second"),
    ]
