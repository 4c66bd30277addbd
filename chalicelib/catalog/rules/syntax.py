"""From a rule's text to a plain syntax tree with positions. Knows neither types nor names.

The grammar is the file that cel-python publishes (`celpy/cel.lark`), read by lark. Its own wrapper,
`celpy.celparser.CELParser`, is not used: it loses the position of `true` and `false`, and importing
it loads an interpreter that nothing here needs. Hostile text is stopped before the grammar's
regular expressions, which would backtrack without end on an unclosed string, see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ...errors import PayloadError

MAX_LENGTH = 10_000
MAX_DEPTH = 32
"""How deep brackets and operators may nest; chains of `&&` and `||` count once."""

_LEXICAL = re.compile(
    r"""//[^\r\n]*|(?P<triple>'''|\"{3})|"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'"""
    r"""|(?P<open>["'])|(?P<prefix>\b[rRbB]{1,2}(?=["']))|(?P<in>[(\[{])|(?P<out>[)\]}])"""
)
_TRANSPARENT = {"expr", "conditionalor", "conditionaland", "relation", "addition"} | {
    "multiplication", "unary", "member", "primary", "paren_expr"
}  # fmt: skip
_OPERATORS = {
    "relation_lt": "<", "relation_le": "<=", "relation_gt": ">", "relation_ge": ">=",
    "relation_eq": "==", "relation_ne": "!=", "relation_in": "in",
    "addition_add": "+", "addition_sub": "-",
    "multiplication_mul": "*", "multiplication_div": "/", "multiplication_mod": "%",
}  # fmt: skip
_CHAINS = {"conditionalor": "or", "conditionaland": "and"}

Shape = tuple[str, str, list[Any]]
"""A node's kind, its name, and the trees of its parts."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """One node. `kind` is literal, name, select, index, call, method, list, unary, binary, if, and
    or or.

    `name` holds the literal's token type, the identifier, the field, the function or the operator;
    `text` is the node's own source; `line` and `column` count from 1.
    """

    kind: str
    name: str
    text: str
    line: int
    column: int
    parts: tuple[Syntax, ...] = ()

    def problem(self, message: str) -> PayloadError:
        """The error to raise about this node."""
        return problem(message, self.line, self.column)


def problem(message: str, line: int, column: int) -> PayloadError:
    """A refusal of the rule at one place."""
    return PayloadError(
        f"the rule is refused at line {line}, column {column}: {message}",
        line=line,
        column=column,
        problem=message,
    )


def parse(text: str) -> Syntax:
    """The syntax tree of `text`. Raises PayloadError with line, column and problem."""
    _guard(text)
    return _build(_parse_with_lark(text), text, 0)


def _guard(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise problem(f"a rule has at most {MAX_LENGTH} characters", 1, 1)
    if surrogate := re.search(r"[\ud800-\udfff\x00]", text):
        raise _problem_at(text, surrogate.start(), "this is not a character of text")
    depth = 0
    for token in _LEXICAL.finditer(text):
        depth += (token["in"] is not None) - (token["out"] is not None)
        if depth > MAX_DEPTH:
            raise _problem_at(text, token.start(), f"nested deeper than {MAX_DEPTH} levels")
        for group, message in _REFUSED_LEXICALLY.items():
            if token[group] is not None:
                raise _problem_at(text, token.start(), message)


_REFUSED_LEXICALLY = {
    "triple": "triple-quoted strings are not in the subset",
    "open": "this string is not closed on its line",
    "prefix": "raw strings and bytes are not in the subset",
}


def _problem_at(text: str, offset: int, message: str) -> PayloadError:
    before = text[:offset]
    line_start = max(before.rfind("\n"), before.rfind("\r")) + 1
    return problem(message, before.count("\n") + 1, offset - line_start + 1)


@cache
def _grammar() -> Any:
    from lark import Lark, Token

    def keyword(token: Token) -> Token:
        if token.value in ("true", "false"):
            return Token.new_borrow_pos("BOOL_LIT", token.value, token)
        return token

    spec = find_spec("celpy")
    if spec is None or not spec.submodule_search_locations:  # pragma: no cover
        raise ModuleNotFoundError("cel-python is not installed: rules cannot be checked")
    return Lark(
        (Path(spec.submodule_search_locations[0]) / "cel.lark").read_text(encoding="utf-8"),
        parser="lalr",
        start="expr",
        g_regex_flags=re.M,
        lexer_callbacks={"IDENT": keyword},
        propagate_positions=True,
        maybe_placeholders=False,
    )


def _parse_with_lark(text: str) -> Any:
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    try:
        return _grammar().parse(text)
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise _problem_at(text, len(text), "the rule ends too early") from None
        found = f"{str(error.token)[:40]!r} is not expected here"
        raise problem(found, error.line, error.column) from None
    except UnexpectedCharacters as error:
        found = f"{text[error.pos_in_stream or 0]!r} is not expected here"
        raise problem(found, error.line, error.column) from None
    except UnexpectedInput as error:  # pragma: no cover
        raise problem("this does not parse", error.line or 1, error.column or 1) from None


def _build(tree: Any, text: str, depth: int) -> Syntax:
    while len(tree.children) == 1 and tree.data in _TRANSPARENT:
        tree = tree.children[0]
    if depth > MAX_DEPTH:
        meta = tree.meta
        raise problem(f"nested deeper than {MAX_DEPTH} levels", meta.line, meta.column)
    kind, name, parts = _shape(tree)
    meta = tree.meta
    return Syntax(
        kind,
        name,
        text[meta.start_pos : meta.end_pos],
        meta.line,
        meta.column,
        tuple(_build(part, text, depth + 1) for part in parts),
    )


def _shape(tree: Any) -> Shape:
    """One grammar node with all transparent layers taken off."""
    children = tree.children
    if tree.data in _CHAINS:
        return _CHAINS[tree.data], "", _chained(tree)
    if tree.data in _SHAPES:
        return _SHAPES[tree.data](children)
    if tree.data in ("map_lit", "member_object"):
        meta = tree.meta
        raise problem("map literals are not in the subset", meta.line, meta.column)
    operator, right = children
    return "binary", _OPERATORS[operator.data], [operator.children[0], right]


def _listed(children: list[Any]) -> list[Any]:
    return list(children[0].children) if children else []


def _chained(tree: Any) -> list[Any]:
    """`a && b && c`, which the grammar nests to the left, as one list."""
    data, links = tree.data, []
    while tree.data == data and len(tree.children) == 2:
        links.append(tree.children[1])
        tree = tree.children[0]
    return [tree, *reversed(links)]


_SHAPES: Final[dict[str, Callable[[list[Any]], Shape]]] = {
    "literal": lambda c: ("literal", str(c[0].type), []),
    "ident": lambda c: ("name", str(c[0]), []),
    "dot_ident": lambda c: ("name", str(c[0]), []),
    "member_dot": lambda c: ("select", str(c[1]), [c[0]]),
    "member_index": lambda c: ("index", "", c),
    "member_dot_arg": lambda c: ("method", str(c[1]), [c[0], *_listed(c[2:])]),
    "ident_arg": lambda c: ("call", str(c[0]), _listed(c[1:])),
    "dot_ident_arg": lambda c: ("call", str(c[0]), _listed(c[1:])),
    "list_lit": lambda c: ("list", "", _listed(c)),
    "expr": lambda c: ("if", "", c),
    "unary": lambda c: ("unary", "!" if c[0].data == "unary_not" else "-", [c[1]]),
}
