"""Why a rule did not hold: every condition at fault, with the customer's value and what is needed.

Walks the prepared rule again with the same closures that decided, and only when asked to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..model import FailedCondition
from .eligibility import Rule, Value
from .values import Undefined
from .view import Frame
from .words import UNKNOWN, about, needed, recorded, standing, wish


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One condition at fault, or several: all would have to change, or any one (`either`)."""

    failed: FailedCondition | None = None
    wish: str = ""
    standing: str = ""
    members: tuple[Shortfall, ...] = ()
    either: bool = False

    def conditions(self) -> Iterator[FailedCondition]:
        """The conditions at fault, in the order of the rule."""
        if self.failed is not None:
            yield self.failed
        for member in self.members:
            yield from member.conditions()

    def text(self) -> str:
        """In words: `needs an age of at least 18; the customer is 17`."""
        if self.failed is not None:
            return f"needs {self.wish}; {self.standing}" if self.standing else self.wish
        return f"needs {self._phrase()}"

    def _phrase(self) -> str:
        if self.failed is not None:
            return f"{self.wish} ({self.standing})" if self.standing else self.wish
        phrases = [member._phrase() for member in self.members]
        return f"either {' or '.join(phrases)}" if self.either else " and ".join(phrases)


def explain_rule(rule: Rule, frame: Frame) -> Shortfall:
    """What keeps `rule` from holding; to be asked only of a rule that does not hold."""
    return _shortfall(rule, frame, True)


def _shortfall(rule: Rule, frame: Frame, wanted: bool) -> Shortfall:
    op = rule.node.get("op")
    if op == "not":
        return _shortfall(rule.parts[0], frame, not wanted)
    if op == "if":
        condition, then, otherwise = rule.parts
        return _shortfall(then if condition.test(frame) else otherwise, frame, wanted)
    if op in ("and", "or"):
        wrong = [part for part in rule.parts if part.test(frame) is not wanted]
        members = tuple(_shortfall(part, frame, wanted) for part in wrong)
        return members[0] if len(members) == 1 else Shortfall(
            members=members, either=(op == "or") is wanted
        )  # fmt: skip
    return _condition(rule, frame, wanted)


def _condition(rule: Rule, frame: Frame, wanted: bool) -> Shortfall:
    node = rule.node
    if "const" in node:
        words = "another rule: this one never holds"
        return Shortfall(FailedCondition(condition=node.get("text", "false"), needed=words), words)
    values = [_looked_up(operand, frame) for operand in rule.operands]
    value, what = values[about(node)], needed(node, values, wanted)
    failed = FailedCondition(condition=node["text"], value=recorded(value), needed=what)
    return Shortfall(failed, wish(node, what), standing(node, value))


def _looked_up(operand: Value, frame: Frame) -> Any:
    try:
        return operand(frame)
    except Undefined:
        return UNKNOWN
