"""What chalice writes for Terraform, made whole: `python -m infra.packaged --terraform`.

Chalice refuses to package for Terraform where logs are kept for a number of days, and asks for
providers that know no Python 3.13. Both are mended here; the account's settings become variables.
Never here: Terraform itself, which whoever uses it runs.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..packaging import PackagingError
from ..packaging.building import run_chalice
from .installation import Package

VERSIONS: Mapping[str, Any] = {
    "required_version": ">= 1.5",
    "required_providers": {
        # 5.78 is the first to know python3.13; 6 knows no deployment that makes its own stage.
        "aws": {"source": "hashicorp/aws", "version": ">= 5.78, < 6"},
        "null": {"source": "hashicorp/null", "version": ">= 3, < 4"},
    },
}
VARIABLES: Mapping[str, Any] = {
    "artifacts_bucket": {
        "type": "string",
        "description": "The output ArtifactsBucket of the stack that holds the state.",
    },
    "public_url": {
        "type": "string",
        "default": "",
        "description": "Where the world reaches us: the output EndpointURL, or a domain of yours.",
    },
}

_HERE = ":${data.aws_region.chalice.name}:${data.aws_caller_identity.chalice.account_id}:"
_DAYS = "log_retention_in_days"


def write(package: Package) -> Path:
    """`chalice.tf.json` with the proven zip beside it, in a folder beside the project.

    Raises PackagingError where chalice made another zip.
    """
    folder = package.project.parent / "terraform"
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "project"
        shutil.copytree(package.project, copy)
        days = _forget_days(copy / ".chalice" / "config.json")
        arguments = ("--stage", package.stage, "--pkg-format", "terraform", str(folder))
        run_chalice(package.builder, copy, "package", *arguments)
    if (folder / "deployment.zip").read_bytes() != package.zip.read_bytes():
        raise PackagingError("chalice packed another zip than the proven one: run make package")
    document = folder / "chalice.tf.json"
    written = json.loads(document.read_text(encoding="utf-8"))
    text = json.dumps(completed(written, days), indent=2)
    document.write_text(text + "\n", encoding="utf-8")
    return document


def completed(written: Mapping[str, Any], days: int | None) -> dict[str, Any]:
    """Chalice's document with settings, log groups, policies for this account, and versions."""
    document: dict[str, Any] = json.loads(json.dumps(written))
    resources = document["resource"]
    groups = {}
    for id, function in resources["aws_lambda_function"].items():
        variables = function["environment"]["variables"]
        variables.setdefault("ARTIFACTS_BUCKET", "${var.artifacts_bucket}")
        variables.setdefault("PUBLIC_URL", "${var.public_url}")
        groups[id] = {"name": f"/aws/lambda/{function['function_name']}", "retention_in_days": days}
    if days:
        resources["aws_cloudwatch_log_group"] = groups
        for id, function in resources["aws_lambda_function"].items():
            function["depends_on"] = [f"aws_cloudwatch_log_group.{id}"]
    for role in resources["aws_iam_role_policy"].values():
        role["policy"] = json.dumps(_narrowed(json.loads(role["policy"])))
    return {**document, "terraform": dict(VERSIONS), "variable": dict(VARIABLES)}


def _narrowed(policy: dict[str, Any]) -> dict[str, Any]:
    for statement in policy["Statement"]:
        statement["Resource"] = [_here(arn) for arn in statement["Resource"]]
    return policy


def _here(arn: str) -> str:
    """The ARN for this region, account and bucket alone."""
    _, bucket, rest = arn.partition("-artifacts-*")
    if bucket:
        return "arn:${data.aws_partition.chalice.partition}:s3:::${var.artifacts_bucket}" + rest
    return arn.replace(":*:*:", _HERE, 1)


def _forget_days(config: Path) -> int | None:
    stated = json.loads(config.read_text(encoding="utf-8"))
    days: int | None = stated.pop(_DAYS, None)
    config.write_text(json.dumps(stated), encoding="utf-8")
    return days
