"""Parts of a package that are loaded when they are first named (PEP 562).

What a function imports at start is paid at each cold start; a webhook needs no decision engine, a
decision no templates. Lives here: the one mechanism for it. Never here: what is loaded when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def submodules(package: str, names: Sequence[str]) -> Callable[[str], Any]:
    """A package's `__getattr__` whose `names` are its modules: `steps.messages`."""

    def load(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(f"{package}.{name}")

    return load


def exports(package: str, names: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """A package's `__getattr__` that offers what its modules hold, by module: `{"word": ...}`."""
    homes = {name: module for module, held in names.items() for name in held}

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return load
