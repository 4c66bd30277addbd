from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.customers.rows import CustomerRow, Row, read_customers, read_transactions
from chalicelib.errors import PayloadError
from chalicelib.model import Channel, ConsentState, Purpose

NOW = datetime(2026, 11, 18, 0, 10, tzinfo=UTC)
HEADER = "id,identities,first_name,time_zone,interests,prefer_service,consents,tier,kids\n"
ORDERS = "id,customer,at,store_id,product_id,category,quantity,amount,currency\n"


def customers(*lines: str | bytes, header: str | bytes = HEADER) -> list[Row[CustomerRow]]:
    return list(read_customers([header, *lines], "csv"))


def good(rows: list[Row[CustomerRow]]) -> list[CustomerRow]:
    return [row.value for row in rows if row.value is not None]


def bad(rows: list[Any]) -> dict[int, str]:
    return {row.line: row.reason for row in rows if row.value is None}


def test_a_csv_row_says_everything_that_json_can() -> None:
    header = (
        "id,identities,first_name,last_name,birth_date,country,language,time_zone,postcode,"
        "latitude,longitude,interests,prefer_service,prefer_marketing,consents,"
        "x_linked_with_opt_in,tier,household_size,vip,ratio\n"
    )
    row = (
        "joe,x:1234 phone:+15551230001;email:Joe@example.com,Joe,Doe,1986-05-02,US,en,"
        "America/New_York,10001,40.75,-73.99,running; hiking,sms,sms;email,"
        "sms:marketing:granted:web form:2026-03-01T10:00:00Z;email:marketing:denied,"
        "true,gold,3,true,0.5\n"
    )
    written = {
        "id": "joe",
        "identities": ["x:1234", "phone:+15551230001", "email:joe@example.com"],
        "profile": {
            "first_name": "Joe",
            "last_name": "Doe",
            "birth_date": "1986-05-02",
            "country": "US",
            "language": "en",
            "time_zone": "America/New_York",
            "postcode": "10001",
            "location": [40.75, -73.99],
        },
        "attributes": {"tier": "gold", "household_size": 3, "vip": True, "ratio": 0.5},
        "interests": ["running", "hiking"],
        "preferences": {"service": ["sms"], "marketing": ["sms", "email"]},
        "consents": [
            {
                "channel": "sms",
                "purpose": "marketing",
                "state": "granted",
                "source": "web form",
                "at": "2026-03-01T10:00:00Z",
            },
            {"channel": "email", "purpose": "marketing", "state": "denied", "source": "import"},
        ],
        "x_linked_with_opt_in": True,
    }
    [from_csv] = good(customers(row, header=header))
    [from_json] = list(read_customers([json.dumps(written)], "jsonl"))
    assert from_csv == from_json.value


