"""What a container serves, when it looks for another version, and who waits for that."""

from __future__ import annotations

import gzip
import logging
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from chalicelib.catalog import CatalogCache
from chalicelib.catalog.published import Open
from chalicelib.catalog.serving import Start, in_background
from chalicelib.decisioning import Catalog, open_catalog
from chalicelib.errors import NotFoundError, PermanentError, TemporaryError
from tests.stage import Aws, Clock

from .conftest import Meddling, Shop
from .published import offer, overwrite, published

Work = Callable[[], None]


def at_once(work: Work) -> None:
    work()


def served(shop: Shop, start: Start = at_once) -> CatalogCache[Catalog]:
    return cache_of(shop, open_catalog, start)


def cache_of(shop: Shop, open_: Open[Catalog], start: Start = at_once) -> CatalogCache[Catalog]:
    return CatalogCache(
        head=shop.catalogs.head,
        open_=lambda version: shop.catalogs.open(version, open_),
        refresh_seconds=30,
        start=start,
    )


def version(cache: CatalogCache[Catalog]) -> str | None:
    return cache.current.version if cache.current else None


@pytest.fixture
def broken() -> list[str]:
    """Holds the error code with which DynamoDB fails, if it does."""
    return []


@pytest.fixture
def shaky(aws: Aws, container: Callable[..., Shop], broken: list[str]) -> Shop:
    def fail() -> None:
        if broken:
            raise ClientError({"Error": {"Code": broken[0]}}, "Query")

    return container(Meddling(aws.dynamodb, "query", fail))


def test_nothing_serves_before_the_first_publication(shop: Shop, clock: Clock) -> None:
    cache = served(shop)
    assert not cache.refresh(clock.now)
    assert cache.current is None
    assert cache.refused is None


def test_the_first_publication_is_waited_for(shop: Shop, clock: Clock) -> None:
    cache = served(shop, start=lambda work: pytest.fail("nothing serves meanwhile"))
    cache.refresh(clock.now)
    first = published(shop, clock, [offer("a")])
    assert not cache.refresh(clock.advance(seconds=14))
    assert cache.refresh(clock.advance(seconds=1))
    assert version(cache) == first.head.version


def test_another_version_is_loaded_beside_the_requests(shop: Shop, clock: Clock) -> None:
    waiting = list[Work]()
    cache = served(shop, start=waiting.append)
    first = published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    second = published(shop, clock, [offer("a", 2)])

    assert not cache.refresh(clock.advance(seconds=14))
    assert waiting == []
    assert not cache.refresh(clock.advance(seconds=1))
    assert not cache.refresh(clock.advance(seconds=1))
    assert len(waiting) == 1
    assert version(cache) == first.head.version
    waiting.pop()()
    assert version(cache) == second.head.version
    assert not cache.refresh(clock.advance(seconds=13))
    assert waiting == []


def test_what_is_published_serves_within_thirty_seconds(shop: Shop, clock: Clock) -> None:
    cache = served(shop)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    clock.advance(seconds=1)
    second = published(shop, clock, [offer("a", 2)])
    for _ in range(29):
        cache.refresh(clock.advance(seconds=1))
    assert version(cache) == second.head.version


def test_a_container_that_was_frozen_waits(shop: Shop, clock: Clock) -> None:
    cache = served(shop, start=lambda work: pytest.fail("it would be stale meanwhile"))
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    second = published(shop, clock, [offer("a", 2)])
    assert cache.refresh(clock.advance(seconds=31))
    assert version(cache) == second.head.version


def test_a_look_that_was_frozen_on_its_way_counts_for_nothing(shop: Shop, clock: Clock) -> None:
    frozen = list[Work]()
    cache = served(shop, start=frozen.append)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    cache.refresh(clock.advance(seconds=20))
    second = published(shop, clock, [offer("a", 2)])
    assert cache.refresh(clock.advance(seconds=20))
    assert version(cache) == second.head.version
    frozen.pop()()
    assert version(cache) == second.head.version


def test_a_container_may_be_told_to_look_at_once(shop: Shop, clock: Clock) -> None:
    cache = served(shop)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    published(shop, clock, [offer("a", 2)])
    assert cache.refresh(clock.now, force=True)
    assert not cache.refresh(clock.now, force=True)


def test_a_clock_that_is_set_back_does_not_stop_it(shop: Shop, clock: Clock) -> None:
    cache = served(shop)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    published(shop, clock, [offer("a", 2)])
    assert cache.refresh(clock.advance(days=-1))


def test_where_no_thread_is_to_be_had_the_request_looks(shop: Shop, clock: Clock) -> None:
    def refuse(work: Work) -> None:
        raise RuntimeError("can't start new thread")

    cache = served(shop, start=refuse)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    published(shop, clock, [offer("a", 2)])
    assert cache.refresh(clock.advance(seconds=15))


def test_the_background_is_a_thread() -> None:
    done, names = threading.Event(), list[str]()

    def work() -> None:
        names.append(threading.current_thread().name)
        done.set()

    in_background(work)
    assert done.wait(10)
    assert names == ["catalog"]


def test_an_own_publication_serves_at_once(shop: Shop, clock: Clock) -> None:
    cache = served(shop)
    cache.refresh(clock.now)
    result = published(shop, clock, [offer("a")])
    cache.note(result.head.version, result.catalog)
    assert cache.current is result.catalog
    assert not cache.refresh(clock.advance(minutes=1))


