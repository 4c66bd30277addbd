"""A model as bytes, and back: canonical, so that the same model is the same file.

One line of JSON, and after it the patterns, if the model has any.
"""

from __future__ import annotations

import json
from typing import Any

from ..errors import PermanentError
from .scoring import Model


def pack_model(model: Model) -> bytes:
    """Equal models give equal bytes; `read_model` reads them."""
    told = {
        "name": model.name,
        "weights": model.weights,
        "ensemble": model.ensemble,
        "scores": model.scores,
        "channels": model.channels,
    }
    head = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return head + b"\n" + (model.patterns.to_bytes() if model.patterns else b"")


def read_model(packed: Any) -> Model:
    """What `pack_model` wrote. Raises PermanentError for anything else."""
    head, _, patterns = bytes(packed).partition(b"\n")
    try:
        told = json.loads(head)
        return Model(
            str(told["name"]),
            {name: float(weight) for name, weight in told["weights"].items()},
            {name: tuple(map(float, row)) for name, row in told["ensemble"].items()},
            tuple(map(float, told["scores"])),
            _patterns(patterns),
            {name: float(worth) for name, worth in told.get("channels", {}).items()},
        )
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise PermanentError("this model is corrupt") from error


def _patterns(packed: bytes) -> Any:
    if not packed:
        return None
    from .patterns import read_patterns  # numpy, which only such a model needs

    return read_patterns(packed)
