"""The benchmark of imports, on a handful of customers, and its projection on round numbers."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.extract import write_extract
from tests.benchmarks.import_paper import Measured, Online, on_paper
from tests.benchmarks.importing import NOW, measure
from tests.benchmarks.metered import Metered

ROUND = Measured(
    processes=2,
    customers_per_second=1000,
    transactions_per_second=1000,
    customer_cpu=0.00144,
    order_cpu=0.000432,
    online_customer=Online(500, 0.002, 3, 8, 20),
    online_order=Online(400, 0.002, 1, 2, 8),
    bytes=5000,
    gzip_bytes=1500,
    items=20,
    source_bytes=2000,
)


def test_both_paths_are_measured_over_the_same_kind_of_customers(tmp_path: Path) -> None:
    measured = measure(tmp_path, customers=20, online_customers=6, processes=1)
    told = measured.figures()
    assert min(told[name] for name in told if name.endswith("_per_second")) > 0
    assert 2_000 < measured.bytes < 10_000
    assert measured.gzip_bytes < measured.bytes
    # A transaction bills twice: a profile, four identities and four words on consent; and an order
    # its own mark at least.
    assert 10 < measured.online_customer.writes < 40
    assert 2 < measured.online_order.writes < 10


def test_the_projection_is_plain_arithmetic() -> None:
    told = on_paper(ROUND).splitlines()
    assert _of(told, "writing the files") == "1.0 h"  # (10^7 · 1.44 ms + 10^8 · 0.432 ms) / 16
    assert _of(told, "uncompressed") == "50 GB"
    assert _of(told, "import") == "7.50 USD"
    assert _of(told, "time of the import") == "< 10 h"
    assert _of(told, "write units") == "1,000 million"  # 10^7 · 20 + 10^8 · 8
    assert _of(told, "DynamoDB") == "660 USD"  # 10^9 · 0.625 / 10^6 + 2.8 · 10^8 · 0.125 / 10^6
    assert _of(told, "time, at the quota") == "7 h"
    twice = on_paper(replace(ROUND, bytes=10_000)).splitlines()
    assert _of(twice, "import") == "15.00 USD"


def test_an_extract_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
        random.seed(len(folder.name))
        write_extract(folder, 5, 2, NOW)
    texts = [[path.read_text() for path in sorted(folder.iterdir())] for folder in folders]
    assert texts[0] == texts[1]
    assert sum(text.count("\nc-") for text in texts[0]) == 5


def test_capacity_is_counted_as_dynamodb_bills_it() -> None:
    client = Metered()
    item = {"pk": {"S": "p"}, "sk": {"S": "s"}, "body": {"S": "x" * 2000}}
    client.put_item(TableName="t", Item=item)
    assert (client.calls, client.writes) == (1, 2)
    client.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": item}}])
    assert (client.calls, client.writes) == (2, 6)
    keys = [{name: item[name] for name in ("pk", "sk")}, {"pk": {"S": "q"}, "sk": {"S": "s"}}]
    client.batch_get_item(RequestItems={"t": {"Keys": keys}})
    assert client.reads == 2


def _of(lines: list[str], name: str) -> str:
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return next(row[2] for row in cells if len(row) > 2 and row[1] == name)
