"""What a person wrote anew, out of what mail programs make of it."""

from __future__ import annotations

from email import message_from_string
from email.policy import default

import pytest

from chalicelib.inbound.mail_text import plain, text_of, without_quotes

ASKS = "Do you have it in a 44?"


@pytest.mark.parametrize(
    "tail",
    [
        "\nOn Mon, Nov 16, 2026 at 3:00 PM Shop <a@b.c> wrote:\n> Hello\n> there",
        "\nOn Mon, Nov 16, 2026 at 3:00 PM A Shop With A Rather Long Name\n<a@b.c> wrote:\n> Hello",
        "\nAm 16.11.2026 um 15:00 schrieb Shop <a@b.c>:\n\n> Hallo",
        "\nLe lun. 16 nov. 2026 à 15:00, Shop <a@b.c> a écrit :\n> Bonjour",
        "\nEl lun, 16 nov 2026 a las 15:00, Shop (<a@b.c>) escribió:\n> Hola",
        "\nOn Mon, Shop wrote:\n\nHello, without a mark\non any line",
        "\n-----Original Message-----\nFrom: Shop\nHello",
        "\n-------- Ursprüngliche Nachricht --------\nVon: Shop\nHallo",
        "\n________________________________\nFrom: Shop <a@b.c>\nSent: Monday\nTo: Joe\n\nHi",
        "\nFrom: Shop <a@b.c>\nSent: Monday, 16 November 2026\nTo: Joe\nSubject: x\n\nHello",
        "\nVon: Shop <a@b.c>\nGesendet: Montag\nAn: Joe\n\nHallo",
        "\n-- \nJoe Public\n1 Main Street",
        "\nSent from my iPhone",
        "\nVon meinem iPhone gesendet",
        "\nGet Outlook for Android",
        "\nBest regards,\nJoe",
        "\nThanks,\nJoe",
        "\nThanks!",
        "\nViele Grüße\nJoe",
        "\nCordialement,\nJoe Public\nDirecteur\n\nLe lundi, Shop a écrit :\n> Bonjour",
    ],
)
def test_quotes_and_signatures_are_cut_off(tail: str) -> None:
    assert without_quotes(f"Hi,\n\n{ASKS}\n{tail}") == f"Hi,\n\n{ASKS}"


@pytest.mark.parametrize(
    "text",
    [
        "Thanks,\ndo you have it in a 44?",
        "Hi,\nthanks for the answer. Do you have it in a 44?",
        "I want\n- a red one\n- a blue one",
        "From: London to Paris, which shoe?",
        "I wrote:\nnothing yet",
        "On sale? I want two:",
        "Best regards,\nJoe. By the way, do you have it in a 44?",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert without_quotes(text) == text


def test_an_answer_below_or_between_the_quotes_is_found() -> None:
    below = "On Mon, Shop <a@b.c> wrote:\n> Which size?\n\nA 44, please"
    between = "> Which size?\nA 44\n> Which color?\nBlue"
    assert without_quotes(below) == "A 44, please"
    assert without_quotes(between) == "A 44\nBlue"


def test_of_a_mail_that_is_all_quote_nothing_is_left() -> None:
    assert without_quotes("> Hello\n> there\n") == ""
    assert without_quotes("") == ""


def test_html_becomes_its_lines() -> None:
    markup = (
        "<html><head><title>x</title><style>p > a {color: red}</style></head><body>"
        "<p>Hi,&nbsp;there</p><div>Do you have<br>the <b>GTX</b>&#63;</div><!-- <p>no</p> -->"
        "<script>if (a < b) {}</script><blockquote>Earlier<p>words</p></blockquote></body></html>"
    )
    lines = [line for line in plain(markup).split("\n") if line and line != "> "]
    assert lines == ["Hi, there", "Do you have", "the GTX?", "> Earlier", "> words"]


def test_a_quoted_block_of_html_is_cut_off() -> None:
    markup = f"<div>{ASKS}</div><div>On Mon, Shop wrote:<br></div><blockquote>Hello</blockquote>"
    assert without_quotes(plain(markup)) == ASKS


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<", "</", "<script>", "<![CDATA[", "&#", '<a b="']
)
def test_html_that_never_ends_is_read_at_once(piece: str) -> None:
    assert isinstance(plain(piece * 30_000), str)


@pytest.mark.parametrize("line", ["\n", " \n", "On ", "On a b\n", "Thanks,\n", "From: x\n", "> "])
def test_text_that_goes_on_and_on_is_read_at_once(line: str) -> None:
    assert isinstance(without_quotes(line * 20_000), str)


def read(*lines: str) -> str:
    return text_of(message_from_string("\n".join(lines), policy=default))


def test_plain_text_is_preferred_and_attachments_are_not_read() -> None:
    said = read(
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "Content-Disposition: attachment; filename=a.txt",
        "",
        "an attachment",
        "--b",
        "Content-Type: text/html",
        "",
        "<p>in HTML</p>",
        "--b",
        "Content-Type: text/plain",
        "",
        "in plain",
        "--b--",
    )
    assert said.strip() == "in plain"


def test_html_is_read_where_there_is_nothing_else() -> None:
    assert read("Content-Type: text/html", "", "<p>in HTML</p>").strip() == "in HTML"
    assert read("Content-Type: image/png", "", "x") == ""


def test_an_alphabet_that_nobody_knows_is_read_as_utf_8() -> None:
    assert read("Content-Type: text/plain; charset=nonsense", "", "hello").strip() == "hello"
