"""The whole machine around a small app; `tests/flow/local` has it around Rejoinder's own."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest
import urllib3

from infra.local.folder import FolderInUse
from infra.local.machine import LocalCloud

from .small_app import QUEUE, Seen, small_app


def ask(machine: LocalCloud, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, machine.url + path, retries=False, redirect=False, **options)


def test_it_answers_pumps_and_keeps_its_clock(tmp_path: Path) -> None:
    seen = Seen()
    with LocalCloud(state_dir=tmp_path, app=small_app(seen)) as machine:
        assert json.loads(ask(machine, "GET", "/things/1").data)["id"] == "1"
        token = {"Authorization": f"Bearer {machine.token}"}
        assert ask(machine, "GET", "/secret", headers=token).status == 200
        assert ask(machine, "GET", "/secret").status == 401
        assert ask(machine, "GET", "/local/messages").data == b"[]"
        ask(machine, "POST", "/local/clock", body=b'{"now": "2030-01-01T00:00:00Z"}')
        assert seen.wait_for(lambda: any(t.startswith("2030") for t in seen.ticks))
        state_of = machine.cloud.name("InteractionsQueue")
    assert state_of == QUEUE

    with LocalCloud(state_dir=tmp_path, app=small_app()) as machine:
        assert machine.clock.now().year == 2030
        assert machine.settings.stage == "local"

    with LocalCloud(state_dir=tmp_path, fresh=True, app=small_app()) as machine:
        assert machine.clock.now().year != 2030


def test_local_routes_answer_no_page_of_others(tmp_path: Path) -> None:
    with LocalCloud(app=small_app(), token="given") as machine:
        assert machine.token == "given"
        assert (
            ask(machine, "GET", "/local/messages", headers={"Host": "evil.example"}).status == 403
        )
        assert ask(machine, "GET", "/things/1", headers={"Host": "evil.example"}).status == 200
        assert ask(machine, "GET", "/locally").status == 404


def test_a_fault_of_the_apps_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    with LocalCloud(app=small_app()) as machine:
        assert ask(machine, "GET", "/broken").status == 500


def test_x_knows_of_a_post_before_the_app_does() -> None:
    """Malformed ones are no news, and no reason for the front to fail."""
    with LocalCloud(app=small_app()) as machine:
        body = {"data": {"event_type": "dm.received", "payload": {"direct_message_events": []}}}
        event = {
            "id": "77",
            "message_create": {"sender_id": "1234", "message_data": {"text": "hi"}},
        }
        body["data"]["payload"]["direct_message_events"].append(event)  # type: ignore[index]
        for content in (json.dumps(body).encode(), b"{", b"\xff"):
            assert ask(machine, "POST", "/webhooks/x", body=content).status == 404
        seen = (machine.state_dir / "x-seen.jsonl").read_text()

    assert [json.loads(line) for line in seen.splitlines()] == [
        {"post_id": "77", "author_id": "1234", "dm": True}
    ]


def test_two_runs_on_one_state_or_port_are_refused(tmp_path: Path) -> None:
    with LocalCloud(state_dir=tmp_path, app=small_app()) as machine:
        with pytest.raises(FolderInUse):
            LocalCloud(state_dir=tmp_path, app=small_app()).__enter__()
        port = int(machine.url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use") as caught:
            LocalCloud(port=port, app=small_app()).__enter__()
        assert caught.value.errno == errno.EADDRINUSE
        assert ask(machine, "GET", "/things/1").status == 200
