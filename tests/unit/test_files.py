"""Files that are read where they are looked at."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from chalicelib.files import opened

BODY = bytes(range(200))


def is_open(path: Path) -> bool:
    return any(fd.exists() and fd.samefile(path) for fd in Path("/proc/self/fd").iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(BODY)
    return made


@pytest.mark.parametrize(
    "part",
    [slice(None), slice(3, 9), slice(-8, None), slice(None, -8), slice(9, 3), slice(190, 900)],
)
def test_a_slice_is_what_bytes_would_give(path: Path, part: slice) -> None:
    found = opened(path)[part]
    assert (bytes(found), len(found)) == (BODY[part], len(BODY[part]))
    assert bytes(found[1:3]) == BODY[part][1:3]


def test_a_removed_file_stays_readable_for_who_has_a_part_of_it(path: Path) -> None:
    part = opened(path)[50:60]
    path.unlink()
    assert bytes(part) == BODY[50:60]


def test_a_file_is_closed_when_no_part_of_it_is_left(path: Path) -> None:
    part = opened(path)[1:2]
    assert is_open(path)
    del part
    gc.collect()
    assert not is_open(path)


def test_there_must_be_a_file(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        opened(path.with_name("other"))
