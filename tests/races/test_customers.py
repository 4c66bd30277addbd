"""Events, identifications and merges of the same people, all at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from chalicelib.customers import linking
from chalicelib.customers.input import CustomerInput, TransactionRow
from chalicelib.customers.orders import import_orders
from chalicelib.customers.rows import Row
from chalicelib.customers.saving import consent, save
from chalicelib.documents import Cancelled
from chalicelib.errors import ConflictError
from chalicelib.model import (
    Channel,
    Consent,
    ConsentState,
    Identification,
    Interaction,
    Profile,
    Purpose,
)
from chalicelib.steps import forgetting, reading
from chalicelib.steps.rooms import Rooms
from tests.races.crowd import Crowd, at_once
from tests.races.engine import Strict
from tests.stage import JOE, NOON, an_event, put_customer

BROWSER = "anonymous:b1"

pytestmark = pytest.mark.races


def viewed(number: int, *who: str) -> Interaction:
    """Product `number` was looked at, that many seconds after noon."""
    event = an_event("product_viewed", *who, number=f"v{number}", product_id=f"p{number}")
    return event.model_copy(update={"occurred_at": NOON + timedelta(seconds=number)})


def bought(order: str, who: str, number: str) -> Interaction:
    return an_event("order_completed", who, number=number, order_id=order, total="10.00")


def identifies(number: int, *who: str) -> Interaction:
    event = an_event("identify", *who, number=f"i{number}")
    return event.model_copy(update={"body": Identification(traits={"plan": "gold"})})


def products_seen(customer_id: str, shop: Rooms) -> list[str]:
    """The latest first."""
    recent = reading.customer(customer_id, shop).recent
    return [done.product_id for done in recent if done.product_id]


def test_sixteen_events_of_one_person_lose_nothing(
    crowd: Crowd, shop: Rooms, dynamodb: Strict
) -> None:
    crowd.work_on([viewed(n, "user:joe") for n in range(16)])

    assert dynamodb.conflicts > 0, "they never met"
    joe = reading.customer("joe", shop)
    assert joe.aggregates.interaction_count == 16
    assert products_seen("joe", shop) == [f"p{n}" for n in reversed(range(16))]
    assert joe.aggregates.last_seen_at == NOON + timedelta(seconds=15)


def test_an_order_told_eight_times_counts_once_and_others_all_count(
    crowd: Crowd, shop: Rooms
) -> None:
    told = [bought("o-same", "user:joe", f"s{n}") for n in range(8)]
    others = [bought(f"o-{n}", "user:joe", f"o{n}") for n in range(8)]
    crowd.work_on([*told, *others])

    joe = reading.customer("joe", shop)
    assert joe.aggregates.order_count == 9
    assert joe.aggregates.spend_total == 90
    assert {order.id for order in joe.orders} == {"o-same", *(f"o-{n}" for n in range(8))}


def test_an_identification_among_events_makes_one_customer_with_all_of_them(
    crowd: Crowd, shop: Rooms
) -> None:
    crowd.work_on(
        [
            *(viewed(n, BROWSER) for n in range(6)),
            *(viewed(n, "user:ann") for n in range(6, 9)),
            *(identifies(n, "user:ann", BROWSER) for n in range(2)),
            *(viewed(n, "user:ann", BROWSER) for n in range(9, 12)),
        ]
    )

    assert set(shop.customers.resolve(["user:ann", BROWSER]).values()) == {"ann"}
    ann = reading.customer("ann", shop)
    assert ann.aggregates.interaction_count == 14
    assert products_seen("ann", shop) == [f"p{n}" for n in reversed(range(12))]
    assert ann.attributes["plan"] == "gold"


def test_a_browser_claimed_by_eight_users_is_one_s_and_merges_nobody(
    crowd: Crowd, shop: Rooms
) -> None:
    users = [f"user:u{n}" for n in range(8)]
    crowd.work_on([identifies(n, user, BROWSER) for n, user in enumerate(users)])

    assert shop.customers.resolve(users) == {user: user.removeprefix("user:") for user in users}
    (owner,) = shop.customers.resolve([BROWSER]).values()
    for user in users:
        customer = reading.customer(user.removeprefix("user:"), shop)
        assert customer.aggregates.interaction_count == 1
        assert (BROWSER in customer.identities) is (customer.id == owner)


def test_four_merges_among_events_of_all_lose_nothing_of_anybody(crowd: Crowd, shop: Rooms) -> None:
    others = ["ann", "bob", "cat", "dan"]
    for n, other in enumerate(others):
        put_customer(shop, other, {"identities": [f"card:{n}"]})
    crowd.work_on(
        [
            *(viewed(n, f"card:{n % 4}") for n in range(12)),
            *(bought(f"o-{n}", f"card:{n}", f"o{n}") for n in range(4)),
            bought("o-joe", "user:joe", "o-joe"),
        ],
        beside=[partial(merge, "joe", other, shop) for other in others],
    )

    known = ["user:joe", *(f"user:{other}" for other in others), *(f"card:{n}" for n in range(4))]
    assert set(shop.customers.resolve(known).values()) == {"joe"}
    joe = reading.customer("joe", shop)
    assert joe.aggregates.interaction_count == 17
    assert joe.aggregates.order_count == 5
    assert {order.id for order in joe.orders} == {"o-joe", *(f"o-{n}" for n in range(4))}
    assert products_seen("joe", shop) == [f"p{n}" for n in reversed(range(12))]
    assert len(linking.merges_of(shop.customers, "joe")) == 4


def test_two_merged_into_each_other_at_once_become_one(crowd: Crowd, shop: Rooms) -> None:
    put_customer(shop, "ann", {"identities": ["card:9"]})

    def merged(survivor: str, other: str) -> str | None:
        try:
            merge(survivor, other, shop)
        except ConflictError:
            return None
        return survivor

    pairs = [("joe", "ann"), ("ann", "joe")] * 4
    (survivor,) = filter(None, at_once([partial(merged, *pair) for pair in pairs]))
    assert reading.customer("joe", shop).id == reading.customer("ann", shop).id == survivor
    assert set(shop.customers.resolve(["user:joe", "card:9"]).values()) == {survivor}
    assert list(shop.customers.items(survivor, "merging#")) == []


def test_what_operators_say_among_events_is_not_lost(crowd: Crowd, shop: Rooms) -> None:
    stores = [container.customers for container in crowd.containers(3)]
    no = Consent(
        channel=Channel.EMAIL,
        purpose=Purpose.MARKETING,
        state=ConsentState.DENIED,
        source="one-click unsubscribe",
        at=NOON,
    )
    stated = CustomerInput.model_validate({**JOE, "interests": ["chess"]}).to_customer("joe", NOON)
    order = TransactionRow(id="till-1", customer="user:joe", at=NOON, total=Decimal(5))
    rows = [Row(line=2, value=order)]
    crowd.work_on(
        [viewed(n, "user:joe") for n in range(12)],
        beside=[
            partial(consent, stores[0], "joe", no, NOON),
            partial(save, stores[1], stated, NOON),
            lambda: list(import_orders(stores[2], rows, NOON)),
        ],
    )

    joe = reading.customer("joe", shop)
    assert joe.consent(Channel.EMAIL, Purpose.MARKETING) == no
    assert joe.interests == ("chess",)
    assert [held.id for held in joe.orders] == ["till-1"]
    assert joe.aggregates.order_count == 1
    assert joe.aggregates.interaction_count == 12


def test_an_erasure_among_events_leaves_nothing_of_before(crowd: Crowd, shop: Rooms) -> None:
    for n in range(20, 24):
        crowd.deliver(viewed(n, "user:joe"), shop)
    (container,) = crowd.containers(1)
    crowd.work_on(
        [viewed(n, "user:joe") for n in range(8)],
        beside=[partial(forgetting.erase_customer, "joe", container)],
    )

    assert shop.customers.resolve(["x:1234", "phone:+15551230001"]) == {}
    again = shop.customers.view("joe")
    if again is not None:
        assert again.profile == Profile()
        assert again.aggregates.interaction_count <= 8


def merge(survivor: str, other: str, shop: Rooms) -> None:
    """Again whenever somebody else was first, as an operator's call does."""
    while True:
        try:
            linking.tie(shop.customers, survivor, other, NOON)
        except Cancelled:
            continue
        return
