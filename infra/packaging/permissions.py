"""Whether a hand-written policy allows a call, judged as IAM would for the calls that we make.

Lives here: which permission on which resource each call of ours needs, by the Service
Authorization Reference, and the matching of Allow statements. Never here: conditions and denials,
which our policies do not use.

https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote, urlsplit

ACCOUNT = "123456789012"
REGION = "us-east-1"

Permission = tuple[str, str]
"""(action, ARN of the resource)."""

_SQS = {
    "GetQueueUrl": "GetQueueUrl",
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "ReceiveMessage": "ReceiveMessage",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "GetQueueAttributes": "GetQueueAttributes",
    "ChangeMessageVisibility": "ChangeMessageVisibility",
}
_S3 = {"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject", "HEAD": "GetObject"}
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d+/([^/]+)/([^/]+)/aws4_request")


class UnknownCallError(Exception):
    """A call that this file does not know the permission of; names it."""


@dataclass(frozen=True)
class Call:
    """One signed request to AWS: who signed it, for which service, and what it says."""

    principal: str
    service: str
    target: str
    method: str
    path: str
    body: bytes = field(repr=False)


def read_call(authorization: str, target: str, method: str, path: str, body: bytes) -> Call | None:
    """The call of a request signed with Signature Version 4, None for any other."""
    found = _CREDENTIAL.search(authorization)
    return Call(found[1], found[3], target, method, path, body) if found else None


def needed(call: Call) -> Iterator[Permission]:
    """Every permission that the call needs. Raises UnknownCallError."""
    operation = call.target.rpartition(".")[2]
    if call.service == "dynamodb":
        yield from _dynamodb(operation, json.loads(call.body))
    elif call.service == "sqs" and operation in _SQS:
        said = json.loads(call.body)
        name = said.get("QueueName") or urlsplit(said["QueueUrl"]).path.rpartition("/")[2]
        yield f"sqs:{_SQS[operation]}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    elif call.service == "s3" and call.method in _S3:
        path = unquote(call.path).lstrip("/")
        yield f"s3:{_S3[call.method]}", f"arn:aws:s3:::{path}"
    elif call.service == "ssm" and operation == "GetParametersByPath":
        path = json.loads(call.body)["Path"].rstrip("/")
        arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{path}"
        yield "ssm:GetParametersByPath", arn
    elif call.service == "ses" and call.path == "/v2/email/outbound-emails":
        said = json.loads(call.body)
        named = [f"identity/{said['FromEmailAddress']}"]
        if "ConfigurationSetName" in said:
            named.append(f"configuration-set/{said['ConfigurationSetName']}")
        yield from (("ses:SendEmail", f"arn:aws:ses:{REGION}:{ACCOUNT}:{name}") for name in named)
    else:
        raise UnknownCallError(f"{call.service} {operation or f'{call.method} {call.path}'}")


def allows(policy: Mapping[str, Any], permission: Permission) -> bool:
    """Whether some Allow statement matches both action and resource."""
    action, resource = permission
    return any(
        any(fnmatchcase(action, a) for a in _listed(statement["Action"]))
        and any(fnmatchcase(resource, r) for r in _listed(statement["Resource"]))
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    )


def _dynamodb(operation: str, said: Mapping[str, Any]) -> Iterator[Permission]:
    if operation == "TransactWriteItems":
        for entry in said["TransactItems"]:
            for kind, write in entry.items():
                yield f"dynamodb:{_TRANSACTED[kind]}", _table(write["TableName"])
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table in said["RequestItems"]:
            yield f"dynamodb:{operation}", _table(table)
    elif index := said.get("IndexName"):
        yield f"dynamodb:{operation}", f"{_table(said['TableName'])}/index/{index}"
    else:
        yield f"dynamodb:{operation}", _table(said["TableName"])


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def _listed(value: str | Iterable[str]) -> Iterable[str]:
    return [value] if isinstance(value, str) else value
