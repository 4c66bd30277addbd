"""The bulk loader against the embedded cloud, as an operator runs it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import wiring
from chalicelib.errors import TemporaryError
from chalicelib.model import Product
from chalicelib.settings import load_settings
from infra import load
from infra.checkpoints import Checkpoint
from infra.kinds import KINDS, format_of
from infra.local.cloud import REGION, Cloud
from infra.local.shop import FOLDER
from infra.progress import shown, silent
from infra.shelves import Shelves
from tests.unit.shop.stage import NOW, stage

CUSTOMERS = "id,identities,first_name\na,phone:+15551239001,Ann\nb,phone:0,Bob\nc,,Cem\n"


@pytest.fixture(scope="module")
def shelves() -> Iterator[Shelves]:
    with stage() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_good_rows_are_loaded_and_bad_ones_named(
    shelves: Shelves, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(folder / "people.csv", CUSTOMERS)
    assert load.main(["customers", str(path)], shelves) == 2
    [rejected] = lines_of(folder / "people.csv.rejected.jsonl")
    assert json.loads(rejected) == {
        "line": 3,
        "reason": "identities.0: a phone identity is in E.164 form: + and 7 to 15 digits",
    }
    assert shelves.customers.resolve(["phone:+15551239001", "user:c"]) == {
        "phone:+15551239001": "a",
        "user:c": "c",
    }
    shown_text = "".join(capsys.readouterr())
    assert "1 rejected, see people.csv.rejected.jsonl" in shown_text
    assert "a second" in shown_text
    assert not any(personal in shown_text for personal in ("Ann", "Bob", "1555123"))
    assert list((folder / "build/imports").iterdir()) == []


def test_the_demo_shops_files_load_without_a_word_of_complaint(
    shelves: Shelves, folder: Path
) -> None:
    def run(kind: str, name: str, only: str = "") -> int:
        """Of customers and transactions three people's, for speed."""
        chosen = [
            line
            for line in (FOLDER / name).read_text().splitlines()
            if not only or re.search(only, line)
        ]
        path = written(folder / name, "\n".join(chosen))
        return load.main([kind, str(path)], shelves)

    assert run("stores", "stores.jsonl") == 0
    assert run("products", "products.tsv") == 0
    assert run("customers", "customers.jsonl", "(joe|maya|liam)") == 0
    assert run("transactions", "transactions.csv", ",(customer|joe|maya|liam),") == 0
    joe = shelves.customers.view("joe")
    assert joe is not None
    assert joe.aggregates.order_count == 3
    assert run("transactions", "transactions.csv", ",(customer|joe|maya|liam),") == 0
    again = shelves.customers.view("joe")
    assert again is not None
    assert again.aggregates == joe.aggregates
    assert not list(folder.glob("*.rejected.jsonl"))


def test_products_that_are_back_are_announced(shelves: Shelves, folder: Path) -> None:
    told: list[tuple[str, ...]] = []
    watched = Shelves(**{**vars(shelves), "restocked": lambda ids: told.append(tuple(ids))})
    header = "id\ttitle\tprice\tavailability\n"
    gone = written(folder / "gone.tsv", f"{header}lamp-x\tLamp\t9.00 USD\tout of stock\n\tBad\t1\n")
    back = written(folder / "back.tsv", f"{header}lamp-x\tLamp\t9.00 USD\tin stock\n")
    assert load.main(["products", str(gone)], watched) == 2
    assert load.main(["products", str(back)], watched) == 0
    assert told == [("lamp-x",)]
    assert shelves.products.get_product("lamp-x") == Product(
        id="lamp-x", title="Lamp", price="9.00 USD"
    )


def test_bad_stores_and_customers_who_keep_others_identities_are_named(
    shelves: Shelves, folder: Path
) -> None:
    stores = written(folder / "s.jsonl", '{"id": "x1", "name": "X"}\n{"id": "x2"}\n')
    assert load.main(["stores", str(stores)], shelves) == 2
    assert shelves.products.get_store("x1").name == "X"
    orders = written(folder / "o.jsonl", '{"id": "o9", "customer": "nobody", "at": "2026-01-01"}')
    assert load.main(["transactions", str(orders)], shelves) == 2
    assert json.loads((folder / "o.jsonl.rejected.jsonl").read_text()) == {
        "line": 1,
        "reason": "there is no such customer",
    }


def test_a_customer_merged_into_another_is_named(shelves: Shelves, folder: Path) -> None:
    first = written(folder / "1.jsonl", '{"id": "m1", "identities": ["card:m"]}\n{"id": "m2"}\n')
    assert load.main(["customers", str(first)], shelves) == 0
    taking = written(folder / "2.jsonl", '{"id": "m2", "identities": ["card:m"]}')
    assert load.main(["customers", str(taking)], shelves) == 0
    assert load.main(["customers", str(first)], shelves) == 2
    assert "merged" in (folder / "1.jsonl.rejected.jsonl").read_text()


