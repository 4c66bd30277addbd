"""What outcomes add up to, and which decisions are in it: each once, however often it is counted.

    statistics#<family>  / <YYYY-MM-DD>#<shard>   `sums` of a day's decisions, `scores` of their
                                                  best offers by bin, `groups`: how groups of
                                                  customers fared, `version`, and `sample`: the
                                                  ids with the smallest hashes
    decision#<id>        / outcome                `counted` and `moment`: what of it is in the sums
                                                  and among `groups`; `counts`: how often that
                                                  was written
    learned#<family>     / last                   `decisions`: how many had been counted of each
                                                  day when a model was learned last

A decision stands in the sparse `closing` index until it is counted first. Its marks are an item by
themselves, put with its record: every KB that is written is paid for, and the record is long. Sums
and marks change in one transaction, on the condition that neither changed since they were read:
learners that die, meet, or are told twice end in the same bytes. Never here: what the sums mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from .. import documents
from ..documents import WriteItem, aws_calls
from ..model import Decision, ScoredOffer

Item = dict[str, Any]

FAMILY: Final = hashlib.sha256(b"1").hexdigest()[:8]
"""Of sums that may be added: another one begins when they come to mean something else."""
SHARDS: Final = 8
KEPT: Final = timedelta(days=180)
SAMPLE: Final = 50
OUTCOME: Final = "outcome"
"""The sort key of what counting changes, beside a decision's record."""
NOTHING: Final = "{}"
"""The mark of a decision that is settled with nothing in the sums."""
_PARTITION: Final = f"statistics#{FAMILY}"
_LEARNED: Final = f"learned#{FAMILY}"
_LAST: Final = "last"
_RECORD: Final = "record"


class Place(NamedTuple):
    """Where a decision is counted."""

    day: date
    shard: str


class Span(NamedTuple):
    """The sums of one place, None before the first, as those of `groups`; `scores` counts by bin.
    `version` is what they are replaced by."""

    place: Place
    sums: bytes | None = None
    scores: Mapping[int, int] = MappingProxyType({})
    version: int = 0
    sample: tuple[str, ...] = ()
    groups: bytes | None = None


class Outcome(NamedTuple):
    """A decision as it stands on record, `item`, and what of it was counted: None before the first
    time. `moment` is None too where none was counted then."""

    id: str
    item: Item
    counted: str | None
    counts: int
    moment: str | None = None


class Settled(NamedTuple):
    """That of an outcome, last written `counts` times, this is in the sums from here on."""

    id: str
    counts: int
    counted: str
    moment: str | None = None


def made(decision: Decision) -> tuple[str, ...]:
    """The ids of the offers that the customer was really made."""
    return _with_room(decision.offers, decision.carried)


def withheld(decision: Decision) -> tuple[str, ...]:
    """The ids of those that they had been made, were they not in the control group."""
    return _with_room(decision.withheld or (), decision.carried)


def closing(decision: Decision, window: timedelta) -> Item:
    """The attributes by which a decision is found once its outcome is due; none for one that tells
    nothing."""
    if decision.customer_id is None or not (made(decision) or decision.best is not None):
        return {}
    at = _stamp(decision.decided_at + window)
    return {"closing_shard": {"S": shard_of(decision.id)}, "closing_at": {"S": at}}


def awaited(decision: Decision, window: timedelta, expires_at: int) -> Item:
    """The item of what counting changes; an empty one of a decision that tells nothing."""
    due = closing(decision, window)
    if not due:
        return {}
    key = documents.key(f"decision#{decision.id}", OUTCOME)
    return {**key, **due, "expires_at": {"N": str(expires_at)}}


def shard_of(decision_id: str) -> str:
    return str(_hash(decision_id)[0] % SHARDS)


def place_of(decision: Decision) -> Place:
    """The day on which it was made, in UTC, and its shard."""
    return Place(decision.decided_at.astimezone(UTC).date(), shard_of(decision.id))


