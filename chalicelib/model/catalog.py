"""The assortment and the catalog of offers: products, stores, offers, contact limits."""

import re
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .identities import Channel, Purpose
from .values import EntityId, Frozen, Location, Moment


class Price(Frozen):
    """`129.90 USD`, as the Google Merchant feed writes it."""

    amount: Decimal = Field(ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    @classmethod
    def parse(cls, text: str) -> Self:
        amount, _, currency = text.strip().partition(" ")
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", amount):
            raise ValueError('a price is written "129.90 USD"')
        return cls(amount=Decimal(amount), currency=currency.strip())

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


Availability = Literal["in_stock", "out_of_stock", "preorder", "backorder"]


class Product(BaseModel):
    """One sellable variant, in the Google Merchant feed's attribute names; others are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

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


class Store(Frozen):
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

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
    policy: ContactPolicy = Field(default_factory=ContactPolicy)
    wording: Wording = Field(default_factory=Wording)
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
    def _validity_runs_forward(self) -> Self:
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
