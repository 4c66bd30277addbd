"""How the desk is told, and which of its two answers stands."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
import urllib3
from botocore.stub import ANY, Stubber

from chalicelib.errors import ConfigurationError
from chalicelib.model import Channel, Customer, Handover
from chalicelib.outbound import ONE_ATTEMPT, HandoverDesk
from chalicelib.settings import Settings

from .conftest import NOW, Scripted


def a_handover(at: datetime = NOW) -> Handover:
    return Handover(
        interaction_id="x:1",
        customer_id="joe",
        reason="wants a human",
        channel=Channel.SMS,
        message="Let me talk to someone",
        understanding=None,
        customer=Customer(id="joe"),
        decision_id=None,
        at=at,
    )


@pytest.fixture
def ses() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client(
        "sesv2",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=ONE_ATTEMPT,
    )
    with Stubber(client) as stub:
        yield client, stub


@pytest.fixture
def by_webhook(settings: Settings, provider: Scripted) -> Settings:
    return settings.model_copy(update={"handover_webhook_url": f"{provider.url}/handovers"})


@pytest.fixture
def both(by_webhook: Settings) -> Settings:
    return by_webhook.model_copy(update={"handover_email": "desk@retailerxyz.example"})


def a_desk(settings: Settings, http: urllib3.PoolManager, ses: Any = None) -> HandoverDesk:
    return HandoverDesk(settings, http=http, ses=ses, clock=lambda: NOW)


def test_without_a_desk_a_handover_fails_as_not_configured(
    settings: Settings, http: urllib3.PoolManager
) -> None:
    result = a_desk(settings, http).send(a_handover(), key="out-1")
    assert (result.status, result.code) == ("failed", "not_configured")


def test_a_webhook_without_a_secret_is_refused_at_once(
    by_webhook: Settings, http: urllib3.PoolManager
) -> None:
    unsigned = {**by_webhook.model_dump(exclude_defaults=True), "handover_webhook_secret": ""}
    with pytest.raises(ConfigurationError, match="HANDOVER_WEBHOOK_SECRET"):
        a_desk(Settings.model_validate(unsigned), http)


def test_the_webhook_is_signed_over_the_raw_body_and_carries_its_key(
    by_webhook: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(200, {"id": "case-9"})
    result = a_desk(by_webhook, http).send(a_handover(), key="out-1")
    assert (result.status, result.provider, result.provider_id) == ("sent", "desk", "case-9")
    (request,) = provider.requests
    expected = hmac.new(b"local-handover-secret", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-rejoinder-signature"] == f"sha256={expected}"
    assert request.headers["idempotency-key"] == "out-1"
    assert Handover.model_validate(json.loads(request.body)) == a_handover()


def test_a_desk_that_names_no_case_is_known_by_our_key(
    by_webhook: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(204)
    assert a_desk(by_webhook, http).send(a_handover(), key="out-1").provider_id == "out-1"


def test_a_lost_answer_is_repeated_because_the_desk_knows_the_key(
    by_webhook: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(200)
    provider.lose_next_answer()
    assert a_desk(by_webhook, http).send(a_handover(), key="out-1").status == "retry"


def test_a_busy_desk_says_when_to_come_back(
    by_webhook: Settings, http: urllib3.PoolManager, provider: Scripted
) -> None:
    provider.then(429, None, {"Retry-After": "60"})
    result = a_desk(by_webhook, http).send(a_handover(), key="out-1")
    assert result.retry_at == NOW + timedelta(seconds=60)


def test_the_mailbox_alone_is_told_by_e_mail(
    both: Settings, http: urllib3.PoolManager, ses: tuple[Any, Stubber]
) -> None:
    client, stub = ses
    stub.add_response(
        "send_email",
        {"MessageId": "m-1"},
        {
            "FromEmailAddress": "hello@retailerxyz.example",
            "Destination": {"ToAddresses": ["desk@retailerxyz.example"]},
            "Content": ANY,
            "EmailTags": [{"Name": "rejoinder-key", "Value": "out-1"}],
            "ConfigurationSetName": "rejoinder-local",
        },
    )
    only_mail = both.model_copy(update={"handover_webhook_url": ""})
    result = a_desk(only_mail, http, client).send(a_handover(), key="out-1")
    assert (result.status, result.provider, result.provider_id) == ("sent", "ses", "m-1")


@pytest.mark.parametrize(
    ("webhook", "mail", "status", "told_by"),
    [
        (200, None, "sent", "desk"),
        (200, "MessageRejected", "sent", "desk"),
        (503, None, "sent", "ses"),
        (503, "MessageRejected", "retry", "desk"),
        (400, "MessageRejected", "failed", "desk"),
        (400, "TooManyRequestsException", "retry", "ses"),
    ],
)
def test_once_the_desk_has_been_told_nothing_is_repeated(
    both: Settings,
    http: urllib3.PoolManager,
    provider: Scripted,
    ses: tuple[Any, Stubber],
    webhook: int,
    mail: str | None,
    status: str,
    told_by: str,
) -> None:
    client, stub = ses
    provider.then(webhook)
    if mail is None:
        stub.add_response("send_email", {"MessageId": "m-1"})
    else:
        stub.add_client_error("send_email", mail, http_status_code=400)
    result = a_desk(both, http, client).send(a_handover(), key="out-1")
    assert (result.status, result.provider) == (status, told_by)
