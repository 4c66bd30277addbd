"""The items of a customer's view: written from a customer, and read back as one.

Lives here: their keys, what each holds, and whether those that were read belong together. Never
here: reading and writing them (store.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .. import documents
from ..model import Customer, Identity, OfferContact

Item = dict[str, Any]

PROFILE, ACTIVITY, WISHES = "view#profile", "view#activity", "waits"
ORDER, OFFER, IDENTITY = "view#order#", "view#offer#", "identity#"
_LOOKS = 4
"""How often what was written with a profile is looked for again before it is taken as expired."""

_ACTIVITY_FIELDS = {"aggregates", "recent"}
_PROFILE_FIELDS = set(Customer.model_fields) - _ACTIVITY_FIELDS - {"version", "orders", "offers"}


def partition(customer_id: str) -> str:
    return f"customer#{customer_id}"


def offer_key(contact: OfferContact) -> str:
    return f"{OFFER}{contact.decision_id}#{contact.offer_id}"


def profile_item(
    customer: Customer,
    version: int,
    beside: Sequence[str] = (),
    expires_at: int | None = None,
) -> Item:
    """The profile; `beside` names the items of the view that are written with it."""
    return documents.item(
        partition(customer.id),
        PROFILE,
        customer,
        only=_PROFILE_FIELDS,
        version=version,
        beside="\n".join(beside) or None,
        expires_at=expires_at,
    )


def activity_item(customer: Customer, expires_at: int | None = None) -> Item:
    only = _ACTIVITY_FIELDS
    return documents.item(
        partition(customer.id), ACTIVITY, customer, only=only, expires_at=expires_at
    )


def identity_item(identity: Identity, customer_id: str, expires_at: int | None = None) -> Item:
    told = {"customer_id": {"S": customer_id}}
    if expires_at is not None:
        told["expires_at"] = {"N": str(expires_at)}
    return {**documents.key(f"{IDENTITY}{identity}", "identity"), **told}


def first_this_month(before: Customer, now: datetime) -> bool:
    """Whether a customer's change may be the first of the month: then all that says who they are
    is written anew, to stay as long again. Nothing needs to be read for it: whatever changed them
    this month left a date of this month, or was the first itself."""
    reach = before.reach.values()
    dates = [
        before.aggregates.last_seen_at,
        before.aggregates.last_purchase_at,
        *before.changed_at.values(),
        *(r.last_delivered_at for r in reach),
        *(r.last_inbound_at for r in reach),
    ]
    latest = max((at for at in dates if at is not None), default=None)
    return latest is None or (latest.year, latest.month) != (now.year, now.month)


def whole(items: Sequence[Item], looks: int) -> bool:
    """Whether the items of a view are all of one state; `looks` before this found that not.

    A Query is read-committed, no snapshot: it may show a profile as the latest change left it, and
    what was written with it as it was before. What is still missing in the end has expired.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """
    found = {item["sk"]["S"]: item for item in items}
    profile = found.get(PROFILE)
    if profile is None or "beside" not in profile:
        return True
    version = documents.number(profile, "version")
    together = [found.get(sk) for sk in profile["beside"]["S"].split("\n")]
    if None in together and looks < _LOOKS:
        return False
    return all(documents.number(i, "version", version) >= version for i in together if i)


def read_view(items: Iterable[Mapping[str, Any]], *, orders: bool = True) -> Customer | None:
    """One customer from the items of their view, on request without orders; None without a
    profile."""
    version, members = None, list[str]()
    placed, offers = list[str](), list[str]()
    for item in items:
        kind = item["sk"]["S"]
        if kind.startswith(OFFER):
            offers.append(documents.text(item))
        elif kind.startswith(ORDER):
            placed.append(documents.text(item))
        elif kind in (PROFILE, ACTIVITY):
            members.append(documents.text(item)[1:-1])
        if kind == PROFILE:
            version = documents.number(dict(item), "version")
    if version is None:
        return None
    # One document out of all of them: parsing it once is cheaper than each by itself.
    members += (f'"version":{version}', f'"orders":[{",".join(placed if orders else ())}]')
    members.append(f'"offers":[{",".join(offers)}]')
    customer = Customer.model_validate_json(f"{{{','.join(filter(None, members))}}}")
    newest = {
        "orders": tuple(sorted(customer.orders, key=lambda o: (o.at, o.id), reverse=True)),
        "offers": tuple(sorted(customer.offers, key=lambda o: o.at, reverse=True)),
    }
    return customer.model_copy(update=newest)
