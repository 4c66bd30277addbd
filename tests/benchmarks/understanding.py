"""Judges the understanding of messages: `python -m tests.benchmarks.understanding [-v]`.

Prints, on the labelled test split, the confusion table, each intent's figures and how reliable the
confidence is; then how products are matched and how fast a large index is. The last line is one
JSON object. `-v` lists what went wrong.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.model import Channel, Intent, Message, Product, Understanding
from chalicelib.settings import Settings
from chalicelib.understanding import ProductIndex, understand

from . import assortment
from .train_understanding import Utterance, utterances

THRESHOLD: float = Settings.model_fields["confidence_threshold"].default
LARGE = 92_331


@dataclass(frozen=True)
class Judged:
    """One labelled message beside what was understood; `groups` are the item groups found."""

    said: Utterance
    understood: Understanding
    groups: frozenset[str]


def judge(split: str = "test") -> list[Judged]:
    """Every labelled message of the split, understood without history or a pending question."""
    index = ProductIndex(assortment.products())
    judged = []
    for said in utterances(split):
        understood = understand(
            Message(channel=Channel.SMS, text=said.text), index,
            stores=assortment.stores(), recent=(), pending=None, threshold=THRESHOLD,
        )  # fmt: skip
        found = [index.get(match.product_id) for match in understood.products]
        groups = frozenset(p.item_group_id or p.id for p in found if p)
        judged.append(Judged(said, understood, groups))
    return judged


def accuracy(judged: Sequence[Judged]) -> float:
    """Share of messages whose intent is right."""
    return sum(one.understood.intent is one.said.intent for one in judged) / len(judged)


def per_intent(judged: Sequence[Judged]) -> dict[Intent, tuple[float, float, float, int]]:
    """intent -> precision, recall, F1, messages; for the intents that occur."""
    pairs = Counter((one.said.intent, one.understood.intent) for one in judged)
    figures = {}
    for intent in Intent:
        right = pairs[intent, intent]
        said = sum(n for (truth, _), n in pairs.items() if truth is intent)
        heard = sum(n for (_, guess), n in pairs.items() if guess is intent)
        if said:
            precision, recall = right / heard if heard else 0.0, right / said
            both = precision + recall
            figures[intent] = (
                precision,
                recall,
                2 * precision * recall / both if both else 0.0,
                said,
            )
    return figures


def product_accuracy(judged: Sequence[Judged]) -> tuple[float, int]:
    """Share of labelled messages whose groups are right, and how many there are.

    Right is the very set; or, where one group is meant, that it is among at most three that are
    asked about.
    """
    labelled = [one for one in judged if one.said.products is not None]
    right = sum(
        one.groups == one.said.products
        or (
            one.understood.ambiguous and bool(one.said.products) and one.said.products <= one.groups
        )
        for one in labelled
        if one.said.products is not None
    )
    return right / len(labelled), len(labelled)


def reliability(judged: Sequence[Judged]) -> list[tuple[float, float, float, int]]:
    """(from, mean confidence, accuracy, messages) for each tenth of confidence that occurs."""
    tenths: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        tenths[min(9, int(one.understood.confidence * 10))].append(one)
    return [
        (
            tenth / 10,
            sum(o.understood.confidence for o in ones) / len(ones),
            accuracy(ones),
            len(ones),
        )
        for tenth, ones in sorted(tenths.items())
    ]


def calibration_error(judged: Sequence[Judged]) -> float:
    """Expected calibration error over tenths (Guo et al. 2017)."""
    return sum(abs(sure - right) * n for _, sure, right, n in reliability(judged)) / len(judged)


def many_products(count: int = LARGE) -> list[Product]:
    """Made-up products with some 20,000 different words, four variants to a group."""
    makers, kinds, names = 900, 320, 18_000
    return [
        Product(
            id=f"p{n}",
            title=f"N{_word(g % names)} {_word(g * 7 % 2400)} K{_word(g % kinds)}",
            brand=f"B{_word(g % makers)}",
            product_type=f"D{_word(g % 30)}/K{_word(g % kinds)}",
            price="9.90 USD",
            size=str(36 + n % 4),
            item_group_id=f"g{g}",
        )
        for n, g in ((n, n // 4) for n in range(count))
    ]


def _word(number: int) -> str:
    syllables = ("ba", "ker", "mo", "lin", "tu", "ras", "vel", "dop", "fi", "gan", "sho", "wex")
    word = ""
    while True:
        word += syllables[number % len(syllables)]
        number //= len(syllables)
        if not number:
            return word


def large_index() -> dict[str, float]:
    """Seconds to build an index of 92,331 products, and milliseconds a question."""
    products = many_products()
    began = time.perf_counter()
    index = ProductIndex(products)
    built = time.perf_counter() - began
    texts = [f"do you have the {p.title} in a {p.size}" for p in products[:: LARGE // 60]]
    texts += [text.replace("e", "ee", 1) for text in texts] + ["when do you open on sunday"] * 20
    index.search("wram upp", slots={})
    spent = []
    for text in texts:
        began = time.perf_counter()
        index.search(text, slots={})
        spent.append(1000 * (time.perf_counter() - began))
    spent.sort()
    return {"build_seconds": built, "search_ms_p50": spent[len(spent) // 2],
            "search_ms_p99": spent[int(len(spent) * 0.99)]}  # fmt: skip


def show(judged: Sequence[Judged]) -> None:
    """The tables, to standard output."""
    pairs = Counter((one.said.intent, one.understood.intent) for one in judged)
    write = sys.stdout.write
    write("said \\ understood   " + " ".join(f"{i.value[:5]:>5}" for i in Intent) + "\n")
    for truth in Intent:
        cells = " ".join(f"{pairs[truth, guess] or '.':>5}" for guess in Intent)
        write(f"{truth.value:18}   {cells}\n")
    write("\nintent              precision  recall      F1   messages\n")
    for intent, (precision, recall, f1, count) in per_intent(judged).items():
        write(f"{intent.value:18} {precision:10.3f} {recall:7.3f} {f1:7.3f} {count:10d}\n")
    write("\nconfidence   mean   accuracy   messages\n")
    for low, sure, right, count in reliability(judged):
        write(f"{low:.1f}-{low + 0.1:.1f}     {sure:6.3f} {right:10.3f} {count:10d}\n")
    kept = [one for one in judged if one.understood.confidence >= THRESHOLD]
    write(f"\nat the threshold {THRESHOLD}: {len(kept) / len(judged):.3f} are answered, ")
    write(f"{accuracy(kept):.3f} of them rightly\n\n")


def show_wrong(judged: Sequence[Judged]) -> None:
    """Every message misunderstood, on standard output."""
    for one in judged:
        if one.understood.intent is not one.said.intent:
            sys.stdout.write(f"{one.said.intent} as {one.understood.intent} "
                             f"{one.understood.confidence:.2f}: {one.said.text}\n")  # fmt: skip
        if one.said.products is not None and one.groups != one.said.products:
            sys.stdout.write(f"products {sorted(one.said.products)} as {sorted(one.groups)}: "
                             f"{one.said.text}\n")  # fmt: skip


def main() -> None:
    judged = judge()
    show(judged)
    if "-v" in sys.argv:
        show_wrong(judged)
    figures = per_intent(judged)
    matched, labelled = product_accuracy(judged)
    result = {
        "bench": "understanding",
        "accuracy": accuracy(judged),
        "macro_f1": sum(f1 for _, _, f1, _ in figures.values()) / len(figures),
        "n_test": len(judged),
        "product_accuracy": matched,
        "n_products": labelled,
        "calibration_error": calibration_error(judged),
        **large_index(),
    }
    rounded = {name: round(v, 4) if isinstance(v, float) else v for name, v in result.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    main()
