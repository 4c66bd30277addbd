"""Whatever stands in a notice of AWS's: what can be kept, or a refusal that says why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import RejectedInput
from chalicelib.inbound import Parsed, notices

from ...contracts.inbound.senders import PAYLOADS, RECEIVED_AT, SETTINGS
from .test_hostile_input import _spoil, json_values, quickly

PATHS = sorted([*PAYLOADS.glob("aws_sms/*.json"), *PAYLOADS.glob("ses/*.json")])


def read(body: str) -> None:
    refusal, parsed = "", Parsed(())
    try:
        parsed = notices.parse(body, SETTINGS, RECEIVED_AT)
    except RejectedInput as refused:
        refusal = refused.message
    assert refusal.isascii()
    for interaction in parsed.interactions:
        assert interaction.model_validate_json(interaction.model_dump_json()) == interaction
        assert interaction.occurred_at <= interaction.received_at
    for passed_over in parsed.rejected:
        assert passed_over.reason.isascii()


@quickly
@given(body=st.text(max_size=200), document=json_values)
def test_anything(body: str, document: Any) -> None:
    for told in (body, json.dumps(document), json.dumps({"Message": document})):
        read(told)
        read(json.dumps({"Type": "Notification", "Message": told}))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
@quickly
@given(data=st.data())
def test_a_notice_with_anything_in_any_place(path: Any, data: st.DataObject) -> None:
    read(json.dumps(_spoil(json.loads(path.read_bytes()), data)))


@quickly
@given(
    header=st.sampled_from(["From", "Subject", "Message-ID", "Content-Type", "Precedence", "X"]),
    value=st.text(max_size=60),
    body=st.text(max_size=60),
)
def test_a_mail_with_anything_in_its_headers(header: str, value: str, body: str) -> None:
    told = json.loads((PAYLOADS / "ses/received.json").read_bytes())
    for first in ("", "From: joe@example.com\n"):
        read(json.dumps({**told, "content": f"{first}{header}: {value}\n\n{body}"}))
