"""Rules as generated functions: nothing that an author writes is ever code."""

from __future__ import annotations

from operator import eq, ge, gt, le, lt, ne
from typing import Any

import pytest

from chalicelib.decisioning import Engine
from chalicelib.decisioning.expressions import Names, Reader, compile_rule, compile_walk, source_of
from chalicelib.model import Customer

from .builders import NOW, asked, engine, offer
from .ways import WAYS, ranked

COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
HOSTILE = [
    "'", '"', "''' + 1 + '''", '"""', "\\", "\\'", "\\\\'", "a\nb", "\r\n", "\t", "\u2028", "\x1b",
    "__import__('os').system('true')", "') or True or ('", '") or True or ("', "{0}", "{kind}",
    "{place}{number}", "%s%d", "x[0]", "#", "# noqa", "$(true)", "; yield 0", "\n yield 0\n",
    "😀日本ß\uffff", "\u202e", "\\u0041", "\\N{DIGIT ONE}", "None", "True", "NaN",
    "\0 no rule names this",
]  # fmt: skip


def cel(text: str) -> str:
    """A CEL literal of this text."""
    plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _(){}[]$#;%.=,+"
    return "'" + "".join(c if c in plain else f"\\U{ord(c):08x}" for c in text) + "'"


def eligible_by_all_ways(by: Engine, **attributes: Any) -> set[str]:
    inputs = asked(Customer(id="c", attributes=attributes))
    found = [{c.offer_id for c in ranked(by, way, inputs, NOW)} for way in WAYS]
    assert all(way == found[0] for way in found)
    return found[0]


@pytest.mark.parametrize("text", [t for t in HOSTILE if "\0" not in t])
def test_a_text_of_a_rule_stays_a_text(text: str) -> None:
    literal = cel(text)
    by = engine(
        offer("is", rule=f"customer.a == {literal}"),
        offer("not", rule=f"customer.a != {literal}"),
        offer("in", rule=f"customer.a in [{literal}, 'x']"),
        offer("held", rule=f"{literal} in customer.b"),
        offer("starts", rule=f"customer.a.startsWith({literal})"),
        offer("plain", rule=f"customer.a == {literal} && customer.a != 'x' || customer.b == 'y'"),
    )
    assert eligible_by_all_ways(by, a=text, b=[text]) == {"is", "in", "held", "starts", "plain"}
    assert eligible_by_all_ways(by, a="other", b=["x"]) == {"not"}
    assert eligible_by_all_ways(by) == set()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_customers_text_stays_a_text(text: str) -> None:
    by = engine(
        offer("a", rule="customer.a == 'x'"),
        offer("b", rule="customer.a != 'x'"),
        offer("c", rule="'x' in customer.b"),
        offer("d", rule="has(customer.a)"),
    )
    assert eligible_by_all_ways(by, a=text, b={text: 1}) == {"b", "d"}
    assert eligible_by_all_ways(by, **{text: "x"}) == set()


@pytest.mark.parametrize(
    "name",
    ["n", "t", "f", "e", "x", "holds", "holds0", "served0", "at0", "n0", "walk", "None", "lambda",
     "class_", "__class__", "__builtins__", "print", "__import__", "_", "a" * 200],
)  # fmt: skip
def test_an_attribute_may_have_any_name(name: str) -> None:
    by = engine(
        offer("n", rule=f"customer.{name} >= 3"),
        offer("t", rule=f"customer.{name} == 'x'"),
        offer("f", rule=f"customer.{name}"),
        offer("e", rule=f"'x' in customer.{name}"),
        offer("none", rule=f"!has(customer.{name})"),
    )
    values = (3, "n"), (3.5, "n"), ("x", "t"), (True, "f"), (["x"], "e"), ({"x": 1}, "e")
    for value, expected in (*values, (None, "none")):
        assert eligible_by_all_ways(by, **{name: value}) == {expected}


@pytest.mark.parametrize("depth", [5, 15, 30])
def test_a_deeply_nested_rule_is_compiled(depth: int) -> None:
    rule = "customer.a == 0"
    for level in range(1, depth):
        rule = f"customer.a == {level} {'||' if level % 2 else '&&'} ({rule})"
    inner = "customer.a > 0"
    for _ in range(depth):
        inner = f"!({inner})"
    by = engine(offer("a", rule=rule), offer("b", rule=inner))
    assert "b" in eligible_by_all_ways(by, a=depth % 2 == 0 and 1)


