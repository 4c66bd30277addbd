"""Marketing keeps to the recipient's own daytime; an answer goes out when it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.model import Channel, InteractionStatus, Purpose
from chalicelib.steps.rooms import Rooms
from tests.stage import Aws, Clock, Recorder

from .scenes import ANN, ASKS, agreed, ann, at, told_of, writes

TOKYO, HONOLULU = "Asia/Tokyo", "Pacific/Honolulu"


def profiled(shop: Rooms, *forgotten: str, **known: Any) -> None:
    """Ann, who agreed to offers by text and e-mail, with another profile."""
    kept = {name: value for name, value in ANN["profile"].items() if name not in forgotten}
    ann(shop, agreed(Channel.SMS, Channel.EMAIL), profile={**kept, **known})


def promotes(recorder: Recorder) -> list[bool]:
    return [reply.purpose is Purpose.MARKETING for reply in recorder.sent]


@pytest.mark.parametrize("zone", ["America/New_York", TOKYO])
@pytest.mark.parametrize(
    ("hour", "minute", "may"), [(7, 59, False), (8, 0, True), (20, 59, True), (21, 0, False)]
)
def test_marketing_goes_out_only_between_0800_and_2100_in_the_recipients_own_time_zone(
    shop: Rooms, recorder: Recorder, clock: Clock, zone: str, hour: int, minute: int, may: bool
) -> None:
    profiled(shop, "country", time_zone=zone)
    clock.now = at(hour, minute, zone)
    writes(shop, ASKS)

    assert promotes(recorder) == [may]


def test_the_hours_are_a_setting_per_country(shop: Rooms, recorder: Recorder, clock: Clock) -> None:
    later = {"marketing_hours_by_country": {"US": "10:00-20:00"}}
    profiled(shop)
    for hour in (9, 10):
        clock.now = at(hour)
        writes(shop.but(settings=shop.settings.model_copy(update=later)), ASKS)

    assert promotes(recorder) == [False, True]


@pytest.mark.parametrize(
    ("known", "forgotten"),
    [({"country": "US"}, ("time_zone",)), ({}, ("time_zone", "country"))],
    ids=["by address and number", "by number"],
)
def test_an_unknown_zone_is_the_most_restrictive_of_what_is_known(
    shop: Rooms, recorder: Recorder, clock: Clock, known: dict[str, str], forgotten: tuple[str, ...]
) -> None:
    profiled(shop, *forgotten, **known)
    clock.now = at(7, 30, HONOLULU)  # 12:30 in New York
    writes(shop, ASKS)
    clock.now = at(8, 30, HONOLULU)
    writes(shop, ASKS)

    assert promotes(recorder) == [False, True]


def test_where_nothing_is_known_of_the_zone_no_marketing_is_sent(
    shop: Rooms, recorder: Recorder
) -> None:
    nowhere = {"birth_date": "1990-01-01"}
    ann(shop, agreed(Channel.EMAIL), identities=["email:ann@example.com"], profile=nowhere)
    told = told_of(shop, writes(shop, ASKS, Channel.EMAIL))

    assert promotes(recorder) == [False]
    assert told["channel"]["marketing_refused"]["reason"] == "zone_unknown"


@pytest.mark.parametrize("hour", [0, 3, 7, 22])
def test_a_service_reply_to_a_question_just_asked_goes_at_any_hour(
    shop: Rooms, recorder: Recorder, clock: Clock, hour: int
) -> None:
    profiled(shop)
    clock.now = at(hour)
    writes(shop, ASKS)

    (reply,) = recorder.sent
    assert reply.channel is Channel.SMS
    assert "Trailblazer" in reply.text


def test_who_says_otherwise_is_answered_by_day(
    shop: Rooms, recorder: Recorder, clock: Clock, aws: Aws
) -> None:
    profiled(shop)
    clock.now = at(22)
    record = writes(shop, f"{ASKS} And please don't text me at night")
    assert record.status is InteractionStatus.DEFERRED
    assert recorder.sent == []

    clock.now = at(23)
    writes(shop, "STOP")
    (confirmation,) = recorder.sent
    assert "Trailblazer" not in confirmation.text
    clock.advance(hours=1)
    writes(shop, "START")

    clock.advance(hours=8)
    pipeline.sweep(shop)
    for interaction in aws.queued():
        pipeline.respond(interaction, shop)

    _, _, reply = recorder.sent
    assert "Trailblazer" in reply.text
    assert "in the daytime only" in reply.text


def test_who_takes_that_back_is_answered_at_any_hour(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    profiled(shop)
    clock.now = at(20)
    writes(shop, "please don't text me at night")
    writes(shop, "you can text me at any time")
    clock.now = at(22)
    writes(shop, ASKS)

    by_day, taken_back, reply = recorder.sent
    assert "in the daytime only" in by_day.text
    assert "at any time of day" in taken_back.text
    assert "Trailblazer" in reply.text
