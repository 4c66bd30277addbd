"""The packaged route: what chalice's template is made into, as SAM and CloudFormation read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.deployment import packaged
from infra.packaging import PackagingError

PROXY = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
ARTIFACTS = "arn:aws:s3:::rejoinder-dev-artifacts-*/catalogs/*"


def function(handler: str, id: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Handler": f"app.{handler}",
            "CodeUri": "./deployment.zip",
            "Environment": {"Variables": {"STAGE": "dev"}},
            "Role": {"Fn::GetAtt": [f"{id}Role", "Arn"]},
        },
    }


def role() -> dict[str, Any]:
    statements = [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [ARTIFACTS]},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:PutLogEvents"],
            "Resource": ["arn:aws:logs:*:*:log-group:/aws/lambda/rejoinder-dev"],
        },
    ]
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}


def log_group(id: str) -> dict[str, Any]:
    named = {"Fn::Sub": f"/aws/lambda/${{{id}}}"}
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": named}}


@pytest.fixture
def sam() -> dict[str, Any]:
    """Chalice's template in small: the API, a worker that is published, one that is not."""
    uri = {"Fn::Sub": f"{PROXY}${{APIHandler.Arn}}/invocations"}
    proxied = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri}}
    preflight = {"x-amazon-apigateway-integration": {"type": "mock"}}
    body = {"swagger": "2.0", "paths": {"/healthz": {"get": proxied, "options": preflight}}}
    resources: dict[str, Any] = {
        "RestAPI": {
            "Type": "AWS::Serverless::Api",
            "Properties": {"StageName": "api", "DefinitionBody": body},
        },
        # As chalice 1.34 has it: the API's role and log group are named another way.
        "APIHandler": function("app", "ApiHandler"),
        "APIHandlerInvokePermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"FunctionName": {"Ref": "APIHandler"}},
        },
    }
    for id, handler in {
        "HandleInteractions": "handle_interactions",
        "HandleUrgent": "handle_urgent",
        "HandleSweep": "handle_sweep",
    }.items():
        resources[id] = function(handler, id)
    for id in ("ApiHandler", "HandleInteractions", "HandleUrgent", "HandleSweep"):
        resources |= {f"{id}Role": role(), f"{id}LogGroup": log_group(id)}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


def made(sam: dict[str, Any], **given: Any) -> packaged.Release:
    return packaged.release(sam, "dev", bucket="artifacts", sha256="ab12", **given)


def properties(release: packaged.Release, id: str) -> dict[str, Any]:
    found: dict[str, Any] = release.template["Resources"][id]["Properties"]
    return found


def test_functions_are_named_as_chalice_deploys_them(sam: dict[str, Any]) -> None:
    release = made(sam)

    assert properties(release, "APIHandler")["FunctionName"] == "rejoinder-dev"
    assert properties(release, "HandleSweep")["FunctionName"] == "rejoinder-dev-handle_sweep"


def test_the_code_is_the_proven_zip_in_the_bucket(sam: dict[str, Any]) -> None:
    release = made(sam)

    assert release.code_key == "packages/ab12.zip"
    assert properties(release, "HandleSweep")["CodeUri"] == {
        "Bucket": {"Ref": "ArtifactsBucket"},
        "Key": "packages/ab12.zip",
    }


