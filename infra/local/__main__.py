"""`make run` = `python -m infra.local`: Rejoinder on this machine, until it is told to stop.

Environment: PORT (8000; 0 picks a free one), FRESH=1 begins anew, DATA=completejourney serves that
instead of the demo shop, REJOINDER_TOKEN is the operators' token, and any setting of the README's.
Exit code 0: it was told to stop; 1: it could not run; 2: it was asked for something that is not.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from ..progress import Progress, shown

if TYPE_CHECKING:
    from chalicelib.steps.rooms import Rooms

    from .machine import Data, LocalCloud

STATE = Path(__file__).parents[2] / "build" / "local"
DEFAULT_PORT = 8000
DATA_MODULES = {"shop": "infra.local.shop", "completejourney": "infra.local.completejourney"}
FOR_CLIENTS = (
    *("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("STAGE", "ARTIFACTS_BUCKET"),
)
"""What a program beside this one needs to know, such as `python -m infra.load`."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Told(BaseException):
    """A signal told us to stop; no `except Exception` on the way may swallow it."""


def main(given: Mapping[str, str], state: Path = STATE) -> int:
    """Run until a signal says stop; the exit code."""
    try:
        port, name = _port(given), _data_name(given)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with _signals():
            return _run(given, state, port, name)
    except _Told:
        return 0


def _run(given: Mapping[str, str], state: Path, port: int, name: str) -> int:
    # Only here: importing the whole of it takes longer than refusing a wrong PORT should.
    from chalicelib.errors import ConfigurationError

    from .folder import FolderInUse
    from .machine import LocalCloud, OtherDataError

    machine = LocalCloud(
        state_dir=state,
        fresh=given.get("FRESH", "") not in ("", "0"),
        port=port,
        token=given.get("REJOINDER_TOKEN") or None,
        data=_data(name),
        given=dict(given),
    )
    with ExitStack() as running:
        try:
            with shown(sys.stderr) as machine.progress:
                running.enter_context(machine)
        except (FolderInUse, OtherDataError, ConfigurationError) as error:
            print(error, file=sys.stderr)
            return 1
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            print(f"port {port} is in use: PORT=0 make run picks a free one", file=sys.stderr)
            return 1
        return _serve(machine, name)


def _serve(machine: LocalCloud, data: str) -> int:
    import urllib3

    health = urllib3.request("GET", f"{machine.url}/healthz", retries=False, timeout=30)
    if health.status != 200:
        print(f"/healthz answers {health.status}: see above", file=sys.stderr)
        return 1
    _report(machine, data)
    while True:
        time.sleep(3600)


@contextmanager
def _signals() -> Iterator[None]:
    """The first one interrupts; those after it let us finish in peace."""
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise _Told


def _port(given: Mapping[str, str]) -> int:
    text = given.get("PORT") or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
        raise ValueError("PORT is a number from 0 to 65535")
    return int(text)


def _data_name(given: Mapping[str, str]) -> str:
    name = given.get("DATA") or "shop"
    if name not in DATA_MODULES:
        raise ValueError(f"DATA is one of {', '.join(DATA_MODULES)}")
    return name


def _data(name: str) -> Data:
    from .machine import Data

    def load(rooms: Rooms, now: datetime, progress: Progress) -> None:
        from ..shelves import Shelves

        module = importlib.import_module(DATA_MODULES[name])
        module.load(Shelves.of(rooms), now=now, progress=progress)

    return Data(name, load)


def _people(data: str, url: str) -> tuple[str, ...]:
    """Somebody to be, and something to say as them."""
    if data == "shop":
        said = '{"from": "1234", "text": "Trailblazer GTX in a 44?"}'
        who = "x:1234, phone:+15551230001, email:joe@example.com"
        return f"  Joe        {who}", f"  Try        curl {url}/local/tweet -d '{said}'"
    from .completejourney import PROVENANCE

    said = '{"from": "+15552000001", "text": "do you have any cheddar?"}'
    return (
        f"  Data       {PROVENANCE}",
        "  Household  hh-1 to hh-2500: card:1, phone:+15552000001, email:hh1@household.example",
        f"  Try        curl {url}/local/text -d '{said}'",
    )


def _report(machine: LocalCloud, data: str) -> None:
    """Where to look. The last line says that all of it answers."""
    settings = machine.settings
    if machine.cloud.damaged:
        print(
            f"{machine.cloud.damaged} unreadable line(s) of the journal were left out, such as "
            "the one that was being written when the last run was killed",
            file=sys.stderr,
        )
    if machine.cloud.unknown:
        print(
            f"{machine.cloud.unknown} record(s) of what infra/resources.yaml no longer has were "
            "left out",
            file=sys.stderr,
        )
    url, token = machine.url, machine.token
    people = "\n".join(_people(data, url))
    aws = " ".join(f"{name}={os.environ[name]}" for name in FOR_CLIENTS)
    print(
        f"""Rejoinder on this machine; its state is kept in {machine.state_dir}
  Console    {url}/console#token={token}
  Messages   {url}/local/messages     what phones, inboxes and timelines got
  Operators  Authorization: Bearer {token}
  Brand      X user {settings.x_user_id} (@retailerxyz), SMS {settings.twilio_number}
  AWS        {aws}
{people}
Ready at {url} (Ctrl-C stops)""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(os.environ))
