"""X: a public reply to a post, and a direct message, by API v2 as the brand's account.

Lives here: the requests, their OAuth 1.0a signature (RFC 5849) and what X's answers mean. Never
here: whether the person may be answered at all.

| X answers | result | https://docs.x.com/… |
|---|---|---|
| 201 `data.id` | sent | x-api/posts/create-post |
| 201 `data.dm_event_id` | sent | x-api/direct-messages/create-dm-message-by-participant-id |
| 429, a spent limit's `…-reset` | retry, not before it | fundamentals/rate-limits |
| 403, duplicate content | failed `duplicate` | x-api/fundamentals/response-codes-and-errors |
| 4xx else | failed, the problem type's last word or `http_<status>` | the same |
| 5xx, or no answer | unknown | the same |
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import urllib3

from ..model import Channel, OutboxEntry, Receipt, Reply, SendResult
from ..settings import Settings
from .exchange import TIMEOUT, Answer, exchange, settle

if TYPE_CHECKING:
    from oauthlib.oauth1 import Client as Signer

CREDENTIALS = ("x_consumer_key", "x_consumer_secret", "x_access_token", "x_access_token_secret")
LIMITS = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
"""Header families, each with `-remaining` and `-reset` (seconds since 1970)."""

LOOK_BACK = timedelta(minutes=2)
PAGE_SIZE = 100
"""How long before an entry was due a post of ours may still be this entry's: clocks differ."""

_URL = re.compile(r"https?://\S+")


