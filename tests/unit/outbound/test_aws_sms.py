"""How the AWS SMS carrier reads what botocore makes of the answers; botocore checks the shapes."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from chalicelib.errors import ConfigurationError
from chalicelib.model import Channel
from chalicelib.outbound import ONE_ATTEMPT
from chalicelib.outbound.aws_sms import AwsSmsCarrier
from chalicelib.settings import Settings

from .conftest import a_reply, an_entry

TEXT = a_reply(Channel.SMS, "+15551230001")
EXPECTED = {
    "DestinationPhoneNumber": "+15551230001",
    "OriginationIdentity": "+15550008888",
    "MessageBody": "In stock & near you",
    "TimeToLive": 14_400,
    "Context": {"key": "out-1"},
    "ConfigurationSetName": "rejoinder-local",
}


def a_client(config: Config) -> Any:
    return boto3.client(
        "pinpoint-sms-voice-v2",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=config,
    )


@pytest.fixture(scope="module")
def client() -> Any:
    return a_client(ONE_ATTEMPT)


@pytest.fixture
def carrier(settings: Settings, client: Any) -> AwsSmsCarrier:
    return AwsSmsCarrier(settings, client=client)


def test_a_client_that_retries_by_itself_is_refused(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"SendTextMessage .* ONE_ATTEMPT"):
        AwsSmsCarrier(settings, client=a_client(Config()))


def test_a_text_is_sent_with_its_key_and_a_time_to_live(
    carrier: AwsSmsCarrier, client: Any
) -> None:
    with Stubber(client) as stub:
        stub.add_response("send_text_message", {"MessageId": "m-1"}, EXPECTED)
        result = carrier.send(TEXT, key="out-1")
    assert (result.status, result.provider, result.provider_id) == ("sent", "aws_sms", "m-1")


def test_without_a_configuration_set_none_is_named(settings: Settings, client: Any) -> None:
    bare = AwsSmsCarrier(
        settings.model_copy(update={"aws_sms_configuration_set": ""}), client=client
    )
    expected = {k: v for k, v in EXPECTED.items() if k != "ConfigurationSetName"}
    with Stubber(client) as stub:
        stub.add_response("send_text_message", {"MessageId": "m-1"}, expected)
        assert bare.send(TEXT, key="out-1").status == "sent"


@pytest.mark.parametrize(
    ("code", "reason", "http_status", "status", "told", "barred"),
    [
        (
            "ConflictException",
            "DESTINATION_PHONE_NUMBER_OPTED_OUT",
            400,
            "failed",
            "DESTINATION_PHONE_NUMBER_OPTED_OUT",
            "opted_out",
        ),
        ("ConflictException", "LAST_PHONE_NUMBER", 400, "failed", "LAST_PHONE_NUMBER", None),
        ("ThrottlingException", None, 400, "retry", "ThrottlingException", None),
        ("AnyOther", None, 429, "retry", "AnyOther", None),
        ("ValidationException", "CANNOT_PARSE", 400, "failed", "CANNOT_PARSE", None),
        ("AccessDeniedException", None, 403, "failed", "AccessDeniedException", None),
        ("InternalServerException", None, 500, "unknown", "InternalServerException", None),
    ],
)
def test_what_aws_refuses_has_one_meaning(
    carrier: AwsSmsCarrier,
    client: Any,
    code: str,
    reason: str | None,
    http_status: int,
    status: str,
    told: str,
    barred: str | None,
) -> None:
    fields = {"Reason": reason} if reason else {}
    with Stubber(client) as stub:
        stub.add_client_error(
            "send_text_message", code, "+15551230001", http_status, modeled_fields=fields
        )
        result = carrier.send(TEXT, key="out-1")
    assert (result.status, result.code, result.barred) == (status, told, barred)
    assert "+1555" not in result.model_dump_json()


def test_a_text_that_botocore_itself_refuses_failed(carrier: AwsSmsCarrier) -> None:
    wrong = TEXT.model_copy(update={"to": ""})
    assert carrier.send(wrong, key="out-1").status == "failed"


def test_aws_cannot_be_asked(carrier: AwsSmsCarrier) -> None:
    assert carrier.status(an_entry(TEXT, provider_id="m-1")) is None
