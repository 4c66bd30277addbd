"""What an operator may say of a customer or an order: the bodies of PUT and of import rows.

Lives here: the forms and their limits, and how they become a Customer or an Order. Never here:
files, lines or storage.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from ..model import (
    Channel,
    Consent,
    ConsentState,
    Customer,
    EntityId,
    Frozen,
    Identity,
    Moment,
    Order,
    OrderLine,
    Profile,
    Purpose,
    category_prefixes,
    normalise_identity,
)
from .consents import with_consent

MAX_ATTRIBUTES = 200
MAX_ATTRIBUTES_BYTES = 32_768
_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_AMOUNT = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")
_ISO_DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")


def _read_amount(value: Any) -> Decimal:
    """Plain decimal notation below 10^9 either way: no exponent, no NaN, no float's noise."""
    text = str(value).strip()
    if isinstance(value, bool) or not _AMOUNT.fullmatch(text):
        raise ValueError("an amount is written 129.90 and lies below 1000000000")
    return Decimal(text)


def _read_moment(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO_DATE.match(value.strip())):
        return value
    raise ValueError("a time is written 2026-03-01T10:00:00Z")


Amount = Annotated[Decimal, BeforeValidator(_read_amount)]
WrittenMoment = Annotated[Moment, BeforeValidator(_read_moment)]


def is_time_zone(name: str) -> bool:
    """Whether the IANA time zone database has `name`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


class ConsentInput(Frozen):
    """One consent or refusal; where it was said is required, when defaults to now."""

    channel: Channel
    purpose: Purpose
    state: ConsentState
    source: str = Field(min_length=1, max_length=200)
    at: WrittenMoment | None = None
    wording: str | None = Field(None, max_length=500)
    proof: str | None = Field(None, max_length=300, description="a form's id; no address, no IP")

    @field_validator("state")
    @classmethod
    def _a_word_is_yes_or_no(cls, state: ConsentState) -> ConsentState:
        if state is ConsentState.PENDING:
            raise ValueError("a consent is granted or denied; what is pending is ours to say")
        return state

    def to_consent(self, now: datetime) -> Consent:
        """The consent, dated `now` where it has no time of its own, and never later: a grant from
        the future would outlast a refusal."""
        return Consent(**self.model_dump(exclude={"at"}), at=min(self.at or now, now))


class CustomerInput(Frozen):
    """The body of `PUT /customers/{id}`: what is stated of a customer, never what they did."""

    identities: tuple[Identity, ...] = Field((), max_length=50)
    profile: Profile = Profile()
    attributes: dict[str, Any] = Field(default_factory=dict, max_length=MAX_ATTRIBUTES)
    interests: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        (), max_length=200
    )
    preferences: dict[Purpose, tuple[Channel, ...]] = Field(default_factory=dict)
    consents: tuple[ConsentInput, ...] = Field((), max_length=40)
    x_linked_with_opt_in: bool = False

    @field_validator("profile")
    @classmethod
    def _the_time_zone_exists(cls, profile: Profile) -> Profile:
        if profile.time_zone is not None and not is_time_zone(profile.time_zone):
            raise ValueError("time_zone is not a name of the IANA time zone database")
        return profile

    @field_validator("attributes")
    @classmethod
    def _attributes_can_be_named_and_kept(cls, attributes: dict[str, Any]) -> dict[str, Any]:
        if not all(_ATTRIBUTE.fullmatch(name) for name in attributes):
            raise ValueError("an attribute's name is letters, digits and _, at most 64 of them")
        try:
            size = len(json.dumps(attributes, ensure_ascii=False, allow_nan=False).encode())
        except (ValueError, TypeError, RecursionError):
            raise ValueError("attributes are what JSON can hold") from None
        if size > MAX_ATTRIBUTES_BYTES:
            raise ValueError(f"attributes are at most {MAX_ATTRIBUTES_BYTES} bytes of JSON")
        return attributes

    @field_validator("identities", "interests")
    @classmethod
    def _each_once(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(values))

    @field_validator("preferences")
    @classmethod
    def _each_channel_once(
        cls, preferences: dict[Purpose, tuple[Channel, ...]]
    ) -> dict[Purpose, tuple[Channel, ...]]:
        return {p: tuple(dict.fromkeys(channels)) for p, channels in preferences.items()}

    @model_validator(mode="after")
    def _x_is_linked_only_with_opt_in(self) -> CustomerInput:
        if not self.x_linked_with_opt_in and any(i.startswith("x:") for i in self.identities):
            raise ValueError(
                "an x identity needs the customer's opt-in to linking it: x_linked_with_opt_in"
            )
        return self

    def to_customer(self, customer_id: str, now: datetime) -> Customer:
        """A customer without any history; consents without a time are dated `now`.

        Of several consents for one channel and purpose the newest stands, and all were heard. The
        id is an identity too: `user:<id>`.
        """
        customer = Customer(
            id=customer_id,
            identities=tuple(dict.fromkeys((*self.identities, f"user:{customer_id}"))),
            **self.model_dump(exclude={"consents", "id", "identities"}),
        )
        dated = (consent.to_consent(now) for consent in self.consents)
        for said in sorted(dated, key=lambda c: c.at, reverse=True):
            customer = with_consent(customer, said)
        return customer


class CustomerRow(CustomerInput):
    """A customer in an import: the same body with its id."""

    id: EntityId

    def customer(self, now: datetime) -> Customer:
        """The row as a customer without any history."""
        return self.to_customer(self.id, now)


class LineInput(Frozen):
    """One line of an order."""

    product_id: EntityId | None = None
    category: str | None = Field(None, max_length=200)
    quantity: float = Field(1, ge=0, le=1_000_000, allow_inf_nan=False)
    amount: Amount = Decimal(0)

    @field_validator("category")
    @classmethod
    def _one_spelling(cls, path: str | None) -> str | None:
        prefixes = category_prefixes(path)
        return prefixes[-1] if prefixes else None


class TransactionRow(Frozen):
    """A whole order in an import, with whose it is: a customer's id or one of their identities."""

    id: EntityId
    customer: Annotated[str, Field(min_length=1, max_length=300)]
    at: WrittenMoment
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    store_id: EntityId | None = None
    status: str | None = Field(None, max_length=40)
    total: Amount | None = Field(None, description="the lines' sum where it is not given")
    lines: tuple[LineInput, ...] = Field((), max_length=1000)

    @field_validator("customer")
    @classmethod
    def _an_id_or_an_identity(cls, customer: str) -> str:
        return normalise_identity(customer) if ":" in customer else f"user:{customer}"

    @property
    def order(self) -> Order:
        """The order itself."""
        total = sum((line.amount for line in self.lines), Decimal(0))
        return Order(
            id=self.id,
            at=self.at,
            total=total if self.total is None else self.total,
            currency=self.currency,
            lines=tuple(OrderLine(**line.model_dump()) for line in self.lines),
            store_id=self.store_id,
            status=self.status,
        )


def reason_of(error: ValidationError) -> str:
    """What is wrong and where, without any of the values that were sent."""
    wrong = (
        (".".join(str(part)[:40] for part in e["loc"]), e["msg"].removeprefix("Value error, "))
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return "; ".join(f"{place}: {what}" if place else what for place, what in wrong)[:500]
