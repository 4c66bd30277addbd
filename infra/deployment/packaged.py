"""The packaged route: chalice's SAM template, made ready for CloudFormation.

`infra/functions.yaml` says what is added. What cannot be added has to be rewritten, and that is
here: names that do not change, the zip's place, settings that only the account knows, policies for
this account alone. Never here: building, and the stack that holds the state.

Failed messages need nothing of the template: `FunctionResponseTypes` is not set, because
`chalicelib/work.py` deletes what is finished itself and then raises, on either route.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from chalice.package import TemplateDeepMerger

from ..packaging import ROOT, PackagingError

ADDITIONS = ROOT / "infra" / "functions.yaml"

ALIAS = "live"
"""What API Gateway and the two queues of interactions call in functions that are published."""

_FUNCTION = "AWS::Serverless::Function"
_OWN_URL = "https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
_WRITES_LOGS = "logs:CreateLogGroup"


@dataclass(frozen=True)
class Release:
    """A template, what its parameters are to be, and the zip that it names."""

    stage: str
    code_key: str
    template: Mapping[str, Any] = field(repr=False)
    parameters: Mapping[str, str]

    @property
    def body(self) -> bytes:
        return json.dumps(self.template, separators=(",", ":")).encode()

    @property
    def key(self) -> str:
        """Where in the artifacts bucket the template belongs."""
        return f"packages/{hashlib.sha256(self.body).hexdigest()}.json"


def read_sam(out: Path) -> dict[str, Any]:
    """What `chalice package` wrote. Raises PackagingError where it wrote nothing."""
    path = out / "sam.json"
    if not path.exists():
        raise PackagingError(f"there is no {path}: run make package first")
    template: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return template


def stack_name(stage: str) -> str:
    """The functions' stack; the one that holds the state is `stack`'s."""
    return f"rejoinder-{stage}-functions"


def upload(s3: Any, bucket: str, release: Release, zip_file: Path) -> str:
    """Put zip and template into the bucket; the template's URL, for CloudFormation.

    It is read from there, because it is over the 51,200 bytes that a request may carry.
    """
    s3.put_object(Bucket=bucket, Key=release.code_key, Body=zip_file.read_bytes())
    s3.put_object(Bucket=bucket, Key=release.key, Body=release.body)
    return f"{s3.meta.endpoint_url}/{bucket}/{release.key}"


def code_key(sha256: str) -> str:
    """Where in the artifacts bucket the zip of that digest belongs."""
    return f"packages/{sha256}.zip"


def release(
    sam: Mapping[str, Any],
    stage: str,
    *,
    bucket: str,
    sha256: str,
    public_url: str = "",
    snapstart: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Release:
    """What is to be deployed; `settings` are environment variables beside the configured ones."""
    template = transform(sam, stage, code_key(sha256), settings or {})
    parameters = {
        "ArtifactsBucket": bucket,
        "PublicUrl": public_url,
        "SnapStart": "On" if snapstart else "Off",
    }
    _publish(template["Resources"], parameters)
    return Release(stage, code_key(sha256), template, parameters)


def _publish(resources: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    """Have a version published whenever anything differs that the functions see.

    SAM by itself would not publish one for another value of a parameter.
    """
    seen = json.dumps([resources, parameters], sort_keys=True).encode()
    digest = hashlib.sha256(seen).hexdigest()
    for resource in resources.values():
        if "AutoPublishAlias" in resource["Properties"]:
            resource["Properties"]["AutoPublishCodeSha256"] = digest


def transform(
    sam: Mapping[str, Any], stage: str, key: str, settings: Mapping[str, str]
) -> dict[str, Any]:
    """Chalice's template for the packaged route; `sam` stays as it is."""
    additions = yaml.safe_load(ADDITIONS.read_text(encoding="utf-8"))
    template: dict[str, Any] = json.loads(json.dumps(sam))
    template = TemplateDeepMerger().merge(additions, template)
    resources: dict[str, Any] = template["Resources"]
    for resource in resources.values():
        if resource["Type"] == _FUNCTION:
            resource["Properties"]["CodeUri"] = {"Bucket": {"Ref": "ArtifactsBucket"}, "Key": key}
            _place(resource, resources, stage, settings)
        elif resource["Type"] == "AWS::IAM::Role":
            _narrow(resource["Properties"])
    _call_alias(resources["RestAPI"]["Properties"]["DefinitionBody"], stage)
    return template


def function_name(stage: str, handler: str) -> str:
    """As `chalice deploy` names it: `app.app` is the function of the whole API."""
    name = handler.rpartition(".")[2]
    return f"rejoinder-{stage}" if name == "app" else f"rejoinder-{stage}-{name}"


def _place(
    resource: dict[str, Any],
    resources: Mapping[str, Any],
    stage: str,
    settings: Mapping[str, str],
) -> None:
    """Give the function its name, what only the account knows, and its log group."""
    properties = resource["Properties"]
    name = function_name(stage, properties["Handler"])
    properties["FunctionName"] = name
    variables = properties["Environment"]["Variables"]
    api_stage = resources["RestAPI"]["Properties"]["StageName"]
    own_url = {"Fn::Sub": f"{_OWN_URL}/{api_stage}"}
    variables.setdefault("ARTIFACTS_BUCKET", {"Ref": "ArtifactsBucket"})
    variables.setdefault("PUBLIC_URL", {"Fn::If": ["OwnUrl", own_url, {"Ref": "PublicUrl"}]})
    variables.update(settings)
    _keep_logs(resource, resources, name)


def _keep_logs(resource: dict[str, Any], resources: Mapping[str, Any], name: str) -> None:
    """Have the log group there first: one that Lambda makes keeps its logs for ever.

    Named in full, because chalice names that of the API after a function that is not there.
    https://github.com/aws/chalice/issues/2079
    """
    role = str(resource["Properties"]["Role"]["Fn::GetAtt"][0])
    group = f"{role.removesuffix('Role')}LogGroup"
    resources[group]["Properties"]["LogGroupName"] = f"/aws/lambda/{name}"
    resource["DependsOn"] = group


def _narrow(role: dict[str, Any]) -> None:
    """Name the account, the region and the bucket where the written policies say `*`."""
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            statement["Action"] = [action for action in actions if action != _WRITES_LOGS]
            statement["Resource"] = [narrowed(arn) for arn in statement["Resource"]]


def narrowed(arn: str) -> dict[str, str]:
    """One ARN of a policy as an `Fn::Sub` for this partition, region, account and bucket."""
    arn = arn.replace("arn:aws:", "arn:${AWS::Partition}:", 1)
    head, bucket, rest = arn.partition("-artifacts-*")
    if bucket:
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::${{ArtifactsBucket}}{rest}"}
    return {"Fn::Sub": head.replace(":*:*:", ":${AWS::Region}:${AWS::AccountId}:", 1)}


def _call_alias(api: dict[str, Any], stage: str) -> None:
    """Have API Gateway call the alias, by its name and not by reference.

    The functions are told the API's URL; an API that referred to the function in return would
    close a circle, which CloudFormation refuses.
    """
    here = "${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}"
    called = f"arn:{here}:function:{function_name(stage, 'app.app')}:{ALIAS}"
    gateway = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
    uri = f"{gateway}/{called}/invocations"
    for path in api["paths"].values():
        for method in path.values():
            integration = method.get("x-amazon-apigateway-integration", {})
            if integration.get("type") == "aws_proxy":
                integration["uri"] = {"Fn::Sub": uri}
