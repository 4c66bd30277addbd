"""What of the libraries is left out of the package, and that we do without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.packaging import ROOT, stripping
from infra.packaging.contents import Distribution


def distribution(name: str, *files: str) -> Distribution:
    return Distribution(name, "1", (), frozenset(), frozenset(files))


@pytest.mark.parametrize(
    "name",
    [
        "numpy/_core/tests/test_umath.py",
        "numpy/random/lib/libnpyrandom.a",
        "numpy/_core/_simd.cpython-313-x86_64-linux-gnu.so",
        "rapidfuzz/distance/metrics_cpp_avx2.cpython-313-x86_64-linux-gnu.so",
        "pydantic/py.typed",
        "pydantic/v1/main.py",
        "celpy/evaluation.py",
        "jmespath-1.1.0.data/scripts/jp.py",
    ],
)
def test_what_lambda_does_without_is_left_out_with_a_reason(name: str) -> None:
    assert stripping.reason(name)


@pytest.mark.parametrize(
    "name",
    [
        "celpy/cel.lark",
        "numpy/_core/_multiarray_umath.cpython-313-x86_64-linux-gnu.so",
        "numpy/linalg/lapack_lite.cpython-313-x86_64-linux-gnu.so",
        "rapidfuzz/distance/metrics_cpp.cpython-313-x86_64-linux-gnu.so",
        "_cffi_backend.cpython-313-x86_64-linux-gnu.so",
        "tzdata/zoneinfo/Europe/Berlin",
        "numpy-2.4.6.dist-info/licenses/LICENSE.txt",
        "chalicelib/tests/any.py",
        "chalice/app.py",
        "app.py",
    ],
)
def test_what_is_needed_and_all_of_ours_ships(name: str) -> None:
    assert stripping.reason(name) is None


def test_a_library_that_nothing_stays_of_goes_with_its_description() -> None:
    names = ["re2/__init__.py", "re2-1.dist-info/METADATA", "re2-1.dist-info/RECORD"]
    kept = ["celpy/cel.lark", "celpy-1.dist-info/METADATA"]
    present = [
        distribution("re2", *names),
        distribution("celpy", *kept, "celpy/evaluation.py"),
    ]

    shipped = stripping.shipped([*names, *kept, "celpy/evaluation.py", "app.py"], present)

    assert shipped == ["app.py", "celpy-1.dist-info/METADATA", "celpy/cel.lark"]


def test_a_pattern_that_means_nothing_any_more_is_named() -> None:
    every = [glob.replace("*", "x").replace("[ach]", "a") for glob in stripping.LEFT_OUT]

    assert stripping.idle(every, "x86_64") == []
    assert stripping.idle([n for n in every if "fft" not in n], "x86_64") == ["numpy/fft/*"]


def test_wheels_for_arm_need_not_bring_what_only_x86_has() -> None:
    every = [glob.replace("*", "x").replace("[ach]", "a") for glob in stripping.LEFT_OUT]
    without = [name for name in every if "avx2" not in name]

    assert stripping.idle(without, "arm64") == []
    assert stripping.idle(without, "x86_64") == ["rapidfuzz/*_avx2.*"]


def test_nothing_that_our_code_names_is_left_out() -> None:
    """What is imported by name, and what numpy loads when it is first named: `np.linalg`."""
    named = {name for path in _sources() for name in _named(path.read_text("utf-8"))}

    wanting = {n for n in named for file in _files(n) if stripping.reason(file)}

    assert {"numpy/linalg", "rapidfuzz/distance/OSA", "oauthlib/oauth1"} <= named
    assert wanting == set()


def _sources() -> list[Path]:
    return [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]


def _named(text: str) -> Iterator[str]:
    for module in re.findall(r"^ *import ([\w.]+)", text, re.M):
        yield module.replace(".", "/")
    for module, names in re.findall(r"^ *from (\w[\w.]*) import ([\w, ]+)", text, re.M):
        folder = module.replace(".", "/")
        yield from (folder, *(f"{folder}/{name.split()[0]}" for name in names.split(",") if name))
    for name in re.findall(r"\bnp\.(\w+)", text):
        yield f"numpy/{name}"


def _files(name: str) -> tuple[str, str]:
    return f"{name}.py", f"{name}/__init__.py"
