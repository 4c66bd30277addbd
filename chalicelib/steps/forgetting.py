"""What must go: posts that were deleted, accounts that were revoked, customers who ask for it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from ..customers.erasure import erase
from ..customers.linking import traces_of
from ..documents import Cancelled
from ..errors import ConflictError, NotFoundError
from ..ledger import Refused
from ..model import (
    Channel,
    Customer,
    Frozen,
    Interaction,
    InteractionStatus,
    Message,
    Moment,
    Removal,
    Reply,
)
from .deciding import decision_id
from .linking import tokens_of
from .plan import Plan, anonymised, recorded
from .resolving import look_up
from .rooms import Rooms

X_CHANNELS = (Channel.X_REPLY, Channel.X_DM)


class ErasureReceipt(Frozen):
    """What was removed, counted; nothing in it names the person."""

    customer_id: str
    erased_at: Moment
    removed: dict[str, int]


def remove(interaction: Interaction, removal: Removal, rooms: Rooms) -> Plan | None:
    """Honour a deletion or a revocation at once; None for a duplicate."""
    sender = look_up(interaction, rooms)
    if sender.duplicate:
        return None
    now = rooms.clock()
    for interaction_id in removal.removed_ids:
        forget_message(interaction_id, interaction, now, rooms)
    interaction = anonymised(interaction)
    customer = rooms.customers.living(sender.customer_id) if sender.customer_id else None
    if customer is None or not removal.whole_account:
        return Plan(record=recorded(interaction))
    for interaction_id in traces_of(rooms.customers, customer.id):
        if interaction_id.startswith("x:"):
            forget_message(interaction_id, interaction, now, rooms)
            rooms.ledger.remove(f"decision#{decision_id(interaction_id)}")
    after = without_x(customer)
    if not after.identities:
        # X was all we knew them by.
        erase_customer(customer.id, rooms)
        return Plan(record=recorded(interaction))
    return Plan(record=recorded(interaction), before=customer, after=after)


def without_x(customer: Customer) -> Customer:
    """The customer without anything that X told us of them."""
    return customer.model_copy(
        update={
            "identities": tuple(i for i in customer.identities if not i.startswith("x:")),
            "x_linked_with_opt_in": False,
            "reach": {c: r for c, r in customer.reach.items() if c not in X_CHANNELS},
            "preferences": {
                purpose: tuple(c for c in channels if c not in X_CHANNELS)
                for purpose, channels in customer.preferences.items()
            },
        }
    )


def forget_message(interaction_id: str, because: Interaction, at: datetime, rooms: Rooms) -> None:
    """Take a message's words out of the ledger; one that is still queued will not be worked on."""
    record = rooms.ledger.interaction(interaction_id)
    if record is None:
        # Claim its id, so that the message is taken for a duplicate when its turn comes.
        gone = because.model_copy(update={"id": interaction_id, "identities": ()})
        note = "deleted before it was read"
        claim = recorded(gone, InteractionStatus.IGNORED, note=note)
        try:
            rooms.ledger.commit(Plan(record=claim).writes(rooms, at))
        except Refused:
            # It was read in this very moment: look again.
            raise Cancelled from None
        return
    if isinstance(record.interaction.body, Message):
        rooms.ledger.forget_text(record, at)
        rooms.outbox.forget_text(record.outbox_ids, at)


def erase_customer(customer_id: str, rooms: Rooms) -> ErasureReceipt:
    """Every trace of a customer in every table, with a receipt.

    Raises NotFoundError, or ConflictError when others keep changing the customer.
    """
    removed: Counter[str] = Counter()
    for _ in rooms.patience.attempts():
        try:
            _erase_once(customer_id, removed, rooms)
        except Cancelled:
            # Something arrived meanwhile: it goes too.
            continue
        return ErasureReceipt(
            customer_id=customer_id, erased_at=rooms.clock(), removed=dict(sorted(removed.items()))
        )
    raise ConflictError("the customer keeps changing; try again", customer_id=customer_id)


def _erase_once(customer_id: str, removed: Counter[str], rooms: Rooms) -> None:
    customer = rooms.customers.living(customer_id)
    if customer is None:
        raise NotFoundError("no such customer", customer_id=customer_id)
    for interaction_id in list(traces_of(rooms.customers, customer.id)):
        removed.update(_erase_interaction(interaction_id, rooms))
    for contact in customer.offers:
        removed["decisions"] += rooms.ledger.remove(f"decision#{contact.decision_id}")
    removed.update(erase(rooms.customers, customer))


def _erase_interaction(interaction_id: str, rooms: Rooms) -> Counter[str]:
    removed: Counter[str] = Counter()
    record = rooms.ledger.interaction(interaction_id)
    if record is None:
        # A decision made at once, without an interaction, leaves a trace of its own.
        removed["decisions"] += rooms.ledger.remove(f"decision#{interaction_id}")
        return removed
    for entry in rooms.outbox.entries(record.outbox_ids):
        if entry.provider and entry.provider_id:
            pointer = f"receipt#{entry.provider}:{entry.provider_id}"
            removed["receipts"] += rooms.ledger.remove(pointer)
        if isinstance(entry.body, Reply):
            tokens = tokens_of(entry.body)
            removed["links"] += sum(rooms.ledger.remove(f"link#{token}") for token in tokens)
        removed["replies"] += rooms.ledger.remove(f"outbox#{entry.id}")
    if record.decision_id:
        removed["decisions"] += rooms.ledger.remove(f"decision#{record.decision_id}")
    removed["interactions"] += rooms.ledger.remove(f"interaction#{interaction_id}")
    return removed
