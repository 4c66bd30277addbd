"""One made-up shop for the tests of this room, and a short way to ask it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.model import Behaviour, Channel, Message, PendingQuestion, Understanding
from chalicelib.understanding import ProductIndex, understand
from tests.benchmarks import assortment

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)

Ask = Callable[..., Understanding]


@pytest.fixture(scope="session")
def index() -> ProductIndex:
    return ProductIndex(assortment.products())


@pytest.fixture(scope="session")
def ask(index: ProductIndex) -> Ask:
    """ask(text, viewed=(product ids, newest first), pending=…) -> Understanding."""

    def ask(
        text: str,
        *,
        viewed: tuple[str, ...] = (),
        pending: PendingQuestion | None = None,
        threshold: float = 0.55,
        **message: str,
    ) -> Understanding:
        said = Message.model_validate({"channel": Channel.SMS, "text": text, **message})
        recent = tuple(Behaviour(at=NOW, name="product_viewed", product_id=p) for p in viewed)
        return understand(
            said, index, stores=assortment.stores(), recent=recent, pending=pending,
            threshold=threshold,
        )  # fmt: skip

    return ask
