"""The vendors' own clients read from the stand-ins what we sent there."""

from __future__ import annotations

import oauthlib.oauth1.rfc5849
import pytest
import tweepy
import xdk.oauth1_auth
from twilio.rest import Client as TwilioClient
from xdk import Client as XdkClient

from infra.local.carriers import LOCAL_SECRETS
from tests.contracts.outbound.test_real_clients import Elsewhere, TwilioElsewhere
from tests.machine import Machine

ASKS = "@retailerxyz do you have the Trailblazer GTX in a 44?"
CREDENTIALS = ("x_consumer_key", "x_consumer_secret", "x_access_token", "x_access_token_secret")


def test_twilios_client_reads_our_text_back(machine: Machine) -> None:
    person = machine.somebody()
    known = machine.dealt_with(machine.texts(person.phone, "Trailblazer GTX in 44?"))
    machine.settled()
    (reply,) = known["replies"]
    client = TwilioClient(
        LOCAL_SECRETS["twilio_account_sid"],
        LOCAL_SECRETS["twilio_auth_token"],
        http_client=TwilioElsewhere(machine.cloud.settings.twilio_api_url),
    )

    (message,) = client.messages.list(to=person.phone)
    assert (
        message.sid
        == machine.dealt_with(known["interaction_id"])["replies"][0]["receipt"]["provider_id"]
    )
    assert (message.from_, message.body) == (LOCAL_SECRETS["twilio_number"], reply["text"])
    assert (message.direction, message.status) == ("outbound-api", "delivered")
    assert int(message.num_segments) <= 2
    assert message.error_code is None


@pytest.fixture
def on_local_time(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """X's clients sign with the machine's clock; here that is the local run's."""

    def seconds() -> str:
        return str(int(machine.cloud.clock().timestamp()))

    class LocalTime:
        @staticmethod
        def time() -> float:
            return machine.cloud.clock().timestamp()

    monkeypatch.setattr(oauthlib.oauth1.rfc5849, "generate_timestamp", seconds)
    monkeypatch.setattr(xdk.oauth1_auth, "time", LocalTime)


@pytest.mark.usefixtures("on_local_time")
def test_tweepy_and_xs_own_client_read_our_post_as_a_reply_to_theirs(machine: Machine) -> None:
    stranger = f"8{machine.number():05d}"
    asked = machine.tweets(stranger, ASKS)
    (reply,) = machine.dealt_with(asked)["replies"]
    machine.settled()
    post_id = machine.dealt_with(asked)["replies"][0]["receipt"]["provider_id"]
    secrets = [LOCAL_SECRETS[name] for name in CREDENTIALS]
    reader = tweepy.Client(None, *secrets)
    reader.session.mount("https://api.twitter.com", Elsewhere(machine.cloud.settings.x_api_url))
    post = reader.get_tweet(post_id, user_auth=True, tweet_fields="referenced_tweets").data

    assert post.text == reply["text"]
    (answered,) = post.referenced_tweets
    assert (answered.type, f"x:{answered.id}") == ("replied_to", asked)
    auth = xdk.oauth1_auth.OAuth1(*secrets[:2], "oob", *secrets[2:])
    client = XdkClient(base_url=machine.cloud.settings.x_api_url, auth=auth)
    assert client.posts.get_by_id(post_id).data.text == reply["text"]
