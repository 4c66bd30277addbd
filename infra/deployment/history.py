"""The releases of a stage, kept in its artifacts bucket so that one can go back to any of them.

    releases/<stage>/<id>/deployment.zip   the proven zip
    releases/<stage>/<id>/project.zip      what chalice deploys it from, as it was packaged
    releases/<stage>/<id>/settings.zip     .chalice as it went out: settings, policies, the record
    releases/<stage>/<id>/release.json     what it is and how it went

Ids sort by time; the newest release is the live one. Never here: deploying.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from chalicelib.model import Frozen, Moment

from ..packaging import ROOT, PackagingError
from ..packaging.interpreter import PYTHON, find_python, make_builder
from .installation import Package
from .release import Target

KEPT = 20
"""How many releases of a stage are kept."""

_PINS = "requirements-dev.txt"
"""Names the chalice that a release is deployed by."""
_NOT_KEPT = {"deployments", "deployed", "__pycache__"}

State = Literal["begun", "deployed", "passed", "failed"]


class Release(Frozen):
    """One deployment: of what, by whom, and how it went. `deployed` says that the functions stand,
    `passed` and `failed` what the smoke test found, `begun` that it never came so far."""

    id: str
    stage: str
    sha256: str
    at: Moment
    by: str
    commit: str | None = None
    again: str | None = None
    """The release that this one brought back."""
    before: str | None = None
    """Where a rollback from here goes."""
    state: State = "begun"


def release_id(now: datetime, sha256: str) -> str:
    """Sorts by time; `now` in UTC."""
    return f"{now:%Y%m%dT%H%M%SZ}-{sha256[:8]}"


def releases(s3: Any, target: Target) -> list[Release]:
    """Those that are kept, the oldest first."""
    keys = sorted(k for k in _keys(s3, target, "") if k.endswith("/release.json"))
    bodies = (s3.get_object(Bucket=target.bucket, Key=k)["Body"].read() for k in keys)
    return [Release.model_validate_json(body) for body in bodies]


def sound(kept: Iterable[Release]) -> str | None:
    """Where a rollback goes from a release that follows these: the newest of them if it passed, or
    else where that one's would go."""
    newest = next(reversed(list(kept)), None)
    if newest is None:
        return None
    return newest.id if newest.state == "passed" else newest.before


def find(kept: Iterable[Release], release_id: str) -> Release:
    """The release of that id. Raises PackagingError where it is not, or no longer, kept."""
    found = next((release for release in kept if release.id == release_id), None)
    if found is None:
        raise PackagingError(f"release {release_id} is not kept (LIST=1 shows those that are)")
    return found


def keep(s3: Any, target: Target, package: Package, release: Release) -> None:
    """Put the package away, and say that its deployment has begun."""
    with package.zip.open("rb") as body:
        s3.put_object(Bucket=target.bucket, Key=_key(target, release, "deployment.zip"), Body=body)
    project = _zipped(package.project, {_PINS: _pins(package.project)})
    s3.put_object(Bucket=target.bucket, Key=_key(target, release, "project.zip"), Body=project)
    note(s3, target, release, "begun")


def keep_settings(s3: Any, target: Target, release: Release, project: Path) -> None:
    """Put away `.chalice` as it went out."""
    folder = project / ".chalice"
    stated = {str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("**/*.json")}
    body = _zip(stated)
    s3.put_object(Bucket=target.bucket, Key=_key(target, release, "settings.zip"), Body=body)


def note(s3: Any, target: Target, release: Release, state: State) -> Release:
    """Say how it went."""
    noted = release.model_copy(update={"state": state})
    body = noted.model_dump_json(indent=2).encode()
    s3.put_object(Bucket=target.bucket, Key=_key(target, release, "release.json"), Body=body)
    return noted


def restore(s3: Any, target: Target, release: Release, folder: Path) -> Package:
    """The release's package, in `folder`. Raises PackagingError for a zip that is another."""
    shutil.rmtree(folder, ignore_errors=True)
    project, out = folder / "project", folder / "out" / "deployment.zip"
    out.parent.mkdir(parents=True)
    s3.download_file(target.bucket, _key(target, release, "deployment.zip"), str(out))
    body = s3.get_object(Bucket=target.bucket, Key=_key(target, release, "project.zip"))["Body"]
    with zipfile.ZipFile(io.BytesIO(body.read())) as kept:
        kept.extractall(project)
    package = Package(release.stage, project, out, _builder(project, folder.parent))
    if package.sha256 != release.sha256:
        raise PackagingError(f"the zip kept for {release.id} is not what was deployed")
    return package


def prune(s3: Any, target: Target, kept: Iterable[Release]) -> list[str]:
    """Remove all but the newest KEPT, every version of them; the ids of those removed."""
    gone = sorted(release.id for release in kept)[:-KEPT]
    for release_id in gone:
        empty(s3, target.bucket, f"{_prefix(target)}{release_id}/")
    return gone


def empty(s3: Any, bucket: str, prefix: str = "") -> int:
    """Remove every object below the prefix, in every version; how many versions there were."""
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        found = [
            {"Key": v["Key"], "VersionId": v["VersionId"]}
            for v in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if found:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
            if errors := answer.get("Errors"):
                why = errors[0].get("Message", errors[0].get("Code"))
                raise PackagingError(f"{len(errors)} objects of {bucket} stay: {why}")
        count += len(found)
    return count


def _prefix(target: Target) -> str:
    return f"releases/{target.stage}/"


def _key(target: Target, release: Release, name: str) -> str:
    return f"{_prefix(target)}{release.id}/{name}"


def _keys(s3: Any, target: Target, below: str) -> Iterator[str]:
    paginator = s3.get_paginator("list_objects_v2")
    for page in paginator.paginate(Bucket=target.bucket, Prefix=_prefix(target) + below):
        yield from (found["Key"] for found in page.get("Contents", ()))


def _pins(project: Path) -> bytes:
    """Those of the release itself where it is brought back, else of this folder."""
    own = project / _PINS
    return (own if own.exists() else ROOT / _PINS).read_bytes()


def _zipped(folder: Path, besides: dict[str, bytes]) -> bytes:
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _NOT_KEPT & set(path.relative_to(folder).parts)
    }
    return _zip(files | besides)


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, body in files.items():
            opened.writestr(name, body)
    return made.getvalue()


def _builder(project: Path, folder: Path) -> Path:
    """The builder of `make package` where the release has the same requirements, else its own."""
    same = all(
        (project / name).read_bytes() == (ROOT / name).read_bytes()
        for name in ("requirements.txt", _PINS)
    )
    name = f"builder-{PYTHON}" if same else f"builder-{PYTHON}-earlier"
    return make_builder(find_python(), project, folder / name)
