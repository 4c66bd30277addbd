"""The error tree. Errors carry ids and status, never secrets, addresses or message text.

RejoinderError
├── RejectedInput            the caller's fault; told to the caller, nothing is queued
│   ├── SignatureError       401  not signed by who it claims to be from
│   ├── PayloadError         400  malformed, or not what this route takes
│   ├── NotFoundError        404  no such thing
│   ├── ConflictError        409  it changed, or exists, since the caller looked
│   └── TooLargeError        413  over the size that this route takes
├── TemporaryError           try again later: raise it, the queue retries, then dead-letters
└── PermanentError           will never succeed: record it and stop

ConfigurationError           the deployment is wrong; stands outside, nothing catches it
"""

from __future__ import annotations

from typing import Any, ClassVar


class RejoinderError(Exception):
    """Anything that Rejoinder itself says went wrong. `details` is safe to show to a caller."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


def reason_of(error: BaseException) -> str:
    """An error in a word, without its text: our own code, else its type."""
    return error.code if isinstance(error, RejoinderError) else type(error).__name__


class RejectedInput(RejoinderError):
    """What came in was not acceptable; says what was wrong and what would be right."""

    code = "rejected"
    status = 400


class SignatureError(RejectedInput):
    """The signature or credential is missing, wrong or out of date."""

    code = "signature"
    status = 401


class PayloadError(RejectedInput):
    """The body is malformed or not of the form that the route takes."""

    code = "payload"
    status = 400


class NotFoundError(RejectedInput):
    """There is no such thing."""

    code = "not_found"
    status = 404


class ConflictError(RejectedInput):
    """The thing changed or exists already."""

    code = "conflict"
    status = 409


class TooLargeError(RejectedInput):
    """The body is over the size that the route takes."""

    code = "too_large"
    status = 413


class TemporaryError(RejoinderError):
    """A passing fault: raised so that the queue retries, and dead-letters in the end."""

    code = "temporary"
    status = 503


class PermanentError(RejoinderError):
    """A fault that a retry cannot mend: recorded, and work on it stops."""

    code = "permanent"
    status = 422


class ConfigurationError(Exception):
    """The deployment itself is wrong (a missing setting, an unknown stage)."""
