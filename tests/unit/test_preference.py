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
    Consent,
    ConsentState,
    Customer,
    Message,
    Preference,
    Profile,
    Purpose,
    Reach,
)
from chalicelib.preference import ContactRules, Hours, choose

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
    given: dict[str, Any] = {
        "purpose": Purpose.SERVICE,
        "originating": channel,
        "message": Message(channel=channel, text="hello", reply_to="1") if channel else None,
        "now": EVENING,
        "rules": ContactRules(),
        "available": EVERY,
    }
    return choose(customer, **{**given, **options})


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


def test_then_the_channel_that_worked_most_recently() -> None:
    joe = person(
        reach={
            Channel.SMS: Reach(last_delivered_at=EVENING - timedelta(days=3)),
            Channel.EMAIL: Reach(last_inbound_at=EVENING - timedelta(days=2)),
        },
        consents=(agreed("sms", "service"), agreed("email", "service")),
    )
    found = prefer(joe)
    assert found.chosen is Channel.EMAIL
    assert reason(found, "sms") == "not_preferred"


def test_a_channel_that_failed_since_has_not_worked() -> None:
    reach = Reach(
        last_delivered_at=EVENING - timedelta(days=3), last_failed_at=EVENING - timedelta(days=1)
    )
    joe = person(reach={Channel.SMS: reach}, consents=(agreed("sms", "service"),))
    assert prefer(joe).chosen is Channel.X_REPLY


def test_a_channel_of_which_nothing_is_known_has_not_worked() -> None:
    joe = person(reach={Channel.SMS: Reach()}, consents=(agreed("sms", "service"),))
    assert prefer(joe).chosen is Channel.X_REPLY


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
    found = prefer(joe, available=frozenset({Channel.X_REPLY}))
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
    rules = ContactRules.parse("08:00-21:00", {"fr": "10:00-20:00"})
    marie = person(
        profile=Profile(time_zone="Europe/Paris"), consents=(agreed("sms"), agreed("email"))
    )
    at_nine = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    assert prefer(marie, None, purpose=Purpose.MARKETING, now=at_nine, rules=rules).chosen is None
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
        "available": frozenset(available),
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
