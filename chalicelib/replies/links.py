"""The tracked short links of one reply: made when first needed, one per target. Stores nothing."""

from __future__ import annotations

from collections.abc import Callable

from ..model import TrackedLink

MakeLink = Callable[[str, str | None], TrackedLink]
"""(target URL, offer id or None) -> the link, with its token drawn by the caller."""


class Links:
    """Short URLs by target; after wording, which of them a text uses."""

    def __init__(self, make_link: MakeLink, base_url: str, decision_id: str | None) -> None:
        self._make_link = make_link
        self.base_url = base_url.rstrip("/")
        self._decision_id = decision_id
        self._made: dict[tuple[str, str | None], TrackedLink] = {}

    def to(self, url: str, offer_id: str | None = None) -> str:
        """`{base_url}/r/{token}`, the same for the same target."""
        if (url, offer_id) not in self._made:
            link = self._make_link(url, offer_id)
            if link.decision_id is None:
                link = link.model_copy(update={"decision_id": self._decision_id})
            self._made[url, offer_id] = link
        return self._short(self._made[url, offer_id])

    def used_in(self, *texts: str) -> tuple[TrackedLink, ...]:
        """The links whose short URL stands in any of `texts`, in the order they were made."""
        return tuple(
            link for link in self._made.values() if any(self._short(link) in text for text in texts)
        )

    def short_urls(self) -> tuple[str, ...]:
        """Every short URL made so far."""
        return tuple(self._short(link) for link in self._made.values())

    def _short(self, link: TrackedLink) -> str:
        return f"{self.base_url}/r/{link.token}"
