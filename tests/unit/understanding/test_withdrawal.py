"""Opt-outs: every keyword, plain words, and what only looks like one."""

from __future__ import annotations

import pytest

from chalicelib.model import Intent
from chalicelib.understanding import is_withdrawal

from .conftest import Ask

KEYWORDS = (
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT",
    "REMOVE", "TD", "ARRET", "arrêt", "baja", "abmelden", "désabonner", "opt out", "Stop all",
)  # fmt: skip

PLAIN = (
    "please stop texting me", "take me off your list", "no more messages", "Stop texting me!!",
    "pls stop txting me", "quit sending me these texts", "do not contact me again",
    "i don't want your texts anymore", "I no longer wish to receive messages from you",
    "remove my number from your database", "how do i unsubscribe", "I withdraw my consent",
    "wrong number, stop texting", "i never signed up for this", "leave me alone",
    "unsubscribe me please", "STOP SENDING ME OFFERS", "dont message me", "lose my number",
    "i want to opt out of texts", "cancel my text subscription", "how do i get off this list",
    "who said you could text me? stop it", "Stop!!! I don't want these", "make these texts stop",
    "ya no quiero recibir mensajes", "arrêtez de m'envoyer des sms", "bitte keine nachrichten mehr",
    "dejen de escribirme", "ne m'envoyez plus de messages", "ich möchte mich abmelden",
    "stop texting me, email me instead",
)  # fmt: skip

OTHERWISE = (
    "the rain won't stop", "can I cancel my order", "end of season sale?", "",
    "remove the blue one from my order", "when does the sale end", "quit smoking lamp",
    "please cancel order 10023", "stop by the store tomorrow?", "is there a bus stop nearby",
    "why did you stop selling the low", "no more blue ones?", "text me instead",
    "don't call me, text me", "i never received any email", "don't send the blue one",
    "never mind", "not interested", "how do i turn off notifications on the pulse watch",
    "reply STOP to unsubscribe", "you never text me back", "i can't stop wearing them", "START",
    "does the watch stop notifications", "put me on the waitlist", "call me", "no thanks",
    "please cancel", "are there no more deals on tents", "at the end of this promotion",
    "i don't want to miss the sale", "non-stop running", "who do i contact about my order",
)  # fmt: skip


@pytest.mark.parametrize("word", KEYWORDS)
@pytest.mark.parametrize("form", ["{}", "{}.", " {}!! ", '"{}"', "@retailerxyz {}", "{} 🛑", "#{}"])
def test_a_keyword_alone_withdraws_however_it_is_typed(word: str, form: str) -> None:
    for spelt in (word, word.lower(), word.title()):
        assert is_withdrawal(form.format(spelt))


@pytest.mark.parametrize("text", PLAIN)
def test_plain_words_that_clearly_mean_it_withdraw(text: str, ask: Ask) -> None:
    assert is_withdrawal(text)
    assert is_withdrawal(text.upper())
    assert ask(text).intent is Intent.OPT_OUT
    assert ask(text).confidence >= 0.9


@pytest.mark.parametrize("text", OTHERWISE)
def test_what_only_looks_like_an_opt_out_is_never_acted_on(text: str, ask: Ask) -> None:
    """The model may still suspect one; then its confidence asks back."""
    assert not is_withdrawal(text)
    understood = ask(text)
    assert understood.intent is not Intent.OPT_OUT or understood.confidence < 0.55


def test_our_own_footer_in_a_quoted_mail_is_no_opt_out() -> None:
    text = "yes please, size 44\n\nOn Mon, Nov 16, 2026 RetailerXYZ wrote:\n> Reply STOP to opt out"
    assert not is_withdrawal(text)
    assert not is_withdrawal("thanks!\n> unsubscribe me")


def test_an_opt_out_at_the_end_of_a_very_long_message_is_heard() -> None:
    assert is_withdrawal("blah " * 2000 + ". Please stop texting me.")


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("stop texting me", {"channel": "sms"}),
        ("stop emailing me", {"channel": "email"}),
        ("stop calling me", {"channel": "voice"}),
        ("no more promotions please", {"purpose": "marketing"}),
        ("stop emailing me offers", {"channel": "email", "purpose": "marketing"}),
        ("stop texting me, email me instead", {"channel": "sms"}),
        ("take me off your list", {}),
        ("STOP", {}),
    ],
)
def test_an_opt_out_is_as_wide_as_it_was_said(text: str, slots: dict[str, str], ask: Ask) -> None:
    assert ask(text).slots == slots


@pytest.mark.parametrize(
    ("handled", "intent"),
    [("stop", Intent.OPT_OUT), ("start", Intent.OPT_IN), ("help", Intent.HELP)],
)
def test_what_the_provider_handled_is_taken_as_it_says(
    handled: str, intent: Intent, ask: Ask
) -> None:
    assert ask("whatever", provider_handled=handled).intent is intent
