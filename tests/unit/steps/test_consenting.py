"""Consent through the whole flow: double opt-in, wishes in passing, refusals that come first."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import pipeline
from chalicelib.customers.input import ConsentInput
from chalicelib.errors import NotFoundError
from chalicelib.ledger import Ledger
from chalicelib.model import Channel, Consent, ConsentState, Intent, Purpose, Reply, SendResult
from chalicelib.settings import Settings
from chalicelib.steps import consenting, forgetting, reading
from chalicelib.steps.rooms import Rooms
from chalicelib.understanding.language import fold
from tests.stage import JOE, Aws, Clock, Desk, Recorder, a_message, put_customer, stock_the_shop

PHONE, EMAIL = "phone:+15551230002", "email:ann@example.com"
ANN = {
    "identities": [PHONE, EMAIL],
    "profile": {"first_name": "Ann", "country": "US", "time_zone": "America/New_York"},
}
GRANTED, DENIED, PENDING = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.PENDING


@pytest.fixture
def shop(aws: Aws, settings: Settings, clock: Clock, recorder: Recorder, desk: Desk) -> Rooms:
    """Joe's shop, where marketing by text and e-mail is confirmed first."""
    twice = settings.model_copy(update={"double_opt_in": ("sms", "email")})
    made = aws.rooms(twice, clock, recorder, desk)
    stock_the_shop(made)
    put_customer(made, "ann", ANN)
    # Joe agreed before the setting was made.
    put_customer(aws.rooms(settings, clock, recorder, desk), "joe", JOE)
    return made


def signs_up(shop: Rooms, channel: str = "sms", **other: Any) -> None:
    said = {"channel": channel, "purpose": "marketing", "state": "granted", "source": "sign-up"}
    given = ConsentInput.model_validate({**said, "proof": "form-7", **other})
    consenting.put_consent("ann", given.to_consent(shop.clock()), shop)
    pipeline.sweep(shop)


def texts(shop: Rooms, text: str, number: str = "1", sender: str = PHONE, **other: Any) -> Any:
    said = a_message(
        text, number=number, channel=Channel.SMS, sender=sender, at=shop.clock(), **other
    )
    record = pipeline.respond(said, shop)
    assert record is not None
    return record


def marketing(shop: Rooms, channel: Channel = Channel.SMS, who: str = "ann") -> Consent:
    found = reading.customer(who, shop).consent(channel, Purpose.MARKETING)
    assert found is not None
    return found


# --- double opt-in -------------------------------------------------------------------------------


def test_a_sign_up_is_pending_and_the_very_address_is_asked(
    shop: Rooms, recorder: Recorder
) -> None:
    signs_up(shop)

    assert marketing(shop).state is PENDING
    (asked,) = recorder.sent
    assert (asked.channel, asked.to, asked.purpose) == ("sms", "+15551230002", "service")
    assert "Reply YES to confirm." in asked.text
    assert asked.links == ()


