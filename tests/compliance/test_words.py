"""The words by which they stop, start and ask for help, and what a refusal does."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.inbound import twilio
from chalicelib.model import Channel, Purpose
from chalicelib.steps.rooms import Rooms
from tests.contracts.inbound.senders import SETTINGS, from_twilio, payload
from tests.stage import Clock, Recorder

from .scenes import ASKS, agreed, ann, is_back, said_of, state_of, worked, writes

STOPS = (
    *("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT"),
    *("REMOVE", "TD", "ARRET"),
)


def states(shop: Rooms, channel: Channel = Channel.SMS, **of: Any) -> set[str | None]:
    return {state_of(shop, channel, purpose, **of) for purpose in Purpose}


@pytest.mark.parametrize("word", STOPS)
def test_every_opt_out_word_counts_in_any_case_and_with_punctuation(shop: Rooms, word: str) -> None:
    for n, typed in enumerate((word, word.lower(), f" {word.title()}. ", f'"{word}"!!')):
        stranger = writes(shop, typed, sender=f"phone:+1555124000{n}").customer_id
        assert states(shop, customer_id=stranger) == {"denied"}, typed


@pytest.mark.parametrize(
    "text",
    [
        "please stop texting me",
        "Take me off your list, I never signed up for this",
        "no me escriban más",
        "arrêtez de m'envoyer des messages",
        "bitte keine Nachrichten mehr",
    ],
)
def test_plain_text_that_clearly_means_it_is_an_opt_out(shop: Rooms, text: str) -> None:
    ann(shop, agreed(Channel.SMS))
    writes(shop, text)

    assert states(shop) == {"denied"}


@pytest.mark.parametrize("word", ["START", "unstop"])
def test_start_and_unstop_opt_in_again(
    shop: Rooms, recorder: Recorder, clock: Clock, word: str
) -> None:
    ann(shop)
    writes(shop, "STOP")
    clock.advance(seconds=1)
    writes(shop, word)
    writes(shop, ASKS)

    assert states(shop) == {"granted"}
    assert "Trailblazer" in recorder.sent[-1].text


def test_yes_is_no_opt_in_where_none_was_asked(shop: Rooms) -> None:
    ann(shop)
    writes(shop, "YES")

    assert states(shop) == {None}


@pytest.mark.parametrize("word", ["HELP", "info"])
def test_help_and_info_name_brand_way_out_rates_and_support(
    shop: Rooms, recorder: Recorder, word: str
) -> None:
    writes(shop, word)

    (reply,) = recorder.sent
    for fact in ("RetailerXYZ", "STOP", "rates", "help@retailerxyz.example"):
        assert fact in reply.text


def test_what_the_provider_answered_is_recorded_and_not_answered_again(
    shop: Rooms, recorder: Recorder
) -> None:
    """Twilio's `OptOutType`, as it comes off the wire."""
    request = from_twilio(payload("twilio/opt_out.txt"))
    (said,) = twilio.parse(request, SETTINGS, shop.clock()).interactions
    record = worked(shop, said)

    assert states(shop, customer_id=record.customer_id) == {"denied"}
    assert recorder.sent == []


def test_one_confirmation_without_promotion_and_then_silence(
    shop: Rooms, recorder: Recorder
) -> None:
    ann(shop, agreed(Channel.SMS))
    for text in ("STOP", "stop", "I said stop"):
        writes(shop, text)
    is_back(shop)

    (reply,) = recorder.sent
    assert reply.purpose is Purpose.SERVICE
    assert reply.links == ()
    assert "unsubscribed" in reply.text


@pytest.mark.parametrize(
    "here", [Channel.SMS, Channel.WHATSAPP, Channel.EMAIL, Channel.X_DM, Channel.X_REPLY]
)
def test_a_revocation_on_any_channel_is_honoured_at_once(shop: Rooms, here: Channel) -> None:
    ann(shop, agreed(here), agreed(here, purpose=Purpose.SERVICE))
    writes(shop, "STOP", here)

    assert states(shop, here) == {"denied"}


def test_a_revocation_of_one_channel_may_be_said_on_another(shop: Rooms) -> None:
    ann(shop, agreed(Channel.EMAIL), agreed(Channel.SMS))
    writes(shop, "stop emailing me")

    assert states(shop, Channel.EMAIL) == {"denied"}
    assert state_of(shop, Channel.SMS) == "granted"
    assert said_of(shop, Channel.VOICE) is None
