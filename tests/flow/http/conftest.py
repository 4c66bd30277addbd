"""One running Rejoinder for all tests of this folder; each brings its own customers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.machine import Machine, running


@pytest.fixture(scope="package")
def machine() -> Iterator[Machine]:
    with running() as made:
        yield made
