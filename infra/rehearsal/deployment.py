"""A stage made in ministack as it is made in AWS: the stack of state, the secrets, the functions.

Where ministack is not like AWS, what it is given differs, and each difference is told: a type of
resource that it does not know is left out, and a permission that it judges on every resource is
given on every resource.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from chalice.package import YAMLTemplateSerializer

from ..deployment import changes, formation, packaged, stack
from ..deployment.installation import Package
from ..local.carriers import LOCAL_SECRETS, Urls
from ..packaging import PackagingError
from . import Patience, Tell
from .ministack import Ministack

SECRETS: Mapping[str, str] = {
    **{
        name: LOCAL_SECRETS[name]
        for name in (
            *("twilio_auth_token", "x_consumer_key", "x_consumer_secret"),
            *("x_access_token", "x_access_token_secret"),
        )
    },
    "write_key": "rehearsal-write-key",
    "identity_secret": "rehearsal-identity-secret",
    "suppression_key": "rehearsal-suppression-key",
}
"""What is put into Parameter Store."""

JUDGED_ON_EVERYTHING = ("ssm:GetParametersByPath",)
"""Permissions that ministack asks for on `*`, where AWS asks for the very resource."""

BATCHES = {
    "sqs:SendMessage": "sqs:SendMessageBatch",
    "sqs:DeleteMessage": "sqs:DeleteMessageBatch",
}
"""Calls that ministack takes for permissions of their own; AWS asks for that of the single call.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html"""


class Deployment:
    """One stage in one ministack."""

    def __init__(
        self, cloud: Ministack, package: Package, urls: Urls, public_url: str, patience: Patience
    ) -> None:
        """`urls` are where the stand-in carriers listen."""
        self._cloud = cloud
        self._package = package
        self._public_url = public_url
        self._settings = _settings(urls)
        self._patience = patience
        self._formation = cloud.client("cloudformation")
        self._bucket = ""
        self._deployed = 0

    @property
    def functions_stack(self) -> str:
        return packaged.stack_name(self._package.stage)

    def make_state(self, template: Path) -> int:
        """The stack of `infra/resources.yaml`, or of a copy of it; how many resources it has."""
        stage = self._package.stage
        outputs = stack.apply(
            self._formation,
            stage,
            template=template,
            parameters={"Alarms": "on"},
            pause_seconds=self._patience.look_seconds,
        )
        self._bucket = outputs["ArtifactsBucket"]
        name = stack.stack_name(stage)
        return len(self._formation.describe_stack_resources(StackName=name)["StackResources"])

    def put_secrets(self) -> int:
        ssm = self._cloud.client("ssm")
        for name, value in SECRETS.items():
            path = f"/rejoinder/{self._package.stage}/{name}"
            ssm.put_parameter(Name=path, Value=value, Type="SecureString")
        return len(SECRETS)

    def deploy(self, *, snapstart: bool = False) -> tuple[int, str]:
        """The functions by the packaged route; how many changes that was, and the API's URL."""
        release = packaged.release(
            _with_ministacks_permissions(packaged.read_sam(self._package.zip.parent)),
            self._package.stage,
            bucket=self._bucket,
            sha256=self._package.sha256,
            public_url=self._public_url,
            snapstart=snapstart,
            settings=self._settings,
        )
        self._deployed += 1
        s3 = self._cloud.client("s3")
        url = packaged.upload(s3, self._bucket, release, self._package.zip)
        planned = changes.propose(
            self._formation,
            self.functions_stack,
            url,
            release.parameters,
            name=f"rehearsal-{self._deployed}",
            pause=self._pause,
        )
        if planned is None:
            raise PackagingError("the functions' stack has nothing to change")
        changes.make(self._formation, planned, pause=self._pause)
        self._spare_this_machine()
        api = formation.outputs(self._formation, self.functions_stack)["RestAPIId"]
        return len(planned.lines), f"{self._cloud.url}/restapis/{api}/api/_user_request_"

    def starts_from_snapshots(self) -> bool:
        """Whether what the API calls is a version with a snapshot."""
        name = packaged.function_name(self._package.stage, "app.app")
        functions = self._cloud.client("lambda")
        told = functions.get_function_configuration(FunctionName=name, Qualifier=packaged.ALIAS)
        return bool(told["SnapStart"]["OptimizationStatus"] == "On")

    def _spare_this_machine(self) -> None:
        """Two processes at most for each queue, as few as Lambda takes: each start is seconds."""
        functions = self._cloud.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": 2}
            )

    def drop(self) -> list[str]:
        """Delete both stacks; the tables that are left, as they must be."""
        state = stack.stack_name(self._package.stage)
        self._formation.update_termination_protection(
            StackName=state, EnableTerminationProtection=False
        )
        for name in (self.functions_stack, state):
            self._formation.delete_stack(StackName=name)
            self._patience.until(partial(self._is_gone, name), f"stack {name} is deleted")
        kept: list[str] = self._cloud.client("dynamodb").list_tables()["TableNames"]
        return kept

    def _is_gone(self, name: str) -> bool | None:
        listed = self._formation.list_stacks()["StackSummaries"]
        states = {s["StackStatus"] for s in listed if s["StackName"] == name}
        if "DELETE_FAILED" in states:
            raise PackagingError(f"stack {name} cannot be deleted")
        return True if states <= {"DELETE_COMPLETE"} else None

    def _pause(self, seconds: float) -> None:
        self._patience.pause(self._patience.look_seconds)


