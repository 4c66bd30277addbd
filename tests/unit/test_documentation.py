"""What users rely on is written down: every route, every setting, every rule and its tests."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from chalice.test import Client

import app as application
from chalicelib.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMPLIANCE = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(
    r"^\*\*`([^`]+)`\*\*[^\n]*\n\n```(python|diff)\n(.*?)^```",
    (ROOT / "docs" / "adding-a-channel.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
"""Files of the documented channel, whole or as differences, in the order of the page."""
FIRST_SMS = "sms0"
"""The id of the case that the page adds before the others."""
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
"""A test, as pytest takes it."""


def named_in(path: Path) -> set[tuple[str, str]]:
    """The tests of a file, by its path and their names."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    where = path.relative_to(ROOT).as_posix()
    return {(where, name) for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)}


def routes() -> set[tuple[str, str]]:
    return {(path, method) for path, found in application.app.routes.items() for method in found}


def test_every_route_is_in_the_readme() -> None:
    assert {path for path, _ in routes() if f"`{path}`" not in README} == set()


def test_every_setting_is_in_the_readme() -> None:
    assert {n.upper() for n in Settings.model_fields if f"`{n.upper()}`" not in README} == set()


def test_every_route_is_in_the_openapi_document() -> None:
    with Client(application.app) as client:
        document = json.loads(client.http.get("/openapi.json").body)

    described = {(path, m.upper()) for path, found in document["paths"].items() for m in found}
    assert described == routes()


def test_every_rule_names_the_tests_that_show_it() -> None:
    rows = [line for line in COMPLIANCE.splitlines() if line.startswith("| ")]
    rules = [row for row in rows if not row.startswith("| rule |")]

    assert len(rules) > 30
    assert [row for row in rules if not TEST.search(row)] == []


def test_every_test_that_a_rule_names_exists() -> None:
    named = {(path, name) for path, name in TEST.findall(COMPLIANCE)}

    assert {found for found in named if found not in named_in(Path(ROOT, found[0]))} == set()


def test_every_test_of_compliance_stands_with_its_rule() -> None:
    written = {test for path in ROOT.glob("tests/compliance/test_*.py") for test in named_in(path)}

    assert written - set(TEST.findall(COMPLIANCE)) == set()


def test_the_documented_channel_has_fewer_than_120_lines() -> None:
    whole = [line for _, kind, text in EXAMPLE if kind == "python" for line in text.splitlines()]
    told = [line for _, kind, text in EXAMPLE if kind == "diff" for line in text.splitlines()]

    assert len(whole) + len([line for line in told if line.startswith("+")]) < 120


WARNINGS = ("-W", "error", "-W", "ignore:pkg_resources is deprecated as an API")
"""As pyproject.toml has them, whose other options are not for a copy without plugins."""


def test_the_documented_channel_keeps_the_contract_of_carriers(tmp_path: Path) -> None:
    """In a copy of the house, as somebody would add it; its seconds keep the page from rotting."""
    left_out = shutil.ignore_patterns("__pycache__", "completejourney")
    for folder in ("chalicelib", "infra/local", "tests/contracts/outbound"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    for path, kind, text in EXAMPLE:
        file = tmp_path / path
        file.write_text(text if kind == "python" else changed(file.read_text("utf-8"), text))

    contract = "tests/contracts/outbound/test_carrier_contract.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *WARNINGS, "-k", FIRST_SMS, contract],
        cwd=tmp_path,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.match(r"\.{15} ", done.stdout), done.stdout


def changed(text: str, difference: str) -> str:
    """A file after a difference whose parts, parted by `@@`, each fit one place in it."""
    for part in difference.split("@@\n"):
        lines = part.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(before) == 1, f"the page no longer fits the house:\n{before}"
        text = text.replace(before, after)
    return text
