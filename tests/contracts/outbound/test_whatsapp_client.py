"""pywa, the published WhatsApp client, and our carrier speak to one stand-in, and are understood
alike; what the stand-in tells by webhook, pywa and our own edge read alike."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pywa import errors, utils
from pywa.client import WhatsApp
from pywa.handlers import MessageStatusHandler

from chalicelib.errors import SignatureError
from chalicelib.inbound import InboundRequest, whatsapp
from chalicelib.model import Channel, Receipt, Reply
from infra.local.carriers import LOCAL_SECRETS, Mailbox
from infra.local.carriers.server import Request, Response, StandIn
from infra.local.carriers.whatsapp import WhatsAppStandIn

from .conftest import JOE_PHONE, NOW, Clock, Local, make_whatsapp, seeded

NUMBER_ID = LOCAL_SECRETS["whatsapp_phone_number_id"]
THEIRS = "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="
JOE = JOE_PHONE[1:]


class Elsewhere(httpx.HTTPTransport):
    """Takes a request meant for the vendor's host to the stand-in, its Host header unchanged."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._place = urlsplit(url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = self._place.hostname, self._place.port
        request.url = request.url.copy_with(scheme="http", host=host, port=port)
        return super().handle_request(request)


@pytest.fixture
def sessions() -> Iterator[list[httpx.Client]]:
    opened: list[httpx.Client] = []
    yield opened
    for session in opened:
        session.close()


def a_pywa(url: str, sessions: list[httpx.Client], token: str = "local-whatsapp-token") -> WhatsApp:
    session = httpx.Client(transport=Elsewhere(url), trust_env=False)
    sessions.append(session)
    return WhatsApp(
        phone_id=NUMBER_ID,
        token=token,
        session=session,
        app_secret=LOCAL_SECRETS["whatsapp_app_secret"],
        verify_token=LOCAL_SECRETS["whatsapp_verify_token"],
    )


class Noting(WhatsAppStandIn):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(Mailbox(), Clock(), seeded(), LOCAL_SECRETS)
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return super().answer(request)


def test_our_carrier_sends_what_pywa_sends(local: Local, sessions: list[httpx.Client]) -> None:
    standin = Noting()
    url = standin.start()
    try:
        sent = a_pywa(url, sessions).send_message(
            JOE_PHONE, "In stock! 👟", reply_to_message_id=THEIRS, tracker="out-1"
        )
        reply = Reply(channel=Channel.WHATSAPP, to=JOE_PHONE, text="In stock! 👟", reply_to=THEIRS)
        result = make_whatsapp(local, f"{url}/v26.0", 10.0).send(reply, key="out-1")
    finally:
        standin.stop()
    assert sent.id.startswith("wamid.")
    assert result.provider_id is not None
    assert result.provider_id.startswith("wamid.")
    theirs, ours = standin.requests
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert ours.document() == theirs.document()
    for name in ("authorization", "content-type"):
        assert ours.headers[name] == theirs.headers[name]


@pytest.mark.parametrize(
    ("refused", "changed"),
    [
        (errors.InvalidParameter, {"to": "+12"}),
        (errors.MissingRequiredParameter, {"text": " "}),
        (errors.WhatsAppError, {"text": "a" * 4097}),
        (errors.InvalidParameter, {"reply_to_message_id": "1"}),
        (errors.WhatsAppError, {"tracker": "k" * 513}),
        (errors.WhatsAppError, {"sender": "999"}),
        (errors.ReEngagementMessage, {"to": "+15551230047"}),
        (errors.UserStoppedMarketingMessages, {"to": "+15551230050"}),
    ],
)
def test_pywa_understands_the_stand_in_s_refusals(
    local: Local, sessions: list[httpx.Client], refused: Any, changed: dict[str, str]
) -> None:
    local.carriers.whatsapp.fail("+15551230047", 131047, at_once=True)
    local.carriers.whatsapp.fail("+15551230050", 131050, at_once=True)
    good: dict[str, Any] = {"to": JOE_PHONE, "text": "In stock!"}
    with pytest.raises(refused):
        a_pywa(local.urls.whatsapp_url, sessions).send_message(**{**good, **changed})
    assert local.mailbox.messages() == ()


def test_pywa_s_wrong_token_and_haste_are_refused(
    local: Local, sessions: list[httpx.Client]
) -> None:
    with pytest.raises(errors.ExpiredAccessToken):
        a_pywa(local.urls.whatsapp_url, sessions, "guessed").send_message(JOE_PHONE, "Hello")
    local.carriers.whatsapp.limit_until(NOW.replace(hour=18))
    with pytest.raises(errors.RateLimitHit):
        a_pywa(local.urls.whatsapp_url, sessions).send_message(JOE_PHONE, "Hello")
    local.clock.now = NOW.replace(hour=19)
    with pytest.raises(errors.UnsupportedMessageType):
        a_pywa(local.urls.whatsapp_url, sessions).send_reaction(JOE_PHONE, "👟", THEIRS)


