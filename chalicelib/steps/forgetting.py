"""What must go: posts that were deleted, accounts that were revoked, customers who ask for it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from .. import documents, telemetry
from ..customers import tombstones
from ..customers.erasure import erase
from ..customers.linking import traces_of
from ..customers.suppression import suppress
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
    OutboxEntry,
    Removal,
)
from ..outbound import InboxCarrier
from ..understanding import is_withdrawal
from . import dead_letters
from .deciding import decision_id
from .deferring import again
from .holdings import REPLIES, in_ledger
from .plan import Plan, anonymised, recorded
from .resolving import look_up
from .rooms import Rooms

X_CHANNELS = (Channel.X_REPLY, Channel.X_DM)


REMAINING = (
    "What they had sent before and is still queued: it is dropped, unread, when its turn comes.",
    "Where they had refused anything: keyed hashes of their identities, so that nothing that "
    "others bring in later is taken for their leave.",
    "For 30 days: keyed hashes of their identities, by which what was queued is known.",
    "Sums of what was decided and what came of it, which name nobody.",
    "What carriers, the service desk and backups of the tables hold under their own terms.",
)
"""What an erasure leaves, in words."""


class ErasureReceipt(Frozen):
    """What was removed, by kind, and what remains; nothing in it but the id that was asked for
    names the person."""

    customer_id: str
    erased_at: Moment
    removed: dict[str, int]
    remaining: tuple[str, ...]


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
            raise documents.Cancelled from None
        return
    if isinstance(record.interaction.body, Message):
        rooms.ledger.forget_text(record, at)
        rooms.outbox.forget_text(record.outbox_ids, at)
        if record.status is InteractionStatus.DEFERRED:
            forget_message(again(interaction_id), because, at, rooms)


def heed_erased(interaction: Interaction, message: Message, rooms: Rooms) -> None:
    """What an erased person had sent before is not worked on; but that they refused stands."""
    if message.provider_handled == "stop" or is_withdrawal(message.text):
        suppress(rooms.customers, interaction.identities)
        telemetry.count("OptOuts")


def forget_unsettled(entry: OutboxEntry, rooms: Rooms) -> None:
    """Take back what was sent to the inbox on the site while its customer was being erased."""
    inbox = rooms.carriers.get(Channel.INBOX)
    if isinstance(inbox, InboxCarrier) and rooms.outbox.entry(entry.id) is None:
        inbox.forget(entry)


def erase_customer(customer_id: str, rooms: Rooms) -> ErasureReceipt:
    """Every trace of a customer in every table and queue, with a receipt.

    Raises NotFoundError, ConflictError when others keep changing the customer, or TemporaryError.
    """
    removed: Counter[str] = Counter()
    for _ in rooms.patience.attempts():
        try:
            _erase_once(customer_id, removed, rooms)
        except documents.Cancelled:
            # Something arrived meanwhile: it goes too.
            continue
        telemetry.count("Erasures")
        return ErasureReceipt(
            customer_id=customer_id,
            erased_at=rooms.clock(),
            removed=dict(sorted((+removed).items())),
            remaining=REMAINING,
        )
    raise ConflictError("the customer keeps changing; try again", customer_id=customer_id)


def _erase_once(customer_id: str, removed: Counter[str], rooms: Rooms) -> None:
    customer = rooms.customers.living(customer_id)
    if customer is None:
        raise NotFoundError("no such customer", customer_id=customer_id)
    # First of all, so that who is met by their identities as a stranger is known to be none.
    tombstones.bury(rooms.customers, customer.identities, rooms.clock())
    entries: list[OutboxEntry] = []
    for kept in in_ledger(customer, rooms):
        if kept.kind == REPLIES:
            entries.append(documents.read(OutboxEntry, kept.item))
        removed[kept.kind] += rooms.ledger.discard(kept.item)
    theirs = dead_letters.Theirs(customer, entries)
    removed["dead letters"] += dead_letters.remove(theirs, rooms)
    removed.update(erase(rooms.customers, customer))
