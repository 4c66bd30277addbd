"""Runs inside the Python that Lambda runs: compiles the files that it is told of.

    python -P -S -B bytecode.py < one `source<TAB>target<TAB>name` a line

A target holds no time and no digest that is looked at again (PEP 552), so that the same source
makes the same bytes, and Lambda reads it without a look at the source. `name` is what tracebacks
say. Never imports anything of infra: nothing of it is on that Python's path.
"""

from __future__ import annotations

import py_compile
import sys

MODE = py_compile.PycInvalidationMode.UNCHECKED_HASH


def main() -> None:
    for line in sys.stdin.read().splitlines():
        source, target, name = line.split("\t")
        py_compile.compile(source, target, name, doraise=True, invalidation_mode=MODE)


if __name__ == "__main__":
    main()
