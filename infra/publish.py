"""Publishes the drafts of one stage, or goes back, without the API's clock.

    python -m infra.publish [--rollback | --rollback-to VERSION]

API Gateway waits 29 seconds for an answer, which is enough for some 30,000 offers; this takes as
long as it takes. Prints the same answer as JSON. Exit code 0: it is live; 1: nothing was switched.
Never here: what is checked, and what publishing means.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from chalicelib.documents import aws_calls
from chalicelib.errors import ConfigurationError, RejoinderError
from chalicelib.settings import load_settings
from chalicelib.steps.rooms import Rooms
from chalicelib.steps.stocking import PublishRequest, publish_catalog


def main(arguments: Sequence[str] | None = None, rooms: Rooms | None = None) -> int:
    """The command; `rooms` are the stage's own unless given."""
    asked = _parser().parse_args(arguments)
    request = PublishRequest(rollback=asked.rollback, rollback_to=asked.rollback_to)
    try:
        with aws_calls():
            answer = publish_catalog(request, rooms or _stage())
    except (RejoinderError, ConfigurationError) as error:
        details = getattr(error, "details", None) or ""
        print(f"nothing was published: {error} {details}".rstrip(), file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2))
    return 0


def _stage() -> Rooms:
    from chalicelib import wiring

    return wiring.build(load_settings())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.publish",
        description="Make all drafts of the stage live, or an older version again.",
    )
    back = parser.add_mutually_exclusive_group()
    back.add_argument("--rollback", action="store_true", help="the version before the live one")
    back.add_argument("--rollback-to", metavar="VERSION", help="or this one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
