"""Jinja2, sandboxed: our own templates, and the marketers' wording of offers. Reads package data.

An offer's wording may read `customer`, `offer`, `brand` and `link`, choose with `if`, and use a few
filters: no loops, calls, macros or imports, so that no template can run long or grow large. Those
are refused when the offer is saved; the sandbox and a cap on the output stand behind that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, Template, nodes, pass_context
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..errors import PayloadError
from ..model import Channel, EmailWording, Offer, Profile
from .plain import clean, clean_lines
from .sms import segments, to_gsm

DEFAULT_LANGUAGE = "en"
_TEMPLATES = files(__package__) / "templates"
_WORDS = "words.toml"
LONGEST_WORDING = 2_000
LONGEST_EMAIL_WORDING = 20_000
"""Characters that an offer's wording may come to for one customer."""

_OFFER_NAMES = frozenset({"customer", "offer", "brand", "link"})
_PROFILE = frozenset({*Profile.model_fields, "interests"})
_OFFER_FILTERS = frozenset(
    {"capitalize", "d", "default", "first", "float", "int", "join", "last", "length", "lower"}
    | {"round", "title", "trim", "truncate", "upper"}
)
_OFFER_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr),
    *(nodes.Getitem, nodes.Filter, nodes.Test, nodes.If, nodes.CondExpr, nodes.Compare),
    *(nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Add, nodes.Sub),
    *(nodes.Div, nodes.Neg, nodes.List, nodes.Tuple, nodes.Keyword),
)


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """One answer in sentences, each beginning as it does after a greeting."""

    subject: str
    sentences: tuple[Sentence, ...]
    greeted: bool
    language: str


class View:
    """Read-only data for a template; what is missing or None is undefined there, not empty."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.__data = data

    def __getitem__(self, name: str) -> Any:
        value = self.__data[name]
        if value is None:
            raise KeyError(name)
        return View(value) if isinstance(value, Mapping) else value


def render(kind: str, language: str, channel: Channel, variables: Mapping[str, Any]) -> Rendered:
    """The answer's template for this channel and language; English where there is none.

    A template's lines are sentences; `? ` before one makes it optional, `subject: ` is the
    subject of an e-mail, and `no greeting` keeps the customer's name out.
    """
    names = [
        f"{folder}/{kind}{variant}.j2"
        for folder in (*_folders(language), DEFAULT_LANGUAGE)
        for variant in (f".{channel.value}", "")
    ]
    template = _environment().select_template(names)
    spoken = str(template.name).partition("/")[0]
    text = template.render(channel=channel.value, w=_words(spoken), **variables)
    lines = [line for line in map(clean, text.splitlines()) if line]
    subjects = [line.removeprefix("subject: ") for line in lines if line.startswith("subject: ")]
    said = [line for line in lines if not line.startswith("subject: ") and line != "no greeting"]
    return Rendered(
        subject="".join(subjects[:1]),
        sentences=tuple(Sentence(s.removeprefix("? "), s.startswith("? ")) for s in said),
        greeted="no greeting" not in lines,
        language=spoken,
    )


def phrase(key: str, language: str, **variables: Any) -> str:
    """One of the fixed phrases in `words.toml` (a greeting, how to stop), filled in."""
    spoken = next(iter(_folders(language)), DEFAULT_LANGUAGE)
    template: str = _words(spoken)["phrases"][key]
    return template.format(**variables)


def email_html(**variables: Any) -> str:
    """The HTML of an e-mail; every value is escaped."""
    return _html_environment().get_template("email.html.j2").render(**variables)


def render_offer(
    offer: Offer, channel: Channel, variables: Mapping[str, Any]
) -> tuple[str, str | None]:
    """What the offer says on this channel, and the problem where its own wording failed.

    Wording for the channel, else the default, else the title: an attribute that this customer
    lacks passes on to the next.
    """
    problem = None
    email = channel is Channel.EMAIL
    for where, source in _sources(offer, channel):
        try:
            text = _offer_template(source).render(variables)
        except Exception as error:  # whatever a marketer's template raises, the answer goes out
            problem = problem or f"wording.{where}: {_said(error)}"
            continue
        text = clean_lines(text) if email else clean(text)
        if text and len(text) <= (LONGEST_EMAIL_WORDING if email else LONGEST_WORDING):
            return text, problem
        problem = problem or f"wording.{where}: {'too long' if text else 'empty'}"
    return clean(offer.title), problem


def check_wording(offer: Offer) -> list[str]:
    """Warnings about an offer's wording. PayloadError, with place and line, for what cannot run."""
    warnings = []
    for where, source in _all_sources(offer):
        for name in sorted(_checked(where, source) - _PROFILE):
            warnings.append(f"wording.{where}: customer.{name} is read from the attributes")
        if where == "sms" and (count := segments(to_gsm(source))) > 1:
            warnings.append(f"wording.sms: takes about {count} segments by itself")
    return warnings


