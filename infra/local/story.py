"""`make story`: Joe's story and its variants, played in the terminal on a machine of its own.

Everything happens over HTTP, as it would for real: signed webhooks in, stand-in carriers out. What
is printed is what the API tells. Exit code 1 when a scene does not end as the story says it does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import urllib3
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..progress import Progress
from ..shelves import Shelves
from .machine import Data, LocalCloud
from .shop import load

if TYPE_CHECKING:
    from chalicelib.steps.rooms import Rooms

JOE_X, JOE_PHONE = "1234", "+15551230001"
ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
PATIENCE_SECONDS = 10.0
REASONS_SHOWN = 4

Json = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What the API tells of one interaction, and the messages that it led to."""

    interaction: Json
    decision: Json | None
    messages: list[Json]

    def texts(self, channel: str) -> list[str]:
        return [m["text"] for m in self.messages if m["channel"] == channel]


class Stage:
    """A running machine, as somebody outside sees it."""

    def __init__(self, machine: LocalCloud) -> None:
        self._url = machine.url
        self._token = machine.token
        self._http = urllib3.PoolManager(retries=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request as an operator; raises RuntimeError naming the route and status."""
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self._http.request(
            method, self._url + path, json=body, headers=headers, timeout=PATIENCE_SECONDS
        )
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} answered {answer.status}")
        return answer.json()

    def clock(self, now: str) -> None:
        self.call("POST", "/local/clock", {"now": now})

    def tweets(self, text: str, author: str = JOE_X) -> Outcome:
        return self._outcome(self.call("POST", "/local/tweet", {"from": author, "text": text}))

    def texts(self, text: str, sender: str = JOE_PHONE) -> Outcome:
        return self._outcome(self.call("POST", "/local/text", {"from": sender, "text": text}))

    def views(self, product_id: str, user_id: str = "joe") -> None:
        seen = {"user_id": user_id, "product_id": product_id}
        self._outcome(self.call("POST", "/local/click", seen))

    def messages(self) -> list[Json]:
        found: list[Json] = self.call("GET", "/local/messages")
        return found

    def until(self, ready: Callable[[], Any]) -> Any:
        """What `ready` answers once it answers something; raises TimeoutError."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if found := ready():
                return found
            time.sleep(0.05)
        raise TimeoutError("nothing came of it in time")

    def _outcome(self, taken: Json) -> Outcome:
        path = f"/interactions/{quote(taken['interaction_id'], safe='')}"
        told = self.until(lambda: self._settled(path))
        decision_id = told["decision_id"]
        decision = self.call("GET", f"/decisions/{decision_id}") if decision_id else None
        own = [m for m in self.messages() if m["interaction_id"] == told["interaction_id"]]
        return Outcome(told, decision, own)

    def _settled(self, path: str) -> Json | None:
        answer = self._http.request(
            "GET", self._url + path, headers={"Authorization": f"Bearer {self._token}"}
        )
        if answer.status == 404:
            return None
        told: Json = answer.json()
        waiting = any(r["receipt"]["status"] == "pending" for r in told["replies"])
        return None if waiting else told


@dataclass(frozen=True)
class Scene:
    """One variant of the story: its title, and how it is played; yields what is to be shown."""

    title: str
    play: Callable[[Stage], Iterator[tuple[str, Outcome, bool]]]


def joe_tweets(stage: Stage) -> Iterator[tuple[str, Outcome, bool]]:
    stage.views("tb-gtx-44")
    told = stage.tweets(ASKS)
    (text,) = told.texts("sms") or [""]
    right = "in stock at Broadway" in text and "10% off trail shoes" in text
    yield f"Joe on X: {ASKS}", told, right and not told.texts("x_reply")


def out_of_stock(stage: Stage) -> Iterator[tuple[str, Outcome, bool]]:
    shoe = stage.call("GET", "/products/tb-gtx-44")
    stage.call("PUT", "/products/tb-gtx-44", {**shoe, "stock": dict.fromkeys(shoe["stock"], 0)})
    told = stage.tweets(ASKS)
    yield f"Joe on X: {ASKS}", told, any("Ridgerunner" in t for t in told.texts("sms"))
    told = stage.texts("Yes please")
    yield "Joe by SMS: Yes please", told, bool(told.texts("sms"))
    before = len(stage.messages())
    stage.call("PUT", "/products/tb-gtx-44", shoe)
    notice = stage.until(lambda: stage.messages()[before:])[0]
    told = Outcome({"status": "answered"}, None, [notice])
    yield "The shop: the Trailblazer GTX is back", told, notice["to"] == JOE_PHONE


def unknown_sender(stage: Stage) -> Iterator[tuple[str, Outcome, bool]]:
    told = stage.tweets(ASKS, author="777")
    public = told.texts("x_reply")
    right = len(public) == 1 and "Broadway" not in public[0] and "10% off" not in public[0]
    yield f"Somebody on X: {ASKS}", told, right


def refused_consent(stage: Stage) -> Iterator[tuple[str, Outcome, bool]]:
    refusal = {"channel": "sms", "purpose": "marketing", "state": "denied", "source": "agent"}
    stage.call("POST", "/customers/joe/consents", refusal)
    told = stage.tweets(ASKS)
    right = any("in stock" in t and "10% off" not in t for t in told.texts("sms"))
    yield f"Joe, who refused marketing by SMS: {ASKS}", told, right
    stage.call("POST", "/customers/joe/consents", {**refusal, "state": "granted"})


def at_night(stage: Stage) -> Iterator[tuple[str, Outcome, bool]]:
    told = stage.tweets(ASKS)
    right = any("in stock" in t and "10% off" not in t for t in told.texts("sms"))
    yield f"Joe on X, at 23:10: {ASKS}", told, right


def stop(stage: Stage) -> Iterator[tuple[str, Outcome, bool]]:
    told = stage.texts("STOP")
    yield "Joe by SMS: STOP", told, len(told.texts("sms")) <= 1
    told = stage.tweets(ASKS)
    yield f"Joe on X, after STOP: {ASKS}", told, not told.texts("sms")
    told = stage.texts("START")
    yield "Joe by SMS: START", told, told.interaction["status"] == "answered"


SCENES = {
    "2026-11-18T00:10:00Z": Scene("Joe tweets, and gets a text", joe_tweets),
    "2026-11-27T00:10:00Z": Scene("Out of stock, and back", out_of_stock),
    "2026-12-08T00:10:00Z": Scene("A sender nobody knows", unknown_sender),
    "2026-12-16T00:10:00Z": Scene("Consent refused", refused_consent),
    "2026-12-26T04:10:00Z": Scene("At night", at_night),
    "2027-01-06T00:10:00Z": Scene("STOP", stop),
}
"""When each scene plays (19:10 in New York, the night's at 23:10), and what it is."""


def play(console: Console) -> bool:
    """Play every scene; whether all ended as the story says."""
    good = True
    with LocalCloud(data=Data("shop", _fill)) as machine:
        stage = Stage(machine)
        for now, scene in SCENES.items():
            stage.clock(now)
            at = datetime.fromisoformat(now).astimezone(UTC)
            console.rule(f"[bold]{scene.title}[/bold] · {at:%d %B %Y, %H:%M} UTC")
            for came_in, told, right in scene.play(stage):
                console.print(account(came_in, told, right))
                good = good and right
    return good


def _fill(rooms: Rooms, now: datetime, progress: Progress) -> None:
    load(Shelves.of(rooms), now=now, progress=progress)


def account(came_in: str, told: Outcome, right: bool) -> Panel:
    """What came in, who it was, what was decided and why, and what went out where."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, text in _lines(told):
        table.add_row(label, Text(text))
    mark = "[green]as told[/green]" if right else "[bold red]not as told[/bold red]"
    return Panel(table, title=Text(came_in), title_align="left", subtitle=mark)


def _lines(told: Outcome) -> Iterator[tuple[str, str]]:
    if understood := told.interaction.get("understanding"):
        yield "who", str(told.interaction["customer_id"])
        products = ", ".join(p["product_id"] for p in understood["products"]) or "no product"
        asked = f"{understood['intent']}, {products}, confidence {understood['confidence']:.2f}"
        yield "asked", asked
    if told.decision:
        yield from _reasons(told.decision)
    for message in told.messages:
        yield f"out: {message['channel']}", f"{message['to']}: {message['text']}"
    if not told.messages:
        note = told.interaction.get("note") or ""
        yield "out", f"nothing ({told.interaction['status']}: {note})"


def _reasons(decision: Json) -> Iterator[tuple[str, str]]:
    for offer in decision["chosen"]:
        yield "offer", f"{offer['title']}: {offer['text']}"
    for offer in decision["rejected"][:REASONS_SHOWN]:
        yield "not", f"{offer['offer_id']}: {offer['text']}"
    if (more := (decision["rejected_total"] or 0) - REASONS_SHOWN) > 0:
        yield "", f"and {more} more"
    channel = decision["channel"]
    yield "channel", f"{channel['chosen']}: {channel['why']}"
    for refusal in channel["refused"][:REASONS_SHOWN]:
        yield "not by", f"{refusal['channel']}: {refusal['text']}"


def main() -> int:
    console = Console()
    return 0 if play(console) else 1


if __name__ == "__main__":
    sys.exit(main())
