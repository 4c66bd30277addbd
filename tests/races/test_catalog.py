"""Publishing at once, and drawing customers at random: what AWS's own engine makes of both."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import Any

import pytest

from chalicelib.customers import sampling
from chalicelib.errors import ConflictError
from chalicelib.model import Customer
from chalicelib.steps import stocking
from chalicelib.steps.rooms import Rooms
from tests.races.crowd import at_once
from tests.stage import Aws, Clock, an_offer

pytestmark = pytest.mark.races


def test_a_page_may_begin_at_a_key_that_is_no_item(
    shop: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "PAGE", 10)
    people = [Customer(id=f"c{n}", identities=(f"user:c{n}",)) for n in range(300)]
    shop.customers.put_items(i for person in people for i in shop.customers.items_of(person))
    counts = Counter[str]()
    for seed in range(30):
        found = [c.id for c in shop.customers.sample(20, random.Random(seed))]
        assert len(set(found)) == len(found) == 20
        counts.update(found)
    # 600 draws of 301: where they began was the beginning each time, it would be the same 20.
    assert len(counts) > 150


def test_of_few_customers_all_are_drawn(shop: Rooms) -> None:
    assert [c.id for c in shop.customers.sample(200, random.Random(1))] == ["joe"]


def test_of_those_who_publish_at_once_one_is_first_and_the_others_are_told(
    shop: Rooms, aws: Aws, clock: Clock
) -> None:
    containers = [aws.container(shop.settings, clock) for _ in range(4)]
    for container in containers:
        container.refresh()
    shop.offers.put(an_offer(id="other"))

    def publish(container: Rooms) -> Any:
        try:
            return stocking.publish_catalog(stocking.PublishRequest(), container)["version"]
        except ConflictError:
            return None

    answers = at_once([partial(publish, container) for container in containers])
    head = shop.catalogs.head()
    assert head is not None
    assert head.generation == 2
    assert head.version in answers
    assert set(answers) <= {None, head.version}
