"""The smoke test of a deployment, against the whole of Rejoinder on this machine."""

from __future__ import annotations

import random

import pytest
from pydantic import SecretStr

from chalicelib.settings import Settings
from infra import smoke
from infra.deployment import calls
from infra.deployment.access import Bearer, local_secrets
from infra.deployment.calls import DEADLINE_SECONDS, SmokeError, Times
from infra.deployment.trial import CUSTOMER, PHONE
from tests.machine import Machine

QUICK = Times(pause=lambda: None)


def tried(machine: Machine, seed: int, **changed: SecretStr) -> list[str]:
    """What a run tells; `changed` are secrets that are not the machine's."""
    told: list[str] = []
    smoke.run(
        machine.url,
        operator=Bearer(machine.cloud.token),
        secrets=local_secrets({}).model_copy(update=changed),
        rng=random.Random(seed),
        times=QUICK,
        tell=told.append,
    )
    return told


def is_gone(machine: Machine) -> bool:
    return machine.operate("GET", f"/customers/{CUSTOMER}").status == 404


def test_the_answer_is_in_the_inbox_and_nowhere_else_and_the_customer_is_gone(
    machine: Machine,
) -> None:
    told = tried(machine, 1)

    assert [line.partition(" (")[0].removeprefix("  ok  ") for line in told] == [
        "GET /healthz: ok",
        "an operator states the test's customer; nobody else may",
        "a forged text is refused",
        "a page's event is taken, queued and worked on",
        "a signed text is taken",
        "it is answered, in the inbox and nowhere else",
        "the customer is erased",
    ]
    assert is_gone(machine)
    assert machine.messages(PHONE) == []


def test_it_may_be_repeated_at_once_also_after_one_that_was_broken_off(machine: Machine) -> None:
    tried(machine, 2)
    machine.operate("PUT", f"/customers/{CUSTOMER}", {"preferences": {"service": ["sms"]}})

    told = tried(machine, 3)

    assert any("what an earlier test left behind is erased" in line for line in told)
    assert is_gone(machine)


def test_without_an_identity_secret_it_says_what_is_skipped_and_sends_nothing(
    machine: Machine,
) -> None:
    told = tried(machine, 4, identity_secret=SecretStr(""))

    assert any("skipped: an answer in the inbox, because it has no identity" in t for t in told)
    assert any("nothing goes out" in line for line in told)
    assert machine.messages(PHONE) == []
    assert is_gone(machine)


def test_another_twilio_token_than_the_stages_fails_and_the_customer_is_gone(
    machine: Machine,
) -> None:
    with pytest.raises(SmokeError, match=r"a signed text is answered 401 \(signature\), not 200"):
        tried(machine, 5, twilio_auth_token=SecretStr("another"))
    assert is_gone(machine)


def test_a_stage_without_a_twilio_token_cannot_be_tried(machine: Machine) -> None:
    with pytest.raises(SmokeError, match="the stage has no twilio_auth_token"):
        tried(machine, 6, twilio_auth_token=SecretStr(""))


def test_whoever_is_no_operator_is_told_so(machine: Machine) -> None:
    with pytest.raises(SmokeError, match="what an earlier test left behind is answered 401"):
        smoke.run(
            machine.url,
            operator=Bearer("another"),
            secrets=local_secrets({}),
            rng=random.Random(7),
            times=QUICK,
        )


def test_the_command_tries_a_local_run(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PAUSE_SECONDS", 0)

    assert smoke.main(["--url", machine.url, "--token", machine.cloud.token]) == 0
    assert "it is answered, in the inbox" in capsys.readouterr().out
    assert smoke.main(["--url", machine.url, "--token", "another"]) == 1
    assert "smoke: erasing what an earlier test" in capsys.readouterr().err


def test_where_nobody_listens_it_says_so() -> None:
    with pytest.raises(SmokeError, match="GET /healthz got no answer: NewConnectionError"):
        smoke.run(
            "http://127.0.0.1:9",
            operator=Bearer("any"),
            secrets=Settings(twilio_auth_token=SecretStr("any")),
            rng=random.Random(8),
            times=QUICK,
        )


def test_it_waits_a_minute_and_no_longer() -> None:
    now = [0.0]

    def pause() -> None:
        now[0] += 7

    times = Times(clock=lambda: now[0], pause=pause)

    with pytest.raises(SmokeError, match="nothing came, for 60 s"):
        times.until(lambda: None, lambda: "nothing came")
    assert DEADLINE_SECONDS <= now[0] < DEADLINE_SECONDS + 7