def test_an_empty_cell_is_unknown_and_a_postcode_keeps_its_zero() -> None:
    [row] = good(customers("a,,,,,,,,02116\n"))
    assert row.identities == ()
    assert row.profile.first_name is None
    assert row.attributes == {"kids": "02116"}


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    rows = customers(b"a,,Ann,,,,,,\r\n", header=b"\xef\xbb\xbf" + HEADER.encode())
    assert [row.profile.first_name for row in good(rows)] == ["Ann"]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_breaks() -> None:
    rows = customers('a,,"Ann ""A""', ', Jr.",,,,,,\n', "b,,Bob,,,,,,\n")
    assert [row.profile.first_name for row in good(rows)] == ['Ann "A", Jr.', "Bob"]
    assert [row.line for row in rows] == [2, 4]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"b,,B\xff,,,,,,\n", "the line is not UTF-8"),
        ("b,,B\0,,,,,,\n", "the line has a NUL character"),
        ("b," + "x" * 70_000 + ",,,,,,,\n", "the line is over 65536 characters"),
        ("b,,B\n", "the line has 3 cells, the header 9"),
        ('b,,"B"x,,,,,,\n', "the line is not CSV"),
        ('b,,"B,,,,,,\n', "a quote is not closed"),
        ("b,,B,Mars/Olympus,,,,,\n", "profile: time_zone is not a name of the IANA"),
        ("b,x:77,B,,,,,,\n", "an x identity needs the customer's opt-in"),
        ("b,telegram:1,B,,,,,,\n", "identities.0: an identity is namespace:value"),
        ("b,,B,,,fax,,,\n", "preferences.service.0: Input should be"),
        ("b,,B,,,,sms:granted,,\n", "consents: written channel:purpose:state"),
        (",,B,,,,,,\n", "id: Field required"),
        ("../b,,B,,,,,,\n", "id: String should match pattern"),
        ("a,,B,,,,,,\n", "its id or an identity of it stands on line 2 already"),
        ("b,phone:+1 555 123,B,,,,,,\n", "identities.0: a phone identity is in E.164"),
        ("b,phone:+15551230009,B,,,,,,\n", "its id or an identity of it stands on line 2"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_are_kept(line: str | bytes, reason: str) -> None:
    rows = customers("a,phone:+15551230009,Ann,,,,,,\n", line, "c,,Cem,,,,,,\n")
    assert [row.id for row in good(rows)] == ["a", "c"]
    assert list(bad(rows)) == [3]
    assert bad(rows)[3].startswith(reason)


def test_a_reason_holds_nothing_that_was_sent() -> None:
    secret = "phone:+1555SECRET"
    lines = [
        json.dumps({"id": "a", "identities": [secret]}),
        json.dumps({"id": "b", "profile": {"birth_date": "SECRET"}}),
        json.dumps({"id": "c", "consents": [{"channel": "SECRET"}]}),
        "SECRET",
    ]
    rows = list(read_customers(lines, "jsonl"))
    assert len(bad(rows)) == 4
    assert not any("SECRET" in reason for reason in bad(rows).values())


def test_a_stray_quote_costs_only_its_own_line() -> None:
    lines = ['x,,5" nail,,,,,,\n', *(f"c{n},,C,,,,,,\n" for n in range(120))]
    rows = customers(*lines)
    assert bad(rows) == {2: "a quote is not closed"}
    assert len(good(rows)) == 120


@pytest.mark.parametrize(
    "line",
    ["[1]", "{", '{"id": "b", "attributes": {"n": NaN}}', "[" * 100_000, '{"id":"b","extra":1}'],
)
def test_a_bad_json_line_is_named_and_its_neighbours_are_kept(line: str) -> None:
    rows = list(read_customers(['{"id": "a"}', line, "", '{"id": "c"}'], "jsonl"))
    assert [row.id for row in good(rows)] == ["a", "c"]
    assert list(bad(rows)) == [2]


def test_a_number_beyond_floats_is_no_json() -> None:
    line = '{"id": "b", "attributes": {"n": 1e999}}'
    assert bad(list(read_customers([line], "jsonl"))) == {1: "the line is not JSON"}


@pytest.mark.parametrize("name", ["household size", "", "tier-2", "x" * 65])
def test_an_attribute_that_no_rule_could_name_is_refused(name: str) -> None:
    [row] = list(read_customers([json.dumps({"id": "a", "attributes": {name: 1}})], "jsonl"))
    assert (
        row.reason
        == "attributes: an attribute's name is letters, digits and _, at most 64 of" + (" them")
    )


@pytest.mark.parametrize(
    ("header", "details"),
    [
        ("name,tier\n", {"missing": ["id"], "unknown": []}),
        ("id,tier,tier\n", {"missing": [], "unknown": []}),
    ],
)
def test_an_unusable_header_refuses_the_file(header: str, details: dict[str, Any]) -> None:
    with pytest.raises(PayloadError) as refused:
        customers("a,,\n", header=header)
    assert refused.value.details == details


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('{"a": "\\ud800"}', "attributes: attributes are what JSON can hold"),
        (json.dumps({"a": "x" * 33_000}), "attributes: attributes are at most 32768 bytes of JSON"),
    ],
)
def test_attributes_that_could_not_be_kept_are_refused(attributes: str, reason: str) -> None:
    [row] = list(read_customers([f'{{"id": "a", "attributes": {attributes}}}'], "jsonl"))
    assert row.reason == reason


