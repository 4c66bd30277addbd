"""Words that are spelt nearly alike.

Lives here: finding known words close to a misspelt one, by shared letter pairs and then by optimal
string alignment (OSA) similarity. Never here: what a word means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

NEAR = 0.74
NEAR_SHORT = 0.79
BEGINNING = 0.8
SHARED_LETTERS = 2.4


class Spelling:
    """Known words by their letter pairs. Words are only added; `near` is told which still count."""

    def __init__(self) -> None:
        self._words_with: dict[str, list[str]] = {}
        self._learned: set[str] = set()

    def learn(self, word: str) -> None:
        """Know a word of letters; short ones and numbers are never misspelt."""
        if len(word) >= 3 and word.isalpha() and word not in self._learned:
            self._learned.add(word)
            for gram in _grams(word):
                self._words_with.setdefault(gram, []).append(word)

    def near(self, word: str, valid: Container[str]) -> dict[str, float]:
        """Known words spelt nearly like `word`, with the square of their similarity (0 to 1)."""
        from rapidfuzz.distance import OSA

        asked = _grams(word)
        shared: Counter[str] = Counter()
        for gram in asked:
            shared.update(self._words_with.get(gram, ()))
        near: dict[str, float] = {}
        for known, count in shared.items():
            if count * SHARED_LETTERS < len(asked) or abs(len(known) - len(word)) > 3:
                continue
            alike = OSA.normalized_similarity(word, known)
            if len(word) >= 5 and known.startswith(word):
                alike = max(alike, BEGINNING)
            if alike >= (NEAR if len(word) > 5 else NEAR_SHORT) and known in valid:
                near[known] = alike**2
        best = max(near.values(), default=0.0)
        return {known: alike for known, alike in near.items() if alike >= best * 0.9}


def _grams(word: str) -> set[str]:
    padded = f"^{word}$"
    return {padded[at : at + 2] for at in range(len(padded) - 1)} | {f"^{word[:3]}"}
