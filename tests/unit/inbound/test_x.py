"""X webhooks: which events become what, and which are passed over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import PayloadError, SignatureError, TooLargeError
from chalicelib.inbound import Parsed, x
from chalicelib.inbound.payload import WEBHOOK_LIMIT_BYTES
from chalicelib.model import Channel, Interaction, Message, Removal
from chalicelib.settings import Settings

from ...contracts.inbound.senders import RECEIVED_AT, SETTINGS, document, from_x, payload

POST_ID = "2080765813578191303"


def parse(event: Any, settings: Settings = SETTINGS) -> Parsed:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return x.parse(from_x(body), settings, RECEIVED_AT)


def parse_one(event: Any) -> Interaction:
    parsed = parse(event)
    assert (parsed.rejected, parsed.ignored) == ((), 0)
    (interaction,) = parsed.interactions
    return interaction


def changed(name: str, **fields: Any) -> Any:
    """The X Activity API fixture with fields of its payload changed; None takes one away."""
    event = document(f"x/{name}.json")
    found = event["data"]["payload"]
    found.update(fields)
    event["data"]["payload"] = {k: v for k, v in found.items() if v is not None}
    return event


def changed_tweet(**fields: Any) -> Any:
    event = document("x/account_mention.json")
    event["tweet_create_events"][0].update(fields)
    return event


# --- the challenge


def test_the_challenge_is_answered_with_the_secrets_hmac() -> None:
    token = "OTJlOGNkYTgtMmJkMS00ZGYzLWFjYjgtNTVmYWRkYzViMDY5"
    digest = hmac.new(b"local-x-secret", token.encode(), hashlib.sha256).digest()
    expected = "sha256=" + base64.b64encode(digest).decode()
    assert x.answer_challenge(token, SETTINGS) == {"response_token": expected}


@pytest.mark.parametrize("token", ["", "a" * 513, "a b", "☂", "abc\n", '{"data":{}}', "[]", '"a"'])
def test_a_challenge_that_could_be_an_event_is_not_signed(token: str) -> None:
    """Else anybody could have the body of an event signed by asking for it as a challenge."""
    with pytest.raises(PayloadError):
        x.answer_challenge(token, SETTINGS)


def test_a_challenge_is_not_answered_without_a_secret() -> None:
    with pytest.raises(SignatureError):
        x.answer_challenge("abc", Settings.model_validate({}))


# --- what becomes a message


@pytest.mark.parametrize("name", ["x/activity_mention.json", "x/account_mention.json"])
def test_a_mention_is_the_same_message_from_either_product(name: str) -> None:
    interaction = parse_one(payload(name))
    assert interaction.id == f"x:{POST_ID}"
    assert interaction.source == "x"
    assert interaction.identities == ("x:1234",)
    assert interaction.received_at == RECEIVED_AT
    assert interaction.occurred_at.replace(microsecond=0) == datetime(
        2026, 7, 24, 21, 23, 23, tzinfo=UTC
    )
    assert interaction.body == Message(
        channel=Channel.X_REPLY,
        text="@retailerxyz do you have the Trailblazer GTX in a 44?",
        reply_to=POST_ID,
        language="en",
    )


def test_a_reply_is_read_as_its_author_wrote_it() -> None:
    body = parse_one(payload("x/activity_reply.json")).body
    assert isinstance(body, Message)
    assert body.text == "@retailerxyz Salt & pepper in 44, <please>"


def test_a_quote_is_a_message() -> None:
    assert parse_one(payload("x/activity_quote.json")).id == "x:2090000000000000002"


@pytest.mark.parametrize(
    "name", ["x/activity_direct_message.json", "x/account_direct_message.json"]
)
def test_a_direct_message_is_answered_to_its_sender(name: str) -> None:
    interaction = parse_one(payload(name))
    assert interaction.id == "x:2080765901528535096"
    assert interaction.identities == ("x:1234",)
    assert interaction.occurred_at == datetime(2026, 7, 24, 21, 23, 44, 372000, tzinfo=UTC)
    assert interaction.body == Message(
        channel=Channel.X_DM, text="Where is my order?", reply_to="1234"
    )


def test_a_long_post_is_read_whole() -> None:
    body = parse_one(changed("activity_mention", note_tweet={"text": "the whole of it"})).body
    assert isinstance(body, Message)
    assert body.text == "the whole of it"


def test_a_long_tweet_is_read_whole_with_the_mentions_in_its_long_form() -> None:
    long_form = {
        "full_text": "the whole of it @retailerxyz",
        "entities": {"user_mentions": [{"id_str": "999"}]},
    }
    event = changed_tweet(extended_tweet=long_form, in_reply_to_user_id_str=None, entities={})
    event["tweet_create_events"][0]["in_reply_to_user_id"] = None
    body = parse_one(event).body
    assert isinstance(body, Message)
    assert body.text == "the whole of it @retailerxyz"


def test_a_tweet_that_quotes_the_brand_is_a_message() -> None:
    quoting: dict[str, Any] = {
        "in_reply_to_user_id": None,
        "in_reply_to_user_id_str": None,
        "entities": {},
    }
    assert parse(changed_tweet(**quoting)).ignored == 1
    quoted = {"quoted_status": {"id_str": "1", "user": {"id_str": "999"}}}
    assert parse(changed_tweet(**quoting, **quoted)).ignored == 0


@pytest.mark.parametrize("language", ["und", "zxx", "qme", "not a code", 7])
def test_a_language_code_that_names_no_language_is_none(language: object) -> None:
    body = parse_one(changed("activity_mention", lang=language)).body
    assert isinstance(body, Message)
    assert body.language is None


def test_one_delivery_may_hold_several_events() -> None:
    event = document("x/account_mention.json")
    event["direct_message_events"] = document("x/account_direct_message.json")[
        "direct_message_events"
    ]
    event["favorite_events"] = [{"id": "1"}, {"id": "2"}]
    parsed = parse(event)
    assert len(parsed.interactions) == 2
    assert parsed.ignored == 2


# --- when it happened


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [
        ("2026-07-24T21:23:23.000Z", datetime(2026, 7, 24, 21, 23, 23, tzinfo=UTC)),
        ("Fri Jul 24 23:23:23 +0200 2026", datetime(2026, 7, 24, 21, 23, 23, tzinfo=UTC)),
        ("yesterday", datetime(2026, 7, 24, 21, 23, 23, 373000, tzinfo=UTC)),
        (None, datetime(2026, 7, 24, 21, 23, 23, 373000, tzinfo=UTC)),
        ("2036-07-24T21:23:23.000Z", RECEIVED_AT),
        ("0001-01-01T00:00:00+14:00", datetime(2026, 7, 24, 21, 23, 23, 373000, tzinfo=UTC)),
        ("Mon Jan 01 00:00:00 +1400 0001", datetime(2026, 7, 24, 21, 23, 23, 373000, tzinfo=UTC)),
    ],
    ids=[
        "iso",
        "v1.1",
        "unreadable: by its id",
        "missing: by its id",
        "future",
        "before time",
        "long before",
    ],
)
def test_a_post_happened_when_it_says_or_when_its_id_was_made(
    created_at: str | None, expected: datetime
) -> None:
    assert parse_one(changed("activity_mention", created_at=created_at)).occurred_at == expected


def test_a_post_whose_id_holds_no_time_happened_on_receipt() -> None:
    event = changed("activity_mention", created_at=None, id="20")
    assert parse_one(event).occurred_at == RECEIVED_AT


# --- what must go


@pytest.mark.parametrize("name", ["x/activity_deletion.json", "x/account_deletion.json"])
def test_a_deleted_post_is_a_removal_with_an_id_of_its_own(name: str) -> None:
    interaction = parse_one(payload(name))
    assert interaction.id == f"x:{POST_ID}:deleted"
    assert interaction.identities == ("x:1234",)
    assert interaction.body == Removal(removed_ids=(f"x:{POST_ID}",))


@pytest.mark.parametrize("name", ["x/activity_revocation.json", "x/account_revocation.json"])
def test_a_revocation_removes_the_whole_account(name: str) -> None:
    interaction = parse_one(payload(name))
    assert re.fullmatch(r"x:revoked:[0-9a-f]{32}", interaction.id)
    assert interaction.identities == ("x:1234",)
    assert interaction.body == Removal(whole_account=True)


def test_a_subscribed_customers_own_deletion_counts() -> None:
    event = document("x/account_deletion.json")
    event["for_user_id"] = "1234"
    assert parse_one(event).body == Removal(removed_ids=(f"x:{POST_ID}",))


# --- what is passed over


def own_direct_message() -> Any:
    event = document("x/account_direct_message.json")
    event["direct_message_events"][0]["message_create"]["sender_id"] = "999"
    return event


def direct_message_to_another_account() -> Any:
    event = document("x/activity_direct_message.json")
    event["data"]["filter"]["user_id"] = "555"
    message = event["data"]["payload"]["direct_message_events"][0]["message_create"]
    message["target"]["recipient_id"] = "555"
    return event


def mention_of_another_account() -> Any:
    event = changed("activity_mention", entities={"mentions": [{"id": "555"}]})
    event["data"]["filter"]["user_id"] = "555"
    return event


def own_post_of_a_subscribed_customer() -> Any:
    event = document("x/account_mention.json")
    event["for_user_id"] = "1234"
    return event


PASSED_OVER: dict[str, Callable[[], Any]] = {
    "encrypted chat": lambda: document("x/activity_chat.json"),
    "a like": lambda: document("x/account_like.json"),
    "an unknown type": lambda: {"data": {"event_type": "news.new", "payload": None}},
    "an unknown user event": lambda: {"user_event": {"something": {}}},
    "own post": lambda: changed("activity_mention", author_id="999"),
    "own tweet": lambda: changed_tweet(user={"id_str": "999"}),
    "own direct message": own_direct_message,
    "own deletion": lambda: changed("activity_deletion", author_id="999"),
    "own revocation": lambda: changed("activity_revocation", user_id="999"),
    "a repost": lambda: changed("activity_mention", referenced_tweets=[{"type": "retweeted"}]),
    "a retweet": lambda: changed_tweet(retweeted_status={"id_str": "1"}),
    "a tweet that only passes by": lambda: changed_tweet(
        in_reply_to_user_id=None, in_reply_to_user_id_str=None, entities={"user_mentions": []}
    ),
    "a mention of another account": mention_of_another_account,
    "a direct message to another account": direct_message_to_another_account,
    "a subscribed customer's own post": own_post_of_a_subscribed_customer,
    "a direct message event that is no message": lambda: {
        "for_user_id": "999",
        "direct_message_events": [{"type": "participants_join", "id": "1"}],
    },
}


@pytest.mark.parametrize("name", PASSED_OVER)
def test_it_is_acknowledged_counted_and_passed_over(name: str) -> None:
    assert parse(PASSED_OVER[name]()) == Parsed((), ignored=1)


def test_without_a_brand_id_the_subscribed_account_is_the_brand() -> None:
    unset = SETTINGS.model_copy(update={"x_user_id": ""})
    event = changed("activity_mention", author_id="999")
    assert parse(event, unset) == Parsed((), ignored=1)
    assert len(parse(payload("x/account_mention.json"), unset).interactions) == 1


# --- what is refused


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "`data`"),
        (b'{"data": []}', "event_type"),
        (b'{"data": {"event_type": 7}}', "event_type"),
        (b'{"data": {"event_type": "post.mention.create"}}', "payload is an object"),
        (b'{"data": {"event_type": "dm.received", "payload": {}}}', "is a list"),
        (b'{"data": {"event_type": "dm.received"}}', "is a list"),
        (b'{"for_user_id": {}, "x_events": []}', "subscribed user's id"),
        (b'{"for_user_id": "999", "tweet_create_events": {}}', "is a list"),
        (b'{"for_user_id": "999", "tweet_create_events": [7]}', "is an object"),
        (b'{"data": "\xff"}', "UTF-8"),
        (b'{"data": "\\ud83d"}', "surrogate"),
        (b'{"data": NaN}', "NaN"),
        (b'{"data":' * 100_000, "nested"),
        (b'{"data":' * 40 + b"7" + b"}" * 40, "nested"),
    ],
)
def test_a_body_that_is_no_event_is_refused_with_the_reason(body: bytes, fault: str) -> None:
    if len(body) > WEBHOOK_LIMIT_BYTES:
        body = body[:WEBHOOK_LIMIT_BYTES]
    with pytest.raises(PayloadError, match=fault):
        parse(body)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": "a b"},
        {"id": True},
        {"author_id": None},
        {"author_id": "1" * 65},
        {"text": None},
        {"text": 7},
        {"entities": 7},
        {"entities": {"mentions": 7}},
    ],
)
def test_a_post_without_what_makes_it_one_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        parse(changed("activity_mention", **fields))


def test_a_bad_event_among_good_ones_is_named_and_the_good_ones_kept() -> None:
    event = document("x/account_mention.json")
    event["tweet_create_events"].insert(0, {"user": {"id_str": "1"}, **BROKEN})
    parsed = parse(event)
    assert [i.id for i in parsed.interactions] == [f"x:{POST_ID}"]
    ((index, reason),) = [(r.index, r.reason) for r in parsed.rejected]
    assert index == 0
    assert "id_str" in reason


BROKEN = {"text": "no id", "in_reply_to_user_id_str": "999"}


def test_a_body_over_256_kilobytes_is_refused_before_its_signature_is_looked_at() -> None:
    oversized = from_x(b" " * (256 * 1024 + 1), mangle=lambda signature: "")
    with pytest.raises(TooLargeError):
        x.verify(oversized, SETTINGS)
    with pytest.raises(TooLargeError):
        x.parse(oversized, SETTINGS, RECEIVED_AT)
