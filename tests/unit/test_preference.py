"""The channel chosen, and the reason why each other was passed over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import ConfigurationError
from chalicelib.model import (
    Channel,
    ChannelQuestion,
    Consent,
    ConsentState,
    Customer,
    Preference,
    Profile,
    Purpose,
    Reach,
    Tally,
)
from chalicelib.preference import TRIED_OUT, USUAL, ContactRules, Hours, choose, everybodys

EVENING = datetime(2026, 11, 19, 0, 10, tzinfo=UTC)  # 19:10 in New York
NIGHT = datetime(2026, 11, 19, 3, 0, tzinfo=UTC)  # 22:00 in New York
EVERY = frozenset(Channel)
NEW_YORK = Profile(first_name="Joe", country="US", time_zone="America/New_York")
IDENTITIES = ("x:1234", "phone:+15551230001", "email:joe@example.com")


def agreed(
    channel: str, purpose: str = "marketing", state: str = "granted", days: int = 1
) -> Consent:
    return Consent(
        channel=Channel(channel),
        purpose=Purpose(purpose),
        state=ConsentState(state),
        source="web form",
        at=EVENING - timedelta(days=days),
    )


def person(**fields: Any) -> Customer:
    defaults = {
        "id": "joe",
        "identities": IDENTITIES,
        "profile": NEW_YORK,
        "x_linked_with_opt_in": True,
    }
    return Customer(**{**defaults, **fields})


def prefer(customer: Customer, originating: str | None = "x_reply", **options: Any) -> Preference:
    channel = Channel(originating) if originating else None
    now = options.pop("now", EVENING)
    everybody = options.pop("everybody", {})
    given: dict[str, Any] = {
        "purpose": Purpose.SERVICE,
        "originating": channel,
        "public": channel is Channel.X_REPLY,
        "available": tuple(sorted(EVERY)),
    }
    return choose(customer, ChannelQuestion(**{**given, **options}), now, everybody)


def reason(preference: Preference, channel: str) -> str:
    return next(r.reason for r in preference.refused if r.channel == channel)


# --- the order ---------------------------------------------------------------------------------


def test_a_stated_preference_comes_first() -> None:
    joe = person(
        preferences={Purpose.SERVICE: ("sms",), Purpose.MARKETING: ("sms", "email")},
        consents=(agreed("sms"),),
    )
    found = prefer(joe)
    assert (found.chosen, found.to) == (Channel.SMS, "+15551230001")
    assert found.marketing
    assert found.personal
    assert "prefer" in found.why
    assert reason(found, "x_reply") == "not_preferred"


def test_stated_preferences_are_tried_in_their_order() -> None:
    joe = person(preferences={Purpose.SERVICE: ("whatsapp", "email", "sms")})
    assert prefer(joe).chosen is Channel.EMAIL


def tallied(tried: int, reached: int, answered: int = 0, part: str = "evening") -> Reach:
    counts = Tally(tried=tried, reached=reached, answered=answered)
    return Reach(tallies={part: counts})


def by_service(*named: str) -> tuple[Consent, ...]:
    return tuple(agreed(channel, "service") for channel in named)


def order(preference: Preference) -> list[Channel]:
    return [ranked.channel for ranked in preference.ranking]


def test_then_the_channel_that_has_worked_for_them() -> None:
    joe = person(
        reach={Channel.EMAIL: tallied(8, 8, 7), Channel.SMS: tallied(8, 8)},
        consents=by_service("sms", "email"),
    )
    found = prefer(joe, None)
    assert order(found) == [Channel.EMAIL, Channel.SMS]
    assert found.why.endswith("of 8 messages there 8 arrived and 7 were answered")
    assert reason(found, "sms") == "not_preferred"


def test_what_was_answered_often_is_better_than_where_they_just_wrote() -> None:
    joe = person(reach={Channel.SMS: tallied(20, 20, 19)}, consents=by_service("sms"), id="s-1")
    assert order(prefer(joe))[0] is Channel.SMS
    assert order(prefer(person(consents=by_service("sms"))))[0] is Channel.X_REPLY


def test_a_channel_where_nothing_arrives_is_left() -> None:
    joe = person(
        reach={Channel.SMS: tallied(6, 0)},
        consents=by_service("sms", "email"),
    )
    assert order(prefer(joe, None)) == [Channel.EMAIL, Channel.SMS]


def test_what_works_in_the_evening_need_not_in_the_morning() -> None:
    morning = EVENING + timedelta(hours=15)  # 10:10 in New York
    reach = {
        Channel.SMS: Reach(
            tallies={
                "evening": Tally(tried=10, reached=10, answered=9),
                "morning": Tally(tried=10, reached=10),
            }
        ),
        Channel.EMAIL: Reach(
            tallies={
                "evening": Tally(tried=10, reached=10),
                "morning": Tally(tried=10, reached=10, answered=9),
            }
        ),
    }
    joe = person(reach=reach, consents=by_service("sms", "email"))
    assert order(prefer(joe, None)) == [Channel.SMS, Channel.EMAIL]
    assert order(prefer(joe, None, now=morning)) == [Channel.EMAIL, Channel.SMS]


def test_of_whom_little_is_known_everybodys_experience_counts() -> None:
    joe = person(consents=by_service("sms", "email"))
    everybody = {"email:evening": 0.9, "sms:evening": 0.2}
    assert order(prefer(joe, None)) == [Channel.SMS, Channel.EMAIL]
    assert order(prefer(joe, None, everybody=everybody)) == [Channel.EMAIL, Channel.SMS]


def test_everybodys_experience_is_counted_and_holds_nobody() -> None:
    often, never = tallied(100, 100, 90), tallied(100, 20)
    known = everybodys([{Channel.EMAIL: often}, {Channel.EMAIL: often, Channel.SMS: never}, {}])
    assert set(known) == {"email:evening", "sms:evening"}
    assert known["email:evening"] > 0.8
    assert known["sms:evening"] < 0.3
    few = everybodys([{Channel.EMAIL: tallied(1, 1, 1)}])
    assert abs(few["email:evening"] - USUAL[Channel.EMAIL]) < 0.02


def test_of_two_that_do_as_well_the_one_that_costs_less_goes_first() -> None:
    joe = person(consents=by_service("sms", "email"))
    alike = {"email:evening": 0.5, "sms:evening": 0.5}
    dear = {Channel.SMS: 0.05, Channel.EMAIL: 0.0}
    found = prefer(joe, None, everybody=alike, costs=dear)
    assert order(found) == [Channel.EMAIL, Channel.SMS]


def test_who_waits_for_an_answer_is_not_sent_to_a_slow_channel() -> None:
    spoken = Reach(last_inbound_at=EVENING)
    joe = person(consents=by_service("x_dm", "email"), reach={Channel.X_DM: spoken})
    everybody = {"email:evening": 0.6, "x_dm:evening": 0.55}
    asked = prefer(joe, "x_reply", everybody=everybody)
    told = prefer(joe, None, everybody=everybody)
    assert order(asked).index(Channel.X_DM) < order(asked).index(Channel.EMAIL)
    assert order(told) == [Channel.EMAIL, Channel.X_DM]


def test_a_few_messages_try_out_another_channel_and_say_how_likely_that_was() -> None:
    joe = person(consents=by_service("sms", "email"))
    found = [prefer(joe, None, seed=seed) for seed in range(2_000)]
    tried = [p for p in found if p.chosen is Channel.EMAIL]
    assert {p.probability for p in found} == {1 - TRIED_OUT, TRIED_OUT}
    assert 0.5 * TRIED_OUT < len(tried) / len(found) < 1.5 * TRIED_OUT
    assert all("tried out" in p.why for p in tried)
    assert found == [prefer(joe, None, seed=seed) for seed in range(2_000)]


def test_nobody_is_called_or_answered_in_public_to_try_it_out() -> None:
    joe = person(consents=by_service("sms", "voice"))
    assert {prefer(joe, None, seed=seed).chosen for seed in range(500)} == {Channel.SMS}
    assert prefer(joe, None).probability == 1.0


def test_what_they_stated_is_never_overruled_to_try_something_out() -> None:
    joe = person(preferences={Purpose.SERVICE: ("email",)}, consents=by_service("sms"))
    assert {prefer(joe, seed=seed).chosen for seed in range(500)} == {Channel.EMAIL}


def test_where_the_message_failed_already_it_does_not_go_again() -> None:
    joe = person(preferences={Purpose.SERVICE: ("sms", "email")})
    found = prefer(joe, tried=(Channel.SMS,))
    assert found.chosen is Channel.EMAIL
    assert reason(found, "sms") == "tried"


def test_else_the_channel_they_wrote_on() -> None:
    assert prefer(person(), "sms").chosen is Channel.SMS
    assert prefer(person(), "x_reply").chosen is Channel.X_REPLY


def test_a_proactive_message_goes_where_they_agreed_to_it() -> None:
    joe = person(consents=(agreed("email", days=9), agreed("sms")))
    assert prefer(joe, None, purpose=Purpose.MARKETING).chosen is Channel.SMS
    restock = person(consents=(agreed("email", "service"),))
    assert prefer(restock, None).chosen is Channel.EMAIL


def test_a_restock_notice_follows_the_stated_preference() -> None:
    assert prefer(person(preferences={Purpose.SERVICE: ("sms",)}), None).chosen is Channel.SMS


# --- what a candidate must be ------------------------------------------------------------------


def test_every_other_channel_says_why_not() -> None:
    found = prefer(person(preferences={Purpose.SERVICE: ("sms",)}))
    assert {r.channel for r in found.refused} == EVERY - {Channel.SMS}
    assert all(r.reason and r.text for r in found.refused)


def test_nothing_chosen_still_says_why() -> None:
    found = prefer(Customer(id="nobody"), None)
    assert found.chosen is None
    assert found.to is None
    assert {r.channel for r in found.refused} == EVERY


def test_a_channel_without_a_carrier_is_passed_over() -> None:
    joe = person(preferences={Purpose.SERVICE: ("sms",)})
    found = prefer(joe, available=(Channel.X_REPLY,))
    assert found.chosen is Channel.X_REPLY
    assert reason(found, "sms") == "not_configured"


def test_a_channel_without_an_address_is_passed_over() -> None:
    joe = person(identities=("x:1234",), preferences={Purpose.SERVICE: ("sms", "email")})
    found = prefer(joe)
    assert found.chosen is Channel.X_REPLY
    assert {reason(found, c) for c in ("sms", "email", "voice", "push")} == {"no_address"}


def test_a_suppressed_channel_is_passed_over() -> None:
    joe = person(
        preferences={Purpose.SERVICE: ("email", "sms")},
        reach={Channel.EMAIL: Reach(suppressed="hard bounce")},
    )
    found = prefer(joe)
    assert found.chosen is Channel.SMS
    assert reason(found, "email") == "suppressed"


def test_service_needs_more_than_an_address() -> None:
    found = prefer(person(), "x_reply")
    assert reason(found, "sms") == "consent"


def test_a_refusal_outweighs_a_stated_preference() -> None:
    joe = person(
        preferences={Purpose.SERVICE: ("sms",)}, consents=(agreed("sms", "service", "denied"),)
    )
    assert reason(prefer(joe), "sms") == "consent"


def test_x_is_messaged_privately_only_by_those_who_did_so_first() -> None:
    joe = person(preferences={Purpose.SERVICE: ("x_dm",)})
    assert reason(prefer(joe), "x_dm") == "no_conversation"
    talked = joe.model_copy(update={"reach": {Channel.X_DM: Reach(last_inbound_at=EVENING)}})
    assert prefer(talked).chosen is Channel.X_DM


def test_a_public_reply_needs_a_public_post_of_theirs() -> None:
    joe = person(preferences={Purpose.SERVICE: ("x_reply",)})
    assert reason(prefer(joe, "sms"), "x_reply") == "no_public_post"
    assert reason(prefer(joe, None), "x_reply") == "no_public_post"


def test_whatsapp_is_free_only_within_a_day_of_their_message() -> None:
    def wrote(ago: timedelta) -> Preference:
        reach = {Channel.WHATSAPP: Reach(last_inbound_at=EVENING - ago)}
        return prefer(person(preferences={Purpose.SERVICE: ("whatsapp",)}, reach=reach))

    assert wrote(timedelta(hours=23)).chosen is Channel.WHATSAPP
    assert reason(wrote(timedelta(hours=24)), "whatsapp") == "no_conversation"
    assert prefer(person(), "whatsapp").chosen is Channel.WHATSAPP


def test_on_whatsapp_what_is_answered_too_late_is_answered_elsewhere() -> None:
    joe = person(preferences={Purpose.SERVICE: ("whatsapp", "email")})

    def answered(ago: timedelta, customer: Customer = joe, **other: Any) -> Preference:
        return prefer(customer, "whatsapp", written_at=EVENING - ago, **other)

    assert answered(timedelta(hours=23)).chosen is Channel.WHATSAPP
    late = answered(timedelta(hours=24))
    assert reason(late, "whatsapp") == "no_conversation"
    assert late.chosen is Channel.EMAIL
    assert answered(timedelta(hours=24), confirming=True).chosen is None
    again = {Channel.WHATSAPP: Reach(last_inbound_at=EVENING - timedelta(hours=1))}
    since = joe.model_copy(update={"reach": again})
    assert answered(timedelta(hours=30), since).chosen is Channel.WHATSAPP
    assert prefer(joe, "x_reply", written_at=EVENING - timedelta(days=9)).chosen is Channel.EMAIL


# --- COMPLIANCE, sentence by sentence ----------------------------------------------------------


def test_a_marketing_message_needs_consent_for_that_channel() -> None:
    joe = person(preferences={Purpose.MARKETING: ("sms", "email")}, consents=(agreed("email"),))
    found = prefer(joe, None, purpose=Purpose.MARKETING)
    assert found.chosen is Channel.EMAIL
    assert reason(found, "sms") == "consent"


def test_the_offer_is_left_out_and_the_answer_still_goes_out() -> None:
    found = prefer(person(preferences={Purpose.SERVICE: ("sms",)}))
    assert found.chosen is Channel.SMS
    assert not found.marketing
    assert found.marketing_refusal is not None
    assert found.marketing_refusal.reason == "consent"


def test_unknown_is_not_granted() -> None:
    assert prefer(person(), None, purpose=Purpose.MARKETING).chosen is None


def test_a_tweet_is_no_consent_to_marketing_by_sms() -> None:
    found = prefer(person(), "x_reply", purpose=Purpose.MARKETING)
    assert found.chosen is None
    assert reason(found, "sms") == "consent"


def test_a_refusal_is_never_laundered_by_falling_back_without_that_channels_own_consent() -> None:
    joe = person(
        preferences={Purpose.MARKETING: ("sms",)}, consents=(agreed("sms", state="denied"),)
    )
    found = prefer(joe, None, purpose=Purpose.MARKETING)
    assert found.chosen is None
    assert reason(found, "sms") == reason(found, "email") == "consent"


@pytest.mark.parametrize("keyword_channel", ["sms", "x_dm", "x_reply"])
def test_one_confirmation_goes_back_without_promotion(keyword_channel: str) -> None:
    joe = person(
        preferences={Purpose.SERVICE: ("email",)},
        consents=(agreed("sms"), agreed("sms", "service", "denied")),
        reach={Channel.SMS: Reach(suppressed="opted out")},
    )
    found = prefer(joe, keyword_channel, confirming=True, now=NIGHT)
    assert found.chosen == keyword_channel
    assert not found.marketing
    assert reason(found, "email") == "confirmation"


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        (datetime(2026, 11, 18, 12, 59, tzinfo=UTC), False),  # 07:59 in New York
        (datetime(2026, 11, 18, 13, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 19, 1, 59, tzinfo=UTC), True),  # 20:59
        (datetime(2026, 11, 19, 2, 0, tzinfo=UTC), False),
    ],
)
def test_marketing_only_between_0800_and_2100_in_the_recipients_own_time_zone(
    at: datetime, allowed: bool
) -> None:
    joe = person(consents=(agreed("sms"),))
    found = prefer(joe, None, purpose=Purpose.MARKETING, now=at)
    assert (found.chosen is Channel.SMS) == allowed
    assert allowed or reason(found, "sms") == "quiet_hours"


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        (datetime(2026, 3, 7, 12, 30, tzinfo=UTC), False),  # 07:30, the day before the gap
        (datetime(2026, 3, 8, 12, 30, tzinfo=UTC), True),  # 08:30, the clocks went on at 02:00
        (datetime(2026, 10, 31, 12, 30, tzinfo=UTC), True),  # 08:30, the day before the overlap
        (datetime(2026, 11, 1, 12, 30, tzinfo=UTC), False),  # 07:30, the clocks went back
    ],
)
def test_the_hours_follow_the_clocks_when_they_change(at: datetime, allowed: bool) -> None:
    joe = person(consents=(agreed("sms"),))
    found = prefer(joe, None, purpose=Purpose.MARKETING, now=at)
    assert (found.chosen is Channel.SMS) == allowed


def test_hours_are_configurable_per_country() -> None:
    rules = {"fr": "10:00-20:00"}
    marie = person(
        profile=Profile(time_zone="Europe/Paris"), consents=(agreed("sms"), agreed("email"))
    )
    at_nine = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    assert (
        prefer(marie, None, purpose=Purpose.MARKETING, now=at_nine, hours_by_country=rules).chosen
        is None
    )
    assert prefer(marie, None, purpose=Purpose.MARKETING, now=at_nine).chosen is not None


def test_an_unknown_zone_is_taken_as_the_most_restrictive_of_what_is_known() -> None:
    joe = person(profile=Profile(country="US"), consents=(agreed("sms"),))

    def at(hour: int) -> Channel | None:
        now = datetime(2026, 11, 18, hour, 0, tzinfo=UTC)
        return prefer(joe, None, purpose=Purpose.MARKETING, now=now).chosen

    assert at(14) is None  # 09:00 in New York, 04:00 in Honolulu
    assert at(19) is Channel.SMS  # 14:00 in New York, 09:00 in Honolulu
    assert at(2) is None  # 21:00 in New York, 16:00 in Honolulu


def test_if_nothing_is_known_do_not_send() -> None:
    joe = person(
        identities=("email:joe@example.com",), profile=Profile(), consents=(agreed("email"),)
    )
    found = prefer(joe, None, purpose=Purpose.MARKETING)
    assert found.chosen is None
    assert reason(found, "email") == "zone_unknown"


def test_service_replies_to_a_question_just_asked_may_go_at_any_hour() -> None:
    joe = person(preferences={Purpose.SERVICE: ("sms",)}, consents=(agreed("sms"),))
    found = prefer(joe, now=NIGHT)
    assert found.chosen is Channel.SMS
    assert not found.marketing
    assert found.marketing_refusal is not None
    assert found.marketing_refusal.reason == "quiet_hours"


def test_who_asked_for_the_day_alone_is_answered_in_contact_hours() -> None:
    joe = person(preferences={Purpose.SERVICE: ("sms",)}, daytime_only=True)
    at_night = prefer(joe, "sms", now=NIGHT)
    assert at_night.chosen is None
    assert reason(at_night, "sms") == "quiet_hours"
    assert prefer(joe, "sms").chosen is Channel.SMS
    assert prefer(joe, "sms", now=NIGHT, confirming=True).chosen is Channel.SMS


def test_who_asked_for_the_day_where_nobody_knows_when_that_is_gets_nothing() -> None:
    joe = person(
        identities=("email:joe@example.com",), profile=Profile(first_name="Joe"), daytime_only=True
    )
    found = prefer(joe, "email")
    assert found.chosen is None
    assert reason(found, "email") == "zone_unknown"


def test_a_public_reply_is_never_promotional_and_never_personal() -> None:
    found = prefer(person(consents=(agreed("x_reply"),)), "x_reply")
    assert found.chosen is Channel.X_REPLY
    assert not found.personal
    assert not found.marketing
    assert found.marketing_refusal is not None
    assert found.marketing_refusal.reason == "public"


def test_answer_only_those_who_spoke_to_the_brand_on_x() -> None:
    joe = person(identities=("x:1234",), consents=(agreed("x_dm"), agreed("x_dm", "service")))
    assert prefer(joe, None).chosen is None


@pytest.mark.parametrize("channel", ["x_reply", "x_dm"])
def test_handle_and_profile_are_linked_only_with_the_customers_opt_in(channel: str) -> None:
    joe = person(
        x_linked_with_opt_in=False,
        preferences={Purpose.SERVICE: ("sms",)},
        consents=(agreed("sms"), agreed("x_dm")),
    )
    found = prefer(joe, channel)
    assert found.chosen == channel
    assert not found.personal
    assert not found.marketing
    assert reason(found, "sms") == reason(found, "email") == "not_linked"


def test_without_the_opt_in_no_other_channel_leads_to_x() -> None:
    joe = person(
        x_linked_with_opt_in=False,
        preferences={Purpose.SERVICE: ("x_dm",)},
        reach={Channel.X_DM: Reach(last_inbound_at=EVENING)},
    )
    found = prefer(joe, "sms")
    assert found.chosen is Channel.SMS
    assert reason(found, "x_dm") == "not_linked"


def test_marketing_never_goes_to_an_unlinked_x_account() -> None:
    joe = person(
        identities=("x:1234",),
        x_linked_with_opt_in=False,
        consents=(agreed("x_dm"),),
        reach={Channel.X_DM: Reach(last_inbound_at=EVENING)},
    )
    assert reason(prefer(joe, None, purpose=Purpose.MARKETING), "x_dm") == "not_linked"


def test_voice_only_with_consent_to_calls_and_in_hours() -> None:
    stated = person(preferences={Purpose.SERVICE: ("voice",)})
    assert reason(prefer(stated, "sms"), "voice") == "consent"
    consented = person(
        preferences={Purpose.SERVICE: ("voice",)}, consents=(agreed("voice", "service"),)
    )
    assert prefer(consented, "sms").chosen is Channel.VOICE
    assert reason(prefer(consented, "sms", now=NIGHT), "voice") == "quiet_hours"


def test_a_hard_bounce_or_complaint_suppresses() -> None:
    joe = person(consents=(agreed("email"),), reach={Channel.EMAIL: Reach(suppressed="complaint")})
    assert reason(prefer(joe, None, purpose=Purpose.MARKETING), "email") == "suppressed"


# --- the rules themselves ----------------------------------------------------------------------


def test_hours_may_end_with_the_day() -> None:
    late = datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC)
    assert Hours.parse("00:00-24:00").hold(late, "UTC")


@pytest.mark.parametrize("text", ["", "8-21", "21:00-08:00", "08:00-08:00", "25:00-26:00", "x"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        ContactRules.parse(text)
    with pytest.raises(ConfigurationError):
        ContactRules.parse("08:00-21:00", {"FR": text})


channels = st.sampled_from(sorted(Channel))
moments = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 31), timezones=st.just(UTC)
)
consents = st.builds(
    agreed,
    channel=channels,
    purpose=st.sampled_from(["service", "marketing"]),
    state=st.sampled_from(["granted", "denied"]),
)
reaches = st.dictionaries(
    channels,
    st.builds(
        Reach,
        last_inbound_at=st.none() | moments,
        last_delivered_at=st.none() | moments,
        last_failed_at=st.none() | moments,
        suppressed=st.none() | st.just("opted out"),
    ),
)
people = st.builds(
    person,
    identities=st.sets(st.sampled_from(IDENTITIES)).map(lambda s: tuple(sorted(s))),
    consents=st.lists(consents, max_size=6).map(tuple),
    preferences=st.dictionaries(
        st.sampled_from(list(Purpose)), st.lists(channels, max_size=4).map(tuple)
    ),
    reach=reaches,
    profile=st.sampled_from([NEW_YORK, Profile(), Profile(country="RU")]),
    x_linked_with_opt_in=st.booleans(),
)


@given(people, st.none() | channels, st.sampled_from(list(Purpose)), moments, st.sets(channels))
def test_whoever_they_are_the_choice_is_allowed_and_every_other_explained(
    customer: Customer,
    originating: Channel | None,
    purpose: Purpose,
    now: datetime,
    available: set[Channel],
) -> None:
    options: dict[str, Any] = {
        "purpose": purpose,
        "now": now,
        "available": tuple(available),
    }
    found = prefer(customer, originating, **options)
    assert found == prefer(customer, originating, **options)
    refused = [r.channel for r in found.refused]
    assert sorted([*refused, *([found.chosen] if found.chosen else [])]) == sorted(Channel)
    assert found.marketing == (found.chosen is not None and found.marketing_refusal is None)
    if found.chosen is None:
        return
    assert found.to
    assert found.chosen in available
    refusals = {c.channel for c in customer.consents if c.state is ConsentState.DENIED}
    if found.marketing:
        consent = customer.consent(found.chosen, Purpose.MARKETING)
        assert consent is not None
        assert consent.state is ConsentState.GRANTED
        assert found.chosen is not Channel.X_REPLY
    if purpose is Purpose.MARKETING:
        assert found.marketing
    elif found.chosen in refusals:
        service = customer.consent(found.chosen, Purpose.SERVICE)
        assert service is None or service.state is ConsentState.GRANTED
