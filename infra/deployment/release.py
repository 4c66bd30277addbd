"""What turns a proven package into a deployment of one account and region.

Lives here: the settings and ARNs that only the account knows, and chalice's own record of what it
deployed, kept in the artifacts bucket so that any machine may deploy next. Never here: building.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from ..packaging import ROOT, PackagingError
from ..packaging.building import read_config

FILLED_IN = ("ARTIFACTS_BUCKET", "PUBLIC_URL")
"""Settings that a deployment fills in where .chalice/config.json does not state them."""


@dataclass(frozen=True)
class Target:
    """Where a stage is deployed to."""

    stage: str
    account: str
    region: str
    bucket: str


def where(session: Any) -> tuple[str, str]:
    """(account, region). Raises PackagingError for missing credentials or region."""
    if not session.region_name:
        raise PackagingError("no region is set: export AWS_DEFAULT_REGION or choose AWS_PROFILE")
    if session.get_credentials() is None:
        raise PackagingError("no AWS credentials were found: set AWS_PROFILE, or log in")
    return str(session.client("sts").get_caller_identity()["Account"]), str(session.region_name)


def secrets_path(stage: str) -> str:
    """Below which name Parameter Store holds the stage's secrets. Raises PackagingError."""
    config = read_config(ROOT, stage)
    return str(config["stages"][stage]["environment_variables"]["SECRETS_PATH"])


def fill_in(project: Path, target: Target, api_url: str | None) -> bool:
    """State the bucket and our own URL in the project's config; whether both are known."""
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    stage = config["stages"][target.stage]
    variables = stage.setdefault("environment_variables", {})
    shared = config.get("environment_variables", {})
    for name, value in zip(FILLED_IN, (target.bucket, api_url), strict=True):
        if value and not shared.get(name):
            variables[name] = variables.get(name) or value
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return all(variables.get(name) or shared.get(name) for name in FILLED_IN)


def narrow_policies(project: Path, target: Target) -> None:
    """Name the account, the region and the very bucket where the written policies say `*`."""
    for path in (project / ".chalice").glob(f"policy-{target.stage}-*.json"):
        policy = json.loads(path.read_text(encoding="utf-8"))
        for statement in policy["Statement"]:
            statement["Resource"] = [narrowed(r, target) for r in statement["Resource"]]
        path.write_text(json.dumps(policy, indent=2) + "\n", encoding="utf-8")


def narrowed(arn: str, target: Target) -> str:
    """One ARN of a policy, for this account and region alone."""
    bucket, _, rest = arn.partition("-artifacts-*")
    if bucket != arn:
        return f"arn:aws:s3:::{target.bucket}{rest}"
    return arn.replace(":*:*:", f":{target.region}:{target.account}:", 1)


def read_record(s3: Any, bucket: str, stage: str) -> Mapping[str, Any] | None:
    """Chalice's record of what is deployed; None where nothing is. Raises ClientError."""
    try:
        body = s3.get_object(Bucket=bucket, Key=_record_key(stage))["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
            return None
        raise
    record: Mapping[str, Any] = json.loads(body)
    return record


def fetch_record(s3: Any, project: Path, target: Target) -> Mapping[str, Any] | None:
    """Put chalice's record of the last deployment where chalice looks for it; None: the first."""
    record = read_record(s3, target.bucket, target.stage)
    if record is None:
        return None
    path = _record_path(project, target.stage)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


def keep_record(s3: Any, project: Path, target: Target) -> Mapping[str, Any]:
    """Keep what chalice deployed in the bucket; the record. Raises PackagingError without one."""
    path = _record_path(project, target.stage)
    if not path.exists():
        raise PackagingError("chalice deployed, but wrote no record of it")
    body = path.read_bytes()
    s3.put_object(Bucket=target.bucket, Key=_record_key(target.stage), Body=body)
    record: Mapping[str, Any] = json.loads(body)
    return record


def drop_record(s3: Any, bucket: str, stage: str) -> None:
    """Nothing is deployed any more."""
    s3.delete_object(Bucket=bucket, Key=_record_key(stage))


def api_url(record: Mapping[str, Any] | None) -> str | None:
    """The REST API's URL in chalice's record, without its last slash."""
    for resource in (record or {}).get("resources", ()):
        if resource["resource_type"] == "rest_api":
            return str(resource["rest_api_url"]).rstrip("/")
    return None


def _record_key(stage: str) -> str:
    return f"deployed/{stage}.json"


def _record_path(project: Path, stage: str) -> Path:
    return project / ".chalice" / "deployed" / f"{stage}.json"
