"""The published engines, each in its fastest documented use; they do eligibility alone.

Where an engine evaluates a list of rules as one expression, that form was measured against one call
for each rule, and the faster stands here. A peer is made from the rules within the `Patience` it is
given. `record` prepares a customer and `positions` reads an answer, both outside the timing; `ask`
is what is timed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import compress, count
from typing import Any, Final, Protocol

import cel
import zen
from cel_expr_python import cel as google_cel
from json_logic import jsonLogic  # type: ignore[import-untyped]
from rule_engine import Context, Rule  # type: ignore[import-untyped]

from . import dialects
from .conditions import Condition
from .patience import Patience
from .population import BAGS, NUMBERS, SWITCHES, WORDS, Record


class Peer(Protocol):
    """One way of one engine."""

    name: str
    package: str

    def __init__(self, conditions: Sequence[Condition], patience: Patience) -> None: ...

    def record(self, attributes: Record) -> Any:
        """The customer in the form that suits the engine best."""

    def ask(self, record: Any) -> Any:
        """Which rules the customer meets, as the engine says it."""

    def positions(self, answer: Any) -> list[int]:
        """The positions of the rules that an answer says are met."""


class _AsIs:
    """An engine that reads a plain dict and answers true or false for each rule."""

    def record(self, attributes: Record) -> Any:
        return attributes

    def positions(self, answer: Any) -> list[int]:
        return list(compress(count(), answer))


class ZenArray(_AsIs):
    """One compiled expression, an array of all rules."""

    name = "zen-engine, expression array"
    package = "zen-engine"

    def __init__(self, conditions: Sequence[Condition], patience: Patience) -> None:
        (whole,) = patience.lists(dialects.zen, conditions, len(conditions))
        self._expression = zen.compile_expression(whole)

    def ask(self, record: Any) -> Any:
        return self._expression.evaluate(record)


class ZenTable(_AsIs):
    """A decision table, one row for each offer, that collects the offers whose rule is met."""

    name = "zen-engine, decision table"
    package = "zen-engine"

    def __init__(self, conditions: Sequence[Condition], patience: Patience) -> None:
        rows = [
            {"_id": f"row{place}", "rule": text, "offer": str(place)}
            for place, text in enumerate(patience.texts(dialects.zen, conditions))
        ]
        graph = {"nodes": _table_nodes(rows), "edges": _EDGES}
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": {"table": graph}}})
        self._engine.get_decision("table")

    def ask(self, record: Any) -> Any:
        return self._engine.evaluate("table", record)["result"]

    def positions(self, answer: Any) -> list[int]:
        return [int(row["offer"]) for row in answer]


class GoogleCel(_AsIs):
    """Typed variables, one activation, lists of 80 rules: longer ones are no faster."""

    name = "cel-expr-python"
    package = "cel-expr-python"

    def __init__(self, conditions: Sequence[Condition], patience: Patience) -> None:
        self._environment = google_cel.NewEnv(variables=_google_types())
        texts = patience.lists(dialects.bare_cel, conditions, 80)
        self._expressions = [self._environment.compile(text) for text in texts]

    def record(self, attributes: Record) -> Any:
        return attributes | {number.name: float(attributes[number.name]) for number in NUMBERS}

    def ask(self, record: Any) -> Any:
        activation = self._environment.Activation(record)
        verdicts: list[bool] = []
        for expression in self._expressions:
            verdicts += expression.eval(activation).plain_value()
        return verdicts


class RustCel(_AsIs):
    """One context, compiled programs one by one: lists of them take a quarter longer."""

    name = "common-expression-language"
    package = "common-expression-language"

    def __init__(self, conditions: Sequence[Condition], patience: Patience) -> None:
        texts = patience.texts(dialects.bare_cel, conditions)
        self._programs = [cel.compile(text) for text in texts]

    def ask(self, record: Any) -> Any:
        context = cel.Context(variables=record)
        return [program.execute(context) for program in self._programs]


class JsonLogic(_AsIs):
    """A list of rules is one piece of logic."""

    name = "panzi-json-logic"
    package = "panzi-json-logic"

    def __init__(self, conditions: Sequence[Condition], patience: Patience) -> None:
        self._logic = [dialects.json_logic(condition) for condition in conditions]

    def ask(self, record: Any) -> Any:
        return jsonLogic(self._logic, record)


class RuleEngine(_AsIs):
    """Rules one by one, without declared types, which cost it time here; decimals as it likes."""

    name = "rule-engine"
    package = "rule-engine"

    def __init__(self, conditions: Sequence[Condition], patience: Patience) -> None:
        context = Context(resolver=_item)
        self._rules = [Rule(t, context) for t in patience.texts(dialects.rule_engine, conditions)]

    def record(self, attributes: Record) -> Any:
        sets = {n: set(v) for n, v in attributes.items() if isinstance(v, list)}
        numbers = {n.name: Decimal(repr(attributes[n.name])) for n in NUMBERS}
        return attributes | sets | numbers

    def ask(self, record: Any) -> Any:
        return [rule.matches(record) for rule in self._rules]


PEERS: Final[tuple[type[Peer], ...]] = (
    ZenArray,
    ZenTable,
    GoogleCel,
    RustCel,
    JsonLogic,
    RuleEngine,
)


_EDGES: Final = [
    {"id": "in", "sourceId": "customer", "targetId": "table", "type": "edge"},
    {"id": "out", "sourceId": "table", "targetId": "offers", "type": "edge"},
]


def _table_nodes(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """A graph of the JSON Decision Model (https://docs.gorules.io): input, table, output.

    An input column without a field takes whole expressions.
    """
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "rule", "name": "rule"}],
        "outputs": [{"id": "offer", "name": "offer", "field": "offer"}],
        "rules": rows,
    }
    return [
        {"id": "customer", "name": "customer", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
        {"id": "offers", "name": "offers", "type": "outputNode"},
    ]


def _google_types() -> dict[str, Any]:
    kinds = google_cel.Type
    return {
        **{number.name: kinds.DOUBLE for number in NUMBERS},
        **{word.name: kinds.STRING for word in WORDS},
        **{switch.name: kinds.BOOL for switch in SWITCHES},
        **{bag.name: kinds.List(kinds.STRING) for bag in BAGS},
    }


def _item(record: Mapping[str, Any], name: str) -> Any:
    return record[name]
