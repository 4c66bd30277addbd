"""The vendors' own clients speak to the stand-ins: what they accept, we are judged by.

They sign with the machine's clock, so here the stand-ins have it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioClient
from xdk import Client as XdkClient
from xdk.direct_messages.models import CreateByParticipantIdRequest
from xdk.oauth1_auth import OAuth1
from xdk.posts.models import CreateRequest

from chalicelib.model import Channel, Reply
from chalicelib.outbound import SesCarrier
from infra.local.carriers import LOCAL_SECRETS, Mailbox
from infra.local.carriers.server import Request, Response, StandIn

from .conftest import JOE_EMAIL, JOE_PHONE, JOE_X, POST, Clock, Local, seeded


@pytest.fixture
def today() -> Iterator[Local]:
    made = Local(clock=Clock(datetime.now(UTC)))
    made.start()
    yield made
    made.carriers.stop()


class Elsewhere(HTTPAdapter):
    """Takes a request signed for the vendor's host to the stand-in, its Host header unchanged."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        meant = urlsplit(request.url or "")
        request.headers["Host"] = str(meant.netloc)
        request.url = urlsplit(self._url)._replace(path=meant.path, query=meant.query).geturl()
        return super().send(request, *args, **kwargs)


def a_tweepy(local: Local, **other: str) -> tweepy.Client:
    client = tweepy.Client(
        consumer_key=LOCAL_SECRETS["x_consumer_key"],
        consumer_secret=LOCAL_SECRETS["x_consumer_secret"],
        access_token=LOCAL_SECRETS["x_access_token"],
        access_token_secret=other.get("secret", LOCAL_SECRETS["x_access_token_secret"]),
    )
    client.session.mount("https://api.twitter.com", Elsewhere(local.urls.x_url))
    return client


def test_tweepy_replies_and_deletes_at_the_x_stand_in(today: Local) -> None:
    client = a_tweepy(today)
    made = client.create_tweet(text="In stock!", in_reply_to_tweet_id=POST)
    (arrived,) = today.mailbox.messages("x_reply")
    assert (arrived.provider_id, arrived.to) == (made.data["id"], JOE_X)
    own = client.get_users_tweets(LOCAL_SECRETS["x_user_id"], user_auth=True)
    assert [str(post.id) for post in own.data] == [made.data["id"]]
    assert client.get_tweet(made.data["id"], user_auth=True).data.text == "In stock!"
    assert client.delete_tweet(made.data["id"]).data == {"deleted": True}
    assert client.get_tweet(made.data["id"], user_auth=True).data is None


def test_tweepy_messages_at_the_x_stand_in(today: Local) -> None:
    client = a_tweepy(today)
    made = client.create_direct_message(participant_id=JOE_X, text="In stock!")
    (arrived,) = today.mailbox.messages("x_dm")
    assert arrived.provider_id == made.data["dm_event_id"]
    assert made.data["dm_conversation_id"] == "999-1234"
    events = client.get_direct_message_events(participant_id=JOE_X)
    assert [event.text for event in events.data] == ["In stock!"]


def test_tweepy_understands_the_x_stand_in_s_refusals(today: Local) -> None:
    client = a_tweepy(today)
    with pytest.raises(tweepy.Unauthorized):
        a_tweepy(today, secret="guessed").create_tweet(text="Hello")
    with pytest.raises(tweepy.BadRequest, match="text"):
        client.create_tweet(text=" ", in_reply_to_tweet_id=POST)
    client.create_tweet(text="Hello", in_reply_to_tweet_id=POST)
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        client.create_tweet(text="Hello", in_reply_to_tweet_id=POST)
    with pytest.raises(tweepy.NotFound):
        client.get_liked_tweets(1, user_auth=True)
    reset = today.clock.now + timedelta(minutes=15)
    today.carriers.x.limit_until(reset)
    with pytest.raises(tweepy.TooManyRequests) as limited:
        client.create_tweet(text="Hello again", in_reply_to_tweet_id=POST)
    assert limited.value.response.headers["x-rate-limit-reset"] == str(int(reset.timestamp()))


def test_x_s_own_client_posts_and_messages_at_the_x_stand_in(today: Local) -> None:
    auth = OAuth1(
        LOCAL_SECRETS["x_consumer_key"],
        LOCAL_SECRETS["x_consumer_secret"],
        "oob",
        LOCAL_SECRETS["x_access_token"],
        LOCAL_SECRETS["x_access_token_secret"],
    )
    client = XdkClient(base_url=today.urls.x_url, auth=auth)
    post = CreateRequest(text="In stock!", reply={"in_reply_to_tweet_id": POST})
    made = client.posts.create(post)
    assert made.data.id == today.mailbox.messages("x_reply")[0].provider_id
    message = CreateByParticipantIdRequest(text="Here is more")
    sent = client.direct_messages.create_by_participant_id(JOE_X, message)
    assert sent.data.dm_event_id == today.mailbox.messages("x_dm")[0].provider_id


