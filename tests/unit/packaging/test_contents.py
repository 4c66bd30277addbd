"""What is missing from a package, is for another machine, or weighs how much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.package import lambda_environment
from infra.packaging import contents
from infra.packaging.contents import Distribution

from .wheels import Package

LAMBDA = lambda_environment("x86_64")


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Package]:
    made = Package(tmp_path / "deployment.zip")
    yield made
    made.close().close()


def present(package: Package) -> dict[str, Distribution]:
    with package.close() as opened:
        return contents.distributions(opened)


def test_a_whole_package_lacks_nothing(package: Package) -> None:
    package.install("numpy", "2.4.6").install("cel_python", "0.5.0", ["lark>=1.2.2"])
    package.install("lark", "1.3.1")

    assert contents.missing(["numpy==2.4.6", "cel-python==0.5.0"], present(package), LAMBDA) == []


def test_the_wheel_that_chalice_could_not_install_is_named(package: Package) -> None:
    package.install("jinja2", "3.1.6")

    lacking = contents.missing(["numpy==2.4.6", "jinja2==3.1.6"], present(package), LAMBDA)

    assert lacking == ["numpy==2.4.6"]


def test_what_a_requirement_requires_is_missed_too(package: Package) -> None:
    package.install("cel_python", "0.5.0", ["pendulum>=3.1.0"])
    package.install("pendulum", "3.3.0", ["python-dateutil>=2.6"])

    assert contents.missing(["cel-python"], present(package), LAMBDA) == ["python-dateutil>=2.6"]


def test_another_version_than_the_pinned_one_is_missing(package: Package) -> None:
    package.install("numpy", "2.3.0")

    assert contents.missing(["numpy==2.4.6"], present(package), LAMBDA) == ["numpy==2.4.6"]


def test_only_what_lambda_needs_is_asked_for(package: Package) -> None:
    package.install(
        "cel_python",
        "0.5.0",
        [
            "tomli; python_version < '3.11'",
            "pywin32; sys_platform == 'win32'",
            "xmlschema; extra == 'schema'",
        ],
    )

    assert contents.missing(["cel-python"], present(package), LAMBDA) == []
    assert contents.missing(["cel-python[schema]"], present(package), LAMBDA) == ["xmlschema"]


def test_requirements_that_require_each_other_end(package: Package) -> None:
    package.install("a", "1", ["b"]).install("b", "1", ["a"])

    assert contents.missing(["a"], present(package), LAMBDA) == []


@pytest.mark.parametrize(
    "tag",
    [
        "py3-none-any",
        "py2.py3-none-any",
        "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp313-cp313-manylinux_2_34_x86_64",
        "cp39-abi3-manylinux2014_x86_64",
        "cp313-cp313-linux_x86_64",
    ],
)
def test_a_wheel_that_lambda_can_load_fits(package: Package, tag: str) -> None:
    package.install("numpy", "2.4.6", tag=tag)

    assert contents.misfits(present(package).values(), "3.13", "x86_64") == []


@pytest.mark.parametrize(
    "tag",
    [
        "cp311-cp311-manylinux_2_17_x86_64",
        "cp313-cp313-manylinux_2_39_x86_64",
        "cp313-cp313-manylinux_2_17_aarch64",
        "cp313-cp313-musllinux_1_2_x86_64",
        "cp313-cp313-macosx_11_0_arm64",
        "cp313-cp313t-manylinux_2_17_x86_64",
        "cp311-none-any",
    ],
)
def test_a_wheel_that_lambda_cannot_load_is_named(package: Package, tag: str) -> None:
    package.install("numpy", "2.4.6", tag=tag)

    assert contents.misfits(present(package).values(), "3.13", "x86_64") == [f"numpy 2.4.6 ({tag})"]


def test_wheels_for_arm_fit_an_arm_function(package: Package) -> None:
    package.install("numpy", "2.4.6", tag="cp313-cp313-manylinux2014_aarch64")

    assert contents.misfits(present(package).values(), "3.13", "arm64") == []


def test_a_requirements_file_is_read_without_comments_and_options() -> None:
    text = "# pinned\nnumpy==2.4.6  # fast\n-r other.txt\n\njinja2==3.1.6\n"

    assert contents.requirement_lines(text) == ["numpy==2.4.6", "jinja2==3.1.6"]


def test_data_files_that_did_not_come_along_are_named(package: Package, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("app.py", "chalicelib/a.py", "chalicelib/replies/en/help.j2"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("as it is", encoding="utf-8")
    package.add("app.py", "as it is").add("chalicelib/a.py", "as it was")

    with package.close() as opened:
        absent = contents.absent_data(project, opened)

    assert absent == ["chalicelib/a.py", "chalicelib/replies/en/help.j2"]


def test_sizes_are_counted_by_distribution_and_ours(package: Package) -> None:
    package.install("numpy", "2.4.6").add("app.py", "y" * 10).add("chalicelib/b.py", "y" * 20)
    package.add("chalice/app.py", "z" * 5).add("vendored.py", "v")

    with package.close() as opened:
        sizes = contents.sizes(opened, contents.distributions(opened).values())
        total = sum(entry.file_size for entry in opened.infolist())

    assert next(iter(sizes)) == "numpy"
    assert sizes["rejoinder"].unpacked == 30
    assert sizes["chalice"].unpacked == 5
    assert sizes["vendored.py"].unpacked == 1
    assert sum(size.unpacked for size in sizes.values()) == total
    assert sizes["numpy"].packed < sizes["numpy"].unpacked
