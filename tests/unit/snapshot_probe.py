"""Imports the app as Lambda does before it takes a snapshot, and tells what that laid hold of.

Run by itself, in an interpreter of its own: `python snapshot_probe.py`; prints one JSON object with
the `connections` that were opened or kept, the `reads` of a clock or of chance by code of ours, and
the `state` of each of our modules, the same wherever it is the same.
"""

from __future__ import annotations

import gc
import json
import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from types import FrameType, FunctionType, MethodType, ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
OURS = (f"{ROOT / 'chalicelib'}{os.sep}", str(ROOT / "app.py"))
DEEP = 6

CONNECTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
"""urllib3 binds a socket to ::1 to learn whether there is an IPv6, and closes it: that is none."""
CLOCKS = {time.time, time.time_ns, time.monotonic, time.monotonic_ns, time.perf_counter}
CHANCE = {os.urandom}
DATED = {"now", "utcnow", "today"}
DRAWN = {
    function.__code__
    for function in (
        *(random.Random.__init__, random.SystemRandom.getrandbits, random.SystemRandom.random),
        *(uuid.uuid1, uuid.uuid4, secrets.token_bytes, secrets.token_hex, secrets.token_urlsafe),
    )
}

connections: list[str] = []
reads: list[str] = []


def watch_sockets(event: str, arguments: tuple[Any, ...]) -> None:
    if event in CONNECTS:
        connections.append(event)


def watch_calls(frame: FrameType, event: str, called: Any) -> None:
    """A profile function: who of ours calls a clock, or draws."""
    if event == "c_call":
        name = getattr(called, "__name__", "")
        dated = name in DATED and getattr(called, "__self__", None) in (datetime, date)
        if dated or called in CLOCKS or called in CHANCE:
            _note(frame, name)
    elif event == "call" and frame.f_code in DRAWN and frame.f_back is not None:
        _note(frame.f_back, frame.f_code.co_name)


def _note(caller: FrameType, what: str) -> None:
    if caller.f_code.co_filename.startswith(OURS):
        reads.append(f"{caller.f_code.co_filename}:{caller.f_lineno} {what}")


def kept_connections() -> list[str]:
    """Sockets and clients that are still there, and pools that have led somewhere."""
    found = []
    for thing in gc.get_objects():
        names = {base.__name__ for base in type(thing).__mro__}
        led = "PoolManager" in names and len(thing.pools)
        if led or names & {"socket", "BaseClient"}:
            found.append(type(thing).__name__)
    return found


def state(value: Any, depth: int = DEEP) -> Any:
    """The value as JSON: no address in it, and no order that the hash seed made. Of what others
    made, no more than what it is."""
    if value is None or isinstance(value, str | int | float | bytes | bool):
        return repr(value)
    if isinstance(value, type | FunctionType | MethodType | ModuleType) or depth == 0:
        return getattr(value, "__qualname__", type(value).__qualname__)
    if isinstance(value, Mapping):
        return [[state(k, depth - 1), state(v, depth - 1)] for k, v in value.items()]
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(state(each, depth - 1)) for each in value)
    if isinstance(value, list | tuple):
        return [state(each, depth - 1) for each in value]
    if type(value).__module__.partition(".")[0] not in ("chalicelib", "app"):
        return type(value).__qualname__
    return [type(value).__qualname__, state(getattr(value, "__dict__", {}), depth - 1)]


def main() -> None:
    sys.path.insert(0, str(ROOT))
    sys.addaudithook(watch_sockets)
    sys.setprofile(watch_calls)
    __import__("app")
    sys.setprofile(None)
    ours = {
        n: m for n, m in sys.modules.items() if (m.__dict__.get("__file__") or "").startswith(OURS)
    }
    found = {
        "connections": connections + kept_connections(),
        "reads": reads,
        "state": {
            name: {
                key: state(value) for key, value in vars(module).items() if not key.startswith("__")
            }
            for name, module in sorted(ours.items())
        },
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
