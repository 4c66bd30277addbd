"""What a person wrote in a mail: its text part, HTML made plain, and no quotes or signature.

Lives here: the choice of part, and the lines that mail programs put around quotes in the languages
that we understand. Never here: who wrote it. All of it takes time in proportion to the mail's size:
a mail is whatever a stranger sends. (A published cutter of quotes, mail-parser-reply, did not come
to an end within seconds on 50 KB of empty lines.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from html import unescape
from itertools import islice

LONGEST_TEXT = 50_000
"""Characters that are looked at."""

LONGEST_LINE = 400
"""Characters. A longer line is prose, not the head of a quote or of a signature."""

_REPLY = re.compile(r"(?:re|aw|antw|sv|rv|res|r|ref)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:on|am|le|el|il|op|em)\b.*\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu)"
    r"\b.{0,100}:",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|weitergeleitete "
    r"nachricht|message d'origine|message transféré|mensaje original|mensaje reenviado)\s*-{2,}",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_-]{20,}")
_FROM = re.compile(r"\*?(?:from|von|de|desde)\s?:\*?\s", re.IGNORECASE)
_SENT = re.compile(
    r"\*?(?:sent|date|to|gesendet|datum|an|envoyé|date|à|enviado(?: el)?|fecha|para)\s?:\*?",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:sent from (?:my|mail|outlook|yahoo)|get outlook for|von meinem .{1,40} gesendet"
    r"|gesendet (?:von|mit)|envoyé (?:de|depuis) m|obtenir outlook|enviado desde mi)\b.*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:best|kind|warm|many)? ?regards|best(?: wishes)?|sincerely|cheers|(?:many )?thanks"
    r"(?: again)?|thank you|yours|mit freundlichen grüßen|(?:viele|liebe|beste|schöne) grüße|mfg"
    r"|vg|lg|danke|cordialement|bien à vous|merci|saludos|un saludo|atentamente|gracias)[,.! -]*",
    re.IGNORECASE,
)
_TAG = re.compile(r"/?[A-Za-z][A-Za-z0-9]*")
_COMMENT_ENDS = "-->"
_SILENT = {tag: f"/{tag}" for tag in ("script", "style", "head", "title", "template")}
_QUOTES = {"blockquote": 1, "/blockquote": -1}
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "table", "ul", "ol", "hr", "blockquote", "h1", "h2", "h3", "h4"}
)
_NAME_LINES = 6
_NAME_LOOK = 4 * _NAME_LINES
_NAME_CHARACTERS = 80


def is_reply(subject: str) -> bool:
    """Whether the subject is that of an earlier mail."""
    return _REPLY.match(subject) is not None


def text_of(mail: EmailMessage) -> str:
    """The first text/plain part that is no attachment, else the first text/html made plain."""
    parts = [p for p in mail.walk() if p.get_content_maintype() == "text"]
    shown = [p for p in parts if p.get_content_disposition() != "attachment"]
    for kind, read in (("plain", _decoded), ("html", lambda p: plain(_decoded(p)))):
        for part in shown:
            if part.get_content_subtype() == kind and (text := read(part)).strip():
                return text
    return ""


def _decoded(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()


def plain(markup: str) -> str:
    """The text of an HTML document; a quoted block's lines begin with `>`.

    The standard library's parser takes minutes for `<a <a <a …`; this one looks at each piece
    between two `<` once. A `>` within an attribute ends its tag too early, and shows the rest.
    """
    before, *pieces = markup.split("<")
    lines: list[tuple[int, list[str]]] = [(0, [before])]
    quoted, waits_for = 0, ""
    for piece in pieces:
        if waits_for == _COMMENT_ENDS or piece.startswith("!--"):
            _, ended, after = piece.partition(_COMMENT_ENDS)
            waits_for = "" if ended else _COMMENT_ENDS
            lines[-1][1].append(after)
            continue
        if not piece.lower().startswith(waits_for):
            continue
        inside, _, after = piece.partition(">")
        tag = _TAG.match(inside)
        name = tag[0].lower() if tag else ""
        waits_for = _SILENT.get(name, "")
        quoted = max(0, quoted + _QUOTES.get(name, 0))
        if name.strip("/") in _BLOCKS:
            lines.append((quoted, []))
        lines[-1][1].append("" if waits_for else after)
    said = ((depth, " ".join(unescape("".join(parts)).split())) for depth, parts in lines)
    return "\n".join(f"> {line}" if depth else line for depth, line in said)


def without_quotes(text: str) -> str:
    """What the sender wrote anew: no quoted lines, no heads of quotes, no signature."""
    lines = [line.strip() for line in text[:LONGEST_TEXT].replace("\r\n", "\n").split("\n")]
    kept: list[str] = []
    skipped = 0
    for n, line in enumerate(lines):
        if skipped:
            skipped -= 1
        elif line.startswith(">"):
            continue
        elif span := _attribution(lines, n):
            if not _quote_follows(lines, n + span):
                break
            skipped = span - 1
        elif _ends_here(lines, n, bool(kept)):
            break
        elif line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def _attribution(lines: Sequence[str], n: int) -> int:
    """How many lines, of at most three, say here who wrote what is quoted next; 0: none do."""
    said = ""
    for span, line in enumerate(lines[n : n + 3], start=1):
        said = f"{said} {line}".strip()
        if not line or len(said) > LONGEST_LINE:
            return 0
        if said.endswith(":") and _WROTE.fullmatch(said):
            return span
    return 0


def _quote_follows(lines: Sequence[str], n: int) -> bool:
    """Whether the quote is marked line by line: then what comes after it is theirs again."""
    return next((line for line in lines[n : n + 3] if line), "").startswith(">")


def _ends_here(lines: Sequence[str], n: int, said: bool) -> bool:
    """Whether what follows is an unmarked quote or the signature."""
    line = lines[n]
    if line == "--" or len(line) > LONGEST_LINE:
        return line == "--"
    if _ORIGINAL.fullmatch(line) or _RULE.fullmatch(line):
        return True
    if _FROM.match(line) and any(_SENT.match(later) for later in lines[n + 1 : n + 4]):
        return True
    if not said:
        return False
    return bool(_DEVICE.fullmatch(line)) or (
        _CLOSING.fullmatch(line) is not None and _is_a_name(lines[n + 1 : n + 1 + _NAME_LOOK])
    )


def _is_a_name(lines: Sequence[str]) -> bool:
    """Whether what comes after a closing is a name and perhaps an address: little, no question."""
    rest = list(islice(_own(lines), _NAME_LINES + 1))
    short = all(len(line) <= _NAME_CHARACTERS and "?" not in line for line in rest)
    return len(rest) <= _NAME_LINES and short


def _own(lines: Sequence[str]) -> Iterator[str]:
    """Lines with something in them, up to the next quote."""
    for n, line in enumerate(lines):
        if line.startswith(">") or _attribution(lines, n) or _ends_here(lines, n, said=False):
            return
        if line:
            yield line
