"""The beacon, run by a real JavaScript engine with a browser of a few lines around it."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.inbound import InboundRequest, segment
from chalicelib.inbound.beacon import read_script
from chalicelib.model import Identification, Interaction, WebEvent

from ...contracts.inbound.senders import RECEIVED_AT, SETTINGS, post

BROWSER = Path(__file__).with_name("browser.js")

needs_node = pytest.mark.clients


def visit(tmp_path: Path, page: str, **browser: Any) -> list[dict[str, Any]]:
    """What a visit sends: `page` is the page's own JavaScript, which ends with the page hidden."""
    node = shutil.which("node")
    assert node, "these tests need Node"
    script = tmp_path / "beacon.js"
    script.write_text(read_script(), encoding="utf-8")
    command = [node, str(BROWSER), str(script), page, json.dumps(browser)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    sent: list[dict[str, Any]] = json.loads(done.stdout)
    return sent


def read(sent: list[dict[str, Any]]) -> list[Interaction]:
    """As our own API reads it."""
    found: list[Interaction] = []
    for beacon in sent:
        assert beacon["url"] == "https://rejoinder.example/v1/batch"
        request = post("/v1/batch", beacon["body"].encode(), {"content-type": "text/plain"})
        segment.verify(request, SETTINGS)
        parsed = segment.parse(request, SETTINGS, RECEIVED_AT, call="batch")
        assert parsed.rejected == ()
        found += parsed.interactions
    return found


def test_the_beacon_is_small_and_plain() -> None:
    script = read_script()
    assert len(script.splitlines()) < 110
    assert len(script) < 5_500
    assert script.isascii()
    assert "sendBeacon" in script


@needs_node
def test_a_visit_arrives_in_one_beacon_when_the_page_is_left(tmp_path: Path) -> None:
    sent = visit(
        tmp_path,
        "rejoinder.page('Shoe'); rejoinder.track('Product Viewed', {product_id: 'tb-gtx-44'});"
        "rejoinder.identify('joe', {plan: 'gold'}); rejoinder.track('Cart Viewed')",
    )
    assert len(sent) == 1
    page, viewed, identified, cart = read(sent)
    assert isinstance(page.body, WebEvent)
    assert page.body.properties["url"] == "https://shop.example/p/tb-gtx"
    assert page.body.properties["name"] == "Shoe"
    assert viewed.body == WebEvent(name="product_viewed", properties={"product_id": "tb-gtx-44"})
    assert identified.body == Identification(traits={"plan": "gold"})
    (anonymous,) = page.identities
    assert page.identities == viewed.identities
    assert identified.identities == cart.identities == ("user:joe", anonymous)
    assert len({i.id for i in (page, viewed, identified, cart)}) == 4


@needs_node
def test_a_returning_visitor_keeps_their_id(tmp_path: Path) -> None:
    stored = {"rejoinder.anonymousId": "a1b2c3"}
    (interaction,) = read(visit(tmp_path, "rejoinder.page()", stored=stored))
    assert interaction.identities == ("anonymous:a1b2c3",)


@needs_node
def test_where_storage_is_forbidden_the_id_lasts_for_the_page(tmp_path: Path) -> None:
    first, second = read(visit(tmp_path, "rejoinder.page(); rejoinder.page()", stored=None))
    assert first.identities == second.identities


@needs_node
def test_global_privacy_control_is_told(tmp_path: Path) -> None:
    for gpc in (True, False):
        (interaction,) = read(visit(tmp_path, "rejoinder.page()", gpc=gpc))
        assert isinstance(interaction.body, WebEvent)
        assert interaction.body.gpc is gpc


@needs_node
def test_many_events_are_spread_over_beacons_that_browsers_take(tmp_path: Path) -> None:
    page = "for (let i = 0; i < 9; i++) rejoinder.track('A', {i: i, text: '☂'.repeat(6000)})"
    sent = visit(tmp_path, page)
    assert len(sent) == 3
    assert all(len(beacon["body"].encode()) <= 65_536 for beacon in sent)
    assert [i.body.properties["i"] for i in read(sent) if isinstance(i.body, WebEvent)] == [
        *range(9)
    ]


@needs_node
def test_an_event_over_32_kilobytes_is_left_out_and_blocks_nobody(tmp_path: Path) -> None:
    page = "rejoinder.track('Big', {text: 'x'.repeat(40000)}); rejoinder.track('Small')"
    (interaction,) = read(visit(tmp_path, page))
    assert interaction.body == WebEvent(name="small")


@needs_node
def test_what_the_browser_refused_is_sent_with_the_next_beacon(tmp_path: Path) -> None:
    page = "rejoinder.track('First'); leave(); rejoinder.track('Second')"
    sent = visit(tmp_path, page, refuses=1)
    assert [i.body.name for i in read(sent) if isinstance(i.body, WebEvent)] == ["first", "second"]


@needs_node
def test_a_proof_goes_with_every_event_until_they_log_out(tmp_path: Path) -> None:
    page = (
        "rejoinder.page(); rejoinder.identify('joe', {}, 'p1'); rejoinder.track('Cart Viewed');"
        "rejoinder.reset().then(function () { rejoinder.page(); })"
    )
    before, after = visit(tmp_path, page)
    events = json.loads(before["body"])["batch"] + json.loads(after["body"])["batch"]
    told = [(e["userId"], e["context"].get("identityProof")) for e in events]
    assert told == [(None, None), ("joe", "p1"), ("joe", "p1"), (None, None)]
    ids = [e["anonymousId"] for e in events]
    assert ids[0] == ids[1] == ids[2] != ids[3]


@needs_node
def test_an_identification_without_proof_forgets_the_last_one_s(tmp_path: Path) -> None:
    page = "rejoinder.identify('joe', {}, 'p1'); rejoinder.identify('ann')"
    (sent,) = visit(tmp_path, page)
    told = [e["context"].get("identityProof") for e in json.loads(sent["body"])["batch"]]
    assert told == ["p1", None]


@needs_node
def test_the_inbox_is_asked_for_with_the_browser_s_id_in_a_header_alone(tmp_path: Path) -> None:
    stored = {"rejoinder.anonymousId": "a1b2c3"}
    page = "rejoinder.inbox().then(function (all) { return rejoinder.read(all[0].id); })"
    asked, read, told = visit(tmp_path, page, stored=stored, answers=[{"id": "m/1"}])
    assert (asked["method"], urlsplit(asked["url"]).path) == ("GET", "/inbox")
    assert (read["method"], urlsplit(read["url"]).path) == ("POST", "/inbox/m%2F1/read")
    for call in (asked, read):
        assert call["headers"]["X-Anonymous-Id"] == "a1b2c3"
        assert "a1b2c3" not in call["url"]
        request = InboundRequest("GET", call["url"], {"authorization": ""}, {}, b"")
        headers = {"authorization": call["headers"]["Authorization"]}
        segment.verify(dataclasses.replace(request, headers=headers), SETTINGS)
    assert told == {"told": [{"id": "m/1"}]}


@needs_node
def test_a_refused_inbox_is_told_by_its_status(tmp_path: Path) -> None:
    page = "rejoinder.inbox().catch(function (status) { return status; })"
    assert visit(tmp_path, page)[-1] == {"told": 401}


@needs_node
def test_a_visitor_takes_notifications_and_takes_them_no_more(tmp_path: Path) -> None:
    page = (
        "rejoinder.push({wording: 'Tell me'}).then(function () { return rejoinder.unpush(); })"
        ".then(function () { return rejoinder.unpush(); })"
    )
    endpoint = "https://push.example/1"
    registered, asked, sent = visit(tmp_path, page, worker=endpoint)
    assert registered == {"register": "/push-worker.js"}
    key = {"userVisibleOnly": True, "applicationServerKey": "local-push-key"}
    assert asked == {"subscribe": key}
    taken, ended = json.loads(sent["body"])["batch"]
    assert (taken["event"], ended["event"]) == ("Push Subscribed", "Push Unsubscribed")
    assert taken["properties"]["keys"] == {"p256dh": "P", "auth": "A"}
    assert taken["properties"]["wording"] == "Tell me"
    assert taken["properties"]["endpoint"] == endpoint
    assert ended["properties"] == {"endpoint": endpoint}


@needs_node
def test_logging_out_ends_the_notifications_of_this_browser(tmp_path: Path) -> None:
    page = (
        "rejoinder.identify('joe', {}, 'p1');"
        "rejoinder.push().then(function () { return rejoinder.reset(); })"
    )
    sent = visit(tmp_path, page, worker="https://push.example/1")[2]
    ended = json.loads(sent["body"])["batch"][-1]
    assert (ended["event"], ended["userId"]) == ("Push Unsubscribed", "joe")
