"""Compiles checked offers into one artifact: done once, when the catalog is published.

Lives here: the catalog's version, the order of its offers, and what of them is laid out for reading
in place. Never here: parsing or checking a rule, and deciding.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from pydantic_core import to_json

from ..model import CompiledOffer, ContactLimits, Offer
from .affinity import write_topics
from .compiled import PURPOSES, Artifact
from .eligibility import Node
from .expressions import Numbering
from .predicates import NEVER, Formula, Predicates, junction
from .scoring import PRIOR, Model, key_of
from .sections import write_sections
from .shelf import MARK_BYTES, TYPICAL, pack
from .situation import Target
from .view import EVERY_PURPOSE, epoch_microseconds


class _Entry(NamedTuple):
    """What is kept of one offer while the catalog is compiled."""

    offer_id: str
    mark: bytes
    source: bytes
    worth: float
    own: float
    features: Mapping[str, float]
    purpose: int
    target: Target
    rule: Formula

    @property
    def key(self) -> float:
        """By what offers are ordered; see `scoring.ceiling`."""
        return key_of(self.worth, self.own)


def compile_catalog(
    offers: Iterable[CompiledOffer],
    *,
    published_at: datetime,
    limits: ContactLimits | None = None,
    model: Model = PRIOR,
) -> Artifact:
    """The artifact of these offers, taken one by one, in whatever order.

    `model` sets the order in which offers are looked at; another model may decide, only slower.
    Raises ConfigurationError for a rule of a form that this code does not know.
    """
    from .indexing import lay_out  # loads numpy, which deciding does without

    limits = limits or ContactLimits()
    predicates = Predicates()
    by_id = {c.offer.id: _entry(c, model, predicates) for c in offers}
    placed = sorted(by_id.values(), key=lambda e: (-e.key, -e.worth, e.offer_id))
    ids = sorted(by_id)
    positions = {entry.offer_id: n for n, entry in enumerate(placed)}
    numbering = Numbering(predicates)
    steps = [to_json(numbering.steps(entry.rule)) for entry in placed]
    layout = lay_out([entry.rule for entry in placed], predicates, numbering.alone)
    late = [to_json(clauses) if clauses else b"" for clauses in layout.late]
    nodes = list(map(to_json, layout.predicates))
    version = _version((by_id[i].mark for i in ids), limits)
    header = {
        "version": version,
        "published_at": published_at.isoformat(),
        "offers": len(ids),
        "limits": limits.model_dump(mode="json"),
        "model": model.version,
        "least_own": min((entry.own for entry in placed), default=0.0),
        "own_ranges": _ranges([entry.features for entry in placed]),
        "most_own": max((entry.own for entry in placed), default=0.0),
        "plain_names": {kind: list(names) for kind, names in numbering.names.items()},
        "index": {"dimensions": layout.dimensions, "rows": layout.row_count},
    }
    sections = {
        **_pieces("ids", "id_ends", [entry.offer_id.encode("ascii") for entry in placed], "I"),
        "by_id": array("I", [positions[i] for i in ids]).tobytes(),
        "keys": array("d", [entry.key for entry in placed]).tobytes(),
        "minus_keys": array("d", [-entry.key for entry in placed]).tobytes(),
        "worth": array("d", [entry.worth for entry in placed]).tobytes(),
        "own": array("d", [entry.own for entry in placed]).tobytes(),
        "purposes": bytes(entry.purpose for entry in placed),
        "rows": layout.rows,
        **_pieces("late", "late_ends", late),
        **_pieces("steps", "step_ends", steps),
        **_pieces("predicates", "predicate_ends", nodes),
        **write_topics(entry.target for entry in placed),
        "marks": b"".join(entry.mark for entry in placed),
        "dictionary": TYPICAL,
        **_pieces("source", "source_ends", [entry.source for entry in placed]),
    }
    return Artifact(version, len(ids), write_sections(header, sections))


def _ranges(features: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    """The least and the most of each own feature; an offer that has none of it counts as 0."""
    ranges: dict[str, tuple[float, float]] = {}
    for name in sorted({name for each in features for name in each}):
        values = [each.get(name, 0.0) for each in features]
        ranges[name] = (min(values), max(values))
    return ranges


def _entry(compiled: CompiledOffer, model: Model, predicates: Predicates) -> _Entry:
    offer, line = compiled.offer, canonical_line(compiled)
    return _Entry(
        offer_id=offer.id,
        mark=hashlib.sha256(line).digest()[:MARK_BYTES],
        source=pack(line),
        worth=offer.value * offer.weight,
        own=model.own(offer.features),
        features=offer.features,
        purpose=PURPOSES.index(offer.purpose),
        target=Target.of(offer),
        rule=_whole_rule(offer, compiled.rule, predicates),
    )


def _whole_rule(offer: Offer, rule: Any, predicates: Predicates) -> Formula:
    """The rule, and what stands beside it: validity, purpose, and a budget that was never given."""
    if offer.policy.budget == 0:
        return NEVER
    parts = [predicates.condition(_purpose_condition(offer)), predicates.formula(rule)]
    if offer.starts_at is not None:
        parts.append(predicates.condition(_time_condition(">=", offer.starts_at)))
    if offer.ends_at is not None:
        parts.append(predicates.condition(_time_condition("<", offer.ends_at)))
    return junction(True, parts)


def _purpose_condition(offer: Offer) -> Node:
    words = [{"const": word, "type": "string"} for word in (offer.purpose.value, EVERY_PURPOSE)]
    served = {"read": ["moment", "purposes"], "type": "string"}
    listed = {"list": words, "type": "list(string)"}
    text = f"moment.purposes for {offer.purpose.value}"
    return {"op": "in", "args": [served, listed], "type": "bool", "text": text}


def _time_condition(op: str, at: datetime) -> Node:
    now = {"read": ["moment", "at"], "type": "int"}
    bound = {"const": epoch_microseconds(at), "type": "int"}
    text = f"moment.at {op} {bound['const']}"
    return {"op": op, "args": [now, bound], "type": "bool", "text": text}


def canonical_line(compiled: CompiledOffer) -> bytes:
    """The offer and its rule as JSON, fields in their order. Defaults are written out: what an old
    version says must not change with the code."""
    offer = compiled.offer
    if len(offer.features) > 1:
        offer = offer.model_copy(update={"features": dict(sorted(offer.features.items()))})
    return b'{"offer":%s,"rule":%s}\n' % (offer.model_dump_json().encode(), to_json(compiled.rule))


def _version(marks: Iterable[bytes], limits: ContactLimits) -> str:
    """The first 16 hex digits of the SHA-256 of all that a catalog says."""
    digest = hashlib.sha256(limits.model_dump_json().encode() + b"\n")
    for mark in marks:
        digest.update(mark)
    return digest.hexdigest()[:16]


def _pieces(
    name: str, ends: str, pieces: Sequence[bytes], code: Literal["I", "Q"] = "Q"
) -> dict[str, bytes]:
    """The two sections of pieces in a row; see `sections.Sections.pieces`."""
    return {name: b"".join(pieces), ends: array(code, accumulate(map(len, pieces))).tobytes()}