class TwilioElsewhere(TwilioHttpClient):  # type: ignore[misc]  # twilio publishes no types
    """Twilio's HTTP client, with the stand-in in place of Twilio's host."""

    def __init__(self, url: str) -> None:
        super().__init__(pool_connections=False)
        self._url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        here = url.replace("https://api.twilio.com", self._url)
        return super().request(method, here, *args, **kwargs)


def a_twilio(local: Local) -> TwilioClient:
    return TwilioClient(
        LOCAL_SECRETS["twilio_account_sid"],
        LOCAL_SECRETS["twilio_auth_token"],
        http_client=TwilioElsewhere(local.urls.twilio_url),
    )


def test_twilio_s_client_sends_reads_lists_and_deletes_at_the_stand_in(local: Local) -> None:
    client, number = a_twilio(local), LOCAL_SECRETS["twilio_number"]
    made = client.messages.create(to=JOE_PHONE, from_=number, body="In stock! 👟")
    assert (made.status, made.num_segments, made.direction) == ("queued", "1", "outbound-api")
    assert made.date_created == local.clock.now
    local.carriers.twilio.callbacks.settle()
    read = client.messages(made.sid).fetch()
    assert (read.status, read.body, read.error_code) == ("delivered", "In stock! 👟", None)
    day = local.clock.now
    found = client.messages.list(to=JOE_PHONE, from_=number, date_sent_after=day, limit=5)
    assert [message.sid for message in found] == [made.sid]
    assert client.messages.list(to="+15557654321") == []
    assert client.messages.list(date_sent_before=day - timedelta(days=1)) == []
    assert client.messages(made.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        client.messages(made.sid).fetch()
    assert gone.value.code == 20404


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        (21211, {"to": "12"}),
        (21602, {"body": " "}),
        (21606, {"from_": "+15550001111"}),
        (21610, {"to": "+15551239999"}),
        (21617, {"body": "a" * 1601}),
    ],
)
def test_twilio_s_client_understands_the_stand_in_s_refusals(
    local: Local, code: int, changed: dict[str, str]
) -> None:
    local.carriers.twilio.opt_out("+15551239999")
    good = {"to": JOE_PHONE, "from_": LOCAL_SECRETS["twilio_number"], "body": "In stock!"}
    with pytest.raises(TwilioRestException) as refused:
        a_twilio(local).messages.create(**{**good, **changed})
    assert (refused.value.status, refused.value.code) == (400, code)
    assert local.mailbox.messages() == ()


TWIML = "<Response><Gather action='{}'><Say>In stock! &amp; 👟</Say></Gather></Response>"


def test_twilio_s_client_calls_reads_and_lists_at_the_stand_in(local: Local) -> None:
    client, number = a_twilio(local), LOCAL_SECRETS["twilio_number"]
    made = client.calls.create(to=JOE_PHONE, from_=number, twiml=TWIML)
    assert (made.status, made.direction, made.to) == ("queued", "outbound-api", JOE_PHONE)
    (arrived,) = local.mailbox.messages("voice")
    assert (arrived.provider_id, arrived.text) == (made.sid, "In stock! & 👟")
    local.carriers.twilio.callbacks.settle()
    read = client.calls(made.sid).fetch()
    assert (read.status, read.duration, read.start_time) == ("completed", "12", local.clock.now)
    found = client.calls.list(to=JOE_PHONE, from_=number, start_time_after=local.clock.now)
    assert [call.sid for call in found] == [made.sid]
    assert client.calls.list(to="+15557654321") == []
    with pytest.raises(TwilioRestException) as gone:
        client.calls("CA404").fetch()
    assert gone.value.code == 20404


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        (21211, {"to": "12"}),
        (21210, {"from_": "+15550001111"}),
        (21205, {"twiml": ""}),
        (12100, {"twiml": "<Response><Say>cut off"}),
        (12100, {"twiml": "<Reply/>"}),
        (12100, {"twiml": f"<Response><Say>{'a' * 4000}</Say></Response>"}),
    ],
)
def test_twilio_s_client_understands_the_refusals_of_calls(
    local: Local, code: int, changed: dict[str, str]
) -> None:
    good = {"to": JOE_PHONE, "from_": LOCAL_SECRETS["twilio_number"], "twiml": TWIML}
    with pytest.raises(TwilioRestException) as refused:
        a_twilio(local).calls.create(**{**good, **changed})
    assert (refused.value.status, refused.value.code) == (400, code)
    assert local.mailbox.messages() == ()


class Receiver(StandIn):
    """Where status callbacks go."""

    provider = "receiver"

    def __init__(self) -> None:
        super().__init__(Mailbox(), Clock(), seeded())
        self.received: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.received.append(request)
        return Response(204)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("reached", "last", "error"), [(True, "delivered", None), (False, "undelivered", "30003")]
)
def test_status_callbacks_come_in_order_and_carry_twilio_s_signature(
    local: Local, receiver: Receiver, reached: bool, last: str, error: str | None
) -> None:
    if not reached:
        local.carriers.twilio.unreachable(JOE_PHONE)
    url = f"{receiver.start()}/webhooks/twilio/status"
    made = a_twilio(local).messages.create(
        to=JOE_PHONE, from_=LOCAL_SECRETS["twilio_number"], body="In stock!", status_callback=url
    )
    local.carriers.twilio.callbacks.settle()
    forms = [parse_qs(request.body.decode()) for request in receiver.received]
    assert [form["MessageStatus"] for form in forms] == [["queued"], ["sent"], [last]]
    assert {form["MessageSid"][0] for form in forms} == {made.sid}
    assert forms[-1].get("ErrorCode") == (None if error is None else [error])
    validator = RequestValidator(LOCAL_SECRETS["twilio_auth_token"])
    for request, form in zip(receiver.received, forms, strict=True):
        signature = request.headers["x-twilio-signature"]
        flat = {name: values[0] for name, values in form.items()}
        assert validator.validate(url, flat, signature)
    assert [status for _, _, status in local.carriers.twilio.callbacks.told] == [204] * 3


