"""What came in: one normalised fact, and what it may be."""

from typing import Annotated, Any, Literal

from pydantic import Field

from .identities import Channel, Identity
from .values import Frozen, Moment


class Message(Frozen):
    """Words that a person wrote to the brand."""

    kind: Literal["message"] = "message"
    channel: Channel
    text: str
    reply_to: str | None = Field(None, description="the provider's id to answer to: post, DM, SMS")
    language: str | None = None
    provider_handled: Literal["stop", "start", "help"] | None = Field(
        None, description="the provider has already answered this keyword (Twilio OptOutType)"
    )


class WebEvent(Frozen):
    """Something done on the site, in the app or at the till, named as the source names it."""

    kind: Literal["event"] = "event"
    name: str = Field(description="page, screen, or the track event's name in snake_case")
    properties: dict[str, Any] = Field(default_factory=dict)
    gpc: bool = False


class Identification(Frozen):
    """A claim that the interaction's identities are one person (identify, alias, group)."""

    kind: Literal["identification"] = "identification"
    traits: dict[str, Any] = Field(default_factory=dict)
    gpc: bool = False


Barrier = Literal["opted_out", "no_marketing", "complained", "unreachable"]
"""Why nothing more may be sent: they refused all or marketing with the provider, called it spam, or
the address is gone for good (a hard bounce, a push subscription that ended)."""


class Receipt(Frozen):
    """What became of something that we sent, as the provider tells it."""

    kind: Literal["receipt"] = "receipt"
    provider: str
    provider_id: str
    status: Literal["sent", "delivered", "read", "failed", "unknown", "absent"] = Field(
        description="`absent`: asked for, and the provider surely has no such message"
    )
    code: str | None = Field(None, description="the provider's error code")
    barred: Barrier | None = None
    key: str | None = Field(None, description="our outbox id, where the provider gives it back")


class Removal(Frozen):
    """A post was deleted, or a person revoked our access: what we hold of it must go."""

    kind: Literal["removal"] = "removal"
    removed_ids: tuple[str, ...] = Field((), description="interaction ids whose text must go")
    whole_account: bool = False


class Click(Frozen):
    """A tracked link was followed."""

    kind: Literal["click"] = "click"
    token: str
    url: str
    customer_id: str
    decision_id: str | None = None
    offer_id: str | None = None
    channel: Channel | None = Field(None, description="where the link was sent")
    sent_at: Moment | None = None


class Fallback(Frozen):
    """A message of ours did not arrive: it is to go another way."""

    kind: Literal["fallback"] = "fallback"
    outbox_id: str


class Restock(Frozen):
    """A product that the customer waits for is back."""

    kind: Literal["restock"] = "restock"
    customer_id: str
    product_id: str


class Interaction(Frozen):
    """One normalised inbound fact, with an id that its source keeps stable across redelivery."""

    id: str = Field(min_length=3, max_length=300)
    source: Literal["x", "twilio", "whatsapp", "aws_sms", "ses", "web", "operator", "rejoinder"]
    identities: tuple[Identity, ...] = Field((), max_length=10)
    occurred_at: Moment
    received_at: Moment
    proven: bool = Field(False, description="the shop vouches that the identities are one person")
    body: Annotated[
        Message | WebEvent | Identification | Receipt | Removal | Click | Restock | Fallback,
        Field(discriminator="kind"),
    ]
