"""Which products a message means, in an index of the assortment held in memory.

Lives here: word postings over item groups with inverse document frequency, tolerance of spelling,
and the choice of a variant by size and colour. Never here: intents, or any storage. Variants that
share an `item_group_id` are one entry. A query touches only the postings of its own words.

Scoring: a group's score is the idf mass of its words that the query names (title 1, brand 0.6,
category 0.4), times 0.5 + 0.5 x the share of the title's mass that is named.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from ..model import Behaviour, Product, ProductMatch
from . import variants
from .language import SHORTHAND, fold, plain
from .spelling import Spelling
from .vocabulary import EVERYDAY, stem, tokens

TITLE, BRAND, CATEGORY = 1.0, 0.6, 0.4
ALIKE = 0.88
RECENT_BONUS = 1.2
MOST_WORDS = 40
BROAD_POSTINGS = 3000
MOST_AMBIGUOUS = 3
POINTED_CONFIDENCE = 0.7

_EMPTY = frozenset(
    """
a an the and or of to in on at for with i it is me my you your de la le der
""".split()  # noqa: SIM905 - a list of words is read, not typed
)
_JOINED = re.compile(r"\b(?:and|or|vs|versus|n|y|o|et|ou|und|oder)\b|[&,/+]")
_POINTING = re.compile(
    r"\b(?:it|this|that|these|those|them|they|ones?|same|lo|la tienen|ce|cette|ihn|das)\b"
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; `slots` holds the size, color or category that the products tell."""

    products: tuple[ProductMatch, ...] = ()
    ambiguous: bool = False
    slots: Mapping[str, str] = field(default_factory=dict)
    named: bool = False


@dataclass(slots=True, eq=False)
class _Reading:
    """Groups that read alike, word for word: they are found, and scored, once."""

    weights: dict[str, float]
    groups: dict[str, _Group]


@dataclass(slots=True, eq=False)
class _Group:
    key: str
    reading: _Reading
    category: str | None
    members: dict[str, Product]


@dataclass(frozen=True, slots=True)
class _Hit:
    group: _Group
    score: float
    coverage: float
    words: frozenset[str]
    """The query's words that it explains."""


