from __future__ import annotations

import resource
from pathlib import Path

import pytest

from infra.local.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.jsonl"


def read(path: Path) -> tuple[list[list[object]], int]:
    journal = Journal(path)
    found = list(journal.read())
    journal.close()
    return found, journal.damaged


def test_what_was_appended_is_read_in_order(path: Path) -> None:
    journal = Journal(path)
    journal.append([["item", 1], ["item", 2]])
    journal.append([["gone", "ü\n"]])
    journal.close()

    assert read(path) == ([["item", 1], ["item", 2], ["gone", "ü\n"]], 0)


def test_it_is_in_the_systems_hands_at_once(path: Path) -> None:
    """No close, no flush by us afterwards: as after kill -9."""
    journal = Journal(path)
    journal.append([["item", 1]])

    assert path.read_bytes() == b'[["item",1]]\n'
    journal.close()


@pytest.mark.parametrize("torn", [b"[", b'[["item",2]]', b"x" * 200_000])
def test_a_torn_tail_is_cut_off_and_writing_goes_on(torn: bytes, path: Path) -> None:
    journal = Journal(path)
    journal.append([["item", 1]])
    journal.close()
    with path.open("ab") as file:
        file.write(torn)

    journal = Journal(path)
    assert journal.damaged == 1
    journal.append([["item", 3]])
    journal.close()

    assert read(path) == ([["item", 1], ["item", 3]], 0)


def test_a_full_disk_is_an_error_and_spoils_nothing(path: Path) -> None:
    """A limit on the size stands in for the disk: it too takes a part and refuses the rest."""
    journal = Journal(path)
    journal.append([["item", 1]])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    try:
        with pytest.raises(OSError, match=r"part of a line|too large"):
            journal.append([["item", "x" * 100]])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.append([["item", 2]])
    journal.close()

    assert read(path) == ([["item", 1], ["item", 2]], 0)


def test_a_file_that_is_one_torn_line_reads_as_empty(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"[[")

    assert read(path) == ([], 1)


def test_a_damaged_line_in_the_middle_costs_only_itself(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'[["item",1]]\n\xff\x00\n[["item",2]]\n')

    assert read(path) == ([["item", 1], ["item", 2]], 1)


def test_compacting_replaces_all_and_writing_goes_on(path: Path) -> None:
    journal = Journal(path)
    for n in range(300):
        journal.append([["item", n]])
    journal.compact(["item", n] for n in range(250))
    journal.append([["item", "after"]])
    assert journal.size_bytes == path.stat().st_size
    journal.close()

    found, damaged = read(path)
    assert (len(found), damaged) == (251, 0)
    assert len(path.read_bytes().splitlines()) == 3
    assert not path.with_suffix(".new").exists()