def test_a_location_is_two_numbers() -> None:
    rows = customers("a,1,\n", "b,1,2\n", header="id,latitude,longitude\n")
    assert bad(rows) == {2: "profile.location.1: Input should be a valid number"}
    assert [row.profile.location for row in good(rows)] == [(1.0, 2.0)]


def test_a_header_that_is_not_text_refuses_the_file() -> None:
    with pytest.raises(PayloadError, match="NUL"):
        customers("a\n", header="id,\0\n")


def test_a_column_that_is_not_known_refuses_a_file_of_transactions() -> None:
    with pytest.raises(PayloadError) as refused:
        list(read_transactions(["id,customer,at,prize\n"], "csv"))
    assert refused.value.details == {"missing": [], "unknown": ["prize"]}


def test_an_empty_file_has_no_rows() -> None:
    assert list(read_customers([], "csv")) == []
    assert list(read_transactions(["\n"], "csv")) == []


def test_consents_without_a_time_are_dated_and_the_newest_stands() -> None:
    cells = "sms:marketing:granted;sms:marketing:denied:desk:2026-03-01T10:00:00Z"
    [row] = good(customers(f"a,,,,,,{cells},,\n"))
    customer = row.customer(NOW)
    assert [(c.state, c.source, c.at) for c in customer.consents] == [
        (ConsentState.GRANTED, "import", NOW)
    ]
    assert customer.identities == ("user:a",)
    assert customer.consent(Channel.SMS, Purpose.MARKETING) is not None


def test_a_consent_needs_its_source() -> None:
    consent = {"channel": "sms", "purpose": "marketing", "state": "granted"}
    [row] = list(read_customers([json.dumps({"id": "a", "consents": [consent]})], "jsonl"))
    assert row.reason == "consents.0.source: Field required"


def orders(*lines: str) -> list[Row[Any]]:
    return list(read_transactions([ORDERS, *lines], "csv"))


def test_the_rows_of_one_order_are_one_order() -> None:
    rows = orders(
        "o1,joe,2026-04-18T15:22:00Z,broadway,tb-2-44,Shoes > Trail,1,119.90,USD\n",
        "o1,joe,2026-04-18T15:22:00Z,broadway,sock-m,,2,36.00,USD\n",
        "o2,phone:+1 (555) 123-0002,2026-04-19T10:00:00+02:00,,,a//b,0.5,7,\n",
    )
    first, second = [row.value for row in rows if row.value is not None]
    assert [row.line for row in rows] == [2, 4]
    assert first.customer == "user:joe"
    assert second.customer == "phone:+15551230002"
    assert first.order.total == Decimal("155.90")
    assert [(line.category, line.quantity) for line in first.order.lines] == [
        ("shoes/trail", 1),
        (None, 2),
    ]
    assert second.order.at == datetime(2026, 4, 19, 8, tzinfo=UTC)
    assert second.order.lines[0].category == "a/b"
    assert second.order.currency is None


@pytest.mark.parametrize(
    "amount", ["1000000000", "NaN", "1e3", "12,5", "-", "Infinity", "1.1234567", "1_0"]
)
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    rows = orders(f'o1,joe,2026-04-18,,p,,1,"{amount}",USD\n', "o2,joe,2026-04-18,,p,,1,-3.5,USD\n")
    assert bad(rows) == {2: "lines.0.amount: an amount is written 129.90 and lies below 1000000000"}
    assert rows[1].value is not None
    assert rows[1].value.order.total == Decimal("-3.5")


