"""What the flow tells operators as it goes: one line for each step of an interaction's way, and the
counts that alarms and the dashboard read.

Lives here: which of telemetry's metrics a step adds to, and what a line says. Never here: anything
that changes what is done. Light to import, for the webhook uses it.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from .. import model, telemetry
from ..errors import ConflictError, RejectedInput
from ..model import Fallback, Interaction, Message, Receipt

if TYPE_CHECKING:
    from ..model import Customer, OutboxEntry
    from .plan import Plan

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

_AGAIN = "~"
"""Ends the id of what has waited for a better hour (`deferring.again`): its way is one."""

_PLAIN = re.compile(r"[\w.:=~-]*", re.ASCII)
"""An id without an address or a number in it, as libraries make them."""

_DESK = "handover"
"""The channel, among those of sends, by which a person is asked to take over."""

_asked_at: ContextVar[datetime | None] = ContextVar("asked_at", default=None)
"""When the message in hand came, until it is answered."""


def received(source: str, interactions: Sequence[Interaction]) -> None:
    """A delivery was accepted."""
    if interactions:
        telemetry.count("Received", len(interactions), source=source)
    for interaction in interactions:
        telemetry.tell(
            "received",
            correlation_id=named(interaction.id),
            source=source,
            kind=interaction.body.kind,
        )


def begun(interaction: Interaction) -> None:
    """What follows is about this one. A fallback goes on with the message that did not arrive."""
    if isinstance(interaction.body, Fallback):
        return
    first_time = isinstance(interaction.body, Message) and not interaction.id.endswith(_AGAIN)
    _asked_at.set(interaction.received_at if first_time else None)
    belongs_to(interaction.id)


def taken_up(entry: OutboxEntry) -> None:
    """The sweeper goes on with what was promised."""
    _asked_at.set(None)
    belongs_to(entry.interaction_id)


def still_waits(interaction: Interaction) -> None:
    """The sweeper is to send what answers this message."""
    if isinstance(interaction.body, Message) and not interaction.id.endswith(_AGAIN):
        _asked_at.set(interaction.received_at)


def belongs_to(interaction_id: str) -> None:
    """What follows is on the way of this interaction, however often that has waited."""
    telemetry.about(named(interaction_id))


def named(interaction_id: str) -> str:
    """The id as logs may hold it, however often it has waited.

    A click's holds the token of its link; a web event's is whatever its sender says.
    """
    source, _, own = interaction_id.partition(":")
    if source == "click":
        return source
    if source == "web" and not _PLAIN.fullmatch(own):
        return f"web:{hashlib.sha256(own.encode()).hexdigest()[:16]}"
    return interaction_id.rstrip(_AGAIN)


def committed(interaction: Interaction, plan: Plan, now: datetime) -> None:
    """What is to be done is on record, and nothing is sent yet."""
    decided(plan)
    if isinstance(interaction.body, Receipt) and plan.heard is not None:
        _heard(plan.heard, interaction.body)
    record = plan.record
    if record is None or record.status is model.InteractionStatus.RECEIVED:
        return
    if record.status is model.InteractionStatus.DEFERRED:
        telemetry.count("Deferred")
    if record.status is model.InteractionStatus.HANDED_OVER:
        telemetry.count("HandedOver")
    preference = record.preference or (plan.decision.preference if plan.decision else None)
    telemetry.tell(
        record.status.value,
        kind=interaction.body.kind,
        status=record.status.value,
        channel=preference.chosen if preference else None,
        decision_id=record.decision_id,
        seconds=round((now - interaction.received_at).total_seconds(), 3),
    )


def decided(plan: Plan) -> None:
    """A decision, what it offered, and a consent that the customer withdrew."""
    if plan.decision is not None:
        telemetry.count("Decisions")
        offered = {offer.offer_id for offer in plan.decision.offers}
        made = offered if plan.decision.carried is None else offered & {*plan.decision.carried}
        if made:
            telemetry.count("OffersMade", len(made))
    if plan.before is not None and plan.after is not None:
        opted_out(plan.before, plan.after)


def opted_out(before: Customer, after: Customer) -> None:
    """Count it where a consent was withdrawn between the two."""
    if _denied(after) - _denied(before):
        telemetry.count("OptOuts")


def given_up(interaction: Interaction, code: str) -> None:
    """No retry would mend it."""
    told = {"kind": interaction.body.kind, "status": "failed", "code": code}
    telemetry.tell("failed", level=logging.ERROR, **told)


def settled(before: OutboxEntry, entry: OutboxEntry, now: datetime) -> None:
    """What came of a send, or of looking again whether it may go out."""
    from .sweeping import NO_LEAVE

    if isinstance(entry.body, Interaction) or (before.status == entry.status == "unknown"):
        return
    channel = _DESK if isinstance(entry.body, model.Handover) else entry.body.channel.value
    level = logging.INFO if entry.status == "sent" else logging.WARNING
    if entry.code in (NO_LEAVE, "consent_withdrawn"):
        telemetry.count("LeaveRefusals")
        level = logging.INFO
    elif entry.status == "sent":
        telemetry.count("Sent", channel=channel)
        _answered(entry, now)
    elif entry.status == "unknown":
        telemetry.count("SendsUnknown", channel=channel)
    else:
        telemetry.count("SendFailures", channel=channel)
    telemetry.tell(
        entry.status,
        level=level,
        channel=channel,
        provider=entry.provider,
        outbox_id=entry.id,
        decision_id=entry.decision_id,
        code=entry.code,
    )


def _heard(entry: OutboxEntry, receipt: Receipt) -> None:
    """A provider said what became of a send; it belongs to what the send answered."""
    belongs_to(entry.interaction_id)
    channel = entry.body.channel.value if isinstance(entry.body, model.Reply) else _DESK
    if receipt.status == "failed":
        telemetry.count("SendFailures", channel=channel)
    telemetry.tell(
        "receipt",
        status=receipt.status,
        channel=channel,
        provider=receipt.provider,
        outbox_id=entry.id,
        code=receipt.code,
    )


def consent_check(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Work that records a consent or looks whether there is leave: it must never fail, and is
    counted where it does. What is refused as asked wrongly is no failure of ours."""

    @functools.wraps(work)
    def worked(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        try:
            return work(*args, **kwargs)
        except Exception as error:
            if isinstance(error, ConflictError) or not isinstance(error, RejectedInput):
                telemetry.count("ConsentCheckFailures")
            raise

    return worked


def _answered(entry: OutboxEntry, now: datetime) -> None:
    """By the first of its messages that went out."""
    asked_at = _asked_at.get()
    if asked_at is not None and isinstance(entry.body, model.Reply):
        telemetry.measure("AnswerSeconds", max(0.0, (now - asked_at).total_seconds()))
        _asked_at.set(None)


def _denied(customer: Customer) -> set[tuple[str, str]]:
    return {
        (c.channel, c.purpose) for c in customer.consents if c.state is model.ConsentState.DENIED
    }
