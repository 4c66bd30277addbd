"""Trains the intent model from the training split and writes `chalicelib/understanding/intent.bin`.

`python -m tests.benchmarks.train_understanding`; the same input gives the same weights. The test
split is not read. Families of phrasings held out in turn give an honest estimate, on which alone
the settings were chosen and the temperature is fitted.
"""

from __future__ import annotations

import json
import random
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chalicelib.model import Intent
from chalicelib.understanding import ProductIndex, is_withdrawal
from chalicelib.understanding.intent import INTENTS, WEIGHTS, Weights, feature_hash, features
from chalicelib.understanding.intent import probabilities as ask
from chalicelib.understanding.keywords import (
    is_help_keyword,
    is_no,
    is_opt_in_keyword,
    is_yes,
)
from chalicelib.understanding.language import plain
from chalicelib.understanding.message import flags
from chalicelib.understanding.slots import colours, orders, sizes, stores

from . import assortment

UTTERANCES = Path(__file__).parents[1] / "payloads" / "utterances.tsv"
SEED = 20261121
COPIES = 3
MOST_FEATURES = 9000
FOLDS = 5
PENALTY = 5e-4
STEP = 4.0
SMOOTHING = 0.03
ITERATIONS = 140


@dataclass(frozen=True)
class Utterance:
    """One labelled message; `products` are the item groups meant, None where not labelled."""

    split: str
    intent: Intent
    family: str
    products: frozenset[str] | None
    text: str


