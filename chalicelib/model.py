"""The words that every room shares, as frozen pydantic types. No behaviour beyond their own shape.

Rooms exchange these and nothing else. Times are timezone-aware UTC datetimes; money is a decimal
amount with its ISO 4217 currency; locations are (latitude, longitude) in degrees (WGS 84).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import SchemaValidator, core_schema


class Frozen(BaseModel):
    """A value: compared by content, never changed in place; unknown fields are refused.

    What is refused is not repeated: errors find their way into logs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Deferred(Frozen):
    """A value that decides nothing: pydantic prepares it when it is first used, not at import."""

    model_config = ConfigDict(defer_build=True)


def as_utc(at: datetime) -> datetime:
    """The same moment in UTC; a naive value is taken to be UTC."""
    if at.tzinfo is UTC:
        return at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


_ANY_MOMENT = SchemaValidator(core_schema.datetime_schema())


def _read_moment(given: Any) -> datetime:
    """A stamp as we write it ourselves, read the quick way; for anything else pydantic is asked."""
    if given.__class__ is str:
        try:
            if given[10] == "T" and given[-1] == "Z":
                return datetime.fromisoformat(given)
        except (IndexError, ValueError):
            pass
    elif given.__class__ is datetime:
        return as_utc(given)
    moment: datetime = _ANY_MOMENT.validate_python(given)
    return as_utc(moment)


Moment = Annotated[datetime, BeforeValidator(_read_moment)]
"""A point in time; a naive value is taken to be UTC."""

Location = tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]

EntityId = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:~@-]*$")
]
"""An id that an operator chooses: safe in a URL path and as a key."""


# --- who ---------------------------------------------------------------------------------------

IDENTITY_NAMESPACES = ("user", "phone", "email", "x", "card", "anonymous")
"""Strongest first: an interaction that carries several identities resolves in this order."""

_PHONE = re.compile(r"^\+[1-9][0-9]{6,14}$")  # E.164
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def normalise_identity(text: str) -> str:
    """The one spelling of `namespace:value`; raises ValueError for anything else."""
    namespace, colon, value = text.strip().partition(":")
    namespace, value = namespace.strip().lower(), value.strip()
    if not colon or namespace not in IDENTITY_NAMESPACES:
        raise ValueError(f"an identity is namespace:value with one of {IDENTITY_NAMESPACES}")
    if namespace == "phone":
        value = re.sub(r"[\s().-]", "", value)
        if not _PHONE.match(value):
            raise ValueError("a phone identity is in E.164 form: + and 7 to 15 digits")
    elif namespace == "email":
        value = value.lower()
        if not _EMAIL.match(value):
            raise ValueError("an email identity is an address")
    if not 1 <= len(value) <= 256:
        raise ValueError("an identity's value has 1 to 256 characters")
    return f"{namespace}:{value}"


Identity = Annotated[str, AfterValidator(normalise_identity)]
"""`x:1234`, `phone:+15551230001`, `email:joe@example.com`, `anonymous:…`, `user:…`, `card:…`."""


class Channel(StrEnum):
    """The channels, by the names that customers, offers and consents use."""

    X_REPLY = "x_reply"
    X_DM = "x_dm"
    SMS = "sms"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    PUSH = "push"
    INBOX = "inbox"


class Purpose(StrEnum):
    """Service answers what the customer asked; marketing needs consent for the channel."""

    SERVICE = "service"
    MARKETING = "marketing"


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
    profile: Profile = Profile()
    attributes: dict[str, Any] = Field(default_factory=dict)
    interests: tuple[str, ...] = ()
    preferences: dict[Purpose, tuple[Channel, ...]] = Field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    x_linked_with_opt_in: bool = False
    reach: dict[Channel, Reach] = Field(default_factory=dict)
    aggregates: Aggregates = Aggregates()
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


# --- what came in ------------------------------------------------------------------------------


class Message(Deferred):
    """Words that a person wrote to the brand."""

    kind: Literal["message"] = "message"
    channel: Channel
    text: str
    reply_to: str | None = Field(None, description="the provider's id to answer to: post, DM, SMS")
    language: str | None = None
    provider_handled: Literal["stop", "start", "help"] | None = Field(
        None, description="the provider has already answered this keyword (Twilio OptOutType)"
    )


