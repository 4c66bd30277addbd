"""Which store to name, and when it is open, on the store's own clocks. Words nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ..model import Customer, Location, Store
from ..zones import is_zone
from .terms import Answer, Asked

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EARTH_RADIUS_KM = 6371.0088


def store_info(asked: Asked) -> Answer:
    """Where the named or nearest store is, and when it is open; else which store they mean."""
    stores = asked.assortment.stores
    named = stores.get(asked.slot("store_id") or "")
    store = named or _obvious(asked, stores.values())
    if store is not None:
        return Answer("store_hours", {"store": _facts(store), "hours": opening(store, asked.now)})
    if not stores:
        return Answer("handed_over", handover="no_store_known")
    names = tuple(s.name for s in sorted(stores.values(), key=lambda s: s.name)[:3])
    return Answer(
        "which_store",
        {"stores": names, "more": len(stores) > len(names)},
        question=asked.pending("which_product", **asked.understanding.slots),
    )


def best_store(asked: Asked, stock: Mapping[str, int]) -> Store | None:
    """The store to name for a product: theirs by name, else the nearest that has it.

    None where naming one would tell others where the customer lives.
    """
    having = [s for i, s in asked.assortment.stores.items() if stock.get(i, 0) > 0]
    named = next((s for s in having if s.id == asked.slot("store_id")), None)
    if named is not None or not asked.personal or not having:
        return named
    return min(having, key=lambda s: (*_distance(asked.customer, s), -stock[s.id], s.id))


def distance_km(here: Location, there: Location) -> float:
    """The great-circle distance in kilometres (haversine, mean Earth radius of IUGG)."""
    (lat1, lon1), (lat2, lon2) = (
        (radians(here[0]), radians(here[1])),
        (radians(there[0]), radians(there[1])),
    )
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(sqrt(min(1.0, half)))


def opening(store: Store, now: datetime) -> dict[str, Any]:
    """`known`, `open`, `until`, `today` and, when closed, `opens_day` and `opens_at`.

    A span that ends at or before its start runs past midnight. Without the store's time zone
    nothing is said of this moment: only `week`, the hours day by day.
    """
    if not store.hours:
        return {"known": False}
    week = tuple((day, store.hours[day]) for day in DAYS if day in store.hours)
    if store.time_zone is None or not is_zone(store.time_zone):
        return {"known": True, "open": None, "week": week}
    here = now.astimezone(ZoneInfo(store.time_zone))
    until = _open_until(store, here)
    today = store.hours.get(DAYS[here.weekday()])
    if until is not None:
        return {"known": True, "open": True, "until": until, "today": today}
    day, at = _next_opening(store, here)
    return {"known": True, "open": False, "today": today, "opens_day": day, "opens_at": at}


def _obvious(asked: Asked, stores: Iterable[Store]) -> Store | None:
    """The only store, or the one nearest to where the customer is known to live."""
    listed = sorted(stores, key=lambda s: s.id)
    if len(listed) == 1:
        return listed[0]
    if not asked.personal:
        return None
    ranked = sorted((_distance(asked.customer, s), s.id, s) for s in listed)
    return ranked[0][2] if ranked and ranked[0][0][0] < 2 else None


def _distance(customer: Customer, store: Store) -> tuple[int, float]:
    """(0, km) by location, (1, 0) in the same postcode, (2, 0) where nothing is known."""
    if customer.profile.location is not None and store.location is not None:
        return 0, distance_km(customer.profile.location, store.location)
    postcode = customer.profile.postcode
    words = (store.address or "").replace(",", " ").casefold().split()
    return (1, 0.0) if postcode and postcode.casefold() in words else (2, 0.0)


def _facts(store: Store) -> dict[str, Any]:
    return {"name": store.name, "address": store.address, "phone": store.phone}


def _open_until(store: Store, here: datetime) -> str | None:
    """The closing time of the span that `here` lies in, today's or last night's."""
    clock = f"{here:%H:%M}"
    if (span := store.hours.get(DAYS[here.weekday()])) is not None:
        start, end = span.split("-")
        if start <= clock and (clock < end or end <= start):
            return end
    if (span := store.hours.get(DAYS[here.weekday() - 1])) is not None:
        start, end = span.split("-")
        if end <= start and clock < end:
            return end
    return None


def _next_opening(store: Store, here: datetime) -> tuple[str, str]:
    """`today`, `tomorrow` or a day's key, and the time; the store has at least one day's hours."""
    clock = f"{here:%H:%M}"
    coming = ((ahead, DAYS[(here.weekday() + ahead) % 7]) for ahead in range(8))
    openings = ((a, day, store.hours[day].split("-")[0]) for a, day in coming if day in store.hours)
    ahead, day, start = next((a, d, at) for a, d, at in openings if a > 0 or clock < at)
    named = {0: "today", 1: "tomorrow"}
    return named.get(ahead, day), start
