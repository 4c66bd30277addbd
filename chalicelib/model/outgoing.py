"""What goes out: replies, what became of them, and the record of an interaction."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from .asked import Understanding
from .customer import Customer
from .decision import Preference
from .identities import Channel, Purpose
from .interaction import Barrier, Interaction
from .values import Frozen, Moment


class TrackedLink(Frozen):
    """A short link in a reply: `/r/{token}` counts the click and leads on to `url`."""

    token: str
    url: str
    customer_id: str
    decision_id: str | None = None
    offer_id: str | None = None
    channel: Channel | None = Field(None, description="where it was sent")
    sent_at: Moment | None = None


class Reply(Frozen):
    """What will be said, rendered within one channel's limits."""

    channel: Channel
    to: str = Field(description="E.164 number, e-mail address, X user id; post id lies in reply_to")
    text: str
    subject: str | None = None
    html: str | None = None
    reply_to: str | None = None
    purpose: Purpose = Purpose.SERVICE
    segments: int = Field(1, description="what the carrier will bill: SMS segments, else 1")
    language: str = Field("en", description="of the words, as the templates' folders are named")
    links: tuple[TrackedLink, ...] = ()
    unsubscribe_url: str | None = None


class SendResult(Frozen):
    """What the provider said at once. `unknown`: it may or may not have gone out."""

    status: Literal["sent", "failed", "unknown", "retry"]
    provider: str
    provider_id: str | None = None
    code: str | None = None
    retry_at: Moment | None = Field(None, description="with `retry`: not before this")
    barred: Barrier | None = None
    keyed: bool = Field(False, description="whether its receipts will bring our own key")


class Handover(Frozen):
    """A person must take over: the whole context, for the service desk."""

    interaction_id: str
    customer_id: str
    reason: str
    channel: Channel | None
    message: str
    understanding: Understanding | None
    customer: Customer
    decision_id: str | None
    at: Moment


OutboxStatus = Literal["pending", "retry", "sent", "delivered", "read", "failed", "unknown"]
"""`pending`: promised, perhaps attempted; `retry`: known not to have gone out, try again."""


class OutboxEntry(Frozen):
    """One send that the commit promised. Only who committed it, or the sweeper, sends it.

    What is not for now but for a better hour is an interaction that will be worked on then. A reply
    that did not arrive `moved_to` another entry, which knows by `tried` where it has been.
    """

    id: str
    interaction_id: str
    customer_id: str
    decision_id: str | None = None
    body: Reply | Handover | Interaction
    status: OutboxStatus = "pending"
    committed_at: Moment
    due_at: Moment = Field(description="when the sweeper looks at it, if it is not settled by then")
    attempts: int = 0
    provider: str | None = None
    provider_id: str | None = None
    code: str | None = None
    sent_at: Moment | None = None
    read_by: Moment | None = Field(None, description="unread then, it is taken back and moves on")
    tried: tuple[Channel, ...] = Field((), description="where it did not arrive, before this")
    moved_to: str | None = Field(None, description="the entry that it goes by instead")


class InteractionStatus(StrEnum):
    RECEIVED = "received"
    ANSWERED = "answered"
    DEFERRED = "deferred"
    HANDED_OVER = "handed_over"
    IGNORED = "ignored"
    FAILED = "failed"


class InteractionRecord(Frozen):
    """What the ledger keeps of one interaction."""

    interaction: Interaction
    status: InteractionStatus
    customer_id: str | None = None
    understanding: Understanding | None = None
    decision_id: str | None = None
    outbox_ids: tuple[str, ...] = ()
    preference: Preference | None = Field(
        None, description="how the channel was chosen, where no decision tells it"
    )
    note: str | None = Field(None, description="why it was ignored, deferred or failed")
