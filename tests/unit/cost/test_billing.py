"""What calls, milliseconds and bytes come to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.ledger.outbox import SHARDS
from infra.cost import deployed, metrics, prices, projection, tables
from infra.cost.billing import Biller, Function, Line, total
from infra.cost.recording import Call, Part
from infra.cost.stage import Step

LIST = prices.load()
FUNCTIONS = {
    "api_handler": Function(2048, "x86_64"),
    "handle_interactions": Function(1024, "arm64"),
}
BILLER = Biller(LIST, FUNCTIONS)


def a_step(function: str = "handle_interactions", **other: object) -> Step:
    known: dict[str, object] = {
        "name": "answer", "function": function, "cpu_ms": 10.0, "calls": (), "log": "",
        "answer_bytes": 0,
    }  # fmt: skip
    return Step(**{**known, **other})  # type: ignore[arg-type]


def a_commit(*units: int) -> Call:
    parts = tuple(Part("ledger", "outbox record", 900, writes=u, index=1) for u in units)
    return Call("dynamodb", "TransactWriteItems", 2_000, 50, parts)


def units_of(lines: list[Line], price: str) -> float:
    return sum(line.units for line in lines if line.price is LIST[price])


def test_less_memory_makes_cpu_time_longer_and_waits_no_longer() -> None:
    step = a_step(calls=(a_commit(2),), texts=("SM1",))
    waits = LIST.assume("dynamodb_write_ms") + LIST.assume("carrier_ms")

    assert BILLER.milliseconds(step, 1769) == 10 + waits
    assert BILLER.milliseconds(step, 3008) == 10 + waits
    assert BILLER.milliseconds(step, 512) == 35 + waits


def test_a_millisecond_that_was_begun_is_billed() -> None:
    assert BILLER.milliseconds(a_step(cpu_ms=0.1), 1769) == 1


def test_only_the_api_pays_for_api_gateway() -> None:
    at_door = list(BILLER.lines(a_step("api_handler", answer_bytes=100)))
    behind = list(BILLER.lines(a_step()))

    assert units_of(at_door, "api_rest") == 1
    assert units_of(behind, "api_rest") == 0
    assert units_of(at_door, "lambda_x86_64") > 0
    assert units_of(behind, "lambda_arm64") > 0


def test_units_of_a_call_are_those_of_its_items_and_their_indexes() -> None:
    lines = list(BILLER.lines(a_step(calls=(a_commit(2, 4),))))

    assert units_of(lines, "dynamodb_write") == 8


def test_each_sixty_four_kilobytes_of_a_message_are_a_request() -> None:
    sizes = (1, 65_536, 65_537, 1_000_000)
    calls = tuple(Call("sqs", "SendMessageBatch", size, 100) for size in sizes)

    assert units_of(list(BILLER.calls("webhook", calls)), "sqs") == 1 + 1 + 2 + 16


def test_a_share_keeps_how_it_came_about() -> None:
    line = Line("webhook", LIST["sqs"], 2, "1 receive + 1 delete")

    assert line.shared(20).units == pytest.approx(0.1)
    assert line.shared(20).shown == "(1 receive + 1 delete) / 20"
    assert line.shared(1) is line


def test_a_bill_adds_up() -> None:
    lines = [Line("a", LIST["sqs"], 2), Line("a", LIST["sqs"], 3), Line("b", LIST["api_rest"], 1)]

    shown = tables.bill(lines)

    assert total(lines) * 1e6 == pytest.approx(5 * 0.4 + 3.5)
    assert [row.split("|")[5].strip() for row in shown.splitlines()[2:]] == ["2.00", "3.50", "5.50"]


def test_custom_metrics_are_told_apart_by_name_and_dimensions() -> None:
    def line(source: str) -> str:
        directive = {
            "Namespace": "Rejoinder",
            "Dimensions": [["Stage"], ["Stage", "Source"]],
            "Metrics": [{"Name": "Received", "Unit": "Count"}],
        }
        told = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [directive]}}
        return json.dumps({**told, "Stage": "dev", "Source": source, "Received": 1})

    log = "\n".join([line("twilio"), line("twilio"), line("x"), '{"level": "INFO"}', "START"])

    assert len(metrics.told_in(log)) == 3


def test_the_limit_that_is_reached_first_comes_first() -> None:
    steps = [a_step("api_handler"), a_step(calls=(a_commit(200),))]
    load = projection.load_of(steps, 1e-5, BILLER)

    found = projection.limits(load, LIST)

    assert [limit.rate for limit in found] == sorted(limit.rate for limit in found)
    assert found[0].what.endswith("doubles its peak within 30 minutes: ledger")
    assert found[0].rate == 4_000 / 200
    assert next(x for x in found if "`due`" in x.what).rate == SHARDS * 1_000


def test_a_function_has_the_memory_of_its_own_or_else_of_all(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    told = {
        "lambda_memory_size": 1024,
        "stages": {
            "prod": {
                "lambda_architecture": "arm64",
                "lambda_functions": {"api_handler": {"lambda_memory_size": 2048}, "handle_x": {}},
            }
        },
    }
    config.write_text(json.dumps(told))

    assert deployed.functions("prod", config) == {
        "api_handler": Function(2048, "arm64"),
        "handle_x": Function(1024, "arm64"),
    }


def test_every_function_that_is_deployed_is_known() -> None:
    assert {"api_handler", "handle_interactions", "handle_learn"} <= deployed.functions().keys()


def test_every_price_says_when_it_was_read_and_where() -> None:
    for price in LIST.prices.values():
        assert price.usd >= 0
        assert price.per > 0
        assert price.source.startswith("https://aws.amazon.com/")
        assert len(price.as_of) == len("2026-01")
    assert LIST.free.keys() <= LIST.prices.keys()
