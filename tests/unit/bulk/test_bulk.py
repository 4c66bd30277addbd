"""Files for an import from S3: the same items as the loader writes, whatever broke off between."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError, ConflictError, PayloadError
from infra import load
from infra.bulk import passes, shards
from infra.bulk.__main__ import main, settings_of
from infra.bulk.passes import run
from infra.bulk.plan import Plan, plan
from infra.bulk.routing import refusals
from infra.bulk.table import Table
from infra.checkpoints import Checkpoint
from infra.kinds import KINDS
from infra.local.shop import FOLDER as SHOP
from infra.progress import silent
from infra.shelves import Shelves
from tests.benchmarks.extract import write_extract
from tests.unit.shop.stage import NOW, stage

LATER = datetime(2027, 1, 1, tzinfo=UTC)

Item = dict[str, Any]


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def planned(
    folder: Path,
    customers: Sequence[Path],
    transactions: Sequence[Path] = (),
    products: Sequence[Path] = (),
    buckets: int = 3,
) -> Plan:
    return plan(customers, transactions, products, folder / "out", NOW, buckets)


def offline(made: Plan) -> list[Item]:
    run(made, 1, silent)
    return items_in(made.items)


def items_in(folder: Path) -> list[Item]:
    lines = [
        line
        for shard in sorted(folder.glob("*.json.gz"))
        for line in gzip.decompress(shard.read_bytes()).splitlines()
    ]
    return in_order(_bytes(json.loads(line)["Item"]) for line in lines)


def _bytes(item: Item) -> Item:
    body = item.get("body", {})
    return {**item, "body": {"B": base64.b64decode(body["B"])}} if "B" in body else item


def in_order(items: Iterator[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def online(shelves: Shelves, folder: Path, *files: tuple[str, Path]) -> None:
    for kind, path in files:
        checkpoint = Checkpoint.of(path, kind, folder / "checkpoints")
        load.load_file(KINDS[kind], path, shelves, checkpoint, now=NOW, progress=silent)


def stored(shelves: Shelves) -> list[Item]:
    client = shelves.customers._client
    pages = client.get_paginator("scan").paginate(TableName=shelves.customers.table)
    return in_order(item for page in pages for item in page["Items"])


def rejected(path: Path) -> list[tuple[int, str]]:
    beside = path.with_name(f"{path.name}.rejected.jsonl")
    lines = beside.read_text().splitlines() if beside.exists() else []
    return [(told["line"], told["reason"]) for told in map(json.loads, lines)]


def test_the_items_are_those_that_the_loader_writes(tmp_path: Path) -> None:
    people, orders = write_extract(tmp_path, 6, 2, NOW)
    some = {"customers.jsonl": 12, "products.tsv": 40, "transactions.csv": 40}
    taken = {name: (SHOP / name).read_text().splitlines()[:n] for name, n in some.items()}
    shop = [written(tmp_path, name, *lines) for name, lines in taken.items()]
    products = [line.partition("\t")[0] for line in taken["products.tsv"][1:]]
    names = cycle(json.loads(taken["customers.jsonl"][0])["identities"])
    bare = (
        f"b-{n},{name},2026-11-{n + 1:02}T10:00:00Z,{product},1"
        for n, (name, product) in enumerate(zip(names, products[:12], strict=False))
    )
    sold = [shop.pop(), written(tmp_path, "bare.csv", "id,customer,at,product_id,amount", *bare)]
    with stage() as shelves:
        online(shelves, tmp_path, ("products", shop[1]))
        shelves.assortment.refresh(NOW)
        for path in (*people, shop[0]):
            online(shelves, tmp_path, ("customers", path))
        for path in (*orders, *sold):
            online(shelves, tmp_path, ("transactions", path))
        expected = stored(shelves)
    made = offline(planned(tmp_path, [*people, shop[0]], [*orders, *sold], [shop[1]]))
    assert {item["pk"]["S"] for item in made} == {item["pk"]["S"] for item in expected}
    assert made == expected
    assert any("B" in item.get("body", {}) for item in made)
    assert any(item["sk"]["S"].startswith("view#order#") for item in made)
    assert any(item["sk"]["S"].startswith("consent#") for item in made)


def test_bad_rows_are_rejected_as_the_loader_rejects_them(tmp_path: Path) -> None:
    lines = ("id,identities", "a,phone:+15551239001", "b,phone:0", "c,phone:+15551239001", "d,")
    people = written(tmp_path, "people.csv", *lines)
    head = "id,customer,at,product_id,amount"
    orders = written(
        tmp_path,
        "orders.csv",
        head,
        *("o1,phone:+15551239001,2026-11-01T10:00:00Z,p,1", "o2,nobody,2026-11-01T10:00:00Z,p,1"),
        *("o3,d,soon,p,1", "o1,d,2026-11-02T10:00:00Z,p,1", "o4,d,2026-11-02T10:00:00Z,p,1"),
    )
    with stage() as shelves:
        online(shelves, tmp_path, ("customers", people), ("transactions", orders))
        expected = stored(shelves)
    told = [sorted(rejected(path)) for path in (people, orders)]
    assert [len(each) for each in told] == [2, 3]
    assert offline(planned(tmp_path, [people], [orders])) == expected
    assert [rejected(path) for path in (people, orders)] == told


def test_who_shares_an_identity_across_files_is_left_to_the_loader(tmp_path: Path) -> None:
    first = written(tmp_path, "1.csv", "id,identities", "a,card:7", "b,card:8")
    second = written(tmp_path, "2.csv", "id,identities", "c,card:9;card:7", "d,card:9")
    orders = written(
        tmp_path,
        "orders.csv",
        "id,customer,at",
        *("o1,c,2026-11-01T10:00:00Z", "o2,card:7,2026-11-01T10:00:00Z"),
        *("o3,card:9,2026-11-01T10:00:00Z", "o4,x,2026-11-01T10:00:00Z"),
    )
    made = planned(tmp_path, [first, second], [orders])
    held = {item["pk"]["S"] for item in offline(made)}
    # Within a file the reader refuses d, for it looks no further than its own file.
    assert {f"customer#{i}" for i in "ab"} <= held
    assert not {f"customer#{i}" for i in "cd"} & held
    assert rejected(second)[0] == (
        2,
        "its id or an identity of it stands on line 2 of 1.csv already",
    )
    assert [line for line, _ in rejected(orders)] == [2, 4, 5]
    with stage() as shelves:
        shelves.customers.put_items(items_in(made.items))
        for kind in ("customers", "transactions"):
            online(shelves, tmp_path, (kind, made.later / f"{kind}.jsonl"))
        c = shelves.customers.living("c")
        assert c is not None
        assert {"card:7", "card:9", "user:a", "user:c"} <= set(c.identities)
        assert {order.id for order in c.orders} == {"o1", "o2", "o3"}


def test_what_a_refused_row_states_is_free_again() -> None:
    a, b, c = 1, 2, 3
    assert refusals([("x", a), ("x", b), ("y", b), ("y", c)]) == {b: a}
    assert refusals([("x", b), ("x", a), ("y", a), ("y", c)]) == {b: a, c: a}


def test_buckets_and_processes_do_not_change_what_is_written(tmp_path: Path) -> None:
    people, orders = write_extract(tmp_path, 12, 2, NOW)
    one = planned(tmp_path / "one", people, orders, buckets=1)
    many = planned(tmp_path / "many", people, orders, buckets=7)
    again = planned(tmp_path / "again", people, orders, buckets=7)
    assert offline(one) == offline(many)
    report = run(again, 2, silent)
    assert report["customers"] == 12
    assert report["orders"] == 120
    assert report["objects"] == 7
    for shard in many.items.iterdir():
        assert shard.read_bytes() == (again.items / shard.name).read_bytes()


def test_a_load_that_broke_off_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, orders = write_extract(tmp_path, 12, 2, NOW)
    whole = planned(tmp_path / "whole", people, orders)
    expected = offline(whole)
    broken = planned(tmp_path / "broken", people, orders)
    tried: list[int] = []

    def fails_once(made: Plan, number: int) -> dict[str, Any]:
        tried.append(number)
        if tried == [0, 1]:
            raise PayloadError("the disk is full")
        return shards.write(made, number)

    monkeypatch.setattr(passes, "write", fails_once)
    with pytest.raises(PayloadError):
        run(broken, 1, silent)
    resumed = plan(people, orders, [], broken.to, LATER)
    assert resumed == broken
    assert offline(resumed) == expected
    assert tried == [0, 1, 1, 2]
    assert not resumed.work.exists()


def test_a_folder_holds_one_load(tmp_path: Path) -> None:
    people, orders = write_extract(tmp_path, 2, 1, NOW)
    made = planned(tmp_path, people)
    with pytest.raises(ConflictError):
        planned(tmp_path, people, orders)
    run(made, 1, silent)
    with pytest.raises(ConflictError):
        planned(tmp_path, people)
    assert made.to.stat().st_mode & 0o077 == 0


def test_the_command_says_what_it_wrote_and_nothing_of_anybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = written(tmp_path, "p.csv", "id,identities", "ann,phone:+15551239001", "bob,phone:0")
    arguments = ["--customers", str(people), "--to", str(tmp_path / "out"), "--workers", "1"]
    assert main(arguments) == 2
    assert main(arguments) == 1
    told = "".join(capsys.readouterr())
    assert "1 customers with 0 orders: 3 items" in told
    assert "1 rows rejected" in told
    assert "name another" in told
    assert not any(personal in told for personal in ("ann", "bob", "1555123"))


def test_a_write_that_no_import_makes_is_refused() -> None:
    update = {
        "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    with pytest.raises(NotImplementedError):
        Table().transact_write_items(TransactItems=[{"Update": update}])


def test_retention_is_the_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people, orders = write_extract(tmp_path, 3, 1, NOW)
    monkeypatch.setenv("BEHAVIOUR_RETENTION_DAYS", "4000")
    kept = [i for i in offline(planned(tmp_path, people, orders)) if "#order#" in i["sk"]["S"]]
    assert len(kept) == 30


def test_a_stages_own_settings_come_before_those_of_all_stages(tmp_path: Path) -> None:
    stages = {"prod": {"environment_variables": {"STAGE": "prod", "A": "own"}}, "dev": {}}
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps({"environment_variables": {"A": "all", "B": "b"}, "stages": stages})
    )
    assert settings_of("prod", config) == {"STAGE": "prod", "A": "own", "B": "b"}
    assert settings_of("dev", config) == {"A": "all", "B": "b"}
    assert settings_of("prod")["STAGE"] == "prod"
    with pytest.raises(ConfigurationError, match="no stage test"):
        settings_of("test", config)
