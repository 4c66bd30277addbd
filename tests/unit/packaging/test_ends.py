"""Which names of left-out modules are found in the code that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.packaging import ends

from .wheels import Package


@pytest.fixture
def package(tmp_path: Path) -> Package:
    made = Package(tmp_path / "deployment.zip")
    made.add("numpy/__init__.py").add("numpy/fft/__init__.py").add("numpy/fft/_pocketfft.py")
    return made.add("numpy/lib/stride.py", "import os\n")


@pytest.mark.parametrize(
    "source",
    [
        "import numpy.fft",
        "def late():\n    from numpy.fft import fftshift",
        "from numpy import fft",
        "import numpy as np\n\ndef late():\n    return np.fft",
        "if False:\n    from ..numpy.fft import fftshift",
    ],
)
def test_what_is_left_out_and_asked_for_is_told(package: Package, source: str) -> None:
    package.add("other/module.py", source)

    with package.close() as opened:
        assert ends.loose_ends(opened) == ["other/module.py: numpy.fft"]


def test_code_that_is_left_out_itself_may_ask(package: Package) -> None:
    package.add("numpy/polynomial/chebyshev.py", "import numpy.fft\n")

    with package.close() as opened:
        assert ends.loose_ends(opened) == []


def test_what_is_known_never_to_be_reached_is_let_pass(package: Package) -> None:
    package.add("numpy/_pytesttester.py", "import numpy.fft\n")
    package.add("numpy/other.py", "import numpy.fft\n")

    with package.close() as opened:
        assert ends.loose_ends(opened) == ["numpy/other.py: numpy.fft"]


def test_our_own_code_is_read_too(package: Package) -> None:
    package.add("chalicelib/understanding/intent.py", "import numpy as np\nx = np.fft.fft\n")

    with package.close() as opened:
        assert ends.loose_ends(opened) == ["chalicelib/understanding/intent.py: numpy.fft"]


def test_a_relative_import_is_read_from_where_it_stands() -> None:
    source = b"from . import beside\nfrom ..above import thing\n"

    assert list(ends.named(source, "library/inner/module.py")) == [
        *("library.inner", "library.inner.beside"),
        *("library.above", "library.above.thing"),
    ]
    assert next(iter(ends.named(source, "library/inner/__init__.py"))) == "library.inner"
