"""One customer with a long life, over every channel; then none: searched for to the last byte."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.model import Interaction, Message
from chalicelib.queues import seal
from infra.local.carriers.push import subscription
from infra.local.state import CloudState
from tests.flow.http.test_visitors import asks_for_inbox, logs_in, subscribes
from tests.machine import Machine, Person
from tests.search import found_in

CARRIERS = (
    "mailbox.jsonl", "twilio-stops.jsonl", "x-seen.jsonl", "clock.json", "token", "lock", "loaded",
)  # fmt: skip
"""Of the files in the machine's folder: what the stand-in carriers hold is theirs, as a real
carrier's is, and the rest is about nobody."""

WITHOUT_PEOPLE = ("budget#", "learned#", "suppressed#")
"""Partitions of items that stay: they tell of nobody."""

QUESTION = "do you have the Trailblazer GTX in a 44"
HER = Person("wilhelmina-q", "88776655443322117", "+15557086421", "wq.pemberton@example.org")
NUMBER, HANDLE, ADDRESS = HER.phone.removeprefix("+"), HER.x, HER.email
HOME = "browser-of-wilhelmina-7f3a"
OTHER_ADDRESS = "old-address-of-hers@example.net"
WORDS = {
    "sms": f"zanzibar-one: {QUESTION}?",
    "x_reply": f"@retailerxyz zanzibar-two: {QUESTION}?",
    "x_dm": f"zanzibar-three: {QUESTION}?",
    "whatsapp": f"zanzibar-four: {QUESTION}?",
    "email": f"zanzibar-five: {QUESTION}?",
    "aws_sms": f"zanzibar-six: {QUESTION}?",
    "inbox": f"@retailerxyz zanzibar-seven: {QUESTION}?",
    "handover": "zanzibar-eight: I want to talk to a human being about my order",
    "restock": "zanzibar-nine: do you have the Trailblazer 2 in a 45?",
    "stop": "zanzibar-ten: please stop texting me",
    "failing": f"zanzibar-eleven: {QUESTION}?",
    "dead": "zanzibar-twelve: nobody could work on this",
    "page": "zanzibar-thirteen",
    "wording": "zanzibar-fourteen: yes, send me offers by e-mail",
}
NEEDLES = (
    NUMBER,
    HANDLE,
    ADDRESS,
    OTHER_ADDRESS,
    HER.id,
    HOME,
    "Wilhelmina",
    "Pembertonsworth",
    "10013-4477",
    subscription(HOME)["endpoint"],
    subscription(HOME)["keys"]["auth"],
    "order-of-hers-1",
    *(text.removeprefix("@retailerxyz ").partition(":")[0] for text in WORDS.values()),
)


@contextmanager
def logged() -> Iterator[list[bytes]]:
    """Every line that is logged, as CloudWatch would have it."""
    lines: list[bytes] = []
    handler = logging.Handler(logging.INFO)
    form = logging.Formatter("%(name)s %(message)s")
    handler.emit = lambda record: lines.append(form.format(record).encode())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def state_of(machine: Machine) -> CloudState:
    return machine.cloud.cloud._state


def kept(machine: Machine) -> dict[str, list[bytes]]:
    """All tables, queues and buckets, by name; and every file of ours on the disk."""
    places: dict[str, list[bytes]] = {}
    with machine.cloud.cloud._news:
        for record in state_of(machine).records():
            places.setdefault(record[1], []).append(json.dumps(record).encode())
    for path in machine.cloud.state_dir.rglob("*"):
        if path.is_file() and path.name not in CARRIERS:
            places[f"file {path.name}"] = path.read_bytes().splitlines()
    return places


def items(machine: Machine) -> dict[tuple[str, str], str]:
    """Every item of the two tables that know of people, by key."""
    with machine.cloud.cloud._news:
        return {
            (record[2]["pk"]["S"], record[2]["sk"]["S"]): json.dumps(record)
            for record in state_of(machine).records()
            if record[0] == "item" and record[1] in ("CustomersTable", "LedgerTable")
        }


def speaks(machine: Machine, path: str, **said: Any) -> str:
    """As a customer of the local run; answers the interaction's id."""
    answer = machine.call("POST", f"/local/{path}", json.dumps(said).encode())
    assert answer.status == 200, answer.data
    found: str = answer.json()["interaction_id"]
    machine.dealt_with(found)
    return found


