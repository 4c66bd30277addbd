"""Copies of artifacts on disk: whole or not at all, ours alone, few, and never needed."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.catalog import Artifacts, Copies, PublishedCatalogs
from chalicelib.catalog.copies import Body
from chalicelib.settings import Settings
from tests.stage import Aws, Clock

from .conftest import Shop
from .published import offer, overwrite, published

BODY = bytes(range(256)) * 40


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return tmp_path / "own"


@pytest.fixture
def copies(disk: Path) -> Copies:
    return Copies(disk, "dev")


def keep(copies: Copies, version: str = "v1", tag: str = "tag", body: bytes = BODY) -> Body:
    return copies.keep(version, tag, lambda: [body[:100], body[100:]])


def test_what_is_kept_is_found_by_the_next_process(copies: Copies, disk: Path) -> None:
    assert bytes(keep(copies)) == BODY
    found = Copies(disk, "dev").find("v1")
    assert found is not None
    assert (found.tag, bytes(found.body)) == ("tag", BODY)
    assert Copies(disk, "dev").find("v2") is None
    assert Copies(disk, "prod").find("v1") is None


def test_a_copy_is_for_our_eyes_alone(copies: Copies, disk: Path) -> None:
    keep(copies)
    assert disk.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o077 for path in disk.iterdir()] == [0]


@pytest.mark.parametrize("damage", ["cut", "altered", "emptied"])
def test_a_damaged_copy_is_dropped(copies: Copies, disk: Path, damage: str) -> None:
    keep(copies)
    (path,) = disk.iterdir()
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:-1], "altered": b"x" + whole[1:], "emptied": b""}[damage])
    assert copies.find("v1") is None
    assert list(disk.iterdir()) == []


def test_three_copies_stay_the_last_used_ones(copies: Copies, disk: Path) -> None:
    other = Copies(disk, "dev-2")
    keep(other, "v0")
    for number in range(4):
        keep(copies, f"v{number}")
        for age, path in enumerate(sorted(disk.iterdir(), key=lambda p: p.name)):
            os.utime(path, (age, age))
    assert {path.name for path in disk.glob("dev-v*")} == {"dev-v1.tag", "dev-v2.tag", "dev-v3.tag"}
    assert other.find("v0") is not None


def test_a_dropped_copy_stays_readable_for_who_has_it(copies: Copies) -> None:
    body = keep(copies, "v0")
    for number in range(1, 5):
        keep(copies, f"v{number}")
    assert copies.find("v0") is None
    assert bytes(body) == BODY


def test_without_a_directory_bodies_are_held_in_memory() -> None:
    copies = Copies(None)
    assert keep(copies) == BODY
    assert copies.find("v1") is None


def test_a_directory_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file", tmp_path / "missing" / "own"):
        assert keep(Copies(place, "dev")) == BODY
    assert (tmp_path / "file").read_bytes() == b""


def test_a_directory_that_others_may_write_to_is_not_trusted(disk: Path) -> None:
    disk.mkdir()
    disk.chmod(0o777)
    copies = Copies(disk, "dev")
    assert keep(copies) == BODY
    assert list(disk.iterdir()) == []
    assert copies.find("v1") is None


def test_a_link_in_place_of_the_directory_is_not_followed(tmp_path: Path, disk: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    disk.symlink_to(tmp_path / "theirs")
    assert keep(Copies(disk, "dev")) == BODY
    assert list((tmp_path / "theirs").iterdir()) == []


def test_a_tag_that_is_no_name_of_a_file_is_not_made_one(copies: Copies, disk: Path) -> None:
    assert keep(copies, tag="../x") == BODY
    assert list(disk.iterdir()) == []


def test_a_full_disk_is_done_without(copies: Copies, disk: Path) -> None:
    keep(copies, "v0")
    attempts = list[int]()

    def pieces() -> Iterator[bytes]:
        attempts.append(len(list(disk.glob("dev-*"))))
        if len(attempts) < 3:
            yield BODY[:10]
            raise OSError(errno.ENOSPC, "No space left on device")
        yield BODY

    assert copies.keep("v1", "tag", pieces) == BODY
    assert attempts == [1, 0, 0]
    assert list(disk.iterdir()) == []


def test_what_fails_while_it_is_written_leaves_nothing(copies: Copies, disk: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield BODY[:10]
        raise ValueError("the artifact is corrupt")

    with pytest.raises(ValueError, match="corrupt"):
        copies.keep("v1", "tag", pieces)
    assert list(disk.iterdir()) == []


@pytest.fixture
def catalogs(aws: Aws, settings: Settings, disk: Path) -> PublishedCatalogs:
    """Those of a process that finds the disk as another one left it."""
    artifacts = Artifacts(aws.s3, settings.artifacts_bucket)
    table = settings.name("catalog")
    return PublishedCatalogs(
        aws.dynamodb, table, artifacts=artifacts, copies=Copies(disk, settings.stage)
    )


def test_a_copy_saves_the_download(
    shop: Shop, catalogs: PublishedCatalogs, aws: Aws, clock: Clock
) -> None:
    version = published(shop, clock, [offer("a")]).head.version
    with aws.watched() as calls:
        body = catalogs.load(version)
    assert calls == ["HeadObject"]
    assert bytes(body) == bytes(shop.catalogs.load(version))


def test_a_copy_of_what_is_no_longer_there_does_not_count(
    shop: Shop, catalogs: PublishedCatalogs, aws: Aws, clock: Clock
) -> None:
    version = published(shop, clock, [offer("a")]).head.version
    overwrite(shop, version, gzip.compress(b"another body"))
    assert bytes(catalogs.load(version)) == b"another body"