@pytest.fixture
def local_stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with Cloud() as cloud:
        environment = {
            "STAGE": cloud.stage,
            "AWS_ENDPOINT_URL": cloud.url,
            "ARTIFACTS_BUCKET": cloud.name("ArtifactsBucket"),
            "AWS_ACCESS_KEY_ID": cloud.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield cloud


def test_the_command_finds_the_stage_by_the_settings(local_stage: Cloud, folder: Path) -> None:
    path = written(folder / "s.jsonl", '{"id": "x1", "name": "X"}\n')
    assert load.main(["stores", str(path)]) == 0
    assert wiring.build(load_settings()).products.get_store("x1").name == "X"


def test_a_stage_that_is_not_there_is_told(
    local_stage: Cloud,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STAGE", "elsewhere")
    path = written(folder / "c.csv", "id\na\n")
    assert load.main(["customers", str(path)]) == 1
    assert capsys.readouterr().err.startswith("stopped: AWS refused the call {'code': ")


def test_a_dry_run_reads_everything_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(folder / "people.csv", CUSTOMERS)
    assert load.main(["customers", str(path), "--dry-run"]) == 2
    assert "read 3 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("people.xls", "id\n", "a file of customers or transactions is .csv or .jsonl"),
        ("people.csv", "name\n", "the header lacks a column"),
        ("missing.csv", None, "No such file"),
    ],
)
def test_a_file_that_is_none_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, said: str
) -> None:
    if text is not None:
        written(folder / name, text)
    assert load.main(["customers", name, "--dry-run"]) == 1
    assert said in capsys.readouterr().err


class Outage(Exception):
    pass


def test_a_load_that_broke_off_goes_on_where_it_was(
    shelves: Shelves, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BATCH_ROWS", 3)
    lines = [f"r{n}," if n % 4 else f"../{n}," for n in range(12)]
    path = written(folder / "r.csv", "id,first_name\n" + "\n".join(lines) + "\n")
    ids: list[str] = []
    kind = KINDS["customers"]

    def failing(target: Shelves, rows: object, now: object) -> Iterator[tuple[int, str]]:
        batch = list(rows)  # type: ignore[call-overload]
        ids.extend(row.value.id for row in batch if row.value)
        for row in batch:
            if row.reason:
                yield row.line, row.reason
        if len(ids) > 5 and not resumed:
            raise TemporaryError("an outage")

    resumed = False
    broken = type(kind)(kind.read, failing, kind.batch_rows)

    def run() -> load.Loaded:
        checkpoint = Checkpoint.of(path, "customers", folder / "build")
        return load.load_file(broken, path, shelves, checkpoint, now=NOW, progress=silent)

    with pytest.raises(TemporaryError):
        run()
    resumed = True
    seen_before = len(ids)
    loaded = run()
    assert loaded.rows == 12 - 6
    assert loaded.rejected == 3
    assert ids[seen_before:] == ["r6", "r7", "r9", "r10", "r11"]
    rejected = [json.loads(line)["line"] for line in lines_of(folder / "r.csv.rejected.jsonl")]
    assert rejected == [2, 6, 10]


def test_the_command_says_that_it_goes_on(
    shelves: Shelves, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(folder / "p.csv", CUSTOMERS)
    checkpoint = Checkpoint.of(path, "customers dry-run", Path("build/imports"))
    checkpoint.advance(2)
    assert load.main(["customers", str(path), "--dry-run"]) == 0
    assert "p.csv: going on after 2 rows" in capsys.readouterr().err


def test_a_damaged_checkpoint_or_a_lost_list_of_rejections_starts_afresh(folder: Path) -> None:
    path = written(folder / "p.csv", CUSTOMERS)
    checkpoint = Checkpoint.of(path, "t", folder / "build")
    with checkpoint.rejections() as reject:
        reject(3, "bad")
        checkpoint.advance(2)
    assert Checkpoint.of(path, "t", folder / "build").rows == 2
    assert Checkpoint.of(path, "elsewhere", folder / "build").rows == 0
    checkpoint.rejected_path.unlink()
    assert Checkpoint.of(path, "t", folder / "build").rows == 0
    for kept in (folder / "build").iterdir():
        kept.write_text("{")
    assert Checkpoint.of(path, "t", folder / "build").rows == 0


def test_an_endless_line_is_refused_without_being_held() -> None:
    text = b"id\n" + b"x" * (3 * load.READ_BYTES) + b"\nb\n" + b"y" * (load.READ_BYTES - 1) + b"\n"
    lines = list(load.lines_of(io.BytesIO(text)))
    assert [len(line) for line in lines] == [3, load.READ_BYTES, 2, load.READ_BYTES]
    rows = list(KINDS["customers"].read(iter(lines), "x.csv"))
    assert [(row.line, row.value is not None) for row in rows] == [
        (2, False),
        (3, True),
        (4, False),
    ]


def test_the_format_is_in_the_name() -> None:
    assert [format_of(name) for name in ("A.CSV", "b.jsonl", "c.ndjson")] == ["csv"] + 2 * ["jsonl"]


def test_progress_is_lines_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with shown(stream) as progress:
        for done in range(0, 1001):
            progress("job", done, 1000)
        progress("nothing", 0, 0)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "job: 0 of 1,000"
    assert lines[10] == "job: 1,000 of 1,000"
    assert lines[11:] == ["nothing: 0 of 0"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal() -> None:
    stream = Terminal()
    with shown(stream) as progress:
        progress("job", 1, 4)
        progress("job", 4, 4)
    assert "4/4" in stream.getvalue()
