"""Two records turn out to be one person: how they become one, and how that is undone. Pure.

Field by field: the newest wins (`changed_at`); for consent the most restrictive wins; running
totals add up; histories are joined. Undoing parts them again: what the survivor had and the other
had before stays theirs, and whatever came after the merge stays with the survivor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from ..model import (
    Aggregates,
    Behaviour,
    ConsentState,
    Customer,
    EntityId,
    Frozen,
    Moment,
    Profile,
)
from .activity import RECENT_LIMIT
from .browsers import PROVEN_LIMIT, merged_subscriptions
from .consents import most_restrictive
from .merged_reach import joined, latest_of, merge_reach, reach_since

V = TypeVar("V")

_NEVER = datetime.min.replace(tzinfo=UTC)
_NEWEST_FIELDS = ("attributes", "preferences", "interests")
_COUNTS = ("order_count", "spend_total", "interaction_count")
_COUNT_MAPS = ("purchase_count", "spend", "view_count")
_LATEST = ("last_purchase_at", "last_seen_at")
_LATEST_MAPS = ("last_purchase", "last_product_purchase", "last_view")


class Merge(Frozen):
    """What a merge did: enough to finish it after a crash and to undo it."""

    id: EntityId
    at: Moment
    survivor_before: Customer
    other_before: Customer
    undone_at: Moment | None = None


def touched(before: Customer, after: Customer, at: datetime) -> Customer:
    """`after`, with the time of every field in which it differs from `before`."""
    times = dict(after.changed_at)
    for name in Profile.model_fields:
        if getattr(before.profile, name) != getattr(after.profile, name):
            times[f"profile.{name}"] = at
    for name in _NEWEST_FIELDS:
        if getattr(before, name) != getattr(after, name):
            times[name] = at
    return after.model_copy(update={"changed_at": times})


def merge(survivor: Customer, other: Customer) -> Customer:
    """The survivor with everything that the other had."""
    return survivor.model_copy(
        update={
            **_newest_fields(survivor, other),
            "identities": tuple(dict.fromkeys((*survivor.identities, *other.identities))),
            "consents": most_restrictive((*survivor.consents, *other.consents)),
            "x_linked_with_opt_in": _x_opt_in(survivor, other),
            "reach": merge_reach(survivor.reach, other.reach),
            "aggregates": _add(survivor.aggregates, other.aggregates),
            "recent": _newest_first((*survivor.recent, *other.recent))[:RECENT_LIMIT],
            "orders": _by_time((*survivor.orders, *other.orders)),
            "offers": _by_time((*survivor.offers, *other.offers)),
            "pending": survivor.pending or other.pending,
            "subscriptions": merged_subscriptions(*survivor.subscriptions, *other.subscriptions),
            "proven_browsers": _latest_last(other.proven_browsers, survivor.proven_browsers),
            "gpc": survivor.gpc or other.gpc,
            "daytime_only": survivor.daytime_only or other.daytime_only,
        }
    )


def part(merged: Customer, done: Merge) -> tuple[Customer, Customer]:
    """Undo: (survivor, other), each with its own history; later facts stay with the survivor."""
    before, other = done.survivor_before, done.other_before
    theirs = set(other.identities) - set(before.identities)
    their_orders = {o.id for o in other.orders}
    their_endpoints = _endpoints(other) - _endpoints(before)
    their_offers = {(o.decision_id, o.offer_id) for o in other.offers}
    survivor = merged.model_copy(
        update={
            **_fields_since(merged, before, done.at),
            "identities": tuple(i for i in merged.identities if i not in theirs),
            "consents": _consents_since(merged, before, done.at),
            "x_linked_with_opt_in": before.x_linked_with_opt_in,
            "reach": reach_since(merged.reach, before.reach, other.reach, done.at),
            "aggregates": _subtract(
                merged.aggregates, before.aggregates, other.aggregates, done.at
            ),
            "recent": _without(merged.recent, other.recent),
            "orders": tuple(o for o in merged.orders if o.id not in their_orders),
            "offers": tuple(
                o for o in merged.offers if (o.decision_id, o.offer_id) not in their_offers
            ),
            "subscriptions": tuple(
                s for s in merged.subscriptions if s.endpoint not in their_endpoints
            ),
            "proven_browsers": tuple(b for b in merged.proven_browsers if b not in theirs),
            "gpc": before.gpc or (merged.gpc and not other.gpc),
            "daytime_only": _asked_for(before.daytime_only, merged, other.daytime_only),
        }
    )
    refused = (c for c in merged.consents if c.at > done.at and c.state is ConsentState.DENIED)
    # Whose word it was nobody can tell any more: a refusal since then stands for both.
    consents = most_restrictive((*other.consents, *refused))
    told = {
        "merged_into": None,
        "consents": consents,
        "gpc": other.gpc or (merged.gpc and not before.gpc),
        "daytime_only": _asked_for(other.daytime_only, merged, before.daytime_only),
        **_still_held(other, merged),
    }
    return survivor, other.model_copy(update=told)


def _asked_for(theirs: bool, merged: Customer, the_others: bool) -> bool:
    """Messages by day alone: whoever asked for it before, and both where it was asked for since."""
    return theirs or (merged.daytime_only and not the_others)


def _still_held(other: Customer, merged: Customer) -> dict[str, Any]:
    """What of the other's was neither given up nor became somebody else's meanwhile."""
    return {
        "identities": tuple(i for i in other.identities if i in merged.identities),
        "proven_browsers": tuple(b for b in other.proven_browsers if b in merged.identities),
        "subscriptions": tuple(s for s in other.subscriptions if s.endpoint in _endpoints(merged)),
    }


def _endpoints(customer: Customer) -> set[str]:
    return {s.endpoint for s in customer.subscriptions}


def _latest_last(*browsers: tuple[str, ...]) -> tuple[str, ...]:
    every = [browser for some in browsers for browser in some]
    return tuple(dict.fromkeys(reversed(every)))[:PROVEN_LIMIT][::-1]


def _newest_fields(survivor: Customer, other: Customer) -> dict[str, Any]:
    times = dict(survivor.changed_at)
    profile: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    for name in Profile.model_fields:
        ours, theirs = getattr(survivor.profile, name), getattr(other.profile, name)
        if _theirs_wins(f"profile.{name}", ours, theirs, survivor, other):
            profile[name] = theirs
            times[f"profile.{name}"] = other.changed_at.get(f"profile.{name}", _NEVER)
    for name in _NEWEST_FIELDS:
        ours, theirs = getattr(survivor, name), getattr(other, name)
        if _theirs_wins(name, ours, theirs, survivor, other):
            changed[name] = theirs
            times[name] = other.changed_at.get(name, _NEVER)
    # Interests and attributes that only one of them has are not in conflict: both stay.
    newest = changed.get("interests", survivor.interests)
    changed["interests"] = tuple(dict.fromkeys((*newest, *survivor.interests, *other.interests)))
    newest_attributes = changed.get("attributes", survivor.attributes)
    changed["attributes"] = {**survivor.attributes, **other.attributes, **newest_attributes}
    changed["profile"] = survivor.profile.model_copy(update=profile)
    changed["changed_at"] = {name: at for name, at in times.items() if at != _NEVER}
    return changed


def _theirs_wins(name: str, ours: Any, theirs: Any, survivor: Customer, other: Customer) -> bool:
    if not theirs:
        return False
    if not ours:
        return True
    return other.changed_at.get(name, _NEVER) > survivor.changed_at.get(name, _NEVER)


def _x_opt_in(*records: Customer) -> bool:
    """Linked only if every record that holds an X identity was linked with the opt-in."""
    with_x = [r for r in records if r.address("x") is not None]
    return bool(with_x) and all(r.x_linked_with_opt_in for r in with_x)


def _add(one: Aggregates, two: Aggregates) -> Aggregates:
    summed: dict[str, Any] = {n: getattr(one, n) + getattr(two, n) for n in _COUNTS}
    for name in _COUNT_MAPS:
        summed[name] = joined(getattr(one, name), getattr(two, name), lambda a, b: a + b)
    for name in _LATEST_MAPS:
        summed[name] = joined(getattr(one, name), getattr(two, name), max)
    for name in _LATEST:
        summed[name] = latest_of(getattr(one, name), getattr(two, name))
    firsts = [a.first_purchase_at for a in (one, two) if a.first_purchase_at is not None]
    return Aggregates(**summed, first_purchase_at=min(firsts, default=None))


def _subtract(
    merged: Aggregates, before: Aggregates, other: Aggregates, merged_at: datetime
) -> Aggregates:
    left: dict[str, Any] = {n: getattr(merged, n) - getattr(other, n) for n in _COUNTS}
    for name in _COUNT_MAPS:
        taken = getattr(other, name)
        counts = {k: v - taken.get(k, 0) for k, v in getattr(merged, name).items()}
        left[name] = {k: v for k, v in counts.items() if v or k in getattr(before, name)}
    for name in _LATEST_MAPS:
        later = {k: at for k, at in getattr(merged, name).items() if at > merged_at}
        left[name] = {**getattr(before, name), **later}
    for name in (*_LATEST, "first_purchase_at"):
        at = getattr(merged, name)
        own = getattr(before, name)
        keep = at is not None and at > merged_at and (name in _LATEST or own is None)
        left[name] = at if keep else own
    return Aggregates(**left)


def _fields_since(merged: Customer, before: Customer, merged_at: datetime) -> dict[str, Any]:
    """Fields changed after the merge keep their value, the others get back what they were."""

    def value(name: str, held: Any, earlier: Any) -> Any:
        return held if merged.changed_at.get(name, _NEVER) > merged_at else earlier

    profile = {
        n: value(f"profile.{n}", getattr(merged.profile, n), getattr(before.profile, n))
        for n in Profile.model_fields
    }
    kept = {n: at for n, at in merged.changed_at.items() if at > merged_at}
    return {
        **{n: value(n, getattr(merged, n), getattr(before, n)) for n in _NEWEST_FIELDS},
        "profile": Profile(**profile),
        "changed_at": {**before.changed_at, **kept},
    }


def _consents_since(merged: Customer, before: Customer, merged_at: datetime) -> tuple[Any, ...]:
    later = {(c.channel, c.purpose): c for c in merged.consents if c.at > merged_at}
    earlier = {(c.channel, c.purpose): c for c in before.consents}
    return tuple({**earlier, **later}.values())


def _by_time(facts: Iterable[V]) -> tuple[V, ...]:
    """Each once, newest first."""
    return _newest_first({_fact_key(f): f for f in facts}.values())


def _newest_first(facts: Iterable[V]) -> tuple[V, ...]:
    return tuple(sorted(facts, key=lambda f: f.at, reverse=True))  # type: ignore[attr-defined]


def _without(held: Iterable[Behaviour], taken: Iterable[Behaviour]) -> tuple[Behaviour, ...]:
    """What is left; the same thing done twice within a millisecond was still done twice."""
    gone, left = Counter(taken), list[Behaviour]()
    for done in held:
        if gone[done]:
            gone[done] -= 1
        else:
            left.append(done)
    return tuple(left)


def _fact_key(fact: Any) -> Any:
    """What makes two records of a fact the same one."""
    return (type(fact).__name__, getattr(fact, "id", None) or fact.model_dump_json())
