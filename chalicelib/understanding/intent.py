"""What a message asks, as calibrated probabilities over the intents.

Lives here: the features of a message and the linear model over them. Never here: products,
keywords fixed by rule, or training: `tests/benchmarks/train_understanding.py` writes `intent.npz`.

Model: multinomial logistic regression, p = softmax(W f / T), over word n-grams, letter n-grams and
hand-written cues. Each n-gram family has unit length counting the unknown ones too, so that words
never seen pull towards uncertainty. T is fitted on held-out phrasings (temperature scaling,
Guo et al. 2017, https://arxiv.org/abs/1706.04599).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model import Intent
from .cues import PATTERNS
from .language import plain, sentences, words

INTENTS = tuple(Intent)
WEIGHTS = Path(__file__).with_name("intent.npz")
MOST_WORDS = 150
MOST_SENTENCES = 8
_SMALL_TALK = tuple(
    INTENTS.index(i) for i in (Intent.OTHER, Intent.THANKS, Intent.YES, Intent.NO, Intent.HELP)
)

CUES = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}


class Weights(NamedTuple):
    """features: sorted crc32 (n,); table: weights (n, intents); bias (intents,); temperature."""

    features: NDArray[np.uint32]
    table: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float


@cache
def weights() -> Weights:
    """The trained weights that ship with the package, read once. Stored as int8 with a scale."""
    with np.load(WEIGHTS) as stored:
        table = stored["table"].astype(np.float32) * stored["scale"]
        return Weights(stored["features"], table, stored["bias"], float(stored["temperature"]))


def features(text: str, flags: Collection[str] = ()) -> dict[str, float]:
    """The features of plain text by name. `flags` are facts found elsewhere: product, order…"""
    said = [_shape(w) for w in words(text)[:MOST_WORDS]]
    found: dict[str, float] = {f"!{flag}": 1.0 for flag in flags}
    found |= {f"?{name}": 1.0 for name, cue in CUES.items() if cue.search(text)}
    spoken = " ".join(said)
    found |= {f"?{name}": 1.0 for name, cue in CUES.items() if cue.search(spoken)}
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


def _logits(text: str, flags: Collection[str], model: Weights) -> NDArray[np.float64]:
    named = features(text, flags)
    hashes = np.array([feature_hash(name) for name in named], dtype=np.uint32)
    values = np.array(list(named.values()))
    at = np.minimum(np.searchsorted(model.features, hashes), len(model.features) - 1)
    known = model.features[at] == hashes
    return np.asarray(model.bias + values[known] @ model.table[at[known]], dtype=np.float64)


def _softmax(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    raised = np.exp((logits - logits.max()) / temperature)
    return np.asarray(raised / raised.sum())


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
        each = np.array([_softmax(_logits(p, flags, model), model.temperature) for p in parts])
        said_much = np.maximum(0.05, 1 - each[:, _SMALL_TALK].sum(axis=1)) * each.max(axis=1)
        whole = 0.5 * whole + 0.5 * (said_much / said_much.sum()) @ each
    return dict(zip(INTENTS, map(float, whole), strict=True))
