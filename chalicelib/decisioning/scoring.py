"""How likely each eligible offer is to be taken up: one linear model over the named features.

probability = 1 / (1 + exp(-(weights . features))), as in logistic regression
(https://en.wikipedia.org/wiki/Logistic_regression). Weights are data: a published model replaces
them without a change here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import exp
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..model import Purpose
from .features import FEATURES, OF_PURCHASES, Feature, Scope
from .situation import Situation, Target

if TYPE_CHECKING:
    # numpy, which only a model with patterns needs, is loaded with that.
    from .leanings import Leanings
    from .outlook import Outlook
    from .patterns import Floats, Patterns

_PLACES: Final = 2.0**40
"""Probabilities are cut to forty binary places, twelve decimals, so that another processor's exp()
gives the same."""
_DECIMALS: Final = 12
_ROUNDED_UP: Final = 1.0 + 1e-12
_USUAL: Final = -3.0
"""The log-odds of an offer of which nothing is known, more or less."""
_STEEPEST: Final = 500.0
_STEEPEST_OWN: Final = 50.0


def _in(*scopes: Scope) -> tuple[Feature, ...]:
    return tuple(f for f in FEATURES if f.scope in scopes)


_OF_TARGETS: Final = tuple(f for f in FEATURES if f.scope != "customer")
_BESIDE_TENDENCIES: Final = tuple(f for f in _OF_TARGETS if f.name not in OF_PURCHASES)
_OF_CUSTOMER: Final = _in("customer")
_OF_PURPOSE: Final = _in("purpose")
_OF_CATEGORIES: Final = _in("categories")
_OF_LOOKS: Final = tuple(f for f in _OF_CATEGORIES if f.name not in OF_PURCHASES)
_OF_PRODUCTS: Final = _in("products")
_OF_WORDS: Final = _in("words")
_OF_OFFER: Final = _in("offer")


@dataclass(frozen=True)
class Model:
    """Weights of log-odds by feature name; a feature that has none counts for nothing.

    `ensemble` says how unsure the weights are: of each, how far it lies from the mean in every
    member, all of them drawn from what the outcomes leave open. A model that has one explores.
    `scores` are the percentiles, 1 to 99, of what the best marketing offer of past decisions
    scored: by them a catalog's share of moments becomes a least score. `patterns` are what orders
    teach of categories; a model that has them looks at tendencies, which take the place of the
    features of purchases by category. `channels` is what everybody's messages are worth, by channel
    and part of the day; no offer is scored by it, but the channel is chosen by it.
    """

    name: str
    weights: Mapping[str, float]
    ensemble: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    scores: tuple[float, ...] = ()
    patterns: Patterns | None = None
    channels: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def members(self) -> int:
        """How many the ensemble has."""
        return min(map(len, self.ensemble.values()), default=0)

    def deviations(self, names: tuple[str, ...]) -> Floats:
        """Of these features how far each member's weights lie from the mean (names x members)."""
        found = self._deviations.get(names)
        if found is None:
            import numpy as np  # which deciding does without where nothing is explored

            surely = (0.0,) * self.members
            found = np.array([self.ensemble.get(name, surely) for name in names])
            self._deviations.clear()
            self._deviations[names] = found
        return found

    @cached_property
    def _deviations(self) -> dict[tuple[str, ...], Floats]:
        """Those that were asked for last."""
        return {}

    def least_score(self, share: float | None) -> float:
        """What only this share of past moments, about, had an offer for; 0 where none is known."""
        if share is None or not self.scores:
            return 0.0
        place = min(max(round(100 * (1.0 - share)), 0), len(self.scores))
        return self.scores[place - 1] if place else 0.0

    def own(self, features: Mapping[str, float]) -> float:
        """The part of the log-odds that an offer's own features make: the same for everybody.

        Cut to 50 either way, beyond which a probability is 0 or 1 to twelve decimals.
        """
        if not features:
            return 0.0
        own = sum(self.weights.get(f"offer.{n}", 0.0) * features[n] for n in sorted(features))
        return min(max(own, -_STEEPEST_OWN), _STEEPEST_OWN)

    def most_own(self, ranges: Mapping[str, Sequence[float]]) -> float:
        """No offer's own part is more than this, its features being within these (least, most)."""
        weighed = ((self.weights.get(f"offer.{n}", 0.0), pair) for n, pair in ranges.items())
        most = sum(max(weight * value for value in pair) for weight, pair in weighed)
        return min(max(most, -_STEEPEST_OWN), _STEEPEST_OWN)

    @cached_property
    def leanings(self) -> Leanings:
        """The weights of tendencies."""
        from .leanings import Leanings

        return Leanings(self.weights)

    @cached_property
    def raised_by_silence(self) -> bool:
        """Whether an offer that was not answered may be the likelier for it."""
        return any(self.weights.get(f.name, 0.0) > 0 for f in _OF_OFFER if f.name != "clicked")

    @cached_property
    def version(self) -> str:
        """The name and the content's hash."""
        told: list[Any] = [sorted(self.weights.items()), sorted(self.ensemble.items()), self.scores]
        if self.channels:
            told.append(sorted(self.channels.items()))
        content = json.dumps(told)
        if self.patterns is not None:
            content += self.patterns.digest
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


