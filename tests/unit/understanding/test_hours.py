"""When people want to be written to, in four languages: no refusal, nor a wish for a channel."""

from __future__ import annotations

import pytest

from chalicelib.model import Intent
from chalicelib.understanding import is_withdrawal
from chalicelib.understanding.contact import wish, wished, without
from chalicelib.understanding.language import plain

from .conftest import Ask

DAYTIME = (
    "don't text me at night", "no messages after 9pm please", "only text me during the day",
    "Please don't email me in the middle of the night", "stop texting me at night",
    "no more texts after 10 pm", "i don't want messages at night", "don't message me so late",
    "messages during the day only please", "never write before 7am", "no texts past 21:00",
    "no me escriban de noche", "no mensajes después de las 22h", "solo escríbanme de día",
    "no me manden mensajes por la noche, por favor", "nada de sms de madrugada",
    "pas de messages le soir svp", "ne m'écrivez pas la nuit", "plus de messages la nuit",
    "ne m'envoyez plus de sms après 22h", "écrivez-moi seulement en journée",
    "merci de ne pas me déranger le soir", "bitte nachts nicht schreiben",
    "schreibt mir nachts nicht", "keine Nachrichten nach 21 Uhr bitte", "nachts bitte keine SMS",
    "bitte nur tagsüber schreiben", "bitte nicht nachts schreiben",
    "schickt mir bitte keine Nachrichten nachts", "Schreiben Sie mir bitte nicht so spät",
)  # fmt: skip

ANY = (
    "you can text me at any time", "text me any time", "you can message me day or night",
    "pueden escribirme a cualquier hora", "vous pouvez m'écrire à toute heure",
    "écrivez-moi n'importe quand", "ihr könnt mir jederzeit schreiben",
    "Sie können mir auch nachts schreiben",
)  # fmt: skip

NOTHING_OF_HOURS = (
    "is a 300 lumen torch bright enough for running at night", "are you open after 9pm?",
    "text me when it's back in stock any time", "I got no messages at night",
    "does the watch stop notifications at night", "vous fermez à quelle heure ce soir",
    "no me llamen antes de las diez", "ne m'appelez pas avant 10h", "no messages after 6pm",
)  # fmt: skip

REFUSALS = (
    "stop texting me", "no more messages", "no me escriban", "pas de messages svp",
    "bitte keine nachrichten mehr", "don't text me day or night",
    "don't text me at night. In fact stop texting me", "pas de messages le soir. Désabonnez-moi",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "hours"), [*((t, "daytime") for t in DAYTIME), *((t, "any") for t in ANY)]
)
def test_a_wish_for_hours_is_heard_and_is_no_refusal(text: str, hours: str, ask: Ask) -> None:
    assert wish(plain(without(text, wished)[1])) == {"hours": hours}
    assert not is_withdrawal(text)
    found = ask(text)
    assert (found.intent, found.slots) == (Intent.CHANNEL_PREFERENCE, {"hours": hours})


@pytest.mark.parametrize("text", NOTHING_OF_HOURS)
def test_other_talk_of_times_is_no_such_wish(text: str) -> None:
    assert "hours" not in wish(plain(text))


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_at_every_hour_is_still_one(text: str) -> None:
    assert is_withdrawal(text)


def test_the_question_beside_it_is_still_the_question(ask: Ask) -> None:
    found = ask("is the Trailblazer low in 44? And please don't text me at night")

    assert found.intent is Intent.AVAILABILITY
    assert (found.slots["hours"], found.slots["size"]) == ("daytime", "44")
    assert "not_channel" not in found.slots


def test_a_channel_may_be_wished_for_beside_it() -> None:
    assert wish("no texts after 9pm, email me instead") == {"channel": "email", "hours": "daytime"}
