"""The envelopes in which accepted interactions travel to the worker, and decisions to the learner.

One delivery is one call to SQS, however many interactions it holds: they are grouped so that those
of one sender stay together and in order, in at most ten messages. A large envelope is
compressed. Whatever the envelope holds is all that is needed to work on it again.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from . import documents
from .errors import PermanentError, TooLargeError
from .model import Interaction

BATCH_LIMIT = 10
CALL_LIMIT_BYTES = 1_000_000
"""SQS takes 1 MiB a call, all messages of a batch together; some is left for its own fields.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""

SIFTED = 1_000
"""How many dead letters are looked through at once."""

DECISIONS_A_MESSAGE = 25
"""What a learner counts in one transaction."""

_PLAIN_BYTES = 60_000
_COMPRESSED = "zlib:"
_WHEN_USED = ConfigDict(defer_build=True)
_INTERACTIONS: TypeAdapter[tuple[Interaction, ...]] = TypeAdapter(
    tuple[Interaction, ...], config=_WHEN_USED
)
_IDS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...], config=_WHEN_USED)


class Queues:
    """The queues of one stage: `interactions`, `urgent` for withdrawals, and `learning`. Where one
    is, is asked when it is first used; `name` is `Settings.name`."""

    def __init__(self, client: Any, name: Callable[[str], str]) -> None:
        self._client = client
        self._name = name
        self._urls: dict[str, str] = {}

    def put(self, interactions: Sequence[Interaction], *, urgent: bool = False) -> None:
        """Accept the interactions, in one call. Raises TooLargeError, or TemporaryError."""
        if not interactions:
            return
        bodies = [seal(group) for group in _groups(interactions)]
        if sum(map(len, bodies)) > CALL_LIMIT_BYTES:
            raise TooLargeError("the batch is too large to queue at once: send it in smaller ones")
        self._send(self._url("urgent" if urgent else "interactions"), bodies)

    def delete(self, name: str, receipt_handles: Sequence[str]) -> None:
        """Take finished messages off the queue of that name."""
        url = self._url_of(name)
        for start in range(0, len(receipt_handles), BATCH_LIMIT):
            handles = receipt_handles[start : start + BATCH_LIMIT]
            entries = [{"Id": str(n), "ReceiptHandle": h} for n, h in enumerate(handles)]
            self._client.delete_message_batch(QueueUrl=url, Entries=entries)

    def sift(self, name: str, sieve: Callable[[str], str | None]) -> int:
        """Look through the dead letters of one queue: `sieve` answers what is to be left of each,
        None for nothing. Answers how many were not left as they were. Raises TemporaryError."""
        url = f"{self._url('interactions').removesuffix('interactions')}{name}-dead"
        changed, left = 0, list[str]()
        with documents.aws_calls():
            while len(left) < min(self._waiting(url), SIFTED):
                found = self._client.receive_message(
                    QueueUrl=url, MaxNumberOfMessages=BATCH_LIMIT, WaitTimeSeconds=1
                ).get("Messages", [])
                if not found:
                    break
                for message in found:
                    remains = sieve(message["Body"])
                    if remains == message["Body"]:
                        left.append(message["ReceiptHandle"])
                        continue
                    if remains is not None:
                        self._send(url, [remains])
                    self._client.delete_message(
                        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"]
                    )
                    changed += 1
            for handle in left:
                self._client.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0
                )
        return changed

    def put_many(self, interactions: Sequence[Interaction]) -> None:
        """Any number of interactions, in as many calls as it takes: for restocks."""
        for start in range(0, len(interactions), BATCH_LIMIT):
            self.put(interactions[start : start + BATCH_LIMIT])

    def put_decisions(self, decision_ids: Sequence[str]) -> None:
        """Have these decisions counted, those together that stand together. Raises TemporaryError;
        what is counted twice counts once."""
        step = DECISIONS_A_MESSAGE
        groups = [decision_ids[at : at + step] for at in range(0, len(decision_ids), step)]
        for start in range(0, len(groups), BATCH_LIMIT):
            bodies = [json.dumps(list(group)) for group in groups[start : start + BATCH_LIMIT]]
            self._send(self._url("learning"), bodies)

    def learning_backlog(self) -> int:
        """About how many messages wait for a learner, or are with one."""
        with documents.aws_calls():
            return self._waiting(self._url("learning"))

    def _url(self, queue: str) -> str:
        return self._url_of(self._name(queue))

    def _url_of(self, name: str) -> str:
        if name not in self._urls:
            with documents.aws_calls():
                self._urls[name] = self._client.get_queue_url(QueueName=name)["QueueUrl"]
        return self._urls[name]

    def _waiting(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def _send(self, url: str, bodies: Sequence[str]) -> None:
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        with documents.aws_calls():
            answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
        if answer.get("Failed"):
            # The source redelivers the whole; what was queued twice is recognised by its id.
            raise documents.refused(answer["Failed"][0].get("Code", "?"))


def decisions_in(message: str) -> tuple[str, ...]:
    """The ids in a learner's message. Raises PermanentError for what holds none."""
    try:
        return _IDS.validate_json(message)
    except ValidationError:
        raise PermanentError("the queue message holds no decisions") from None


def seal(interactions: Sequence[Interaction]) -> str:
    """The envelope's text."""
    # SQS refuses some characters that people may write, U+FFFE and U+FFFF among them.
    plain = _INTERACTIONS.dump_json(tuple(interactions), exclude_none=True, ensure_ascii=True)
    if len(plain) <= _PLAIN_BYTES:
        return plain.decode()
    return _COMPRESSED + base64.b64encode(zlib.compress(plain)).decode()


def unseal(envelope: str) -> tuple[Interaction, ...]:
    """The interactions of an envelope. Raises PermanentError for what is none."""
    try:
        if envelope.startswith(_COMPRESSED):
            packed = base64.b64decode(envelope[len(_COMPRESSED) :], validate=True)
            return _INTERACTIONS.validate_json(zlib.decompress(packed))
        return _INTERACTIONS.validate_json(envelope)
    except (ValidationError, binascii.Error, zlib.error, json.JSONDecodeError):
        raise PermanentError("the queue message holds no interactions") from None


def _groups(interactions: Sequence[Interaction]) -> list[list[Interaction]]:
    """At most BATCH_LIMIT groups; all of one sender's interactions in one group, in order."""
    by_sender: dict[str, list[Interaction]] = defaultdict(list)
    for interaction in interactions:
        by_sender[interaction.identities[0] if interaction.identities else ""].append(interaction)
    groups: list[list[Interaction]] = [[] for _ in range(min(BATCH_LIMIT, len(by_sender)))]
    for group in sorted(by_sender.values(), key=len, reverse=True):
        min(groups, key=len).extend(group)
    return groups
