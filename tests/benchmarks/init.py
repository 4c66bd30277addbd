"""What a cold start computes, beside the bare `import boto3` and one DynamoDB client.

    python -m tests.benchmarks.init [--rounds 15] [--package build/package/dev]

Each start is a process of its own, all kinds taking turns; what counts is the processor time of
that process alone (AWS is moto, in this one). A kind's init is everything until its first event is
answered, less what a second one like it takes, what botocore computes in AWS calls, and what the
reading of the published catalogs takes: all that is imported and built once, when it is first
needed, as a share of the bare start of the same round. The median of all rounds counts. With
`--package` it is the proven package under Python 3.13 with what Lambda's image brings; without, the
working tree. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import boto3

from chalicelib.inbound import InboundRequest, twilio
from chalicelib.queues import seal
from infra.local import callers
from infra.local.cloud import REGION
from infra.local.machine import LocalCloud
from infra.packaging import ROOT
from infra.packaging.events import json_event, sqs_event, twilio_event
from infra.packaging.interpreter import PYTHON, find_python
from infra.packaging.story import lambda_variables
from tests.machine import running

STARTED = Path(__file__).with_name("started.py")
KINDS = ("bare", "webhook", "worker", "decision")
AGAIN = "again"
NOT_INIT = ("calls", "published")
"""What AWS calls and the catalogs cost in processor time is told beside it."""
ROUNDS = 15
SEED = 2026
SETTINGS = {
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "OPENBLAS_NUM_THREADS": "1",
    "SECRETS_PATH": "/rejoinder/local",
}
_SMS = "/webhooks/twilio/messages"
_ASKS = "do you have the Trailblazer GTX in a 44?"
_JOE = "+15551230001"

Milliseconds = dict[str, float]


@dataclass(frozen=True)
class Place:
    """What starts: a Python, the folder of the code, and that of boto3 where it is another."""

    python: Path
    task: Path
    image: Path | None

    def command(self, kind: str) -> list[str]:
        isolated = ["-I", "-S", "-B"] if self.image else ["-I"]
        image = [str(self.image)] if self.image else []
        return [str(self.python), *isolated, str(STARTED), kind, str(self.task), *image]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.init", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="starts of each kind")
    parser.add_argument("--package", type=Path, help="a stage's folder that `make package` filled")
    chosen = parser.parse_args()
    place = _place(chosen.package)
    found: dict[str, list[Milliseconds]] = defaultdict(list)
    with running() as machine:
        cloud = machine.cloud
        assert cloud.rooms is not None
        # As the sweep does: a container then reads the assortment from one file.
        cloud.rooms.snapshots.write_if_due(cloud.clock.now())
        environment, rng = _environment(cloud), random.Random(SEED)
        for turn in range(chosen.rounds):
            print(f"round {turn + 1} of {chosen.rounds} …", file=sys.stderr, flush=True)
            # Messages of their own: one that was answered before would be recognised.
            events = _events(cloud, rng)
            for kind in KINDS:
                found[kind].append(_start(place, kind, events.get(kind, {}), environment))
    _report(found)


def cost(parts: Milliseconds) -> float:
    """Milliseconds until everything stands that the first event needs: without what any event like
    it computes, and without calls and data, of which the bare start has none either."""
    once = sum(ms for part, ms in parts.items() if part not in NOT_INIT and part != AGAIN)
    return once - parts.get(AGAIN, 0.0)


def _place(package: Path | None) -> Place:
    if package is None:
        return Place(Path(sys.executable), ROOT, None)
    built = package.resolve()
    return Place(find_python(), built / "unpacked", built.parent / f"image-{PYTHON}")


def _start(
    place: Place, kind: str, events: Mapping[str, Any], environment: Mapping[str, str]
) -> Milliseconds:
    done = subprocess.run(
        place.command(kind),
        cwd=place.task,
        env=dict(environment),
        input=json.dumps(events),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{kind} did not start:\n{done.stderr[-3000:]}")
    told: Milliseconds = json.loads(done.stdout.splitlines()[-1])
    return told


def _environment(cloud: LocalCloud) -> dict[str, str]:
    """What the function is given; its secrets are in Parameter Store, as in Lambda."""
    ssm = boto3.client("ssm", region_name=REGION, endpoint_url=cloud.cloud.url)
    given = {
        name.upper(): os.environ[name.upper()]
        for name in type(cloud.settings).model_fields
        if name.upper() in os.environ
    }
    for name in [n for n in given if n.endswith(("TOKEN", "SECRET", "KEY"))]:
        path = f"{SETTINGS['SECRETS_PATH']}/{name.lower()}"
        ssm.put_parameter(Name=path, Value=given.pop(name), Type="SecureString", Overwrite=True)
    return {**lambda_variables("app.app", cloud.cloud.account), **given, **SETTINGS}


def _events(cloud: LocalCloud, rng: random.Random) -> dict[str, dict[str, Any]]:
    settings = cloud.settings

    def text() -> dict[str, str]:
        return dict(parse_qsl(callers.text_message(settings, _JOE, _ASKS, rng=rng).body.decode()))

    token = settings.twilio_auth_token.get_secret_value()
    arn = f"arn:aws:sqs:{REGION}:{cloud.cloud.account}:{settings.name('interactions')}"
    return {
        "webhook": {"handler": "app", "events": [twilio_event(_SMS, text(), token) for _ in "12"]},
        "worker": {
            "handler": "handle_interactions",
            "events": [sqs_event([_message(cloud, text())], arn) for _ in "12"],
        },
        "decision": {
            "handler": "app",
            "events": [json_event("POST", "/decisions", {"identity": "user:joe"}) for _ in "12"],
        },
    }


def _message(cloud: LocalCloud, form: Mapping[str, str]) -> dict[str, Any]:
    """A text as the webhook queues it."""
    event = twilio_event(_SMS, form, "")
    body: bytes = event["body"].encode()
    headers = {name.lower(): value for name, value in event["headers"].items()}
    request = InboundRequest("POST", "", headers, {}, body)
    parsed = twilio.parse(request, cloud.settings, cloud.clock.now())
    sid = form["MessageSid"]
    return {
        "MessageId": sid,
        "ReceiptHandle": sid,
        "Body": seal(parsed.interactions),
        "MD5OfBody": "",
    }


def _share(runs: Mapping[str, list[Milliseconds]], kind: str, part: str) -> float | None:
    """A part of that kind's start, as a share of the bare start of the same round; the median."""
    if not any(part in run for run in runs[kind]):
        return None
    pairs = zip(runs[kind], runs["bare"], strict=True)
    return statistics.median(run.get(part, 0.0) / cost(bare) for run, bare in pairs)


def _ratio(runs: Mapping[str, list[Milliseconds]], kind: str) -> float:
    pairs = zip(runs[kind], runs["bare"], strict=True)
    return round(statistics.median(cost(run) / cost(bare) for run, bare in pairs), 2)


def _report(runs: Mapping[str, list[Milliseconds]]) -> None:
    told = dict.fromkeys(part for kind in KINDS for run in runs[kind] for part in run)
    print(f"{'share of the bare start':28}" + "".join(f"{kind:>12}" for kind in KINDS))
    for part in told:
        shares = (_share(runs, kind, part) for kind in KINDS)
        print(f"{part:28}" + "".join(f"{'' if s is None else f'{s:.2f}':>12}" for s in shares))
    ratio = {kind: _ratio(runs, kind) for kind in KINDS[1:]}
    print(f"{'init':28}{1.0:12.2f}" + "".join(f"{ratio[k]:12.2f}" for k in KINDS[1:]))
    bare = statistics.median(map(cost, runs["bare"]))
    print(f"the bare start took {bare:.0f} ms of processor time")
    print(json.dumps({"bench": "init", "ratio": ratio}))


if __name__ == "__main__":
    main()
