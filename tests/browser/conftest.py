"""The local run with the demo shop at 19:10 on a Wednesday in New York, and a headless Chromium."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from chalicelib.steps.rooms import Rooms
from infra.local import shop
from infra.local.clock import LocalClock
from infra.local.machine import Data, LocalCloud
from infra.progress import Progress
from infra.shelves import Shelves

EVENING = datetime(2026, 11, 19, 0, 10, tzinfo=UTC)
TOKEN = "operator-of-the-browser-test"
VIEWPORT: ViewportSize = {"width": 1440, "height": 1120}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MILLISECONDS = 20_000
"""How long a condition may take on a busy machine; nothing waits longer than it must."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    folder = tmp_path_factory.mktemp("machine")
    # The shop's customers did what they did just before it was loaded.
    LocalClock(folder / "clock.json").set(EVENING)
    with LocalCloud(
        state_dir=folder, token=TOKEN, data=Data("shop", _load), rng=random.Random(19)
    ) as machine:
        yield machine


def _load(rooms: Rooms, now: datetime, progress: Progress) -> None:
    shop.load(Shelves.of(rooms), now=now, progress=progress)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        pytest.fail("no chromium here: apt-get install chromium (make test-browser does)")
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=program,
            args=FLAGS,
            viewport=VIEWPORT,
            reduced_motion="reduce",
            color_scheme="light",
            service_workers="block",
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        yield context
        context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: errors, refusals of the content policy, exceptions."""
    return []


@pytest.fixture
def page(browser: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """A tab of its own: no token is kept from another test."""

    def note(message: ConsoleMessage) -> None:
        # A message that is still queued is not there yet, and the page asks again.
        awaited = "404" in message.text and "/interactions/" in message.location["url"]
        if message.type in ("error", "warning") and not awaited:
            complaints.append(message.text)

    page = browser.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()


@pytest.fixture
def tried(page: Page, machine: LocalCloud) -> Page:
    """The Try it view, opened as `make run` prints it."""
    page.goto(f"{machine.url}/console#token={TOKEN}")
    expect(page.locator("#stage")).to_be_visible()
    return page


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshot goes; SCREENSHOT=docs/console.png keeps it."""
    given = os.environ.get("SCREENSHOT")
    return Path(given) if given else tmp_path_factory.mktemp("picture") / "console.png"
