"""What is inside a deployment package, read from the zip: distributions, data files, sizes.

Wheels state what they hold in their `.dist-info` folder:
https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name

ZIP_LIMIT_BYTES = 50 * 1024**2
UNPACKED_LIMIT_BYTES = 250 * 1024**2
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_OURS = ("app.py", "__pycache__", "chalicelib")
"""Libraries have no compiled code beside their sources at the top: it takes their place."""

_GLIBC = (2, 34)
"""Amazon Linux 2023, which the images of Python 3.12 and newer are built on."""

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


@dataclass(frozen=True)
class Distribution:
    """One installed distribution: its name in canonical form, and what its wheel states."""

    name: str
    version: str
    requires: tuple[str, ...]
    tags: frozenset[Tag]
    files: frozenset[str]


@dataclass(frozen=True)
class Size:
    """Bytes in the zip, and unpacked."""

    packed: int
    unpacked: int


def distributions(package: zipfile.ZipFile) -> dict[str, Distribution]:
    """The distributions in the zip, by canonical name."""
    found = (name for name in package.namelist() if name.endswith(".dist-info/METADATA"))
    read = [_distribution(package, name.removesuffix("/METADATA")) for name in found]
    return {distribution.name: distribution for distribution in read}


def missing(
    requirements: Iterable[str],
    present: Mapping[str, Distribution],
    environment: Mapping[str, str],
) -> list[str]:
    """What the requirements, and all that these require in turn, lack; `environment` of PEP 508."""
    lacking: set[str] = set()
    seen: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        key = f"{canonicalize_name(requirement.name)}[{','.join(sorted(requirement.extras))}]"
        held = present.get(canonicalize_name(requirement.name))
        if held is None or not requirement.specifier.contains(held.version, prereleases=True):
            lacking.add(f"{requirement.name}{requirement.specifier}")
        elif key not in seen:
            seen.add(key)
            waiting += [r for r in held.requires if _applies(r, requirement.extras, environment)]
    return sorted(lacking)


def misfits(present: Iterable[Distribution], python: str, architecture: str) -> list[str]:
    """The distributions whose wheel is not for that Python (`3.13`), machine and its glibc."""
    return sorted(
        f"{d.name} {d.version} ({', '.join(sorted(map(str, d.tags)))})"
        for d in present
        if not any(_fits(tag, python, architecture) for tag in d.tags)
    )


def requirement_lines(text: str) -> list[str]:
    """The requirements that a requirements.txt states."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def absent_data(project: Path, package: zipfile.ZipFile) -> list[str]:
    """The files of the project's code and data that are not in the zip as they are there."""
    held = {entry.filename: entry for entry in package.infolist()}
    wanted = [project / "app.py", *(p for p in project.glob("chalicelib/**/*") if p.is_file())]
    names = {str(path.relative_to(project)): path for path in wanted}
    return sorted(n for n, p in names.items() if n not in held or package.read(n) != p.read_bytes())


def sizes(package: zipfile.ZipFile, present: Iterable[Distribution]) -> dict[str, Size]:
    """Sizes by distribution, ours and chalice's runtime beside them; the largest first."""
    owner = {file: d.name for d in present for file in d.files}
    packed, unpacked = Counter[str](), Counter[str]()
    for entry in package.infolist():
        name = owner.get(entry.filename) or _unowned(entry.filename)
        packed[name] += entry.compress_size
        unpacked[name] += entry.file_size
    return {name: Size(packed[name], total) for name, total in unpacked.most_common()}


def _unowned(filename: str) -> str:
    top = filename.partition("/")[0]
    return "rejoinder" if top in _OURS else top


def _distribution(package: zipfile.ZipFile, folder: str) -> Distribution:
    metadata = HeaderParser().parsestr(package.read(f"{folder}/METADATA").decode())
    wheel = HeaderParser().parsestr(package.read(f"{folder}/WHEEL").decode())
    record = csv.reader(io.StringIO(package.read(f"{folder}/RECORD").decode()))
    return Distribution(
        name=canonicalize_name(metadata["Name"]),
        version=metadata["Version"],
        requires=tuple(metadata.get_all("Requires-Dist", ())),
        tags=frozenset().union(*(parse_tag(tag) for tag in wheel.get_all("Tag", ()))),
        files=frozenset(row[0] for row in record if row),
    )


def _applies(line: str, extras: Iterable[str], environment: Mapping[str, str]) -> bool:
    marker = Requirement(line).marker
    if marker is None:
        return True
    return any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def _fits(tag: Tag, python: str, architecture: str) -> bool:
    compact = python.replace(".", "")
    interpreter = tag.interpreter in ("py3", f"py{compact}", f"cp{compact}") or (
        tag.abi == "abi3" and tag.interpreter.startswith("cp3")
    )
    abi = tag.abi in ("none", "abi3", f"cp{compact}")
    return interpreter and abi and _runs_on(tag.platform, architecture)


def _runs_on(platform: str, architecture: str) -> bool:
    if platform == "any":
        return True
    kind, _, rest = platform.partition("_")
    if kind in _LEGACY:
        return rest == _MACHINES[architecture] and _LEGACY[kind] <= _GLIBC
    if kind == "linux":
        return rest == _MACHINES[architecture]
    major, _, rest = rest.partition("_")
    minor, _, machine = rest.partition("_")
    return (
        kind == "manylinux"
        and machine == _MACHINES[architecture]
        and (int(major), int(minor)) <= _GLIBC
    )