def utterances(split: str, path: Path = UTTERANCES) -> list[Utterance]:
    """The labelled messages of `train` or `test`."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("# ") or line.startswith("split\t"):
            continue
        which, intent, family, groups, text = line.split("\t")
        if which == split:
            meant = None if not groups else frozenset(groups.split(",")) - {"-"}
            found.append(Utterance(which, Intent(intent), family, meant, text))
    return found


_OPENINGS = (
    "hi", "hello,", "hey there!", "good morning,", "hiya", "@retailerxyz", "hi team,", "hey guys",
    "quick question:", "sorry to bother you but", "excuse me,", "Dear RetailerXYZ,", "yo", "ok so",
    "hi, hope you're well.", "question -", "um", "hello again.", "so", "please,",
)  # fmt: skip
_CLOSINGS = (
    "thanks", "thanks!", "please", "pls", "thx", "thank you in advance", "asap", "😊", "!!", "??",
    "cheers", "- Sam", "lol", "🙏", "kind regards, Anna", "#help", "tia", "Thanks in advance!",
)  # fmt: skip
_CLOSED_TO_FRILLS = (Intent.YES, Intent.NO, Intent.THANKS, Intent.HELP)


_SAME = (
    ("store", "shop", "branch", "location"),
    ("parcel", "package", "order", "delivery"),
    ("shoes", "boots", "jacket", "tent", "socks", "headphones", "lamp", "coat", "bike", "jeans"),
    ("blue", "black", "red", "green", "grey", "white", "navy"),
    ("small", "medium", "large", "xl"),
    ("monday", "tuesday", "friday", "saturday", "sunday", "today", "tomorrow", "tonight"),
    ("please", "pls", "plz"),
    ("do you", "do u", "d'you", "do you guys"),
    ("how much is", "how much's", "whats the price of", "how much for"),
    ("i want", "i'd like", "i would like", "i need"),
    ("can you", "could you", "would you", "can u"),
    ("text", "sms"),
    ("texts", "text messages", "messages"),
    ("trailblazer", "strider", "mudrunner", "summit", "canyon", "nimbus", "pulse", "aria", "bolt"),
    ("hiking", "running", "camping", "walking", "skiing", "cycling", "yoga"),
    ("agent", "representative", "person", "human", "advisor"),
    ("terrible", "awful", "horrible", "appalling", "dreadful"),
    ("great", "amazing", "fantastic", "brilliant"),
)  # fmt: skip


def _reword(text: str, rng: random.Random) -> str:
    """Some words swapped for others of the same role, numbers for other numbers."""
    for group in _SAME:
        if rng.random() < 0.5:
            for word in group:
                if re.search(rf"\b{word}\b", text, re.IGNORECASE):
                    text = re.sub(rf"\b{word}\b", rng.choice(group), text, flags=re.IGNORECASE)
                    break
    return re.sub(r"\d", lambda digit: str(rng.randrange(1, 10)), text)


def vary(said: Utterance, rng: random.Random) -> str:
    """One way another person would have typed the same."""
    text = said.text
    if rng.random() < 0.6:
        text = _reword(text, rng)
    frills = said.intent not in _CLOSED_TO_FRILLS and len(text.split()) > 2
    if frills and rng.random() < 0.4:
        text = f"{rng.choice(_OPENINGS)} {text}"
    if frills and rng.random() < 0.35:
        text = f"{text} {rng.choice(_CLOSINGS)}"
    if rng.random() < 0.25:
        text = text.replace("?", "").replace("'", "").replace(",", "")
    elif "?" not in text and rng.random() < 0.1:
        text += "?"
    if rng.random() < 0.1:
        text = text.upper()
    if len(text) > 8 and rng.random() < 0.3:
        text = _mistype(text, rng)
    return text


def _mistype(text: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(text) - 2)
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at] + text[at:]


def facts_of(index: ProductIndex) -> Callable[[str], frozenset[str]]:
    """The flags that `understand` would pass to the model for a text."""
    known = assortment.stores()

    def facts(text: str) -> frozenset[str]:
        said = plain(text)
        told = {"size": sizes(said), "color": (colours(said) or (None,))[0],
                "order_id": orders(said), "store_id": stores(said, known)}  # fmt: skip
        slots = {name: value for name, value in told.items() if value}
        return frozenset(flags(slots, index.search(text, slots=slots)))

    return cache(facts)


@dataclass(frozen=True)
class Examples:
    """Rows to learn from. `origin` is the place of the message that a row varies."""

    rows: list[dict[str, float]]
    labels: NDArray[np.int64]
    mass: NDArray[np.float64]
    origin: NDArray[np.int64]

    def of(self, kept: NDArray[np.bool_]) -> Examples:
        """The rows whose message is kept."""
        at = np.flatnonzero(kept[self.origin])
        rows = [self.rows[n] for n in at]
        return Examples(rows, self.labels[at], self.mass[at], self.origin[at])


def examples(
    said: Sequence[Utterance], facts: Callable[[str], frozenset[str]], copies: int
) -> Examples:
    """Each message with `copies` variations, rare intents weighing somewhat more."""
    rng = random.Random(SEED)
    rows, labels, origin = [], [], []
    for place, one in enumerate(said):
        for text in [one.text] + [vary(one, rng) for _ in range(copies)]:
            rows.append(features(plain(text), facts(text)))
            labels.append(INTENTS.index(one.intent))
            origin.append(place)
    counts = np.bincount(labels, minlength=len(INTENTS))
    mass = (counts.mean() / np.maximum(counts, 1)) ** 0.5
    return Examples(rows, np.array(labels), mass[labels], np.array(origin))


def train(given: Examples) -> Weights:
    """Full-batch Nesterov descent on the penalised, label-smoothed cross-entropy."""
    seen = Counter(feature_hash(n) for row in given.rows for n in row)
    often = sorted((h for h, count in seen.items() if count >= 3), key=lambda h: (-seen[h], h))
    kept = np.array(sorted(often[:MOST_FEATURES]), dtype=np.uint32)
    matrix = _dense(given.rows, kept)
    target = np.full((len(given.rows), len(INTENTS)), SMOOTHING / len(INTENTS), dtype=np.float32)
    target[np.arange(len(given.rows)), given.labels] += 1 - SMOOTHING
    share = (given.mass / given.mass.sum()).astype(np.float32)[:, None]
    table = np.zeros((matrix.shape[1] + 1, len(INTENTS)), dtype=np.float32)
    ahead = table.copy()
    for number in range(ITERATIONS):
        logits = matrix @ ahead[:-1] + ahead[-1]
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = (raised / raised.sum(axis=1, keepdims=True) - target) * share
        slope = np.vstack([matrix.T @ error + PENALTY * ahead[:-1], error.sum(axis=0)[None]])
        moved = ahead - STEP * slope
        ahead = moved + (number / (number + 3)) * (moved - table)
        table = moved
    rows = table[:-1].reshape(-1).tolist()
    return Weights(kept.tolist(), rows, 1.0, table[-1].tolist(), 1.0)


def _dense(rows: Sequence[dict[str, float]], kept: NDArray[np.uint32]) -> NDArray[np.float32]:
    place = {int(h): n for n, h in enumerate(kept)}
    matrix = np.zeros((len(rows), len(kept)), dtype=np.float32)
    for at, row in enumerate(rows):
        for name, value in row.items():
            column = place.get(feature_hash(name))
            if column is not None:
                matrix[at, column] = value
    return matrix


def hold_out(said: Sequence[Utterance], given: Examples) -> list[tuple[Utterance, Weights]]:
    """Each message with weights trained without its fifth."""
    order = sorted(range(len(said)), key=lambda n: feature_hash(said[n].text))
    fold_of = np.zeros(len(said), dtype=np.int64)
    fold_of[order] = np.arange(len(said)) % FOLDS
    judged = []
    for fold in range(FOLDS):
        model = train(given.of(fold_of != fold))
        judged += [(said[n], model) for n in np.flatnonzero(fold_of == fold).tolist()]
    return judged


def fit_temperature(
    judged: Sequence[tuple[Utterance, Weights]], facts: Callable[[str], frozenset[str]]
) -> tuple[float, float]:
    """The temperature of least negative log-likelihood on held-out messages; and their accuracy."""
    best = (float("inf"), 1.0, 0.0)
    heard = [(one, model, facts(one.text)) for one, model in judged if not decided(one.text)]
    for temperature in np.arange(0.5, 1.2, 0.1):
        asked = [
            (one, ask(one.text, known, model._replace(temperature=float(temperature))))
            for one, model, known in heard
        ]
        loss = -float(np.mean([np.log(max(p[one.intent], 1e-9)) for one, p in asked]))
        right = float(np.mean([max(p, key=lambda i: p[i]) == one.intent for one, p in asked]))
        best = min(best, (loss, float(temperature), right))
        sys.stdout.write(f"  T {temperature:.1f}  loss {loss:.4f}  accuracy {right:.4f}\n")
    return best[1], best[2]


def decided(text: str) -> bool:
    """Whether a rule decides the message, so that the model is never asked."""
    bare = (is_yes, is_no, is_opt_in_keyword, is_help_keyword, is_withdrawal)
    return any(rule(text) for rule in bare)


def save(model: Weights, path: Path = WEIGHTS) -> int:
    """Writes int8 weights with one scale, as `intent.py` reads them; the file's size in bytes."""
    table = np.array(model.table).reshape(-1, len(INTENTS)) * model.scale
    scale = float(np.abs(table).max()) / 127
    small = np.round(table / scale).astype(np.int8)
    kept = np.abs(small).sum(axis=1) > 2
    told = {
        "count": int(kept.sum()),
        "scale": scale,
        "bias": list(model.bias),
        "temperature": model.temperature,
    }
    hashes = np.array(model.features, dtype="<u4")[kept]
    packed = json.dumps(told).encode() + b"\n" + hashes.tobytes() + small[kept].tobytes()
    path.write_bytes(zlib.compress(packed, 9))
    return path.stat().st_size


def main() -> None:
    said = utterances("train")
    facts = facts_of(ProductIndex(assortment.products()))
    judged = hold_out(said, examples(said, facts, 1))
    temperature, right = fit_temperature(judged, facts)
    for one, model in judged if "-v" in sys.argv else ():
        if decided(one.text):
            continue
        ranked = ask(one.text, facts(one.text), model._replace(temperature=temperature))
        best = max(ranked, key=lambda i: ranked[i])
        if best != one.intent:
            sys.stdout.write(f"  {one.intent:18} as {best:18} {ranked[best]:.2f}  {one.text}\n")
    model = train(examples(said, facts, COPIES))._replace(temperature=temperature)
    size = save(model)
    sys.stdout.write(
        f"{len(said)} messages, held out {right:.4f}, temperature {temperature:.1f}, {size} bytes\n"
    )


if __name__ == "__main__":
    main()
