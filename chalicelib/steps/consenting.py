"""Leaving marketing e-mail by one click, as RFC 8058 has it: only a POST unsubscribes."""

from __future__ import annotations

from ..customers.saving import consent
from ..errors import NotFoundError
from ..model import Channel, Consent, ConsentState, Purpose, TrackedLink
from .linking import UNSUBSCRIBED
from .rooms import Rooms

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font:17px/1.5 system-ui;max-width:28em;margin:15vh auto;padding:0 1em">
<h1 style="font-size:1.3em">{title}</h1>{content}</body></html>"""

_BUTTON = """<form method="post"><button style="font:inherit;padding:.5em 1em"
name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>"""


def ask_to_unsubscribe(token: str, rooms: Rooms) -> str:
    """The page behind the link: mail scanners follow links, so a GET changes nothing."""
    _link(token, rooms)
    return _PAGE.format(title="Stop our marketing e-mail?", content=_BUTTON)


def unsubscribe(token: str, rooms: Rooms) -> str:
    """Put the refusal on record at once; answers a page that says so. Raises NotFoundError."""
    link = _link(token, rooms)
    now = rooms.clock()
    said = Consent(
        channel=Channel.EMAIL,
        purpose=Purpose.MARKETING,
        state=ConsentState.DENIED,
        source="one-click unsubscribe",
        at=now,
    )
    consent(rooms.customers, link.customer_id, said, now)
    return _PAGE.format(
        title="You are unsubscribed", content="<p>You will get no more marketing e-mail.</p>"
    )


def _link(token: str, rooms: Rooms) -> TrackedLink:
    link = rooms.ledger.link(token)
    # The link of an offer may be read by others than its customer, as in a public reply.
    if link is None or not link.url.endswith(UNSUBSCRIBED):
        raise NotFoundError("this link is not known, or has expired")
    return link
