"""From a draft to what is decided by it, and back, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.flow.http.test_refusals import refusal
from tests.machine import Machine


@pytest.fixture(autouse=True)
def left_as_found(machine: Machine) -> Iterator[None]:
    """The catalog, for the tests of other files."""
    live = machine.call("GET", "/healthz").json()["versions"]["catalog"]
    yield
    for offer_id in ("club-1", "club-2"):
        machine.operate("DELETE", f"/offers/{offer_id}")
    machine.operate("PUT", "/catalog/limits", {})
    assert machine.operate("POST", "/catalog/publish", {"rollback_to": live}).status == 200


def put(machine: Machine, offer_id: str, rule: str, **other: Any) -> list[str]:
    """Keep a draft worth more than any other; answers the warnings."""
    known = {"title": "For the club", "purpose": "service", "value": 10_000, "rule": rule}
    answer = machine.operate("PUT", f"/offers/{offer_id}", {**known, **other})
    assert answer.status == 200, answer.data
    warnings: list[str] = answer.json()["warnings"]
    return warnings


def publish(machine: Machine, **asked: Any) -> dict[str, Any]:
    answer = machine.operate("POST", "/catalog/publish", asked)
    assert answer.status == 200, answer.data
    told: dict[str, Any] = answer.json()
    return told


def best(machine: Machine) -> str:
    """The offer that somebody of the club gets who was never made any."""
    person = machine.somebody(attributes={"club": "publishing"})
    asked = {"identity": f"user:{person.id}", "limit": 1}
    (offer,) = machine.operate("POST", "/decisions", asked).json()["offers"]
    return str(offer["offer_id"])


def test_a_draft_is_published_served_and_rolled_back(machine: Machine) -> None:
    before = best(machine)
    assert put(machine, "club-1", "customer.club == 'publishing'")[0].startswith("customer.club")
    assert best(machine) == before

    told = publish(machine)
    assert (told["added"], told["added_total"]) == (["club-1"], 1)
    assert told["reach"]["sample"] > 40
    (reached,) = told["reach"]["became_reachable"]
    assert (reached["offer_id"], reached["customers"] >= 1) == ("club-1", True)
    assert not any(text.startswith("club-1") for text in told["warnings"])
    assert best(machine) == "club-1"
    health = machine.call("GET", "/healthz").json()
    assert (health["status"], health["refused"]) == ("ok", None)
    assert (health["versions"]["catalog"], health["offers"]) == (told["version"], told["offers"])

    back = publish(machine, rollback=True)
    assert (back["version"], back["removed"]) == (told["previous"], ["club-1"])
    assert best(machine) == before
    again = publish(machine, rollback_to=told["version"])
    assert again["added"] == ["club-1"]
    assert best(machine) == "club-1"


def test_a_doubtful_draft_is_warned_of_and_a_wrong_one_refused(machine: Machine) -> None:
    contradiction = "customer.age > 3 && (customer.age < 2 || customer.age in [])"
    said = put(machine, "club-2", contradiction)
    assert said[0] == "the rule is always false: nobody passes it"
    told = publish(machine)
    assert "club-2: customer.age in [] never holds" in told["warnings"]
    assert told["warnings_total"] == len(told["warnings"])
    assert told["reach"]["became_reachable"] == []

    wrong = {"title": "T", "value": 1, "rule": "customer.age >="}
    error = refusal(machine.operate("PUT", "/offers/club-2", wrong), 400)
    assert (error["details"]["line"], error["details"]["column"]) == (1, 16)
    error = refusal(machine.operate("POST", "/catalog/publish", {"rollback_to": "../x"}), 404)
    assert error["message"] == "there is no such catalog"


def test_contact_limits_are_edited_and_published(machine: Machine) -> None:
    limits = {"overall": [{"times": 100, "days": 7}], "groups": {"Shoes > Trail": []}}
    kept = machine.operate("PUT", "/catalog/limits", limits).json()
    assert kept["groups"] == {"shoes/trail": []}
    assert machine.told("/catalog/limits") == kept
    assert publish(machine)["limits_changed"]
    assert not publish(machine)["limits_changed"]
    unfit: list[dict[str, Any]] = [{"overall": [{"times": 0, "days": 7}]}, {"groups": {"/": []}}]
    for wrong in (*unfit, {"x": 1}):
        refusal(machine.operate("PUT", "/catalog/limits", wrong), 400)
