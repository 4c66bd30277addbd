"""How the SES carrier reads what botocore makes of SES's answers."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)
from botocore.stub import Stubber

from chalicelib.errors import ConfigurationError
from chalicelib.model import Channel
from chalicelib.outbound import ONE_ATTEMPT
from chalicelib.outbound.ses import SesCarrier, tag
from chalicelib.settings import Settings

from .conftest import Scripted, a_reply, an_entry


def a_client(config: Config, url: str | None = None) -> Any:
    return boto3.client(
        "sesv2",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=config,
    )


@pytest.fixture(scope="module")
def client() -> Any:
    return a_client(ONE_ATTEMPT)


@pytest.fixture
def carrier(settings: Settings, client: Any) -> SesCarrier:
    return SesCarrier(settings, client=client)


EMAIL = a_reply(Channel.EMAIL, "joe@example.com", subject="Your shoe")


def test_a_client_that_retries_by_itself_is_refused(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="ONE_ATTEMPT"):
        SesCarrier(settings, client=a_client(Config()))


def test_the_client_s_time_outs_are_those_of_the_other_carriers() -> None:
    assert (ONE_ATTEMPT.connect_timeout, ONE_ATTEMPT.read_timeout) == (3, 10)


def test_a_connection_serves_one_mail_and_a_plain_one_has_no_extra_headers(
    settings: Settings, provider: Scripted
) -> None:
    provider.then(200, {"MessageId": "m-1"})
    result = SesCarrier(settings, client=a_client(ONE_ATTEMPT, provider.url)).send(EMAIL, key="1")
    assert (result.status, result.provider_id) == ("sent", "m-1")
    (request,) = provider.requests
    assert request.headers["connection"] == "close"
    assert request.document() == {
        "FromEmailAddress": "hello@retailerxyz.example",
        "Destination": {"ToAddresses": ["joe@example.com"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Your shoe", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "In stock & near you", "Charset": "UTF-8"}},
            }
        },
        "EmailTags": [{"Name": "rejoinder-key", "Value": "1"}],
        "ReplyToAddresses": ["care@retailerxyz.example"],
        "ConfigurationSetName": "rejoinder-local",
    }


def test_an_answer_stands_in_the_thread_of_the_mail_that_it_answers(
    settings: Settings, provider: Scripted
) -> None:
    provider.then(200, {"MessageId": "m-1"})
    answer = EMAIL.model_copy(update={"reply_to": "<61967230@example.com>"})
    SesCarrier(settings, client=a_client(ONE_ATTEMPT, provider.url)).send(answer, key="1")
    assert provider.requests[0].document()["Content"]["Simple"]["Headers"] == [
        {"Name": "In-Reply-To", "Value": "<61967230@example.com>"},
        {"Name": "References", "Value": "<61967230@example.com>"},
    ]


@pytest.mark.parametrize("forged", ["<a@b>\r\nBcc: x@y", "a@b", "<ü@b>", "", "<" + "a" * 999 + ">"])
def test_what_is_no_message_id_becomes_no_header(
    settings: Settings, provider: Scripted, forged: str
) -> None:
    provider.then(200, {"MessageId": "m-1"})
    answer = EMAIL.model_copy(update={"reply_to": forged})
    SesCarrier(settings, client=a_client(ONE_ATTEMPT, provider.url)).send(answer, key="1")
    assert "Headers" not in provider.requests[0].document()["Content"]["Simple"]


def test_without_what_is_optional_nothing_is_said_of_it(
    settings: Settings, provider: Scripted
) -> None:
    provider.then(200, {"MessageId": "m-1"})
    bare = settings.model_copy(update={"ses_reply_to": "", "ses_configuration_set": ""})
    marketing = EMAIL.model_copy(update={"unsubscribe_url": "https://reply.example/u/1"})
    SesCarrier(bare, client=a_client(ONE_ATTEMPT, provider.url)).send(marketing, key="1")
    document = provider.requests[0].document()
    assert not {"ReplyToAddresses", "ConfigurationSetName"} & set(document)
    headers = {h["Name"]: h["Value"] for h in document["Content"]["Simple"]["Headers"]}
    assert headers["List-Unsubscribe"] == "<https://reply.example/u/1>"


@pytest.mark.parametrize(
    ("code", "http_status", "status"),
    [
        ("TooManyRequestsException", 429, "retry"),
        ("LimitExceededException", 400, "retry"),
        ("SendingPausedException", 400, "retry"),
        ("Throttling", 400, "retry"),
        ("SomethingNew", 429, "retry"),
        ("MessageRejected", 400, "failed"),
        ("AccountSuspendedException", 400, "failed"),
        ("NotFoundException", 404, "failed"),
        ("InternalFailure", 500, "unknown"),
        ("ServiceUnavailable", 503, "unknown"),
        ("", 502, "unknown"),
    ],
)
def test_what_ses_refuses_has_one_meaning(
    carrier: SesCarrier, client: Any, code: str, http_status: int, status: str
) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("send_email", code, "joe@example.com", http_status)
        result = carrier.send(EMAIL, key="out-1")
    assert (result.status, result.provider) == (status, "ses")
    assert result.code == (code or "refused")
    assert "joe" not in result.model_dump_json()


class Broken:
    """A real client, but for the call, which fails before or after it was written."""

    def __init__(self, client: Any, error: Exception) -> None:
        self.meta = client.meta
        self._error = error

    def send_email(self, **_: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EndpointConnectionError(endpoint_url="https://ses"), "retry"),
        (ConnectTimeoutError(endpoint_url="https://ses"), "retry"),
        (NoCredentialsError(), "retry"),
        (ReadTimeoutError(endpoint_url="https://ses"), "unknown"),
        (SSLError(endpoint_url="https://ses", error="cut off"), "unknown"),
        (ParamValidationError(report="joe@example.com"), "failed"),
    ],
)
def test_only_what_was_never_written_is_tried_again(
    settings: Settings, client: Any, error: Exception, status: str
) -> None:
    result = SesCarrier(settings, client=Broken(client, error)).send(EMAIL, key="out-1")
    assert (result.status, result.code) == (status, type(error).__name__)


def test_a_key_becomes_a_tag_that_ses_takes() -> None:
    assert tag("outbox#x:17.1/é") == "outbox_x_17_1__"
    assert len(tag("k" * 300)) == 256


def test_ses_cannot_be_asked(carrier: SesCarrier) -> None:
    assert carrier.status(an_entry(EMAIL, provider_id="0100")) is None
