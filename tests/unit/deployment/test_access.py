"""Who one is to a stage, and what one signs with."""

from __future__ import annotations

import boto3
import pytest

from infra.deployment.access import Bearer, SigV4, local_secrets, stage_secrets

URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/api/customers/smoke-test"


def an_operator() -> SigV4:
    return SigV4(boto3.session.Session("AKIAANY", "any", "a-token", region_name="us-east-1"))


def test_an_operator_of_a_stage_signs_method_url_and_body() -> None:
    headers = an_operator().headers("PUT", URL, b"{}")

    scope = headers["Authorization"]
    assert scope.startswith("AWS4-HMAC-SHA256 Credential=AKIAANY/")
    assert "/us-east-1/execute-api/aws4_request" in scope
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in scope
    assert headers["X-Amz-Security-Token"] == "a-token"
    others = [("GET", URL, b"{}"), ("PUT", URL + "2", b"{}"), ("PUT", URL, b"{ }")]
    assert scope not in [an_operator().headers(*o)["Authorization"] for o in others]


def test_an_operator_of_a_local_run_shows_a_token_and_hides_it_elsewhere() -> None:
    operator = Bearer("a-secret")

    assert operator.headers("GET", URL, b"")["Authorization"] == "Bearer a-secret"
    assert "a-secret" not in repr(operator)


@pytest.mark.usefixtures("simulated_aws")
def test_a_stage_keeps_its_secrets_in_parameter_store() -> None:
    for name in ("twilio_auth_token", "write_key", "x_consumer_key"):
        boto3.client("ssm").put_parameter(
            Name=f"/rejoinder/dev/{name}", Value=f"its-{name}", Type="SecureString"
        )

    found = stage_secrets(boto3.client("ssm"), "/rejoinder/dev")

    assert found.twilio_auth_token.get_secret_value() == "its-twilio_auth_token"
    assert found.write_key.get_secret_value() == "its-write_key"
    assert found.identity_secret.get_secret_value() == ""
    assert found.x_consumer_key.get_secret_value() == ""
    assert "its-" not in repr(found)


def test_a_local_run_has_secrets_of_its_own_unless_told_others() -> None:
    assert local_secrets({}).twilio_auth_token.get_secret_value() == "local-twilio-token"
    assert local_secrets({"WRITE_KEY": "mine"}).write_key.get_secret_value() == "mine"
