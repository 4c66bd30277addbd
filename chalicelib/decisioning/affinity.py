"""Which offers are about something that the customer has dealt with, found from the customer.

Offers of the same categories share a *topic*: what a customer has to do with it counts for all of
its offers alike. Offers that a product, a word of their title or an earlier answer singles out are
few, and each is looked at by itself. All the others are as likely as each other, but for their own
features.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate, chain
from typing import Any

from .index import Block
from .sections import Sections
from .situation import Situation, Target, root_of


def write_topics(targets: Iterable[Target]) -> dict[str, bytes]:
    """The sections of these targets, which come in the order of positions."""
    topics: dict[tuple[str, ...], list[int]] = {}
    keyed: dict[str, dict[str, list[int]]] = {"products": {}, "words": {}}
    for position, target in enumerate(targets):
        topics.setdefault(target.categories, []).append(position)
        for kind, keys in (("products", target.products), ("words", target.words)):
            for key in keys:
                keyed[kind].setdefault(key, []).append(position)
    topic_of = array("I", bytes(4 * sum(map(len, topics.values()))))
    for number, positions in enumerate(topics.values()):
        for position in positions:
            topic_of[position] = number
    return {
        "topics": json.dumps(list(topics)).encode(),
        "topic_of": topic_of.tobytes(),
        "by_topic": array("I", chain.from_iterable(topics.values())).tobytes(),
        "topic_ends": array("I", accumulate(map(len, topics.values()))).tobytes(),
        **{kind: json.dumps(of, sort_keys=True).encode() for kind, of in keyed.items()},
    }


class Affinity:
    """The topics, products and words of a catalog; each is read when a customer first needs it."""

    def __init__(self, sections: Sections) -> None:
        self._json = {name: sections.bytes_of(name) for name in ("topics", "products", "words")}
        self.topic_of = sections.whole("topic_of", "I")
        self._by_topic = sections.numbers("by_topic", "I")
        self._topic_ends = sections.whole("topic_ends", "I")
        self._keyed: dict[str, dict[str, list[int]]] = {}
        self._topics: list[tuple[str, ...]] = []
        self._by_category: dict[str, list[int]] = {}
        self._by_root: dict[str, list[int]] = {}
        self._bits: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        """How many topics there are."""
        return len(self._topic_ends)

    def categories(self) -> list[tuple[str, ...]]:
        """Of every topic, by number."""
        if not self._topics:
            self._read_topics()
        return self._topics

    def topics(self, situation: Situation, *, bought: bool = True) -> dict[int, tuple[str, ...]]:
        """The topics that the customer has to do with, by number, with their categories; without
        what they have to do with by purchases alone, if not `bought`."""
        kept = situation.customer.aggregates
        dealt: tuple[Mapping[str, Any], ...] = (kept.last_view, kept.view_count)
        if bought:
            dealt = (kept.last_purchase, kept.purchase_count, *dealt)
        beside = situation.basket_categories if bought else ()
        if not (any(dealt) or situation.asked_categories or beside):
            return {}
        if not self._topics:
            self._read_topics()
        roots = {root_of(path) for path in beside}
        met = [_met(self._by_category, keys) for keys in (*dealt, situation.asked_categories)]
        met += [
            _met(self._by_root, keys) for keys in ((kept.last_purchase, roots) if bought else ())
        ]
        return {n: self._topics[n] for n in chain.from_iterable(met)}

    def singled_out(self, situation: Situation) -> set[int]:
        """The positions of offers that the customer has to do with by product or word."""
        found: set[int] = set()
        if situation.has_products:
            bought = situation.customer.aggregates.last_product_purchase
            for keys in (situation.asked, situation.basket, situation.product_views, bought):
                found.update(_met(self._keyed_by("products"), keys))
        if situation.interests:
            found.update(_met(self._keyed_by("words"), situation.interests))
        return found

    def positions(self, topic: int) -> memoryview[int]:
        """Where a topic's offers stand, in order."""
        start = self._topic_ends[topic - 1] if topic else 0
        found: memoryview[int] = self._by_topic[start : self._topic_ends[topic]]
        return found

    def bits(self, topic: int, block: Block) -> int:
        """The topic's offers that lie in the block, a bit for each."""
        known = self._bits.get((topic, block.first))
        if known is None:
            known = self._bits[topic, block.first] = bits_of(self.positions(topic), block)
        return known

    def _read_topics(self) -> None:
        topics: list[list[str]] = json.loads(bytes(self._json["topics"]))
        for number, categories in enumerate(topics):
            for category in categories:
                self._by_category.setdefault(category, []).append(number)
            for root in {root_of(category) for category in categories}:
                self._by_root.setdefault(root, []).append(number)
        self._topics = list(map(tuple, topics))

    def _keyed_by(self, kind: str) -> dict[str, list[int]]:
        if kind not in self._keyed:
            self._keyed[kind] = json.loads(bytes(self._json[kind]))
        return self._keyed[kind]


def _met(places: dict[str, list[int]], keys: Collection[Any]) -> Iterator[int]:
    """The places of those keys that are known."""
    if len(keys) > len(places):
        return chain.from_iterable(of for key, of in places.items() if key in keys)
    return chain.from_iterable(places[key] for key in keys if key in places)


def bits_of(positions: Iterable[int], block: Block) -> int:
    """The positions that lie in the block, a bit for each."""
    found, first = bytearray(block.length // 8), block.first
    for position in positions:
        place = position - first
        if 0 <= place < block.length:
            found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")
