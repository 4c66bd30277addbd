"""Single Segment events: identities, ids, times, names, properties."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import PayloadError
from chalicelib.inbound.segment_events import snake_case
from chalicelib.model import Identification, Interaction, WebEvent

from ...contracts.inbound.senders import RECEIVED_AT, document
from .test_segment import parse


def read(call: str, event: dict[str, Any] | None = None, **changes: Any) -> Interaction:
    """The call's fixture, or `event`, with some fields changed, as an interaction."""
    found = document(f"segment/{call}.json") if event is None else event
    (interaction,) = parse({**found, **changes}, call).interactions
    return interaction


def event_of(interaction: Interaction) -> WebEvent:
    assert isinstance(interaction.body, WebEvent)
    return interaction.body


# --- what each call becomes


def test_a_track_call_is_an_event_named_in_snake_case() -> None:
    interaction = read("track")
    assert interaction.source == "web"
    assert interaction.id == "web:m-track"
    assert interaction.identities == ("anonymous:a1b2c3",)
    assert interaction.body == WebEvent(
        name="product_viewed",
        properties={"product_id": "tb-gtx-44", "category": "shoes/trail", "price": 129.9},
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Product Viewed", "product_viewed"),
        ("productViewed", "product_viewed"),
        ("HTMLPage viewed", "html_page_viewed"),
        ("  Order - Completed! ", "order_completed"),
        ("Produit Consulté", "produit_consulté"),
        ("cart_viewed", "cart_viewed"),
        ("Step 2 Done", "step_2_done"),
        ("!!!", ""),
    ],
)
def test_names_read_as_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@pytest.mark.parametrize("name", [None, "", "!!!", 7, "x" * 257])
def test_a_track_call_needs_a_name(name: object) -> None:
    with pytest.raises(PayloadError, match="`event`"):
        parse({**document("segment/track.json"), "event": name}, "track")


def test_a_page_call_says_which_page() -> None:
    assert event_of(read("page")) == WebEvent(
        name="page",
        properties={
            "name": "Product",
            "category": "Shoes",
            "path": "/p/tb-gtx",
            "title": "Trailblazer GTX",
            "url": "https://shop.example/p/tb-gtx",
            "referrer": "",
            "search": "",
        },
    )


def test_a_pages_own_properties_win_over_its_context() -> None:
    body = event_of(read("page", properties={"title": "Mine", "name": "Own"}))
    assert body.properties["title"] == "Mine"
    assert body.properties["name"] == "Own"
    assert body.properties["url"] == "https://shop.example/p/tb-gtx"


def test_a_screen_call_is_an_event() -> None:
    body = event_of(read("screen"))
    assert body.name == "screen"
    assert body.properties["product_id"] == "tb-gtx-44"
    assert body.properties["name"] == "Product"


def test_an_identify_call_ties_its_identities_and_keeps_the_traits() -> None:
    interaction = read("identify")
    assert interaction.identities == ("user:joe", "anonymous:a1b2c3")
    assert interaction.body == Identification(
        traits={"email": "joe@example.com", "phone": "+15551230001", "plan": "gold"}
    )


def test_traits_never_become_identities() -> None:
    """The write key is public: whoever has it may not claim an address or a number."""
    strong: dict[str, Any] = {
        "email": "joe@example.com",
        "phone": "+15551230001",
        "x": "1234",
        "card": "1",
    }
    for call in ("identify", "group", "track"):
        event = {
            **document(f"segment/{call}.json"),
            "traits": strong,
            "properties": strong,
            **strong,
        }
        found = read(call, event).identities
        assert {identity.partition(":")[0] for identity in found} <= {"user", "anonymous"}


@pytest.mark.parametrize("claimed", ["email:joe@example.com", "phone:+15551230001", "x:1234"])
def test_an_id_that_looks_like_a_stronger_identity_stays_what_it_is(claimed: str) -> None:
    found = read("identify", userId=claimed, anonymousId=claimed).identities
    assert found == (f"user:{claimed}", f"anonymous:{claimed}")


def test_traits_in_the_context_count_and_those_beside_it_win() -> None:
    """RudderStack's clients put them into the context."""
    body = read("identify", context={"traits": {"a": 1, "b": 1}}, traits={"b": 2}).body
    assert body == Identification(traits={"a": 1, "b": 2})


def test_a_group_call_is_an_identification_with_its_group() -> None:
    assert read("group").body == Identification(
        traits={"group": {"name": "Trail club", "id": "club-7"}}
    )
    with pytest.raises(PayloadError, match="groupId"):
        read("group", groupId=None)


def test_an_alias_call_ties_the_user_to_who_they_were() -> None:
    interaction = read("alias")
    assert interaction.identities == ("user:joe", "anonymous:a1b2c3")
    assert interaction.body == Identification()


@pytest.mark.parametrize("missing", ["userId", "previousId"])
def test_an_alias_call_needs_both_ids(missing: str) -> None:
    with pytest.raises(PayloadError, match="userId and a previousId"):
        read("alias", **{missing: None})


# --- ids


@pytest.mark.parametrize(
    ("user", "anonymous", "expected"),
    [
        ("joe", None, ("user:joe",)),
        (None, "a1", ("anonymous:a1",)),
        ("", "a1", ("anonymous:a1",)),
        (17, " a1 ", ("user:17", "anonymous:a1")),
        ("Zoë <☂>/\\'\";--%00", None, ("user:Zoë <☂>/\\'\";--%00",)),
        ("x" * 256, None, ("user:" + "x" * 256,)),
        ("a:b:c", None, ("user:a:b:c",)),
    ],
)
def test_ids_become_identities(user: Any, anonymous: Any, expected: tuple[str, ...]) -> None:
    assert read("track", userId=user, anonymousId=anonymous).identities == expected


