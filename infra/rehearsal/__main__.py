"""Rehearses a deployment on this machine: `python -m infra.rehearsal [--stage dev] [--short]`.

Takes the package that `make package` proved. Each step is told with the seconds since the start;
the last line is one JSON object. Whatever happens, everything that was started is stopped again.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.settings import Settings

from .. import smoke
from ..deploy import proven
from ..deployment import stack
from ..deployment.access import SigV4
from ..deployment.calls import Caller, SmokeError, Times
from ..local.carriers import LOCAL_SECRETS, Carriers, Mailbox
from ..packaging import BUILD, ROOT
from . import Patience, RehearsalError, Tell, scenes, shopping
from .deployment import SECRETS, Deployment, rehearsed_template
from .edge import Edge
from .limits import UNPROVEN
from .ministack import VERSION, Ministack, install, known_types

LOGS = ROOT / "build" / "rehearsal"
TABLES = 3
"""Customers, catalog, ledger: the template retains them whatever happens to the stack."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.rehearsal", description=__doc__)
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json")
    parser.add_argument("--short", action="store_true", help="a small shop, and one deployment")
    parser.add_argument("--build", type=Path, default=BUILD, help="where make package builds")
    chosen = parser.parse_args(arguments)
    # The end of a session or a job ends the rehearsal as Ctrl-C does: with everything put away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logs = LOGS / chosen.stage
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    steps = Steps(time.monotonic)
    try:
        rehearse(chosen.stage, chosen.build, logs, steps, short=chosen.short)
    except KeyboardInterrupt:
        print("rehearsal: stopped, and put away", file=sys.stderr)
        return 130
    except Exception as error:
        print(f"rehearsal: {error or type(error).__name__}\nlogs: {logs}", file=sys.stderr)
        return 1
    for where, what in UNPROVEN.items():
        print(f"  not proven by this: {where}: {what}")
    print(json.dumps({"rehearsal": "ok", "seconds": steps.seconds(), "steps": steps.count}))
    return 0


class Steps:
    """Tells each step when it is done, and counts them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self.count = 0

    def seconds(self) -> float:
        return round(self._clock() - self._start, 1)

    def tell(self, line: str) -> None:
        print(f"{self.seconds():6.1f} s  {line}", flush=True)

    def done(self, line: str) -> None:
        self.count += 1
        self.tell(line)


def rehearse(stage: str, build: Path, logs: Path, steps: Steps, *, short: bool) -> None:
    """The whole of it. Raises RehearsalError, PackagingError and what the clients raise."""
    package = proven(stage, build)
    steps.done(f"the package of stage {stage} is proven, sha256 {package.sha256[:12]}…")
    program = install(steps.tell)
    patience, mailbox = Patience(), Mailbox()
    with ExitStack() as opened:
        cloud = opened.enter_context(Ministack(program, logs / "ministack.log", patience))
        steps.done(f"ministack {VERSION} is up at {cloud.url}; it enforces policies")
        edge = opened.enter_context(Edge())
        carriers = Carriers(mailbox, clock=_now)
        opened.callback(carriers.stop)
        deployment = Deployment(cloud, package, carriers.start(), edge.url, patience)
        try:
            url = _deploy(deployment, stage, cloud, program, logs, steps)
            edge.lead_to(url)
            played = _stage(stage, cloud, url, edge, mailbox, patience)
            _play(played, deployment, steps, short=short)
            _put_away(deployment, steps)
        except BaseException:
            _keep_logs(cloud, logs, steps.tell)
            raise


def _deploy(
    deployment: Deployment, stage: str, cloud: Ministack, program: Path, logs: Path, steps: Steps
) -> str:
    template = rehearsed_template(stack.TEMPLATE, known_types(program), logs, steps.tell)
    steps.done(f"stack {stack.stack_name(stage)}: {deployment.make_state(template)} resources")
    steps.done(f"{deployment.put_secrets()} secrets are in Parameter Store")
    changed, url = deployment.deploy()
    steps.done(f"stack {deployment.functions_stack}: {changed} resources, by the packaged route")
    return url


def _play(played: scenes.Stage, deployment: Deployment, steps: Steps, *, short: bool) -> None:
    health = played.patience.until(lambda: _health(played), "the API answers")
    steps.done(f"the API answers: {health['status']}")
    calls = list(shopping.calls(_now(), short=short))
    for said in calls:
        played.bring_in(said)
    steps.done(f"the demo shop is in, by {len(calls)} calls of an operator's")
    steps.done(f"Joe: {scenes.joe(played)}")
    steps.done(f"catalog: {scenes.publication(played)}")
    steps.done(f"poison: {scenes.poison(played, 2 if short else None)}")
    if not short:
        changed, _ = deployment.deploy(snapstart=True)
        if not deployment.starts_from_snapshots():
            raise RehearsalError("SnapStart is on in the template, and off in the function")
        played.patience.until(lambda: _health(played), "the API answers")
        steps.done(f"deployed again with SnapStart on: {changed} changes, and it answers")
    _smoke(played, steps.tell)
    steps.done("the smoke test passes")


def _smoke(played: scenes.Stage, tell: Tell) -> None:
    """Without our edge, as an operator meets the API: by its own URL."""
    own_url = played.operator.url
    host = own_url.removeprefix("http://").partition("/")[0]
    smoke.run(
        own_url,
        operator=SigV4(played.cloud.session),
        secrets=played.secrets,
        rng=played.rng,
        public_url=f"https://{host}/api",
        times=Times(pause=lambda: played.patience.pause(played.patience.look_seconds)),
        tell=tell,
    )


def _put_away(deployment: Deployment, steps: Steps) -> None:
    kept = deployment.drop()
    if len(kept) != TABLES:
        raise RehearsalError(f"{len(kept)} tables outlived their stack, not {TABLES}")
    steps.done(f"both stacks are deleted; {len(kept)} tables were kept, as the template says")


def _stage(
    name: str, cloud: Ministack, url: str, edge: Edge, mailbox: Mailbox, patience: Patience
) -> scenes.Stage:
    secrets = {**LOCAL_SECRETS, **SECRETS, "public_url": edge.url}
    operator = SigV4(cloud.session)
    return scenes.Stage(
        name=name,
        cloud=cloud,
        operator=Caller(url, operator),
        world=Caller(edge.url, operator),
        mailbox=mailbox,
        secrets=Settings.model_validate(secrets),
        clock=_now,
        rng=random.Random(),  # noqa: S311
        patience=patience,
    )


def _health(played: scenes.Stage) -> Any:
    try:
        answer = played.world.call("GET", "/healthz", {})
    except SmokeError:
        return None  # The first start takes long on a busy machine.
    return answer.document if answer.status == 200 else None


def _keep_logs(cloud: Ministack, logs: Path, tell: Tell) -> None:
    """What each function logged, in a file of its own."""
    client = cloud.client("logs")
    try:
        groups = client.describe_log_groups()["logGroups"]
        for group in groups:
            name = group["logGroupName"]
            events = client.filter_log_events(logGroupName=name)["events"]
            text = "\n".join(event["message"] for event in events)
            (logs / f"{name.rpartition('/')[2]}.log").write_text(text, encoding="utf-8")
    except Exception as error:
        tell(f"the functions' logs could not be kept: {type(error).__name__}")


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
