"""One cold start, as a script of its own: `started.py KIND TASK [IMAGE] < events`.

Imports as the handler would, takes two events, and prints the milliseconds of processor time of
each part: of the imports by the package that is imported, of the events apart from the imports, and
by themselves what AWS calls compute (botocore's own work on them) and the reading of what is
published, which is as long as the catalogs are. Nothing is known here but what TASK holds.
"""

import importlib.machinery
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

KIND, TASK, *IMAGE = sys.argv[1:]
GIVEN = json.load(sys.stdin)
PACKAGES = ("boto3", "botocore", "chalice", "pydantic", "jinja2", "numpy", "rapidfuzz")
OURS = ("app", "chalicelib")

sys.path.insert(0, TASK)
sys.path.extend(IMAGE)
parts: dict[str, float] = defaultdict(float)
on: list[str] = []
last = time.process_time()


class Context:
    """What Lambda hands to a handler beside the event."""

    aws_request_id = "00000000-0000-4000-8000-000000000001"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function"
    function_name = "started"


def charge() -> None:
    """Put down what was computed since the last time under what is going on."""
    global last
    now = time.process_time()
    if on:
        parts[on[-1]] += (now - last) * 1000
    last = now


def entered(part: str) -> None:
    charge()
    on.append(part)


def left() -> None:
    charge()
    on.pop()


def owner(module: str) -> str:
    """Whose import it is: what a package imports of Python's own is the package's."""
    top = module.partition(".")[0].removeprefix("_")
    top = {"pydantic_core": "pydantic"}.get(top, top)
    if top in OURS:
        return "import ours"
    return f"import {top}" if top in PACKAGES else ""


def reading(*_: object) -> str:
    return "again" if on[0] == "again" else "published"


def asking(*_: object) -> str:
    """Within what is read already, it belongs to that."""
    return "" if "published" in on else "again" if on[0] == "again" else "calls"


def watch_imports() -> None:
    for loader in (
        importlib.machinery.SourceFileLoader,
        importlib.machinery.SourcelessFileLoader,
        importlib.machinery.ExtensionFileLoader,
    ):
        watch(loader, "exec_module", lambda _, module: owner(module.__name__))


def watch(kind: type, method: str, part: Callable[..., str]) -> None:
    work = getattr(kind, method)

    def watched(*given: Any) -> object:
        name = part(*given)
        if not name:
            return work(*given)
        entered(name)
        try:
            return work(*given)
        finally:
            left()
            if name == "import ours" and given[1].__name__ == "chalicelib.indexing":
                watch(given[1].CurrentIndex, "__call__", reading)

    setattr(kind, method, watched)


watch_imports()
if KIND == "bare":
    entered("import boto3")
    import boto3

    left()
    entered("make")
    boto3.client("dynamodb", region_name="us-east-1")
    left()
else:
    entered("import ours")
    from botocore.client import BaseClient

    import app

    left()
    from chalicelib.steps.rooms import Rooms

    watch(BaseClient, "_make_api_call", asking)
    watch(Rooms, "refresh", reading)
    handler = getattr(app, GIVEN["handler"])
    answers = []
    for name, event in zip(("make", "again"), GIVEN["events"], strict=True):
        entered(name)
        answers.append(handler(event, Context()))
        left()
    for answer in answers:
        assert answer is None or answer["statusCode"] == 200, answer
print(json.dumps(parts))
