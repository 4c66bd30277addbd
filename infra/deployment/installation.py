"""Puts a package in place by chalice: functions, roles and API, byte for byte as it was proven.

Chalice uploads a zip that it finds under the name it would give it, and builds one otherwise. So
the proven zip is put there, on a copy of the project made for this deployment; and of each function
Lambda's own digest of its code is then compared with the zip's. Never here: the stateful stack.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..packaging import PackagingError
from ..packaging.building import read_config, run_chalice
from . import release
from .release import Target

_NAME = (
    "import os, sys; from chalice.cli.factory import CLIFactory; "
    "from chalice.deploy.packager import LambdaDeploymentPackager as Packager; "
    "from chalice.utils import OSUtils, UI; "
    "config = CLIFactory(os.getcwd()).create_config_obj(sys.argv[1]); config.chalice_app; "
    "packager = Packager(OSUtils(), None, UI(), config.lambda_architecture); "
    "named = (os.getcwd(), config.lambda_python_version); "
    "print(packager.deployment_package_filename(*named))"
)
"""The zip's name is a digest of the project's files, and of what importing them compiled, in the
order in which this folder lists them: so chalice tells it, in this very folder, with app imported.
"""
_USUAL_DAYS = 30
_REUSED = "Reusing existing deployment package"


@dataclass(frozen=True)
class Package:
    """A proven package: its stage, the project that chalice packaged, the zip that was proven, and
    the bin folder of the Python that chalice runs by."""

    stage: str
    project: Path
    zip: Path
    builder: Path

    @property
    def sha256(self) -> str:
        """Of the zip, hex."""
        return sha256(self.zip.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Installed:
    """What stands: the API's URL, and the copy of the project with its settings filled in."""

    url: str
    project: Path


def install(session: Any, package: Package, target: Target) -> Installed:
    """Bring functions and API up to date. Raises PackagingError."""
    s3 = session.client("s3")
    project = _copy(package)
    record = release.fetch_record(s3, project, target)
    release.narrow_policies(project, target)
    complete = release.fill_in(project, target, release.api_url(record))
    record = _deploy(s3, package, project, target)
    if not complete:
        print("the API's own URL is known now: deploying again with it …", flush=True)
        release.fill_in(project, target, release.api_url(record))
        record = _deploy(s3, package, project, target)
    count = compare_code(session.client("lambda"), record, package.sha256)
    print(f"{count} functions run the proven zip, {package.sha256[:12]}…", flush=True)
    limit_logs(session.client("logs"), record, _retention_days(project, target.stage))
    return Installed(_url(record), project)


def compare_code(client: Any, record: Mapping[str, Any], sha256_hex: str) -> int:
    """How many functions there are, all of them with the code of that digest.

    Raises PackagingError naming those that run another. `CodeSha256` is the digest of the zip as it
    was uploaded, Base64:
    https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
    """
    wanted = base64.b64encode(bytes.fromhex(sha256_hex)).decode()
    names = _functions(record)
    found = {n: client.get_function_configuration(FunctionName=n)["CodeSha256"] for n in names}
    if others := [name for name, code in found.items() if code != wanted]:
        raise PackagingError(f"other code than the proven zip runs in {', '.join(others)}")
    return len(names)


def limit_logs(client: Any, record: Mapping[str, Any], days: int) -> None:
    """Have each function's log forgotten after so many days.

    Chalice says so of a log `<app>-<stage>-api_handler`, and the API's function is `<app>-<stage>`:
    its log would be kept for ever.
    """
    for name in _functions(record):
        group = f"/aws/lambda/{name}"
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_group(logGroupName=group)
        client.put_retention_policy(logGroupName=group, retentionInDays=days)


def _functions(record: Mapping[str, Any]) -> list[str]:
    """The names of the functions that chalice deployed."""
    resources = record["resources"]
    arns = (r["lambda_arn"] for r in resources if r["resource_type"] == "lambda_function")
    return [arn.rpartition(":")[2] for arn in arns]


def _retention_days(project: Path, stage: str) -> int:
    config = read_config(project, stage)
    name = "log_retention_in_days"
    return int(config["stages"][stage].get(name, config.get(name, _USUAL_DAYS)))


def _copy(package: Package) -> Path:
    """The project in a folder of its own, with the proven zip where chalice will look for it."""
    project = package.project.with_name("deploying")
    shutil.rmtree(project, ignore_errors=True)
    left_out = shutil.ignore_patterns("deployments", "deployed", "__pycache__")
    shutil.copytree(package.project, project, ignore=left_out)
    place = Path(_named_by_chalice(package, project))
    place.parent.mkdir(parents=True)
    shutil.copyfile(package.zip, place)
    return project


def _named_by_chalice(package: Package, project: Path) -> str:
    asked = subprocess.run(  # noqa: S603
        [str(package.builder / "python"), "-I", "-c", _NAME, package.stage],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        last = "\n".join(asked.stderr.strip().splitlines()[-3:])
        raise PackagingError(f"chalice cannot name the package: {last}")
    return asked.stdout.strip().splitlines()[-1]


def _deploy(s3: Any, package: Package, project: Path, target: Target) -> Mapping[str, Any]:
    print(f"chalice deploy --stage {target.stage} …", flush=True)
    arguments = ("deploy", "--stage", target.stage)
    said = run_chalice(package.builder, project, *arguments, region=target.region)
    record = release.keep_record(s3, project, target)
    if _REUSED not in said:
        raise PackagingError(
            "chalice deployed another zip than the proven one: run make package and deploy again"
        )
    _url(record)
    return record


def _url(record: Mapping[str, Any]) -> str:
    url = release.api_url(record)
    if url is None:
        raise PackagingError("chalice deployed no REST API")
    return url
