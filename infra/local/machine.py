"""The whole of Rejoinder on one machine, in one process: up, down, and up again as it was.

Lives here: the order in which the parts come up and go down. Never here: what any of them does.
"""

from __future__ import annotations

import importlib.util
import random
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chalice.app import Chalice

from chalicelib.errors import RejoinderError
from chalicelib.inbound import InboundRequest, x
from chalicelib.model import Channel, Interaction, Message
from chalicelib.settings import Settings, load_settings

from ..progress import Progress, silent
from .carriers import Accepted, Carriers, Mailbox
from .carriers.topics import Topic
from .clock import LocalClock
from .cloud import REGION, Cloud
from .environment import carrier_secrets, environment, local_environment
from .folder import Folder
from .front import Front, refuse
from .gateway import Gateway
from .local_routes import LocalRoutes
from .pump import Pump
from .server import Answer, HttpRequest, HttpResponse, HttpServer

if TYPE_CHECKING:
    from chalicelib.steps.rooms import Rooms

INTERACTION_WORKERS = 2
APP = Path(__file__).parents[2] / "app.py"


def _own_app() -> Chalice:
    """`app.py`, executed for this machine alone: it reads its stage as it is executed, and may
    have been imported for another stage before."""
    spec = importlib.util.spec_from_file_location("app", APP)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(APP)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Chalice = module.app
    return found


@dataclass(frozen=True)
class Data:
    """What an empty machine is filled with: `load(rooms, now, progress)`."""

    name: str
    load: Callable[[Rooms, datetime, Progress], None]


class OtherDataError(Exception):
    """The state holds other data than was asked for."""


