"""Builds the Lambda package of a stage and proves it: `python -m infra.package --stage dev`.

What was proven is told line by line, then the sizes; the last line is one JSON object. The proven
zip's digest is kept beside it: `infra.deploy` takes no other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from packaging.markers import default_environment

from .packaging import BUILD, ROOT, PackagingError, contents, proof
from .packaging.building import Built, build, read_config
from .packaging.interpreter import PYTHON, find_python, make_builder, make_image

_MIB = 1024**2
_MACHINES = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_SHOWN = 12


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
    started = time.monotonic()
    architecture = read_config(ROOT, stage).get("lambda_architecture", "x86_64")
    python = find_python()
    print(f"packaging stage {stage} for {architecture} with {python}", flush=True)
    builder = make_builder(python, ROOT, BUILD / f"builder-{PYTHON}")
    image_list = ROOT / "infra" / "packaging" / "image.txt"
    image = make_image(builder, image_list, BUILD / f"image-{PYTHON}")
    folder = BUILD / stage
    built = build(builder, ROOT, folder, stage)
    _tell(f"chalice package: {built.zip.relative_to(ROOT)}")
    sizes = inspect(built, architecture)
    if _MACHINES.get(platform.machine()) != architecture:
        raise PackagingError(f"a package for {architecture} cannot be proven on this machine")
    proof.prove(built, python, image, folder, _tell)
    _record(built)
    _report(sizes, time.monotonic() - started)
    return built


def inspect(built: Built, architecture: str) -> Mapping[str, contents.Size]:
    """The sizes in the zip, once it is known to be whole. Raises PackagingError."""
    stated = contents.requirement_lines((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    with zipfile.ZipFile(built.zip) as opened:
        present = contents.distributions(opened)
        absent = contents.absent_data(built.project, opened)
        sizes = contents.sizes(opened, present.values())
    if lacking := contents.missing(stated, present, lambda_environment(architecture)):
        raise PackagingError(f"the zip lacks {', '.join(lacking)}")
    if wrong := contents.misfits(present.values(), PYTHON, architecture):
        raise PackagingError(f"not for Python {PYTHON} on {architecture}: {'; '.join(wrong)}")
    if absent:
        raise PackagingError(f"the zip lacks our own {', '.join(absent)}")
    _tell(
        f"holds the {len(stated)} requirements and all they require, "
        f"{len(present)} distributions, each for Python {PYTHON} on {architecture}"
    )
    _limit(sizes)
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


def _limit(sizes: Mapping[str, contents.Size]) -> None:
    packed, unpacked = _total(sizes)
    if packed > contents.ZIP_LIMIT_BYTES or unpacked > contents.UNPACKED_LIMIT_BYTES:
        raise PackagingError(
            f"too large for Lambda: {packed / _MIB:.1f} MiB zipped (at most 50), "
            f"{unpacked / _MIB:.1f} MiB unpacked (at most 250)"
        )


def _total(sizes: Mapping[str, contents.Size]) -> tuple[int, int]:
    return sum(s.packed for s in sizes.values()), sum(s.unpacked for s in sizes.values())


def _record(built: Built) -> None:
    proven = {"stage": built.stage, "sha256": digest(built.zip)}
    built.zip.with_name("proof.json").write_text(json.dumps(proven) + "\n", encoding="utf-8")


def _report(sizes: Mapping[str, contents.Size], seconds: float) -> None:
    packed, unpacked = _total(sizes)
    print(f"\n{'':24}{'zip MiB':>10}{'unpacked MiB':>14}")
    for name, size in list(sizes.items())[:_SHOWN]:
        print(f"{name:24}{size.packed / _MIB:10.2f}{size.unpacked / _MIB:14.2f}")
    others = list(sizes.values())[_SHOWN:]
    rest = (sum(s.packed for s in others), sum(s.unpacked for s in others))
    print(f"{f'{len(others)} others':24}{rest[0] / _MIB:10.2f}{rest[1] / _MIB:14.2f}")
    print(f"{'all':24}{packed / _MIB:10.2f}{unpacked / _MIB:14.2f}   in {seconds:.0f} s\n")
    line = {
        "bench": "package",
        "zip_mb": round(packed / _MIB, 2),
        "unpacked_mb": round(unpacked / _MIB, 2),
    }
    print(json.dumps(line))


def _tell(line: str) -> None:
    print(f"  ok  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