@pytest.mark.parametrize(("end", "told"), [("completed", 2), ("busy", 1)])
def test_a_key_and_the_end_of_a_call_are_told_with_twilio_s_signature(
    local: Local, receiver: Receiver, end: str, told: int
) -> None:
    local.carriers.twilio.calls.press(JOE_PHONE, "9")
    local.carriers.twilio.calls.end(JOE_PHONE, end)
    url = receiver.start()
    a_twilio(local).calls.create(
        to=JOE_PHONE,
        from_=LOCAL_SECRETS["twilio_number"],
        twiml=TWIML.format(f"{url}/key?language=de"),
        status_callback=f"{url}/end?key=o-1",
    )
    local.carriers.twilio.callbacks.settle()
    validator = RequestValidator(LOCAL_SECRETS["twilio_auth_token"])
    forms = []
    for request in receiver.received:
        form = {name: found[0] for name, found in parse_qs(request.body.decode()).items()}
        assert validator.validate(request.url, form, request.headers["x-twilio-signature"])
        forms.append((request.path, form["CallStatus"], form.get("Digits")))
    assert forms == [("/key", "in-progress", "9"), ("/end", end, None)][-told:]


def test_a_callback_that_nobody_hears_stops_nothing(local: Local, unheard: str) -> None:
    client = a_twilio(local)
    client.messages.create(
        to=JOE_PHONE, from_=LOCAL_SECRETS["twilio_number"], body="Hello", status_callback=unheard
    )
    local.carriers.twilio.callbacks.settle()
    assert [status for _, _, status in local.carriers.twilio.callbacks.told] == [0] * 3


def test_boto3_understands_the_ses_stand_in_s_refusals(local: Local) -> None:
    good: dict[str, Any] = {
        "FromEmailAddress": LOCAL_SECRETS["ses_sender"],
        "Destination": {"ToAddresses": [JOE_EMAIL]},
        "Content": {
            "Simple": {"Subject": {"Data": "Shoe"}, "Body": {"Html": {"Data": "<p>In stock</p>"}}}
        },
    }
    client = local.ses_client(local.urls.ses_url)
    assert client.send_email(**good)["MessageId"]
    with pytest.raises(client.exceptions.MessageRejected):
        client.send_email(**{**good, "FromEmailAddress": "someone@else.example"})
    with pytest.raises(client.exceptions.BadRequestException):
        client.send_email(**{**good, "Destination": {"ToAddresses": []}})
    with pytest.raises(client.exceptions.BadRequestException):
        client.send_email(**good, EmailTags=[{"Name": "key", "Value": "outbox#1"}])
    with pytest.raises(client.exceptions.ClientError, match="SignatureDoesNotMatch"):
        local.ses_client(local.urls.ses_url, secret="guessed").send_email(**good)
    with pytest.raises(client.exceptions.ClientError, match="SignatureDoesNotMatch"):
        local.ses_client(local.urls.ses_url, key="someone").send_email(**good)
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_email_identity(EmailIdentity="x.example")
    local.carriers.ses.verify("else.example")
    client.send_email(**{**good, "FromEmailAddress": "Someone <someone@else.example>"})
    assert [m.text for m in local.mailbox.messages("email")] == ["<p>In stock</p>"] * 2


def test_a_marketing_e_mail_carries_one_click_unsubscribe_and_its_key(local: Local) -> None:
    """RFC 8058: both headers, or a mailbox provider shows no button."""
    url = "https://reply.example/u/abc"
    carrier = SesCarrier(local.settings(), client=local.ses_client(local.urls.ses_url))
    reply = Reply(
        channel=Channel.EMAIL,
        to=JOE_EMAIL,
        text="Ten percent off",
        html="<p>Ten percent off</p>",
        subject="Für Joe",
        unsubscribe_url=url,
    )
    assert carrier.send(reply, key="outbox#1").status == "sent"
    (request,) = local.carriers.ses.requests
    simple = request["Content"]["Simple"]
    headers = {header["Name"]: header["Value"] for header in simple["Headers"]}
    assert headers == {
        "List-Unsubscribe": f"<{url}>, <mailto:care@retailerxyz.example?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert simple["Body"]["Html"]["Data"] == "<p>Ten percent off</p>"
    assert request["EmailTags"] == [{"Name": "rejoinder-key", "Value": "outbox_1"}]
    assert json.dumps(request).count("List-Unsubscribe-Post") == 1
