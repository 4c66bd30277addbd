"""The releases that are kept of a stage, on moto's S3."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.deployment import history
from infra.deployment.history import Release, State
from infra.deployment.installation import Package
from infra.deployment.release import Target
from infra.packaging import PackagingError

pytestmark = pytest.mark.usefixtures("simulated_aws")

TARGET = Target("dev", "123456789012", "us-east-1", "rejoinder-dev-artifacts-123456789012")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def s3() -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=TARGET.bucket)
    client.put_bucket_versioning(
        Bucket=TARGET.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    return client


@pytest.fixture
def package(tmp_path: Path) -> Package:
    project, proven = tmp_path / "project", tmp_path / "out" / "deployment.zip"
    for name, text in {
        "app.py": "app",
        "requirements.txt": "any==1",
        "chalicelib/model.py": "model",
        ".chalice/config.json": "{}",
        ".chalice/deployments/x-python3.13.zip": "left out",
        ".chalice/deployed/dev.json": "left out",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    proven.parent.mkdir()
    proven.write_bytes(b"proven")
    return Package("dev", project, proven, tmp_path / "bin")


def a_release(minutes: int, sha256: str = "ab" * 32, **other: Any) -> Release:
    at = NOON + timedelta(minutes=minutes)
    made = history.release_id(at, sha256)
    return Release(id=made, stage="dev", sha256=sha256, at=at, by="arn:any", **other)


def test_ids_sort_by_time() -> None:
    ids = [a_release(m).id for m in (0, 1, 59, 60 * 24, 60 * 24 * 40)]

    assert ids == sorted(ids)
    assert ids[0] == "20261122T120000Z-abababab"


def test_a_release_comes_back_as_it_was_kept(
    s3: Any, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "make_builder", lambda python, root, folder: folder / "bin")
    monkeypatch.setattr(history, "find_python", lambda: Path("python3.13"))
    release = a_release(0, package.sha256)

    history.keep(s3, TARGET, package, release)
    back = history.restore(s3, TARGET, release, tmp_path / "back" / "dev")

    assert back.zip.read_bytes() == b"proven"
    assert back.builder == tmp_path / "back" / "builder-3.13-earlier" / "bin"
    files = {str(p.relative_to(back.project)) for p in back.project.rglob("*") if p.is_file()}
    assert files == {
        *("app.py", "requirements.txt", "requirements-dev.txt"),
        *("chalicelib/model.py", ".chalice/config.json"),
    }


def test_a_zip_that_was_changed_in_the_bucket_is_not_deployed(
    s3: Any, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_builder", lambda project, folder: folder)
    release = a_release(0, package.sha256)
    history.keep(s3, TARGET, package, release)
    key = f"releases/dev/{release.id}/deployment.zip"
    s3.put_object(Bucket=TARGET.bucket, Key=key, Body=b"another")

    with pytest.raises(PackagingError, match="is not what was deployed"):
        history.restore(s3, TARGET, release, tmp_path / "back")


def test_how_it_went_is_noted(s3: Any, package: Package) -> None:
    release = a_release(0, package.sha256, commit="c0ffee")
    history.keep(s3, TARGET, package, release)
    assert [r.state for r in history.releases(s3, TARGET)] == ["begun"]

    history.note(s3, TARGET, release, "passed")

    assert history.releases(s3, TARGET) == [release.model_copy(update={"state": "passed"})]
    other = Target("prod", TARGET.account, TARGET.region, TARGET.bucket)
    assert history.releases(s3, other) == []


def test_the_settings_that_went_out_are_kept_beside(s3: Any, package: Package) -> None:
    release = a_release(0, package.sha256)
    history.keep_settings(s3, TARGET, release, package.project)

    key = f"releases/dev/{release.id}/settings.zip"
    body = s3.get_object(Bucket=TARGET.bucket, Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as kept:
        assert set(kept.namelist()) == {"config.json", "deployed/dev.json"}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], None),
        (["passed"], 0),
        (["passed", "passed"], 1),
        (["passed", "failed"], 0),
        (["passed", "passed", "begun", "failed"], 1),
        (["failed"], None),
    ],
)
def test_one_goes_back_to_what_passed(states: list[State], expected: int | None) -> None:
    kept: list[Release] = []
    for minute, state in enumerate(states):
        kept.append(a_release(minute, before=history.sound(kept), state=state))

    assert history.sound(kept) == (None if expected is None else kept[expected].id)


def test_only_the_newest_are_kept_and_nothing_of_the_others(s3: Any, package: Package) -> None:
    releases = [a_release(minute) for minute in range(history.KEPT + 2)]
    for release in releases:
        history.note(s3, TARGET, release, "begun")
        history.note(s3, TARGET, release, "passed")

    gone = history.prune(s3, TARGET, releases)

    assert gone == [r.id for r in releases[:2]]
    assert [r.id for r in history.releases(s3, TARGET)] == [r.id for r in releases[2:]]
    versions = s3.list_object_versions(Bucket=TARGET.bucket)
    assert not [v for v in versions["Versions"] if any(g in v["Key"] for g in gone)]
    assert "DeleteMarkers" not in versions


def test_an_unknown_release_is_named() -> None:
    with pytest.raises(PackagingError, match="release x is not kept"):
        history.find([a_release(0)], "x")
