"""Who sent this, or these, and has it been dealt with? One read answers both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from .. import documents, telemetry
from ..customers import tombstones
from ..customers.linking import is_anonymous, new_customer, owner_of, strongest_first
from ..model import Customer, Identity, Interaction
from .rooms import Rooms


class Sender(NamedTuple):
    """What one read told: who owns which identity, and whether nothing is left to be done, for the
    interaction is on record, or is `erased`: from before its sender was."""

    duplicate: bool
    owners: Mapping[Identity, str]
    customer_id: str | None
    erased: bool = False


class Apart(Exception):
    """What was to be worked on together is to be worked on one by one."""


class _Read(NamedTuple):
    """Who owns which identity, when whose was erased, and which interactions are on record."""

    owners: Mapping[Identity, str]
    erased: Mapping[Identity, datetime]
    recorded: frozenset[str]


@telemetry.step("resolve")
def look_up(interaction: Interaction, rooms: Rooms) -> Sender:
    """One BatchGetItem over the identities, whether who had them was erased, and the interaction's
    own record."""
    owners, erased, recorded = _read(interaction.identities, [interaction.id], rooms)
    gone = _before_erasure(interaction, owners, erased)
    owner = owner_of(interaction.identities, owners)
    return Sender(gone or bool(recorded), owners, owner, gone)


@telemetry.step("resolve")
def look_up_all(
    interactions: Sequence[Interaction], rooms: Rooms
) -> tuple[Sender, list[Interaction]]:
    """The same for several with the same identities, and those of them that are left to be done.

    Raises Apart where one of the identities was erased lately: each is then from before or after.
    """
    each_once: dict[str, Interaction] = {}
    for interaction in interactions:
        each_once.setdefault(interaction.id, interaction)
    identities = interactions[0].identities
    owners, erased, recorded = _read(identities, list(each_once), rooms)
    if erased:
        raise Apart
    left = [each for name, each in each_once.items() if name not in recorded]
    return Sender(not left, owners, owner_of(identities, owners)), left


def _read(identities: Sequence[Identity], names: Sequence[str], rooms: Rooms) -> _Read:
    customers, ledger = rooms.customers, rooms.ledger
    keys = [*customers.identity_keys(identities), *tombstones.keys(customers, identities)]
    records = {name: ledger.interaction_key(name) for name in names}
    found = documents.batch_get(
        rooms.dynamodb, {customers.table: keys, ledger.table: list(records.values())}
    )
    known = found[customers.table]
    there = {item["pk"]["S"] for item in found[ledger.table]}
    recorded = frozenset(name for name, key in records.items() if key["pk"]["S"] in there)
    return _Read(customers.owners(known), tombstones.read(customers, identities, known), recorded)


def _before_erasure(
    interaction: Interaction, owners: Mapping[Identity, str], erased: Mapping[Identity, datetime]
) -> bool:
    """Whether it is of somebody, by the strongest identity that is or was anybody's, who has been
    erased since."""
    known = (i for i in strongest_first(interaction.identities) if i in owners or i in erased)
    gone = erased.get(next(known, ""))
    return gone is not None and interaction.occurred_at <= gone


@telemetry.step("resolve")
def view_of(sender: Sender, interaction: Interaction, rooms: Rooms) -> Customer:
    """The customer in one query, or a new, anonymous one (version 0) for an unknown sender."""
    fallback = f"c-{rooms.rng.getrandbits(64):016x}"
    if sender.customer_id is None:
        return new_customer(interaction.identities, fallback)
    customer = rooms.customers.view(sender.customer_id)
    if customer is None and (left := _left_over(sender.customer_id, interaction, rooms)):
        return left
    if customer is None or customer.merged_into:
        # An identity was moved between our two reads: the next attempt finds its new owner.
        raise documents.Cancelled
    if _somebody_else(interaction.identities, sender.owners, customer):
        return new_customer(strongest_first(interaction.identities)[:1], fallback)
    return customer


def _left_over(customer_id: str, interaction: Interaction, rooms: Rooms) -> Customer | None:
    """A record that has gone by TTL, of which this identity is still to go: it begins anew."""
    owners = rooms.customers.resolve(interaction.identities)
    if owner_of(interaction.identities, owners) != customer_id:
        return None
    held = [i for i in interaction.identities if owners.get(i, customer_id) == customer_id]
    return Customer(id=customer_id, identities=tuple(strongest_first(held)))


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