class LocalCloud:
    """A context manager; while it is open, Rejoinder answers at `url`.

    With `app` only that Chalice app is served: its routes, queues and schedules, without
    Rejoinder's own rooms and data.
    """

    url: str
    token: str
    clock: LocalClock
    mailbox: Mailbox
    carriers: Carriers
    cloud: Cloud
    settings: Settings
    rooms: Rooms | None
    state_dir: Path
    pump: Pump

    def __init__(
        self,
        *,
        state_dir: Path | None = None,
        fresh: bool = False,
        port: int = 0,
        token: str | None = None,
        data: Data | None = None,
        app: Chalice | None = None,
        given: dict[str, str] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """`state_dir` None: a folder that goes with it. `given`: environment to take secrets from.

        Entering raises FolderInUse, OtherDataError, OSError for a port in use, ConfigurationError.
        """
        self._wanted_dir = state_dir
        self._fresh = fresh
        self._port = port
        self._wanted_token = token
        self._data = data
        self._app = app
        self._given = given or {}
        self._rng = rng or random.SystemRandom()
        self.progress: Progress = silent

    def __enter__(self) -> LocalCloud:
        with ExitStack() as starting:
            self._start(starting)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take no more, finish what is in hand, and end every thread. Once is enough."""
        self._running.close()

    def _start(self, starting: ExitStack) -> None:
        folder = self._open_folder(starting)
        self.clock = LocalClock(folder.path / "clock.json")
        self.mailbox = Mailbox(folder.path / "mailbox.jsonl")
        secrets = carrier_secrets(self._given)
        self.carriers = Carriers(self.mailbox, clock=self.clock, secrets=secrets, rng=self._rng)
        starting.callback(self.carriers.stop)
        urls = self.carriers.start()
        self.cloud = starting.enter_context(Cloud(folder.path / "journal.jsonl"))
        # The port is known before anything is served: the public URL stands in settings.
        server = HttpServer(self._answer, refuse, port=self._port, name="front")
        starting.callback(server.stop)
        self.url = server.url
        bucket = self.cloud.name("ArtifactsBucket")
        variables = local_environment(
            self._given, cloud_url=self.cloud.url, bucket=bucket, urls=urls, own_url=self.url
        )
        starting.enter_context(environment(variables))
        self.settings = load_settings()
        app = self._app or self._open_rooms(starting, folder)
        self._serve(starting, app)
        server.start()
        starting.callback(server.stop)
        self.carriers.whatsapp.subscribe(f"{self.url}/webhooks/whatsapp")
        self.carriers.aws_sms.topics.subscribe(self._topic("TextsTopic"))
        self.carriers.ses.topics.subscribe(self._topic("MailTopic"))
        self.pump.start()

    def _open_folder(self, starting: ExitStack) -> Folder:
        if self._wanted_dir is None:
            temporary = tempfile.TemporaryDirectory(prefix="rejoinder-")
            self.state_dir = Path(starting.enter_context(temporary))
        else:
            self.state_dir = self._wanted_dir
        folder = Folder(self.state_dir)
        starting.callback(folder.release)
        if self._fresh:
            folder.empty()
        self.token = self._wanted_token or folder.token()
        self.rooms = None
        return folder

    def _open_rooms(self, starting: ExitStack, folder: Folder) -> Chalice:
        """Rejoinder's own app, over its real rooms, with its data in place."""
        from chalicelib import wiring

        self.rooms = wiring.build(self.settings, clock=self.clock, rng=self._rng)
        wiring.use(self.rooms)
        starting.callback(wiring.use, None)
        if self._data is not None:
            self._fill(folder, self._data, self.rooms)
        self.rooms.refresh()
        # The first message must not be the one that waits for these.
        self.rooms.engine()
        self.rooms.index()
        return _own_app()

    def _fill(self, folder: Folder, data: Data, rooms: Rooms) -> None:
        if folder.loaded not in (None, data.name):
            raise OtherDataError(
                f"{folder.path} holds {folder.loaded}, not {data.name}: FRESH=1 begins anew"
            )
        if folder.loaded is None:
            data.load(rooms, self.clock.now(), self.progress)
            folder.loaded = data.name

    def _serve(self, starting: ExitStack, app: Chalice) -> None:
        workers = {self.settings.name("interactions"): INTERACTION_WORKERS}
        self.pump = Pump(app, self.cloud, clock=self.clock, workers=workers)
        starting.callback(self.pump.stop)
        local = LocalRoutes(
            self.settings,
            own_url=self.url,
            clock=self.clock,
            mailbox=self.mailbox,
            interaction_of=self._interaction_of,
            clock_was_set=self.pump.run_schedules,
            rng=self._rng,
            texts=self._topic("TextsTopic"),
            mail=self._topic("MailTopic"),
        )
        starting.callback(local.close)
        domain = self.url.partition("://")[2]
        gateway = Gateway(app, token=self.token, domain=domain)
        front = Front(
            gateway,
            local.answer,
            own_origin=self.url,
            told_by_x=self._tell_x,
            erased=self.cloud.forget,
        )
        self._front: Answer = front.answer

    def _topic(self, resource_id: str) -> Topic:
        name = self.cloud.name(resource_id)
        return Topic(self.cloud.url, f"arn:aws:sns:{REGION}:{self.cloud.account}:{name}")

    def _answer(self, request: HttpRequest) -> HttpResponse:
        return self._front(request)

    def _interaction_of(self, message: Accepted) -> str | None:
        if self.rooms is None:
            return None
        outbox = self.rooms.outbox
        by_id = message.provider, message.provider_id
        entry = outbox.entry(message.key) if message.key else outbox.entry_of(*by_id)
        return entry.interaction_id if entry else None

    def _tell_x(self, request: HttpRequest) -> None:
        """The stand-in for X learns of each post and direct message that we are told of."""
        inbound = InboundRequest(request.method, "", {}, {}, request.body)
        try:
            interactions = x.parse(inbound, self.settings, self.clock.now()).interactions
        except RejoinderError:
            return  # The app says what is wrong with it.
        for interaction in interactions:
            self._note_seen(interaction)

    def _note_seen(self, interaction: Interaction) -> None:
        if isinstance(interaction.body, Message):
            self.carriers.x.seen(
                interaction.id.removeprefix("x:"),
                interaction.identities[0].removeprefix("x:"),
                dm=interaction.body.channel is Channel.X_DM,
            )
