"""Writes `chalicelib/aws_models`: what botocore needs to know of AWS for the calls that we make.

botocore lists the folders of 400 services and reads all of DynamoDB and S3 to make two clients,
which is most of a cold start. A loader that is given this folder instead reads the same models, cut
to the operations named here and to the shapes that these reach, documentation left out.

The format of the models: https://smithy.io/2.0/aws/ (as botocore keeps it in `service-2.json`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from botocore.loaders import Loader

from . import PackagingError

FOLDER: Final = Path("chalicelib", "aws_models")
"""In the project; laid out as botocore's own `data` folder is."""

OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb": (
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        # botocore looks for it, to know whether endpoints are to be discovered.
        "DescribeEndpoints",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "pinpoint-sms-voice-v2": ("SendTextMessage",),
    # botocore asks HeadBucket itself, when a bucket answers that it is in another region.
    "s3": ("GetObject", "HeadBucket", "HeadObject", "PutObject"),
    "sesv2": ("SendEmail",),
    "sqs": (
        "ChangeMessageVisibility",
        "DeleteMessage",
        "DeleteMessageBatch",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ReceiveMessage",
        "SendMessageBatch",
    ),
    "ssm": ("GetParametersByPath",),
}
"""Every operation that chalicelib calls, and what botocore calls of itself, by service."""

_WHOLE = ("_retry", "partitions", "sdk-default-configuration")


def write_models(data: Path, folder: Path) -> None:
    """Fill `folder` anew from a botocore's `data` folder. Raises PackagingError.

    A service or an operation that this botocore does not know is refused by name.
    """
    shutil.rmtree(folder, ignore_errors=True)
    loader = open_models(data)
    for name in _WHOLE:
        _write(folder / f"{name}.json", loader.load_data(name))
    models = {service: loader.load_service_model(service, "service-2") for service in OPERATIONS}
    prefixes = {model["metadata"]["endpointPrefix"] for model in models.values()}
    _write(folder / "endpoints.json", cut_endpoints(loader.load_data("endpoints"), prefixes))
    for service, operations in OPERATIONS.items():
        version = loader.determine_latest_version(service, "service-2")
        place = folder / service / version
        _write(place / "service-2.json", cut_model(models[service], operations))
        rules = loader.load_service_model(service, "endpoint-rule-set-1", version)
        _write(place / "endpoint-rule-set-1.json", rules)
        pages = loader.load_service_model(service, "paginators-1", version)
        _write(place / "paginators-1.json", cut_paginators(pages, operations))


def open_models(folder: Path) -> Loader:
    """A loader that reads this folder and no other."""
    return Loader(extra_search_paths=[str(folder)], include_default_search_paths=False)


def cut_model(model: Mapping[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """The model of a service with these operations and the shapes that they reach."""
    if unknown := sorted(set(operations) - model["operations"].keys()):
        service = model["metadata"]["serviceId"]
        raise PackagingError(f"botocore's model of {service} lacks {', '.join(unknown)}")
    kept = {name: model["operations"][name] for name in operations}
    shapes = model["shapes"]
    reached = {name: shapes[name] for name in sorted(reachable(shapes, kept.values()))}
    # Elsewhere botocore asks for the documentation, as with clientContextParams.
    return {**model, "operations": _undocumented(kept), "shapes": _undocumented(reached)}


def reachable(shapes: Mapping[str, Any], roots: Iterable[Mapping[str, Any]]) -> set[str]:
    """The names of all shapes that operations refer to, through any number of others."""
    found: set[str] = set()
    waiting = [name for root in roots for name in _named(root)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _named(shapes[name])
    return found


def cut_endpoints(endpoints: Mapping[str, Any], prefixes: Iterable[str]) -> dict[str, Any]:
    """Every partition and region of AWS, with the endpoints of these services alone."""
    wanted = set(prefixes)
    return {
        **endpoints,
        "partitions": [
            {**p, "services": {n: s for n, s in p["services"].items() if n in wanted}}
            for p in endpoints["partitions"]
        ],
    }


def cut_paginators(pages: Mapping[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """The rules by which answers of these operations go on."""
    stated = pages["pagination"]
    return {"pagination": {name: stated[name] for name in operations if name in stated}}


def _named(part: Any) -> Iterator[str]:
    """The shapes that a piece of a model refers to itself: input, output, errors, members."""
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for inner in part.values():
            yield from _named(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _named(inner)


def _undocumented(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {
            name: _undocumented(inner)
            for name, inner in part.items()
            # A member may have that name; then it is no text.
            if not (name == "documentation" and isinstance(inner, str))
        }
    return [_undocumented(inner) for inner in part] if isinstance(part, list) else part


def _write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
