"""The words of this room: the brand that speaks, what was asked, and the answer's facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..assortment import Assortment
from ..model import Channel, Customer, PendingQuestion, Preference, Understanding


@dataclass(frozen=True, slots=True)
class Brand:
    """How replies name us, and where a person can be reached."""

    name: str
    support_contact: str
    postal_address: str


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an answer is made from."""

    understanding: Understanding
    customer: Customer
    assortment: Assortment
    preference: Preference
    now: datetime
    brand: Brand

    @property
    def personal(self) -> bool:
        """Whether the answer may draw on the customer's record."""
        return self.preference.personal

    @property
    def channel(self) -> Channel | None:
        return self.preference.chosen

    def slot(self, name: str) -> str | None:
        return self.understanding.slots.get(name)

    def pending(
        self, kind: Any, *products: str, intent: str | None = None, **slots: str | None
    ) -> PendingQuestion:
        """A question that the answer asks."""
        return PendingQuestion(
            kind=kind,
            product_ids=products,
            slots={name: value for name, value in slots.items() if value is not None},
            channel=self.channel,
            intent=intent or self.understanding.intent.value,
            asked_at=self.now,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said, before any wording: `kind` names the template, `facts` fill it.

    `link` is where the reply's own link leads. `handover` is the reason why a person must take
    over; `waits_for` is the product whose return the customer is to be told of. `offers` says
    whether an offer may stand beside the answer; `silent` that nothing at all is sent. `noted` is
    what was heeded beside the question, to be confirmed with its answer.
    """

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    link: str | None = None
    question: PendingQuestion | None = None
    handover: str | None = None
    waits_for: str | None = None
    offers: bool = False
    silent: bool = False
    noted: Answer | None = None
    language: str = "en"