def test_an_order_with_a_bad_row_is_refused_whole() -> None:
    """Half an order would have a wrong total, and its id would bar the right one."""
    rows = orders(
        "o1,joe,2026-04-18,,p,,1,5,USD\n",
        "o1,joe,2026-04-18,,p,,-1,5,USD\n",
        "o2,joe,2026-04-18,,p,,1,5,USD\n",
    )
    assert bad(rows) == {
        2: "its order is refused for line 3",
        3: "lines.0.quantity: Input should be greater than or equal to 0",
    }
    assert [row.line for row in rows if row.value] == [4]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_row_that_cannot_be_read_refuses_its_order_too(place: int) -> None:
    lines = ["o1,joe,2026-04-18,,p,,1,5,USD\n"] * 2
    lines.insert(place, "o1,joe\n")
    rows = orders(*lines, "o2\n", "o3,joe,2026-04-18,,p,,1,5,USD\n", ",,\n")
    reasons = bad(rows)
    assert list(reasons) == [2, 3, 4, 5, 7]
    assert reasons[2 + place] == "the line has 2 cells, the header 9"
    assert len({reasons[line] for line in (2, 3, 4)}) == 2
    assert [row.line for row in rows if row.value] == [6]


def test_a_row_without_an_order_id_is_refused_alone() -> None:
    good_row = "o1,joe,2026-04-18,,p,,1,5,USD\n"
    rows = orders(good_row, ",joe,2026-04-18,,p,,1,5,USD\n", good_row.replace("o1", "o2"))
    assert bad(rows) == {3: "id: Field required"}


def test_the_rows_of_an_order_agree() -> None:
    rows = orders("o1,joe,2026-04-18,,p,,1,5,USD\n", "o1,ann,2026-04-18,,p,,1,5,USD\n")
    assert bad(rows)[3].startswith("it differs from its order's first line")
    assert bad(rows)[2] == "its order is refused for line 3"


@pytest.mark.parametrize("at", ["1776500000", "yesterday", "2026-13-01", ""])
def test_a_time_is_written_in_iso(at: str) -> None:
    assert list(bad(orders(f"o1,joe,{at},,p,,1,5,USD\n"))) == [2]


def test_an_order_that_comes_twice_is_refused_the_second_time() -> None:
    one, two = "o1,joe,2026-04-18,,p,,1,5,USD\n", "o2,joe,2026-04-18,,p,,1,5,USD\n"
    assert bad(orders(one, two, one)) == {4: "its id or an identity of it stands on line 2 already"}


def test_json_lines_hold_whole_orders() -> None:
    order = {
        "id": "o1",
        "customer": "joe",
        "at": "2026-04-18T15:22:00Z",
        "total": 9.99,
        "lines": [{"product_id": "p", "amount": "12.00"}],
    }
    rows = list(read_transactions([json.dumps(order), '{"id": "o2"}', "nonsense"], "jsonl"))
    assert rows[0].value is not None
    assert rows[0].value.order.total == Decimal("9.99")
    assert bad(rows) == {
        2: "customer: Field required; at: Field required",
        3: "the line is not JSON",
    }


@given(st.lists(st.one_of(st.text(), st.binary()), max_size=8))
def test_no_line_whatever_stops_the_reading(lines: list[str | bytes]) -> None:
    good_row = "zz,,Zoe,,,,,,\n"
    rows = list(read_customers([HEADER, *lines, "\n", good_row], "csv"))
    assert all((row.value is None) != (row.reason is None) for row in rows)
    assert any(row.value is not None and row.value.id == "zz" for row in rows)


def test_reading_is_lazy() -> None:
    def endless() -> Any:
        yield HEADER
        for n in range(10**9):
            yield f"c{n},,,,,,,,\n"

    assert [row.line for row in islice(read_customers(endless(), "csv"), 3)] == [2, 3, 4]
