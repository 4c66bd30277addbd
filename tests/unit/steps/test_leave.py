"""Whatever happens, in whatever order: nothing goes where there is no leave for it at that moment,
and nobody sees one reply twice.

A machine of rules (https://hypothesis.readthedocs.io/en/latest/stateful.html) speaks as the
customer, the operator, the carriers and the clock. What may be sent is judged by an account of its
own, kept in the plainest terms from what was said, by what shared code has nothing to do with.
`LEAVE_EXAMPLES` and `LEAVE_STEPS` make it as long as one likes; `make test-leave` takes 100,000
steps.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, product
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib import pipeline
from chalicelib.customers import saving
from chalicelib.errors import TemporaryError
from chalicelib.model import (
    Channel,
    Consent,
    ConsentState,
    Interaction,
    Message,
    OutboxEntry,
    Purpose,
    PushSubscription,
    Receipt,
    Reply,
    Restock,
    SendResult,
)
from chalicelib.settings import Settings
from chalicelib.steps.rooms import Rooms
from tests.memory import Memory
from tests.stage import NOON, Aws, Clock, Desk, Recorder, an_offer, put_customer, stock_the_shop

EXAMPLES = int(os.environ.get("LEAVE_EXAMPLES", "60"))
STEPS = int(os.environ.get("LEAVE_STEPS", "30"))

PHASES = (Phase.generate, Phase.shrink)

SERVICE, MARKETING = Purpose.SERVICE, Purpose.MARKETING
PURPOSES = (SERVICE, MARKETING)
NEW_YORK = ZoneInfo("America/New_York")
NOT_PUBLIC = [c for c in Channel if c is not Channel.X_REPLY]
WRITTEN_ON = [Channel.SMS, Channel.X_REPLY, Channel.X_DM, Channel.EMAIL, Channel.WHATSAPP]

Fate = Literal["arrives", "lost", "refused", "later", "arrives unsaid", "lost unsaid"]
FATES = st.lists(
    st.sampled_from(["arrives", "lost", "refused", "later", "later"])
    | st.sampled_from(["arrives unsaid", "lost unsaid"]),
    max_size=4,
)

ASKS = "do you have the Trailblazer GTX in a 44?"
EVERYWHERE = tuple(Channel)
REFUSALS: dict[str, tuple[tuple[Channel, ...], tuple[Purpose, ...]]] = {
    "STOP": ((), (SERVICE, MARKETING)),
    "please stop texting me": ((Channel.SMS,), (SERVICE, MARKETING)),
    "stop emailing me": ((Channel.EMAIL,), (SERVICE, MARKETING)),
    "no more offers please": (EVERYWHERE, (MARKETING,)),
}
"""What is refused where, and for what; where none is named, here."""
WISHES = {"text me instead": Channel.SMS, "email me instead": Channel.EMAIL}
HOURS = {"do not text me at night": True, "you can text me at any time": False}
JOE = "joe-1"
ON_X, PHONE, EMAIL, BROWSER = "x:77", "phone:+15551230077", "email:j@e.example", "anonymous:b-1"
SENDERS = {Channel.X_REPLY: ON_X, Channel.X_DM: ON_X, Channel.EMAIL: EMAIL}
WORDS = {*REFUSALS, "START", "HELP"}
"""Answered, if at all, where they were said, whatever stands on record."""


@dataclass
class Account:
    """What the customer has allowed and refused, told in order."""

    said: dict[tuple[Channel, Purpose], bool] = field(default_factory=dict)
    stated: set[Channel] = field(default_factory=set)
    wrote: dict[Channel, datetime] = field(default_factory=dict)
    barred: set[Channel] = field(default_factory=set)
    offered: dict[str, datetime] = field(default_factory=dict)
    daytime_only: bool = False

    def heard(self, text: str, here: Channel, at: datetime) -> None:
        self.wrote[here] = max(at, self.wrote.get(here, at))
        where, purposes = REFUSALS.get(text, ((), ()))
        for told in product(where or (here,), purposes):
            self.said[told] = False
        if text == "START":
            self.said |= {(here, SERVICE): True, (here, MARKETING): True}
        if text in WISHES:
            self.stated.add(WISHES[text])
        self.daytime_only = HOURS.get(text, self.daytime_only)

    def objection(self, copy: Copy, now: datetime) -> str | None:
        """Why it should not have been sent."""
        here = copy.channel
        if copy.text in WORDS:
            return None if here is copy.origin else "a confirmation goes back where it was asked"
        if here is Channel.X_REPLY and copy.origin is not here:
            return "there is no post to answer"
        if here in self.barred:
            return "nothing may go there any more"
        if self.said.get((here, SERVICE)) is False:
            return "they refused messages there"
        asked = here is copy.origin or here in self.stated or self.said.get((here, SERVICE))
        if not asked:
            return "they never agreed to be reached there"
        if not self._may_go_now(here, now):
            return "calls need consent and the hour; some asked for the day alone"
        if here is Channel.WHATSAPP and now - self.wrote.get(
            here, datetime.min.replace(tzinfo=now.tzinfo)
        ) >= timedelta(hours=24):
            return "WhatsApp is open for a day"
        if not copy.promotes:
            return None
        earlier = [at for about, at in self.offered.items() if about != copy.about]
        if any(now - at < timedelta(hours=6) for at in earlier):
            return "they have met the offer as often as they may"
        self.offered.setdefault(copy.about, now)
        return self._against_marketing(here, now)

    def _may_go_now(self, here: Channel, now: datetime) -> bool:
        if here is Channel.VOICE:
            return bool(self.said.get((here, SERVICE))) and in_hours(now)
        return in_hours(now) or not self.daytime_only

    def _against_marketing(self, here: Channel, now: datetime) -> str | None:
        if here is Channel.X_REPLY:
            return "nothing promotional in public"
        if not self.said.get((here, MARKETING)):
            return "they never agreed to marketing there"
        return None if in_hours(now) else "no marketing at this hour"


def in_hours(at: datetime) -> bool:
    return 8 <= at.astimezone(NEW_YORK).hour < 21


@dataclass
class Copy:
    """One send that a carrier was asked for."""

    key: str
    channel: Channel
    about: str
    text: str
    origin: Channel | None
    promotes: bool
    fate: Fate
    id: str
    seen: bool = False
    taken_back: bool = False

    @property
    def visible(self) -> bool:
        return self.fate in ("arrives", "arrives unsaid") and not self.taken_back


class Waiting(list[Interaction]):
    """The queues, of which nothing is lost."""

    def put(self, interactions: Sequence[Interaction], *, urgent: bool = False) -> None:
        self += interactions

    def put_decisions(self, decision_ids: Sequence[str]) -> None:
        """Nothing is learned here."""

    def taken(self) -> list[Interaction]:
        found = list(self)
        self.clear()
        return found


class World:
    """The carriers, and the account that judges what they are asked to send."""

    def __init__(self, rooms: Rooms, clock: Clock, waiting: Waiting) -> None:
        self.clock, self.waiting = clock, waiting
        self.rooms = rooms.but(carriers={c: self.carrier(c) for c in Channel})
        self.account = Account()
        self.fates: list[Fate] = []
        self.copies: dict[str, Copy] = {}
        self.words: dict[str, tuple[str, Channel | None]] = {}
        self.sends: Counter[str] = Counter()
        self.wrongs: list[str] = []
        """What should not have been sent: the sweeper would catch an error raised here."""

    def carrier(self, channel: Channel) -> Any:
        return (Drawer if channel is Channel.INBOX else Watched)(self, channel)

    def taken(self, reply: Reply, key: str) -> SendResult:
        entry = self.rooms.outbox.entry(key)
        assert entry is not None
        about = entry.interaction_id
        text, origin = self.words.get(about.rstrip("~"), ("", None))
        fate: Fate = self.fates.pop(0) if self.fates else "arrives"
        self.sends[key] += 1
        copy = Copy(
            key,
            reply.channel,
            about,
            text,
            origin,
            promotes=reply.purpose is MARKETING or any(link.offer_id for link in reply.links),
            fate=fate,
            id=f"p-{key}-{self.sends[key]}",
        )
        now = self.clock()
        if (objection := self.account.objection(copy, now)) is not None:
            self.wrongs.append(f"{copy.channel} at {now:%H:%M}: {objection}")
        if fate == "later":
            return SendResult(status="retry", provider="w", code="busy")
        if fate == "refused":
            return SendResult(status="failed", provider="w", code="no")
        self.copies[copy.id] = copy
        shown = [c for c in self.copies.values() if c.about == about and c.visible]
        if len(shown) > 1:
            self.wrongs.append(f"seen twice: {[c.channel for c in shown]}")
        if fate in ("arrives unsaid", "lost unsaid"):
            return SendResult(status="unknown", provider="w", code="no_answer")
        return SendResult(status="sent", provider="w", provider_id=copy.id)


@dataclass
class Watched:
    """A carrier of one channel, whose customers' phones the world decides on."""

    world: World
    channel: Channel
    provider: str = "w"

    @property
    def channels(self) -> frozenset[Channel]:
        return frozenset({self.channel})

    def send(self, reply: Reply, *, key: str) -> SendResult:
        assert reply.channel is self.channel
        return self.world.taken(reply, key)

    def status(self, entry: OutboxEntry) -> Receipt | None:
        return None


