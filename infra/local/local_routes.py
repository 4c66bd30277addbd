"""The `/local/*` routes: what the stand-in carriers took, the clock, and speaking as a customer.

They exist on one machine only and need no token; the front lets no web page of others' come here.
What speaks as a customer goes the way of the real thing: signed, over HTTP, to our own webhook.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import urllib3

from chalicelib.model import as_utc, normalise_identity
from chalicelib.settings import Settings

from . import callers
from .callers import Call, Published
from .carriers import Accepted, Mailbox
from .carriers.topics import Topic
from .clock import LocalClock
from .gateway import error_response
from .server import HttpRequest, HttpResponse

InteractionOf = Callable[[Accepted], str | None]
"""The interaction that a message of ours answers."""

MESSAGES_LIMIT = 1000
TEXT_LIMIT = 10_000


class _Wrong(Exception):
    """The request's body or query is not what the route takes."""


class LocalRoutes:
    """`answer` for everything under `/local/`; many threads may call it."""

    def __init__(
        self,
        settings: Settings,
        *,
        own_url: str,
        clock: LocalClock,
        mailbox: Mailbox,
        interaction_of: InteractionOf,
        clock_was_set: Callable[[], None],
        rng: random.Random,
        texts: Topic | None = None,
        mail: Topic | None = None,
    ) -> None:
        """`texts` and `mail` are the topics that AWS tells of them."""
        self._settings = settings
        self._own_url = own_url
        self._clock = clock
        self._mailbox = mailbox
        self._interaction_of = interaction_of
        self._clock_was_set = clock_was_set
        self._rng = rng
        self._topics = {"texts": texts, "mail": mail}
        self._http = urllib3.PoolManager(retries=False, timeout=30)
        self._known: dict[tuple[str, str], str] = {}
        self._routes: dict[tuple[str, str], Callable[[HttpRequest], HttpResponse]] = {
            ("GET", "/local/messages"): self._messages,
            ("GET", "/local/clock"): self._read_clock,
            ("POST", "/local/clock"): self._set_clock,
            ("POST", "/local/tweet"): self._tweet,
            ("POST", "/local/text"): self._text,
            ("POST", "/local/whatsapp"): self._whatsapp,
            ("POST", "/local/mail"): self._mail,
            ("POST", "/local/click"): self._click,
        }

    def close(self) -> None:
        self._http.clear()

    def answer(self, request: HttpRequest) -> HttpResponse:
        path = request.target.partition("?")[0]
        method = "GET" if request.method == "HEAD" else request.method
        route = self._routes.get((method, path))
        if route is not None:
            try:
                return route(request)
            except _Wrong as wrong:
                return error_response(400, "payload", str(wrong))
        if allowed := [m for m, p in self._routes if p == path]:
            takes = ", ".join(allowed)
            message = f"this route takes {takes}"
            return error_response(405, "method_not_allowed", message, {"Allow": takes})
        return error_response(404, "not_found", "there is no such local route")

    def _messages(self, request: HttpRequest) -> HttpResponse:
        """`?since=` (a time, exclusive) and `?limit=`; newest last."""
        query = parse_qs(request.target.partition("?")[2])
        limit = query.get("limit", [str(MESSAGES_LIMIT)])[-1]
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit) <= MESSAGES_LIMIT):
            raise _Wrong(f"limit is a whole number from 1 to {MESSAGES_LIMIT}")
        since = _time(query["since"][-1], "since") if "since" in query else None
        kept = [m for m in self._mailbox.messages() if since is None or m.sent_at > since]
        return _json(200, [self._shown(message) for message in kept[-int(limit) :]])

    def _shown(self, message: Accepted) -> dict[str, Any]:
        key = message.provider, message.provider_id
        if key not in self._known and (found := self._interaction_of(message)):
            self._known[key] = found
        shown = {
            "channel": message.channel,
            "provider": message.provider,
            "to": message.to,
            "text": message.text,
            "interaction_id": self._known.get(key),
            "sent_at": _stamp(message.sent_at),
        }
        return shown | ({"subject": message.subject} if message.subject else {})

    def _read_clock(self, request: HttpRequest) -> HttpResponse:
        return _json(200, {"now": _stamp(self._clock.now())})

    def _set_clock(self, request: HttpRequest) -> HttpResponse:
        self._clock.set(_time(_text(_document(request), "now"), "now"))
        self._clock_was_set()
        return _json(200, {"now": _stamp(self._clock.now())})

    def _tweet(self, request: HttpRequest) -> HttpResponse:
        said = _document(request)
        author, text = _text(said, "from").removeprefix("x:"), _text(said, "text")
        if not author.isalnum() or len(author) > 64 or author == self._settings.x_user_id:
            raise _Wrong("from is the X user id of someone else than the brand")
        if not isinstance(said.get("dm", False), bool):
            raise _Wrong("dm is true or false")
        make = callers.direct_message if said.get("dm") else callers.tweet
        call = make(self._settings, author, text, now=self._clock.now(), rng=self._rng)
        return self._deliver(call)

    def _text(self, request: HttpRequest) -> HttpResponse:
        said = _document(request)
        sender, text = _number(said), _text(said, "text")
        provider = said.get("provider", "twilio")
        if provider == "aws_sms":
            return self._publish(
                "texts", callers.aws_text(self._settings, sender, text, rng=self._rng)
            )
        if provider != "twilio":
            raise _Wrong("provider is twilio or aws_sms")
        return self._deliver(callers.text_message(self._settings, sender, text, rng=self._rng))

    def _mail(self, request: HttpRequest) -> HttpResponse:
        said = _document(request)
        try:
            identity = normalise_identity(f"email:{_text(said, 'from').removeprefix('email:')}")
        except ValueError as error:
            raise _Wrong(f"from: {error}") from None
        subject = " ".join(_text(said, "subject").split()) if said.get("subject") else ""
        sender, text = identity.removeprefix("email:"), _text(said, "text")
        now, rng = self._clock.now(), self._rng
        published = callers.mail(self._settings, sender, subject, text, now=now, rng=rng)
        return self._publish("mail", published)

    def _whatsapp(self, request: HttpRequest) -> HttpResponse:
        said = _document(request)
        sender, text = _number(said), _text(said, "text")
        now, rng = self._clock.now(), self._rng
        call = callers.whatsapp_message(self._settings, sender, text, now=now, rng=rng)
        return self._deliver(call)

    def _click(self, request: HttpRequest) -> HttpResponse:
        said = _document(request)
        product = _text(said, "product_id") if said.get("product_id") is not None else None
        event = _text(said, "event") if "event" in said else "Product Viewed"
        user = _text(said, "user_id").removeprefix("user:")
        now, rng = self._clock.now(), self._rng
        return self._deliver(callers.click(self._settings, user, product, event, now=now, rng=rng))

    def _publish(self, name: str, published: Published) -> HttpResponse:
        """To the topic of ours that AWS would tell."""
        topic = self._topics[name]
        if topic is None:
            return error_response(404, "not_found", f"there is no topic for {name}")
        headers, body = topic.publication(published.message)
        answer = self._http.request("POST", f"{topic.url}/", body=body, headers=headers)
        if answer.status >= 300:
            return error_response(502, "cloud", "the local cloud did not take it")
        return _json(200, {"interaction_id": published.interaction_id})

    def _deliver(self, call: Call) -> HttpResponse:
        """Over HTTP to our own webhook, under the public name that the caller signed."""
        scheme, _, rest = self._settings.public_url.partition("://")
        public = {"Host": rest.partition("/")[0], "X-Forwarded-Proto": scheme}
        answer = self._http.request(
            "POST",
            self._own_url + call.path,
            body=call.body,
            headers={**call.headers, **public},
            redirect=False,
        )
        if answer.status >= 300:
            return HttpResponse(answer.status, (("Content-Type", "application/json"),), answer.data)
        return _json(200, {"interaction_id": call.interaction_id})


def _document(request: HttpRequest) -> dict[str, Any]:
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        raise _Wrong("the body is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise _Wrong("the body is not a JSON object")
    return document


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= TEXT_LIMIT:
        raise _Wrong(f"{name} is text of 1 to {TEXT_LIMIT} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Wrong(f"{name} holds half a character") from None
    return value.strip()


def _number(document: Mapping[str, Any]) -> str:
    """The sender, in E.164 form."""
    try:
        identity = normalise_identity(f"phone:{_text(document, 'from').removeprefix('phone:')}")
    except ValueError as error:
        raise _Wrong(f"from: {error}") from None
    return identity.removeprefix("phone:")


def _time(text: str, name: str) -> datetime:
    try:
        at = as_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        at = datetime.max.replace(tzinfo=UTC)
    if not 2000 <= at.year <= 2200:
        raise _Wrong(f'{name} is a time between 2000 and 2200: "2026-11-18T17:00:00Z"')
    return at


def _stamp(at: datetime) -> str:
    """With a Z: the + of an offset would have to be escaped in `?since=`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(status: int, document: Any) -> HttpResponse:
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return HttpResponse(status, headers, body)
