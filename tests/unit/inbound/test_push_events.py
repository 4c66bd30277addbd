"""What a page tells of a browser's notifications, read to what is sound of it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.inbound.push_events import read_properties
from infra.local.carriers.push import subscription

GOOD = subscription("joe")
KEYS = GOOD["keys"]


def read(name: str = "push_subscribed", **changed: Any) -> dict[str, Any]:
    return read_properties(name, {**GOOD, "expirationTime": None, **changed})


def test_what_a_browser_gives_its_page_is_taken_without_anything_else() -> None:
    assert read(anything="else") == GOOD
    assert read("push_unsubscribed") == {"endpoint": GOOD["endpoint"]}


def test_padding_is_taken_off() -> None:
    assert read(keys={"p256dh": KEYS["p256dh"] + "=", "auth": KEYS["auth"] + "=="}) == GOOD


def test_the_words_that_were_agreed_to_go_along() -> None:
    told = read(wording=" Tell me of my orders ", marketing=True)
    assert told == {**GOOD, "wording": "Tell me of my orders", "marketing": True}


@pytest.mark.parametrize("marketing", [False, None, 1, "true", "yes", [True]])
def test_marketing_is_agreed_to_by_true_alone(marketing: Any) -> None:
    assert "marketing" not in read(marketing=marketing, wording="Offers, too")


@pytest.mark.parametrize("wording", [None, "", " ", 7, ["yes"], "x" * 501])
def test_marketing_without_words_is_no_leave(wording: Any) -> None:
    with pytest.raises(ValueError, match="wording"):
        read(marketing=True, wording=wording)


@pytest.mark.parametrize(
    "endpoint",
    [
        None,
        7,
        "",
        "http://fcm.googleapis.com/1",
        "ws://fcm.googleapis.com/1",
        "javascript:alert(1)",
        "https://fcm.googleapis.com/" + "x" * 1_000,
        "https://fcm.googleapis.com/a b",
        'https://fcm.googleapis.com/"',
        "https://fcm.googleapis.com/\n",
        "https://fcm.googleapis.com/☂",
        ["https://fcm.googleapis.com/1"],
    ],
)
@pytest.mark.parametrize("name", ["push_subscribed", "push_unsubscribed"])
def test_an_endpoint_is_an_https_url(name: str, endpoint: Any) -> None:
    with pytest.raises(ValueError, match="endpoint") as refused:
        read(name, endpoint=endpoint)
    assert "googleapis" not in str(refused.value)


@pytest.mark.parametrize(
    "keys",
    [
        None,
        [],
        "keys",
        {},
        {"p256dh": KEYS["p256dh"]},
        {"auth": KEYS["auth"]},
        {**KEYS, "p256dh": KEYS["auth"]},
        {**KEYS, "auth": KEYS["p256dh"]},
        {**KEYS, "p256dh": "A" + KEYS["p256dh"][1:]},
        {**KEYS, "p256dh": KEYS["p256dh"] + "AAAA"},
        {**KEYS, "p256dh": 7, "auth": None},
        {**KEYS, "auth": "☂" * 22},
        {**KEYS, "auth": "A" * 5_000},
        {**KEYS, "auth": "!" * 22},
    ],
)
def test_keys_are_a_browser_s_own(keys: Any) -> None:
    with pytest.raises(ValueError, match="keys"):
        read(keys=keys)


def test_other_events_and_others_events_of_that_name_are_left_alone() -> None:
    assert read_properties("page", {"endpoint": 7}) == {"endpoint": 7}
    assert read_properties("push_subscribed", {"vendor": "x"}) == {"vendor": "x"}