class Drawer(Watched):
    """What lies in it can be taken back until it is seen."""

    def withdraw(self, provider_id: str) -> bool:
        copy = self.world.copies[provider_id]
        copy.taken_back = copy.taken_back or not copy.seen
        return copy.taken_back


class Leave(RuleBasedStateMachine):
    """One customer's life with the brand."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.counter = count(1)
        self.queue: list[Interaction] = []
        self.receipts: list[Interaction] = []
        now = world.clock()
        who = put_customer(
            world.rooms,
            JOE,
            {
                "identities": [ON_X, PHONE, EMAIL],
                "profile": {"country": "US", "time_zone": "America/New_York", "first_name": "Joe"},
                "x_linked_with_opt_in": True,
            },
        )
        known = who.model_copy(
            update={
                "identities": (*who.identities, BROWSER),
                "proven_browsers": (BROWSER,),
                "subscriptions": (
                    PushSubscription(
                        endpoint="https://push.example/1", p256dh="k", auth="a", at=now
                    ),
                ),
            }
        )
        world.rooms.customers.save(who, known, now)

    @initialize(
        granted=st.sets(st.tuples(st.sampled_from(NOT_PUBLIC), st.sampled_from(PURPOSES)))
        | st.just(set(product(NOT_PUBLIC, PURPOSES))),
        stated=st.lists(st.sampled_from(Channel), max_size=3, unique=True),
    )
    def once_upon_a_time(
        self, granted: set[tuple[Channel, Purpose]], stated: list[Channel]
    ) -> None:
        for channel, purpose in sorted(granted):
            self.the_operator_records(channel, purpose, granted=True)
        rooms = self.world.rooms
        known = rooms.customers.living(JOE)
        assert known is not None
        wishes = known.model_copy(update={"preferences": {SERVICE: tuple(stated)}})
        rooms.customers.save(known, wishes, self.world.clock())
        self.world.account.stated |= set(stated)

    @rule(here=st.sampled_from(WRITTEN_ON), fates=FATES)
    def they_ask(self, here: Channel, fates: list[Fate]) -> None:
        self.they_write(ASKS, here)
        self.take_up(self.queue.pop(), fates)

    @rule(text=st.sampled_from(sorted({*REFUSALS, *HOURS})), here=st.sampled_from(WRITTEN_ON))
    def they_refuse(self, text: str, here: Channel) -> None:
        self.they_write(text, here)
        self.take_up(self.queue.pop(), [])

    @rule(
        text=st.sampled_from([ASKS, "HELP", "START", "START", *WISHES, *HOURS, *REFUSALS]),
        here=st.sampled_from(WRITTEN_ON),
    )
    def they_write(self, text: str, here: Channel) -> None:
        now = self.world.clock()
        said = Interaction(
            id=f"x:{next(self.counter)}",
            source="x",
            identities=(SENDERS.get(here, PHONE),),
            occurred_at=now,
            received_at=now,
            body=Message(channel=here, text=text, reply_to="1"),
        )
        self.world.words[said.id] = (text, here)
        self.queue.append(said)

    @rule(which=st.integers(0, 9), fates=FATES, twice=st.booleans())
    @precondition(lambda self: self.queue)
    def we_work(self, which: int, fates: list[Fate], twice: bool) -> None:
        """What withdraws consent never waits behind anything else."""
        urgent = [i for i in self.queue if pipeline.is_urgent(i)]
        said = urgent[0] if urgent else self.queue[which % len(self.queue)]
        self.queue.remove(said)
        self.take_up(said, fates)
        if twice:
            self.work(said, fates)

    @rule(
        channel=st.sampled_from(NOT_PUBLIC),
        purpose=st.sampled_from(list(Purpose)),
        granted=st.sampled_from([True, True, True, False]),
    )
    def the_operator_records(self, channel: Channel, purpose: Purpose, granted: bool) -> None:
        said = Consent(
            channel=channel,
            purpose=purpose,
            state=ConsentState.GRANTED if granted else ConsentState.DENIED,
            source="a form",
            at=self.world.clock(),
        )
        saving.consent(self.world.rooms.customers, JOE, said, self.world.clock())
        self.world.account.said[channel, purpose] = granted

    @rule(fates=FATES)
    def what_they_wait_for_is_back(self, fates: list[Fate]) -> None:
        rooms, now = self.world.rooms, self.world.clock()
        waits = rooms.customers.await_product(JOE, "tb-gtx-44", 2**31)
        rooms.ledger.commit([("wait", write) for write in waits])
        notice = Interaction(
            id=f"restock:{next(self.counter)}",
            source="rejoinder",
            occurred_at=now,
            received_at=now,
            body=Restock(customer_id=JOE, product_id="tb-gtx-44"),
        )
        self.world.words[notice.id] = ("", None)
        self.work(notice, fates)

    @rule(which=st.integers(0, 99), fates=FATES, again=st.booleans())
    @precondition(lambda self: self.world.copies)
    def a_carrier_tells(self, which: int, fates: list[Fate], again: bool) -> None:
        """The truth, in any order and more than once."""
        known = list(self.world.copies.values())
        copy = known[which % len(known)]
        truth: Literal["delivered", "failed"] = "delivered" if copy.visible else "failed"
        status = "sent" if which % 3 == 0 else truth
        if copy.taken_back or copy.fate.endswith("unsaid"):
            return
        told = self.fact(
            Receipt(provider="w", provider_id=copy.id, status=status),
            f"{copy.id}:{status}:{next(self.counter) if again else ''}",
        )
        self.work(told, fates)

    @rule(which=st.integers(0, 99), kind=st.sampled_from(["opted_out", "unreachable"]))
    @precondition(lambda self: self.world.copies)
    def a_carrier_bars(self, which: int, kind: Literal["opted_out", "unreachable"]) -> None:
        known = [c for c in self.world.copies.values() if c.fate == "lost"]
        if not known:
            return
        copy = known[which % len(known)]
        here = copy.channel
        if kind == "opted_out":
            self.world.account.said |= {(here, SERVICE): False, (here, MARKETING): False}
        else:
            self.world.account.barred.add(here)
        told = Receipt(provider="w", provider_id=copy.id, status="failed", barred=kind)
        self.work(self.fact(told, f"{copy.id}:barred:{kind}:{next(self.counter)}"), [])

    @rule(which=st.integers(0, 99))
    @precondition(lambda self: self.world.copies)
    def they_look_into_the_inbox(self, which: int) -> None:
        for copy in self.world.copies.values():
            if copy.channel is Channel.INBOX and not copy.taken_back:
                copy.seen = True

    @rule(hours=st.sampled_from([0.1, 1, 5, 9, 30, 200]), fates=FATES)
    def time_passes(self, hours: float, fates: list[Fate]) -> None:
        self.world.clock.advance(hours=hours)
        self.world.fates = list(fates)
        pipeline.sweep(self.world.rooms)
        for interaction in self.world.waiting.taken():
            self.work(interaction, fates)

    @invariant()
    def all_was_well(self) -> None:
        assert not self.world.wrongs

    def take_up(self, said: Interaction, fates: list[Fate]) -> None:
        assert isinstance(said.body, Message)
        self.world.account.heard(said.body.text, said.body.channel, said.occurred_at)
        self.work(said, fates)

    def work(self, interaction: Interaction, fates: list[Fate]) -> None:
        self.world.fates = list(fates)
        try:
            pipeline.respond(interaction, self.world.rooms)
        except TemporaryError:
            self.receipts.append(interaction)

    def fact(self, body: Any, number: str) -> Interaction:
        now = self.world.clock()
        return Interaction(
            id=f"w:{number}", source="twilio", occurred_at=now, received_at=now, body=body
        )


@pytest.fixture
def lives(
    settings: Settings, clock: Clock, aws: Aws, recorder: Recorder, desk: Desk
) -> Callable[[], Leave]:
    memory, waiting = Memory(), Waiting()
    held = replace(aws, clients={**aws.clients, "dynamodb": memory})
    rooms = held.rooms(settings, clock, recorder, desk).but(queues=waiting)
    everyone = an_offer(rule="true", policy={"per_customer": [{"times": 1, "days": 0.25}]})
    stock_the_shop(rooms, everyone)
    shop = memory.copy()

    def another() -> Leave:
        """A life that knows nothing of those before it."""
        memory.become(shop)
        waiting.clear()
        clock.now = NOON
        return Leave(World(rooms.but(rng=random.Random(7)), clock, waiting))

    return another


def test_nothing_goes_where_there_is_no_leave_and_nobody_sees_a_reply_twice(
    lives: Callable[[], Leave],
) -> None:
    run_state_machine_as_test(
        lives,  # type: ignore[arg-type]  # whatever makes a machine
        settings=how(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
        ),
    )