class WebEvent(Deferred):
    """Something done on the site, in the app or at the till, named as the source names it."""

    kind: Literal["event"] = "event"
    name: str = Field(description="page, screen, or the track event's name in snake_case")
    properties: dict[str, Any] = Field(default_factory=dict)
    gpc: bool = False


class Identification(Deferred):
    """A claim that the interaction's identities are one person (identify, alias, group)."""

    kind: Literal["identification"] = "identification"
    traits: dict[str, Any] = Field(default_factory=dict)
    gpc: bool = False


Barrier = Literal["opted_out", "no_marketing", "complained", "unreachable"]
"""Why nothing more may be sent: they refused all or marketing with the provider, called it spam, or
the address is gone for good (a hard bounce, a push subscription that ended)."""


class Receipt(Deferred):
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


class Removal(Deferred):
    """A post was deleted, or a person revoked our access: what we hold of it must go."""

    kind: Literal["removal"] = "removal"
    removed_ids: tuple[str, ...] = Field((), description="interaction ids whose text must go")
    whole_account: bool = False


class Click(Deferred):
    """A tracked link was followed."""

    kind: Literal["click"] = "click"
    token: str
    url: str
    customer_id: str
    decision_id: str | None = None
    offer_id: str | None = None
    channel: Channel | None = Field(None, description="where the link was sent")
    sent_at: Moment | None = None


class Fallback(Deferred):
    """A message of ours did not arrive: it is to go another way."""

    kind: Literal["fallback"] = "fallback"
    outbox_id: str


class Restock(Deferred):
    """A product that the customer waits for is back."""

    kind: Literal["restock"] = "restock"
    customer_id: str
    product_id: str


class Interaction(Deferred):
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


# --- what they asked ---------------------------------------------------------------------------


class Intent(StrEnum):
    AVAILABILITY = "availability"
    PRICE = "price"
    STORE_INFO = "store_info"
    ORDER_STATUS = "order_status"
    PRODUCT_ADVICE = "product_advice"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    CHANNEL_PREFERENCE = "channel_preference"
    COMPLAINT = "complaint"
    HUMAN = "human"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    OTHER = "other"


class ProductMatch(Frozen):
    product_id: str
    confidence: float = Field(ge=0, le=1)


class Understanding(Frozen):
    """What the interaction asks. `ambiguous` asks for "which of these?" instead of a guess."""

    intent: Intent
    confidence: float = Field(ge=0, le=1)
    products: tuple[ProductMatch, ...] = ()
    ambiguous: bool = False
    slots: dict[str, str] = Field(
        default_factory=dict,
        description="size, color, store_id, order_id, channel, not_channel, purpose, hours, "
        "category, day",
    )
    language: str = "en"


# --- the assortment and the catalog of offers --------------------------------------------------