PRIOR: Final = Model(
    "prior",
    {
        "bias": -3.2,  # about 4 % for an offer of which nothing is known
        "bought_lately": 0.6,
        "bought_often": 0.55,
        "looked_lately": 0.8,
        "looked_often": 0.4,
        "due": 0.5,
        "asked_category": 1.0,
        "complements": 0.3,
        "asked_product": 1.4,
        "in_basket": 0.8,
        "viewed_product": 1.0,
        "owned_product": -0.6,
        "interest": 0.55,
        "repeated": -1.2,
        "clicked": 0.5,
        "fatigue": -0.8,
        "responsive": 0.8,
        "loyal": 0.25,
        "marketing": 0.0,
        "private": 0.1,
        "evening": 0.1,
        "weekend": 0.05,
        "offer.discount": 1.5,  # per 100 %: a tenth off is worth 0.15 of log-odds
    },
)
"""Before anything is learned: the marketer's common sense, to be read and argued with.

Set so that a mass offer stands near 4 %, one moved by what was just done near 15 %, and one that
everything speaks for near 40 %."""


class Observed(NamedTuple):
    """The features of one offer that are not 0, by name, and its log-odds."""

    features: Mapping[str, float]
    log_odds: float


_NOTHING: Final = {p: Target("", p, frozenset(), (), frozenset()) for p in Purpose}


class Scorer:
    """One model for one customer at one moment: the parts that many offers share, worked out once.

    log-odds = what is the same for all offers of a purpose + the offer's own + what the customer
    has to do with its target. Added in this order, so that the same bytes come out everywhere.
    """

    def __init__(self, model: Model, situation: Situation) -> None:
        self.model = model
        self.situation = situation
        self.outlook = _outlook(model, situation)
        nothing = _NOTHING[Purpose.SERVICE]
        self._shared = tuple(f.measure(situation, nothing) for f in _OF_CUSTOMER)
        everybody = 0.0
        for feature, value in zip(_OF_CUSTOMER, self._shared, strict=True):
            everybody += model.weights.get(feature.name, 0.0) * value
        if self.outlook is not None:
            everybody += self.outlook.moment
        self.common = {p: everybody + self._sum(_OF_PURPOSE, _NOTHING[p]) for p in Purpose}
        self._by_categories: dict[tuple[str, ...], float] = {}
        self._by_offer: dict[str, float] = {}

    def of_categories(self, categories: tuple[str, ...]) -> float:
        """What the customer has to do with these categories."""
        found = self._by_categories.get(categories)
        if found is None:
            found = 0.0 if self.outlook is None else self.outlook.part(categories)
            if self._has_categories:
                target = Target("", Purpose.SERVICE, frozenset(), categories, frozenset())
                found += self._sum(_OF_CATEGORIES if self.outlook is None else _OF_LOOKS, target)
            self._by_categories[categories] = found
        return found

    @cached_property
    def _has_categories(self) -> bool:
        """Whether any category means anything to the customer, beside its tendencies."""
        kept = self.situation.customer.aggregates
        looked = kept.view_count or kept.last_view or self.situation.asked_categories
        return self.outlook is None or bool(looked)

    def targeted(self, target: Target) -> float:
        """What the customer has to do with the target: categories, products, words, the offer."""
        situation = self.situation
        found = self.of_categories(target.categories)
        if target.products and situation.has_products:
            found += self._sum(_OF_PRODUCTS, target)
        if situation.interests:
            found += self._sum(_OF_WORDS, target)
        return found + self._of_offer(target.offer_id)

    @cached_property
    def raised(self) -> frozenset[str]:
        """Ids of the offers that what became of them before makes likelier."""
        met = self.situation.contacts_by_offer
        if not self.model.raised_by_silence:
            answered = {c.offer_id for c in self.situation.contacts if c.response}
            met = {offer_id: met[offer_id] for offer_id in answered}
        return frozenset(offer_id for offer_id in met if self._of_offer(offer_id) > 0)

    def _of_offer(self, offer_id: str) -> float:
        if offer_id not in self.situation.contacts_by_offer:
            return 0.0
        found = self._by_offer.get(offer_id)
        if found is None:
            target = Target(offer_id, Purpose.SERVICE, frozenset(), (), frozenset())
            found = self._by_offer[offer_id] = self._sum(_OF_OFFER, target)
        return found

    def _sum(self, features: Iterable[Feature], target: Target) -> float:
        weights, situation, found = self.model.weights, self.situation, 0.0
        for feature in features:
            weight = weights.get(feature.name)
            if weight:
                found += weight * feature.measure(situation, target)
        return found

    @property
    def _own(self) -> tuple[Feature, ...]:
        """The features that differ from offer to offer."""
        return _OF_TARGETS if self.outlook is None else _BESIDE_TENDENCIES

    def _measured(self, target: Target) -> list[float]:
        """These features. Those of a part that means nothing to the customer are 0, and not asked
        for."""
        situation = self.situation
        means = {"purpose", "categories"} if self._has_categories else {"purpose"}
        if target.products and situation.has_products:
            means.add("products")
        if situation.interests:
            means.add("words")
        if target.offer_id in situation.contacts_by_offer:
            means.add("offer")
        return [f.measure(situation, target) if f.scope in means else 0.0 for f in self._own]

    def log_odds(self, target: Target, features: Mapping[str, float]) -> float:
        """Of one offer, with its own features."""
        return self.common[target.purpose] + self.model.own(features) + self.targeted(target)

    def observed(self, target: Target, features: Mapping[str, float]) -> Observed:
        """Of one offer the features that are not 0, and its log-odds."""
        shared = zip(_OF_CUSTOMER, self._shared, strict=True)
        measured = {f.name: value for f, value in shared}
        own = zip(self._own, self._measured(target), strict=True)
        measured |= {f.name: value for f, value in own}
        if self.outlook is not None:
            measured |= self.outlook.observed(target.categories)
        measured |= {f"offer.{name}": value for name, value in features.items()}
        found = {name: value for name, value in measured.items() if value}
        return Observed(found, self.log_odds(target, features))

    def compared(
        self, some: Sequence[tuple[Target, Mapping[str, float]]]
    ) -> tuple[tuple[str, ...], Floats]:
        """The features of some offers as one array (offers x names), for those who explore."""
        import numpy as np  # which deciding does without where nothing is explored

        own = tuple(sorted({name for _, features in some for name in features}))
        plain = [
            (*self._shared, *self._measured(target), *(features.get(name, 0.0) for name in own))
            for target, features in some
        ]
        names = _names(own, self.outlook is not None)
        rows = np.empty((len(some), len(names)))
        wide = len(plain[0]) if plain else 0
        rows[:, :wide] = plain
        if self.outlook is not None:
            self.outlook.compare([target.categories for target, _ in some], rows[:, wide:])
        return names, rows

    def contributions(self, target: Target, features: Mapping[str, float]) -> dict[str, float]:
        """Each feature's part of the log-odds, those that have any."""
        weights, measured = self.model.weights, self.observed(target, features).features
        parts = {
            name: round(weights.get(name, 0.0) * measured[name], _DECIMALS) for name in measured
        }
        return {name: part for name, part in parts.items() if part}


