"""Files of customers and transactions as a retailer's systems would export them, made up by a seed.

A customer has phone, e-mail and card, a profile, six attributes and four consents; orders are
spread over three years, as many for each customer as a gamma distribution says, ten in the mean.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

YEARS = 3
ORDERS_A_CUSTOMER = 10
PRODUCTS, CATEGORIES = 20_000, 300
_CONSENTED = ("sms", "email")
_NAMES = ("Ann", "Bob", "Cem", "Dilek", "Eve", "Femi", "Gao", "Hana", "Ines", "Jörg")
_COLUMNS = (
    *("id", "identities", "first_name", "last_name", "birth_date", "country", "language"),
    *("time_zone", "postcode", "interests", "prefer_marketing", "consents"),
    *("tier", "points", "newsletter", "channel", "lifetime_value", "visits"),
)
_ORDER_COLUMNS = (
    *("id", "customer", "at", "store_id", "currency", "status"),
    *("product_id", "category", "quantity", "amount"),
)


def write_extract(
    folder: Path, customers: int, files: int, now: datetime, seed: int = 2026
) -> tuple[list[Path], list[Path]]:
    """Write so many customers and about ten times as many orders, each kind into `files` files;
    answers their paths."""
    rng = random.Random(seed)
    people, orders = [], []
    for n in range(files):
        ids = range(n * customers // files, (n + 1) * customers // files)
        people.append(folder / f"customers-{n}.csv")
        _write(people[-1], _COLUMNS, (_customer(i, rng) for i in ids))
    times = _moments(customers * ORDERS_A_CUSTOMER, now, rng)
    weights = [rng.gammavariate(1.2, 1) for _ in range(customers)]
    whose = rng.choices(range(customers), weights, k=len(times))
    for n in range(files):
        numbers = range(n * len(times) // files, (n + 1) * len(times) // files)
        orders.append(folder / f"transactions-{n}.csv")
        rows = (row for i in numbers for row in _order(i, whose[i], times[i], rng))
        _write(orders[-1], _ORDER_COLUMNS, rows)
    return people, orders


def _write(path: Path, head: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)


def _customer(n: int, rng: random.Random) -> tuple[object, ...]:
    born = f"{rng.randrange(1940, 2008)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    consents = ";".join(
        f"{channel}:{purpose}:{rng.choice(('granted', 'granted', 'denied'))}"
        ":web form:2026-03-01T10:00:00Z"
        for channel in _CONSENTED
        for purpose in ("service", "marketing")
    )
    return (
        f"c-{n:08}",
        f"phone:+1555{n:08};email:customer{n:08}@example.com;card:{n:012}",
        *(rng.choice(_NAMES), f"Number {n}", born, "US", "en", "America/New_York"),
        *(f"{rng.randrange(100_000):05}", "running;hiking", "sms;email", consents),
        *(rng.choice(("gold", "silver", "blue")), rng.randrange(5000), "true", "store"),
        *(f"{rng.uniform(0, 5000):.2f}", rng.randrange(90)),
    )


def _moments(count: int, now: datetime, rng: random.Random) -> list[str]:
    """In order of time, as orders are exported."""
    seconds = sorted(rng.randrange(YEARS * 365 * 86_400) for _ in range(count))
    start = now - timedelta(days=YEARS * 365)
    return [f"{start + timedelta(seconds=s):%Y-%m-%dT%H:%M:%SZ}" for s in seconds]


def _order(n: int, customer: int, at: str, rng: random.Random) -> Iterator[tuple[object, ...]]:
    head = (f"o-{n:09}", f"c-{customer:08}", at, f"s-{n % 400}", "USD", "delivered")
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        product = rng.randrange(PRODUCTS)
        category = f"d{product % 12}/a{product % 60}/k{product % CATEGORIES}"
        yield *head, f"p-{product}", category, rng.randrange(1, 4), f"{rng.uniform(2, 90):.2f}"
