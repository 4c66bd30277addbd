"""Rules and customers for the judge, generated: every operator, missing attributes, wrong types.

A rule is generated as a tree of connectives over conditions, so that the judge can be asked about
each condition by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from chalicelib.model import Aggregates, Customer, DecisionContext, Profile

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
NAMES = [f"a{n}" for n in range(8)]
WORDS = ["", "a", "b", "gold", "Gold", "goldé", "ß", "日本", "😀", "\uffff", "a'b", 'a"b\\', "a\nb"]
EDGES = [0, 1, -1, 2, 3, 17, 18, 19, 2**53, 2**53 + 1, 2**62, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 0.5, 1.0, 2.0, 17.5, 18.0, 1e-9, -3.25, 1e300, float(2**53)]
DATES = ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00.5+02:00", "2025-12-31T23:59:59-11:00",
         "1969-12-31T23:59:59.25Z", "2026-02-30T00:00:00Z", "2026-03-29"]  # fmt: skip
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "+05:30", "-11:00"]
CATEGORIES = ["shoes", "shoes/trail", "bags"]


@dataclass(frozen=True)
class Condition:
    """`kind` is leaf, and, or, not, if, same, exists or all."""

    kind: str
    text: str
    parts: tuple[Condition, ...] = ()
    over: str = ""


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _pick(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Each as often as the others, where `one_of` would count the branches of its parts."""
    return st.sampled_from(strategies).flatmap(lambda chosen: chosen)


def _leaf(text: str) -> Condition:
    return Condition("leaf", text)


attribute = st.sampled_from([f"customer.{name}" for name in NAMES])
words = st.sampled_from(WORDS).map(quoted)
wholes = st.sampled_from([str(n) for n in EDGES])
doubles = st.sampled_from([repr(n) for n in DOUBLES])


def _joined(values: st.SearchStrategy[str], operators: str) -> st.SearchStrategy[str]:
    return st.builds(lambda a, op, b: f"({a} {op} {b})", values, st.sampled_from(operators), values)


def _numbers(literals: st.SearchStrategy[str], operators: str, kept: str) -> st.SearchStrategy[str]:
    """Numbers of one kind, as the checker tells them apart, or of a kind known only at run time."""
    plain = literals | attribute | st.sampled_from(kept.split())
    return plain | _joined(plain, operators) | plain.map(lambda v: f"-({v})")


whole_numbers = _numbers(
    wholes,
    "+-*/%",
    "customer.age customer.order_count size(customer.a0) int(customer.a1) context.hour",
)
double_numbers = _numbers(
    doubles, "+-*/", "customer.spend_total customer.spend['shoes'] double(customer.a2)"
)
texts = words | attribute | st.builds("({} + {})".format, words | attribute, words | attribute)
durations = st.sampled_from([f"duration('{d}')" for d in ("0", "90m", "-36h", "1h30m", "250ms")])
_kept_moments = [
    "customer.birth_date", "customer.last_purchase_at", "customer.last_seen_at", "context.time",
    *(f"customer.{name}['{c}']" for name in ("last_purchase", "last_view") for c in CATEGORIES),
]  # fmt: skip
plain_moments = (
    st.sampled_from(_kept_moments)
    | st.sampled_from(DATES[:4]).map(lambda d: f"timestamp('{d}')")
    | attribute.map(lambda a: f"timestamp({a})")
)
moments = plain_moments | st.builds("({} - {})".format, plain_moments, durations)
calendar = st.builds(
    lambda m, part, zone: f"{m}.{part}({zone})",
    moments,
    st.sampled_from(["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek",
                     "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds"]),
    st.sampled_from(["", *map(quoted, ZONES), "customer.time_zone", "customer.a3"]),
)  # fmt: skip
elapsed = st.builds("({} - {})".format, moments, moments)
lists = (
    st.builds("[{}, {}]".format, attribute, texts | whole_numbers)
    | st.lists(words, max_size=3).map(lambda w: f"[{', '.join(w)}]")
    | attribute
    | st.sampled_from(["customer.interests", "customer.purchase_count", "context.basket"])
)
_order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def _compare(values: st.SearchStrategy[str]) -> st.SearchStrategy[Condition]:
    return st.builds(lambda a, op, b: _leaf(f"{a} {op} {b}"), values, _order, values)


