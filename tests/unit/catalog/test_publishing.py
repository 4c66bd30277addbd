"""Publishing, rolling back, and what containers serve."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.catalog import CatalogCache, Publication, publish, rollback
from chalicelib.errors import (
    ConflictError,
    NotFoundError,
    PayloadError,
    PermanentError,
    TemporaryError,
)
from chalicelib.model import CompiledOffer, Offer, Wording
from tests.stage import Aws, Clock

from .conftest import Meddling, Shop, check_wording, compile_offer

Start = Callable[..., Shop]


def offer(offer_id: str, value: float = 1, **other: Any) -> Offer:
    return Offer(id=offer_id, title="T", value=value, **other)


def published(shop: Shop, clock: Clock, drafts: Iterable[Offer], **options: Any) -> Publication:
    return publish(
        drafts,
        shop.catalogs,
        now=clock.now,
        check_wording=check_wording,
        compile_offer=compile_offer,
        **options,
    )


def served(shop: Shop) -> CatalogCache:
    return CatalogCache(shop.catalogs, refresh_seconds=30)


def overwrite(shop: Shop, version: str, body: bytes) -> None:
    shop.artifacts.put(f"catalogs/{version}.json.gz", body)


def test_nothing_is_live_before_the_first_publication(shop: Shop, clock: Clock) -> None:
    cache = served(shop)
    assert not cache.refresh(clock.now)
    assert cache.current is None
    assert shop.catalogs.head() is None


def test_what_is_published_is_what_containers_serve(shop: Shop, clock: Clock) -> None:
    result = published(shop, clock, [offer("b"), offer("a", rule="customer.age > 1")])
    cache = served(shop)
    assert cache.refresh(clock.now)
    assert cache.current == result.catalog
    assert [c.offer.id for c in result.catalog.offers] == ["a", "b"]
    assert result.catalog.offers[0].rule == {"text": "customer.age > 1"}
    assert (result.head.generation, result.head.offers) == (1, 2)


def test_a_publication_says_what_changed(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a"), offer("b"), offer("c")])
    assert (first.added, first.changed, first.removed) == (("a", "b", "c"), (), ())
    second = published(shop, clock, [offer("a"), offer("b", 2), offer("d")])
    assert (second.added, second.changed, second.removed) == (("d",), ("b",), ("c",))


def test_the_version_is_that_of_the_content(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a"), offer("b")])
    clock.advance(days=1)
    again = published(shop, clock, [offer("b"), offer("a")])
    assert again.catalog == first.catalog
    assert again.head == first.head
    assert published(shop, clock, [offer("a", 3)]).catalog.version != first.catalog.version


def test_the_compiled_rule_is_part_of_the_version(shop: Shop, clock: Clock) -> None:
    def other_compiler(found: Offer) -> CompiledOffer:
        return CompiledOffer(offer=found, rule=["other form"])

    first = published(shop, clock, [offer("a")])
    second = publish(
        [offer("a")],
        shop.catalogs,
        now=clock.now,
        check_wording=check_wording,
        compile_offer=other_compiler,
    )
    assert second.catalog.version != first.catalog.version
    assert second.changed == ()


def test_every_invalid_draft_is_named_and_nothing_published(shop: Shop, clock: Clock) -> None:
    live = published(shop, clock, [offer("a")])
    with pytest.raises(PayloadError) as refused:
        published(
            shop,
            clock,
            [
                offer("a", 2),
                offer("b", rule="customer.age >="),
                offer("c", wording=Wording(sms="Hi {{ name")),
            ],
        )
    assert refused.value.details["offers"] == [
        {"offer_id": "b", "place": "rule", "reason": "a rule ends early", "line": 1, "column": 16},
        {"offer_id": "c", "place": "wording", "reason": "a template does not parse"},
    ]
    assert shop.catalogs.head() == live.head


def test_doubts_are_warnings_and_refuse_nothing(shop: Shop, clock: Clock) -> None:
    result = published(
        shop,
        clock,
        [
            offer("a", products=("gone",)),
            offer("b", ends_at=clock.now - timedelta(days=1)),
            offer("c", ends_at=clock.now + timedelta(days=1)),
        ],
        products={"tb-gtx"},
        warn_of=lambda compiled: ["is never true"] if compiled.offer.id == "c" else [],
    )
    assert result.warnings == (
        "a: products: there is no product gone",
        "b: ends_at: the offer has ended",
        "c: is never true",
    )


def test_of_two_publications_at_once_one_is_told(
    shop: Shop, aws: Aws, container: Start, clock: Clock
) -> None:
    other = list[Publication]()

    def meddle() -> None:
        if not other:
            other.append(published(shop, clock, [offer("b")]))

    late = container(Meddling(aws.dynamodb, "transact_write_items", meddle))
    with pytest.raises(ConflictError):
        published(late, clock, [offer("a")])
    assert shop.catalogs.head() == other[0].head


def test_rolling_back_serves_the_version_before_and_again_returns(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a")])
    second = published(shop, clock, [offer("a", 2), offer("b")])
    back = rollback(shop.catalogs, now=clock.advance(minutes=5))
    assert back.catalog == first.catalog
    assert (back.changed, back.removed) == (("a",), ("b",))
    assert rollback(shop.catalogs, now=clock.now).catalog == second.catalog
    assert [s.version for s in shop.catalogs.history(limit=3)] == [
        second.catalog.version,
        first.catalog.version,
        second.catalog.version,
    ]


def test_rolling_back_goes_to_any_version_by_name(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a")])
    for value in (2, 3):
        published(shop, clock, [offer("a", value)])
    back = rollback(shop.catalogs, now=clock.now, to_version=first.catalog.version)
    assert back.catalog == first.catalog
    assert back.head.generation == 4
    again = rollback(shop.catalogs, now=clock.now, to_version=first.catalog.version)
    assert again.head == back.head


def test_there_is_nothing_to_roll_back_to(shop: Shop, clock: Clock) -> None:
    with pytest.raises(NotFoundError):
        rollback(shop.catalogs, now=clock.now)
    published(shop, clock, [offer("a")])
    with pytest.raises(NotFoundError):
        rollback(shop.catalogs, now=clock.now)
    with pytest.raises(NotFoundError):
        rollback(shop.catalogs, now=clock.now, to_version="0123456789abcdef")


def test_a_container_learns_within_its_refresh_time(
    shop: Shop, container: Start, clock: Clock
) -> None:
    cache = served(shop)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    second = published(container(), clock, [offer("a", 2)])
    assert not cache.refresh(clock.advance(seconds=29))
    assert cache.refresh(clock.advance(seconds=1))
    assert cache.current == second.catalog
    assert not cache.refresh(clock.now, force=True)


def test_an_own_publication_serves_at_once(shop: Shop, clock: Clock) -> None:
    cache = served(shop)
    cache.refresh(clock.now)
    result = published(shop, clock, [offer("a")])
    cache.note(result.catalog)
    assert cache.current == result.catalog
    assert not cache.refresh(clock.advance(minutes=1))


def test_looking_for_news_costs_one_query(shop: Shop, aws: Aws, clock: Clock) -> None:
    cache = served(shop)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    with aws.watched() as calls:
        cache.refresh(clock.advance(minutes=1))
    assert calls == ["Query"]


HEADER = json.dumps({"format": 1, "published_at": "2026-11-18T17:00:00Z"}).encode() + b"\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "unknown format"),
        (b"not gzip", "corrupt"),
        (gzip.compress(HEADER)[:-6], "corrupt"),
        (gzip.compress(HEADER + b"{}\n"), "corrupt"),
        (gzip.compress(b'{"format":2}\n'), "unknown format"),
        (gzip.compress(b"[]\n"), "unknown format"),
        (gzip.compress(b"{\n"), "cannot be read"),
    ],
)
def test_an_unreadable_version_is_refused_and_the_last_good_one_serves(
    shop: Shop,
    container: Start,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    said: str,
) -> None:
    cache = served(shop)
    good = published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    bad = published(shop, clock, [offer("a", 2)])
    overwrite(shop, bad.catalog.version, body)
    with pytest.raises(PermanentError, match=said):
        shop.catalogs.load(bad.catalog.version)
    with caplog.at_level(logging.ERROR):
        assert not cache.refresh(clock.advance(minutes=1))
    assert cache.current == good.catalog
    assert said in caplog.text
    fresh = served(container())
    assert fresh.refresh(clock.now)
    assert fresh.current == good.catalog


def test_an_unreadable_first_version_is_an_error(shop: Shop, clock: Clock) -> None:
    only = published(shop, clock, [offer("a")])
    overwrite(shop, only.catalog.version, b"not gzip")
    with pytest.raises(PermanentError):
        served(shop).refresh(clock.now)


def test_offers_of_an_unknown_shape_are_refused(shop: Shop, clock: Clock) -> None:
    import hashlib

    line = b'{"offer":{},"rule":true}\n'
    version = hashlib.sha256(line).hexdigest()[:16]
    overwrite(shop, version, gzip.compress(HEADER + line))
    with pytest.raises(PermanentError, match="cannot be read"):
        shop.catalogs.load(version)


def test_publishing_mends_an_unreadable_live_version(shop: Shop, clock: Clock) -> None:
    first = published(shop, clock, [offer("a")])
    overwrite(shop, first.catalog.version, b"not gzip")
    again = published(shop, clock, [offer("a")])
    assert again.head == first.head
    assert "could not be compared" in again.warnings[0]
    assert shop.catalogs.load(first.catalog.version) == first.catalog


def test_a_fault_while_refreshing_leaves_what_serves(
    aws: Aws, container: Start, clock: Clock
) -> None:
    broken = list[str]()

    def fail() -> None:
        if broken:
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "Query")

    shop = container(Meddling(aws.dynamodb, "query", fail))
    cache, fresh = served(shop), served(shop)
    live = published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    broken.append("from here on")
    assert not cache.refresh(clock.advance(minutes=1))
    assert cache.current == live.catalog
    with pytest.raises(TemporaryError):
        fresh.refresh(clock.now)


def test_a_store_out_of_reach_is_temporary(aws: Aws, container: Start, clock: Clock) -> None:
    def fail() -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")

    with pytest.raises(TemporaryError):
        published(container(s3=Meddling(aws.s3, "put_object", fail)), clock, [offer("a")])


def test_the_same_offers_give_the_same_bytes(shop: Shop, aws: Aws, clock: Clock) -> None:
    result = published(shop, clock, [offer("b"), offer("a")])
    name = f"catalogs/{result.catalog.version}.json.gz"
    first = shop.artifacts.get(name)
    aws.s3.delete_object(Bucket=shop.artifacts._bucket, Key=name)
    published(shop, clock, [offer("a"), offer("b")])
    assert shop.artifacts.get(name) == first