def test_an_own_publication_is_not_undone_by_a_look_that_began_before_it(
    shop: Shop, clock: Clock
) -> None:
    own = list[str]()

    def slowly(body: object) -> Catalog:
        if own == ["now"]:
            result = published(shop, clock, [offer("a", 3)])
            cache.note(result.head.version, result.catalog)
            own[:] = [result.head.version]
        return open_catalog(body)

    cache = cache_of(shop, slowly)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    published(shop, clock, [offer("a", 2)])
    own.append("now")
    cache.refresh(clock.advance(seconds=15))
    assert [version(cache)] == own


def test_looking_for_news_costs_one_query(shop: Shop, aws: Aws, clock: Clock) -> None:
    cache = served(shop)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    with aws.watched() as calls:
        cache.refresh(clock.advance(minutes=1))
    assert calls == ["Query"]


def bad_bodies() -> Iterator[tuple[str, bytes, str]]:
    other_format = struct.pack("<8sII", b"REJOINDR", 999, 2) + b"{}"
    yield "not-gzip", b"not gzip", "corrupt"
    yield "empty", b"", "corrupt"
    yield "no-catalog", gzip.compress(b"something else, and long enough"), "corrupt"
    yield "empty-catalog", gzip.compress(b""), "corrupt"
    yield "other-format", gzip.compress(other_format), "of another format"


@pytest.mark.parametrize(
    ("body", "said"), [pytest.param(body, said, id=name) for name, body, said in bad_bodies()]
)
def test_an_unreadable_version_is_refused_and_the_last_good_one_serves(
    shop: Shop,
    container: Callable[..., Shop],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    said: str,
) -> None:
    cache = served(shop)
    good = published(shop, clock, [offer("a")]).head.version
    cache.refresh(clock.now)
    bad = published(shop, clock, [offer("a", 2)]).head.version
    overwrite(shop, bad, body)

    with caplog.at_level(logging.ERROR):
        assert not cache.refresh(clock.advance(minutes=1))
    assert version(cache) == good
    assert said in caplog.text
    assert cache.refused is not None
    assert cache.refused.version == bad
    assert said in cache.refused.reason
    fresh = served(container())
    assert fresh.refresh(clock.now)
    assert version(fresh) == good
    assert fresh.refused == cache.refused


@pytest.mark.parametrize("cut", [1, 9, 200])
def test_an_artifact_that_is_cut_off_or_altered_is_refused(
    shop: Shop, clock: Clock, cut: int
) -> None:
    cache = served(shop)
    good = published(shop, clock, [offer("a")]).head.version
    cache.refresh(clock.now)
    bad = published(shop, clock, [offer("a", 2)]).head.version
    whole = shop.artifacts.get(f"catalogs/{bad}.gz")
    altered = bytearray(whole)
    altered[len(whole) - 12] ^= 1
    for body in (whole[:-cut], bytes(altered)):
        overwrite(shop, bad, body)
        cache.refresh(clock.advance(minutes=1))
        assert version(cache) == good


def test_a_version_that_could_not_be_loaded_is_tried_again_at_the_next_look(
    shop: Shop, aws: Aws, clock: Clock
) -> None:
    cache = served(shop)
    published(shop, clock, [offer("a")])
    cache.refresh(clock.now)
    bad = published(shop, clock, [offer("a", 2)]).head.version
    good = shop.artifacts.get(f"catalogs/{bad}.gz")
    overwrite(shop, bad, b"not gzip")
    with aws.watched() as calls:
        for _ in range(14):
            cache.refresh(clock.advance(seconds=1))
        assert calls == []
        cache.refresh(clock.advance(seconds=1))
        assert calls.count("GetObject") == 1
        overwrite(shop, bad, good)
        cache.refresh(clock.advance(seconds=15))
    assert version(cache) == bad
    assert cache.refused is None


def test_an_artifact_that_is_gone_leaves_the_version_before_it(
    shop: Shop, aws: Aws, container: Callable[..., Shop], clock: Clock
) -> None:
    good = published(shop, clock, [offer("a")]).head.version
    gone = published(shop, clock, [offer("a", 2)]).head.version
    aws.s3.delete_object(Bucket=shop.artifacts._bucket, Key=f"catalogs/{gone}.gz")
    fresh = served(container(disk=None))
    fresh.refresh(clock.now)
    assert version(fresh) == good


def test_an_unreadable_first_version_is_an_error_until_it_is_mended(
    shop: Shop, aws: Aws, clock: Clock
) -> None:
    only = published(shop, clock, [offer("a")])
    overwrite(shop, only.head.version, b"not gzip")
    cache = served(shop)
    with pytest.raises(PermanentError):
        cache.refresh(clock.now)
    with aws.watched() as calls, pytest.raises(PermanentError):
        cache.refresh(clock.advance(seconds=1))
    assert calls == []
    published(shop, clock, [offer("a")])
    assert cache.refresh(clock.advance(seconds=14))


def test_two_unreadable_versions_are_an_error(
    shop: Shop, aws: Aws, container: Callable[..., Shop], clock: Clock
) -> None:
    for value in (1, 2):
        head = published(shop, clock, [offer("a", value)]).head
        aws.s3.delete_object(Bucket=shop.artifacts._bucket, Key=f"catalogs/{head.version}.gz")
    with pytest.raises(NotFoundError):
        served(container(disk=None)).refresh(clock.now)


def test_a_fault_while_looking_leaves_what_serves(
    shaky: Shop, broken: list[str], clock: Clock
) -> None:
    cache, fresh = served(shaky), served(shaky)
    live = published(shaky, clock, [offer("a")])
    cache.refresh(clock.now)
    broken.append("InternalServerError")
    assert not cache.refresh(clock.advance(minutes=1))
    assert version(cache) == live.head.version
    with pytest.raises(TemporaryError):
        fresh.refresh(clock.now)
    broken.clear()
    assert fresh.refresh(clock.now)