def test_a_yes_grants_with_both_proofs_on_record(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    signs_up(shop)
    clock.advance(minutes=5)
    texts(shop, "YES")

    assert marketing(shop).state is GRANTED
    assert marketing(shop).proof == "form-7 + twilio:1"
    words = [w for w in reading.consents("ann", shop) if w["purpose"] == "marketing"]
    assert [w["state"] for w in words] == ["pending", "granted"]
    assert "again" in recorder.sent[-1].text, "it is confirmed"


def test_who_wants_no_messages_at_night_is_asked_in_the_morning(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    texts(shop, "please don't text me at night")
    heard = len(recorder.sent)
    clock.advance(hours=12)  # midnight in New York
    signs_up(shop)
    assert len(recorder.sent) == heard
    clock.advance(hours=8.5)
    pipeline.sweep(shop)
    assert "Reply YES to confirm." in recorder.sent[-1].text
    texts(shop, "YES", number="2")
    assert marketing(shop).state is GRANTED


def test_they_are_asked_once_a_day_and_silence_leaves_it_pending(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    signs_up(shop)
    signs_up(shop)
    assert len(recorder.sent) == 1
    clock.advance(hours=25)
    assert marketing(shop).state is PENDING
    signs_up(shop)
    assert len(recorder.sent) == 2


def test_a_yes_after_a_day_confirms_nothing(shop: Rooms, clock: Clock) -> None:
    signs_up(shop)
    clock.advance(hours=25)
    texts(shop, "YES")

    assert marketing(shop).state is PENDING


def test_a_yes_counts_though_we_spoke_of_other_things_since(
    shop: Rooms, recorder: Recorder
) -> None:
    signs_up(shop)
    texts(shop, "how much is the Trailblazer GTX in a 44?")
    texts(shop, "yes", "2")

    assert marketing(shop).state is GRANTED
    assert "you will get our texts" in recorder.sent[-1].text


def test_start_is_answered_by_the_question_and_only_once_a_day(
    shop: Rooms, recorder: Recorder
) -> None:
    texts(shop, "START")
    again = texts(shop, "START", "2")

    assert marketing(shop).state is PENDING
    (asked,) = recorder.sent
    assert "Reply YES to confirm." in asked.text
    assert again.status == "ignored"
    texts(shop, "yes", "3")
    assert marketing(shop).state is GRANTED


def test_a_start_that_the_provider_answered_is_still_asked_about(
    shop: Rooms, recorder: Recorder
) -> None:
    texts(shop, "START", provider_handled="start")

    assert marketing(shop).state is PENDING
    assert "Reply YES" in recorder.sent[-1].text


def test_a_no_is_a_refusal_and_a_stop_ends_it(shop: Rooms, recorder: Recorder) -> None:
    signs_up(shop)
    texts(shop, "no")
    assert marketing(shop).state is DENIED

    put_customer(shop, "bea", {"identities": ["phone:+15551230003"]})
    texts(shop, "START", "2", "phone:+15551230003")
    texts(shop, "STOP", "3", "phone:+15551230003")
    texts(shop, "YES", "4", "phone:+15551230003")
    assert marketing(shop, who="bea").state is DENIED


def test_an_offer_is_not_made_on_what_is_pending(shop: Rooms, recorder: Recorder) -> None:
    profile = {"birth_date": "1990-01-01", "time_zone": "America/New_York"}
    put_customer(shop, "ann", {**ANN, "interests": ["running"], "profile": profile})
    signs_up(shop)
    texts(shop, "do you have the Trailblazer GTX in a 44?")
    texts(shop, "YES", "2")
    texts(shop, "do you have the Trailblazer GTX in a 44?", "3")

    purposes = [reply.purpose.value for reply in recorder.sent]
    assert purposes == ["service", "service", "service", "marketing"]


def test_nobody_is_asked_where_they_refused_all_or_nothing_arrives(
    shop: Rooms, recorder: Recorder
) -> None:
    texts(shop, "STOP")
    sent = len(recorder.sent)
    signs_up(shop, at=shop.clock().isoformat())
    assert len(recorder.sent) == sent


def test_a_refusal_overtakes_the_question(shop: Rooms, recorder: Recorder, clock: Clock) -> None:
    grant = Consent(
        channel=Channel.SMS,
        purpose=Purpose.MARKETING,
        state=GRANTED,
        source="form",
        at=shop.clock(),
    )
    consenting.put_consent("ann", grant, shop)
    clock.advance(seconds=1)
    texts(shop, "STOP")
    pipeline.sweep(shop)

    assert ["unsubscribed" in reply.text for reply in recorder.sent] == [True]


def link_of(reply: Reply) -> str:
    assert "/c/" in reply.text
    return reply.text.split("/c/")[1].split()[0]


def test_by_email_a_link_asks_and_only_a_post_confirms(shop: Rooms, recorder: Recorder) -> None:
    signs_up(shop, "email")
    (asked,) = recorder.sent
    token = link_of(asked)

    assert '<form method="post">' in consenting.ask_to_confirm(token, shop)
    assert marketing(shop, Channel.EMAIL).state is PENDING
    assert "You will get our offers" in consenting.confirm(token, shop)
    granted = marketing(shop, Channel.EMAIL)
    assert granted.state is GRANTED
    assert granted.proof is not None
    assert granted.proof.startswith("form-7 + link ")
    assert token not in granted.proof
    assert "You will get our offers" in consenting.confirm(token, shop)


def test_a_link_that_comes_late_or_after_a_refusal_confirms_nothing(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    signs_up(shop, "email")
    token = link_of(recorder.sent[0])
    clock.advance(hours=25)
    assert "closed" in consenting.confirm(token, shop)
    assert marketing(shop, Channel.EMAIL).state is PENDING
    signs_up(shop, "email")
    signs_up(shop, "email", state="denied")
    assert "closed" in consenting.confirm(link_of(recorder.sent[1]), shop)
    assert marketing(shop, Channel.EMAIL).state is DENIED


def test_no_other_link_confirms_and_erasure_takes_the_question_along(
    shop: Rooms, recorder: Recorder
) -> None:
    signs_up(shop, "email")
    token = link_of(recorder.sent[0])
    with pytest.raises(NotFoundError):
        consenting.unsubscribe(token, shop)
    forgetting.erase_customer("ann", shop)
    with pytest.raises(NotFoundError):
        consenting.confirm(token, shop)
    with pytest.raises(NotFoundError):
        consenting.confirm("nosuchlink", shop)


def test_what_was_agreed_to_before_is_not_asked_again(shop: Rooms, recorder: Recorder) -> None:
    texts(shop, "START", sender="phone:+15551230001")

    assert "Reply YES" not in recorder.sent[-1].text
    assert marketing(shop, who="joe").state is GRANTED


# --- wishes in passing, and in the language they are said in -------------------------------------


def test_a_wish_in_passing_is_heeded_confirmed_once_and_the_question_answered(
    shop: Rooms, recorder: Recorder
) -> None:
    record = texts(shop, "do you have the Trailblazer GTX in a 44? and please email me instead")

    assert record.understanding.intent is Intent.AVAILABILITY
    (reply,) = recorder.sent
    assert reply.channel is Channel.EMAIL
    assert "Trailblazer" in reply.text
    assert "Noted: our messages will reach you by e-mail." in reply.text
    assert reply.purpose is Purpose.SERVICE
    kept = reading.customer("ann", shop).preferences
    assert kept[Purpose.SERVICE][0] is kept[Purpose.MARKETING][0] is Channel.EMAIL


def test_no_more_offers_beside_a_question_is_heeded_and_the_question_answered(
    shop: Rooms, recorder: Recorder
) -> None:
    asks = "do you have the Trailblazer GTX in a 44? And stop sending me ads."
    texts(shop, asks, sender="phone:+15551230001")

    (reply,) = recorder.sent
    assert reply.purpose is Purpose.SERVICE
    assert "Trailblazer" in reply.text
    assert "Noted: you will get no more offers from us." in reply.text
    consents = reading.customer("joe", shop).consents
    refused = {c.channel for c in consents if c.state is DENIED}
    assert refused == set(Channel)
    assert {c.proof for c in consents if c.state is DENIED} == {"twilio:1"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("BAJA", "baja confirmada"),
        ("no me escriban más", "baja confirmada"),
        ("désabonnez-moi", "désinscription confirmée"),
        ("ABMELDEN", "Sie sind abgemeldet"),
        ("STOP", "unsubscribed"),
        ("AYUDA", "Atención al cliente"),
        ("AIDE", "Service client"),
        ("HILFE", "Kundenservice"),
        ("plutôt par e-mail svp", "nos messages vous parviendront par e-mail"),
        ("bitte nicht anrufen", "erreichen Sie nicht mehr per Telefon"),
        ("mejor por correo", "te llegarán por correo electrónico"),
    ],
)
def test_a_word_is_confirmed_in_its_own_language(
    text: str, says: str, shop: Rooms, recorder: Recorder
) -> None:
    texts(shop, text)
    (reply,) = recorder.sent

    assert plainly(says) in plainly(reply.text)


def plainly(text: str) -> str:
    return fold(text)


def test_a_word_of_every_language_is_answered_in_the_customer_s(
    shop: Rooms, recorder: Recorder
) -> None:
    put_customer(shop, "ann", {**ANN, "profile": {"language": "fr"}})
    texts(shop, "STOP")

    assert plainly("désinscription") in plainly(recorder.sent[0].text)


# --- a refusal takes effect before any message still queued ---------------------------------------


def test_a_refusal_between_the_decision_and_its_commit_is_honoured(
    shop: Rooms, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided before it is never committed: the refusal changed the customer's version."""
    commit, refused = Ledger.commit, list[bool]()

    def late(ledger: Ledger, writes: Any) -> None:
        if not refused:
            refused.append(True)
            texts(shop, "no more offers please", "9", "phone:+15551230001")
        commit(ledger, writes)

    monkeypatch.setattr(Ledger, "commit", late)
    texts(shop, "do you have the Trailblazer GTX in a 44?", sender="phone:+15551230001")

    assert [reply.purpose for reply in recorder.sent] == [Purpose.SERVICE] * 2


@pytest.mark.parametrize("earlier_seconds", [0, 30])
def test_a_refusal_after_the_decision_is_honoured_whenever_it_was_said(
    earlier_seconds: int, shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    """The provider's clock may say that it came before what was decided without it."""
    recorder.answers.append(failing := retry())
    texts(shop, "do you have the Trailblazer GTX in a 44?", sender="phone:+15551230001")
    assert failing.status == "retry"
    assert recorder.sent.pop().purpose is Purpose.MARKETING
    clock.advance(seconds=-earlier_seconds)
    texts(shop, "no more offers please", "9", "phone:+15551230001")
    recorder.sent.clear()
    clock.advance(hours=1)
    pipeline.sweep(shop)

    assert recorder.sent == []


def test_only_the_confirmation_itself_goes_after_a_refusal(
    shop: Rooms, recorder: Recorder, clock: Clock
) -> None:
    recorder.answers += [retry(), retry()]
    texts(shop, "how much is the Trailblazer GTX in a 44?")
    texts(shop, "STOP", "2")
    recorder.sent.clear()
    clock.advance(seconds=200)
    pipeline.sweep(shop)

    assert ["unsubscribed" in reply.text for reply in recorder.sent] == [True]


def retry() -> SendResult:
    return SendResult(status="retry", provider="recorder", code="busy")


def test_without_the_setting_nothing_is_asked(
    aws: Aws, settings: Settings, clock: Clock, recorder: Recorder, desk: Desk
) -> None:
    plain = aws.rooms(settings, clock, recorder, desk)
    put_customer(plain, "ann", ANN)
    signs_up(plain)

    assert marketing(plain).state is GRANTED
    assert recorder.sent == []