def lives(machine: Machine) -> None:
    """Everything that a customer can leave with us."""
    known = {
        "identities": [f"x:{HER.x}", f"phone:{HER.phone}", f"email:{HER.email}"],
        "profile": {
            "first_name": "Wilhelmina",
            "last_name": "Pembertonsworth",
            "birth_date": "1991-02-03",
            "country": "US",
            "language": "en",
            "time_zone": "America/New_York",
            "postcode": "10013-4477",
        },
        "interests": ["running", "yoga"],
        "x_linked_with_opt_in": True,
    }
    consent = {"channel": "email", "purpose": "marketing", "state": "granted"}
    consent |= {"source": "form", "wording": WORDS["wording"]}
    former = {"identities": [f"email:{OTHER_ADDRESS}"], "profile": {"first_name": "Wilhelmina"}}
    assert machine.operate("PUT", f"/customers/{HER.id}-before", former).status == 200
    both = {**known, "identities": [*known["identities"], f"email:{OTHER_ADDRESS}"]}  # type: ignore[misc]
    assert machine.operate("PUT", f"/customers/{HER.id}", both).json()["merged"]
    assert machine.operate("POST", f"/customers/{HER.id}/consents", consent).status == 200
    logs_in(machine, HER, HOME)
    subscribes(machine, HER, HOME, HOME)
    _browses(machine)
    speaks(machine, "text", **{"from": HER.phone}, text=WORDS["sms"])
    speaks(machine, "tweet", **{"from": HER.x}, text=WORDS["x_reply"])
    speaks(machine, "tweet", **{"from": HER.x}, text=WORDS["x_dm"], dm=True)
    speaks(machine, "whatsapp", **{"from": HER.phone}, text=WORDS["whatsapp"])
    speaks(machine, "mail", **{"from": HER.email}, text=WORDS["email"], subject="shoes")
    speaks(machine, "text", **{"from": HER.phone}, text=WORDS["aws_sms"], provider="aws_sms")
    speaks(machine, "tweet", **{"from": HER.x}, text=WORDS["restock"], dm=True)
    speaks(machine, "tweet", **{"from": HER.x}, text="yes", dm=True)
    speaks(machine, "whatsapp", **{"from": HER.phone}, text=WORDS["handover"])
    _prefers(machine, "inbox", both)
    speaks(machine, "tweet", **{"from": HER.x}, text=WORDS["inbox"])
    (message, *_) = asks_for_inbox(machine, HOME).json()
    asks_for_inbox(machine, HOME, f"/inbox/{message['id']}/read", "POST")
    _prefers(machine, "whatsapp", both)
    machine.cloud.carriers.whatsapp.fail(HER.phone, 131026)
    speaks(machine, "tweet", **{"from": HER.x}, text=WORDS["failing"])
    asked = {"identity": f"phone:{HER.phone}", "placement": "home"}
    assert machine.operate("POST", "/decisions", asked).json()["offers"]
    speaks(machine, "text", **{"from": HER.phone}, text=WORDS["stop"])
    machine.settled()


def _prefers(machine: Machine, channel: str, known: dict[str, Any]) -> None:
    said = {**known, "preferences": {"service": [channel]}}
    assert machine.operate("PUT", f"/customers/{HER.id}", said).status == 200


def _browses(machine: Machine) -> None:
    seen = {"product_id": "tb-gtx-44", "title": WORDS["page"]}
    bought = {"order_id": "order-of-hers-1", "total": 129.9, "currency": "USD"}
    events = (("Product Viewed", seen), ("Order Completed", bought))
    for number, (name, properties) in enumerate(events):
        told = {"messageId": f"her-{number}", "anonymousId": HOME, "userId": HER.id}
        machine.tracks("track", {**told, "event": name, "properties": properties})
        machine.dealt_with(f"web:her-{number}")


def _dies_in_a_queue(machine: Machine, somebody: Person) -> None:
    """Two messages that nobody could work on: hers alone, and hers beside another's."""
    now = machine.cloud.clock()

    def said(who: Person, number: int) -> Interaction:
        return Interaction(
            id=f"twilio:dead-{number}",
            source="twilio",
            identities=(f"phone:{who.phone}",),
            occurred_at=now,
            received_at=now,
            body=Message(channel="sms", text=WORDS["dead"] if who is HER else "mine stays"),
        )

    url = machine._queues["interactions-dead"]
    for envelope in ([said(HER, 1)], [said(HER, 2), said(somebody, 3)]):
        machine._sqs.send_message(QueueUrl=url, MessageBody=seal(envelope))


