"""X events, one reader for each kind: an Interaction, or None for what is rightly passed over.

Lives here: what the fields of posts, direct messages, deletions and revocations mean. Never here:
signatures, envelopes, or what to answer. Readers raise PayloadError for what they cannot read.

An id is the post's or message's own, so that the same post told twice (as a mention and as a
reply, by both products, or delivered again) is one interaction. What is undone carries the id of
what it undoes with a suffix; a revocation, a digest of whose it is and when.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from ..errors import PayloadError
from ..model import Channel, Interaction, Message, Removal
from ..settings import Settings
from .signatures import digest
from .times import read_snowflake, read_x_time


@dataclass(frozen=True)
class Account:
    """Whose events these are: `brand` is who we answer for, `subject` the subscribed account."""

    brand: str
    subject: str
    received_at: datetime
    secret: SecretStr = field(default=SecretStr(""), repr=False)

    @classmethod
    def of(cls, subject: Any, settings: Settings, received_at: datetime) -> Account:
        known = read_id(subject, "the subscribed user's id") if subject is not None else ""
        return cls(settings.x_user_id or known, known, received_at, settings.x_consumer_secret)

    def is_own(self, author: str) -> bool:
        return author in (self.brand, self.subject)


Reader = Callable[[Any, Account], Interaction | None]


def read_post(post: Any, account: Account) -> Interaction | None:
    """A mention, reply or quote, as X's API v2 writes posts."""
    fields = _object(post, "payload")
    references = [r for r in _list(fields, "referenced_tweets") if isinstance(r, dict)]
    mentions = _list(_object(fields.get("entities") or {}, "entities"), "mentions")
    addressed = {_loose_id(m, "id") for m in mentions} | {_loose_id(fields, "in_reply_to_user_id")}
    # The event type itself says that the subscribed account was addressed.
    is_for_us = account.subject in ("", account.brand) or account.brand in addressed
    if not is_for_us or any(r.get("type") == "retweeted" for r in references):
        return None
    long_form = fields.get("note_tweet")
    text = long_form.get("text") if isinstance(long_form, dict) else fields.get("text")
    return _post(
        read_id(fields.get("id"), "payload.id"),
        read_id(fields.get("author_id"), "payload.author_id"),
        text,
        _when(fields.get("created_at"), fields.get("id"), account),
        fields.get("lang"),
        account,
    )


def read_tweet(tweet: Any, account: Account) -> Interaction | None:
    """A post as the Account Activity API writes it (API v1.1, often with `extended_tweet`)."""
    fields = _object(tweet, "tweet_create_events")
    long_form = _object(fields.get("extended_tweet") or {}, "extended_tweet")
    if fields.get("retweeted_status") is not None or not _engages(fields, long_form, account.brand):
        return None
    author = _object(fields.get("user"), "user")
    tweet_id = fields.get("id_str") or fields.get("id")
    return _post(
        read_id(tweet_id, "id_str"),
        read_id(author.get("id_str") or author.get("id"), "user.id_str"),
        long_form.get("full_text") or fields.get("full_text") or fields.get("text"),
        _when(fields.get("timestamp_ms") or fields.get("created_at"), tweet_id, account),
        fields.get("lang"),
        account,
    )


def read_direct_message(event: Any, account: Account) -> Interaction | None:
    """A direct message, which both products write alike."""
    fields = _object(event, "direct_message_events")
    if fields.get("type", "message_create") != "message_create":
        return None
    created = _object(fields.get("message_create"), "message_create")
    sender = read_id(created.get("sender_id"), "message_create.sender_id")
    recipient = _loose_id(_object(created.get("target") or {}, "target"), "recipient_id")
    if account.is_own(sender) or (recipient and account.brand not in ("", recipient)):
        return None
    data = _object(created.get("message_data"), "message_create.message_data")
    body = Message(channel=Channel.X_DM, text=_text(data.get("text")), reply_to=sender)
    event_id = read_id(fields.get("id"), "direct_message_events.id")
    at = _when(fields.get("created_timestamp"), event_id, account)
    return _interaction(event_id, sender, at, body, account)


def read_deletion(payload: Any, account: Account) -> Interaction | None:
    """`post.delete`: the text that we hold of that post must go."""
    fields = _object(payload, "payload")
    return _deletion(fields.get("id"), fields.get("author_id"), None, account)


