"""Drafts of offers: what operators edit, and what the next publication is made of.

Lives here: put, get, delete and list of drafts, checked on the way in, and all of them compiled.
Never here: what a check is (`checks.py`), what is live (`publishing.py`).

A draft is `pk=offers`, `sk=<id>`: operators write seldom, and one partition lists in order of id.
Beside its document stands `checked`, what the check made of it, so that publishing reads and does
not parse.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .. import documents
from ..documents import aws_calls
from ..errors import NotFoundError, PayloadError, TooLargeError
from ..model import CompiledOffer, Offer
from . import checks
from .checks import Checked, CheckWording, CompileOffer, Flaw
from .doubts import attribute_warnings, product_warnings

PAGE = 500
MAX_DRAFT_BYTES = 350_000
"""DynamoDB refuses items over 400 KB."""

REPORTED_FLAWS = 100


@dataclass(frozen=True, slots=True)
class DraftChange:
    """What one put did. `warnings` are for the author; they refuse nothing."""

    before: Offer | None
    after: Offer
    warnings: tuple[str, ...] = ()

    @property
    def created(self) -> bool:
        return self.before is None

    @property
    def changed(self) -> bool:
        return self.before != self.after


class OfferStore:
    """Raises TemporaryError when DynamoDB cannot be reached."""

    def __init__(
        self,
        client: Any,
        table: str,
        *,
        check_wording: CheckWording,
        compile_offer: CompileOffer = checks.compile_rule,
    ) -> None:
        self._client = client
        self._table = table
        self._check_wording = check_wording
        self._compile_offer = compile_offer

    def put(self, offer: Offer, *, products: Container[str] | None = None) -> DraftChange:
        """Keep the draft. PayloadError for a rule or template that does not parse or type-check;
        doubts about the rule and product ids that are not among `products` are warned of."""
        checked = checks.check(offer, self._compile_offer, self._check_wording)
        item = draft_item(checked)
        with aws_calls():
            answer = self._client.put_item(TableName=self._table, Item=item, ReturnValues="ALL_OLD")
        old = answer.get("Attributes")
        before = documents.read(Offer, old) if old else None
        doubts = (*checked.warnings, *attribute_warnings(checked.unkept))
        return DraftChange(before, offer, (*doubts, *product_warnings(offer, products)))

    def get(self, offer_id: str) -> Offer:
        """The draft; NotFoundError when there is none."""
        with aws_calls():
            answer = self._client.get_item(
                TableName=self._table, Key=documents.key("offers", offer_id), ConsistentRead=True
            )
        if "Item" not in answer:
            raise NotFoundError("there is no such offer", offer_id=offer_id)
        return documents.read(Offer, answer["Item"])

    def delete(self, offer_id: str) -> None:
        """Drop the draft; what is live stays so until the next publication. NotFoundError."""
        with aws_calls():
            answer = self._client.delete_item(
                TableName=self._table,
                Key=documents.key("offers", offer_id),
                ReturnValues="ALL_OLD",
            )
        if not answer.get("Attributes"):
            raise NotFoundError("there is no such offer", offer_id=offer_id)

    def list(self, *, after: str = "", limit: int | None = None) -> Iterator[Offer]:
        """Drafts in order of id, those greater than `after`; at most `limit` of them."""
        page = min(limit or PAGE, PAGE)
        for item in islice(self._items("body", after=after, Limit=page), limit):
            yield documents.read(Offer, item)

    def compiled(self, told: Callable[[Checked], object] | None = None) -> Iterator[CompiledOffer]:
        """All drafts in order of id, checked: by an earlier check, where that is still good.

        `told` is told of each. Raises PayloadError at the end if any is invalid, naming them with
        place and reason, up to a hundred.
        """
        flaws = list[Flaw]()
        for item in self._items("body", "checked"):
            found = self._checked(item)
            if not isinstance(found, Checked):
                flaws.append(found)
            elif not flaws:
                if told:
                    told(found)
                yield found.compiled
        if flaws:
            message = f"{len(flaws)} offers are invalid; nothing was published"
            raise PayloadError(message, offers=flaws[:REPORTED_FLAWS])

    def _checked(self, item: dict[str, Any]) -> Checked | Flaw:
        offer = checks.read_offer(documents.text(item))
        if not isinstance(offer, Offer):
            return offer
        kept = checks.unpack(offer, item["checked"]["B"] if "checked" in item else None)
        return kept or checks.checked_or_flaw(offer, self._compile_offer, self._check_wording)

    def _items(self, *wanted: str, after: str = "", **options: Any) -> Iterator[dict[str, Any]]:
        """Keys and these attributes of the drafts with ids greater than `after`."""
        condition, values = "pk = :pk", {":pk": {"S": "offers"}}
        if after:
            condition, values = f"{condition} AND sk > :after", {**values, ":after": {"S": after}}
        return documents.query(
            self._client,
            self._table,
            "offers",
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ProjectionExpression=", ".join(("pk", "sk", *(f"#{name}" for name in wanted))),
            ExpressionAttributeNames={f"#{name}": name for name in wanted},
            ConsistentRead=True,
            **options,
        )


def draft_item(checked: Checked) -> dict[str, Any]:
    """The draft as it is kept. Raises TooLargeError."""
    offer, packed = checked.compiled.offer, checks.pack(checked)
    item = documents.item("offers", offer.id, offer)
    size = len(documents.text(item).encode())
    if size > MAX_DRAFT_BYTES:
        raise TooLargeError("the offer is too large to keep", offer_id=offer.id)
    if size + len(packed) > MAX_DRAFT_BYTES:
        return item
    return {**item, "checked": {"B": packed}}
