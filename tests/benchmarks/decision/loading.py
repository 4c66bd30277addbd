"""How long a fresh process takes to its first decisions from a published artifact, and its memory.

The catalog is opened, the engine made, and a whole decision made from a request. The artifact lies
in the page cache, as it does on a container that has just written it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chalicelib.model import Customer

from . import ours
from .workload import LIMIT

_TIMES: Final = 7
_BARE: Final = "print(open('/proc/self/status').read())"
_ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Medians over fresh processes, memory in MB of 2**20 bytes.

    `ms` is until the first decision, `second_ms` what the second takes: it compiles the rules that
    it tries. `mb` is what is resident after the first above a bare interpreter's, `imports_mb` how
    much of that was there before loading; `numpy` says whether any process loaded numpy.
    """

    ms: float
    second_ms: float
    mb: float
    imports_mb: float
    numpy: bool


def measure(artifact: Path, customer: Customer, times: int = _TIMES) -> Loaded:
    """Loads the artifact and decides for the customer, in fresh processes."""
    with TemporaryDirectory() as folder:
        request = Path(folder, "request")
        request.write_text(ours.request(customer, LIMIT).model_dump_json())
        module = "tests.benchmarks.decision.fresh"
        runs = [json.loads(_python("-m", module, artifact, request)) for _ in range(times)]
    bare = [int(_python("-c", _BARE).partition("VmRSS:")[2].split()[0]) for _ in range(times)]

    def above_bare(key: str) -> float:
        resident: float = statistics.median(run[key] for run in runs)
        return (resident - statistics.median(bare)) / 1024

    return Loaded(
        statistics.median(run["ms"] for run in runs),
        statistics.median(run["second_ms"] for run in runs),
        above_bare("kb"),
        above_bare("before_kb"),
        any(run["numpy"] for run in runs),
    )


_AS_DEPLOYED: Final = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
"""As .chalice/config.json has it: no plugins are looked for, as there are none."""


def _python(*arguments: str | Path) -> str:
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, **_AS_DEPLOYED}
    done = subprocess.run(
        command, cwd=_ROOT, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout
