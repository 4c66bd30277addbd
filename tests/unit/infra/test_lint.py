"""What is found in the templates is mended or excused; the programs that find it have their own
tests, and run in `make lint-template`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from infra import lint
from infra.lint import Excused, Finding
from infra.packaging import PackagingError

HOT = Finding("state", "CKV_1", "LedgerTable", "is too hot")
EXCUSED = Excused("CKV_1", ("state", "chalice"), "*Table", "it is meant to be")


def a_checkov(folder: Path, *, failed: str, passed: str) -> Path:
    """A program that answers as checkov does, and tells of its environment."""
    program = folder / "checkov"
    program.write_text(
        f"""#!{sys.executable}
import json, os, sys
files = [value for flag, value in zip(sys.argv, sys.argv[1:]) if flag == "--file"]
check = dict(check_id="CKV_1", check_name=str(sorted(os.environ)), resource="AWS::X.LedgerTable")
print(json.dumps(dict(results=dict(
    failed_checks=[dict(check, file_abs_path=f) for f in files if {failed!r} in f],
    passed_checks=[dict(check, file_abs_path=f) for f in files if {passed!r} in f],
))))
"""
    )
    program.chmod(0o755)
    return program


def test_each_exception_says_why() -> None:
    for excused in lint.read_exceptions():
        assert set(excused.templates) <= {"state", "chalice", "packaged"}
        assert len(excused.reason) > 60, excused.check


def test_an_exception_covers_its_check_template_and_resource_alone() -> None:
    assert EXCUSED.covers(HOT)
    assert not EXCUSED.covers(Finding("packaged", "CKV_1", "LedgerTable", ""))
    assert not EXCUSED.covers(Finding("state", "CKV_2", "LedgerTable", ""))
    assert not EXCUSED.covers(Finding("state", "CKV_1", "Dashboard", ""))


def test_an_exception_that_nothing_answers_to_is_named() -> None:
    assert lint.stale([EXCUSED], [HOT], ["state"]) == []
    (line,) = lint.stale([EXCUSED], [HOT], ["state", "chalice"])

    assert line == "infra/lint.yaml: nothing in chalice answers to CKV_1: take it out"


def test_checkov_is_told_of_no_key_and_what_it_finds_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BC_API_KEY", "secret")
    template = tmp_path / "state.yaml"
    template.touch()

    program = a_checkov(tmp_path, failed="state", passed="state")
    (finding,) = lint.run_checkov(program, {"state": template}, tmp_path)

    assert (finding.template, finding.check, finding.resource) == ("state", "CKV_1", "LedgerTable")
    assert "BC_API_KEY" not in finding.message


def test_a_template_that_checkov_passes_over_is_no_clean_one(tmp_path: Path) -> None:
    templates = {"state": tmp_path / "state.yaml", "chalice": tmp_path / "sam.json"}
    for path in templates.values():
        path.write_text("{}")

    program = a_checkov(tmp_path, failed="state", passed="state")
    with pytest.raises(PackagingError, match="could not read the template chalice"):
        [*lint.run_checkov(program, templates, tmp_path)]


def test_a_program_that_breaks_is_no_clean_template(tmp_path: Path) -> None:
    program = tmp_path / "checkov"
    program.write_text(f"#!{sys.executable}\nraise SystemExit('no such option')")
    program.chmod(0o755)

    with pytest.raises(PackagingError, match="no such option"):
        [*lint.run_checkov(program, {"state": tmp_path / "state.yaml"}, tmp_path)]


def test_substitutions_are_plain_text_for_checkov(tmp_path: Path) -> None:
    template = tmp_path / "sam.json"
    template.write_text(json.dumps({"a": [{"Fn::Sub": "${AWS::Region}/x"}], "b": {"Ref": "C"}}))

    program = a_checkov(tmp_path, failed="none", passed="chalice")
    assert [*lint.run_checkov(program, {"chalice": template}, tmp_path)] == []

    plain = json.loads((tmp_path / "chalice.plain.json").read_text("utf-8"))
    assert plain == {"a": ["{AWS::Region}/x"], "b": {"Ref": "C"}}
