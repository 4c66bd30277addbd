"""The floors of the house: who may import whom, and that nothing reaches upward."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "chalicelib"

GROUND = {
    *("model", "errors", "settings", "documents", "queues", "zones", "assortment", "files"),
    *("lazily", "aws", "telemetry"),
}
ROOMS = {
    *("understanding", "decisioning", "preference", "replies"),
    *("inbound", "outbound", "customers", "catalog", "ledger", "console"),
}
FLOORS: list[set[str]] = [
    GROUND,
    ROOMS,
    {"steps"},
    {"pipeline"},
    {"wiring", "work", "engines", "indexing", "preloading"},
    {"web"},
    {"openapi"},
]
PURE = {"understanding", "decisioning", "preference", "replies", "model", "errors", "zones"}
IMPURE_MODULES = {"boto3", "botocore", "urllib3", "requests", "socket", "subprocess", "http"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor_of(room: str) -> int:
    return next(n for n, floor in enumerate(FLOORS) if room in floor)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every absolute name that a module imports, with its line."""
    package = ("chalicelib", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            whole = ".".join(part for part in (base, node.module or "") if part)
            yield from ((f"{whole}.{alias.name}", node.lineno) for alias in node.names)


def test_every_module_has_a_place_in_the_house() -> None:
    known = {"__init__", *(room for floor in FLOORS for room in floor)}

    assert {room_of(path) for path in modules()} <= known


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    for name, line in imports(path):
        parts = name.split(".")
        assert parts[0] not in {"infra", "tests", "app"}, f"{path}:{line} reaches out of the house"
        if parts[0] != "chalicelib" or len(parts) == 1 or parts[1] == room:
            continue
        target = parts[1]
        assert floor_of(target) <= floor_of(room), f"{path}:{line} imports upward: {target}"
        if room in ROOMS:
            assert target not in ROOMS, f"{path}:{line}: rooms never import each other"


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_pure_room_does_no_input_or_output(room: str) -> None:
    for path in modules():
        if room_of(path) == room:
            used = {name.split(".")[0] for name, _ in imports(path)}
            assert not used & IMPURE_MODULES, path


def test_only_settings_reads_the_environment() -> None:
    for path in modules():
        if path.name != "settings.py":
            text = path.read_text(encoding="utf-8")
            assert "os.environ" not in text, path
            assert "getenv" not in text, path


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_module_says_what_lives_there(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or not path.read_text()
