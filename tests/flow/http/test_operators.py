"""What operators do over HTTP: who may, decisions, imports, access and erasure."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.flow.http.test_refusals import refusal
from tests.machine import FORM, Machine

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
FEED = "text/tab-separated-values"


def test_every_operators_route_wants_the_token(machine: Machine) -> None:
    document = machine.call("GET", "/openapi.json").json()
    guarded = [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security")
    ]
    assert len(guarded) >= 20
    for method, path in guarded:
        for headers in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": "Basic YTpi"}):
            refusal(machine.call(method, path, b"{}", headers), 401)


def test_a_decision_can_be_asked_for_explained_and_replayed(machine: Machine) -> None:
    person = machine.somebody(interests=["running", "hiking", "cycling", "yoga", "swimming"])
    asked = {"identity": f"phone:{person.phone}", "placement": "home", "limit": 3, "context": {}}
    decided = machine.operate("POST", "/decisions", asked).json()

    assert len(decided["offers"]) == 3
    for offer in decided["offers"]:
        assert set(offer) == {"offer_id", "title", "score", "probability", "selection_probability"}
    scores = [offer["score"] for offer in decided["offers"]]
    assert scores == sorted(scores, reverse=True)
    path = f"/decisions/{decided['decision_id']}"
    told = machine.told(path)
    assert told["customer_id"] == person.id
    assert [o["offer_id"] for o in told["chosen"]] == [o["offer_id"] for o in decided["offers"]]
    assert len(told["chosen"]) + len(told["rejected"]) == 40
    reasons = {"rule", "cap", "budget", "date", "exclusive", "purpose", "score"}
    assert {rejected["reason"] for rejected in told["rejected"]} <= reasons
    assert all(rejected["text"] for rejected in told["rejected"])
    assert told["rejected_total"] == len(told["rejected"])
    assert all(chosen["text"].startswith("chosen: ") for chosen in told["chosen"])
    page = machine.told(f"{path}?limit=5&from=10")
    assert (page["rejected"], page["next_from"]) == (told["rejected"][10:15], 15)
    of_one = machine.told(f"{path}?offer_id={told['rejected'][7]['offer_id']}")
    assert of_one["rejected"] == [told["rejected"][7]]
    again = machine.operate("POST", f"{path}/replay", {}).json()
    assert again["identical"] is True
    assert again["chosen"] == told["chosen"]
    refusal(machine.operate("GET", "/decisions/d-unknown"), 404)
    refusal(machine.operate("GET", f"{path}?offer_id=never-was"), 404)
    refusal(machine.operate("GET", f"{path}?limit=1001"), 400)
    refusal(machine.operate("POST", f"{path}/replay", {"catalog_version": "0" * 16}), 404)


def test_a_decision_about_nobody_known_leaves_no_customer(machine: Machine) -> None:
    asked = {"identity": "anonymous:never-seen", "limit": 1}
    decided = machine.operate("POST", "/decisions", asked).json()
    told = machine.told(f"/decisions/{decided['decision_id']}")
    assert told["customer_id"] is None
    assert machine.operate("GET", "/customers/never-seen").status == 404


def a_row(machine: Machine, **other: Any) -> dict[str, Any]:
    number = machine.number()
    return {"id": f"row-{number}", "identities": [f"email:row{number}@example.com"], **other}


def test_an_import_keeps_the_good_customers_and_names_the_bad_rows(machine: Machine) -> None:
    good, other = a_row(machine, interests=["running"]), a_row(machine)
    lines = [
        json.dumps(good),
        "{not json",
        json.dumps(a_row(machine, profile={"country": "Utopia"})),
        json.dumps(a_row(machine, identities=["phone:12"])),
        json.dumps(other),
    ]
    body = "\n".join(lines).encode() + b"\n" + b'{"id": "\xff"}\n'
    answer = machine.operate(
        "POST", "/customers/import", body=body, content_type="application/x-ndjson"
    )

    told = answer.json()
    assert (answer.status, told["accepted"], told["rejected_count"]) == (200, 2, 4)
    assert [rejected["line"] for rejected in told["rejected"]] == [2, 3, 4, 6]
    assert "profile.country" in told["rejected"][1]["reason"]
    assert "E.164" in told["rejected"][2]["reason"]
    assert "Utopia" not in answer.data.decode()
    assert machine.customer(good["id"])["interests"] == ["running"]
    assert machine.customer(other["id"])["identities"][0] == other["identities"][0]


def test_transactions_are_imported_and_counted_once(machine: Machine) -> None:
    person = machine.somebody()
    table = (
        "id,customer,at,currency,product_id,category,quantity,amount\n"
        f"t-{person.id},{person.id},2026-10-01T10:00:00Z,USD,tempo-43,,1,139.00\n"
        f"u-{person.id},{person.id},yesterday,USD,tempo-43,,1,139.00\n"
    ).encode()
    for _ in range(2):
        answer = machine.operate(
            "POST", "/customers/import?kind=transactions", body=table, content_type="text/csv"
        )
        (rejected,) = answer.json()["rejected"]
        assert rejected["line"] == 3
    totals = machine.customer(person.id)["aggregates"]
    assert (totals["order_count"], float(totals["spend_total"])) == (1, 139.0)
    assert totals["purchase_count"] == {"shoes": 1, "shoes/running": 1}


def test_a_feed_is_taken_row_by_row(machine: Machine) -> None:
    name = f"feed-{machine.number()}"
    rows = [
        "id\ttitle\tprice\tavailability\tlink\tproduct_type\tstock",
        f"{name}-1\tPeak Gaiter\t35.00 USD\tin_stock\thttps://shop.example/g\taccessories\tsoho:4",
        f"{name}-2\tPeak Gaiter\tcheap\tin_stock\thttps://shop.example/g\taccessories\tsoho:4",
        f"{name}-3\t\t35.00 USD\tin_stock\thttps://shop.example/g\taccessories\tsoho:many",
    ]
    body = "\n".join(rows).encode()
    told = machine.operate("POST", "/products/import", body=body, content_type=FEED).json()

    assert (told["accepted"], told["rejected_count"]) == (1, 2)
    assert [rejected["line"] for rejected in told["rejected"]] == [3, 4]
    assert "price" in told["rejected"][0]["reason"]
    product = machine.told(f"/products/{name}-1")
    assert (product["price"], product["stock"]) == ("35.00 USD", {"soho": 4})
    refusal(machine.operate("GET", f"/products/{name}-2"), 404)
    person = machine.somebody()
    known = machine.dealt_with(machine.texts(person.phone, "is the Peak Gaiter in stock?"))
    assert "SoHo" in known["replies"][0]["text"]


def an_offer(**other: Any) -> dict[str, Any]:
    offer = {"title": "An offer", "purpose": "marketing", "rule": "true", "value": 1.0}
    return {**offer, "wording": {"default": "An offer for you."}, **other}


@pytest.mark.parametrize(
    ("wrong", "line", "column"),
    [
        ("customer.age >= ", 1, 17),
        ("true &&\n  customer.age >> 3", 2, 17),
        ("'running' + 3 == 4", 1, 1),
        ("customer.age", 1, 1),
    ],
)
def test_a_rule_that_is_none_is_refused_with_its_place(
    machine: Machine, wrong: str, line: int, column: int
) -> None:
    error = refusal(machine.operate("PUT", "/offers/wrong", an_offer(rule=wrong)), 400)
    assert (error["details"]["line"], error["details"]["column"]) == (line, column)
    refusal(machine.operate("GET", "/offers/wrong"), 404)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "much"},
        {"purpose": "fun"},
        {"ends_at": "tomorrow"},
        {"wording": {"default": "Hello {{ customer.first_name"}},
        {"colour": "red"},
        {"id": "another"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_malformed_offer_is_refused_with_the_reason(
    machine: Machine, wrong: dict[str, Any]
) -> None:
    error = refusal(machine.operate("PUT", "/offers/wrong", an_offer(**wrong)), 400)
    assert next(iter(wrong)) in json.dumps(error)
    refusal(machine.operate("GET", "/offers/wrong"), 404)


def test_a_customer_may_have_everything_and_may_be_forgotten(machine: Machine) -> None:
    person = machine.somebody()
    browser = f"browser-{machine.number()}"
    seen = {"anonymousId": browser, "event": "Product Viewed", "messageId": f"m-{browser}"}
    machine.tracks("track", {**seen, "properties": {"product_id": "tb-gtx-44"}})
    machine.dealt_with(f"web:m-{browser}")
    machine.tracks("alias", {"userId": person.id, "previousId": browser})
    asked = machine.tweets(person.x, ASKS)
    decision_id = machine.dealt_with(asked)["decision_id"]
    machine.settled()

    exported = machine.told(f"/customers/{person.id}/export")
    assert exported["customer"]["id"] == person.id
    assert f"anonymous:{browser}" in exported["customer"]["identities"]
    by_id = {i["interaction_id"]: i for i in exported["interactions"]}
    assert by_id[asked]["received"]["body"]["text"] == ASKS
    assert by_id[asked]["replies"][0]["to"] == person.phone
    assert f"web:m-{browser}" in by_id
    (decision,) = exported["decisions"]
    assert decision["decision_id"] == decision_id
    assert all(rejected["text"] for rejected in decision["rejected"])

    receipt = machine.operate("POST", f"/customers/{person.id}/erasure").json()
    assert receipt["removed"]["interactions"] >= 2
    assert person.phone not in json.dumps(receipt)
    for path in (
        f"/customers/{person.id}",
        f"/customers/{person.id}/export",
        f"/decisions/{decision_id}",
        f"/interactions/{quote(asked, safe='')}",
        f"/interactions/{quote(f'web:m-{browser}', safe='')}",
    ):
        refusal(machine.operate("GET", path), 404)


def test_one_click_leaves_marketing_by_email_and_goes_with_its_customer(machine: Machine) -> None:
    granted = {"channel": "email", "purpose": "marketing", "state": "granted", "source": "form"}
    by_email = {"service": ["email"], "marketing": ["email"]}
    person = machine.somebody(preferences=by_email, consents=[granted])
    known = machine.dealt_with(machine.tweets(person.x, ASKS))
    (mail,) = machine.messages(person.email)
    (leave,) = re.findall(rf"{machine.url}(/u/\w+)", mail["text"])
    (link, *_) = re.findall(rf"{machine.url}/r/(\w+)", mail["text"])

    assert known["replies"][0]["channel"] == "email"
    assert machine.call("GET", leave).status == 200
    assert machine.customer(person.id)["consents"][0]["state"] == "granted"
    refusal(machine.call("POST", f"/u/{link}", b"", {"Content-Type": FORM}), 404)
    one_click = b"List-Unsubscribe=One-Click"
    assert machine.call("POST", leave, one_click, {"Content-Type": FORM}).status == 200
    assert machine.customer(person.id)["consents"][0]["state"] == "denied"
    assert machine.operate("DELETE", f"/customers/{person.id}").status == 200
    refusal(machine.call("GET", leave), 404)
    refusal(machine.call("GET", f"/r/{link}"), 404)


def test_parted_again_only_the_one_who_asks_is_forgotten(machine: Machine) -> None:
    other = machine.somebody()
    number = machine.number()
    linked = {"identities": [f"phone:{other.phone}", f"email:survivor{number}@example.com"]}
    survivor = f"survivor-{number}"
    saved = machine.operate("PUT", f"/customers/{survivor}", linked).json()
    assert saved["merged"] == [other.id]
    assert machine.customer(other.id)["id"] == survivor
    (merge,) = machine.told(f"/customers/{survivor}/merges")["merges"]
    undo = f"/customers/{survivor}/merges/{merge['merge_id']}/undo"
    assert machine.operate("POST", undo).status == 200
    assert machine.operate("DELETE", f"/customers/{survivor}").status == 200

    refusal(machine.operate("GET", f"/customers/{survivor}"), 404)
    view = machine.customer(other.id)
    assert f"phone:{other.phone}" in view["identities"]
    known = machine.dealt_with(machine.texts(other.phone, "Trailblazer GTX in 44?"))
    assert known["customer_id"] == other.id


def test_who_comes_back_after_erasure_is_somebody_new(machine: Machine) -> None:
    person = machine.somebody()
    machine.dealt_with(machine.texts(person.phone, "Trailblazer GTX in 44?"))
    machine.settled()
    assert machine.operate("DELETE", f"/customers/{person.id}").status == 200
    known = machine.dealt_with(machine.texts(person.phone, "how much is the Tempo 5 in 43?"))

    assert known["customer_id"] != person.id
    view = machine.customer(known["customer_id"])
    assert view["identities"] == [f"phone:{person.phone}"]
    assert (view["profile"]["first_name"], view["interests"]) == (None, [])


def test_an_interaction_that_never_came_is_not_found(machine: Machine) -> None:
    refusal(machine.operate("GET", "/interactions/x:404"), 404)
    refusal(machine.operate("POST", "/customers/nobody/erasure"), 404)
