"""A person wrote to us: what they asked, what is best for them, where they get it, what it says.

The channel is chosen before offers are ranked, because what a channel may carry (marketing needs
its own consent) decides which offers are admissible at all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from .. import telemetry
from ..customers import activity
from ..customers.wishes import heed
from ..decisioning import unprofiled
from ..documents import WriteItem
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
from ..replies import Answer, compose
from ..understanding import understand
from . import forgetting
from .channels import chosen, question_about
from .consenting import heeding, opt_in_question
from .deciding import Question, decide, decision_id
from .deferring import awaited_hour, deferred, has_waited
from .plan import Plan, recorded
from .resolving import look_up, started, view_of
from .rooms import Rooms
from .saying import Saying, say
from .sweeping import CONFIRM_WITHIN, CONFIRMED

QUESTION_LIFETIME = timedelta(hours=24)
"""How long a bare "yes" still answers what we asked."""

_WISHES = frozenset({Intent.OPT_OUT, Intent.OPT_IN, Intent.CHANNEL_PREFERENCE})
"""What is said to them confirms the wish itself."""

_WISHED = {"channel", "not_channel", "hours"}
"""The slots of what is heeded beside a question."""


def answer(interaction: Interaction, message: Message, rooms: Rooms) -> Plan | None:
    """Everything that a message changes and everything said to it; None for a duplicate."""
    sender = look_up(interaction, rooms)
    if sender.duplicate:
        if sender.erased:
            forgetting.heed_erased(interaction, message, rooms)
        return None
    now = rooms.clock()
    customer = view_of(sender, interaction, rooms)
    before = started(customer)
    waited, heard = has_waited(interaction), forgotten(customer, now)
    if not waited:
        heard = activity.record(heard, interaction, rooms.category_of)
    understood = read(heard, message, rooms)
    after = heard
    sure = understood.confidence >= rooms.settings.confidence_threshold or message.provider_handled
    if sure and not waited:
        # What is only suspected is asked back, and changes nothing; what has waited was heeded when
        # it came, and what they said since is newer.
        by = heeding(rooms, proof=interaction.id)
        after = heed(heard, message, understood, interaction.occurred_at, by)
    age = now - interaction.received_at
    if (silence := _silenced(customer, after, message, understood, age)) is not None:
        record = recorded(
            interaction, InteractionStatus.IGNORED, customer_id=after.id, note=silence
        ).model_copy(update={"understanding": understood})
        return Plan(record=record, before=before, after=after)
    # What has worked for them is what was known before this very message came.
    reached = after.model_copy(update={"reach": customer.reach})
    confirming = understood.intent in CONFIRMED
    question = question_about(rooms, interaction, confirming=confirming)
    preference = chosen(reached, question, rooms, now)
    composed, noted = said_to(understood, heard, after, message, preference, rooms, now)
    until = awaited_hour(preference, reached, rooms, now)
    if until is not None and not (composed.silent or composed.handover):
        # Whoever takes over is asked to at once; all else is answered in the morning.
        return deferred(interaction, after, until, now, before=before, understood=understood)
    allowed = purposes_beside(composed, preference)
    asked = Question(
        decision_id=decision_id(interaction.id),
        customer=reached,
        context=DecisionContext(channel=preference.chosen, placement="reply"),
        understanding=understood,
        purposes=allowed,
        interaction_id=interaction.id,
        channels=question,
    )
    # Where no offer may go along, the decision says why not.
    choice = decide(asked, rooms, now)
    saying = Saying(
        interaction=interaction,
        understanding=understood,
        preference=preference,
        answer=composed,
        choice=choice,
    )
    return say(saying, before, after, rooms, now, noted)


def said_to(
    understood: Understanding,
    heard: Customer,
    after: Customer,
    message: Message,
    preference: Preference,
    rooms: Rooms,
    now: datetime,
) -> tuple[Answer, tuple[WriteItem, ...]]:
    """The answer, with what was heeded beside the question, and what is to be noted of it.

    Where START still waits to be confirmed, the answer is the question; asked within a day, none.
    """

    def composed(said: Understanding) -> Answer:
        return compose(
            said,
            unprofiled(after),
            rooms.assortment.current,
            preference=preference,
            now=now,
            brand=rooms.brand,
            threshold=rooms.settings.confidence_threshold,
        )

    if _unconfirmed(understood, after, message):
        asked = opt_in_question(after, message.channel, rooms, now, understood.language)
        return (asked[0], (asked[1],)) if asked else (Answer("opted_in", silent=True), ())
    if understood.intent is Intent.YES and _agreed(heard, after, message):
        return composed(understood.model_copy(update={"intent": Intent.OPT_IN})), ()
    answer = composed(understood)
    if understood.intent in _WISHES or not _WISHED & understood.slots.keys():
        return answer, ()
    wish = {"intent": Intent.CHANNEL_PREFERENCE, "confidence": 1.0, "ambiguous": False}
    confirmation = composed(understood.model_copy(update=wish))
    # What confirms a wish carries no promotion.
    return replace(answer, noted=replace(confirmation, question=None), offers=False), ()


def _unconfirmed(understood: Understanding, after: Customer, message: Message) -> bool:
    """They said START where the grant of marketing is pending now."""
    return understood.intent is Intent.OPT_IN and _state(after, message) is ConsentState.PENDING


def _agreed(heard: Customer, after: Customer, message: Message) -> bool:
    """Their word granted what was pending."""
    was, is_ = _state(heard, message), _state(after, message)
    return was is ConsentState.PENDING and is_ is ConsentState.GRANTED


def _state(customer: Customer, message: Message) -> ConsentState | None:
    held = customer.consent(message.channel, Purpose.MARKETING)
    return held.state if held else None


@telemetry.step("understand")
def read(customer: Customer, message: Message, rooms: Rooms) -> Understanding:
    """What the message asks, with the customer's browsing and our last question to go by."""
    stated = message.language or customer.profile.language
    return understand(
        message.model_copy(update={"language": stated}),
        rooms.index(),
        stores=rooms.assortment.current.stores,
        recent=unprofiled(customer).recent,
        pending=customer.pending,
        threshold=rooms.settings.confidence_threshold,
    )


def purposes_beside(composed: Answer, preference: Preference) -> frozenset[Purpose]:
    """Which kinds of offer may stand beside the answer, on the channel it goes by."""
    if not composed.offers or preference.chosen is None or not preference.personal:
        return frozenset()
    return frozenset(Purpose) if preference.marketing else frozenset({Purpose.SERVICE})


def forgotten(customer: Customer, now: datetime) -> Customer:
    """The customer without a question of ours that is too old to be meant."""
    asked = customer.pending
    if asked is None or now - asked.asked_at <= QUESTION_LIFETIME:
        return customer
    return customer.model_copy(update={"pending": None})


def _silenced(
    customer: Customer, after: Customer, message: Message, said: Understanding, age: timedelta
) -> str | None:
    """Why nothing is said: STOP is confirmed once, within minutes, and then there is silence."""
    if message.provider_handled and not _unconfirmed(said, after, message):
        return "answered already"
    if said.intent is not Intent.OPT_OUT:
        return None
    standing = customer.consent(message.channel, Purpose.SERVICE)
    if standing is not None and standing.state is ConsentState.DENIED:
        return "answered already"
    return "too late to confirm" if age > CONFIRM_WITHIN else None
