"""Two purposes: the answer is service, whatever promotes needs consent."""

from __future__ import annotations

from chalicelib.model import Channel, Purpose
from chalicelib.steps.rooms import Rooms
from tests.stage import Clock, Recorder

from .scenes import ASKS, OFFERED, agreed, ann, at, told_of, writes


def test_a_service_reply_answers_what_was_just_asked(shop: Rooms, recorder: Recorder) -> None:
    ann(shop)
    writes(shop, ASKS)

    (reply,) = recorder.sent
    assert (reply.channel, reply.to) == (Channel.SMS, "+15551230077")
    assert reply.purpose is Purpose.SERVICE
    assert "Trailblazer GTX in 44 is in stock" in reply.text


def test_a_marketing_message_needs_consent_for_that_channel(
    shop: Rooms, recorder: Recorder
) -> None:
    ann(shop, agreed(Channel.EMAIL))
    writes(shop, ASKS)
    writes(shop, ASKS, Channel.EMAIL)

    by_text, by_mail = recorder.sent
    assert by_text.purpose is Purpose.SERVICE
    assert OFFERED not in by_text.text
    assert by_mail.purpose is Purpose.MARKETING
    assert OFFERED in by_mail.text


def test_a_reply_carries_both_only_where_both_are_allowed(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    ann(shop, agreed(Channel.SMS))
    clock.now = at(22)
    writes(shop, ASKS)
    clock.now = at(23, zone="UTC")  # 18:00 where she is
    writes(shop, ASKS)

    alone, both = recorder.sent
    assert "Trailblazer" in alone.text
    assert OFFERED not in alone.text
    assert "Trailblazer" in both.text
    assert OFFERED in both.text


def test_where_the_offer_is_not_allowed_it_is_left_out_and_the_answer_goes_out(
    shop: Rooms, recorder: Recorder
) -> None:
    ann(shop, agreed(Channel.SMS, state="denied"))
    told = told_of(shop, writes(shop, ASKS))

    assert "in stock" in recorder.sent[0].text
    assert OFFERED not in recorder.sent[0].text
    assert told["channel"]["marketing_refused"]["text"] == "they refused marketing there"
