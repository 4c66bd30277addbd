"""The rungs by name, from the lowest. Ours is one where `ours.py` is there, with `ours(stage)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from . import event, individual, popular
from .fair_peer import FairPeer
from .protocol import Method, Ranking
from .similar import UpCf
from .stage import Stage
from .vowpal import Vowpal

_PEERS: Final[dict[str, Callable[[Stage], Method]]] = {
    "random": lambda stage: popular.Random(stage.past, stage.seed),
    "mass": lambda stage: Ranking(stage.past, partial(popular.mass, stage.past)),
    "segment": lambda stage: popular.Segment(stage.past, stage.shop),
    "event": lambda stage: Ranking(stage.past, partial(event.event, stage.past)),
    "individual": lambda stage: Ranking(stage.past, partial(individual.individual, stage.past)),
    "tifu": lambda stage: Ranking(stage.past, stage.tifu.scores),
    "upcf": lambda stage: Ranking(stage.past, UpCf(stage.past).scores),
    "fair": lambda stage: FairPeer(stage.past, stage.cheap, stage.seed),
    "vw": lambda stage: Vowpal(stage.cheap, stage.seed),
}
_OURS: Final = f"{__package__}.ours"
RUNGS: Final = (*_PEERS, "ours")


def built() -> tuple[str, ...]:
    """The names of the rungs that there are."""
    return RUNGS if find_spec(_OURS) else tuple(_PEERS)


def build(names: Sequence[str], stage: Stage) -> dict[str, Method]:
    """The methods, in the order of the ladder."""
    return {name: _builder(name)(stage) for name in RUNGS if name in names}


def _builder(name: str) -> Callable[[Stage], Method]:
    if name in _PEERS:
        return _PEERS[name]
    builder: Callable[[Stage], Method] = import_module(_OURS).ours
    return builder
