"""Tries a running stage with one signed test message: `python -m infra.smoke --stage dev`.

An operator states a customer who can be reached in the inbox on the site and nowhere else; a text
of theirs, signed as Twilio signs, has to be answered there within a minute; then the customer is
erased, whatever happened. So nothing goes to a carrier and nothing promotional is said: it may run
in prod, and again at any time. `--url` and `--token` try a local run instead.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.settings import Settings

from .deployment import release, stack
from .deployment.access import Bearer, Operator, SigV4, local_secrets, stage_secrets
from .deployment.calls import Caller, SmokeError, Times
from .deployment.trial import Tell, Trial
from .packaging import PackagingError


def run(
    url: str,
    *,
    operator: Operator,
    secrets: Settings,
    rng: random.Random,
    public_url: str | None = None,
    times: Times | None = None,
    tell: Tell = print,
) -> None:
    """Every step, told with how long it took. Raises SmokeError for the first that fails.

    `secrets` are a stage's SECRETS (`deployment.access`), `public_url` is what the functions take
    their own URL for, where that is not `url`.
    """
    if not secrets.twilio_auth_token.get_secret_value():
        raise SmokeError("the stage has no twilio_auth_token: no signed text can be tried")
    caller = Caller(url, operator)
    signing = secrets.model_copy(update={"public_url": (public_url or url).rstrip("/")})
    trial = Trial(caller, signing, rng, times or Times(), tell)
    trial.look_alive()
    trial.erase("what an earlier test left behind")
    try:
        trial.state_customer()
        trial.refuse_strangers()
        trial.ask(has_inbox=trial.open_inbox())
    except (SmokeError, KeyboardInterrupt) as error:
        try:
            trial.erase("the customer")
        except SmokeError as another:
            raise SmokeError(f"{error}; besides, {another}") from error
        raise
    trial.erase("the customer")


def stage_url(session: Any, stage: str) -> str:
    """Where the stage's API answers, by chalice's record. Raises PackagingError, ClientError."""
    bucket = stack.outputs(session.client("cloudformation"), stage)["ArtifactsBucket"]
    url = release.api_url(release.read_record(session.client("s3"), bucket, stage))
    if url is None:
        raise SmokeError(f"no functions are deployed in stage {stage}: name a --url")
    return url


def try_stage(session: Any, stage: str, url: str, tell: Tell = print) -> None:
    """A stage of ours in AWS, by the operator's own credentials. Raises SmokeError, ClientError."""
    run(
        url,
        operator=SigV4(session),
        secrets=stage_secrets(session.client("ssm"), release.secrets_path(stage)),
        rng=random.SystemRandom(),
        tell=tell,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.smoke", description=__doc__)
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json")
    parser.add_argument("--url", help="where it answers; else as it was deployed")
    parser.add_argument("--token", help="a local run's, as `make run` prints it: no AWS then")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.token:
            if not chosen.url:
                parser.error("--token needs --url")
            operator, secrets = Bearer(chosen.token), local_secrets(os.environ)
            run(chosen.url, operator=operator, secrets=secrets, rng=random.SystemRandom())
        else:
            session = boto3.session.Session()
            release.where(session)
            url = chosen.url or stage_url(session, chosen.stage)
            print(f"smoke test of stage {chosen.stage} at {url}", flush=True)
            try_stage(session, chosen.stage, url)
    except (PackagingError, ClientError, BotoCoreError) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