def _checked(where: str, source: str) -> set[str]:
    """The attributes of `customer` that a wording reads. PayloadError when it may not be used."""
    try:
        _offer_template(source)
    except TemplateSyntaxError as error:
        message = f"wording.{where}, line {error.lineno}: {error.message}"
        raise PayloadError(message, field=f"wording.{where}", line=error.lineno) from None
    except (RecursionError, MemoryError, SyntaxError, OverflowError, ValueError):
        message = f"wording.{where}: nested too deeply, or a number too long"
        raise PayloadError(message, field=f"wording.{where}") from None
    return {
        n.attr
        for n in _offer_environment().parse(source).find_all(nodes.Getattr)
        if isinstance(n.node, nodes.Name) and n.node.name == "customer"
    }


def _said(error: Exception) -> str:
    """What went wrong: Jinja names the missing attribute; other errors might quote a value."""
    named = isinstance(error, UndefinedError) and error.message
    return named or type(error).__name__


def _refuse_forbidden(node: nodes.Node) -> None:
    allowed, what = isinstance(node, _OFFER_NODES), type(node).__name__.lower()
    if isinstance(node, nodes.Name):
        allowed, what = node.name in _OFFER_NAMES, f"the name {node.name}"
    elif isinstance(node, nodes.Filter):
        allowed, what = node.name in _OFFER_FILTERS, f"the filter {node.name}"
    elif isinstance(node, nodes.Getattr):
        allowed, what = not node.attr.startswith("_"), f"the attribute {node.attr}"
    if not allowed:
        raise TemplateSyntaxError(f"{what} may not be used in an offer's wording", node.lineno)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _sources(offer: Offer, channel: Channel) -> list[tuple[str, str]]:
    wording = offer.wording
    own = getattr(wording, channel.value, None)
    if isinstance(own, EmailWording):
        own = own.body
    found = [(channel.value, own), ("default", wording.default)]
    return [(where, source) for where, source in found if source]


def _all_sources(offer: Offer) -> Iterator[tuple[str, str]]:
    for where, value in offer.wording:
        if isinstance(value, EmailWording):
            yield f"{where}.subject", value.subject
            yield f"{where}.body", value.body
        elif value is not None:
            yield where, value


def _folders(language: str) -> list[str]:
    """`de-AT` -> `de`: what we speak of `de-at`, `de`. No other name becomes a path."""
    parts = language.casefold().replace("_", "-").split("-")
    named = ("-".join(parts[:n]) for n in range(len(parts), 0, -1))
    return [folder for folder in named if folder in _languages()]


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["day"] = _day
    return environment


@cache
def _html_environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_source), undefined=StrictUndefined, autoescape=True
    )


@cache
def _offer_environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
    )


@lru_cache(maxsize=512)
def _offer_template(source: str) -> Template:
    """The wording, compiled; checked first, for compiling works out constants (`9 ** 9 ** 9`)."""
    environment = _offer_environment()
    for node in _walk(environment.parse(source)):
        _refuse_forbidden(node)
    return environment.from_string(source)


def _source(name: str) -> str | None:
    """`en/in_stock.j2` -> its text; None where there is none."""
    entry = _TEMPLATES.joinpath(name)
    return entry.read_text(encoding="utf-8") if entry.is_file() else None


@cache
def _languages() -> frozenset[str]:
    """Those that the package's templates are written in."""
    return frozenset(f.name for f in _TEMPLATES.iterdir() if f.joinpath(_WORDS).is_file())


@cache
def _words(language: str) -> Mapping[str, Any]:
    """The tables of its words.toml: months, days, channels, phrases."""
    return tomllib.loads(_TEMPLATES.joinpath(language, _WORDS).read_text(encoding="utf-8"))


@pass_context
def _day(context: Context, on: date) -> str:
    """A date in the words of the template's language: `3 November`."""
    words = context["w"]
    spoken: str = words["day_of_month"].format(day=on.day, month=words["months"][on.month - 1])
    return spoken