def rehearsed_template(template: Path, known: frozenset[str], folder: Path, tell: Tell) -> Path:
    """A copy of the template without what ministack cannot make."""
    text = template.read_text(encoding="utf-8")
    document: dict[str, Any] = YAMLTemplateSerializer().load_template(text, str(template))
    resources = document["Resources"]
    left_out = {id: why for id, r in resources.items() if (why := _unknown(r, known))}
    for why in sorted(set(left_out.values())):
        named = [id for id, reason in left_out.items() if reason == why]
        tell(f"not rehearsed, as ministack knows no {why}: {', '.join(named)}")
    document["Resources"] = {id: r for id, r in resources.items() if id not in left_out}
    if lifted := [id for id, r in document["Resources"].items() if _lift_tls(r)]:
        tell(f"not rehearsed, as there is no TLS here: its demand in {', '.join(lifted)}")
    copy = folder / "resources.json"
    copy.write_text(json.dumps(document, default=str), encoding="utf-8")
    return copy


def _lift_tls(resource: Mapping[str, Any]) -> bool:
    """Drop what the resource's policy denies to plain HTTP; whether there was something."""
    document = resource.get("Properties", {}).get("PolicyDocument", {})
    statements = document.get("Statement", [])
    kept = [s for s in statements if "aws:SecureTransport" not in json.dumps(s)]
    document |= {"Statement": kept} if statements else {}
    return len(kept) < len(statements)


def _unknown(resource: Mapping[str, Any], known: frozenset[str]) -> str | None:
    """What of the resource ministack does not know."""
    if resource["Type"] not in known:
        return str(resource["Type"])
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
        return "alarm on several metrics"
    return None


def _settings(urls: Urls) -> dict[str, str]:
    """What the functions are told beside their configuration: the stand-ins instead of carriers."""
    named = ("twilio_account_sid", "twilio_number", "x_user_id", "x_marked_automated")
    return {
        **{name.upper(): LOCAL_SECRETS[name] for name in named},
        "TWILIO_API_URL": urls.twilio_url,
        "X_API_URL": urls.x_url,
        # Joe is to be made an offer, and not to be among those who are made none for comparison.
        "CONTROL_SHARE": "0",
    }


def _with_ministacks_permissions(sam: dict[str, Any]) -> dict[str, Any]:
    """The template with every permission that ministack asks for in another way than AWS does."""
    everywhere = {"Effect": "Allow", "Action": list(JUDGED_ON_EVERYTHING), "Resource": ["*"]}
    for resource in sam["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                statements = policy["PolicyDocument"]["Statement"]
                for statement in statements:
                    actions = statement["Action"]
                    actions += [BATCHES[action] for action in actions if action in BATCHES]
                statements.append(everywhere)
    return sam
