"""Reads `infra/resources.yaml` as CloudFormation would, for the resources that hold state.

Lives here: the template language that the file uses (`!Sub`, `!Ref`, `!GetAtt`). Never here: the
making of anything. moto's own CloudFormation would do it too, but imports the models of some forty
services for it: three seconds and 100 MB; a test keeps this reader equal to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[1] / "resources.yaml"

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
_NAME = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
}
_ARN = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
}


@dataclass(frozen=True)
class Resource:
    """One resource of the template: its logical id, type, physical name and properties."""

    id: str
    type: str
    name: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class _Intrinsic:
    """A YAML tag of CloudFormation's, to be resolved once all names are known."""

    function: str
    argument: Any


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short-form tags."""


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> _Intrinsic:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"!{suffix} at line {node.start_mark.line + 1} is not a plain scalar")
    return _Intrinsic(suffix, loader.construct_scalar(node))


_Loader.add_multi_constructor("!", _construct)


def read_template(
    stage: str, account: str, region: str, path: Path = TEMPLATE
) -> tuple[Resource, ...]:
    """The tables, queues, buckets and topics of the template, in its order, tags resolved.

    Raises ValueError for a tag or a reference that this reader does not know.
    """
    # A SafeLoader that additionally knows CloudFormation's tags constructs no objects of Python's.
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    stated = {key: entry for key, entry in document["Resources"].items() if entry["Type"] in _NAME}
    values = {"Stage": stage, "AWS::AccountId": account, "AWS::Region": region}
    names: dict[str, str] = {}
    for key, entry in stated.items():
        names[key] = _resolve(entry["Properties"][_NAME[entry["Type"]]], values)
    for key, name in names.items():
        arn = _ARN[stated[key]["Type"]].format(region=region, account=account, name=name)
        values |= {key: name, f"{key}.Arn": arn}
    return tuple(
        Resource(key, entry["Type"], names[key], _resolve(entry["Properties"], values))
        for key, entry in stated.items()
    )


def _resolve(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _resolve(entry, values) for key, entry in value.items()}
    if isinstance(value, list):
        return [_resolve(entry, values) for entry in value]
    if not isinstance(value, _Intrinsic):
        return value
    if value.function in ("Ref", "GetAtt"):
        return _known(value.argument, values)
    if value.function == "Sub":
        return _PLACEHOLDER.sub(lambda found: _known(found[1], values), value.argument)
    raise ValueError(f"the template uses !{value.function}, which the local cloud does not read")


def _known(reference: str, values: Mapping[str, str]) -> str:
    if reference not in values:
        raise ValueError(f"the template refers to {reference}, which the local cloud does not know")
    return values[reference]
