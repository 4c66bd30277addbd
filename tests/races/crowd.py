"""Many containers at once: each with rooms of its own, as Lambda runs them, over one store."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from chalicelib.decisioning import Catalog, Engine
from chalicelib.documents import Patience
from chalicelib.errors import RejoinderError
from chalicelib.ledger import Budgets
from chalicelib.model import Interaction, InteractionRecord
from chalicelib.pipeline import respond
from chalicelib.steps.rooms import Rooms
from chalicelib.understanding import ProductIndex

MAX_RECEIVES = 5
"""How often infra/resources.yaml lets a message be delivered before it is dead-lettered."""

PATIENCE_SECONDS = 60

Answer = TypeVar("Answer")


@dataclass
class Crowd:
    """Containers of one stage, like the first but for what each knows by itself."""

    first: Rooms
    redelivered: list[str] = field(default_factory=list)
    """Why the queue had to deliver a message again: each is a wait of six minutes in the cloud."""

    def containers(self, count: int) -> list[Rooms]:
        """That many, caught up with what the first knows of products and offers."""
        catalog = self.first.engine().catalog
        products = list(self.first.assortment.current.products.values())
        return [self._container(seed, catalog, ProductIndex(products)) for seed in range(count)]

    def work_on(
        self, interactions: Sequence[Interaction], beside: Sequence[Callable[[], object]] = ()
    ) -> list[InteractionRecord | None]:
        """Each in a container of its own, all at once, as the queue delivers them.

        `beside` is what else is done at that moment.
        """
        containers = self.containers(len(interactions))
        records: list[InteractionRecord | None] = [None] * len(interactions)

        def work(number: int) -> None:
            records[number] = self.deliver(interactions[number], containers[number])

        works: list[Callable[[], object]] = [partial(work, n) for n in range(len(interactions))]
        at_once([*beside, *works])
        return records

    def deliver(self, interaction: Interaction, rooms: Rooms) -> InteractionRecord | None:
        """One message off the queue, again when that failed; raises when it would be given up."""
        for _ in range(MAX_RECEIVES - 1):
            try:
                return respond(interaction, rooms)
            except Exception as error:
                told = error.message if isinstance(error, RejoinderError) else type(error).__name__
                self.redelivered.append(told)
        return respond(interaction, rooms)

    def _container(self, seed: int, catalog: Catalog, index: ProductIndex) -> Rooms:
        first, rng, engine = self.first, random.Random(seed), Engine(catalog)
        patience, customers = Patience(rng, time.sleep), copy(first.customers)
        customers.patience = patience
        return first.but(
            rng=rng,
            patience=patience,
            customers=customers,
            budgets=Budgets(first.ledger.table, rng),
            engine=lambda: engine,
            index=lambda: index,
        )


def at_once(tasks: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Start all tasks at one moment, each in its own thread; their answers in order.

    Raises what a task raised, once all have ended.
    """
    gate = threading.Barrier(len(tasks))

    def enter(task: Callable[[], Answer]) -> Answer:
        gate.wait(PATIENCE_SECONDS)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        ending = [pool.submit(enter, task) for task in tasks]
    return [each.result() for each in ending]