def test_after_an_erasure_nothing_of_them_is_found_to_the_last_byte(machine: Machine) -> None:
    somebody = machine.somebody()
    with logged() as lines:
        lives(machine)
        _dies_in_a_queue(machine, somebody)

        before = items(machine)
        lasting = {key for key, item in before.items() if '"expires_at"' not in item}
        assert {pk for pk, _ in lasting if not pk.startswith(WITHOUT_PEOPLE)} == set()
        held = found_in(kept(machine), NEEDLES)
        assert {needle for needle, places in held.items() if not places} == set()
        assert {"CustomersTable", "LedgerTable", "InteractionsDeadLetters"} <= set.union(
            *held.values()
        )
        assert all("file journal.jsonl" in places for places in held.values())
        exported = machine.told(f"/customers/{HER.id}/export")

        answer = machine.operate("POST", f"/customers/{HER.id}/erasure")
        assert answer.status == 200, answer.data
        machine.settled()
        machine.until(lambda: not machine.cloud.cloud._untidy)

    assert {n: p for n, p in found_in(kept(machine), NEEDLES).items() if p} == {}
    assert {n: p for n, p in found_in({"log": lines}, NEEDLES).items() if p} == {}
    receipt = answer.json()
    assert receipt["removed"]["dead letters"] == 2
    for kind in (
        "interactions", "replies", "receipts", "links", "decisions", "inbox messages",
        "identities", "order", "offer", "traces", "merges", "merged records", "consents",
        "wishes", "profile",
    ):  # fmt: skip
        assert receipt["removed"][kind] > 0, kind
    assert _dead_letters(machine) == ["mine stays"]
    _is_what_was_shown(exported, before, items(machine))


def _is_what_was_shown(
    exported: Any, before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]
) -> None:
    """What an erasure removes is what access shows, and all that the search knows of is in it."""
    shown = {(record["pk"], record["sk"]) for record in exported["records"]}
    # A decision, and what counting it changed, are told as one.
    shown |= {(pk, "outcome") for pk, _ in shown if pk.startswith("decision#")} & before.keys()
    removed = before.keys() - after.keys()
    assert removed == shown
    told = json.dumps(exported, ensure_ascii=False)
    for needle in NEEDLES:
        if needle != "zanzibar-twelve":  # That lay in a queue, where there is no access.
            assert needle in told, needle
    mention = {
        key
        for key, item in before.items()
        if any(found_in({"item": [item.encode()]}, NEEDLES).values())
    }
    assert mention <= shown
    decisions = exported["decisions"]
    assert decisions
    for decision in decisions:
        assert decision["channel"]["why"]
        assert all(refused["text"] for refused in decision["channel"]["refused"])


def _dead_letters(machine: Machine) -> list[str]:
    bodies = machine.take_dead_letters()
    return [said["body"]["text"] for body in bodies for said in json.loads(body)]


def test_who_is_erased_is_met_as_a_stranger_and_is_not_marketed_to(machine: Machine) -> None:
    stopped = {"channel": "sms", "purpose": "marketing", "state": "denied", "source": "agent"}
    person = machine.somebody(consents=[stopped])
    assert machine.operate("POST", f"/customers/{person.id}/erasure").status == 200
    known = machine.dealt_with(machine.texts(person.phone, f"{QUESTION}?"))
    assert known["customer_id"] != person.id
    view = machine.customer(known["customer_id"])
    assert (view["profile"]["first_name"], view["consents"], view["orders"]) == (None, [], [])

    granted = {**stopped, "state": "granted", "source": "an old list"}
    said = machine.operate("POST", f"/customers/{known['customer_id']}/consents", granted).json()
    assert [c["state"] for c in said["consents"] if c["purpose"] == "marketing"] == ["denied"]
    again = machine.operate(
        "PUT",
        f"/customers/{person.id}",
        {"identities": [f"phone:{person.phone}"], "consents": [granted]},
    ).json()
    assert {c["state"] for c in again["consents"] if c["purpose"] == "marketing"} == {"denied"}