class XCarrier:
    """Carries x_reply (`reply.reply_to` is the post) and x_dm (`reply.to` is the X user id)."""

    provider = "x"
    channels = frozenset({Channel.X_REPLY, Channel.X_DM})

    def __init__(
        self,
        settings: Settings,
        *,
        http: urllib3.PoolManager,
        clock: Callable[[], datetime],
        rng: random.Random,
        timeout: urllib3.Timeout = TIMEOUT,
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._rng = rng
        self._timeout = timeout

    @staticmethod
    def configured(settings: Settings) -> bool:
        """Whether all four parts of the OAuth 1.0a credential are there, and the brand's word that
        its account carries the automated label: X asks that of whoever posts by its API."""
        held = all(getattr(settings, name).get_secret_value() for name in CREDENTIALS)
        return held and settings.x_marked_automated

    def send(self, reply: Reply, *, key: str) -> SendResult:
        """Post the reply. X keeps no key of ours: a lost answer is found again by `status`."""
        if reply.channel == Channel.X_DM:
            path = f"/2/dm_conversations/with/{quote(reply.to, safe='')}/messages"
            return self._create(path, {"text": reply.text}, id_name="dm_event_id")
        if not reply.reply_to:
            # Without it X would publish a post of its own, to everybody.
            return SendResult(status="failed", provider=self.provider, code="no_reply_to")
        document = {"text": reply.text, "reply": {"in_reply_to_tweet_id": reply.reply_to}}
        return self._create("/2/tweets", document, id_name="id")

    def status(self, entry: OutboxEntry) -> Receipt | None:
        """X tells no more than that it took the post: found again, it was sent."""
        if not isinstance(entry.body, Reply):
            return None
        if entry.provider_id:
            return self._sent(entry.provider_id)
        if not self._settings.x_user_id:
            return None
        if entry.body.channel == Channel.X_DM:
            return self._find_message(entry, entry.body)
        return self._find_reply(entry, entry.body)

    def _create(self, path: str, document: Mapping[str, Any], *, id_name: str) -> SendResult:
        answer = self._ask("POST", path, json.dumps(document).encode())
        found = answer.document()
        data = found.get("data")
        provider_id = data.get(id_name) if isinstance(data, dict) else None
        return settle(
            answer,
            self.provider,
            provider_id=provider_id,
            code=_problem(found),
            retry_at=_free_again(answer.headers),
        )

    def _find_reply(self, entry: OutboxEntry, reply: Reply) -> Receipt | None:
        """https://docs.x.com/x-api/users/get-posts, newest first; one reply answers one post."""
        query = {
            "max_results": str(PAGE_SIZE),
            "start_time": f"{_earliest(entry):%Y-%m-%dT%H:%M:%SZ}",
            "tweet.fields": "created_at,referenced_tweets",
        }
        wanted = {"type": "replied_to", "id": reply.reply_to}
        posts = self._list(f"/2/users/{quote(self._settings.x_user_id, safe='')}/tweets", query)
        found = (p for p in posts or () if wanted in (p.get("referenced_tweets") or ()))
        return self._first(found, posts)

    def _find_message(self, entry: OutboxEntry, reply: Reply) -> Receipt | None:
        """https://docs.x.com/x-api/direct-messages/get-dm-events-for-a-dm-conversation"""
        query = {
            "max_results": str(PAGE_SIZE),
            "event_types": "MessageCreate",
            "dm_event.fields": "created_at,sender_id,text",
        }
        events = self._list(f"/2/dm_conversations/with/{quote(reply.to, safe='')}/dm_events", query)
        earliest = f"{_earliest(entry):%Y-%m-%dT%H:%M:%S}"
        text = _comparable(reply.text)
        found = (
            e
            for e in reversed(events or ())
            if e.get("sender_id") == self._settings.x_user_id
            and str(e.get("created_at", "")) >= earliest
            and _comparable(str(e.get("text", ""))) == text
        )
        return self._first(found, events)

    def _list(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]] | None:
        """The newest first; None where X would not tell. X leaves out `data` for an empty list."""
        answer = self._ask("GET", f"{path}?{urlencode(query, quote_via=quote)}")
        if not answer.accepted or "errors" in answer.document():
            return None
        found = answer.document().get("data") or ()
        return [each for each in found if isinstance(each, dict)]

    def _first(
        self, found: Iterable[Mapping[str, Any]], listed: list[dict[str, Any]] | None
    ) -> Receipt | None:
        """The first that was found; `absent` where the whole list since then holds none."""
        for each in found:
            return self._sent(str(each["id"]))
        if listed is None or len(listed) >= PAGE_SIZE:
            return None
        return Receipt(provider=self.provider, provider_id="", status="absent")

    def _sent(self, provider_id: str) -> Receipt:
        return Receipt(provider=self.provider, provider_id=provider_id, status="sent")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        url = self._settings.x_api_url.rstrip("/") + path
        # A JSON body stands outside the signature (RFC 5849, 3.4.1.3.1), so it is not shown to it.
        _, headers, _ = self._signer().sign(url, http_method=method)
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        return exchange(self._http, method, url, headers=headers, body=body, timeout=self._timeout)

    def _signer(self) -> Signer:
        from oauthlib.oauth1 import Client as Signer  # only where something goes to X

        consumer_key, consumer_secret, token, token_secret = (
            getattr(self._settings, name).get_secret_value() for name in CREDENTIALS
        )
        return Signer(
            consumer_key,
            client_secret=consumer_secret,
            resource_owner_key=token,
            resource_owner_secret=token_secret,
            nonce=f"{self._rng.getrandbits(128):032x}",
            timestamp=str(int(self._clock().timestamp())),
        )


def _problem(document: Mapping[str, Any]) -> str | None:
    """X's code for a refusal, never its sentence, which may quote the post."""
    if "duplicate content" in str(document.get("detail", "")):
        return "duplicate"
    _, found, word = str(document.get("type", "")).rpartition("/problems/")
    return word if found and word else None


def _free_again(headers: Mapping[str, str]) -> datetime | None:
    """The latest reset among the limits that are spent."""
    resets = [
        int(reset)
        for limit in LIMITS
        if (reset := headers.get(f"{limit}-reset", "")).isdecimal()
        and len(reset) <= 10
        and headers.get(f"{limit}-remaining", "0") == "0"
    ]
    return datetime.fromtimestamp(max(resets), UTC) if resets else None


def _earliest(entry: OutboxEntry) -> datetime:
    return entry.committed_at - LOOK_BACK


def _comparable(text: str) -> str:
    """X escapes `&<>` in what it returns, and puts its own short links in place of ours."""
    return _URL.sub("https://", html.unescape(text)).strip()
