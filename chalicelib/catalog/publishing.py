"""Publishing: all drafts checked, compiled, stored as one version and made live, or none of it.

Lives here: publish, roll back, and what changed by it. Never here: the artifact's form and what
containers hold (`published.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import NotFoundError, PayloadError, PermanentError
from ..model import CompiledOffer, Offer, PublishedCatalog
from .offers import CheckWording, CompileOffer, compile_rule, compiled_draft, product_warnings
from .published import PublishedCatalogs, Switch, canonical

REPORTED_PROBLEMS = 100

WarnOf = Callable[[CompiledOffer], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Publication:
    """What is live, and the offer ids by which it differs from what was live before."""

    catalog: PublishedCatalog
    head: Switch
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def publish(
    drafts: Iterable[Offer],
    catalogs: PublishedCatalogs,
    *,
    now: datetime,
    check_wording: CheckWording,
    compile_offer: CompileOffer = compile_rule,
    warn_of: WarnOf | None = None,
    products: Container[str] | None = None,
) -> Publication:
    """Make all drafts live as one version; with nothing changed, the live one stays.

    Raises PayloadError naming every invalid draft with place and reason (up to a hundred),
    ConflictError when someone else published meanwhile; either way nothing is switched.
    """
    seen = catalogs.head()
    compiled = _compiled(drafts, compile_offer, check_wording)
    version, offers = canonical(compiled)
    warnings = _warnings(offers, now, warn_of, products)
    before, unreadable = _served(catalogs, seen)
    catalog = catalogs.keep(PublishedCatalog(version=version, published_at=now, offers=offers))
    unchanged = seen is not None and seen.version == version
    head = seen if seen and unchanged else catalogs.switch(catalog, seen=seen, at=now)
    return _publication(catalog, head, before, (*warnings, *unreadable))


def rollback(
    catalogs: PublishedCatalogs, *, now: datetime, to_version: str | None = None
) -> Publication:
    """Make an older version live again: `to_version`, else the one before the live one.

    Rolling back twice therefore returns. NotFoundError when there is no such version,
    PermanentError when its artifact cannot be read, ConflictError as in `publish`.
    """
    seen = catalogs.head()
    target = to_version or (seen.previous if seen else None)
    if seen is None or target is None:
        raise NotFoundError("there is no earlier catalog")
    catalog = catalogs.load(target)
    before, warnings = _served(catalogs, seen)
    head = seen if seen.version == target else catalogs.switch(catalog, seen=seen, at=now)
    return _publication(catalog, head, before, warnings)


def _compiled(
    drafts: Iterable[Offer], compile_offer: CompileOffer, check_wording: CheckWording
) -> list[CompiledOffer]:
    compiled, problems = list[CompiledOffer](), list[dict[str, Any]]()
    for draft in drafts:
        found = compiled_draft(draft, compile_offer, check_wording)
        if isinstance(found, CompiledOffer):
            compiled.append(found)
        else:
            problems.append(found)
    if problems:
        raise PayloadError(
            f"{len(problems)} offers are invalid; nothing was published",
            offers=problems[:REPORTED_PROBLEMS],
        )
    return compiled


def _warnings(
    offers: Iterable[CompiledOffer],
    now: datetime,
    warn_of: WarnOf | None,
    products: Container[str] | None,
) -> tuple[str, ...]:
    found = list[str]()
    for compiled in offers:
        offer = compiled.offer
        said = [*(warn_of(compiled) if warn_of else ()), *product_warnings(offer, products)]
        if offer.ends_at is not None and offer.ends_at <= now:
            said.append("ends_at: the offer has ended")
        found.extend(f"{offer.id}: {text}" for text in said)
    return tuple(found)


def _served(
    catalogs: PublishedCatalogs, seen: Switch | None
) -> tuple[Mapping[str, Offer], tuple[str, ...]]:
    """The offers that are live, by id; unreadable ones are a warning, for publishing mends them."""
    if seen is None:
        return {}, ()
    try:
        live = catalogs.load(seen.version)
    except (NotFoundError, PermanentError) as error:
        return {}, (f"the live catalog {seen.version} could not be compared: {error.message}",)
    return {compiled.offer.id: compiled.offer for compiled in live.offers}, ()


def _publication(
    catalog: PublishedCatalog, head: Switch, before: Mapping[str, Offer], warnings: tuple[str, ...]
) -> Publication:
    after = {compiled.offer.id: compiled.offer for compiled in catalog.offers}
    return Publication(
        catalog,
        head,
        added=tuple(i for i in after if i not in before),
        changed=tuple(i for i, offer in after.items() if i in before and before[i] != offer),
        removed=tuple(i for i in before if i not in after),
        warnings=warnings,
    )