class ProductIndex:
    """The assortment by its words. Safe to read from one thread while nothing is replaced."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._groups: dict[str, _Group] = {}
        self._group_of: dict[str, str] = {}
        self._readings: dict[tuple[tuple[str, float], ...], _Reading] = {}
        self._postings: dict[str, list[_Reading]] = {}
        self._frequency: Counter[str] = Counter()
        self._category_words: Counter[str] = Counter()
        self._categories: dict[str, tuple[str, ...]] = {}
        self._categories_with: dict[str, list[str]] = {}
        self._weighed: dict[tuple[str | None, ...], dict[str, float]] = {}
        self._spelling = Spelling()
        for product in products:
            self.replace(product)

    def __len__(self) -> int:
        return len(self._group_of)

    def get(self, product_id: str) -> Product | None:
        """The product as indexed, if it is there."""
        key = self._group_of.get(product_id)
        return None if key is None else self._groups[key].members[product_id]

    def replace(self, product: Product) -> None:
        """Add the product, or put its changed form in place of the old."""
        key = product.item_group_id or product.id
        if self._group_of.get(product.id, key) != key:
            self.remove(product.id)
        self._group_of[product.id] = key
        group = self._groups.get(key)
        weights = self._weigh(product)
        if group is None:
            self._enter(key, weights, product.product_type, {product.id: product})
            return
        group.members[product.id] = product
        if len(group.members) > 1:
            weights = _heavier(group.reading.weights, weights)
        if weights != group.reading.weights:
            self._withdraw(group)
            self._enter(key, weights, product.product_type, group.members)

    def remove(self, product_id: str) -> None:
        """Forget the product; unknown ids are ignored."""
        key = self._group_of.pop(product_id, None)
        if key is None:
            return
        group = self._groups[key]
        del group.members[product_id]
        if not group.members:
            self._withdraw(group)

    def _enter(
        self, key: str, weights: dict[str, float], category: str | None, members: dict[str, Product]
    ) -> None:
        reading = self._reading(weights)
        group = _Group(key, reading, category, members)
        self._groups[key] = reading.groups[key] = group
        self._frequency.update(weights.keys())
        self._category_words.update(self._words_of_category(category))

    def _reading(self, weights: dict[str, float]) -> _Reading:
        spelt = tuple(weights.items())
        reading = self._readings.get(spelt)
        if reading is None:
            reading = self._readings[spelt] = _Reading(weights, {})
            for word in weights:
                if word not in self._postings:
                    self._spelling.learn(word)
                self._postings.setdefault(word, []).append(reading)
        return reading

    def _withdraw(self, group: _Group) -> None:
        reading = group.reading
        del self._groups[group.key], reading.groups[group.key]
        self._frequency.subtract(reading.weights.keys())
        self._category_words.subtract(self._words_of_category(group.category))
        if reading.groups:
            return
        del self._readings[tuple(reading.weights.items())]
        for word in reading.weights:
            self._postings[word].remove(reading)
            if not self._postings[word]:
                del self._postings[word]

    def _words_of_category(self, category: str | None) -> tuple[str, ...]:
        if not category:
            return ()
        if category not in self._categories:
            self._categories[category] = tuple(dict.fromkeys(tokens(fold(category))))
            for word in self._categories[category]:
                self._categories_with.setdefault(word, []).append(category)
        return self._categories[category]

    def _weigh(self, product: Product) -> dict[str, float]:
        """word -> weight by where it stands; products that read alike share one mapping."""
        read = (product.title, product.brand, product.product_type, product.color, product.size)
        if read not in self._weighed:
            weights = dict.fromkeys(self._words_of_category(product.product_type), CATEGORY)
            weights |= dict.fromkeys(tokens(fold(product.brand or "")), BRAND)
            told = {*tokens(fold(product.color or "")), *tokens(fold(product.size or ""))}
            title = tokens(fold(product.title))
            kept = [word for word in title if word not in told]
            self._weighed[read] = weights | dict.fromkeys(kept or title, TITLE)
        return self._weighed[read]

    # --- asking --------------------------------------------------------------------------------

    def search(
        self, text: str, *, slots: Mapping[str, str], recent: Sequence[Behaviour] = ()
    ) -> Found:
        """The products that `text` names, best first; by `recent` (newest first) where it points.

        `slots` are those read from the words (size, color). More than one product is returned
        where several are named, or, as `ambiguous`, where different products score alike.
        """
        said = plain(text)
        query = self._query(said)
        hits = self._rank(query, recent)
        if not hits:
            found = self._pointed_at(said, query, slots, recent)
            return found if found.products else Found(slots=self._category_slot(query))
        chosen, ambiguous = self._choose(hits, recent, bool(_JOINED.search(said)))
        told = dict(self._category_slot(query))
        matches = []
        for hit in chosen:
            variant, exact = self._variant(hit.group, said, slots, _ids(recent), hit.words)
            matches.append(ProductMatch(product_id=variant.id, confidence=self._sure(hit, query)))
            told = exact | told
        named = not all(self._is_kind(hit, query) for hit in chosen)
        return Found(tuple(matches), ambiguous, told, named)

    def _query(self, said: str) -> dict[str, dict[str, float]]:
        """query word -> {indexed word: similarity}; everyday words only where titles need them."""
        heard = [w for w in dict.fromkeys(tokens(said)) if w not in SHORTHAND][: MOST_WORDS * 2]
        telling = [w for w in heard if w not in EVERYDAY][:MOST_WORDS]
        query: dict[str, dict[str, float]] = {}
        for first, second in pairwise(heard):
            if first + second in self._postings and first.isalpha() and second.isalpha():
                query[f"{first}{second}"] = {f"{first}{second}": 1.0}
                telling = [w for w in telling if w not in (first, second)]
        for word in telling:
            if word in self._postings:
                query[word] = {word: 1.0}
            elif len(word) >= 4 and word.isalpha():
                near = self._split(word) or self._spelling.near(word, self._postings)
                if near:
                    query[word] = near
        everyday = [w for w in heard if w in EVERYDAY and w in self._postings]
        return query | {word: {word: 1.0} for word in everyday if word not in _EMPTY}

    def _split(self, word: str) -> dict[str, float]:
        """`trailblazergtx` as two words of one product."""
        for at in range(3, len(word) - 2):
            first, second = word[:at], stem(word[at:])
            if first in self._postings and second in self._postings:
                shorter, other = sorted((first, second), key=lambda w: len(self._postings[w]))
                if any(other in reading.weights for reading in self._postings[shorter]):
                    return {first: 1.0, second: 1.0}
        return {}

    def _idf(self, word: str) -> float:
        return math.log(1 + len(self._groups) / self._frequency[word])

    def _rank(
        self, query: Mapping[str, Mapping[str, float]], recent: Sequence[Behaviour]
    ) -> list[_Hit]:
        """The groups that qualify as named, best first."""
        named: dict[_Reading, dict[str, tuple[float, str]]] = {}
        pairs = [
            (known, alike, word) for word, near in query.items() for known, alike in near.items()
        ]
        for known, alike, word in sorted(pairs, key=lambda p: len(self._postings[p[0]])):
            postings = self._postings[known]
            broad = len(postings) > BROAD_POSTINGS
            for reading in self._among(named, known) if broad else postings:
                matched = named.setdefault(reading, {})
                if matched.get(known, (0.0, ""))[0] < alike:
                    matched[known] = (alike, word)
        seen = [self._group_of.get(b.product_id or "", "") for b in recent]
        hits = [self._hit(reading, matched, seen) for reading, matched in named.items()]
        best = max((hit.score for hit in hits), default=0.0)
        near_best = [hit for hit in hits if hit.score >= best * 0.25]
        crowd = sum(len(h.group.reading.groups) for h in hits if h.score >= best * 0.4)
        kept = [hit for hit in near_best if self._qualifies(hit, query, crowd)]
        kept.sort(key=lambda hit: (-hit.score, hit.group.key))
        return [each for hit in kept[:20] for each in _siblings(hit)]

    @staticmethod
    def _among(named: Mapping[_Reading, object], known: str) -> Iterator[_Reading]:
        return (reading for reading in list(named) if known in reading.weights)

    def _hit(
        self, reading: _Reading, matched: Mapping[str, tuple[float, str]], seen: Sequence[str]
    ) -> _Hit:
        mass = title = 0.0
        for known, (alike, _) in matched.items():
            part = self._idf(known) * alike
            mass += part * reading.weights[known]
            title += part if reading.weights[known] == TITLE else 0.0
        whole = sum(self._idf(w) for w, weight in reading.weights.items() if weight == TITLE)
        coverage = min(1.0, title / whole) if whole else 0.0
        met = next((key for key in seen if key in reading.groups), None)
        group = reading.groups[met] if met else next(iter(reading.groups.values()))
        score = mass * (0.5 + 0.5 * coverage) * (RECENT_BONUS if met else 1.0)
        return _Hit(group, score, coverage, frozenset(word for _, word in matched.values()))

    def _qualifies(self, hit: _Hit, query: Mapping[str, Mapping[str, float]], crowd: int) -> bool:
        """A thing is named, not only its kind: by a rare word, most of its title, or as one of few.

        Words of its title that everybody uses, and numbers, name nothing unless they are all of it.
        """
        weights = hit.group.reading.weights
        title = [
            known
            for word in hit.words
            for known in query[word]
            if weights.get(known) == TITLE and not known[0].isdigit()
        ]
        telling = [known for known in title if known not in EVERYDAY]
        if not telling:
            return len(title) > 1 and hit.coverage >= 0.99
        if hit.coverage >= 0.6:
            return True
        if self._explained(hit, query) < 0.5 or hit.coverage < 0.2:
            return False
        few = max(MOST_AMBIGUOUS, len(self._groups) // 2000)
        rare = any(self._frequency[w] <= few for w in telling if self._category_words[w] <= 0)
        return rare or crowd <= MOST_AMBIGUOUS

    def _explained(self, hit: _Hit, query: Mapping[str, Mapping[str, float]]) -> float:
        """The share of the query's known words, by their mass, that the hit accounts for."""
        mass = {
            word: max(self._idf(known) for known in near)
            for word, near in query.items()
            if word.isalpha() and (word not in EVERYDAY or word in hit.words)
        }
        total = sum(mass.values())
        return sum(mass.get(word, 0.0) for word in hit.words) / total if total else 1.0

    def _is_kind(self, hit: _Hit, query: Mapping[str, Mapping[str, float]]) -> bool:
        """Only words that say what kind of thing it is were matched."""
        known = [known for word in hit.words for known in query[word] if known not in EVERYDAY]
        return all(self._category_words[w] > 0 for w in known) and hit.coverage < 0.6

    def _choose(
        self, hits: Sequence[_Hit], recent: Sequence[Behaviour], joined: bool
    ) -> tuple[list[_Hit], bool]:
        """The group meant, several if several are named in full, or those that are alike."""
        best = hits[0]
        alike = [hit for hit in hits if hit.score >= best.score * ALIKE]
        whole = [hit for hit in hits if hit.coverage >= 0.99]
        if len(whole) > 1 and len({hit.words for hit in whole}) == len(whole):
            apart = [h for h in whole if not any(h.words < other.words for other in whole)]
            if len(apart) > 1:
                return apart[:MOST_AMBIGUOUS], False
        if len(alike) > 1:
            for behaviour in recent:
                for hit in alike:
                    if self._group_of.get(behaviour.product_id or "") == hit.group.key:
                        return [hit], False
            return alike[:MOST_AMBIGUOUS], True
        others = [hit for hit in hits if joined and not (hit.words & best.words)]
        return [best, *others[:1]], False

    def _sure(self, hit: _Hit, query: Mapping[str, Mapping[str, float]]) -> float:
        """How sure: the share of the title named and the share of the query's mass explained."""
        explained = self._explained(hit, query)
        alike = [max(query[w].values()) for w in hit.words]
        spelt = sum(alike) / len(alike)
        sure = (0.35 + 0.35 * math.sqrt(hit.coverage) + 0.3 * explained) * (0.4 + 0.6 * spelt)
        return round(min(0.99, sure), 3)

    def _category_slot(self, query: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
        """The product_type path whose words the query names best, shortest among equals."""
        heard = {known: alike for near in query.values() for known, alike in near.items()}
        telling = {w: a for w, a in heard.items() if self._category_words[w] > 0}
        best: tuple[float, int, str] | None = None
        masses: dict[str, float] = {}
        for word, alike in telling.items():
            for category in self._categories_with.get(word, ()):
                masses[category] = masses.get(category, 0.0) + alike * self._idf(word)
        for category, mass in masses.items():
            if best is None or (mass, -len(category)) > best[:2]:
                best = (mass, -len(category), category)
        if best is None:
            return {}
        return {"category": _shortest_prefix(best[2], set(telling))}

    def _pointed_at(
        self,
        said: str,
        query: Mapping[str, Mapping[str, float]],
        slots: Mapping[str, str],
        recent: Sequence[Behaviour],
    ) -> Found:
        """The newest product looked at, where the words point ("it", "in a 43?") without a name.

        It must be of the kind that is spoken of: "those socks" are not the shoes looked at last.
        """
        asked = (
            {w for w in tokens(said) if len(w) > 3 and w.isalpha()} - EVERYDAY - variants.COLOURS
        )
        spoken = asked & query.keys()
        points = bool(_POINTING.search(said))
        if not points and (asked - spoken or not ("size" in slots or "color" in slots)):
            return Found()
        for behaviour in recent:
            key = self._group_of.get(behaviour.product_id or "")
            if key is None or not spoken <= self._groups[key].reading.weights.keys():
                continue
            variant, told = self._variant(
                self._groups[key], said, slots, _ids([behaviour]), frozenset()
            )
            match = ProductMatch(product_id=variant.id, confidence=POINTED_CONFIDENCE)
            return Found((match,), False, told)
        return Found()

    # --- the variant ---------------------------------------------------------------------------

    def variant_of(
        self, product_id: str, text: str, slots: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        """The sibling of `product_id` that fits the size and colour asked, with the slots told."""
        key = self._group_of.get(product_id)
        if key is None:
            return product_id, {}
        group = self._groups[key]
        variant, told = self._variant(group, plain(text), slots, [product_id], frozenset())
        return variant.id, told

    @staticmethod
    def _variant(
        group: _Group,
        said: str,
        slots: Mapping[str, str],
        seen: Sequence[str],
        consumed: frozenset[str],
    ) -> tuple[Product, dict[str, str]]:
        newest = next((product_id for product_id in seen if product_id in group.members), None)
        return variants.pick(list(group.members.values()), said, slots, consumed, newest)


def _ids(recent: Sequence[Behaviour]) -> list[str]:
    return [behaviour.product_id for behaviour in recent if behaviour.product_id]


def _heavier(some: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    """Both mappings' words, each with the heavier of its weights."""
    words = dict.fromkeys([*some, *others])
    return {word: max(some.get(word, 0.0), others.get(word, 0.0)) for word in words}


def _siblings(hit: _Hit) -> list[_Hit]:
    """The hit, and with it groups that read the same."""
    others = islice((g for g in hit.group.reading.groups.values() if g is not hit.group),
                    MOST_AMBIGUOUS - 1)  # fmt: skip
    return [hit, *(_Hit(group, hit.score, hit.coverage, hit.words) for group in others)]


def _shortest_prefix(category: str, telling: set[str]) -> str:
    """The path up to its last part that was named."""
    parts = [p.strip() for p in re.split(r"[/>]", category) if p.strip()]
    last = max((n for n, part in enumerate(parts) if set(tokens(fold(part))) & telling), default=0)
    return "/".join(parts[: last + 1])
