"""What customers say of how to reach them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.customers.consents import most_restrictive, with_consent
from chalicelib.customers.wishes import Heeding, heed
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


def test_hours_are_asked_for_and_taken_back_and_refuse_nothing() -> None:
    by_day = heed(JOE, TEXT, said(Intent.AVAILABILITY, hours="daytime"), NOON)
    assert by_day == JOE.model_copy(update={"daytime_only": True})
    assert heed(by_day, TEXT, said(Intent.AVAILABILITY), NOON) == by_day
    assert heed(by_day, TEXT, said(Intent.CHANNEL_PREFERENCE, hours="any"), NOON) == JOE


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


def test_the_proof_of_a_word_is_the_message_and_a_keyword_is_kept_as_it_was_said() -> None:
    by = Heeding(proof="twilio:SM1")
    stopped = heed(JOE, TEXT.model_copy(update={"text": " Stop "}), said(Intent.OPT_OUT), NOON, by)
    pleaded = TEXT.model_copy(update={"text": "please stop, my name is Joe"})
    asked = heed(JOE, pleaded, said(Intent.OPT_OUT), NOON, by)

    assert {(c.proof, c.wording) for c in stopped.consents} == {("twilio:SM1", "Stop")}
    assert {(c.proof, c.wording) for c in asked.consents} == {("twilio:SM1", None)}


def test_a_wish_in_passing_is_heeded_whatever_is_asked() -> None:
    after = heed(JOE, TEXT, said(Intent.AVAILABILITY, channel="email", not_channel="voice"), NOON)

    assert after.preferences[Purpose.SERVICE] == (Channel.EMAIL,)
    assert {channel for channel, _ in denied(after)} == {Channel.VOICE}


def test_no_more_offers_in_passing_refuses_offers_everywhere() -> None:
    words = said(Intent.PRICE, not_channel="any", purpose="marketing")

    assert denied(heed(JOE, TEXT, words, NOON)) == {(c, Purpose.MARKETING) for c in Channel}


TWICE = Heeding(proof="twilio:SM1", double_opt_in={Channel.SMS})


def marketing(customer: Customer) -> Consent:
    found = customer.consent(Channel.SMS, Purpose.MARKETING)
    assert found is not None
    return found


def test_start_leaves_marketing_pending_where_it_is_to_be_confirmed() -> None:
    after = heed(JOE, TEXT, said(Intent.OPT_IN), NOON, TWICE)
    service = after.consent(Channel.SMS, Purpose.SERVICE)

    assert marketing(after).state is ConsentState.PENDING
    assert service is not None
    assert service.state is ConsentState.GRANTED
    again = heed(after, TEXT, said(Intent.OPT_IN), NOON, TWICE)
    assert marketing(again).state is ConsentState.PENDING, "START confirms nothing"


@pytest.mark.parametrize("words", [said(Intent.YES), said(Intent.OPT_IN, confirmed="yes")])
def test_a_yes_in_time_grants_with_both_proofs(words: Understanding) -> None:
    pending = heed(JOE, TEXT, said(Intent.OPT_IN), NOON, TWICE)
    yes = TWICE._replace(proof="twilio:SM2")
    after = heed(pending, TEXT, words, NOON + timedelta(hours=24), yes)

    assert marketing(after).state is ConsentState.GRANTED
    assert marketing(after).proof == "twilio:SM1 + twilio:SM2"


def test_a_yes_that_comes_late_or_elsewhere_grants_nothing() -> None:
    pending = heed(JOE, TEXT, said(Intent.OPT_IN), NOON, TWICE)
    late = NOON + timedelta(hours=24, seconds=1)
    mail = TEXT.model_copy(update={"channel": Channel.EMAIL})

    assert heed(pending, TEXT, said(Intent.YES), late, TWICE) == pending
    assert heed(pending, mail, said(Intent.YES), NOON, TWICE) == pending


def test_a_no_refuses_marketing_there() -> None:
    pending = heed(JOE, TEXT, said(Intent.OPT_IN), NOON, TWICE)

    assert denied(heed(pending, TEXT, said(Intent.NO), NOON, TWICE)) == {
        (Channel.SMS, Purpose.MARKETING)
    }


def test_what_has_been_agreed_to_needs_no_second_yes() -> None:
    granted = heed(JOE, TEXT, said(Intent.OPT_IN), NOON)
    after = heed(granted, TEXT, said(Intent.OPT_IN), NOON + timedelta(days=1), TWICE)

    assert marketing(after).state is ConsentState.GRANTED


def test_of_two_records_what_is_pending_wins_over_a_grant() -> None:
    pending, grant = a_consent(ConsentState.PENDING, days=-9), a_consent(ConsentState.GRANTED)

    assert most_restrictive([grant, pending]) == (pending,)
