"""What every carrier promises, put to each against its stand-in. A new channel is a new CASE."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.model import OutboxEntry, Reply, SendResult
from chalicelib.outbound import Carrier
from infra.local.carriers.server import StandIn

from .conftest import CASES, NOW, Case, Local


@pytest.fixture(params=CASES, ids=[case.channel.value for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def standin(case: Case, local: Local) -> StandIn:
    return case.standin(local.carriers)


@pytest.fixture
def carrier(case: Case, local: Local) -> Carrier:
    return case.make(local, case.url(local.urls), 10.0)


def an_entry(reply: Reply, result: SendResult) -> OutboxEntry:
    return OutboxEntry(
        id="out-1",
        interaction_id="x:1",
        customer_id="joe",
        body=reply,
        committed_at=NOW,
        due_at=NOW,
        provider_id=result.provider_id,
    )


def test_a_carrier_carries_its_channel(case: Case, carrier: Carrier) -> None:
    assert case.channel in carrier.channels


def test_an_accepted_reply_is_sent_and_arrives_once(
    case: Case, carrier: Carrier, local: Local
) -> None:
    result = carrier.send(case.reply(), key="out-1")
    (arrived,) = local.mailbox.messages()
    assert (result.status, result.provider) == ("sent", carrier.provider)
    assert (arrived.provider, arrived.provider_id) == (result.provider, result.provider_id)
    assert (arrived.channel, arrived.to) == (case.channel, case.to)
    assert (arrived.text, arrived.sent_at) == (case.reply().text, NOW)


@pytest.mark.parametrize("text", ["Größe 44 ½ - 129,90 € 👟 <b>&amp;", "50% off + more = a/b?c#d"])
def test_every_character_arrives_as_it_was_written(
    case: Case, carrier: Carrier, local: Local, text: str
) -> None:
    assert carrier.send(case.reply(text), key="out-1").status == "sent"
    assert local.mailbox.messages()[0].text == text


def test_a_permanent_refusal_fails_with_a_code_and_nothing_arrives(
    case: Case, carrier: Carrier, local: Local
) -> None:
    result = carrier.send(case.refused, key="out-1")
    assert (result.status, result.retry_at) == ("failed", None)
    assert result.code
    assert local.mailbox.messages() == ()


def test_a_wrong_credential_fails_and_nothing_arrives(case: Case, local: Local) -> None:
    make: Callable[..., Carrier] = case.make
    stranger = make(local, case.url(local.urls), 10.0, **{case.wrong_credential: "guessed"})
    assert stranger.send(case.reply(), key="out-1").status == "failed"
    assert local.mailbox.messages() == ()


def test_a_rate_limited_reply_may_be_tried_again_and_then_arrives(
    case: Case, carrier: Carrier, standin: StandIn, local: Local
) -> None:
    reset = NOW + timedelta(minutes=15)
    standin.limit_until(reset)
    limited = carrier.send(case.reply(), key="out-1")
    assert (limited.status, limited.retry_at) == ("retry", reset if case.says_when else None)
    assert local.mailbox.messages() == ()
    local.clock.pass_by(timedelta(minutes=15))
    assert carrier.send(case.reply(), key="out-1").status == "sent"


def test_a_refused_connection_may_be_tried_again(case: Case, local: Local, unheard: str) -> None:
    assert case.make(local, unheard, 10.0).send(case.reply(), key="out-1").status == "retry"


def test_a_reply_whose_answer_is_cut_off_is_unknown_and_never_repeated(
    case: Case, carrier: Carrier, standin: StandIn, local: Local
) -> None:
    standin.lose_next_answer()
    assert carrier.send(case.reply(), key="out-1").status == "unknown"
    assert standin.asked == len(local.mailbox.messages()) == 1


def test_a_reply_whose_answer_is_late_is_unknown_and_never_repeated(
    case: Case, standin: StandIn, local: Local
) -> None:
    impatient = case.make(local, case.url(local.urls), 0.2)
    with standin.holding_answers():
        assert impatient.send(case.reply(), key="out-1").status == "unknown"
    assert standin.asked == len(local.mailbox.messages()) == 1


def test_a_server_error_is_unknown_and_never_repeated(
    case: Case, carrier: Carrier, standin: StandIn, local: Local
) -> None:
    standin.fail_next(503)
    assert carrier.send(case.reply(), key="out-1").status == "unknown"
    assert standin.asked == 1
    assert local.mailbox.messages() == ()


def test_a_lost_reply_is_found_again_where_the_provider_can_be_asked(
    case: Case, carrier: Carrier, standin: StandIn, local: Local
) -> None:
    standin.lose_next_answer()
    lost = carrier.send(case.reply(), key="out-1")
    receipt = carrier.status(an_entry(case.reply(), lost))
    if not case.can_be_asked:
        assert receipt is None
        return
    assert receipt is not None
    assert receipt.provider_id == local.mailbox.messages()[0].provider_id
    assert receipt.status in {"sent", "delivered"}


def test_a_reply_that_never_arrived_is_not_found(
    case: Case, carrier: Carrier, standin: StandIn
) -> None:
    standin.fail_next(503)
    lost = carrier.send(case.reply(), key="out-1")
    receipt = carrier.status(an_entry(case.reply(), lost))
    assert receipt is None or receipt.status == "absent"
    assert (receipt is not None) is case.can_be_asked


def test_an_earlier_reply_of_other_words_is_not_taken_for_the_lost_one(
    case: Case, carrier: Carrier, standin: StandIn, local: Local
) -> None:
    assert carrier.send(case.reply("Something said before"), key="out-0").status == "sent"
    local.clock.pass_by(timedelta(minutes=5))
    standin.fail_next(503)
    lost = carrier.send(case.reply(), key="out-1")
    entry = an_entry(case.reply(), lost).model_copy(update={"committed_at": local.clock.now})
    receipt = carrier.status(entry)
    assert receipt is None or receipt.status == "absent"


def test_neither_address_nor_words_are_in_a_result(
    case: Case, carrier: Carrier, standin: StandIn
) -> None:
    standin.fail_next(400)
    results = [carrier.send(case.reply(), key="out-1"), carrier.send(case.refused, key="out-2")]
    shown = repr(results)
    assert case.to not in shown
    assert "Broadway" not in shown
