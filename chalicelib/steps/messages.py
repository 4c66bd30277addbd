"""A person wrote to us: what they asked, what is best for them, where they get it, what it says.

The channel is chosen before offers are ranked, because what a channel may carry (marketing needs
its own consent) decides which offers are admissible at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ..customers import activity
from ..customers.wishes import heed
from ..model import (
    ConsentState,
    Customer,
    DecisionContext,
    Intent,
    Interaction,
    InteractionStatus,
    Message,
    Preference,
    Purpose,
    Understanding,
)
from ..preference import choose
from ..replies import Answer, compose
from ..understanding import understand
from .deciding import Choice, Question, decide, decision_id
from .plan import Plan, recorded
from .resolving import look_up, started, view_of
from .rooms import Rooms
from .saying import Saying, say
from .sweeping import CONFIRM_WITHIN

QUESTION_LIFETIME = timedelta(hours=24)
"""How long a bare "yes" still answers what we asked."""

CONFIRMED = frozenset({Intent.OPT_OUT, Intent.OPT_IN, Intent.HELP})
"""Answered where the word came from, whatever else stands on record."""


def answer(interaction: Interaction, message: Message, rooms: Rooms) -> Plan | None:
    """Everything that a message changes and everything said to it; None for a duplicate."""
    sender = look_up(interaction, rooms)
    if sender.duplicate:
        return None
    now = rooms.clock()
    customer = view_of(sender, interaction, rooms)
    before = started(customer)
    heard = activity.record(forgotten(customer, now), interaction, rooms.category_of)
    understood = read(heard, message, rooms)
    after = heard
    if understood.confidence >= rooms.settings.confidence_threshold or message.provider_handled:
        # What is only suspected is asked back, and changes nothing.
        after = heed(heard, message, understood, interaction.occurred_at)
    age = now - interaction.received_at
    if (silence := _silenced(customer, message, understood, age)) is not None:
        record = recorded(
            interaction, InteractionStatus.IGNORED, customer_id=after.id, note=silence
        ).model_copy(update={"understanding": understood})
        return Plan(record=record, before=before, after=after)
    # What has worked for them is what was known before this very message came.
    reached = after.model_copy(update={"reach": customer.reach})
    preference = channel_for(reached, message, understood, rooms, now)
    composed = compose(
        understood,
        after,
        rooms.assortment.current,
        preference=preference,
        now=now,
        brand=rooms.brand,
        threshold=rooms.settings.confidence_threshold,
    )
    allowed = purposes_beside(composed, preference)
    choice = offer_with(allowed, after, interaction, understood, preference, rooms, now)
    saying = Saying(
        interaction=interaction,
        understanding=understood,
        preference=preference,
        answer=composed,
        choice=choice,
    )
    return say(saying, before, after, rooms, now)


def read(customer: Customer, message: Message, rooms: Rooms) -> Understanding:
    """What the message asks, with the customer's browsing and our last question to go by."""
    return understand(
        message,
        rooms.index(),
        stores=rooms.assortment.current.stores,
        recent=customer.recent,
        pending=customer.pending,
        threshold=rooms.settings.confidence_threshold,
    )


def channel_for(
    customer: Customer, message: Message, said: Understanding, rooms: Rooms, now: datetime
) -> Preference:
    """Where the answer goes."""
    return choose(
        customer,
        purpose=Purpose.SERVICE,
        originating=message.channel,
        message=message,
        now=now,
        rules=rooms.contact_rules,
        available=frozenset(rooms.carriers),
        confirming=said.intent in CONFIRMED,
    )


def purposes_beside(composed: Answer, preference: Preference) -> frozenset[Purpose]:
    """Which kinds of offer may stand beside the answer, on the channel it goes by."""
    if not composed.offers or preference.chosen is None or not preference.personal:
        return frozenset()
    return frozenset(Purpose) if preference.marketing else frozenset({Purpose.SERVICE})


def offer_with(
    allowed: frozenset[Purpose],
    customer: Customer,
    interaction: Interaction,
    understood: Understanding,
    preference: Preference,
    rooms: Rooms,
    now: datetime,
) -> Choice:
    """The offer that goes with the answer; where none may, the decision says why not."""
    question = Question(
        decision_id=decision_id(interaction.id),
        customer=customer,
        context=DecisionContext(channel=preference.chosen, placement="reply"),
        understanding=understood,
        purposes=allowed,
        interaction_id=interaction.id,
    )
    return decide(question, rooms, now)


def forgotten(customer: Customer, now: datetime) -> Customer:
    """The customer without a question of ours that is too old to be meant."""
    asked = customer.pending
    if asked is None or now - asked.asked_at <= QUESTION_LIFETIME:
        return customer
    return customer.model_copy(update={"pending": None})


def _silenced(
    customer: Customer, message: Message, said: Understanding, age: timedelta
) -> str | None:
    """Why nothing is said: STOP is confirmed once, within minutes, and then there is silence."""
    if message.provider_handled:
        return "answered already"
    if said.intent is not Intent.OPT_OUT:
        return None
    standing = customer.consent(message.channel, Purpose.SERVICE)
    if standing is not None and standing.state is ConsentState.DENIED:
        return "answered already"
    return "too late to confirm" if age > CONFIRM_WITHIN else None
