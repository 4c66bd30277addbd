"""What an offer's wording may be, checked when it is saved."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import PayloadError
from chalicelib.model import EmailWording
from chalicelib.replies import check_wording

from .shop import offer


def check(**wording: Any) -> list[str]:
    return check_wording(offer(**wording)[0])


def test_plain_wording_passes() -> None:
    assert (
        check(
            default="10% off, {{ customer.first_name | default('friend') }}: {{ link }}",
            sms="{% if 'running' in customer.interests %}Yes{% else %}No{% endif %}",
            email=EmailWording(subject="{{ offer.title }}", body="From {{ brand ~ '!' }}"),
            whatsapp="{{ 1 + 2 - 3 if not link else (-1) / 2 }} {{ customer['first_name'] }}",
        )
        == []
    )


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("{% for i in range(10**9) %}x{% endfor %}", "for"),
        ("{{ range(9) }}", "call"),
        ("{{ customer.__class__ }}", "__class__"),
        ("{{ 'x' * 99999999 }}", "mul"),
        ("{{ 2 ** 999999999 }}", "pow"),
        ("{{ '%99999999d' % 1 }}", "mod"),
        ("{{ 'x' | center(99999999) }}", "the filter center"),
        ("{{ customer | attr('x') }}", "the filter attr"),
        ("{% macro m() %}{% endmacro %}", "macro"),
        ("{% include 'en/help.j2' %}", "include"),
        ("{% set x = 1 %}", "assign"),
        ("{{ cycler }}", "the name cycler"),
        ("{{ secret }}", "the name secret"),
        ("{{ self }}", "the name self"),
    ],
)
def test_what_could_run_long_or_wide_is_refused(source: str, named: str) -> None:
    with pytest.raises(PayloadError) as refused:
        check(sms=f"line one\n{source}")
    assert refused.value.message.startswith("wording.sms, line 2: ")
    assert named in refused.value.message
    assert refused.value.details == {"field": "wording.sms", "line": 2}


@pytest.mark.parametrize(
    "source", ["{{ customer.first_name", "{% if %}", "{{ a | nope }}", "{% x %}"]
)
def test_a_wording_that_does_not_parse_is_refused_with_its_line(source: str) -> None:
    with pytest.raises(PayloadError) as refused:
        check(email=EmailWording(subject="fine", body=f"\n\n{source}"))
    assert refused.value.message.startswith("wording.email.body, line 3: ")


@pytest.mark.parametrize(
    "source", ["{{ " + "(" * 900 + "1" + ")" * 900 + " }}", "{{ " + "9" * 4900 + " }}"]
)
def test_a_monstrous_wording_is_refused(source: str) -> None:
    with pytest.raises(PayloadError):
        check(default=source)


def test_an_attribute_that_is_no_profile_field_is_pointed_out() -> None:
    assert check(sms="Hi {{ customer.frist_name }}") == [
        "wording.sms: customer.frist_name is read from the attributes"
    ]


def test_a_long_text_message_is_pointed_out() -> None:
    assert check(sms="wow " * 60) == ["wording.sms: takes about 2 segments by itself"]
