"""X's API v2 for the brand's account: posts, direct messages, and what X refuses of them.

Shapes: https://docs.x.com/x-api/posts/create-post and
https://docs.x.com/x-api/direct-messages/create-dm-message-by-participant-id.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from twitter_text import parse_tweet

from chalicelib.model import Frozen

from .mailbox import Lines, Mailbox
from .server import Request, Response, StandIn
from .x_signatures import XSignatures

DM_LIMIT = 10_000
KEPT = 10_000
SAME_TEXT_WINDOW = timedelta(hours=12)
"""X keeps no published number; https://www.ayrshare.com names up to twelve hours."""

X_EPOCH_MILLISECONDS = 1_288_834_974_657

ROUTES = (
    ("POST", re.compile(r"/2/tweets"), "create"),
    ("DELETE", re.compile(r"/2/tweets/(\d+)"), "delete"),
    ("GET", re.compile(r"/2/tweets/(\d+)"), "read"),
    ("GET", re.compile(r"/2/users/(\d+)/tweets"), "timeline"),
    ("POST", re.compile(r"/2/dm_conversations/with/(\d+)/messages"), "message"),
    ("GET", re.compile(r"/2/dm_conversations/with/(\d+)/dm_events"), "conversation"),
)


class Seen(Frozen):
    """Someone wrote to the brand: a post that mentions it, or a direct message."""

    post_id: str
    author_id: str
    dm: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    id: str
    text: str
    to: str
    reply_to: str | None
    at: datetime

    def document(self, author_id: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.id,
            "text": self.text,
            "author_id": author_id,
            "created_at": _time(self.at),
            "edit_history_tweet_ids": [self.id],
        }
        if self.reply_to:
            found["referenced_tweets"] = [{"type": "replied_to", "id": self.reply_to}]
        return found


