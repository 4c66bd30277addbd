"""Runs `chalice package` on a clean copy of the project, and refuses what it only warns of.

The copy is why nothing stale can be shipped: chalice reuses a package that it finds, hiding what
was missing from it, and ships every file below chalicelib, compiled ones of another Python too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import PackagingError
from .models import FOLDER, write_models

REGION = "us-east-1"
"""Chalice stops without a region; nothing of it is in what it packages."""

_SHIPPED = ("app.py", "requirements.txt")
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.md")
_MISSING = "Could not install dependencies"
_REUSED = "Reusing existing"

_VALIDATE = (
    "import os, sys; from chalice.cli.factory import CLIFactory; "
    "from chalice.deploy.validate import validate_configuration as validate; "
    "validate(CLIFactory(os.getcwd()).create_config_obj(sys.argv[1]))"
)
"""`chalice deploy` checks routes, names and the config by this; `chalice package` does not."""


@dataclass(frozen=True)
class Built:
    """What `chalice package` made: the zip, and the SAM template that describes the functions."""

    stage: str
    project: Path
    zip: Path
    template: Mapping[str, Any]

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of each function in the template, by its handler (`app.app`)."""
        resources = self.template["Resources"].values()
        made = (r["Properties"] for r in resources if r["Type"] == "AWS::Serverless::Function")
        return {properties["Handler"]: properties for properties in made}


def read_config(root: Path, stage: str) -> dict[str, Any]:
    """`.chalice/config.json`. Raises PackagingError where it has no such stage."""
    config: dict[str, Any] = json.loads((root / ".chalice" / "config.json").read_text("utf-8"))
    if stage not in config["stages"]:
        known = ", ".join(sorted(config["stages"]))
        raise PackagingError(f"there is no stage {stage!r} in .chalice/config.json, only {known}")
    return config


def copy_project(root: Path, project: Path) -> None:
    """What is to be shipped and what chalice reads, in a new folder."""
    shutil.rmtree(project, ignore_errors=True)
    (project / ".chalice").mkdir(parents=True)
    for name in _SHIPPED:
        shutil.copy2(root / name, project / name)
    for stated in sorted((root / ".chalice").glob("*.json")):
        shutil.copy2(stated, project / ".chalice")
    shutil.copytree(root / "chalicelib", project / "chalicelib", ignore=_NOT_SHIPPED)


def build(builder: Path, root: Path, folder: Path, stage: str, *, models: Path) -> Built:
    """Package the stage afresh into `folder`, with what we need of `models`, a botocore's `data`.

    Raises PackagingError.
    """
    project, out = folder / "project", folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    copy_project(root, project)
    write_models(models, project / FOLDER)
    refuse(run_chalice(builder, project, "package", "--stage", stage, str(out)))
    _run((str(builder / "python"), "-c", _VALIDATE, stage), project)
    template = json.loads((out / "sam.json").read_text(encoding="utf-8"))
    return Built(stage, project, out / "deployment.zip", template)


def refuse(output: str) -> None:
    """Raise PackagingError for what chalice says and then carries on after."""
    if _MISSING in output:
        named = output.partition(_MISSING)[2].partition("You will have to")[0].strip(": \n")
        raise PackagingError(f"chalice could not install {', '.join(named.split())}")
    if _REUSED in output:
        raise PackagingError("chalice reused an older package: remove build/package and try again")


def run_chalice(builder: Path, project: Path, *arguments: str, region: str = REGION) -> str:
    """What chalice said. Raises PackagingError when it fails."""
    return _run((str(builder / "chalice"), *arguments), project, region)


def _run(command: Sequence[str], project: Path, region: str = REGION) -> str:
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment.setdefault("AWS_DEFAULT_REGION", region)
    done = subprocess.run(  # noqa: S603
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackagingError(f"chalice refuses the project:\n{reason_of(done.stdout)}")
    return done.stdout


def reason_of(output: str) -> str:
    """What a failed command said, without the traceback that led there."""
    lines = output.strip().splitlines()
    last_frame = max((n for n, line in enumerate(lines) if line.startswith(" ")), default=-1)
    return "\n".join(lines[last_frame + 1 :] or lines[-5:])
