"""The steps of the pipeline as X-Ray shows them: subsegments of the segment that Lambda makes.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon

Loaded only where a call is sampled. Never fails what it watches: a document that cannot be sent is
lost.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

_HEADER: Final = b'{"format": "json", "version": 1}\n'


def _new_id() -> str:
    return secrets.token_hex(8)


class Tracing:
    """The parts of one sampled invocation, sent when it ends: the daemon is then still there."""

    def __init__(
        self,
        trace_id: str,
        parent_id: str,
        daemon: tuple[str, int],
        clock: Callable[[], float],
        new_id: Callable[[], str] = _new_id,
    ) -> None:
        """`clock` answers Unix seconds, `new_id` 16 hexadecimal digits."""
        self._trace_id = trace_id
        self._open = [parent_id]
        self._daemon = daemon
        self._clock = clock
        self._new_id = new_id
        self._ended: list[dict[str, Any]] = []

    @classmethod
    def of(cls, header: str, daemon: str, clock: Callable[[], float]) -> Tracing | None:
        """For `Root=…;Parent=…;Sampled=1` and the daemon at `host:port`, or at both of
        `tcp:host:port udp:host:port`; None where either is not of that form."""
        said = dict(part.partition("=")[::2] for part in header.split(";"))
        address = next((a for a in daemon.split() if a.startswith("udp:")), daemon)
        host, _, port = address.removeprefix("udp:").rpartition(":")
        if not (said.get("Root") and said.get("Parent") and host and port.isdecimal()):
            return None
        return cls(said["Root"], said["Parent"], (host, int(port)), clock)

    @contextmanager
    def part(self, name: str, correlation: Callable[[], str | None]) -> Iterator[None]:
        """One step, within the step that is open. The outermost carry the id of the interaction
        that they turn out to be about: of a trace, fifty annotations are indexed."""
        document: dict[str, Any] = {
            "name": name,
            "id": self._new_id(),
            "trace_id": self._trace_id,
            "parent_id": self._open[-1],
            "type": "subsegment",
            "start_time": self._clock(),
        }
        self._open.append(document["id"])
        try:
            yield
        except Exception as error:
            document |= {"fault": True, "cause": self._cause(error)}
            raise
        finally:
            self._open.pop()
            if len(self._open) == 1 and (about := correlation()):
                document["annotations"] = {"correlation_id": about}
            self._ended.append({**document, "end_time": self._clock()})

    def send(self) -> None:
        """A datagram for each part that has ended."""
        ended, self._ended = self._ended, []
        if not ended:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            for document in ended:
                body = json.dumps(document, separators=(",", ":")).encode()
                out.sendto(_HEADER + body, self._daemon)

    def _cause(self, error: Exception) -> dict[str, Any]:
        """Its type alone: its text may hold anything."""
        told = {"id": self._new_id(), "type": type(error).__name__}
        return {"exceptions": [told]}
