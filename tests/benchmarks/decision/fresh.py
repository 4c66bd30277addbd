"""What a container pays: run in a fresh process by `loading`, with an artifact and a request.

Prints JSON: milliseconds from after the imports to the first decision, those of the second, which
compiles rules, the resident kilobytes before and after the first, how many offers were chosen, and
whether numpy was loaded, which deciding does without. Imports next to nothing besides the product:
that would count.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from chalicelib.model import DecisionInputs
from tests.benchmarks.decision import ours


def resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


request = DecisionInputs.model_validate_json(Path(sys.argv[2]).read_bytes())
before = resident_kb()
began = time.perf_counter()
engine = ours.load(Path(sys.argv[1]))
decided = ours.decide_request(engine, request)
spent = 1000 * (time.perf_counter() - began)
found = {"ms": spent, "before_kb": before, "kb": resident_kb(), "offers": len(decided)}
began = time.perf_counter()
ours.decide_request(engine, request)
found["second_ms"] = 1000 * (time.perf_counter() - began)
found["numpy"] = "numpy" in sys.modules
sys.stdout.write(json.dumps(found))
