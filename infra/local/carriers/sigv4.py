"""AWS Signature Version 4 over what a caller signed, worked out again.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .server import Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request,\s*SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def is_signed(request: Request, credentials: Credentials, service: str) -> bool:
    """Whether the holder of the key pair signed it for the service."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None or (found["key"], found["service"]) != (credentials.access_key, service):
        return False
    names = found["headers"].split(";")
    if not {"host", "x-amz-date"} <= set(names) <= set(request.headers):
        return False
    signed = AWSRequest(
        method=request.method,
        url=request.url,
        headers={name: request.headers[name] for name in names},
        data=request.body,
    )
    signed.context["timestamp"] = request.headers["x-amz-date"]
    signer = SigV4Auth(credentials, service, found["region"])
    to_sign = signer.string_to_sign(signed, signer.canonical_request(signed))
    return hmac.compare_digest(signer.signature(to_sign, signed), found["signature"])
