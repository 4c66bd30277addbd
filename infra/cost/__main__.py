"""What Rejoinder costs on AWS: `python -m infra.cost [--write FILE]`; one or two minutes.

Prints the report; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from ..progress import shown
from . import deployed, prices, report
from .billing import Biller
from .figures import Figures
from .flows import measure
from .stage import running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="keep the report there too, as Markdown")
    chosen = parser.parse_args()
    with shown(sys.stderr) as progress, running() as stage:
        measured = measure(stage, progress)
    biller = Biller(prices.load(), deployed.functions())
    figures = Figures(measured, biller, deployed.watched())
    text = report.written(figures, _machine())
    print(text)
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8")
    print(json.dumps(figures.headline()))


def _machine() -> str:
    """When, and on which one."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor = next(named, platform.processor() or platform.machine())
    return f"{datetime.now(UTC):%d %B %Y}: {processor}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