def read_tweet_deletion(event: Any, account: Account) -> Interaction | None:
    """An entry of `tweet_delete_events`."""
    fields = _object(event, "tweet_delete_events")
    status = _object(fields.get("status"), "tweet_delete_events.status")
    return _deletion(status.get("id"), status.get("user_id"), fields.get("timestamp_ms"), account)


def read_revocation(payload: Any, account: Account) -> Interaction | None:
    """`oauth.revoke`: all that we hold of that account must go."""
    fields = _object(payload, "payload")
    return _revocation(fields.get("user_id"), fields.get("date_time"), account)


def read_user_revocation(revoke: Any, account: Account) -> Interaction | None:
    """`user_event.revoke` of the Account Activity API."""
    fields = _object(revoke, "user_event.revoke")
    source = _object(fields.get("source"), "user_event.revoke.source")
    return _revocation(source.get("user_id"), fields.get("date_time"), account)


def read_id(value: Any, name: str) -> str:
    """An id as X writes it, a string or (in API v1.1) a number; raises PayloadError."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise PayloadError(f"{name} is an id: letters, digits, _ and -, at most 64")
    return text


def _post(
    post_id: str, author: str, text: Any, at: datetime, language: Any, account: Account
) -> Interaction | None:
    if account.is_own(author):
        return None
    body = Message(
        channel=Channel.X_REPLY, text=_text(text), reply_to=post_id, language=_language(language)
    )
    return _interaction(post_id, author, at, body, account)


def _deletion(post_id: Any, author: Any, at: Any, account: Account) -> Interaction | None:
    known_id, known_author = read_id(post_id, "the deleted post's id"), read_id(author, "author_id")
    if known_author == account.brand:  # Our own posts are no interactions: nothing is held.
        return None
    removal = Removal(removed_ids=(f"x:{known_id}",))
    when = _when(at, None, account)
    return _interaction(f"{known_id}:deleted", known_author, when, removal, account)


def _revocation(user_id: Any, date_time: Any, account: Account) -> Interaction | None:
    user = read_id(user_id, "the revoking user's id")
    if user == account.brand:  # The brand is no customer of its own.
        return None
    at = _when(date_time, None, account)
    # Keyed, for the id is kept, and must not tell whose it is.
    told = f"{user}|{at:%Y%m%dT%H%M%SZ}".encode()
    interaction_id = f"revoked:{digest(account.secret, told, 'sha256').hex()[:32]}"
    return _interaction(interaction_id, user, at, Removal(whole_account=True), account)


def _interaction(
    provider_id: str, user: str, at: datetime, body: Message | Removal, account: Account
) -> Interaction:
    return Interaction(
        id=f"x:{provider_id}",
        source="x",
        identities=(f"x:{user}",),
        occurred_at=at,
        received_at=account.received_at,
        body=body,
    )


def _engages(fields: dict[str, Any], long_form: dict[str, Any], brand: str) -> bool:
    """Did the tweet's author mention, answer or quote the brand?"""
    entities = _object(long_form.get("entities") or fields.get("entities") or {}, "entities")
    addressed = {_loose_id(m, "id") for m in _list(entities, "user_mentions")}
    quoted = fields.get("quoted_status")
    quoted_author = quoted.get("user") if isinstance(quoted, dict) else None
    return brand in addressed | {_loose_id(fields, "in_reply_to_user_id"), _loose_id(quoted_author)}


def _loose_id(fields: Any, name: str = "id") -> str | None:
    """An id by its v1.1 string form or its own name; None where there is none to compare."""
    if not isinstance(fields, dict):
        return None
    value = fields.get(f"{name}_str") or fields.get(name)
    return str(value) if value and isinstance(value, str | int) else None


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PayloadError(f"{name} is an object")
    return value


def _list(fields: dict[str, Any], name: str) -> list[Any]:
    value = fields.get(name) or []
    if not isinstance(value, list):
        raise PayloadError(f"{name} is a list")
    return value


def _text(text: Any) -> str:
    """The words as their author wrote them: X sends `&`, `<` and `>` escaped as in HTML."""
    if not isinstance(text, str):
        raise PayloadError("text is a string")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _language(language: Any) -> str | None:
    """BCP 47, or None for X's codes that name no language (und, zxx, qme…)."""
    if not isinstance(language, str) or not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", language):
        return None
    return None if re.match(r"und|zxx|q[a-z]{2}", language) else language


def _when(told: Any, snowflake: Any, account: Account) -> datetime:
    """When it happened: as told, else from the id, else on receipt; never after receipt."""
    at = read_x_time(told) or read_snowflake(snowflake) or account.received_at
    return min(at, account.received_at)