def test_a_wide_rule_is_compiled() -> None:
    wide = " || ".join(f"customer.a == {n}" for n in range(400))
    mixed = " && ".join(f"customer.b{n} != 'x{n}'" for n in range(150))
    by = engine(offer("a", rule=wide), offer("b", rule=mixed))
    assert eligible_by_all_ways(by, a=399) == {"a"}
    assert eligible_by_all_ways(by, a=400, **{f"b{n}": "x" for n in range(150)}) == {"b"}


def test_a_nested_if_is_compiled() -> None:
    rule = "customer.z"
    for n in range(8):
        rule = f"customer.a{n} > 0 ? customer.b{n} : ({rule})"
    by = engine(offer("a", rule=rule))
    assert eligible_by_all_ways(by, z=True) == {"a"}
    assert eligible_by_all_ways(by, z=True, a3=1) == set()
    assert eligible_by_all_ways(by, a3=1, b3=True, a0=2) == {"a"}


def test_each_need_of_a_set_counts() -> None:
    one = "('a' in customer.s || 'b' in customer.s)"
    by = engine(
        offer("both", rule=f"{one} && ('c' in customer.s || 'd' in customer.s)"),
        offer("one", rule=one),
        offer("not", rule=f"{one} && !('c' in customer.s) && !('d' in customer.s)"),
    )
    assert eligible_by_all_ways(by, s=["a", "d"]) == {"both", "one"}
    assert eligible_by_all_ways(by, s={"b": 1}) == {"one", "not"}
    assert eligible_by_all_ways(by, s=["c", "d"]) == set()


def test_choices_within_choices_do_not_multiply() -> None:
    """Taken apart naively, each level would double what is kept of the rule."""
    rule = "customer.z"
    for n in range(14):
        rule = f"({rule}) ? customer.a{n} : customer.b{n}"
    by = engine(offer("a", rule=rule))
    assert len(by.catalog.sections.bytes_of("steps")) < 20_000
    assert eligible_by_all_ways(by, b12=True, a13=True) == {"a"}
    assert eligible_by_all_ways(by, b12=True, b13=True) == set()


def test_what_rules_out_most_for_the_least_is_tried_first() -> None:
    """As far as the catalog's own thresholds tell: half of the others ask for more than 50."""
    others = [offer(f"o{n}", rule=f"customer.a > {10.0 * n}") for n in range(11)]
    wide, narrow = "customer.a > 20.0", "customer.a > 90.0"
    listed = "customer.b in ['x', 'y', 'z']"
    for rule in (f"{wide} && {narrow} && {listed}", f"{listed} && {narrow} && {wide}"):
        by = engine(*others, offer("last", rule=rule, value=0.01))
        steps = by.catalog.steps_at(len(others))
        assert [step[0] for step in steps] == ["&", "n", "n", "t", "s"]
        assert steps[1][3] == 90.0
        either = engine(*others, offer("last", rule=rule.replace("&&", "||"), value=0.01))
        any_of = either.catalog.steps_at(len(others))[1]
        assert any_of[0] == "|"
        assert any_of[1][3] == 20.0


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "==", "!="])
def test_whole_numbers_compare_as_they_are_however_large(op: str) -> None:
    bounds = (0, -3, 2**53 - 1, 1 - 2**53, 2**53, 2**62)
    by = engine(*(offer(f"o{n}", rule=f"customer.a {op} {b}") for n, b in enumerate(bounds)))
    for value in (
        0,
        -3,
        -2,
        2**53 - 2,
        2**53 - 1,
        2**53,
        2**53 + 1,
        2**62 - 1,
        2**63 - 1,
        -(2**63),
    ):
        wanted = {f"o{n}" for n, bound in enumerate(bounds) if COMPARE[op](value, bound)}
        assert eligible_by_all_ways(by, a=value) == wanted


def test_the_source_holds_literals_only_as_such() -> None:
    reader = Reader({"n": [], "t": ["a"], "f": [], "e": []})
    for text in HOSTILE:
        steps = ["t", 0, [text]]
        assert source_of(steps, Names("x[{place}]", reader.places)) == f"x[0] == {text!r}"
        assert compile_rule(steps, reader.places)((text,), bool) is True
        walk = compile_walk([steps, ["!", steps]], 5, reader.places)
        assert walk((text, "every", 0), bool) == [5]
