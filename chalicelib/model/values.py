"""The form of every value, and the plain kinds that all of them are made of."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import SchemaValidator, core_schema


class Frozen(BaseModel):
    """A value: compared by content, never changed in place; unknown fields are refused.

    What is refused is not repeated: errors find their way into logs. Pydantic prepares a type when
    it is first used, not at import: no function needs them all.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True
    )


def as_utc(at: datetime) -> datetime:
    """The same moment in UTC; a naive value is taken to be UTC."""
    if at.tzinfo is UTC:
        return at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


_ANY_MOMENT = SchemaValidator(core_schema.datetime_schema())


def _read_moment(given: Any) -> datetime:
    """A stamp as we write it ourselves, read the quick way; for anything else pydantic is asked."""
    if given.__class__ is str:
        try:
            if given[10] == "T" and given[-1] == "Z":
                return datetime.fromisoformat(given)
        except (IndexError, ValueError):
            pass
    elif given.__class__ is datetime:
        return as_utc(given)
    moment: datetime = _ANY_MOMENT.validate_python(given)
    return as_utc(moment)


Moment = Annotated[datetime, BeforeValidator(_read_moment)]
"""A point in time; a naive value is taken to be UTC."""

Location = tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]

EntityId = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:~@-]*$")
]
"""An id that an operator chooses: safe in a URL path and as a key."""
