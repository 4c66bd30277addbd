"""What is published to a topic of the template is in the queue behind it, and stays there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import urllib3

from infra.local.carriers.topics import Told, Topic, Topics
from infra.local.cloud import REGION, Cloud


def topic(cloud: Cloud, name: str = "MailTopic") -> Topic:
    arn = f"arn:aws:sns:{REGION}:{cloud.account}:{cloud.name(name)}"
    return Topic(cloud.url, arn)


def held(sqs: Any) -> list[dict[str, Any]]:
    url = sqs.get_queue_url(QueueName="rejoinder-local-notices")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def test_a_publication_is_in_the_queue_even_after_a_restart(
    open_cloud: Callable[[], Cloud], client_of: Callable[..., Any]
) -> None:
    cloud = open_cloud()
    headers, body = topic(cloud).publication("größer & so")
    assert urllib3.request("POST", f"{cloud.url}/", headers=headers, body=body).status == 200
    (envelope,) = held(client_of(open_cloud(), "sqs"))
    assert (envelope["Type"], envelope["Message"]) == ("Notification", "größer & so")
    assert envelope["TopicArn"].endswith(":rejoinder-local-mail")


def test_events_are_published_in_their_order_once_there_is_a_topic(
    cloud: Cloud, client_of: Callable[..., Any]
) -> None:
    told = [Told("m-1", name, {"eventType": name}) for name in ("Send", "Delivery")]
    topics = Topics("ses")
    topics.callbacks.start()
    topics.follow(*told)
    topics.subscribe(topic(cloud))
    topics.follow(*told)
    topics.callbacks.settle()
    topics.callbacks.stop()

    assert list(topics.callbacks.told) == [("m-1", "Send", 200), ("m-1", "Delivery", 200)]
    messages = [json.loads(e["Message"])["eventType"] for e in held(client_of(cloud, "sqs"))]
    assert sorted(messages) == ["Delivery", "Send"]
