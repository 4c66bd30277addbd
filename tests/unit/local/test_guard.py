from __future__ import annotations

import pytest

from infra.local.guard import find_intrusion
from infra.local.server import HttpRequest

OWN = "http://127.0.0.1:8000"


def request(peer: str = "127.0.0.1", **headers: str) -> HttpRequest:
    stated = {"Host": "127.0.0.1:8000", **headers}
    return HttpRequest("POST", "/", tuple(stated.items()), b"", peer)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Host": "LOCALHOST:8000"},
        {"Host": "[::1]:8000"},
        {"Origin": OWN},
        {"Origin": "http://localhost:8000"},
    ],
)
def test_this_machine_and_our_own_page_come_in(headers: dict[str, str]) -> None:
    assert find_intrusion(request(**headers), OWN) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example:8000"},
        {"Host": "127.0.0.1.nip.io"},
        {"Host": ""},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "http://evil.example"},
    ],
)
def test_others_do_not(headers: dict[str, str]) -> None:
    assert find_intrusion(request(**headers), OWN)


def test_no_page_at_all_comes_in_where_there_is_none_of_our_own() -> None:
    assert find_intrusion(request(Origin=OWN), None)


def test_other_machines_do_not() -> None:
    assert find_intrusion(request("192.168.1.7"), OWN)
