"""A page asks for its visitor's inbox: what it is given is delivered, and what it says is read."""

from __future__ import annotations

from typing import Any

from .. import inbound
from ..errors import NotFoundError, PayloadError
from ..inbound.request import InboundRequest
from ..model import Channel, Interaction, Receipt, normalise_identity
from ..outbound import InboxCarrier
from .rooms import Rooms


def listed(request: InboundRequest, rooms: Rooms) -> list[dict[str, Any]]:
    """The visitor's messages, newest first, as JSON.

    Raises SignatureError, PayloadError, NotFoundError where there is no inbox, TemporaryError.
    """
    inbox, browser = _opened(request, rooms)
    shown = inbox.list_for(browser)
    news = [message for message in shown if message.news]
    rooms.queues.put_many([_receipt(m.provider_id, "delivered", rooms) for m in news])
    for message in news:
        inbox.note_told(message)
    return [{"id": m.id, **m.message.model_dump(mode="json"), "read": m.read} for m in shown]


def mark_read(request: InboundRequest, message_id: str, rooms: Rooms) -> dict[str, Any]:
    """Note that the visitor read a message; raises as `listed` does, NotFoundError for any that
    was not listed to them."""
    inbox, browser = _opened(request, rooms)
    provider_id = inbox.mark_read(browser, message_id)
    rooms.queues.put([_receipt(provider_id, "read", rooms)])
    return {"id": message_id, "read": True}


def _opened(request: InboundRequest, rooms: Rooms) -> tuple[InboxCarrier, str]:
    """The inbox, and the value of the browser's `anonymous:` identity: who knows it may read."""
    inbound.source("segment").verify(request, rooms.settings)
    inbox = rooms.carriers.get(Channel.INBOX)
    if not isinstance(inbox, InboxCarrier):
        raise NotFoundError("this stage has no inbox")
    try:
        named = normalise_identity(f"anonymous:{request.headers.get('x-anonymous-id', '')}")
    except ValueError:
        raise PayloadError("X-Anonymous-Id is the browser's id, 1 to 256 characters") from None
    return inbox, named.removeprefix("anonymous:")


def _receipt(provider_id: str, status: str, rooms: Rooms) -> Interaction:
    now = rooms.clock()
    told = {"provider": InboxCarrier.provider, "provider_id": provider_id, "status": status}
    return Interaction(
        id=f"inbox:{provider_id}:{status}",
        source="rejoinder",
        occurred_at=now,
        received_at=now,
        body=Receipt.model_validate(told),
    )
