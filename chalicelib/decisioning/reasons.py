"""Why each offer was not made, in words that an agent can read to the customer."""

from __future__ import annotations

from datetime import datetime

from ..model import Offer, RejectedOffer
from .arbitration import Passed
from .eligibility import Rule
from .explanation import explain_rule
from .policy import CapReached
from .search import Candidate
from .view import Frame


def refused_by_date(offer: Offer, now: datetime) -> RejectedOffer:
    if offer.starts_at is not None and now < offer.starts_at:
        text = f"starts on {_day(offer.starts_at)}"
    else:
        text = f"ended on {_day(offer.ends_at or now)}"
    return RejectedOffer(offer_id=offer.id, reason="date", text=text)


def refused_by_purpose(offer: Offer) -> RejectedOffer:
    text = f"is for {offer.purpose.value}, which may not be said here and now"
    return RejectedOffer(offer_id=offer.id, reason="purpose", text=text)


def refused_by_rule(offer: Offer, rule: Rule, frame: Frame) -> RejectedOffer:
    shortfall = explain_rule(rule, frame)
    return RejectedOffer(
        offer_id=offer.id,
        reason="rule",
        failed=tuple(shortfall.conditions()),
        text=shortfall.text(),
    )


def refused_by_cap(offer: Offer, reached: CapReached) -> RejectedOffer:
    cap, counted = reached.cap, reached.counted
    days = "day" if cap.days == 1 else f"{cap.days:g} days"
    times = "once" if cap.times == 1 else f"{cap.times} times"
    told = f"was made {times} in the last {days}, as often as it may be"
    if counted:
        told = f"{cap.times} {counted} were made in the last {days}, as many as there may be"
    text = f"{told}; possible again from {reached.free_at:%Y-%m-%d %H:%M} UTC"
    return RejectedOffer(offer_id=offer.id, reason="cap", text=text)


def refused_by_budget(offer: Offer) -> RejectedOffer:
    return RejectedOffer(offer_id=offer.id, reason="budget", text="is used up: none are left")


def passed_over(passed: Passed, last: Candidate | None) -> RejectedOffer:
    """An eligible offer that was not made; `last` is the last of those that were."""
    offer = passed.offer
    if passed.limit is not None:
        return refused_by_cap(offer, passed.limit)
    if passed.beaten_by is not None:
        text = f"cannot be combined with {passed.beaten_by!r}, which suits better"
        return RejectedOffer(offer_id=offer.id, reason="exclusive", text=text)
    score = passed.candidate.score
    if passed.least_score is not None:
        text = (
            f"not now: it is worth {score:.4g} at this moment, and marketing is made from "
            f"{passed.least_score:.4g} on"
        )
    elif last is None:
        text = "no offer was asked for"
    elif score > last.score:
        text = f"another was tried, to learn what it does: this one scores {score:.4g}"
    else:
        text = (
            f"others suit better: it scores {score:.4g}, the last of those chosen {last.score:.4g}"
        )
    return RejectedOffer(offer_id=offer.id, reason="score", text=text)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
