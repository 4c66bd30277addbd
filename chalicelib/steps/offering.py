"""Deciding at once, for a website, a till or an agent's screen: the bracket without the queue."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ..errors import TemporaryError
from ..ledger import Refused
from ..model import (
    Channel,
    Customer,
    Decision,
    DecisionContext,
    Frozen,
    Identity,
    Purpose,
)
from . import tallies
from .channels import chosen, question_of
from .deciding import Question, decide, note_spent, reads_orders, with_contacts
from .plan import Plan
from .rooms import Rooms

MESSAGING = frozenset(Channel) - {Channel.INBOX}
"""Channels that send: an offer there needs its consent. A page, a till or the inbox on the site is
shown to them."""

OFFERS_LIMIT = 48
"""Each takes up to two of a transaction's 100 items: the contact, and a unit of its budget."""


class DecisionRequest(Frozen):
    """The body of POST /decisions."""

    identity: Identity
    context: DecisionContext = DecisionContext()
    placement: str | None = Field(None, max_length=100)
    limit: int = Field(1, ge=1, le=OFFERS_LIMIT)

    def where(self) -> DecisionContext:
        """The context, with the placement in it."""
        placement = self.placement or self.context.placement
        return self.context.model_copy(update={"placement": placement})


def decide_now(asked: DecisionRequest, rooms: Rooms) -> Decision:
    """Decide, and commit the decision with what it takes from caps and budgets.

    Somebody unknown is decided for by what is known of nobody, and leaves no record of a customer.
    """
    attempts, spent = rooms.patience.attempts(), False
    while spent or next(attempts, None) is not None:
        spent = False
        now = rooms.clock()
        owner = rooms.customers.resolve([asked.identity]).get(asked.identity)
        customer = None
        if owner:
            customer = rooms.customers.living(owner, orders=reads_orders(owner, rooms))
        plan = _plan(asked, customer, rooms, now)
        try:
            rooms.ledger.commit(plan.writes(rooms, now))
        except Refused as refused:
            spent = note_spent(refused.names, plan.units, rooms)
            continue
        tallies.decided(plan)
        if plan.decision is not None:
            return plan.decision
    raise TemporaryError("others keep changing the customer")


def _plan(asked: DecisionRequest, customer: Customer | None, rooms: Rooms, now: datetime) -> Plan:
    who = customer or Customer(id="anonymous")
    context = asked.where()
    about = f"d-{rooms.rng.getrandbits(96):024x}"
    channel = context.channel
    among = (channel,) if channel in MESSAGING else None
    channels = question_of(rooms, Purpose.MARKETING, about=about, among=among)
    preference = chosen(who, channels, rooms, now)
    allowed = frozenset(Purpose)
    if context.channel in MESSAGING and preference.chosen is None:
        allowed = frozenset({Purpose.SERVICE})
    question = Question(
        decision_id=about,
        customer=who,
        context=context,
        purposes=allowed,
        limit=asked.limit,
        channels=channels,
    )
    choice = decide(question, rooms, now)
    found = {"preference": preference, "customer_id": customer.id if customer else None}
    decision = choice.decision.model_copy(update=found)
    after = None
    if customer is not None:
        told = (customer, decision, choice.offers, now, context.channel)
        after = with_contacts(*told, withheld=choice.withheld)
    return Plan(
        before=customer,
        after=after,
        decision=decision,
        inputs=choice.inputs,
        units=choice.units,
    )