class StatisticsStore:
    """Sums and marks, in the `ledger` table of one stage. Raises TemporaryError."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def due(self, shard: int, now: datetime, limit: int) -> list[str]:
        """The ids of decisions whose outcome is due, at most `limit`, those that
        wait longest first."""
        with aws_calls():
            answer = self._client.query(
                TableName=self._table,
                IndexName="closing",
                KeyConditionExpression="closing_shard = :shard AND closing_at <= :now",
                ExpressionAttributeValues={
                    ":shard": {"S": str(shard)},
                    ":now": {"S": _stamp(now)},
                },
                Limit=limit,
            )
        return [item["pk"]["S"].removeprefix("decision#") for item in answer["Items"]]

    def outcomes(self, decision_ids: Iterable[str]) -> list[Outcome]:
        """These decisions; left out are those that are gone, and those that tell nothing."""
        ids = sorted(set(decision_ids))
        keys = [documents.key(f"decision#{i}", sk) for i in ids for sk in (OUTCOME, _RECORD)]
        found = dict[tuple[str, str], Item]()
        for start in range(0, len(keys), documents.BATCH_GET_LIMIT):
            chunk = {self._table: keys[start : start + documents.BATCH_GET_LIMIT]}
            for item in documents.batch_get(self._client, chunk)[self._table]:
                found[item["pk"]["S"].removeprefix("decision#"), item["sk"]["S"]] = item
        both = ((i, found.get((i, _RECORD)), found.get((i, OUTCOME))) for i in ids)
        return [_outcome(i, item, marks) for i, item, marks in both if item and marks]

    def learned_from(self) -> dict[date, int]:
        """Of how many decisions of each day a model was learned last; empty before the first."""
        item = documents.get(self._client, self._table, _LEARNED, _LAST)
        found = json.loads(item["decisions"]["S"]) if item else {}
        return {date.fromisoformat(day): count for day, count in found.items()}

    def note_learned(self, decisions: Mapping[date, int]) -> None:
        """A model was learned from so many decisions of each day."""
        told = json.dumps({day.isoformat(): count for day, count in sorted(decisions.items())})
        item = {**documents.key(_LEARNED, _LAST), "decisions": {"S": told}}
        documents.transact(self._client, [documents.put(self._table, item)])

    def span(self, place: Place) -> Span:
        """The sums of one place."""
        item = documents.get(self._client, self._table, _PARTITION, _sort_key(place))
        return Span(place) if item is None else _span(item)

    def spans(self, since: date | None = None) -> Iterator[Span]:
        """The sums of all places, by day."""
        for item in documents.query(self._client, self._table, _PARTITION, ConsistentRead=True):
            span = _span(item)
            if since is None or span.place.day >= since:
                yield span

    def count(self, settled: Sequence[Settled], span: Span | None = None) -> None:
        """All of it or nothing: the marks, and the sums of `span` from here on, whose version is
        that which was read. Raises documents.Cancelled where one was changed meanwhile."""
        writes = [self._mark(each) for each in settled]
        if span is not None:
            news = [s.id for s in settled if s.counts == 0 and s.counted != NOTHING]
            sampled = span._replace(sample=sample((*span.sample, *news)))
            writes.append(self._replacing(sampled))
        documents.transact(self._client, writes)

    def _mark(self, settled: Settled) -> WriteItem:
        seen = "counts = :seen" if settled.counts else "attribute_not_exists(counts)"
        values = {":counted": {"S": settled.counted}, ":next": {"N": str(settled.counts + 1)}}
        if settled.counts:
            values[":seen"] = {"N": str(settled.counts)}
        if settled.moment is not None:
            values[":moment"] = {"S": settled.moment}
        told = ", moment = :moment" if settled.moment is not None else ""
        return {
            "Update": {
                "TableName": self._table,
                "Key": documents.key(f"decision#{settled.id}", OUTCOME),
                "UpdateExpression": f"SET counted = :counted, counts = :next{told} "
                "REMOVE closing_shard, closing_at",
                # One that was erased meanwhile must not come back as a mark alone.
                "ConditionExpression": f"attribute_exists(pk) AND {seen}",
                "ExpressionAttributeValues": values,
            }
        }

    def _replacing(self, span: Span) -> WriteItem:
        expires = datetime.combine(span.place.day, time(tzinfo=UTC)) + KEPT
        item = {
            **documents.key(_PARTITION, _sort_key(span.place)),
            "scores": {"S": json.dumps(dict(span.scores), separators=(",", ":"))},
            "version": {"N": str(span.version + 1)},
            "sample": {"S": "\n".join(span.sample)},
            "expires_at": {"N": str(int(expires.timestamp()))},
        }
        if span.sums is not None:
            item["sums"] = {"B": span.sums}
        if span.groups is not None:
            item["groups"] = {"B": span.groups}
        if span.version:
            return documents.put(self._table, item, "version = :seen", seen=span.version)
        return documents.put(self._table, item, "attribute_not_exists(pk)")


def sample(decision_ids: Iterable[str]) -> tuple[str, ...]:
    """Those with the smallest hashes: of two samples together again such a sample, of all that
    either was drawn from (bottom-k, https://en.wikipedia.org/wiki/MinHash)."""
    return tuple(sorted(set(decision_ids), key=_hash)[:SAMPLE])


def drawn(spans: Iterable[Span]) -> list[str]:
    """The ids in the samples of which each counted decision had the same chance, in random order:
    those below the lowest hash at which some span's sample was cut off."""
    kept = list(spans)
    cuts = [_hash(span.sample[-1]) for span in kept if len(span.sample) >= SAMPLE]
    ranked = sorted((i for span in kept for i in span.sample), key=_hash)
    return [i for i in ranked if not cuts or _hash(i) <= min(cuts)]


def _outcome(decision_id: str, item: Item, marks: Item) -> Outcome:
    counted = marks["counted"]["S"] if "counted" in marks else None
    moment = marks["moment"]["S"] if "moment" in marks else None
    return Outcome(decision_id, item, counted, documents.number(marks, "counts"), moment)


def _span(item: Item) -> Span:
    day, _, shard = item["sk"]["S"].partition("#")
    sampled = item["sample"]["S"]
    return Span(
        Place(date.fromisoformat(day), shard),
        bytes(item["sums"]["B"]) if "sums" in item else None,
        {int(place): count for place, count in json.loads(item["scores"]["S"]).items()},
        documents.number(item, "version"),
        tuple(sampled.split("\n")) if sampled else (),
        bytes(item["groups"]["B"]) if "groups" in item else None,
    )


def _with_room(offers: Iterable[ScoredOffer], carried: tuple[str, ...] | None) -> tuple[str, ...]:
    ids = (offer.offer_id for offer in offers)
    return tuple(i for i in ids if carried is None or i in carried)


def _sort_key(place: Place) -> str:
    return f"{place.day.isoformat()}#{place.shard}"


def _hash(decision_id: str) -> bytes:
    return hashlib.sha256(decision_id.encode()).digest()


def _stamp(at: datetime) -> str:
    """Sortable as text: fixed width, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
