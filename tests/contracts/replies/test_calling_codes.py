"""Which countries a number may be of, judged by the phonenumbers library (Google's metadata)."""

from __future__ import annotations

import phonenumbers
import pytest

from chalicelib.zones import calling_countries

# Territories without a zone or a code of their own: nobody's hours are judged by them.
_LEFT_OUT = {"AC", "TA", "XK"}
_NOWHERE = "001"


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_every_calling_code_leads_to_the_countries_that_share_it(code: int) -> None:
    regions = set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]) - {_NOWHERE} - _LEFT_OUT
    ours = set(calling_countries(f"+{code}0000000"))
    if code == 1:
        assert ours == {"US", "CA"}
    elif code == 7:
        assert ours == {"RU"}
    else:
        assert ours == regions


@pytest.mark.parametrize(
    "region", sorted({*phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1], "KZ", "RU", "GB", "FI", "IT"})
)
def test_an_example_number_is_of_its_country(region: str) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert region in calling_countries(number)