class Price(Deferred):
    """`129.90 USD`, as the Google Merchant feed writes it."""

    amount: Decimal = Field(ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    @classmethod
    def parse(cls, text: str) -> Price:
        amount, _, currency = text.strip().partition(" ")
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", amount):
            raise ValueError('a price is written "129.90 USD"')
        return cls(amount=Decimal(amount), currency=currency.strip())

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


Availability = Literal["in_stock", "out_of_stock", "preorder", "backorder"]


class Product(BaseModel):
    """One sellable variant, in the Google Merchant feed's attribute names; others are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: EntityId
    title: str = Field(min_length=1, max_length=500)
    description: str | None = Field(None, max_length=5000)
    brand: str | None = Field(None, max_length=100)
    product_type: str | None = Field(None, max_length=750, description="category path, a/b/c")
    price: str
    sale_price: str | None = None
    availability: Availability = "in_stock"
    link: str | None = Field(None, max_length=2000)
    image_link: str | None = Field(None, max_length=2000)
    size: str | None = Field(None, max_length=100)
    color: str | None = Field(None, max_length=100)
    gender: str | None = Field(None, max_length=40)
    gtin: str | None = Field(None, max_length=50)
    item_group_id: str | None = Field(None, max_length=128)
    stock: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, description="units per store id"
    )

    @field_validator("price", "sale_price")
    @classmethod
    def _a_price_parses(cls, text: str | None) -> str | None:
        return None if text is None else str(Price.parse(text))

    @field_validator("link", "image_link")
    @classmethod
    def _a_link_is_absolute(cls, url: str | None) -> str | None:
        if url is not None and not re.match(r"^https?://[^\s/]+", url):
            raise ValueError("a link is an absolute http(s) URL")
        return url

    @property
    def current_price(self) -> Price:
        """The sale price where there is one."""
        return Price.parse(self.sale_price or self.price)

    @property
    def available(self) -> bool:
        """To be had now: in some store, or online where no stock per store is kept."""
        if self.stock:
            return any(units > 0 for units in self.stock.values())
        return self.availability == "in_stock"

    @property
    def category_paths(self) -> tuple[str, ...]:
        """Every prefix of the product_type path, shortest first; `a > b` reads as `a/b`."""
        return category_prefixes(self.product_type)


@lru_cache(maxsize=4096)
def category_prefixes(product_type: str | None) -> tuple[str, ...]:
    """`Shoes > Trail` -> (`shoes`, `shoes/trail`): lower case; `/` and ` > ` both separate."""
    parts = [p.strip().lower() for p in re.split(r"[/>]", product_type or "") if p.strip()]
    return tuple("/".join(parts[: n + 1]) for n in range(len(parts)))


class Store(Deferred):
    id: EntityId
    name: str = Field(min_length=1, max_length=200)
    address: str | None = Field(None, max_length=500)
    location: Location | None = None
    time_zone: str | None = Field(None, max_length=60)
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], str] = Field(
        default_factory=dict, description='"10:00-20:00"; a missing day is closed'
    )
    phone: str | None = Field(None, max_length=40)

    @field_validator("hours")
    @classmethod
    def _hours_parse(cls, hours: dict[str, str]) -> dict[str, str]:
        for day, span in hours.items():
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)", span):
                raise ValueError(f'{day}: opening hours are written "10:00-20:00"')
        return hours


class Cap(Frozen):
    """At most `times` within any `days` (a sliding window)."""

    times: int = Field(ge=1)
    days: float = Field(gt=0, le=36_500, allow_inf_nan=False)


class ContactPolicy(Frozen):
    """How often one person may meet the offer, and how many may in all (`budget`)."""

    per_customer: tuple[Cap, ...] = ()
    budget: int | None = Field(None, ge=0, description="times the offer may be made, to all")
    exclusive_group: str | None = Field(None, max_length=100)


class ContactLimits(Frozen):
    """How often one customer may be met with offers in all, over sliding windows.

    A contact is one offer put to the customer, on whatever channel and under whichever of their
    identities. Of the limits by channel, purpose or product group those apply that the offer falls
    under; a product group is a category path, and what is below it counts too.
    """

    overall: tuple[Cap, ...] = ()
    channels: dict[Channel, tuple[Cap, ...]] = Field(default_factory=dict)
    purposes: dict[Purpose, tuple[Cap, ...]] = Field(default_factory=dict)
    groups: dict[str, tuple[Cap, ...]] = Field(
        default_factory=dict, description="by category path, `shoes` or `shoes/trail`"
    )
    share: float | None = Field(
        None, gt=0, le=1, description="of the moments, the best, in which marketing is made"
    )

    @field_validator("groups")
    @classmethod
    def _a_group_is_a_category(
        cls, groups: dict[str, tuple[Cap, ...]]
    ) -> dict[str, tuple[Cap, ...]]:
        paths = {name: category_prefixes(name) for name in groups}
        if empty := [name for name, prefixes in paths.items() if not prefixes]:
            raise ValueError(f"{empty[0]!r} is no category path")
        return {paths[name][-1]: caps for name, caps in groups.items()}


class EmailWording(Frozen):
    subject: str = Field(max_length=500)
    body: str = Field(max_length=20_000)


class Wording(BaseModel):
    """What the offer says: a Jinja2 template per channel, `default` for the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: str | None = Field(None, max_length=5000)
    x_dm: str | None = Field(None, max_length=5000)
    sms: str | None = Field(None, max_length=5000)
    email: EmailWording | str | None = None
    whatsapp: str | None = Field(None, max_length=5000)
    voice: str | None = Field(None, max_length=5000)
    push: str | None = Field(None, max_length=5000)
    inbox: str | None = Field(None, max_length=5000)


_CATEGORY = "category:"


class Offer(Frozen):
    """One entry of the catalog, independent of channels but for its wording."""

    id: EntityId
    title: str = Field(min_length=1, max_length=300)
    purpose: Purpose = Purpose.MARKETING
    rule: str = Field("true", max_length=10_000, description="CEL over customer, context, request")
    value: float = Field(ge=0, allow_inf_nan=False, description="what a success earns, in money")
    weight: float = Field(1.0, ge=0, allow_inf_nan=False, description="the marketer's thumb")
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    products: tuple[str, ...] = Field((), description="product ids or `category:<path>`")
    features: dict[str, float] = Field(default_factory=dict)
    policy: ContactPolicy = ContactPolicy()
    wording: Wording = Wording()
    link: str | None = Field(None, max_length=2000, description="where the tracked link leads")

    @property
    def product_ids(self) -> tuple[str, ...]:
        """The single products among `products`."""
        return tuple(p for p in self.products if not p.startswith(_CATEGORY))

    @property
    def categories_with_parents(self) -> tuple[tuple[str, ...], ...]:
        """Of each category among `products` the path with its parents, shortest first."""
        named = (p.removeprefix(_CATEGORY) for p in self.products if p.startswith(_CATEGORY))
        return tuple(filter(None, map(category_prefixes, named)))

    @property
    def groups(self) -> tuple[str, ...]:
        """The product groups that the offer is about: the categories it names, and their parents.

        `category:shoes/trail` -> (`shoes`, `shoes/trail`).
        """
        return tuple(dict.fromkeys(chain.from_iterable(self.categories_with_parents)))

    @model_validator(mode="after")
    def _validity_runs_forward(self) -> Offer:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValueError("ends_at must be after starts_at")
        return self


class CompiledOffer(Frozen):
    """An offer whose rule has been parsed and type-checked at publish time.

    `rule` is the checked expression as plain JSON data; `catalog/rules/` writes that form and
    documents it, `decisioning/` compiles it without a parser.
    """

    offer: Offer
    rule: Any


# --- what was decided --------------------------------------------------------------------------


class DecisionContext(Frozen):
    """Where and when the decision is made; what rules read as `context`."""

    channel: Channel | None = None
    placement: str | None = Field(None, max_length=100)
    basket: tuple[str, ...] = Field((), max_length=500, description="product ids")
    store: str | None = Field(None, max_length=128)
    page: str | None = Field(None, max_length=2000)


class FailedCondition(Deferred):
    """One condition that an offer's rule put and the customer did not meet."""

    condition: str = Field(description="the condition as its author wrote it")
    value: Any = Field(None, description="what the customer has; None when it is not known")
    needed: str = Field(description="what would change it, in words: `at least 18`")


RejectionReason = Literal["rule", "cap", "budget", "date", "exclusive", "purpose", "score"]


class ScoredOffer(Frozen):
    """One ranked offer. score = probability x value x weight."""

    offer_id: str
    title: str
    score: float
    probability: float
    value: float
    weight: float
    selection_probability: float
    contributions: dict[str, float] = Field(
        default_factory=dict, description="each feature's part of the log-odds"
    )


class RejectedOffer(Deferred):
    offer_id: str
    reason: RejectionReason
    failed: tuple[FailedCondition, ...] = ()
    text: str = Field(description="in words that an agent can read to the customer")


class Refusal(Frozen):
    """Why a channel was passed over."""

    channel: Channel
    reason: str = Field(
        description="a stable code: no_address, consent, quiet_hours, not_preferred…"
    )
    text: str


class RankedChannel(Frozen):
    """A channel that might carry the message, and what speaks for it."""

    channel: Channel
    score: float = Field(description="how well messages do there, less what they cost")
    probability: float = Field(description="of choosing it")
    text: str


class ChannelQuestion(Frozen):
    """What a channel was chosen for, besides the customer and the moment: enough to choose again.

    `public`: they wrote where everybody reads. `confirming`: the one answer to STOP, START or HELP.
    `tried`: where this very message failed. Hours are spans of the recipient's own time.
    """

    purpose: Purpose
    originating: Channel | None = None
    written_at: Moment | None = Field(None, description="when they wrote what is answered")
    public: bool = False
    available: tuple[Channel, ...]
    confirming: bool = False
    tried: tuple[Channel, ...] = ()
    hours: str = "08:00-21:00"
    hours_by_country: dict[str, str] = Field(default_factory=dict)
    costs: dict[Channel, float] = Field(default_factory=dict, description="USD a message")
    seed: int = 0


class Preference(Frozen):
    """Which channel carries the reply, what it may carry, and why no other does."""

    chosen: Channel | None = None
    to: str | None = Field(None, description="the address on the chosen channel")
    why: str = ""
    refused: tuple[Refusal, ...] = ()
    marketing: bool = Field(False, description="the chosen channel may carry marketing now")
    marketing_refusal: Refusal | None = None
    personal: bool = Field(True, description="False where others can read along (x_reply)")
    probability: float = Field(1.0, description="of choosing this channel: some are tried out")
    ranking: tuple[RankedChannel, ...] = Field((), description="those that might, best first")


class Shadow(Frozen):
    """What a candidate model would have chosen; recorded, never acted on."""

    model: str = Field(description="the candidate's version")
    offer_ids: tuple[str, ...] = ()


Group = Literal["candidate", "control"]
"""Who is not decided for by the live model alone: a candidate model's share of the customers, and
the control group, who are made no marketing offers."""


class Decision(Frozen):
    """Ranked offers, and all that is needed to recompute them and every other offer's reason."""

    id: str
    interaction_id: str | None = None
    customer_id: str | None = None
    offers: tuple[ScoredOffer, ...] = ()
    context: DecisionContext = DecisionContext()
    understanding: Understanding | None = None
    preference: Preference | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    seed: int
    decided_at: Moment
    carried: tuple[str, ...] | None = Field(
        None,
        description="the offers that the reply had room for, or would have had of those withheld; "
        "None where nothing was said",
    )
    inputs_digest: str = Field("", description="sha256 of the recorded inputs")
    best: float | None = Field(
        None, description="what the best marketing offer scored that was come across, made or not"
    )
    shadow: Shadow | None = Field(None, description="of a candidate that decides for nobody yet")
    group: Group | None = Field(None, description="the customer's; None: the live model's")
    withheld: tuple[ScoredOffer, ...] | None = Field(
        None, description="what anybody else would have been made: the control group was not"
    )


class DecisionInputs(Frozen):
    """All that a decision was made from, besides the published catalog named by its version.

    Orders are not among it: rules and features read the kept aggregates.
    """

    customer: Customer
    context: DecisionContext = DecisionContext()
    understanding: Understanding | None = None
    products: tuple[Product, ...] = ()
    limit: int = 1
    purposes: tuple[Purpose, ...] = (Purpose.SERVICE, Purpose.MARKETING)
    exhausted: tuple[str, ...] = Field((), description="offers whose budget was spent")
    channels: ChannelQuestion | None = Field(
        None, description="what the channel was chosen for, where one was chosen by it"
    )
    group: Group | None = Field(None, description="whom the customer was among, if not the rest")


# --- what goes out -----------------------------------------------------------------------------


class TrackedLink(Deferred):
    """A short link in a reply: `/r/{token}` counts the click and leads on to `url`."""

    token: str
    url: str
    customer_id: str
    decision_id: str | None = None
    offer_id: str | None = None
    channel: Channel | None = Field(None, description="where it was sent")
    sent_at: Moment | None = None


class Reply(Deferred):
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


class SendResult(Deferred):
    """What the provider said at once. `unknown`: it may or may not have gone out."""

    status: Literal["sent", "failed", "unknown", "retry"]
    provider: str
    provider_id: str | None = None
    code: str | None = None
    retry_at: Moment | None = Field(None, description="with `retry`: not before this")
    barred: Barrier | None = None


class Handover(Deferred):
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


class OutboxEntry(Deferred):
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


class InteractionRecord(Deferred):
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