def test_the_api_and_the_two_workers_are_published_and_called_by_their_alias(
    sam: dict[str, Any],
) -> None:
    release = made(sam)

    published = {
        id
        for id, resource in release.template["Resources"].items()
        if "AutoPublishAlias" in resource["Properties"]
    }
    assert published == {"APIHandler", "HandleInteractions", "HandleUrgent"}
    called = properties(release, "RestAPI")["DefinitionBody"]["paths"]["/healthz"]["get"]
    uri = called["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
    assert uri.startswith(PROXY)
    assert uri.endswith(":function:rejoinder-dev:live/invocations")
    permission = properties(release, "APIHandlerInvokePermission")
    assert permission["FunctionName"] == {"Ref": "APIHandler.Alias"}


def test_preflight_answers_are_left_alone(sam: dict[str, Any]) -> None:
    paths = properties(made(sam), "RestAPI")["DefinitionBody"]["paths"]

    assert paths["/healthz"]["options"] == {"x-amazon-apigateway-integration": {"type": "mock"}}


def test_the_api_refers_to_no_function_so_that_functions_may_refer_to_it(
    sam: dict[str, Any],
) -> None:
    release = made(sam)

    assert "${APIHandler" not in json.dumps(properties(release, "RestAPI"))
    variables = properties(release, "HandleSweep")["Environment"]["Variables"]
    assert variables["STAGE"] == "dev"
    assert variables["ARTIFACTS_BUCKET"] == {"Ref": "ArtifactsBucket"}
    condition, own, stated = variables["PUBLIC_URL"]["Fn::If"]
    assert condition == "OwnUrl"
    assert own["Fn::Sub"].startswith("https://${RestAPI}.execute-api.")
    assert own["Fn::Sub"].endswith("/api")
    assert stated == {"Ref": "PublicUrl"}


def test_a_setting_that_the_config_states_stays(sam: dict[str, Any]) -> None:
    resource = sam["Resources"]["HandleSweep"]["Properties"]["Environment"]["Variables"]
    resource["PUBLIC_URL"] = "https://shop.example"

    variables = properties(made(sam), "HandleSweep")["Environment"]["Variables"]

    assert variables["PUBLIC_URL"] == "https://shop.example"


def test_snapstart_is_a_parameter_and_off_unless_asked_for(sam: dict[str, Any]) -> None:
    release = made(sam)

    assert release.parameters["SnapStart"] == "Off"
    assert made(sam, snapstart=True).parameters["SnapStart"] == "On"
    assert properties(release, "APIHandler")["SnapStart"] == {
        "ApplyOn": {"Fn::If": ["Snapshots", "PublishedVersions", "None"]}
    }
    assert release.template["Parameters"]["SnapStart"]["Default"] == "Off"


@pytest.mark.parametrize(
    "given", [{"snapstart": True}, {"public_url": "https://a.example"}, {"settings": {"A": "b"}}]
)
def test_whatever_the_functions_see_publishes_other_versions(
    sam: dict[str, Any], given: dict[str, Any]
) -> None:
    def version(release: packaged.Release) -> str:
        return str(properties(release, "APIHandler")["AutoPublishCodeSha256"])

    assert version(made(sam)) == version(made(sam))
    assert version(made(sam, **given)) != version(made(sam))


def test_a_version_goes_with_the_next_and_its_snapshot_with_it(sam: dict[str, Any]) -> None:
    assert properties(made(sam), "APIHandler")["VersionDeletionPolicy"] == "Delete"


def test_policies_name_this_account_and_this_bucket(sam: dict[str, Any]) -> None:
    policy = properties(made(sam), "HandleSweepRole")["Policies"][0]["PolicyDocument"]

    resources = [statement["Resource"] for statement in policy["Statement"]]
    assert resources == [
        [{"Fn::Sub": "arn:${AWS::Partition}:s3:::${ArtifactsBucket}/catalogs/*"}],
        [
            {
                "Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
                ":log-group:/aws/lambda/rejoinder-dev"
            }
        ],
    ]


def test_each_log_group_is_there_before_its_function_which_makes_none(sam: dict[str, Any]) -> None:
    release = made(sam)

    assert properties(release, "ApiHandlerLogGroup")["LogGroupName"] == "/aws/lambda/rejoinder-dev"
    assert release.template["Resources"]["APIHandler"]["DependsOn"] == "ApiHandlerLogGroup"
    assert "CreateLogGroup" not in json.dumps(release.template)


def test_no_second_stage_of_the_api_is_made(sam: dict[str, Any]) -> None:
    assert properties(made(sam), "RestAPI")["OpenApiVersion"] == "2.0"


def test_chalice_s_own_template_stays_as_it_is(sam: dict[str, Any]) -> None:
    before = json.dumps(sam)

    made(sam)

    assert json.dumps(sam) == before


def test_without_a_package_it_says_what_to_run(tmp_path: Any) -> None:
    with pytest.raises(PackagingError, match="make package"):
        packaged.read_sam(tmp_path)
