"""Refusals that outlive an erasure: a keyed hash says "never market to this address", and no more.

It can be asked of an address that one has, and nobody can read the address back from it. A grant
that comes in with such an address is put on record as the refusal that it meets; the person's own
later word counts as anybody's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from .. import documents
from ..model import Channel, Consent, ConsentState, Customer, Identity, Purpose
from .consents import standing, unheeded
from .store import CustomerStore

_ADDRESSED_BY = {
    Channel.SMS: "phone",
    Channel.WHATSAPP: "phone",
    Channel.VOICE: "phone",
    Channel.EMAIL: "email",
    Channel.X_DM: "x",
    Channel.X_REPLY: "x",
    Channel.PUSH: "anonymous",
    Channel.INBOX: "anonymous",
}


def suppression_hash(identity: Identity, key: bytes) -> str:
    """HMAC-SHA256 of the identity under the deployment's suppression key, hex."""
    return hmac.new(key, identity.encode(), hashlib.sha256).hexdigest()


def suppress(store: CustomerStore, identities: Iterable[Identity]) -> None:
    """Remember for good that these are never to be contacted for marketing."""
    writes = [documents.put(store.table, _key(store, identity)) for identity in identities]
    for start in range(0, len(writes), documents.TRANSACTION_LIMIT):
        store.transact(writes[start : start + documents.TRANSACTION_LIMIT])


def suppressed(store: CustomerStore, identities: Sequence[Identity]) -> frozenset[Identity]:
    """Those among the identities that are, in one read for every hundred."""
    held: set[str] = set()
    for start in range(0, len(identities), documents.BATCH_GET_LIMIT):
        some = identities[start : start + documents.BATCH_GET_LIMIT]
        held |= store.present([_key(store, identity) for identity in some])
    return frozenset(i for i in identities if _key(store, i)["pk"]["S"] in held)


def heeding(
    customer: Customer,
    barred: frozenset[Identity],
    now: datetime,
    known: Customer | None = None,
) -> Customer:
    """A customer as stated, without the grants that meet a refusal from before an erasure.

    What `known`, the customer as on record, has granted since is their own later word.
    """
    own = barred.intersection(customer.identities)
    if not own:
        return customer
    met = {said: meeting(said, own, now, known) for said in customer.consents}
    unmet = (said for said in customer.consents if met[said] is not said)
    heard = standing(met.values(), (*unheeded(customer), *unmet))
    return customer.model_copy(update={"consents": heard})


def meeting(
    said: Consent, barred: frozenset[Identity], now: datetime, known: Customer | None = None
) -> Consent:
    """A word that somebody else reports; a grant becomes the refusal that it meets."""
    namespace = _ADDRESSED_BY.get(said.channel)
    stands = any(i.partition(":")[0] == namespace for i in barred)
    if not stands or said.purpose is not Purpose.MARKETING or said.state is ConsentState.DENIED:
        return said
    standing = known.consent(said.channel, said.purpose) if known else None
    if standing is not None and standing.state is ConsentState.GRANTED:
        return said
    refusal = {"state": ConsentState.DENIED, "source": "refused before an erasure", "at": now}
    return said.model_copy(update={**refusal, "wording": None})


def _key(store: CustomerStore, identity: Identity) -> dict[str, dict[str, str]]:
    digest = suppression_hash(identity, store.suppression_key)
    return documents.key(f"suppressed#{digest}", "suppressed")
