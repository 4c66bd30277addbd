"""What a site says of a customer in `identify`: traits in Segment's names, onto the profile.

A public write key proves nothing, so an address or number among the traits is kept as a claim
(`claimed_email`, `claimed_phone`) and never becomes an identity that we would write to.
Source: https://segment.com/docs/connections/spec/identify/#traits
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ..model import Customer, Profile

_PROFILE_TRAITS = {
    "firstname": "first_name",
    "first_name": "first_name",
    "lastname": "last_name",
    "last_name": "last_name",
    "birthday": "birth_date",
    "birth_date": "birth_date",
    "gender": "gender",
    "country": "country",
    "language": "language",
    "time_zone": "time_zone",
    "timezone": "time_zone",
    "postcode": "postcode",
    "postalcode": "postcode",
}
_CLAIMS = {"email": "claimed_email", "phone": "claimed_phone"}
_ATTRIBUTES_LIMIT = 100
_VALUE_LIMIT = 500
_BYTES_LIMIT = 32_768


def with_traits(customer: Customer, traits: Mapping[str, Any]) -> Customer:
    """The customer with these traits; what does not fit its field is kept as an attribute."""
    flat = {**traits, **(traits["address"] if isinstance(traits.get("address"), dict) else {})}
    flat.pop("address", None)
    profile, attributes = customer.profile, dict(customer.attributes)
    room = _BYTES_LIMIT - _size(attributes)
    for name, value in flat.items():
        field = _PROFILE_TRAITS.get(name.lower())
        fitted = _fit(profile, field, value) if field else None
        if fitted is not None:
            profile = fitted
        elif _keepable(value) and len(attributes) < _ATTRIBUTES_LIMIT and _size(value) < room:
            attributes[_CLAIMS.get(name.lower(), name)[:100]] = value
            room = _BYTES_LIMIT - _size(attributes)
    return customer.model_copy(update={"profile": profile, "attributes": attributes})


def _fit(profile: Profile, field: str, value: Any) -> Profile | None:
    try:
        return Profile.model_validate({**profile.model_dump(), field: value})
    except ValidationError:
        return None


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def _keepable(value: Any) -> bool:
    """Plain values, and short lists of them: what rules can compare."""
    if isinstance(value, list):
        return len(value) <= 50 and all(_keepable(v) and not isinstance(v, list) for v in value)
    return isinstance(value, bool | int | float) or (
        isinstance(value, str) and len(value) <= _VALUE_LIMIT
    )
