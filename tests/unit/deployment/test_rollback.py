"""Deployments and the ways back from them; chalice's part is played by a record of it."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import deploy, rollback
from infra.deployment import history
from infra.deployment.installation import Installed, Package
from infra.deployment.release import Target
from infra.packaging import PackagingError

pytestmark = pytest.mark.usefixtures("simulated_aws")

TARGET = Target("dev", "123456789012", "us-east-1", "rejoinder-dev-artifacts-123456789012")
URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/api"


class Stage:
    """One stage: packages are its code in a word, and what is live is the last one installed."""

    def __init__(self, folder: Path) -> None:
        self.session = boto3.session.Session()
        self.live: list[str] = []
        self.broken: set[str] = set()
        self._folder = folder
        self._now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def clock(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now

    def install(self, session: Any, package: Package, target: Target) -> Installed:
        code = package.zip.read_text(encoding="utf-8")
        if code in self.broken:
            raise PackagingError("chalice refuses the project")
        self.live.append(code)
        body = json.dumps({"resources": []})
        session.client("s3").put_object(Bucket=target.bucket, Key="deployed/dev.json", Body=body)
        return Installed(URL, package.project)

    def deploy(self, code: str) -> str:
        """Put a package live; the words in it are what its smoke test does."""
        project, proven = self._folder / code / "project", self._folder / code / "deployment.zip"
        (project / ".chalice").mkdir(parents=True, exist_ok=True)
        (project / "requirements.txt").write_text("any==1", encoding="utf-8")
        proven.write_text(code, encoding="utf-8")
        package = Package("dev", project, proven, self._folder)
        kept = history.releases(self.session.client("s3"), TARGET)
        made = deploy.release_of(self.session, package, self.clock()).model_copy(
            update={"before": history.sound(kept)}
        )
        return deploy.put_live(self.session, package, TARGET, made, self.try_out)

    def roll_back(self, to: str | None = None) -> str:
        return rollback.roll_back(self.session, TARGET, to, clock=self.clock, try_out=self.try_out)

    def try_out(self, session: Any, stage: str, url: str) -> None:
        if "bad" in self.live[-1]:
            raise PackagingError("a signed text is answered 500")

    def listed(self) -> list[str]:
        return rollback.listed(self.session, TARGET)


@pytest.fixture
def stage(simulated_aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(tmp_path)
    made.session.client("s3").create_bucket(Bucket=TARGET.bucket)
    monkeypatch.setattr(deploy, "install", made.install)
    monkeypatch.setattr(rollback, "BUILD", tmp_path / "back")
    monkeypatch.setattr(history, "_builder", lambda project, folder: folder)
    return made


def test_rolling_back_twice_goes_back_one_further(stage: Stage) -> None:
    for code in ("one", "two", "three"):
        stage.deploy(code)

    assert stage.roll_back() == URL
    stage.roll_back()

    assert stage.live == ["one", "two", "three", "two", "one"]
    with pytest.raises(PackagingError, match="is the first release: nothing was live before it"):
        stage.roll_back()


def test_what_was_rolled_back_from_is_not_gone_back_to(stage: Stage) -> None:
    for code in ("one", "two", "three"):
        stage.deploy(code)
    stage.roll_back()
    stage.deploy("four")

    stage.roll_back()
    stage.roll_back()

    assert stage.live[-3:] == ["four", "two", "one"]


def test_a_release_that_failed_its_test_tells_the_way_back_and_is_passed_over(
    stage: Stage,
) -> None:
    stage.deploy("one")
    for code in ("bad", "bad again"):
        with pytest.raises(PackagingError) as told:
            stage.deploy(code)
    said = str(told.value)
    assert "the functions are deployed; what failed: a signed text is answered 500" in said
    assert "`make rollback STAGE=dev` goes back to 20261122T120100Z-" in said

    stage.roll_back()
    assert stage.live[-1] == "one"


def test_a_first_release_that_fails_says_that_there_is_no_way_back(stage: Stage) -> None:
    with pytest.raises(PackagingError, match="there is no earlier release to go back to"):
        stage.deploy("bad")
    assert stage.listed()[0].startswith("* ")


def test_a_deployment_that_stopped_halfway_goes_back_to_the_last_that_passed(
    stage: Stage,
) -> None:
    stage.deploy("one")
    stage.broken.add("two")
    with pytest.raises(PackagingError, match=r"not all deployed: chalice refuses(.|\n)*make roll"):
        stage.deploy("two")

    stage.roll_back()
    assert stage.live == ["one", "one"]


def test_one_may_go_to_any_release_that_is_kept(stage: Stage) -> None:
    for code in ("one", "two", "three"):
        stage.deploy(code)
    first = history.releases(stage.session.client("s3"), TARGET)[0]

    stage.roll_back(first.id)

    assert stage.live[-1] == "one"
    newest = history.releases(stage.session.client("s3"), TARGET)[-1]
    assert (newest.again, newest.before, newest.state) == (first.id, None, "passed")
    with pytest.raises(PackagingError, match="release of-last-year is not kept"):
        stage.roll_back("of-last-year")


def test_the_list_marks_the_live_one_and_says_what_is_here_again(stage: Stage) -> None:
    assert stage.listed() == ["stage dev has no releases yet"]
    stage.deploy("one")
    stage.deploy("two")
    stage.roll_back()

    newest, *older = stage.listed()
    assert newest.startswith("* 20261122T120300Z-")
    assert "passed" in newest
    assert "again 20261122T120100Z-" in newest
    assert all(line.startswith("  ") for line in older)

    stage.session.client("s3").delete_object(Bucket=TARGET.bucket, Key="deployed/dev.json")
    assert not any(line.startswith("*") for line in stage.listed())


def test_without_releases_there_is_nothing_to_go_back_to(stage: Stage) -> None:
    with pytest.raises(PackagingError, match="no releases yet: make deploy makes one"):
        stage.roll_back()


def test_a_stage_without_a_stack_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert rollback.main(["--list"]) == 1
    assert "there is no stack rejoinder-dev" in capsys.readouterr().err


def test_the_commit_tells_whether_files_differ_from_it(tmp_path: Path) -> None:
    assert deploy.commit(tmp_path) is None
    for command in ("init -q", "-c user.name=a -c user.email=a@b commit -q --allow-empty -m any"):
        subprocess.run(["git", "-C", str(tmp_path), *command.split()], check=True)
    clean = deploy.commit(tmp_path)
    assert clean is not None
    assert len(clean) == 40

    (tmp_path / "file").write_text("any", encoding="utf-8")
    assert deploy.commit(tmp_path) == f"{clean}+"
