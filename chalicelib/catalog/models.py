"""Published models: which one is live, and which one is tried, and on what share of the customers.

    model  / switch#<generation>   one change each: live version, candidate, share
    models/<version>.gz            the model, as it writes itself

Never here: what a model is (it is passed in with its version and its bytes), learning one, and what
the shares are good for.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar

from ..errors import ConflictError, NotFoundError, PermanentError
from .artifacts import Artifacts
from .published import Artifact, Change, Open, Opened, Published
from .serving import Refused

Model = TypeVar("Model")

SHADOW: Final = 0.0
EVERYBODY: Final = 1.0


class Rollout(Change):
    """One change of which model decides for whom.

    `version` is live. `candidate` decides for `share` of the customers; for a share of 0 it only
    tells what it would have chosen.
    """

    candidate: str | None = None
    share: float = SHADOW


class Serving(NamedTuple, Generic[Model]):
    """The models of one rollout, and the candidate that could not be loaded, if so."""

    live: Model
    candidate: Model | None = None
    share: float = SHADOW
    refused: Refused | None = None


class PublishedModels(Published[Rollout]):
    """The models of one stage."""

    def __init__(self, client: Any, table: str, *, artifacts: Artifacts) -> None:
        super().__init__(client, table, artifacts=artifacts, kind="model", change=Rollout)

    def open(self, version: str, open_: Open[Opened]) -> Opened:
        """As `Published.open`; PermanentError too for a model that has another version."""
        opened = super().open(version, open_)
        if getattr(opened, "version", None) != version:
            raise PermanentError("the model is corrupt: it is another one", version=version)
        return opened

    def try_out(
        self,
        candidate: Artifact,
        live: Artifact,
        open_: Open[Any],
        at: datetime,
        *,
        displacing: bool = True,
    ) -> Rollout:
        """Keep the candidate and have it run in shadow, in place of any other one.

        `live` is what decides before any model is published. Raises ConflictError when somebody
        else changed what is live meanwhile; without `displacing` also where there is a candidate
        that has a share of the customers.
        """
        seen = self.head()
        if seen is not None and seen.share > SHADOW and not displacing:
            raise ConflictError("another candidate has a share", version=seen.candidate)
        self.keep(candidate, open_)
        if seen is None:
            self.keep(live, open_)
        version = seen.version if seen else live.version
        previous = seen.previous if seen else None
        return self._next(seen, version, previous, at, candidate=candidate.version)

    def roll_out(self, version: str, share: float, open_: Open[Any], at: datetime) -> Rollout:
        """Have this model decide for `share` of the customers; 1: it is live from here on.

        Raises NotFoundError for a version that there is not, PermanentError for one that cannot be
        read, and ConflictError.
        """
        seen = self._seen()
        self.open(version, open_)
        if share >= EVERYBODY:
            previous = seen.version if seen.version != version else seen.previous
            return self._next(seen, version, previous, at)
        if version == seen.version:
            raise ConflictError("that model is live: it has everybody", version=version)
        return self._next(seen, seen.version, seen.previous, at, candidate=version, share=share)

    def roll_back(self, open_: Open[Any], at: datetime) -> Rollout:
        """Take the candidate from the customers it has; where it has none, make the model live
        that was live before. Raises as `roll_out`."""
        seen = self._seen()
        if seen.candidate is not None and seen.share > SHADOW:
            return self._next(seen, seen.version, seen.previous, at, candidate=seen.candidate)
        if seen.previous is None:
            raise NotFoundError("there is no earlier model")
        self.open(seen.previous, open_)
        return self._next(seen, seen.previous, seen.version, at)

    def _seen(self) -> Rollout:
        seen = self.head()
        if seen is None:
            raise NotFoundError("no model has been learned yet")
        return seen

    def _next(
        self,
        seen: Rollout | None,
        version: str,
        previous: str | None,
        at: datetime,
        *,
        candidate: str | None = None,
        share: float = SHADOW,
    ) -> Rollout:
        generation = seen.generation + 1 if seen else 1
        return self.add(
            Rollout(
                generation=generation,
                version=version,
                previous=previous,
                at=at,
                candidate=candidate,
                share=share,
            )
        )


class Generation(NamedTuple):
    """A rollout under one name, as `CatalogCache` asks for it."""

    version: str
    previous: str | None


class Rollouts(Generic[Model]):
    """The rollouts as versions of one thing: `#<generation>`; or a model's own, which is then live
    for everybody: what is fallen back on."""

    def __init__(self, models: PublishedModels, open_: Open[Model]) -> None:
        self._models = models
        self._open = open_
        self._seen: Rollout | None = None

    def head(self) -> Generation | None:
        """What is live, and the model that was live before."""
        self._seen = seen = self._models.head()
        return Generation(f"#{seen.generation}", seen.previous) if seen else None

    def open(self, name: str) -> Serving[Model]:
        """The models of a rollout; a candidate that cannot be read is left out, and told.

        Raises NotFoundError or PermanentError where the live one cannot be read.
        """
        seen = self._seen
        if seen is None or name != f"#{seen.generation}":
            return Serving(self._models.open(name, self._open))
        live = self._models.open(seen.version, self._open)
        if seen.candidate is None:
            return Serving(live)
        try:
            candidate = self._models.open(seen.candidate, self._open)
        except (NotFoundError, PermanentError) as error:
            return Serving(live, refused=Refused(seen.candidate, error.message))
        return Serving(live, candidate, seen.share)


def decides_for(candidate: str, share: float, customer_id: str) -> bool:
    """Whether the customer is among the `share` for whom the candidate decides.

    By a hash of both: whoever is among 10 % is also among 20 %, and each candidate has others.
    """
    digest = hashlib.sha256(f"{candidate} {customer_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64
