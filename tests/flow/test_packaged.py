"""Both packaged routes describe the stage that chalice deploys: of the very package that is proven.

Takes what `make package STAGE=dev` left (tests/flow/test_package.py makes it, too).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.deploy import proven
from infra.deployment import packaged, terraform
from infra.deployment.installation import Package

pytestmark = pytest.mark.package

Described = Mapping[str, Mapping[str, Any]]
ASKED = ("Handler", "Runtime", "MemorySize", "Timeout", "Architectures")


@pytest.fixture(scope="module")
def package() -> Package:
    return proven("dev")


@pytest.fixture(scope="module")
def sam(package: Package) -> dict[str, Any]:
    return packaged.read_sam(package.zip.parent)


@pytest.fixture(scope="module")
def written(package: Package) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(terraform.write(package).read_text(encoding="utf-8"))
    return document


def of_type(template: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    resources = template["Resources"].items()
    return {id: r["Properties"] for id, r in resources if r["Type"] == kind}


def functions(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By the name of each, what SAM is asked for."""
    return {
        packaged.function_name("dev", properties["Handler"]): properties
        for properties in of_type(template, "AWS::Serverless::Function").values()
    }


def test_terraform_has_the_same_functions_with_the_same_settings(
    sam: dict[str, Any], written: dict[str, Any]
) -> None:
    theirs = {f["function_name"]: f for f in written["resource"]["aws_lambda_function"].values()}

    assert theirs.keys() == functions(sam).keys()
    for name, ours in functions(sam).items():
        function = theirs[name]
        asked = ("handler", "runtime", "memory_size", "timeout", "architectures")
        assert [function[n] for n in asked] == [ours[n] for n in ASKED]
        variables = function["environment"]["variables"]
        added = {"ARTIFACTS_BUCKET", "PUBLIC_URL"}
        stated = ours["Environment"]["Variables"]
        assert {n: v for n, v in variables.items() if n not in added} == stated


def test_terraform_has_the_same_permissions(sam: dict[str, Any], written: dict[str, Any]) -> None:
    theirs = written["resource"]["aws_iam_role_policy"]
    ours = of_type(sam, "AWS::IAM::Role")

    assert len(theirs) == len(ours) == 8
    for id, role in theirs.items():
        camel = "".join(part.title() for part in id.split("_"))
        statements = ours[camel]["Policies"][0]["PolicyDocument"]["Statement"]
        told = json.loads(role["policy"])["Statement"]
        assert [s["Action"] for s in told] == [s["Action"] for s in statements]
        assert [len(s["Resource"]) for s in told] == [len(s["Resource"]) for s in statements]
        assert ":*:*:" not in role["policy"]


def test_terraform_is_given_the_proven_zip(package: Package, written: dict[str, Any]) -> None:
    folder = package.project.parent / "terraform"

    assert (folder / "deployment.zip").read_bytes() == package.zip.read_bytes()
    files = {f["filename"] for f in written["resource"]["aws_lambda_function"].values()}
    assert files == {"${path.module}/deployment.zip"}


def test_cloudformation_is_given_every_function_under_its_name(
    package: Package, sam: dict[str, Any]
) -> None:
    made = packaged.release(sam, "dev", bucket="artifacts", sha256=package.sha256)

    named = {
        f["FunctionName"] for f in of_type(made.template, "AWS::Serverless::Function").values()
    }
    assert named == functions(sam).keys()
    assert ":*:*:" not in json.dumps(of_type(made.template, "AWS::IAM::Role"))
    assert "-artifacts-*" not in made.body.decode()
    assert len(made.body) < 1_000_000
