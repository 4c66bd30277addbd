"""What a message asks, as calibrated probabilities over the intents.

Lives here: the features of a message and the linear model over them. Never here: products,
keywords fixed by rule, or training: `tests/benchmarks/train_understanding.py` writes `intent.bin`.

Model: multinomial logistic regression, p = softmax(W f / T), over word n-grams, letter n-grams and
hand-written cues. Each n-gram family has unit length counting the unknown ones too, so that words
never seen pull towards uncertainty. T is fitted on held-out phrasings (temperature scaling,
Guo et al. 2017, https://arxiv.org/abs/1706.04599). Worked out without numpy, which would take
longer to load than a container takes to read its first hundred messages.

`intent.bin`: zlib of one line of JSON (`count`, `scale`, `bias`, `temperature`), then `count`
hashes (uint32, little-endian, sorted) and as many rows of int8 weights, one for each intent.
"""

from __future__ import annotations

import json
import math
import zlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ..model import Intent
from .cues import PATTERNS
from .language import plain, sentences, words
from .phrases import Phrases

INTENTS = tuple(Intent)
WEIGHTS = Path(__file__).with_name("intent.bin")
MOST_WORDS = 150
MOST_SENTENCES = 8
_SMALL_TALK = tuple(
    INTENTS.index(i) for i in (Intent.OTHER, Intent.THANKS, Intent.YES, Intent.NO, Intent.HELP)
)

_CUES = tuple(f"?{name}" for name in PATTERNS)
_CUED = Phrases("cues", tuple(PATTERNS.values()))


class Weights(NamedTuple):
    """features: sorted crc32 (n,); table: weights, row by row (n x intents), each to be multiplied
    by scale; bias (intents,); temperature."""

    features: Sequence[int]
    table: Sequence[float]
    scale: float
    bias: Sequence[float]
    temperature: float


@cache
def weights() -> Weights:
    """The trained weights that ship with the package, read once."""
    line, _, packed = zlib.decompress(WEIGHTS.read_bytes()).partition(b"\n")
    told = json.loads(line)
    hashes = array("I", packed[: 4 * told["count"]])
    table = memoryview(packed[4 * told["count"] :]).cast("b")
    return Weights(hashes, table, told["scale"], told["bias"], told["temperature"])


def features(text: str, flags: Collection[str] = ()) -> dict[str, float]:
    """The features of plain text by name. `flags` are facts found elsewhere: product, order…"""
    said = [_shape(w) for w in words(text)[:MOST_WORDS]]
    found: dict[str, float] = {f"!{flag}": 1.0 for flag in flags}
    for heard in (text, " ".join(said)):
        found |= {_CUES[at]: 1.0 for at, _ in _CUED.matches(heard)}
    alphabetic = [w for w in said if w[0].isalnum() or w[0] == "0"]
    found[f"#{min(len(alphabetic), 12) if len(alphabetic) < 4 else len(alphabetic) // 4 + 3}"] = 1.0
    grams = _word_grams(said)
    letters = _letter_grams(alphabetic)
    for family in (grams, letters):
        length = max(1.0, len(family)) ** 0.5
        found |= dict.fromkeys(family, 1.0 / length)
    return found


def _shape(word: str) -> str:
    """Numbers by their kind: a size or small count, a price, an order number."""
    if not word[0].isdigit():
        return word
    return (
        "0"
        if len(word) <= 2 or "." in word or "," in word
        else "000"
        if len(word) == 3
        else "00000"
    )


def _word_grams(said: list[str]) -> set[str]:
    padded = ["<", *said, ">"]
    grams = {f"w {w}" for w in said}
    grams |= {f"w {a} {b}" for a, b in pairwise(padded)}
    return grams | {
        f"w {a} {b} {c}" for a, b, c in zip(padded, padded[1:], padded[2:], strict=False)
    }


def _letter_grams(said: list[str]) -> set[str]:
    grams: set[str] = set()
    for word in said:
        padded = f"_{word[:20]}_"
        for size in (3, 4, 5):
            grams |= {f"c {padded[at : at + size]}" for at in range(len(padded) - size + 1)}
    return grams


def feature_hash(name: str) -> int:
    """crc32, the same on every machine."""
    return zlib.crc32(name.encode())


def _logits(text: str, flags: Collection[str], model: Weights) -> list[float]:
    """W f, a row for each feature that is known; features of one value are added up together."""
    wide, rows = len(INTENTS), defaultdict[float, list[Sequence[float]]](list)
    for name, value in features(text, flags).items():
        hashed = feature_hash(name)
        at = bisect_left(model.features, hashed)
        if at < len(model.features) and model.features[at] == hashed:
            rows[value].append(model.table[at * wide : (at + 1) * wide])
    logits = list(model.bias)
    for value, alike in rows.items():
        for intent, column in enumerate(zip(*alike, strict=True)):
            logits[intent] += value * model.scale * sum(column)
    return logits


def _softmax(logits: Sequence[float], temperature: float) -> list[float]:
    most = max(logits)
    raised = [math.exp((logit - most) / temperature) for logit in logits]
    total = sum(raised)
    return [each / total for each in raised]


def probabilities(
    text: str, flags: Collection[str] = (), model: Weights | None = None
) -> dict[Intent, float]:
    """intent -> probability, summing to 1, for a message as written.

    A message of several sentences is read whole and sentence by sentence; sentences that only
    greet or thank count little.
    """
    model = weights() if model is None else model
    said = plain(text)
    whole = _softmax(_logits(said, flags, model), model.temperature)
    parts = sentences(said)[:MOST_SENTENCES]
    if len(parts) > 1:
        each = [_softmax(_logits(p, flags, model), model.temperature) for p in parts]
        said_much = [max(0.05, 1 - sum(p[i] for i in _SMALL_TALK)) * max(p) for p in each]
        together = sum(said_much)
        whole = [
            0.5 * w
            + 0.5 * sum(much * p for much, p in zip(said_much, column, strict=True)) / together
            for w, column in zip(whole, zip(*each, strict=True), strict=True)
        ]
    return dict(zip(INTENTS, whole, strict=True))
