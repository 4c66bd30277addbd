"""One cold start, as a script of its own: `coldly.py HANDLER < event` prints the modules loaded.

AWS answers that it holds nothing: everything that the handler needs is imported, built and asked,
without a server.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
BEFORE = set(sys.modules)

from botocore.awsrequest import AWSResponse  # noqa: E402
from botocore.httpsession import URLLib3Session  # noqa: E402

NOTHING: dict[str, dict[str, Any]] = {
    "GetQueueUrl": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/queue"},
    "SendMessageBatch": {"Successful": [{"Id": "0", "MessageId": "1", "MD5OfMessageBody": "0"}]},
    "Query": {"Items": [], "Count": 0, "ScannedCount": 0},
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
}


class Raw:
    """A body as urllib3 gives it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        return [self._content]


def answer(session: URLLib3Session, request: Any) -> AWSResponse:
    operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
    body = Raw(json.dumps(NOTHING.get(operation, {})).encode())
    return AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.0"}, body)


URLLib3Session.send = answer

import app  # noqa: E402


class Context:
    """What Lambda hands to a handler beside the event."""

    aws_request_id = "1"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function"


told = getattr(app, sys.argv[1])(json.load(sys.stdin), Context())
print(json.dumps({"answer": told, "modules": sorted(set(sys.modules) - BEFORE)}))
