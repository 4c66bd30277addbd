"""What a call is made of, and how the voice carrier reads what Twilio answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
import urllib3
from twilio.twiml.voice_response import Gather, VoiceResponse

from chalicelib.model import Channel
from chalicelib.outbound.twiml import spoken
from chalicelib.outbound.voice import TwilioVoiceCarrier
from chalicelib.settings import Settings

from .conftest import NOW, Scripted, a_reply, an_entry
from .test_handover import a_handover

JOE = "+15551230001"
PRESSED = "https://reply.example/webhooks/twilio/voice?language="


@pytest.fixture
def carrier(settings: Settings, http: urllib3.PoolManager) -> TwilioVoiceCarrier:
    return TwilioVoiceCarrier(settings, http=http, clock=lambda: NOW)


def as_twilio_writes_it(text: str, language: str, url: str) -> str:
    gather = Gather(num_digits=1, action=url, method="POST", timeout=5)
    gather.say(text, language=language)
    response = VoiceResponse()
    response.append(gather)
    response.hangup()
    return canonical(str(response))


def read(document: str) -> ElementTree.Element:
    return ElementTree.fromstring(document)  # noqa: S314 - we have just written it


def canonical(document: str) -> str:
    return ElementTree.canonicalize(document)


def test_a_call_says_the_text_listens_for_a_key_and_tells_how_it_ended(
    carrier: TwilioVoiceCarrier, provider: Scripted
) -> None:
    provider.then(201, {"sid": "CA1", "status": "queued"})
    reply = a_reply(Channel.VOICE, JOE, text="Grüße & <b>9</b>", language="de")
    result = carrier.send(reply, key="o-1")
    assert (result.status, result.provider, result.provider_id) == ("sent", "twilio_voice", "CA1")
    form = {k: v[0] for k, v in parse_qs(provider.requests[0].body.decode()).items()}
    twiml = form.pop("Twiml")
    assert canonical(twiml) == as_twilio_writes_it("Grüße & <b>9</b>", "de-DE", f"{PRESSED}de")
    assert form == {
        "To": JOE,
        "From": "+15550009999",
        "Timeout": "25",
        "StatusCallback": "https://reply.example/webhooks/twilio/calls?key=o-1",
        "StatusCallbackEvent": "completed",
    }


def test_calls_come_from_their_own_number_where_there_is_one(
    settings: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(201, {"sid": "CA1"})
    other = settings.model_copy(update={"twilio_voice_number": "+15550007777"})
    TwilioVoiceCarrier(other, http=http, clock=lambda: NOW).send(
        a_reply(Channel.VOICE, JOE), key="1"
    )
    assert parse_qs(provider.requests[0].body.decode())["From"] == ["+15550007777"]
    alone = other.model_copy(update={"twilio_number": ""})
    assert TwilioVoiceCarrier.configured(alone)


@pytest.mark.parametrize(
    "text",
    [
        "</Say></Gather><Dial>+15559999999</Dial>",
        "]]><Hangup/><![CDATA[",
        '" action="https://evil.example/',
        "&lt;Dial&gt; &#60;Play/&#62; <!-- -->",
        "<?xml version='1.0'?><!DOCTYPE a>",
    ],
)
def test_no_text_breaks_out_of_what_is_said(text: str) -> None:
    document = read(spoken(text, "en", listening=f"{PRESSED}en&x=<"))
    assert [node.tag for node in document.iter()] == ["Response", "Gather", "Say", "Hangup"]
    assert document.findtext("Gather/Say") == text


def test_what_xml_cannot_hold_is_left_out_and_an_unknown_language_is_read_as_english() -> None:
    document = read(spoken("a\x00b\x0bc\ud800d\ufffe👟", "xx"))
    say = document.find("Say")
    assert say is not None
    assert (say.text, say.attrib) == ("abcd👟", {"language": "en-US"})


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("queued", "sent", None),
        ("in-progress", "sent", None),
        ("completed", "delivered", None),
        ("busy", "failed", "busy"),
        ("no-answer", "failed", "no-answer"),
        ("of-tomorrow", "unknown", None),
    ],
)
def test_status_is_asked_by_twilio_s_id_where_it_is_known(
    carrier: TwilioVoiceCarrier, provider: Scripted, word: str, status: str, code: str | None
) -> None:
    provider.then(200, {"sid": "CA1", "status": word})
    receipt = carrier.status(an_entry(a_reply(Channel.VOICE, JOE), provider_id="CA1"))
    assert receipt is not None
    assert (receipt.provider, receipt.provider_id) == ("twilio_voice", "CA1")
    assert (receipt.status, receipt.code) == (status, code)
    assert provider.requests[0].path.endswith("/Calls/CA1.json")


def a_call(sid: str, created: str) -> dict[str, Any]:
    return {"sid": sid, "status": "completed", "date_created": f"Wed, 18 Nov 2026 {created} +0000"}


def test_a_lost_call_is_found_by_number_and_time(
    carrier: TwilioVoiceCarrier, provider: Scripted
) -> None:
    calls = [a_call("CA3", "18:00:00"), a_call("CA2", "17:00:03"), a_call("CA1", "09:00:00")]
    provider.then(200, {"calls": calls})
    receipt = carrier.status(an_entry(a_reply(Channel.VOICE, JOE)))
    assert receipt is not None
    assert receipt.provider_id == "CA2"
    asked = provider.requests[0].query
    assert (asked["To"], asked["From"]) == (JOE, "+15550009999")
    assert asked["StartTime>"] == "2026-11-18"


def test_a_call_that_no_list_holds_is_absent_and_what_is_not_shown_unknown(
    carrier: TwilioVoiceCarrier, provider: Scripted
) -> None:
    provider.then(200, {"calls": []})
    receipt = carrier.status(an_entry(a_reply(Channel.VOICE, JOE)))
    assert receipt is not None
    assert receipt.status == "absent"
    provider.then(503)
    assert carrier.status(an_entry(a_reply(Channel.VOICE, JOE))) is None
    assert carrier.status(an_entry(a_handover())) is None
