"""What was done on the site, in the app or at the till; and who says they are who."""

from __future__ import annotations

from ..customers import activity
from ..customers.answers import with_answers
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
from ..model import Customer, Identification, Interaction
from .plan import Plan, recorded
from .resolving import Sender, look_up, started, view_of
from .rooms import Rooms


def observe(interaction: Interaction, rooms: Rooms) -> Plan | None:
    """Record an event or an identification, tying its identities together; None for a duplicate."""
    sender = look_up(interaction, rooms)
    if sender.duplicate:
        return None
    customer = view_of(sender, interaction, rooms)
    customer = _join(customer, sender, rooms)
    before = started(customer)
    after = activity.record(customer, interaction, rooms.category_of)
    after = with_answers(after, interaction, rooms.attribution, rooms.engine().catalog.offer)
    if isinstance(interaction.body, Identification) and not interaction.body.gpc:
        known = with_traits(after, interaction.body.traits)
        after = touched(after, known, interaction.occurred_at)
    free = unclaimed(interaction.identities, sender.owners)
    after = with_identities(after, strongest_first(free))
    return Plan(record=recorded(interaction, customer_id=after.id), before=before, after=after)


def _join(customer: Customer, sender: Sender, rooms: Rooms) -> Customer:
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
            customer = _tied(customer, other_id, rooms)
    if others:
        finish(rooms.customers, customer.id)
    return customer


def _tied(customer: Customer, other_id: str, rooms: Rooms) -> Customer:
    try:
        return tie(rooms.customers, customer.id, other_id, rooms.clock())
    except (ConflictError, NotFoundError):
        # One of them was merged or erased since we read them.
        raise Cancelled from None
