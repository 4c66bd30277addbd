"""Writes customers and their transactions as files that DynamoDB imports from S3 (docs/import.md).

    python -m infra.bulk --stage prod --customers FILE … --transactions FILE … --to FOLDER

How long each thing is kept comes from the stage's settings in `.chalice/config.json`. Bad rows go
to `FILE.rejected.jsonl` with their line and reason. A load that broke off goes on where it was.
Nothing is asked of AWS. Exit code 0: every row is in; 2: some were rejected; 1: it could not be
done.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.errors import ConfigurationError, RejoinderError

from ..progress import shown
from .passes import run
from .plan import plan

CONFIG = Path(__file__).parents[2] / ".chalice" / "config.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    asked = _parser().parse_args(arguments)
    started = time.perf_counter()
    try:
        if asked.stage:
            os.environ.update(settings_of(asked.stage))
        planned = plan(
            asked.customers, asked.transactions, asked.products, asked.to, datetime.now(UTC)
        )
        with shown(sys.stderr) as progress:
            report = run(planned, asked.workers, progress)
    except (RejoinderError, ConfigurationError, OSError) as error:
        details = getattr(error, "details", None) or ""
        print(f"stopped: {error} {details}".rstrip(), file=sys.stderr)
        return 1
    print(
        f"{report['customers']:,} customers with {report['orders']:,} orders: {report['items']:,}"
        f" items, {report['bytes'] / 1e9:.3f} GB in {report['objects']} objects of"
        f" {report['gzip_bytes'] / 1e9:.3f} GB, in {time.perf_counter() - started:.1f} s;"
        f" {report['rejected']:,} rows rejected, of which {report['later']:,} in {asked.to}/later"
    )
    return 2 if report["rejected"] else 0


def settings_of(stage: str, config: Path = CONFIG) -> dict[str, str]:
    """The environment of a stage's functions. Raises ConfigurationError for an unknown stage."""
    told = json.loads(config.read_text())
    if stage not in told["stages"]:
        raise ConfigurationError(f"{config} has no stage {stage}")
    own = told["stages"][stage].get("environment_variables", {})
    return {**told.get("environment_variables", {}), **own}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.bulk", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    for name, required in (("customers", True), ("transactions", False), ("products", False)):
        parser.add_argument(
            f"--{name}", nargs="+", type=Path, default=[], metavar="FILE", required=required
        )
    parser.add_argument("--stage", help="whose settings; without it those of the environment")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
