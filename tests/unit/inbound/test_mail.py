"""Received mail: who is believed, who is answered, and what they asked."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib.errors import PayloadError
from chalicelib.inbound import Parsed, notices
from chalicelib.model import Channel, Interaction, Message

from ...contracts.inbound.senders import RECEIVED_AT, SETTINGS, document

OURS = SETTINGS.model_copy(
    update={
        "ses_sender": "RetailerXYZ <hello@retailerxyz.example>",
        "ses_reply_to": "care@retailerxyz.example",
        "handover_email": "desk@retailerxyz.example",
    }
)
ASKS = "Trailblazer GTX in a 44?"


def note(
    raw: str | bytes | None = None,
    receipt: dict[str, Any] | None = None,
    source: str = "joe@example.com",
) -> str:
    told = document("ses/received.json")
    told["receipt"].update(receipt or {})
    told["mail"]["source"] = source
    if isinstance(raw, bytes):
        told["receipt"]["action"]["encoding"] = "BASE64"
        told["content"] = base64.b64encode(raw).decode()
    elif raw is not None:
        told["content"] = raw
    return json.dumps({"Type": "Notification", "TopicArn": "a", "Message": json.dumps(told)})


def parse(body: str) -> Parsed:
    return notices.parse(body, OURS, RECEIVED_AT)


def asked(body: str) -> Message:
    (interaction,) = parse(body).interactions
    assert isinstance(interaction.body, Message)
    return interaction.body


def reason(body: str) -> str:
    parsed = parse(body)
    (passed_over,) = parsed.rejected
    assert parsed.interactions == ()
    assert "example.com" not in passed_over.reason
    return passed_over.reason


def written(text: str = ASKS, /, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = headers.pop("sender", "Joe <joe@example.com>")
    mail["Subject"] = headers.pop("subject", "Re: Your order")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def status(verdict: str) -> dict[str, str]:
    return {"status": verdict}


def test_a_mail_is_a_message_without_its_quote_and_signature() -> None:
    assert parse(note()).interactions == (
        Interaction(
            id="ses:mail:d6iitobk75ur44p8kdnnp7g2n800",
            source="ses",
            identities=("email:joe@example.com",),
            occurred_at=datetime(2026, 11, 18, 16, 59, 33, 936_000, UTC),
            received_at=RECEIVED_AT,
            body=Message(
                channel=Channel.EMAIL,
                text="Do you have the Trailblazer GTX in a 44?",
                reply_to="<61967230-7A45-4A9D-BEC9-87CBCF2211C9@example.com>",
            ),
        ),
    )


def test_a_mail_in_base64_reads_the_same() -> None:
    raw = document("ses/received.json")["content"].encode()
    assert parse(note(raw)) == parse(note())


def test_the_subject_of_a_new_mail_is_part_of_what_is_asked() -> None:
    assert asked(note(written("Joe", subject=ASKS))).text == f"{ASKS}\nJoe"
    assert asked(note(written("", subject=ASKS))).text == ASKS
    assert asked(note(written(subject="AW: Ihre Bestellung"))).text == ASKS


# --- who is believed


@pytest.mark.parametrize("verdict", ["FAIL", "PROCESSING_FAILED", "", "pass"])
def test_a_from_that_dmarc_does_not_prove_is_not_believed(verdict: str) -> None:
    forged = note(written(), {"dmarcVerdict": status(verdict)})
    assert "nothing proves" in reason(forged)


def test_without_dmarc_spf_proves_its_own_domain_and_no_other() -> None:
    gray = {"dmarcVerdict": status("GRAY")}
    assert asked(note(written(), gray)).text == ASKS
    assert "nothing proves" in reason(note(written(), gray, source="evil@bad.example"))
    assert "nothing proves" in reason(note(written(), gray, source="joe@example.com.bad.example"))
    assert "nothing proves" in reason(note(written(), {**gray, "spfVerdict": status("FAIL")}))


def test_a_notification_without_verdicts_proves_nothing() -> None:
    assert "nothing proves" in reason(note(written(), {"dmarcVerdict": None}))


@pytest.mark.parametrize(
    "senders",
    [
        "From: joe@example.com\nFrom: evil@bad.example\n",
        "From: joe@example.com, evil@bad.example\n",
        'From: "joe@example.com, " <evil@bad.example>, <joe@example.com>\n',
        "From: undisclosed-recipients:;\n",
        "From: \n",
        "Sender: joe@example.com\n",
        f"From: {'a@b.example, ' * 20_000}joe@example.com\n",
    ],
)
def test_a_mail_whose_from_is_not_one_address_is_nobodys(senders: str) -> None:
    assert reason(note(f"{senders}Subject: Hi\n\n{ASKS}")) == "its From is not one address"


def test_a_display_name_is_nobodys_address() -> None:
    raw = f'From: "joe@example.com" <evil@bad.example>\nSubject: Re: x\n\n{ASKS}'
    (interaction,) = parse(note(raw)).interactions
    assert interaction.identities == ("email:evil@bad.example",)


@pytest.mark.parametrize("verdict", ["spamVerdict", "virusVerdict"])
def test_spam_and_viruses_are_passed_over(verdict: str) -> None:
    assert "spam" in reason(note(written(), {verdict: status("FAIL")}))


@pytest.mark.parametrize(
    "own", ["hello@RetailerXYZ.example", "care@retailerxyz.example", "desk@retailerxyz.example"]
)
def test_our_own_mail_is_passed_over(own: str) -> None:
    assert reason(note(written(sender=own))) == "it is our own"


# --- who is answered


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "Auto-Generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"Precedence": "List"},
        {"List_Id": "<news.example.com>"},
        {"X_Autoreply": "yes"},
        {"sender": "MAILER-DAEMON@example.com"},
        {"sender": "no-reply@example.com"},
        {"sender": "noreply+123@example.com"},
    ],
)
def test_automatic_mail_is_never_answered(headers: dict[str, str]) -> None:
    assert "automatic" in reason(note(written(**headers)))


@pytest.mark.parametrize("source", ["", "<>", "MAILER-DAEMON@example.com", "bounces+1@x.example"])
def test_nor_is_mail_that_has_nowhere_to_bounce_to(source: str) -> None:
    assert "automatic" in reason(note(written(), source=source))


def test_a_person_who_says_that_it_is_not_automatic_is_answered() -> None:
    assert asked(note(written(Auto_Submitted="no"))).text == ASKS


@pytest.mark.parametrize(
    "subject", ["unsubscribe", "Unsubscribe.", "STOP", "Re: unsubscribe", "Abmelden", "Baja"]
)
def test_a_mail_that_unsubscribes_is_that_word_whoever_wrote_the_rest(subject: str) -> None:
    text = "Apple Mail sent this email to unsubscribe from the message “20% off”."
    raw = written(text, subject=subject, Auto_Submitted="auto-generated")
    assert asked(note(raw)).text == "unsubscribe"


def test_nobody_unsubscribes_another() -> None:
    forged = note(written(subject="unsubscribe"), {"dmarcVerdict": status("FAIL")})
    assert "nothing proves" in reason(forged)


# --- what is no mail, or a hostile one


def test_a_mail_whose_content_was_not_sent_along_is_kept_for_who_mends_the_rule() -> None:
    told = document("ses/received.json")
    del told["content"]
    with pytest.raises(PayloadError, match="SNS"):
        parse(json.dumps(told))


def test_content_that_is_not_base64_is_refused() -> None:
    told = document("ses/received.json")
    told["receipt"]["action"]["encoding"] = "BASE64"
    with pytest.raises(PayloadError, match="base64"):
        parse(json.dumps({**told, "content": "a"}))


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: " + "a;" * 20_000,
        "Content-Type: text/plain; " + "a*0*='" * 10_000,
        "Content-Disposition: " + "(" * 20_000,
        "X: y\nContent-Type:\n " + "\n ".join("a;" * 50 for _ in range(300)),
    ],
)
def test_a_header_that_would_take_minutes_is_not_read(header: str) -> None:
    with pytest.raises(PayloadError, match="cannot be read"):
        parse(note(f"From: joe@example.com\n{header}\n\nHello"))


def test_a_message_id_that_could_end_a_header_is_not_kept() -> None:
    for forged in ("<a@b> <c@d>", "<a b@c>", "nonsense", f"<{'a' * 2_000}>"):
        raw = f"From: joe@example.com\nSubject: Re: x\nMessage-ID: {forged}\n\n{ASKS}"
        assert asked(note(raw)).reply_to is None


def test_bytes_of_any_kind_are_read_or_refused() -> None:
    for raw in (
        b"",
        b"\x00\xff",
        b"From: joe@example.com\n\n\xff\xfe",
        b"From: j\xf6e@example.com\n\n",
    ):
        try:
            parsed = parse(note(raw))
        except PayloadError:
            continue
        for interaction in parsed.interactions:
            assert Interaction.model_validate_json(interaction.model_dump_json()) == interaction


def test_a_very_long_mail_is_cut() -> None:
    assert len(asked(note(written("word " * 25_000))).text) == 10_000
