"""What was done on the site, in the app or at the till; and who says they are who."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from ..customers import activity
from ..customers.answers import with_answers
from ..customers.browsers import (
    SUBSCRIBED,
    UNSUBSCRIBED,
    browsers_of,
    unvouched,
    with_proven,
    with_push,
    without_browser,
)
from ..customers.linking import (
    finish,
    is_anonymous,
    strongest_first,
    tie,
    unclaimed,
    with_identities,
)
from ..customers.merging import touched
from ..customers.traits import with_traits
from ..documents import Cancelled
from ..errors import ConflictError, NotFoundError
from ..model import Customer, Identification, Identity, Interaction, WebEvent
from .plan import Plan, recorded
from .resolving import Apart, Sender, look_up, look_up_all, started, view_of
from .rooms import Rooms

TOGETHER: Final = 25
"""Events in one transaction: DynamoDB takes 100 items, and once a month all identities are among
them."""

_ALONE: Final = activity.ORDER_EVENTS | {SUBSCRIBED, UNSUBSCRIBED}
"""Orders answer offers, which learners are told of; a subscription is a word on consent."""


def observe(interaction: Interaction, rooms: Rooms) -> Plan | None:
    """Record an event or an identification, tying its identities together; None for a duplicate."""
    sender = look_up(interaction, rooms)
    return None if sender.duplicate else _observed([interaction], sender, rooms)


def runs(interactions: Iterable[Interaction]) -> Iterator[list[Interaction]]:
    """The same in the same order: what may be observed together in one list, all else alone."""

    def alike(interaction: Interaction) -> object:
        body = interaction.body
        is_plain = isinstance(body, WebEvent) and body.name not in _ALONE
        return (interaction.identities, interaction.proven) if is_plain else None

    for sender, group in groupby(interactions, alike):
        held, most = list(group), TOGETHER if sender else 1
        yield from (held[start : start + most] for start in range(0, len(held), most))


def observe_together(run: Sequence[Interaction], rooms: Rooms) -> Plan | None:
    """One of `runs`, in one plan, as if one event after the other were observed; None where all are
    duplicates. Raises Apart."""
    sender, left = look_up_all(run, rooms)
    return _observed(left, sender, rooms) if left else None


def _observed(interactions: Sequence[Interaction], sender: Sender, rooms: Rooms) -> Plan:
    first, *others = interactions
    customer = view_of(sender, first, rooms)
    if others and not customer.version and sender.owners:
        # The first makes the customer; who owns what changes for the second.
        raise Apart
    customer = _join(customer, sender, rooms, vouched=first.proven)
    released = set(_take_over(customer, sender, rooms)) if first.proven else set()
    free = strongest_first([*unclaimed(first.identities, sender.owners), *released])
    after = customer
    for interaction in interactions:
        done = with_identities(_done(after, interaction, rooms), free)
        after = _trusted(after, done, interaction)
    record, *joined = (recorded(_unseen(i), customer_id=after.id) for i in interactions)
    return Plan(record=record, joined=tuple(joined), before=started(customer), after=after)


def _done(customer: Customer, interaction: Interaction, rooms: Rooms) -> Customer:
    """The customer with what they did, or said of themselves."""
    after = activity.record(customer, interaction, rooms.category_of)
    after = with_answers(after, interaction, rooms.attribution, rooms.engine().catalog.offer)
    if isinstance(interaction.body, Identification) and not interaction.body.gpc:
        known = with_traits(after, interaction.body.traits)
        after = touched(after, known, interaction.occurred_at)
    return after


def _unseen(interaction: Interaction) -> Interaction:
    """The interaction without what was looked at in a browser that sent Global Privacy Control."""
    body = interaction.body
    if not isinstance(body, WebEvent) or not body.gpc or body.name in activity.ORDER_EVENTS:
        return interaction
    silent = body.model_copy(update={"properties": {}})
    return interaction.model_copy(update={"body": silent})


def _trusted(before: Customer, after: Customer, interaction: Interaction) -> Customer:
    """The customer with what the proof of the interaction, or the lack of it, means for what their
    browsers may be told."""
    if interaction.proven:
        after = with_proven(after, browsers_of(interaction.identities))
    elif is_anonymous(before) and not is_anonymous(after):
        after = unvouched(after)
    if isinstance(interaction.body, WebEvent):
        trusted = interaction.proven or is_anonymous(after)
        after = with_push(after, interaction.body, interaction.occurred_at, trusted=trusted)
    return after


def _join(customer: Customer, sender: Sender, rooms: Rooms, *, vouched: bool) -> Customer:
    """Merge the customers whom the other identities name, if nothing but browsers names them.

    Two who are both known by something stronger stay two: a family's computer, or an attack.
    """
    others = dict.fromkeys(o for o in sender.owners.values() if o != customer.id)
    if not customer.version:
        # Nothing is stored of them yet that another could be merged into: their next event does it.
        return customer
    for other_id in others:
        other = rooms.customers.view(other_id)
        if other is not None and not other.merged_into and is_anonymous(other):
            customer = _tied(customer, other_id, rooms, vouched=vouched)
    if others:
        finish(rooms.customers, customer.id)
    return customer


def _tied(customer: Customer, other_id: str, rooms: Rooms, *, vouched: bool) -> Customer:
    try:
        return tie(rooms.customers, customer.id, other_id, rooms.clock(), vouched=vouched)
    except (ConflictError, NotFoundError):
        # One of them was merged or erased since we read them.
        raise Cancelled from None


def _take_over(customer: Customer, sender: Sender, rooms: Rooms) -> Iterator[Identity]:
    """Browsers that were somebody else's and are proven to be this customer's: who shares a
    computer reads what is theirs, not what was written to whoever sat there before."""
    for browser in browsers_of(sender.owners):
        owner_id = sender.owners[browser]
        owner = rooms.customers.view(owner_id) if owner_id != customer.id else None
        if owner is None or browser not in owner.identities or browser in customer.identities:
            continue
        rooms.customers.save(owner, without_browser(owner, browser), rooms.clock())
        yield browser
