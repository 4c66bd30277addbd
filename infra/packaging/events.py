"""The events that AWS hands to a function, in the shapes of its own documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

HOST = "abcdefghij.execute-api.us-east-1.amazonaws.com"
API_STAGE = "api"
FORM = "application/x-www-form-urlencoded"


def rest_event(
    method: str,
    resource: str,
    *,
    parameters: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """A request as a REST API of API Gateway proxies it, payload format 1.0.

    `resource` is the route as declared, `parameters` fill its braces.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    path = resource.format(**(parameters or {}))
    sent = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept": "*/*", **(headers or {})}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
        "pathParameters": dict(parameters) if parameters else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/{API_STAGE}{path}",
            "stage": API_STAGE,
            "domainName": HOST,
            "protocol": "HTTP/1.1",
            "requestId": "00000000-0000-4000-8000-000000000002",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "proof"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def json_event(method: str, resource: str, document: Any, **parameters: str) -> dict[str, Any]:
    """A request with a JSON body, such as an operator's."""
    headers = {"Content-Type": "application/json"}
    return rest_event(
        method, resource, parameters=parameters, headers=headers, body=json.dumps(document)
    )


def twilio_event(
    resource: str, form: Mapping[str, str], auth_token: str, **query: str
) -> dict[str, Any]:
    """A webhook of Twilio's, signed by its own library over the URL that API Gateway shows."""
    url = f"https://{HOST}/{API_STAGE}{resource}{f'?{urlencode(query)}' if query else ''}"
    signature = RequestValidator(auth_token).compute_signature(url, dict(form))
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
    return rest_event("POST", resource, query=query, headers=headers, body=urlencode(form))


def sqs_event(messages: Iterable[Mapping[str, Any]], queue_arn: str) -> dict[str, Any]:
    """Messages, as ReceiveMessage gave them, as the event source mapping hands them over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": dict(message.get("Attributes", {})),
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": queue_arn.split(":")[3],
            }
            for message in messages
        ]
    }


def schedule_event(rule: str) -> dict[str, Any]:
    """A schedule's tick.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
    """
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000003",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-18T17:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{rule}"],
        "detail": {},
    }
