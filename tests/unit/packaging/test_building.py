"""What chalice is given to package, and which of its words stop the packaging."""

from __future__ import annotations

from pathlib import Path

import pytest
from chalice.constants import MISSING_DEPENDENCIES_TEMPLATE

from infra.packaging import ROOT, PackagingError, building


def test_chalice_s_word_of_a_missing_wheel_stops_it() -> None:
    said = f"Creating deployment package.\n{MISSING_DEPENDENCIES_TEMPLATE % 'numpy==2.4.6'}"

    with pytest.raises(PackagingError, match=r"could not install numpy==2\.4\.6$"):
        building.refuse(said)


def test_every_missing_wheel_is_named() -> None:
    said = MISSING_DEPENDENCIES_TEMPLATE % "numpy==2.4.6\nlark==1.3.1"

    with pytest.raises(PackagingError, match=r"numpy==2\.4\.6, lark==1\.3\.1$"):
        building.refuse(said)


def test_a_reused_package_is_not_taken() -> None:
    with pytest.raises(PackagingError, match="remove build/package"):
        building.refuse("Creating deployment package.\nReusing existing deployment package.\n")


def test_an_ordinary_run_is_taken() -> None:
    building.refuse("Creating deployment package.\n")


def test_only_what_is_ours_to_ship_is_given_to_chalice(tmp_path: Path) -> None:
    root, project = tmp_path / "root", tmp_path / "project"
    for name in (
        *("app.py", "requirements.txt", "secrets.txt", "chalicelib/model.py"),
        *("chalicelib/RULES.md", "chalicelib/__pycache__/model.cpython-311.pyc"),
        *("chalicelib/replies/en/help.j2", ".chalice/config.json", ".chalice/deployments/old.zip"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (project / ".chalice" / "deployments").mkdir(parents=True)
    (project / ".chalice" / "deployments" / "older.zip").touch()

    building.copy_project(root, project)

    copied = sorted(str(p.relative_to(project)) for p in project.rglob("*") if p.is_file())
    assert copied == [
        ".chalice/config.json",
        "app.py",
        "chalicelib/model.py",
        "chalicelib/replies/en/help.j2",
        "requirements.txt",
    ]


def test_an_unknown_stage_is_refused_by_name() -> None:
    with pytest.raises(
        PackagingError, match=r"no stage 'test' in \.chalice/config\.json, only dev"
    ):
        building.read_config(ROOT, "test")


def test_a_refusal_tells_the_reason_and_not_the_way_there() -> None:
    said = (
        "Traceback (most recent call last):\n"
        '  File "validate.py", line 3, in validate\n'
        "    raise ValueError\n"
        "ValueError: In view function x, all content_types must be consistent.\n"
    )

    reason = "ValueError: In view function x, all content_types must be consistent."
    assert building.reason_of(said) == reason
    assert building.reason_of("Error: no such option\n") == "Error: no such option"


def test_the_functions_of_a_template_are_found_by_handler(tmp_path: Path) -> None:
    template = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {}},
            "APIHandler": {
                "Type": "AWS::Serverless::Function",
                "Properties": {"Handler": "app.app", "Timeout": 29},
            },
        }
    }

    built = building.Built("dev", tmp_path, tmp_path / "deployment.zip", template)

    assert built.functions() == {"app.app": {"Handler": "app.app", "Timeout": 29}}