class Receiver(StandIn):
    """A webhook in pywa's hands; `heard` are the statuses that it read, `requests` what came."""

    provider = "receiver"

    def __init__(self, client: WhatsApp) -> None:
        super().__init__(Mailbox(), Clock(), seeded())
        self.client = client
        self.heard: list[Any] = []
        self.requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        client.add_handlers(MessageStatusHandler(lambda _, status: self.heard.append(status)))

    def answer(self, request: Request) -> Response:
        if request.method == "GET":
            token, challenge = (request.query.get(n) for n in (utils.HUB_VT, utils.HUB_CH))
            echoed, status = self.client.webhook_challenge_handler(token, challenge)
            return Response(status, int(echoed or 0) if status == 200 else echoed)
        self.requests.put(request)
        signature = request.headers.get(utils.HUB_SIG.lower())
        refused = self.client.webhook_update_validator(request.body, signature)
        return Response((refused or self.client.webhook_update_handler(request.body))[1])


@pytest.fixture
def receiver(local: Local, sessions: list[httpx.Client]) -> Iterator[Receiver]:
    made = Receiver(a_pywa(local.urls.whatsapp_url, sessions))
    yield made
    made.stop()


def sent(local: Local) -> str:
    carrier = make_whatsapp(local, local.urls.whatsapp_url, 10.0)
    reply = Reply(channel=Channel.WHATSAPP, to=JOE_PHONE, text="In stock!")
    result = carrier.send(reply, key="out-1")
    assert result.provider_id is not None
    local.carriers.whatsapp.callbacks.settle()
    return result.provider_id


@pytest.mark.parametrize(
    ("order", "statuses"),
    [
        (None, ["sent", "delivered", "read"]),
        ("never_read", ["sent", "delivered"]),
        ("fail", ["failed"]),
    ],
)
def test_pywa_and_we_read_what_the_stand_in_tells_of_a_message(
    local: Local, receiver: Receiver, order: str | None, statuses: list[str]
) -> None:
    standin = local.carriers.whatsapp
    if order == "fail":
        standin.fail(JOE_PHONE, 131047)
    elif order:
        standin.never_read(JOE_PHONE)
    assert standin.subscribe(f"{receiver.start()}/webhooks/whatsapp")
    message_id = sent(local)
    assert [(i, status, code) for i, status, code in standin.callbacks.told] == [
        (message_id, status, 200) for status in statuses
    ]
    assert [heard.status.value for heard in receiver.heard] == statuses
    for heard in receiver.heard:
        found = as_we_read(local, receiver.requests.get_nowait())
        assert (heard.id, heard.tracker, heard.from_user.wa_id) == (message_id, "out-1", JOE)
        assert heard.timestamp == NOW
        code = str(heard.error.code) if heard.error else None
        assert found == Receipt(
            provider="whatsapp",
            provider_id=message_id,
            status=heard.status.value,
            code=code,
        )
        assert code == ("131047" if order == "fail" else None)


def as_we_read(local: Local, request: Request) -> Any:
    settings = local.settings()
    inbound = InboundRequest(request.method, request.url, request.headers, {}, request.body)
    whatsapp.verify(inbound, settings)
    (interaction,) = whatsapp.parse(inbound, settings, datetime.now(UTC)).interactions
    return interaction.body


def test_a_webhook_that_does_not_know_the_token_is_told_nothing(
    local: Local, receiver: Receiver, unheard: str, sessions: list[httpx.Client]
) -> None:
    standin = local.carriers.whatsapp
    receiver.client = WhatsApp(verify_token="another", app_secret="another")
    url = receiver.start()
    assert not standin.subscribe(url)
    assert not standin.subscribe(unheard)
    sent(local)
    assert list(standin.callbacks.told) == []


def test_a_webhook_with_another_secret_takes_nothing(local: Local, receiver: Receiver) -> None:
    standin = local.carriers.whatsapp
    known = LOCAL_SECRETS["whatsapp_verify_token"]
    receiver.client = WhatsApp(verify_token=known, app_secret="another")
    assert standin.subscribe(receiver.start())
    sent(local)
    assert [status for _, _, status in standin.callbacks.told] == [403] * 3
    other = local.settings(whatsapp_app_secret="another")
    request = receiver.requests.get_nowait()
    inbound = InboundRequest("POST", request.url, request.headers, {}, request.body)
    with pytest.raises(SignatureError):
        whatsapp.verify(inbound, other)
