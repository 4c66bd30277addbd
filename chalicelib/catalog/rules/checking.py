"""From syntax to the checked form: names resolved, types checked, literals read.

Every refusal is a PayloadError with the line and column of the part at fault. What is not in the
documented subset (RULES.md) is refused by name, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from . import nodes, schema
from .calls import FUNCTIONS, METHODS, REFUSED, Signature
from .literals import read_double, read_int, read_string
from .nodes import Node
from .syntax import Syntax

Scope = Mapping[str, str]
"""The types of the variables that enclosing macros bind."""

_ARITHMETIC: Final = {
    ("+", "timestamp", "duration"): "timestamp",
    ("+", "duration", "timestamp"): "timestamp",
    ("-", "timestamp", "duration"): "timestamp",
    ("-", "timestamp", "timestamp"): "duration",
    ("+", "duration", "duration"): "duration",
    ("-", "duration", "duration"): "duration",
    ("+", "string", "string"): "string",
    **{(op, "int", "int"): "int" for op in "+-*/%"},
    **{(op, "double", "double"): "double" for op in "+-*/"},
}
_KEYWORDS: Final = {"in", "null", "true", "false"}


def check_condition(syntax: Syntax, scope: Scope) -> Node:
    """The node of a part that stands where only true or false may stand."""
    if syntax.kind in ("and", "or"):
        return nodes.connection(syntax.kind, [check_condition(p, scope) for p in syntax.parts])
    if syntax.kind == "unary" and syntax.name == "!":
        return nodes.negation(check_condition(syntax.parts[0], scope))
    if syntax.kind == "if":
        test, then, otherwise = (check_condition(p, scope) for p in syntax.parts)
        return nodes.choice(test, then, otherwise, "bool")
    node = check_value(syntax, scope)
    if node["type"] not in ("bool", "dyn"):
        raise syntax.problem(f"a condition is true or false, this is a {node['type']}")
    if nodes.is_const(node):
        return {**node, "text": node.get("text", syntax.text)}
    return node if "text" in node else nodes.condition("is", [node], syntax.text)


def check_value(syntax: Syntax, scope: Scope) -> Node:
    """The node of any part."""
    return _CHECKS[syntax.kind](syntax, scope)


def _literal(syntax: Syntax, scope: Scope) -> Node:
    text = syntax.text
    try:
        match syntax.name:
            case "BOOL_LIT":
                return nodes.const(text == "true", "bool")
            case "INT_LIT":
                return nodes.const(read_int(text), "int")
            case "FLOAT_LIT":
                return nodes.const(read_double(text), "double")
            case "STRING_LIT":
                return nodes.const(read_string(text), "string")
            case "NULL_LIT":
                raise ValueError("null is not in the subset: write has(customer.name)")
            case _:
                raise ValueError("unsigned numbers are not in the subset: leave off the u")
    except ValueError as error:
        raise syntax.problem(str(error)) from None


def _name(syntax: Syntax, scope: Scope) -> Node:
    name = syntax.name
    if name in scope:
        return {"read": [name], "type": scope[name]}
    if name in schema.ROOTS:
        raise syntax.problem(f"{name} alone is no value: write {name}.<name>")
    roots = ", ".join(schema.ROOTS)
    hint = f"; is it customer.{name}?" if name in schema.CUSTOMER else ""
    raise syntax.problem(f"{name} is unknown: a rule reads {roots}{hint}")


def _select(syntax: Syntax, scope: Scope) -> Node:
    if syntax.name in _KEYWORDS:
        raise syntax.problem(f"{syntax.name} is a word of the language, not a name")
    return _read(syntax, syntax.parts[0], syntax.name, scope)


def _index(syntax: Syntax, scope: Scope) -> Node:
    of, at = syntax.parts
    key = check_value(at, scope)
    if key["type"] == "string" and nodes.is_const(key):
        return _read(syntax, of, key["const"], scope)
    container = check_value(of, scope)
    wanted = "string" if schema.is_map(container["type"]) else "int"
    if container["type"] != "dyn" and not schema.is_list(container["type"]) and wanted == "int":
        raise syntax.problem(f"a {container['type']} has no parts to pick with [...]")
    if container["type"] != "dyn" and key["type"] not in (wanted, "dyn"):
        raise at.problem(f"a {container['type']} is indexed by a {wanted}, not a {key['type']}")
    return nodes.operation("index", [container, key], schema.element(container["type"]))


def _read(syntax: Syntax, of: Syntax, name: str, scope: Scope) -> Node:
    """`of.name`, which for a map means the same as `of['name']`."""
    if of.kind == "name" and of.name in schema.ROOTS and of.name not in scope:
        return {"read": [of.name, name], "type": _declared(syntax, of.name, name)}
    container = check_value(of, scope)
    if container["type"] != "dyn" and not schema.is_map(container["type"]):
        raise syntax.problem(f"a {container['type']} has no part called {name!r}")
    type_ = schema.element(container["type"])
    if "read" in container:
        return {"read": [*container["read"], name], "type": type_}
    return nodes.operation("index", [container, nodes.const(name, "string")], type_)


def _declared(syntax: Syntax, root: str, name: str) -> str:
    fields = schema.ROOTS[root]
    if name in fields:
        return fields[name]
    if root == "customer":
        return "dyn"
    close = get_close_matches(name, fields, 1)
    hint = f"is it {root}.{close[0]}?" if close else f"there are {', '.join(fields)}"
    raise syntax.problem(f"{root} has no {name!r}: {hint}")


def _list(syntax: Syntax, scope: Scope) -> Node:
    items = [check_value(part, scope) for part in syntax.parts]
    return {"list": items, "type": f"list({schema.joined([i['type'] for i in items])})"}


def _unary(syntax: Syntax, scope: Scope) -> Node:
    if syntax.name == "!":
        return check_condition(syntax, scope)
    part = check_value(syntax.parts[0], scope)
    if part["type"] not in schema.NUMBERS | {"dyn"}:
        raise syntax.problem(f"- needs a number, not a {part['type']}")
    if nodes.is_const(part) and part["const"] != -(2**63):
        return {**part, "const": -part["const"]}
    return nodes.operation("neg", [part], part["type"])


def _binary(syntax: Syntax, scope: Scope) -> Node:
    operands = [check_value(part, scope) for part in syntax.parts]
    left, right = (node["type"] for node in operands)
    op = syntax.name
    if op in ("<", "<=", ">", ">="):
        ordered = {left, right} <= schema.ORDERED | {"dyn"}
        fits = ordered and schema.comparable(left, right)
    elif op == "in":
        holds = right == "dyn" or schema.is_list(right) or schema.is_map(right)
        inner = "string" if schema.is_map(right) else schema.element(right)
        fits = holds and schema.comparable(left, inner)
    elif op in ("==", "!="):
        fits = schema.comparable(left, right)
    else:
        return nodes.operation(op, operands, _result(syntax, left, right))
    if not fits:
        raise syntax.problem(f"{op} cannot compare a {left} with a {right}")
    return nodes.condition(op, operands, syntax.text)


def _result(syntax: Syntax, left: str, right: str) -> str:
    """The type of `left op right`: the one that every fitting overload gives, else dyn."""
    op = syntax.name
    if left == right == "dyn":
        return "dyn"
    fitting = [
        result
        for (overload, *operands), result in _ARITHMETIC.items()
        if overload == op and left in (operands[0], "dyn") and right in (operands[1], "dyn")
    ]
    if op == "+" and all(type_ == "dyn" or schema.is_list(type_) for type_ in (left, right)):
        fitting.append(f"list({schema.joined([schema.element(left), schema.element(right)])})")
    if fitting:
        return schema.joined(fitting)
    hint = ": write double(...) round the int" if {left, right} == schema.NUMBERS else ""
    raise syntax.problem(f"{op} cannot join a {left} and a {right}{hint}")


def _conditional(syntax: Syntax, scope: Scope) -> Node:
    test = check_condition(syntax.parts[0], scope)
    then, otherwise = (check_value(part, scope) for part in syntax.parts[1:])
    types = [then["type"], otherwise["type"]]
    if "dyn" not in types and types[0] != types[1]:
        raise syntax.problem(f"? : must give one type, not a {types[0]} or a {types[1]}")
    return nodes.choice(test, then, otherwise, schema.joined(types))


def _call(syntax: Syntax, scope: Scope) -> Node:
    if syntax.name == "has":
        return _has(syntax, scope)
    return _apply(syntax, FUNCTIONS, list(syntax.parts), scope)


def _method(syntax: Syntax, scope: Scope) -> Node:
    if syntax.name in ("exists", "all"):
        return _macro(syntax, scope)
    return _apply(syntax, METHODS, list(syntax.parts), scope)


def _apply(
    syntax: Syntax, table: Mapping[str, Signature], parts: list[Syntax], scope: Scope
) -> Node:
    name = syntax.name
    if name not in table:
        raise syntax.problem(REFUSED.get(name, f"{name}() is not in the subset"))
    args = [check_value(part, scope) for part in parts]
    result, finish = table[name].resolve(syntax, [a["type"] for a in args])
    if finish is not None and (folded := finish(syntax, args)) is not None:
        return folded
    if result == "bool":
        return nodes.condition(name, args, syntax.text)
    return nodes.operation(name, args, result)


def _has(syntax: Syntax, scope: Scope) -> Node:
    if len(syntax.parts) != 1 or syntax.parts[0].kind != "select":
        raise syntax.problem("has() asks for one name: has(customer.name); for a key, 'key' in map")
    return nodes.condition("has", [check_value(syntax.parts[0], scope)], syntax.text)


def _macro(syntax: Syntax, scope: Scope) -> Node:
    if len(syntax.parts) != 3 or syntax.parts[1].kind != "name":
        raise syntax.problem(f"{syntax.name} is written list.{syntax.name}(item, condition)")
    of, variable, body = syntax.parts
    over = check_value(of, scope)
    if (
        over["type"] != "dyn"
        and not schema.is_list(over["type"])
        and not schema.is_map(over["type"])
    ):
        raise of.problem(f"{syntax.name} goes through a list, not a {over['type']}")
    if variable.name in schema.ROOTS:
        raise variable.problem(f"{variable.name} is taken: use another name for the item")
    item = "string" if schema.is_map(over["type"]) else schema.element(over["type"])
    inner = check_condition(body, {**scope, variable.name: item})
    return nodes.condition(syntax.name, [over, inner], syntax.text, var=variable.name)


_CHECKS: Final[dict[str, Callable[[Syntax, Scope], Node]]] = {
    "literal": _literal,
    "name": _name,
    "select": _select,
    "index": _index,
    "list": _list,
    "unary": _unary,
    "binary": _binary,
    "if": _conditional,
    "call": _call,
    "method": _method,
    "and": check_condition,
    "or": check_condition,
}
