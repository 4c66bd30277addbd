"""Marketing e-mail: one click ends it, an address stands in it, and what bounces is left alone."""

from __future__ import annotations

import json

import pytest

from chalicelib.inbound import notices
from chalicelib.model import Channel, Purpose, SendResult
from chalicelib.steps import consenting, reading
from chalicelib.steps.rooms import Rooms
from tests.contracts.inbound.senders import SETTINGS, document
from tests.stage import Recorder

from .scenes import ASKS, OFFERED, agreed, ann, state_of, worked, writes

MAIL = Channel.EMAIL


def mailed(shop: Rooms, recorder: Recorder) -> str:
    """A marketing mail went out; the token of its way out."""
    ann(shop, agreed(MAIL))
    writes(shop, ASKS, MAIL)
    (mail,) = recorder.sent
    assert mail.purpose is Purpose.MARKETING
    assert mail.unsubscribe_url is not None
    return mail.unsubscribe_url.rpartition("/u/")[2]


def test_one_click_ends_marketing_e_mail_and_only_a_post_is_a_click(
    shop: Rooms, recorder: Recorder
) -> None:
    """RFC 8058: scanners follow links, so a GET changes nothing."""
    token = mailed(shop, recorder)
    consenting.ask_to_unsubscribe(token, shop)
    assert state_of(shop, MAIL) == "granted"

    consenting.unsubscribe(token, shop)
    assert state_of(shop, MAIL) == "denied"
    writes(shop, ASKS, MAIL)
    assert OFFERED not in recorder.sent[-1].text


def test_marketing_e_mail_carries_the_physical_address(shop: Rooms, recorder: Recorder) -> None:
    mailed(shop, recorder)
    (mail,) = recorder.sent

    for form in (mail.text, mail.html or ""):
        assert "RetailerXYZ, 1 Main Street, Springfield" in form
        assert (mail.unsubscribe_url or "nowhere") in form


@pytest.mark.parametrize("name", ["bounce", "complaint_event"])
def test_a_hard_bounce_and_a_complaint_suppress(shop: Rooms, recorder: Recorder, name: str) -> None:
    """As SES tells of them, of a mail that this shop sent."""
    notice = document(f"ses/{name}.json")
    message_id = notice["mail"]["messageId"]
    recorder.answers = [SendResult(status="sent", provider="ses", provider_id=message_id)]
    mailed(shop, recorder)
    (told,) = notices.parse(json.dumps(notice), SETTINGS, shop.clock()).interactions
    worked(shop, told)
    recorder.sent.clear()
    ann(shop, agreed(MAIL), preferences={"service": ["email"], "marketing": ["email"]})
    for here in (MAIL, Channel.SMS):
        writes(shop, ASKS, here)

    assert reading.customer("ann", shop).reach[MAIL].suppressed
    assert {reply.channel for reply in recorder.sent} == {Channel.SMS}
