"""Publishing, rolling back, and what is kept of it."""

from __future__ import annotations

import gc
import gzip
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.catalog import Publication
from chalicelib.catalog.differences import differences
from chalicelib.decisioning import open_catalog
from chalicelib.errors import (
    ConflictError,
    NotFoundError,
    PayloadError,
    PermanentError,
    TemporaryError,
)
from chalicelib.model import CompiledOffer, ContactLimits
from tests.stage import Aws, Clock

from .conftest import Meddling, Shop
from .published import offer, overwrite, published, rolled_back

Start = Callable[..., Shop]


def test_nothing_is_live_before_the_first_publication(shop: Shop) -> None:
    assert shop.catalogs.head() is None


def test_what_is_published_is_kept_and_live(shop: Shop, container: Start, clock: Clock) -> None:
    result = published(shop, clock, [offer("b"), offer("a", rule="customer.age > 1")])
    assert (result.head.generation, result.head.offers, result.before) == (1, 2, None)
    assert shop.catalogs.head() == result.head
    read = container().catalogs.open(result.head.version, open_catalog)
    assert list(read.ids()) == ["a", "b"]
    assert read.offer("a") == offer("a", rule="customer.age > 1")
    assert read.published_at == clock.now


def test_the_version_is_that_of_the_content(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a"), offer("b")])
    clock.advance(days=1)
    again = published(shop, clock, [offer("b"), offer("a")])
    assert (again.head, again.before) == (first.head, first.head)
    assert again.catalog.published_at == first.catalog.published_at
    assert published(shop, clock, [offer("a", 3)]).head.version != first.head.version


def test_contact_limits_are_part_of_the_version(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a")])
    limits = ContactLimits.model_validate({"overall": [{"times": 3, "days": 7}]})
    second = published(shop, clock, [offer("a")], limits=limits)
    assert second.head.version != first.head.version
    assert second.catalog.limits == limits
    changed = differences(first.catalog, second.catalog)
    assert (changed.limits, changed.changed, bool(changed)) == (True, (), True)


def test_the_differences_are_those_of_the_lines(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("c"), offer("a"), offer("b")]).catalog
    new = differences(None, first)
    assert (new.added, new.changed, new.removed, new.limits) == (("a", "b", "c"), (), (), False)
    second = published(shop, clock, [offer("a"), offer("b", 2), offer("d")]).catalog
    changed = differences(first, second)
    assert (changed.added, changed.changed, changed.removed) == (("d",), ("b",), ("c",))
    assert not differences(second, second)


def test_what_is_wrong_with_the_offers_leaves_all_as_it_was(shop: Shop, clock: Clock) -> None:
    live = published(shop, clock, [offer("a")])

    def offers() -> Iterator[Any]:
        yield offer("b")
        raise PayloadError("an offer is invalid")

    with pytest.raises(PayloadError):
        published(shop, clock, offers())
    assert shop.catalogs.head() == live.head


def test_of_two_publications_at_once_one_is_told(
    shop: Shop, aws: Aws, container: Start, clock: Clock
) -> None:
    other = list[Publication[Any]]()

    def meddle() -> None:
        if not other:
            other.append(published(shop, clock, [offer("b")]))

    late = container(Meddling(aws.dynamodb, "put_item", meddle))
    with pytest.raises(ConflictError):
        published(late, clock, [offer("a")])
    assert shop.catalogs.head() == other[0].head


def test_rolling_back_serves_the_version_before_and_again_returns(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a")])
    second = published(shop, clock, [offer("a", 2), offer("b")])
    clock.advance(minutes=5)
    back = rolled_back(shop, clock)
    assert (back.head.version, back.head.offers) == (first.head.version, 1)
    assert back.before == second.head
    assert rolled_back(shop, clock).head.version == second.head.version
    assert [s.version for s in shop.catalogs.history(limit=3)] == [
        second.head.version,
        first.head.version,
        second.head.version,
    ]


def test_rolling_back_goes_to_any_version_by_name(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a")])
    for value in (2, 3):
        published(shop, clock, [offer("a", value)])
    back = rolled_back(shop, clock, to_version=first.head.version)
    assert (back.head.version, back.head.generation) == (first.head.version, 4)
    again = rolled_back(shop, clock, to_version=first.head.version)
    assert again.head == back.head


@pytest.mark.parametrize("version", ["0123456789abcdef", "../offers", "a/b", "", "x" * 65])
def test_a_version_that_never_was_is_not_found(shop: Shop, clock: Clock, version: str) -> None:
    published(shop, clock, [offer("a")])
    with pytest.raises(NotFoundError):
        rolled_back(shop, clock, to_version=version)


def test_there_is_nothing_to_roll_back_to(shop: Shop, clock: Clock) -> None:
    with pytest.raises(NotFoundError):
        rolled_back(shop, clock)
    published(shop, clock, [offer("a")])
    with pytest.raises(NotFoundError):
        rolled_back(shop, clock)


def test_rolling_back_to_what_cannot_be_read_is_refused(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a")])
    second = published(shop, clock, [offer("a", 2)])
    overwrite(shop, first.head.version, b"not gzip")
    with pytest.raises(PermanentError, match="corrupt"):
        rolled_back(shop, clock)
    assert shop.catalogs.head() == second.head


def test_publishing_mends_an_unreadable_live_version(
    shop: Shop, container: Start, clock: Clock
) -> None:
    first = published(shop, clock, [offer("a")])
    overwrite(shop, first.head.version, gzip.compress(b"REJOINDR of an older format"))
    again = published(shop, clock, [offer("a")])
    assert again.head == first.head
    assert len(container().catalogs.open(first.head.version, open_catalog)) == 1


def test_a_store_out_of_reach_is_temporary(aws: Aws, container: Start, clock: Clock) -> None:
    def fail() -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")

    with pytest.raises(TemporaryError):
        published(container(s3=Meddling(aws.s3, "put_object", fail)), clock, [offer("a")])


def test_the_same_offers_give_the_same_bytes(shop: Shop, aws: Aws, clock: Clock) -> None:
    result = published(shop, clock, [offer("b"), offer("a")])
    name = f"catalogs/{result.head.version}.gz"
    first = shop.artifacts.get(name)
    aws.s3.delete_object(Bucket=shop.artifacts._bucket, Key=name)
    published(shop, clock, [offer("a"), offer("b")])
    assert shop.artifacts.get(name) == first


def test_what_fails_in_opening_is_told_as_corrupt(shop: Shop, clock: Clock) -> None:
    version = published(shop, clock, [offer("a")]).head.version

    def stumble(body: object) -> CompiledOffer:
        raise IndexError("beyond the end")

    with pytest.raises(PermanentError, match="corrupt") as refused:
        shop.catalogs.open(version, stumble)
    assert refused.value.details == {"version": version, "problem": "IndexError"}


def test_the_collector_is_on_again_after_a_publication_and_after_a_refusal(
    shop: Shop, clock: Clock
) -> None:
    def offers() -> Iterator[Any]:
        assert not gc.isenabled()
        yield offer("a")
        raise PayloadError("an offer is invalid")

    with pytest.raises(PayloadError):
        published(shop, clock, offers())
    assert gc.isenabled()
