"""What customers say of how to reach them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.customers.consents import most_restrictive, with_consent
from chalicelib.customers.wishes import heed
from chalicelib.model import (
    Channel,
    Consent,
    ConsentState,
    Customer,
    Intent,
    Message,
    Purpose,
    Understanding,
)
from tests.stage import NOON

JOE = Customer(id="joe")
TEXT = Message(channel=Channel.SMS, text="")


def said(intent: Intent, **slots: str) -> Understanding:
    return Understanding(intent=intent, confidence=1, slots=slots)


def denied(customer: Customer) -> set[tuple[Channel, Purpose]]:
    return {(c.channel, c.purpose) for c in customer.consents if c.state is ConsentState.DENIED}


def a_consent(state: ConsentState, days: int = 0) -> Consent:
    at = NOON + timedelta(days=days)
    return Consent(
        channel=Channel.SMS, purpose=Purpose.MARKETING, state=state, source="form", at=at
    )


def test_stop_refuses_everything_where_it_was_said() -> None:
    after = heed(JOE, TEXT, said(Intent.OPT_OUT), NOON)

    assert denied(after) == {(Channel.SMS, Purpose.SERVICE), (Channel.SMS, Purpose.MARKETING)}


def test_a_channel_that_is_named_is_the_one_that_is_meant() -> None:
    tweet = Message(channel=Channel.X_REPLY, text="")
    after = heed(JOE, tweet, said(Intent.OPT_OUT, channel="email"), NOON)

    assert {channel for channel, _ in denied(after)} == {Channel.EMAIL}


def test_no_more_offers_refuses_offers_everywhere_and_answers_nowhere() -> None:
    after = heed(JOE, TEXT, said(Intent.OPT_OUT, purpose="marketing"), NOON)

    assert denied(after) == {(c, Purpose.MARKETING) for c in Channel}


def test_a_provider_s_own_opt_out_counts() -> None:
    handled = TEXT.model_copy(update={"provider_handled": "stop"})

    assert len(denied(heed(JOE, handled, said(Intent.OTHER), NOON))) == 2


def test_start_allows_again() -> None:
    stopped = heed(JOE, TEXT, said(Intent.OPT_OUT), NOON)
    after = heed(stopped, TEXT, said(Intent.OPT_IN), NOON + timedelta(minutes=1))

    assert denied(after) == set()
    assert len(after.consents) == 2


def test_a_change_of_channel_goes_first_and_keeps_the_rest() -> None:
    before = JOE.model_copy(update={"preferences": {Purpose.SERVICE: (Channel.SMS, Channel.X_DM)}})
    after = heed(before, TEXT, said(Intent.CHANNEL_PREFERENCE, channel="email"), NOON)

    assert after.preferences[Purpose.SERVICE] == (Channel.EMAIL, Channel.SMS, Channel.X_DM)
    assert after.preferences[Purpose.MARKETING] == (Channel.EMAIL,)


def test_a_preference_for_one_purpose_leaves_the_other() -> None:
    words = said(Intent.CHANNEL_PREFERENCE, channel="email", not_channel="sms", purpose="service")
    before = JOE.model_copy(update={"preferences": {Purpose.SERVICE: (Channel.SMS,)}})

    after = heed(before, TEXT, words, NOON)
    assert after.preferences == {Purpose.SERVICE: (Channel.EMAIL,)}
    assert denied(after) == {(Channel.SMS, Purpose.SERVICE)}


def test_do_not_call_is_a_refusal_of_calls() -> None:
    after = heed(JOE, TEXT, said(Intent.CHANNEL_PREFERENCE, not_channel="voice"), NOON)

    assert {channel for channel, _ in denied(after)} == {Channel.VOICE}


@pytest.mark.parametrize("intent", [Intent.PRICE, Intent.CHANNEL_PREFERENCE, Intent.THANKS])
def test_other_words_change_nothing(intent: Intent) -> None:
    assert heed(JOE, TEXT, said(intent), NOON) == JOE


def test_an_older_word_never_overrides_a_newer_one() -> None:
    refused = with_consent(JOE, a_consent(ConsentState.DENIED))

    assert with_consent(refused, a_consent(ConsentState.GRANTED, days=-1)) == refused
    assert with_consent(refused, a_consent(ConsentState.GRANTED, days=1)) != refused


def test_of_two_records_the_refusal_wins_whatever_its_age() -> None:
    refusal, grant = a_consent(ConsentState.DENIED, days=-9), a_consent(ConsentState.GRANTED)

    assert most_restrictive([refusal, grant]) == most_restrictive([grant, refusal]) == (refusal,)