class XStandIn(StandIn):
    """One brand account; it must be told, by `seen`, who mentioned it or wrote to it."""

    provider = "x"

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        rng: random.Random,
        secrets: Mapping[str, str],
    ) -> None:
        super().__init__(mailbox, clock, rng)
        self._brand = secrets["x_user_id"]
        self._signatures = XSignatures(clock, secrets)
        self._seen = Lines(Seen, mailbox.beside("x-seen.jsonl"), KEPT)
        self._posts: deque[Post] = deque(maxlen=KEPT)
        self._messages: deque[Post] = deque(maxlen=KEPT)

    def seen(self, post_id: str, author_id: str, dm: bool = False) -> None:
        """A post that mentions the brand exists, or (`dm`) the author wrote to it privately."""
        with self._lock:
            self._seen.append(Seen(post_id=post_id, author_id=author_id, dm=dm))

    def limited(self, until: datetime) -> Response:
        headers = {
            "x-rate-limit-limit": "100",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(int(until.timestamp())),
        }
        return Response(429, _problem(429, "Too Many Requests", "Too Many Requests"), headers)

    def answer(self, request: Request) -> Response:
        if not self._signatures.hold(request):
            return Response(401, _problem(401, "Unauthorized", "Unauthorized"))
        for method, pattern, name in ROUTES:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                response: Response = getattr(self, f"_{name}")(request, *match.groups())
                return response
        return Response(404, _problem(404, "Not Found", "Not Found"))

    def _create(self, request: Request) -> Response:
        document = request.document()
        text = document.get("text")
        if not isinstance(text, str) or not text.strip():
            return _invalid("text")
        reply_to = (document.get("reply") or {}).get("in_reply_to_tweet_id")
        author = self._author(reply_to)
        if reply_to is not None and author is None:
            return _forbidden(
                "Reply to this conversation is not allowed because you have not been mentioned "
                "or otherwise engaged by the author of the post you are replying to."
            )
        if not parse_tweet(text).valid:
            return _forbidden("Your Tweet text is too long.")
        if self._posted(text, author):
            return _forbidden("You are not allowed to create a Tweet with duplicate content.")
        post = Post(self._id(), text, author or "", reply_to, self._clock())
        self._posts.append(post)
        self.accept("x_reply", post.id, post.to, text)
        data = {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}
        return Response(201, {"data": data})

    def _delete(self, request: Request, post_id: str) -> Response:
        kept = [post for post in self._posts if post.id != post_id]
        deleted = len(kept) < len(self._posts)
        self._posts = deque(kept, maxlen=KEPT)
        return Response(200, {"data": {"deleted": deleted}})

    def _read(self, request: Request, post_id: str) -> Response:
        found = next((post for post in self._posts if post.id == post_id), None)
        if found is None:
            problem = {"title": "Not Found Error", "resource_id": post_id, "parameter": "id"}
            return Response(200, {"errors": [{**problem, "type": _type("resource-not-found")}]})
        return Response(200, {"data": found.document(self._brand)})

    def _timeline(self, request: Request, user_id: str) -> Response:
        start = request.query.get("start_time", "").removesuffix("Z")
        found = [
            post.document(self._brand)
            for post in reversed(self._posts)
            if user_id == self._brand and _time(post.at) >= start
        ]
        return _page(found, request)

    def _message(self, request: Request, participant_id: str) -> Response:
        text = request.document().get("text")
        if not isinstance(text, str) or not 1 <= len(text) <= DM_LIMIT:
            return _invalid("text")
        if not any(s.dm and s.author_id == participant_id for s in self._seen.values()):
            return _forbidden("You do not have permission to DM one or more participants.")
        message = Post(self._id(), text, participant_id, None, self._clock())
        self._messages.append(message)
        self.accept("x_dm", message.id, participant_id, text)
        data = {"dm_conversation_id": self._conversation_id(participant_id)}
        return Response(201, {"data": {**data, "dm_event_id": message.id}})

    def _conversation(self, request: Request, participant_id: str) -> Response:
        found = [
            {
                "id": message.id,
                "event_type": "MessageCreate",
                "text": message.text,
                "sender_id": self._brand,
                "created_at": _time(message.at),
                "dm_conversation_id": self._conversation_id(participant_id),
            }
            for message in reversed(self._messages)
            if message.to == participant_id
        ]
        return _page(found, request)

    def _author(self, post_id: str | None) -> str | None:
        found = (s.author_id for s in self._seen.values() if s.post_id == post_id and not s.dm)
        return next(found, None)

    def _posted(self, text: str, to: str | None) -> bool:
        """The same words to the same person: a reply's hidden mention is part of its text."""
        since = self._clock() - SAME_TEXT_WINDOW
        return any(p.text == text and p.to == (to or "") and p.at > since for p in self._posts)

    def _conversation_id(self, participant_id: str) -> str:
        return "-".join(sorted((self._brand, participant_id), key=int))

    def _id(self) -> str:
        """X's form: milliseconds since its epoch above 22 bits of its own."""
        milliseconds = int(self._clock().timestamp() * 1000) - X_EPOCH_MILLISECONDS
        return str((milliseconds << 22) | self._rng.getrandbits(22))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def _type(name: str) -> str:
    return f"https://api.twitter.com/2/problems/{name}"


def _problem(status: int, title: str, detail: str) -> dict[str, Any]:
    return {"title": title, "detail": detail, "type": "about:blank", "status": status}


def _forbidden(detail: str) -> Response:
    return Response(403, _problem(403, "Forbidden", detail))


def _invalid(parameter: str) -> Response:
    detail = "One or more parameters to your request was invalid."
    problem = {"title": "Invalid Request", "detail": detail, "type": _type("invalid-request")}
    errors = [{"parameters": {parameter: []}, "message": f"$.{parameter}: is not valid"}]
    return Response(400, {"errors": errors, **problem})


def _page(found: list[dict[str, Any]], request: Request) -> Response:
    page = found[: int(request.query.get("max_results", "10"))]
    meta = {"result_count": len(page)}
    return Response(200, {"data": page, "meta": meta} if page else {"meta": meta})
