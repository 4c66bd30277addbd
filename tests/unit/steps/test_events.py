"""Events and identifications: recorded, and tied to who did them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import Identification, Interaction
from chalicelib.steps import reading
from chalicelib.steps.rooms import Rooms
from tests.stage import JOE, NOON, Aws, an_event, put_customer, stock_the_shop


def identifies(*who: str, number: str = "9", **traits: Any) -> Interaction:
    return an_event("x", *who, number=number).model_copy(
        update={"body": Identification(traits=traits)}
    )


def owner(rooms: Rooms, identity: str) -> str | None:
    return rooms.customers.resolve([identity]).get(identity)


def test_an_unknown_browser_becomes_an_anonymous_customer(rooms: Rooms) -> None:
    pipeline.respond(an_event("page", "anonymous:a"), rooms)
    pipeline.respond(an_event("page", "anonymous:a", number="2"), rooms)

    customer = reading.customer(owner(rooms, "anonymous:a") or "", rooms)
    assert customer.identities == ("anonymous:a",)
    assert customer.aggregates.interaction_count == 2


def test_identify_makes_a_browser_s_history_the_user_s(rooms: Rooms) -> None:
    stock_the_shop(rooms)
    pipeline.respond(an_event("product_viewed", "anonymous:a", product_id="tb-gtx-44"), rooms)
    pipeline.respond(identifies("user:joe", "anonymous:a", firstName="Joseph"), rooms)

    joe = reading.customer("joe", rooms)
    assert owner(rooms, "anonymous:a") == "joe"
    assert [b.product_id for b in joe.recent] == ["tb-gtx-44"]
    assert joe.aggregates.view_count["shoes/trail"] == 1
    assert joe.profile.first_name == "Joseph"


def test_a_user_id_nobody_has_becomes_that_customer(rooms: Rooms) -> None:
    pipeline.respond(identifies("user:ann", "anonymous:b"), rooms)

    assert reading.customer("ann", rooms).identities == ("user:ann", "anonymous:b")


def test_a_family_s_computer_does_not_merge_two_people(rooms: Rooms) -> None:
    pipeline.respond(identifies("user:joe", "anonymous:a", number="1"), rooms)
    pipeline.respond(identifies("user:ann", "anonymous:a", number="2"), rooms)

    assert owner(rooms, "user:ann") == "ann"
    assert owner(rooms, "anonymous:a") == owner(rooms, "user:joe") == "joe"


def test_somebody_new_on_two_browsers_of_others_takes_neither(rooms: Rooms) -> None:
    pipeline.respond(identifies("user:ann", "anonymous:a", number="1"), rooms)
    pipeline.respond(an_event("page", "anonymous:b", number="2"), rooms)
    pipeline.respond(identifies("user:eve", "anonymous:a", "anonymous:b", number="3"), rooms)

    assert owner(rooms, "user:eve") == "eve"
    assert owner(rooms, "anonymous:a") == "ann"
    assert owner(rooms, "anonymous:b") not in ("eve", "ann")
    pipeline.respond(identifies("user:eve", "anonymous:b", number="4"), rooms)
    assert owner(rooms, "anonymous:b") == "eve"


def test_a_public_key_attaches_no_number_and_no_address(rooms: Rooms) -> None:
    pipeline.respond(identifies("user:eve", phone="+15551230001", email="joe@example.com"), rooms)

    eve = reading.customer("eve", rooms)
    assert eve.identities == ("user:eve",)
    assert eve.attributes == {"claimed_phone": "+15551230001", "claimed_email": "joe@example.com"}
    assert owner(rooms, "phone:+15551230001") is None


@pytest.mark.parametrize(
    ("traits", "kept"),
    [
        ({"birthday": "1986-05-02"}, {}),
        ({"birthday": "no date"}, {"birthday": "no date"}),
        ({"address": {"country": "US", "postalCode": "10001", "city": "NY"}}, {"city": "NY"}),
        ({"address": "1 Main St"}, {}),
        ({"deep": {"a": 1}, "long": "x" * 501, "list": [1, 2], "lists": [[1]]}, {"list": [1, 2]}),
    ],
)
def test_traits_that_do_not_fit_the_profile_are_attributes(
    rooms: Rooms, traits: dict[str, Any], kept: dict[str, Any]
) -> None:
    pipeline.respond(identifies("user:ann", **traits), rooms)

    assert reading.customer("ann", rooms).attributes == kept


def test_two_at_once_lose_nothing_of_either(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is worked on, the other is committed: the first must read again."""
    put_customer(rooms, "joe", JOE)
    view, others = rooms.customers.view, [an_event("page", "user:joe", number="2")]

    def slowly(customer_id: str, **how: Any) -> Any:
        seen = view(customer_id, **how)
        if others:
            pipeline.respond(others.pop(), rooms)
        return seen

    monkeypatch.setattr(rooms.customers, "view", slowly)
    pipeline.respond(an_event("page", "user:joe", number="1"), rooms)

    joe = reading.customer("joe", rooms)
    assert joe.aggregates.interaction_count == 2
    assert len(joe.recent) == 2


def test_an_event_takes_three_calls(rooms: Rooms, aws: Aws) -> None:
    put_customer(rooms, "joe", JOE)
    with aws.watched() as calls:
        pipeline.respond(an_event("page", "user:joe"), rooms)

    assert calls == ["BatchGetItem", "Query", "TransactWriteItems"]


def test_a_duplicate_takes_one_call(rooms: Rooms, aws: Aws) -> None:
    pipeline.respond(an_event("page", "user:joe"), rooms)
    with aws.watched() as calls:
        assert pipeline.respond(an_event("page", "user:joe"), rooms) is None

    assert calls == ["BatchGetItem"]


def test_an_identification_at_the_same_moment_is_no_older_news(rooms: Rooms) -> None:
    pipeline.respond(identifies("user:ann", number="1", firstName="Ann"), rooms)
    pipeline.respond(identifies("user:ann", number="2", firstName="Anne"), rooms)

    ann = reading.customer("ann", rooms)
    assert (ann.profile.first_name, ann.changed_at["profile.first_name"]) == ("Anne", NOON)
