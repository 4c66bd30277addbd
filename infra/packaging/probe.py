"""Runs inside the isolated Python: imports all that the zip holds, and says what it found.

    python -I -S -B probe.py TASK IMAGE < data files, one a line

Prints one JSON object. Never imports anything of infra: nothing of it is on that Python's path.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import inspect
import json
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path


def main() -> None:
    task, image = sys.argv[1:3]
    sys.path.insert(0, task)
    sys.path.append(image)
    importlib.import_module("app")
    print(
        json.dumps(
            {
                "python": ".".join(map(str, sys.version_info[:3])),
                "boto3": importlib.import_module("boto3").__version__,
                "failed": [*_failed(_modules()), *_failed(_libraries(task)), *_unusable()],
                "imported": sum(m.startswith("chalicelib") for m in sys.modules),
                "read": {name: _read(name) for name in sys.stdin.read().split()},
                "strangers": sorted(_strangers((task, image, sys.base_prefix))),
            }
        )
    )


def _modules() -> Iterator[str]:
    """Every module of ours, those that a handler imports late among them."""
    package = importlib.import_module("chalicelib")
    yield from (m.name for m in pkgutil.walk_packages(package.__path__, "chalicelib."))


def _libraries(task: str) -> Iterator[str]:
    """The names that the distributions in the zip let us import."""
    for distribution in importlib.metadata.distributions(path=[task]):
        tops = {Path(file).parts[0] for file in distribution.files or () if ".." not in str(file)}
        for top in sorted(tops):
            name = top.partition(".")[0]
            is_package = any((Path(task) / top).glob("__init__.py*"))
            is_module = top.endswith((".py", ".pyc", ".so")) and name.isidentifier()
            if is_package or is_module:
                yield name


def _failed(names: Iterable[str]) -> list[str]:
    failed = []
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
    return failed


def _unusable() -> Iterator[str]:
    """What loads more of itself when it is used, and that which would be slow instead of absent."""
    try:
        push = importlib.import_module("chalicelib.outbound.push_crypto")
        key = push.VapidKey(push.encode(os.urandom(32)))
        push.encrypt(b"words", key.public, push.encode(os.urandom(16)))
        key.authorization("https://push.example", "mailto:a@example.com", datetime.now(UTC))
    except Exception as error:
        yield f"a push message's seal: {type(error).__name__}: {error}"
    if inspect.isfunction(importlib.import_module("rapidfuzz.distance.OSA").distance):
        yield "rapidfuzz.distance.metrics_cpp: its place is taken by slow Python"


def _read(name: str) -> int:
    """Bytes of a file of ours, read as our code reads it; -1 for one that is not there."""
    folder, _, rest = name.partition("/")
    found = importlib.resources.files(folder).joinpath(rest)
    return len(found.read_bytes()) if found.is_file() else -1


def _strangers(known: tuple[str, ...]) -> Iterator[str]:
    """Modules that came from neither zip, image nor Python itself."""
    for name, module in sys.modules.items():
        file = getattr(module, "__file__", None)
        if file and name != "__main__" and not file.startswith(known):
            yield name


if __name__ == "__main__":
    main()
