"""The stand-ins refuse what the real ones refuse, and forget nothing over a restart."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.model import Channel, Customer, Handover, Reply
from chalicelib.outbound import Carrier, HandoverDesk
from infra.local.carriers import Accepted, Carriers, Mailbox
from infra.local.carriers.segments import segments

from .conftest import JOE_PHONE, JOE_X, NOW, POST, Clock, Local, make_twilio, make_x


def a_post(text: str, post: str = POST) -> Reply:
    return Reply(channel=Channel.X_REPLY, to=JOE_X, text=text, reply_to=post)


@pytest.fixture
def x(local: Local) -> Carrier:
    return make_x(local, local.urls.x_url, 10.0)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("a" * 280, "sent"),
        ("a" * 281, "failed"),
        ("字" * 140, "sent"),
        ("字" * 141, "failed"),
        ("a" * 256 + " https://shop.com/" + "p" * 200, "sent"),
        ("a" * 257 + " https://shop.com/" + "p" * 200, "failed"),
    ],
)
def test_x_counts_a_post_s_weighted_length(x: Carrier, text: str, status: str) -> None:
    assert x.send(a_post(text), key="out-1").status == status


def test_x_refuses_the_same_words_to_the_same_person_twice(x: Carrier, local: Local) -> None:
    assert x.send(a_post("We wrote to you"), key="out-1").status == "sent"
    local.carriers.x.seen("1990000000000000003", JOE_X)
    again = x.send(a_post("We wrote to you", "1990000000000000003"), key="out-2")
    assert (again.status, again.code) == ("failed", "duplicate")
    local.carriers.x.seen("1990000000000000004", "5678")
    assert x.send(a_post("We wrote to you", "1990000000000000004"), key="out-3").status == "sent"
    local.clock.pass_by(timedelta(days=1))
    assert x.send(a_post("We wrote to you"), key="out-4").status == "sent"


def test_a_direct_message_to_the_brand_makes_no_public_post_to_answer(
    x: Carrier, local: Local
) -> None:
    local.carriers.x.seen("1990000000000000005", "5678", dm=True)
    assert x.send(a_post("Hello", "1990000000000000005"), key="out-1").status == "failed"


def test_x_takes_a_signature_once_and_only_while_it_is_fresh(local: Local) -> None:
    first = make_x(local, local.urls.x_url, 10.0)
    assert first.send(a_post("Hello"), key="out-1").status == "sent"
    same_nonces = make_x(local, local.urls.x_url, 10.0)
    assert same_nonces.send(a_post("Hello again"), key="out-2").code == "http_401"
    late = Local(clock=Clock(NOW - timedelta(minutes=6)))
    stale = make_x(late, local.urls.x_url, 10.0)
    assert stale.send(a_post("Hello once more"), key="out-3").code == "http_401"


def test_an_unsigned_request_to_x_is_refused(local: Local) -> None:
    url = f"{local.urls.x_url}/2/tweets"
    assert local.http.request("POST", url, body=b'{"text": "Hello"}').status == 401


def test_a_number_that_stopped_is_refused_until_it_starts_again(local: Local) -> None:
    twilio = make_twilio(local, local.urls.twilio_url, 10.0)
    text = Reply(channel=Channel.SMS, to=JOE_PHONE, text="Hello")
    local.carriers.twilio.opt_out(JOE_PHONE)
    stopped = twilio.send(text, key="out-1")
    assert (stopped.status, stopped.code, stopped.barred) == ("failed", "21610", "opted_out")
    local.carriers.twilio.opt_in(JOE_PHONE)
    assert twilio.send(text, key="out-2").status == "sent"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("é" * 306, 2),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("👟" * 35, 1),
        ("👟" * 36, 2),
    ],
)
def test_twilio_counts_segments_as_the_networks_do(text: str, count: int) -> None:
    assert segments(text) == count


def a_handover() -> Handover:
    return Handover(
        interaction_id="x:1",
        customer_id="joe",
        reason="wants a human",
        channel=Channel.SMS,
        message="Let me talk to someone",
        understanding=None,
        customer=Customer(id="joe"),
        decision_id=None,
        at=NOW,
    )


def a_desk(local: Local) -> HandoverDesk:
    settings = local.settings(handover_webhook_url=local.urls.desk_url)
    return HandoverDesk(settings, http=local.http, ses=None, clock=local.clock)


def test_the_desk_takes_a_repeated_handover_for_one(local: Local) -> None:
    local.carriers.desk.lose_next_answer()
    lost = a_desk(local).send(a_handover(), key="out-1")
    again = a_desk(local).send(a_handover(), key="out-1")
    (arrived,) = local.mailbox.messages("handover")
    assert (lost.status, again.status) == ("retry", "sent")
    assert (arrived.provider, arrived.provider_id) == ("desk", again.provider_id)
    assert (arrived.text, arrived.subject) == ("Let me talk to someone", "x:1: wants a human")
    assert [Handover.model_validate(h) for h in local.carriers.desk.handovers] == [a_handover()]


def test_a_busy_desk_is_told_later(local: Local) -> None:
    local.carriers.desk.limit_until(NOW + timedelta(seconds=45))
    assert a_desk(local).send(a_handover(), key="1").retry_at == NOW + timedelta(seconds=45)


@pytest.mark.parametrize(
    ("path", "secret", "key", "body", "status"),
    [
        ("/handovers", b"guessed", "out-1", b'{"message": "Hello"}', 401),
        ("/elsewhere", b"local-handover-secret", "out-1", b'{"message": "Hello"}', 404),
        ("/handovers", b"local-handover-secret", "", b'{"message": "Hello"}', 400),
        ("/handovers", b"local-handover-secret", "out-1", b"not JSON", 400),
        ("/handovers", b"local-handover-secret", "out-1", b"[]", 400),
    ],
)
def test_the_desk_refuses_what_is_no_signed_handover(
    local: Local, path: str, secret: bytes, key: str, body: bytes, status: int
) -> None:
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
    headers = {"X-Rejoinder-Signature": f"sha256={signature}", "Idempotency-Key": key}
    url = local.urls.desk_url.replace("/handovers", path)
    assert local.http.request("POST", url, body=body, headers=headers).status == status
    assert local.carriers.desk.handovers == ()


@pytest.mark.parametrize("length", ["2000000", "many"])
def test_a_body_of_no_sensible_length_is_refused(local: Local, length: str) -> None:
    headers = {"Content-Length": length}
    answer = local.http.request("GET", local.urls.desk_url, headers=headers)
    assert answer.status in {401, 413}


def test_stopping_twice_or_before_starting_does_no_harm() -> None:
    carriers = Carriers(Mailbox(), clock=Clock())
    carriers.stop()
    carriers.start()
    carriers.stop()
    carriers.stop()


def test_what_the_carriers_know_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "build" / "mailbox.jsonl"
    before = Local(mailbox=Mailbox(path))
    before.start()
    before.carriers.twilio.opt_out("+15551239999")
    before.carriers.stop()
    after = Local(mailbox=Mailbox(path))
    after.urls = after.carriers.start()
    x = make_x(after, after.urls.x_url, 10.0)
    twilio = make_twilio(after, after.urls.twilio_url, 10.0)
    stopped = Reply(channel=Channel.SMS, to="+15551239999", text="Hello")
    assert x.send(a_post("Hello"), key="out-1").status == "sent"
    assert twilio.send(stopped, key="out-2").barred == "opted_out"
    after.carriers.stop()
    assert Mailbox(path).messages() == after.mailbox.messages()


def an_accepted(number: int) -> Accepted:
    return Accepted(
        channel="sms",
        provider="twilio",
        provider_id=f"SM{number}",
        to=JOE_PHONE,
        text="Line one\nline two",
        sent_at=NOW,
    )


def test_a_mailbox_keeps_the_newest_in_memory_and_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.jsonl"
    mailbox = Mailbox(path, limit=3)
    for number in range(20):
        mailbox.accept(an_accepted(number))
    newest = tuple(an_accepted(number) for number in (17, 18, 19))
    assert mailbox.messages() == newest
    assert Mailbox(path, limit=3).messages() == newest
    assert len(path.read_text().splitlines()) <= 6


def test_a_mailbox_reads_past_a_line_that_a_crash_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.jsonl"
    Mailbox(path).accept(an_accepted(1))
    with path.open("a") as file:
        file.write('{"channel": "sms", "prov')
    recovered = Mailbox(path)
    recovered.accept(an_accepted(2))
    assert Mailbox(path).messages() == (an_accepted(1), an_accepted(2))


def test_a_cleared_mailbox_is_empty_on_disk_too(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.jsonl"
    mailbox = Mailbox(path)
    mailbox.accept(an_accepted(1))
    mailbox.clear()
    assert mailbox.messages() == Mailbox(path).messages() == ()
    memory = Mailbox()
    memory.accept(an_accepted(1))
    memory.clear()
    assert memory.messages() == ()
