"""How people want to be reached, said outright and in passing, in four languages."""

from __future__ import annotations

import pytest

from chalicelib.model import Intent
from chalicelib.understanding.contact import channel_wish, wished, without
from chalicelib.understanding.language import plain

from .conftest import Ask

WISHES = (
    ("text me instead", "sms", None),
    ("is the trail shoe in 44? and please text me instead", "sms", None),
    ("email is better at work", "email", None),
    ("don't call", None, "voice"),
    ("please don't call me, text me", "sms", "voice"),
    ("I prefer email over texts", "email", "sms"),
    ("Please use WhatsApp", "whatsapp", None),
    ("how much is the pulse watch? no calls please", None, "voice"),
    ("contact me by email only", "email", None),
    ("sms is easier for me", "sms", None),
    ("texts are fine but no calls", "sms", "voice"),
    ("best way to reach me is whatsapp", "whatsapp", None),
    ("email me your offers, not text", "email", "sms"),
    ("mejor por correo", "email", None),
    ("prefiero un mensaje de texto", "sms", None),
    ("no me llamen, mejor por whatsapp", "whatsapp", "voice"),
    ("¿Tienen la zapatilla en 44? Mejor por correo, por favor", "email", None),
    ("nada de llamadas, prefiero correo", "email", "voice"),
    ("en vez de llamar, mándenme un sms", None, "voice"),
    ("solo por correo", "email", None),
    ("plutôt par mail svp", "email", None),
    ("je préfère les sms", "sms", None),
    ("ne m'appelez pas, écrivez-moi par mail", "email", "voice"),
    ("Avez-vous la chaussure en 44 ? Répondez-moi par SMS svp", "sms", None),
    ("pas d'appels svp", None, "voice"),
    ("un sms plutôt qu'un appel", None, "voice"),
    ("le mail c'est mieux au travail", "email", None),
    ("lieber per E-Mail", "email", None),
    ("bitte nur per SMS", "sms", None),
    ("rufen Sie mich nicht an, schreiben Sie mir per Mail", "email", "voice"),
    ("Gibt es den Schuh in 44? Antwort bitte per SMS", "sms", None),
    ("bitte nicht anrufen", None, "voice"),
    ("statt SMS lieber WhatsApp", "whatsapp", "sms"),
    ("keine Anrufe bitte", None, "voice"),
)

NO_WISHES = (
    "text me when it's back in stock", "can I pay by phone?", "do you have phone cases?",
    "call me back tomorrow about my order", "which phone is better for hiking?",
    "I got no email about my order", "I never received a text", "the phone is better in blue",
    "don't call me before 9", "can I order over the phone?", "what's your phone number?",
    "no phone number on my order", "send the receipt by email to my wife", "I don't text",
    "mándame un correo cuando llegue", "no he recibido ningún correo",
    "¿cuál es el teléfono de la tienda?", "no me llamen antes de las diez",
    "je n'ai pas reçu de mail", "quel est le numéro de téléphone ?", "ne m'appelez pas avant 10h",
    "envoyez-moi un mail quand c'est de retour", "ich habe keine Mail bekommen",
    "wie ist eure Telefonnummer?", "schreibt mir eine Mail wenn er wieder da ist",
    "ruft mich nicht vor 10 an", "kann ich per Telefon bestellen?",
)  # fmt: skip


@pytest.mark.parametrize(("text", "channel", "not_channel"), WISHES)
def test_a_wish_for_a_channel_or_against_one_is_heard(
    text: str, channel: str | None, not_channel: str | None
) -> None:
    wish = channel_wish(plain(without(text, wished)[1]))

    assert (wish.get("channel"), wish.get("not_channel")) == (channel, not_channel)


@pytest.mark.parametrize("text", NO_WISHES)
def test_a_request_for_once_and_other_talk_of_phones_is_no_wish(text: str) -> None:
    assert without(text, wished)[1] == ""


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("email me your offers instead", "marketing"),
        ("prefiero las ofertas por correo", "marketing"),
        ("text me about my orders only", None),
        ("for order updates sms is better", "service"),
        ("text me instead", None),
    ],
)
def test_a_wish_may_be_for_one_purpose(text: str, purpose: str | None) -> None:
    assert channel_wish(plain(text)).get("purpose") == purpose


@pytest.mark.parametrize(
    "text",
    [
        "is the Trailblazer low in 44? and please text me instead",
        "do you have the Trailblazer low in 44? Mejor por sms",
        "is the Trailblazer low in 44? plutôt par sms",
        "is the Trailblazer low in 44? bitte nur per SMS",
    ],
)
def test_the_question_beside_a_wish_is_still_the_question(text: str, ask: Ask) -> None:
    found = ask(text)

    assert found.intent is Intent.AVAILABILITY
    assert found.products
    assert (found.slots["channel"], found.slots["size"]) == ("sms", "44")


@pytest.mark.parametrize("text", ["text me instead", "prefiero correo", "bitte nicht anrufen"])
def test_a_wish_alone_is_a_preference(text: str, ask: Ask) -> None:
    assert ask(text).intent is Intent.CHANNEL_PREFERENCE
