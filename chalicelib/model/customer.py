"""The single customer view, and everything that it holds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from .identities import Channel, Identity, Purpose
from .values import EntityId, Frozen, Location, Moment


class Profile(Frozen):
    """Demographics. Unknown is None, never a guess."""

    first_name: str | None = Field(None, max_length=100)
    last_name: str | None = Field(None, max_length=100)
    birth_date: date | None = None
    gender: str | None = Field(None, max_length=40)
    country: str | None = Field(None, pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    language: str | None = Field(None, max_length=20, description="BCP 47")
    time_zone: str | None = Field(None, max_length=60, description="IANA name")
    postcode: str | None = Field(None, max_length=20)
    location: Location | None = None


class ConsentState(StrEnum):
    """`pending`: said, and still to be confirmed from that very address (double opt-in)."""

    GRANTED = "granted"
    DENIED = "denied"
    PENDING = "pending"


class Consent(Frozen):
    """One standing consent or refusal. What is pending or not on record is not granted."""

    channel: Channel
    purpose: Purpose
    state: ConsentState
    source: str = Field(
        max_length=200, description="where it was said: a form, a keyword, an agent"
    )
    at: Moment
    wording: str | None = Field(None, max_length=500, description="what the customer agreed to")
    proof: str | None = Field(
        None,
        max_length=700,
        description="where it can be looked up: the interaction's id, a form's; of a double opt-in "
        "both, with ` + ` between",
    )


class PushSubscription(Frozen):
    """One browser's agreement with its push service (W3C Push API, `PushSubscription.toJSON()`)."""

    endpoint: str = Field(max_length=1000, pattern=r"^https?://")
    p256dh: str = Field(max_length=200, description="the browser's public key, base64url")
    auth: str = Field(max_length=100, description="its authentication secret, base64url")
    at: Moment


Daypart = Literal["morning", "midday", "evening", "night"]
"""Of the customer's own clock: from 6, from 12, from 17 and from 22 o'clock."""


class Tally(Frozen):
    """What became of messages on one channel in one part of the day."""

    tried: int = Field(0, description="those of which it is known whether they arrived")
    reached: int = 0
    read: int = Field(0, description="0 where the channel does not tell")
    answered: int = Field(0, description="a link followed, or a word back within a day")


class Reach(Frozen):
    """What is known of one channel's deliverability to one customer."""

    last_inbound_at: Moment | None = None
    last_delivered_at: Moment | None = None
    last_failed_at: Moment | None = None
    last_answered_at: Moment | None = None
    tallies: dict[Daypart, Tally] = Field(default_factory=dict)
    suppressed: str | None = Field(None, description="why never to send: hard bounce, opted out…")


class Behaviour(Frozen):
    """One thing done online: a page, a product viewed, a cart change."""

    at: Moment
    name: str
    product_id: str | None = None
    category: str | None = None


class OrderLine(Frozen):
    product_id: str | None = None
    category: str | None = Field(None, description="product_type path, a/b/c")
    quantity: float = Field(1, ge=0)
    amount: Decimal = Field(Decimal(0), description="what was paid for the line, all units")


class Order(Frozen):
    """One transaction, online or at the till."""

    id: EntityId
    at: Moment
    total: Decimal
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    lines: tuple[OrderLine, ...] = ()
    store_id: str | None = None
    status: str | None = Field(
        None, max_length=40, description="paid, shipped, delivered, returned…"
    )


Response = Literal["clicked", "bought", "redeemed", "returned", "ignored", "opted_out"]
"""`returned`: bought or redeemed, and the order was undone."""

TAKEN_UP: Final[frozenset[Response | None]] = frozenset({"clicked", "bought", "redeemed"})
"""The responses of who took an offer up."""


class OfferContact(Frozen):
    """One offer put to the customer, and what they did about it."""

    offer_id: str
    decision_id: str
    at: Moment
    channel: Channel | None = None
    purpose: Purpose = Purpose.MARKETING
    groups: tuple[str, ...] = Field((), description="the product groups that the offer was about")
    response: Response | None = None
    response_at: Moment | None = None
    order_id: str | None = Field(None, description="the order that was the response")
    withheld: bool | None = Field(
        None, description="True: it was not made, for the customer is in the control group"
    )


class Aggregates(Frozen):
    """Running totals that rules and scoring read; kept as facts arrive, never recomputed.

    Categories are product_type paths, and every fact counts for each prefix of its path: a
    purchase in `shoes/trail` counts for `shoes` and for `shoes/trail`.
    """

    order_count: int = 0
    spend_total: Decimal = Decimal(0)
    first_purchase_at: Moment | None = None
    last_purchase_at: Moment | None = None
    last_purchase: dict[str, Moment] = Field(default_factory=dict)
    purchase_count: dict[str, int] = Field(default_factory=dict)
    spend: dict[str, Decimal] = Field(default_factory=dict)
    last_product_purchase: dict[str, Moment] = Field(default_factory=dict)
    view_count: dict[str, int] = Field(default_factory=dict)
    last_view: dict[str, Moment] = Field(default_factory=dict)
    last_seen_at: Moment | None = None
    interaction_count: int = 0


class PendingQuestion(Frozen):
    """What our last reply asked, so that a bare "yes" or "the second" has a meaning."""

    kind: Literal["which_product", "restock", "opt_in"]
    product_ids: tuple[str, ...] = ()
    slots: dict[str, str] = Field(default_factory=dict)
    channel: Channel | None = None
    intent: str | None = None
    asked_at: Moment


class Customer(Frozen):
    """The single customer view, read in one DynamoDB query. `version` counts its changes."""

    id: EntityId
    version: int = 0
    identities: tuple[Identity, ...] = ()
    profile: Profile = Field(default_factory=Profile)
    attributes: dict[str, Any] = Field(default_factory=dict)
    interests: tuple[str, ...] = ()
    preferences: dict[Purpose, tuple[Channel, ...]] = Field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    x_linked_with_opt_in: bool = False
    reach: dict[Channel, Reach] = Field(default_factory=dict)
    aggregates: Aggregates = Field(default_factory=Aggregates)
    recent: tuple[Behaviour, ...] = Field((), description="newest first, bounded")
    orders: tuple[Order, ...] = Field((), description="newest first, bounded by retention")
    offers: tuple[OfferContact, ...] = Field((), description="newest first")
    pending: PendingQuestion | None = None
    subscriptions: tuple[PushSubscription, ...] = Field((), description="newest first, bounded")
    proven_browsers: tuple[Identity, ...] = Field(
        (), description="the `anonymous:` identities that the shop vouched to be theirs"
    )
    gpc: bool = Field(False, description="a browser of theirs sent Global Privacy Control")
    daytime_only: bool = Field(
        False, description="they asked not to be written to at night: answers keep to the hours too"
    )
    changed_at: dict[str, Moment] = Field(
        default_factory=dict, description="when each field last changed: a merge keeps the newest"
    )
    merged_into: str | None = Field(None, description="this record lives on in that customer")

    def address(self, namespace: str) -> str | None:
        """The value of the customer's first identity in `namespace`, if any."""
        prefix = f"{namespace}:"
        return next((i[len(prefix) :] for i in self.identities if i.startswith(prefix)), None)

    def consent(self, channel: Channel, purpose: Purpose) -> Consent | None:
        """The standing consent or refusal on record, if any."""
        return next(
            (c for c in self.consents if c.channel == channel and c.purpose == purpose), None
        )

    def age(self, now: datetime) -> int | None:
        """Whole years since the birth date, on `now`'s UTC date."""
        born = self.profile.birth_date
        if born is None:
            return None
        today = now.astimezone(UTC).date()
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
