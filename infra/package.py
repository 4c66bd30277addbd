"""Builds the Lambda package of a stage and proves it: `python -m infra.package --stage dev`.

What was proven is told line by line, then the sizes, of what chalice packaged and of what ships;
the last line is one JSON object. The proven zip's digest is kept beside it: `infra.deploy` takes no
other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.markers import default_environment

from .packaging import BUILD, ROOT, PackagingError, contents, proof, shipping, stripping
from .packaging.building import Built, build, read_config
from .packaging.ends import loose_ends
from .packaging.interpreter import PYTHON, find_python, make_builder, make_image

_MIB = 1024**2
_MACHINES = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_SHOWN = 16
_NOTHING = contents.Size(0, 0)

Sizes = Mapping[str, contents.Size]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=__doc__)
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json")
    stage = parser.parse_args(arguments).stage
    try:
        package(stage)
    except PackagingError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


def package(stage: str) -> Built:
    """Build and prove; the report goes to standard output. Raises PackagingError."""
    architecture = read_config(ROOT, stage).get("lambda_architecture", "x86_64")
    python = find_python()
    print(f"packaging stage {stage} for {architecture} with {python}", flush=True)
    builder = make_builder(python, ROOT, BUILD / f"builder-{PYTHON}")
    image_list = ROOT / "infra" / "packaging" / "image.txt"
    image = make_image(builder, image_list, BUILD / f"image-{PYTHON}")
    folder = BUILD / stage
    built = build(builder, ROOT, folder, stage, models=image / "botocore" / "data")
    _tell(f"chalice package: {built.zip.relative_to(ROOT)}")
    packaged = inspect(built, architecture)
    shipping.ship(built.zip, built.project, python, folder / "shipped")
    shipped = weigh(built)
    _tell(
        f"ships without {len(stripping.LEFT_OUT)} kinds of files, compiled; "
        f"sha256 {digest(built.zip)}"
    )
    if _MACHINES.get(platform.machine()) != architecture:
        raise PackagingError(f"a package for {architecture} cannot be proven on this machine")
    proof.prove(built, python, image, folder, _tell)
    _record(built)
    _report(packaged, shipped, built.zip.stat().st_size)
    return built


def inspect(built: Built, architecture: str) -> Sizes:
    """The sizes in chalice's zip, once it is known to be whole. Raises PackagingError."""
    stated = contents.requirement_lines((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    with zipfile.ZipFile(built.zip) as opened:
        present = contents.distributions(opened)
        names = opened.namelist()
        sizes = contents.sizes(opened, present.values())
        loose = loose_ends(opened)
    if lacking := contents.missing(stated, present, lambda_environment(architecture)):
        raise PackagingError(f"the zip lacks {', '.join(lacking)}")
    if wrong := contents.misfits(present.values(), PYTHON, architecture):
        raise PackagingError(f"not for Python {PYTHON} on {architecture}: {'; '.join(wrong)}")
    if idle := stripping.idle(names, architecture):
        raise PackagingError(f"stripping.py leaves out what is not there: {', '.join(idle)}")
    if loose:
        raise PackagingError(f"what stripping.py leaves out is asked for: {'; '.join(loose)}")
    _tell(
        f"holds the {len(stated)} requirements and all they require, "
        f"{len(present)} distributions, each for Python {PYTHON} on {architecture}"
    )
    return sizes


def weigh(built: Built) -> Sizes:
    """The sizes in the zip that ships, once all of ours is in it. Raises PackagingError."""
    with zipfile.ZipFile(built.zip) as opened:
        absent = contents.absent_data(built.project, opened)
        sizes = contents.sizes(opened, contents.distributions(opened).values())
    if absent:
        raise PackagingError(f"the zip lacks our own {', '.join(absent)}")
    _limit(built.zip.stat().st_size, _sum(sizes, sizes).unpacked)
    return sizes


def lambda_environment(architecture: str) -> dict[str, str]:
    """The markers of PEP 508 as they read in Lambda, whatever machine packages."""
    return {
        **{name: str(value) for name, value in default_environment().items()},
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": {"x86_64": "x86_64", "arm64": "aarch64"}[architecture],
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
    }


def digest(zip_file: Path) -> str:
    return hashlib.sha256(zip_file.read_bytes()).hexdigest()


def _limit(packed: int, unpacked: int) -> None:
    if packed > contents.ZIP_LIMIT_BYTES or unpacked > contents.UNPACKED_LIMIT_BYTES:
        raise PackagingError(
            f"too large for Lambda: {packed / _MIB:.1f} MiB zipped (at most 50), "
            f"{unpacked / _MIB:.1f} MiB unpacked (at most 250)"
        )


def _record(built: Built) -> None:
    proven = {"stage": built.stage, "sha256": digest(built.zip)}
    built.zip.with_name("proof.json").write_text(json.dumps(proven) + "\n", encoding="utf-8")


def _report(before: Sizes, after: Sizes, zip_bytes: int) -> None:
    """Sizes by distribution, of what chalice packaged and of what ships; then the JSON line."""
    print(f"\n{'MiB':24}{'packaged: zip':>15}{'unpacked':>10}{'ships: zip':>14}{'unpacked':>10}")
    for name in list(before)[:_SHOWN]:
        _row(name, before[name], after.get(name, _NOTHING))
    others = list(before)[_SHOWN:]
    _row(f"{len(others)} others", _sum(before, others), _sum(after, others))
    _row("all", _sum(before, before), _sum(after, after))
    line = {
        "bench": "package",
        "zip_mb": round(zip_bytes / _MIB, 2),
        "unpacked_mb": round(_sum(after, after).unpacked / _MIB, 2),
    }
    print(f"\n{json.dumps(line)}")


def _row(name: str, before: contents.Size, after: contents.Size) -> None:
    print(
        f"{name:24}{before.packed / _MIB:15.2f}{before.unpacked / _MIB:10.2f}"
        f"{after.packed / _MIB:14.2f}{after.unpacked / _MIB:10.2f}"
    )


def _sum(sizes: Sizes, names: Iterable[str]) -> contents.Size:
    found = [sizes[name] for name in names if name in sizes]
    return contents.Size(sum(s.packed for s in found), sum(s.unpacked for s in found))


def _tell(line: str) -> None:
    print(f"  ok  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
