"""Who sent this, and has it been dealt with? One read answers both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .. import documents
from ..customers.linking import is_anonymous, new_customer, owner_of, strongest_first
from ..model import Customer, Identity, Interaction
from .rooms import Rooms


class Sender(NamedTuple):
    """What one read told: who owns which identity, and whether the interaction is on record."""

    duplicate: bool
    owners: Mapping[Identity, str]
    customer_id: str | None


def look_up(interaction: Interaction, rooms: Rooms) -> Sender:
    """One BatchGetItem over the identities and the interaction's own record."""
    customers, ledger = rooms.customers, rooms.ledger
    found = documents.batch_get(
        rooms.dynamodb,
        {
            customers.table: customers.identity_keys(interaction.identities),
            ledger.table: [ledger.interaction_key(interaction.id)],
        },
    )
    owners = customers.owners(found[customers.table])
    return Sender(bool(found[ledger.table]), owners, owner_of(interaction.identities, owners))


def view_of(sender: Sender, interaction: Interaction, rooms: Rooms) -> Customer:
    """The customer in one query, or a new, anonymous one (version 0) for an unknown sender."""
    fallback = f"c-{rooms.rng.getrandbits(64):016x}"
    if sender.customer_id is None:
        return new_customer(interaction.identities, fallback)
    customer = rooms.customers.view(sender.customer_id)
    if customer is None or customer.merged_into:
        # An identity was moved between our two reads: the next attempt finds its new owner.
        raise documents.Cancelled
    if _somebody_else(interaction.identities, sender.owners, customer):
        return new_customer(strongest_first(interaction.identities)[:1], fallback)
    return customer


def _somebody_else(
    identities: Sequence[Identity], owners: Mapping[Identity, str], customer: Customer
) -> bool:
    """A user nobody knows, on a browser that is somebody's: a family's computer, or an attack."""
    strongest = strongest_first(identities)[0]
    unknown_user = strongest.startswith("user:") and strongest not in owners
    return unknown_user and not is_anonymous(customer)


def started(customer: Customer) -> Customer:
    """What the store holds of the customer at this version: nothing yet of a new one."""
    return customer if customer.version else Customer(id=customer.id)
