"""botocore's own client speaks to the stand-in for AWS SMS, and understands what it refuses."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from chalicelib.model import Channel, Reply
from chalicelib.outbound import ONE_ATTEMPT

from .conftest import JOE_PHONE, NOW, Local, make_aws_sms


def a_client(local: Local, secret: str = "local") -> Any:
    return boto3.client(
        "pinpoint-sms-voice-v2",
        endpoint_url=local.urls.aws_sms_url,
        region_name="eu-central-1",
        aws_access_key_id="local",
        aws_secret_access_key=secret,
        config=ONE_ATTEMPT,
    )


def test_botocore_understands_the_aws_sms_stand_in_s_refusals(local: Local) -> None:
    good = {
        "DestinationPhoneNumber": JOE_PHONE,
        "OriginationIdentity": "+15550008888",
        "MessageBody": "Hello",
    }
    client = a_client(local)
    refusals = client.exceptions
    assert client.send_text_message(**good)["MessageId"]
    for wrong in (
        {"DestinationPhoneNumber": "12"},
        {"MessageBody": "x" * 1601},
        {"TimeToLive": 300_000},
    ):
        with pytest.raises(refusals.ValidationException):
            client.send_text_message(**{**good, **wrong})
    for unknown in ({"OriginationIdentity": "+15550000000"}, {"ConfigurationSetName": "other"}):
        with pytest.raises(refusals.ResourceNotFoundException) as missing:
            client.send_text_message(**{**good, **unknown})
        assert missing.value.response["ResourceType"]
    with pytest.raises(refusals.ClientError, match="InvalidSignature"):
        a_client(local, "guessed").send_text_message(**good)
    with pytest.raises(refusals.ClientError, match="UnknownOperation"):
        client.describe_pools()
    local.carriers.aws_sms.opt_out(JOE_PHONE)
    with pytest.raises(refusals.ConflictException) as refused:
        client.send_text_message(**good)
    assert refused.value.response["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
    local.carriers.aws_sms.limit_until(NOW.replace(year=2027))
    with pytest.raises(refusals.ThrottlingException):
        client.send_text_message(**good)
    assert len(local.mailbox.messages("sms")) == 1


def test_a_number_that_opted_out_with_aws_is_told_to_have(local: Local) -> None:
    local.carriers.aws_sms.opt_out(JOE_PHONE)
    reply = Reply(channel=Channel.SMS, to=JOE_PHONE, text="Hello")
    result = make_aws_sms(local, local.urls.aws_sms_url, 10.0).send(reply, key="out-1")
    assert (result.status, result.barred) == ("failed", "opted_out")
