"""The fingerprint of what a decision was made from: equal inputs have equal ones."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic_core import to_jsonable_python


def digest_inputs(**inputs: Any) -> str:
    """SHA-256, in hex, of the inputs as JSON with sorted keys and without spaces."""
    plain = to_jsonable_python(inputs)
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
