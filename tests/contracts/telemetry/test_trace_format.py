"""Our trace documents beside those of AWS's own SDK for X-Ray, as the daemon gets both."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder  # type: ignore[import-untyped]
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter  # type: ignore[import-untyped]
from aws_xray_sdk.core.models.segment import Segment  # type: ignore[import-untyped]
from aws_xray_sdk.core.models.subsegment import Subsegment  # type: ignore[import-untyped]
from aws_xray_sdk.core.models.trace_header import TraceHeader  # type: ignore[import-untyped]

from chalicelib.telemetry.traces import Tracing

HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
AT = 1_795_000_000.25


@pytest.fixture(autouse=True, scope="module")
def _recorder_without_a_socket() -> Iterator[None]:
    """The SDK opens one when it is imported."""
    yield
    xray_recorder.emitter._socket.close()


def test_a_part_is_told_as_the_sdk_tells_a_subsegment() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taking:
        taking.bind(("127.0.0.1", 0))
        taking.settimeout(5)
        address = f"127.0.0.1:{taking.getsockname()[1]}"
        theirs = told_by_the_sdk(address, taking)
        tracing = Tracing.of(HEADER, address, lambda: AT)
        assert tracing is not None
        with tracing.part("decide", lambda: "x:1"):
            pass
        tracing.send()
        ours = read(taking)

    header, document = ours
    assert header == theirs[0]
    id_ = re.compile(r"[0-9a-f]{16}")
    assert id_.fullmatch(document.pop("id"))
    assert id_.fullmatch(theirs[1].pop("id"))
    # It says also what ours leaves out where it is false.
    assert theirs[1].pop("in_progress") is False
    assert document == theirs[1]


def told_by_the_sdk(address: str, taking: socket.socket) -> tuple[Any, dict[str, Any]]:
    said = TraceHeader.from_header_str(HEADER)
    segment = Segment("rejoinder-dev", traceid=said.root)
    segment.id = said.parent
    part = Subsegment("decide", "local", segment)
    segment.add_subsegment(part)
    part.start_time = AT
    part.put_annotation("correlation_id", "x:1")
    part.close(AT)
    emitter = UDPEmitter(address)
    emitter.send_entity(part)
    emitter._socket.close()
    header, document = read(taking)
    # The namespace is told of calls to AWS and to others alone.
    assert document.pop("namespace") == "local"
    return header, document


def read(taking: socket.socket) -> tuple[Any, dict[str, Any]]:
    header, _, body = taking.recv(65_536).partition(b"\n")
    return json.loads(header), json.loads(body)