@pytest.mark.parametrize("user", [None, "", "   ", True, [], {}, "x" * 257])
def test_an_event_of_nobody_is_refused(user: Any) -> None:
    with pytest.raises(PayloadError, match="userId"):
        read("track", userId=user, anonymousId=None)


def test_an_event_without_a_message_id_gets_one_that_a_retry_gets_too() -> None:
    event = {"event": "Product Viewed", "userId": "joe", "timestamp": "2026-07-24T21:23:23Z"}
    first = read("track", event, sentAt="2026-07-24T21:23:24Z", writeKey="local-write-key")
    again = read("track", event, sentAt="2026-07-24T21:29:00Z")
    other = read("track", event, timestamp="2026-07-24T21:23:25Z")
    assert len(first.id) == len("web:") + 64
    assert first.id == again.id
    assert first.id != other.id


def test_a_batch_gives_the_same_derived_ids_as_a_retry_of_it() -> None:
    event = {"type": "track", "event": "Product Viewed", "userId": "joe"}
    first = parse({"batch": [event], "sentAt": "2026-07-24T21:23:24Z"})
    again = parse({"batch": [event], "sentAt": "2026-07-24T21:29:00Z"})
    assert first.interactions[0].id == again.interactions[0].id


@pytest.mark.parametrize("message_id", [[], {}, True, "x" * 257])
def test_a_message_id_that_is_none_is_refused(message_id: Any) -> None:
    with pytest.raises(PayloadError, match="messageId"):
        read("track", messageId=message_id)


# --- when it happened

SKEWED = {"timestamp": "2030-01-01T00:00:00Z", "sentAt": "2030-01-01T00:00:10Z"}


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (SKEWED, datetime(2026, 11, 18, 16, 59, 50, tzinfo=UTC)),
        (
            {"originalTimestamp": SKEWED["timestamp"], "sentAt": SKEWED["sentAt"]},
            datetime(2026, 11, 18, 16, 59, 50, tzinfo=UTC),
        ),
        ({"timestamp": "2026-11-18T12:00:00-04:00"}, datetime(2026, 11, 18, 16, tzinfo=UTC)),
        ({"timestamp": "2026-11-18T12:00:00"}, datetime(2026, 11, 18, 12, tzinfo=UTC)),
        ({"timestamp": "2030-01-01T00:00:00Z"}, RECEIVED_AT),
        ({"timestamp": SKEWED["sentAt"], "sentAt": SKEWED["timestamp"]}, RECEIVED_AT),
        ({"sentAt": "2030-01-01T00:00:00Z"}, RECEIVED_AT),
        ({}, RECEIVED_AT),
        ({"timestamp": None, "sentAt": None}, RECEIVED_AT),
    ],
    ids=[
        "wrong clock",
        "wrong clock, rudderstack",
        "no sentAt",
        "no offset",
        "future",
        "sent before it happened",
        "no timestamp",
        "no times",
        "nulls",
    ],
)
def test_the_senders_clock_is_corrected(times: dict[str, Any], expected: datetime) -> None:
    event = {"event": "Product Viewed", "userId": "joe", **times}
    assert read("track", event).occurred_at == expected
    assert read("track", event).received_at == RECEIVED_AT


def test_a_batch_says_once_when_it_was_sent() -> None:
    event = {"type": "track", "event": "A", "userId": "joe", "timestamp": SKEWED["timestamp"]}
    (interaction,) = parse({"batch": [event], "sentAt": SKEWED["sentAt"]}).interactions
    assert interaction.occurred_at == datetime(2026, 11, 18, 16, 59, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "fault"),
    [
        ({"timestamp": "yesterday"}, "timestamp: a time is ISO 8601"),
        ({"timestamp": 1784928203657}, "timestamp: a time is ISO 8601"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp: a time is ISO 8601"),
        ({"timestamp": "2026-01-01", "sentAt": "never"}, "sentAt: a time is ISO 8601"),
        ({"timestamp": "0001-01-01", "sentAt": "9999-01-01"}, "too far apart"),
    ],
)
def test_a_time_that_is_none_is_refused(times: dict[str, Any], fault: str) -> None:
    with pytest.raises(PayloadError, match=fault):
        read("track", {"event": "A", "userId": "joe", **times})


# --- Global Privacy Control


@pytest.mark.parametrize("call", ["track", "page", "screen", "identify", "group", "alias"])
def test_the_privacy_signal_is_heard_in_header_and_context(call: str) -> None:
    def gpc(event: dict[str, Any], **headers: str) -> bool:
        (interaction,) = parse(event, call, **headers).interactions
        assert isinstance(interaction.body, WebEvent | Identification)
        return interaction.body.gpc

    event = document(f"segment/{call}.json")
    assert not gpc(event)
    assert not gpc(event, sec_gpc="0")
    assert gpc(event, sec_gpc="1")
    assert gpc({**event, "context": {"gpc": True}})


# --- malformed fields


@pytest.mark.parametrize("field", ["properties", "context"])
@pytest.mark.parametrize("value", [7, [], "text"])
def test_a_field_of_another_shape_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(PayloadError, match=f"{field} is an object"):
        read("page", **{field: value})


def test_null_fields_are_empty() -> None:
    assert event_of(read("track", properties=None, context=None, integrations=None)) == WebEvent(
        name="product_viewed"
    )
