"""What must be there before a stage is deployed, asked before anything is changed.

Lives here: the secrets without which no webhook can verify anything, and the concurrency that the
stage reserves. Never here: making any of it.
"""

from __future__ import annotations

from typing import Any

from ..packaging import ROOT, PackagingError
from ..packaging.building import read_config
from .release import secrets_path

SECRETS = ("twilio_auth_token", "x_consumer_secret", "write_key")
"""What the webhooks verify by: a stage without them would refuse every caller."""

UNRESERVED = 100
"""Executions that Lambda keeps for functions that reserve none.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""


def demand(session: Any, stage: str) -> None:
    """Raises PackagingError naming what is missing, and how to bring it."""
    if absent := lacking(session, stage):
        path = secrets_path(stage)
        raise PackagingError(
            f"{path}: {absent}; put each with aws ssm put-parameter "
            f"--type SecureString --name {path}/NAME --value …"
        )
    wanted = reserved(stage)
    limit = _limit(session) if wanted else 0
    if limit < wanted + UNRESERVED and wanted:
        raise PackagingError(
            f"stage {stage} reserves {wanted} executions, and {UNRESERVED} must stay unreserved: "
            f"the account has {limit}. Ask for more (Service Quotas, Lambda, Concurrent "
            "executions), or take reserved_concurrency out of .chalice/config.json until then"
        )


def lacking(session: Any, stage: str) -> str:
    """Which of SECRETS Parameter Store does not hold, in words; no value is decrypted."""
    pages = (
        session.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=secrets_path(stage), WithDecryption=False)
    )
    held = {p["Name"].rpartition("/")[2] for page in pages for p in page["Parameters"]}
    absent = [name for name in SECRETS if name not in held]
    return f"{', '.join(absent)} missing" if absent else ""


def reserved(stage: str) -> int:
    """How many executions the stage's functions reserve together."""
    functions = read_config(ROOT, stage)["stages"][stage].get("lambda_functions", {})
    return sum(stated.get("reserved_concurrency", 0) for stated in functions.values())


def _limit(session: Any) -> int:
    told = session.client("lambda").get_account_settings()
    return int(told["AccountLimit"]["ConcurrentExecutions"])
