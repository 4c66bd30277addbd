"""Looks over the templates: `python -m infra.lint --checkov PATH [--stage dev]`.

cfn-lint tells what CloudFormation would refuse, checkov (a program of its own, see the Makefile)
what is unsafe. Each finding is mended, or stands in infra/lint.yaml with its reason; an entry there
that no finding answers to fails as well. Never here: the network. Neither program asks anybody.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from .deployment import packaged
from .packaging import BUILD, ROOT, PackagingError

STATE = ROOT / "infra" / "resources.yaml"
EXCEPTIONS = ROOT / "infra" / "lint.yaml"

_LONGEST = 200
_CFN_LINT = "import sys; from cfnlint.runner import main; sys.exit(main())"
_CHECKOV = ("--framework", "cloudformation", "--skip-download", "--soft-fail", "--output", "json")


@dataclass(frozen=True)
class Finding:
    """What a check says of a resource (its logical id, or `-`) in the template of that name."""

    template: str
    check: str
    resource: str
    message: str

    def __str__(self) -> str:
        return f"{self.template}: {self.check} {self.resource}: {self.message[:_LONGEST]}"


@dataclass(frozen=True)
class Excused:
    """Findings that are left as they are, in the templates named, and why."""

    check: str
    templates: tuple[str, ...]
    resources: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return (
            finding.check == self.check
            and finding.template in self.templates
            and fnmatchcase(finding.resource, self.resources)
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.lint", description=__doc__)
    parser.add_argument("--stage", default="dev", help="whose package is looked over, if built")
    parser.add_argument("--checkov", type=Path, help="the program; without it, cfn-lint alone")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            templates = {"state": STATE, **_of_package(chosen.stage, Path(folder))}
            findings = [*run_cfn_lint(templates)]
            if chosen.checkov:
                findings += run_checkov(chosen.checkov, templates, Path(folder))
        except PackagingError as error:
            print(f"lint: {error}", file=sys.stderr)
            return 1
    excused = read_exceptions()
    wrong = [str(f) for f in findings if not any(e.covers(f) for e in excused)]
    if chosen.checkov:
        wrong += stale(excused, findings, templates)
    print("\n".join(wrong) or _summary(templates, findings))
    return 1 if wrong else 0


def run_cfn_lint(templates: Mapping[str, Path]) -> Iterator[Finding]:
    """What cfn-lint finds, warnings and notes included."""
    command = (sys.executable, "-c", _CFN_LINT, "--format", "json")
    names = {str(path): name for name, path in templates.items()}
    for found in _told([*command, *names]):
        path = [str(step) for step in found["Location"]["Path"] or ()]
        resource = path[1] if path[:1] == ["Resources"] and len(path) > 1 else "-"
        name = names[found["Filename"]]
        yield Finding(name, found["Rule"]["Id"], resource, found["Message"])


def run_checkov(program: Path, templates: Mapping[str, Path], folder: Path) -> Iterator[Finding]:
    """What checkov finds; `folder` is for copies. Raises PackagingError where it could not read."""
    names = {str(_plain(path, folder / name)): name for name, path in templates.items()}
    files = [part for path in names for part in ("--file", path)]
    results = _told([str(program), *_CHECKOV, *files])["results"]
    read = {names[check["file_abs_path"]] for check in results["passed_checks"]}
    if unread := templates.keys() - read:
        raise PackagingError(f"checkov could not read the template {', '.join(unread)}")
    for found in results["failed_checks"]:
        resource = found["resource"].rpartition(".")[2]
        template = names[found["file_abs_path"]]
        yield Finding(template, found["check_id"], resource, found["check_name"])


def read_exceptions(path: Path = EXCEPTIONS) -> tuple[Excused, ...]:
    """The entries of infra/lint.yaml. Raises KeyError for one without its reason."""
    return tuple(
        Excused(
            entry["check"],
            tuple(entry["templates"]),
            entry.get("resources", "*"),
            entry["reason"],
        )
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    )


def stale(
    excused: Iterable[Excused], findings: Sequence[Finding], templates: Collection[str]
) -> list[str]:
    """A line for each exception, and template of it that was looked over, without a finding."""
    return [
        f"infra/lint.yaml: nothing in {name} answers to {entry.check}: take it out"
        for entry in excused
        for name in entry.templates
        if name in templates and not any(entry.covers(f) for f in findings if f.template == name)
    ]


def _of_package(stage: str, folder: Path) -> dict[str, Path]:
    """What chalice wrote, and what is deployed of it by CloudFormation; nothing if not built."""
    out = BUILD / stage / "out"
    if not (out / "sam.json").exists():
        print(f"no package of {stage} is built (make package): infra/resources.yaml alone")
        return {}
    release = packaged.release(packaged.read_sam(out), stage, bucket="any", sha256="0" * 64)
    made = folder / "packaged.json"
    made.write_bytes(release.body)
    return {"chalice": out / "sam.json", "packaged": made}


def _plain(template: Path, copy: Path) -> Path:
    """A template of chalice's with its `Fn::Sub` as plain text, the state's as it is.

    checkov builds a parser for each place where it fills one in: ten seconds for hundreds.
    """
    if template.suffix != ".json":
        return template
    copy = copy.with_suffix(".plain.json")
    copy.write_text(json.dumps(_unsubstituted(json.loads(template.read_text("utf-8")))), "utf-8")
    return copy


def _unsubstituted(value: Any) -> Any:
    if isinstance(value, list):
        return [_unsubstituted(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if isinstance(text := value.get("Fn::Sub"), str):
        return text.replace("$", "")
    return {key: _unsubstituted(entry) for key, entry in value.items()}


def _told(command: Sequence[str]) -> Any:
    """The JSON that a program prints. Raises PackagingError where it prints something else."""
    # With no key in its environment, checkov has nobody to report to.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ended = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, check=False
    )
    try:
        return json.loads(ended.stdout)
    except json.JSONDecodeError:
        raise PackagingError(f"{command[0]} failed: {ended.stderr.strip()[-2000:]}") from None


def _summary(templates: Collection[str], findings: Sequence[Finding]) -> str:
    return f"{', '.join(templates)}: clean, but for {len(findings)} findings of infra/lint.yaml"


if __name__ == "__main__":
    sys.exit(main())