@lru_cache(maxsize=64)
def _names(own: tuple[str, ...], has_tendencies: bool) -> tuple[str, ...]:
    """Of the features of offers that have these features of their own, in the order in which they
    are compared."""
    measured = (*_OF_CUSTOMER, *(_BESIDE_TENDENCIES if has_tendencies else _OF_TARGETS))
    names = (*(f.name for f in measured), *(f"offer.{name}" for name in own))
    if not has_tendencies:
        return names
    from .leanings import NAMES

    return names + NAMES


def _outlook(model: Model, situation: Situation) -> Outlook | None:
    if model.patterns is None:
        return None
    from .outlook import Outlook

    return Outlook(model, model.patterns, situation)


def probability(log_odds: float) -> float:
    """1 / (1 + exp(-log_odds)), cut to forty binary places."""
    if log_odds < -_STEEPEST:
        return 0.0
    chance = 1.0 / (1.0 + exp(-log_odds)) if log_odds < _STEEPEST else 1.0
    return chance * _PLACES // 1.0 / _PLACES


def key_of(worth: float, own: float) -> float:
    """What an offer would score if nothing but the usual were known of the customer."""
    return worth / (1.0 + exp(-_USUAL - own))


class Ceiling:
    """Bounds scores by keys: score <= key x ceiling(l), own log-odds lying within a range.

    With l the log-odds but for the own part o: score / key = (1 + exp(-USUAL - o)) / (1 + exp(-l -
    o)), which only rises or only falls with o, so it is largest at one end of the range.
    """

    def __init__(self, least_own: float, most_own: float) -> None:
        self._least = 1.0 + exp(-_USUAL - least_own), exp(-least_own)
        self._most = 1.0 + exp(-_USUAL - most_own), exp(-most_own)

    def __call__(self, log_odds: float) -> float:
        odds_against = exp(min(-log_odds, _STEEPEST))
        (usual, own), (other_usual, other_own) = self._least, self._most
        at_least = usual / (1.0 + odds_against * own)
        at_most = other_usual / (1.0 + odds_against * other_own)
        return _ROUNDED_UP * (at_least if at_least > at_most else at_most)