def _comparisons() -> st.SearchStrategy[Condition]:
    string_test = st.sampled_from(["startsWith", "endsWith", "contains"])
    known = st.sampled_from(["age", "interests", "first_name", "a0", "a1.k", "purchase_count.bags"])
    index = st.sampled_from(["0", "1", "-1", "0.0", "0.5", "'k'", "customer.a2"])
    return _pick(
        _compare(whole_numbers),
        _compare(double_numbers),
        st.builds(lambda a, op, b: _leaf(f"{a} {op} {b}"), attribute, _order, double_numbers),
        _compare(texts),
        _compare(moments),
        _compare(elapsed | durations),
        _compare(calendar | wholes),
        st.builds(lambda m, op, n: _leaf(f"days_since({m}) {op} {n}"), moments, _order, wholes),
        st.builds(lambda a, items: _leaf(f"{a} in {items}"), attribute | words, lists),
        st.builds(lambda a, items: _leaf(f"{a} == {items}"), attribute, lists),
        st.builds(lambda a, t, b: _leaf(f"{a}.{t}({b})"), texts, string_test, texts),
        known.map(lambda name: _leaf(f"has(customer.{name})")),
        st.builds(lambda a, i, b: _leaf(f"{a}[{i}] == {b}"), attribute, index, texts | wholes),
        attribute.map(_leaf),
        st.sampled_from(["true", "false"]).map(_leaf),
    )


def _connected(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def chain(kind: str, op: str) -> st.SearchStrategy[Condition]:
        return st.lists(parts, min_size=2, max_size=3).map(
            lambda cs: Condition(kind, op.join(f"({c.text})" for c in cs), tuple(cs))
        )

    return _pick(
        chain("and", " && "),
        chain("or", " || "),
        parts.map(lambda c: Condition("not", f"!({c.text})", (c,))),
        st.tuples(parts, parts, parts).map(
            lambda cs: Condition("if", "({}) ? ({}) : ({})".format(*(c.text for c in cs)), cs)
        ),
    )


def _quantified() -> st.SearchStrategy[Condition]:
    item = st.one_of(
        st.builds(lambda op, v: _leaf(f"i {op} {v}"), _order, whole_numbers | texts),
        words.map(lambda w: _leaf(f"i.startsWith({w})")),
        st.just(_leaf("i")),
    )
    return st.builds(
        lambda over, kind, c: Condition(kind, f"{over}.{kind}(i, {c.text})", (c,), over),
        lists.filter(lambda over: over != "[]"),  # its item's type is open to their checker
        st.sampled_from(["exists", "all"]),
        item | _connected(item),
    )


def _same(condition: Condition) -> Condition:
    """A verdict as an operand; `&& true` makes a verdict of a bare attribute."""
    return Condition("same", f"(({condition.text}) && true) == false", (condition,))


_single = _pick(_comparisons(), _comparisons(), _quantified(), _comparisons().map(_same))
_double = _connected(_single)
conditions = _pick(_single, _double, _double, _connected(_double))

_scalars = (
    st.sampled_from(EDGES + DOUBLES + WORDS + DATES + ZONES)
    | st.booleans()
    | st.sampled_from([" 12", "+3", "1.5", "1e2", "12x", 2**70])
)
_values: st.SearchStrategy[Any] = (
    _scalars
    | st.lists(_scalars, max_size=3)
    | st.dictionaries(st.sampled_from(["k", "l"]), _scalars, max_size=2)
)
_moments = st.timedeltas(timedelta(days=-30), timedelta(days=900)).map(lambda ago: NOW - ago)


def _by_category(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(CATEGORIES), values, max_size=3)


customers = st.builds(
    Customer,
    id=st.just("c"),
    profile=st.builds(
        Profile,
        first_name=st.none() | st.sampled_from(WORDS),
        birth_date=st.none() | st.dates(date(1930, 1, 1), date(2020, 1, 1)),
        time_zone=st.none() | st.sampled_from([*ZONES[:4], "Nowhere/Land"]),
    ),
    attributes=st.dictionaries(st.sampled_from(NAMES), _values | st.none(), max_size=8),
    interests=st.lists(st.sampled_from(WORDS), max_size=3).map(tuple),
    aggregates=st.builds(
        Aggregates,
        order_count=st.integers(0, 40),
        spend_total=st.sampled_from([Decimal(0), Decimal("17.50"), Decimal("1234.56")]),
        last_purchase_at=st.none() | _moments,
        last_seen_at=st.none() | _moments,
        last_purchase=_by_category(_moments),
        last_view=_by_category(_moments),
        purchase_count=_by_category(st.integers(1, 9)),
        spend=_by_category(st.sampled_from([Decimal("0.50"), Decimal(18)])),
    ),
)
contexts = st.builds(DecisionContext, basket=st.just(("a", "gold")) | st.just(()))
