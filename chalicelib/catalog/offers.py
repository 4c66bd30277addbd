"""Drafts of offers: what operators edit, and what the next publication is made of.

Lives here: put, get, delete and list of drafts, checked on the way in. Never here: what a rule or a
template means (the checks are passed in or come from `rules.py`), what is live (`publishing.py`).

A draft is `pk=offers`, `sk=<id>`: operators write seldom, and one partition lists in order of id.
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

PAGE = 500
MAX_DRAFT_BYTES = 350_000
"""DynamoDB refuses items over 400 KB."""

CompileOffer = Callable[[Offer], CompiledOffer]
"""Raises PayloadError with the place in `details`."""

CheckWording = Callable[[Offer], object]
"""Raises PayloadError for a template that does not parse; what it returns is ignored."""


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
        compile_offer: CompileOffer | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._check_wording = check_wording
        self._compile_offer = compile_offer or compile_rule

    def put(self, offer: Offer, *, products: Container[str] | None = None) -> DraftChange:
        """Keep the draft. PayloadError for a rule or template that does not parse or type-check;
        product ids that are not among `products` are warned of."""
        self._compile_offer(offer)
        self._check_wording(offer)
        item = documents.item("offers", offer.id, offer)
        if len(item["body"]["S"].encode()) > MAX_DRAFT_BYTES:
            raise TooLargeError("the offer is too large to keep", offer_id=offer.id)
        with aws_calls():
            answer = self._client.put_item(TableName=self._table, Item=item, ReturnValues="ALL_OLD")
        old = answer.get("Attributes")
        before = documents.read(Offer, old) if old else None
        return DraftChange(before, offer, product_warnings(offer, products))

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
        condition, values = "pk = :pk", {":pk": {"S": "offers"}}
        if after:
            condition, values = f"{condition} AND sk > :after", {**values, ":after": {"S": after}}
        with aws_calls():
            found = documents.query(
                self._client,
                self._table,
                "offers",
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                Limit=min(limit or PAGE, PAGE),
            )
            for item in islice(found, limit):
                yield documents.read(Offer, item)


def compile_rule(offer: Offer) -> CompiledOffer:
    """The room's own compiler, imported only where offers are saved or published."""
    from .rules import compile_offer

    return compile_offer(offer)


def product_warnings(offer: Offer, products: Container[str] | None) -> tuple[str, ...]:
    """Product ids that nobody knows; categories are taken on trust."""
    if products is None:
        return ()
    return tuple(
        f"products: there is no product {product}"
        for product in offer.products
        if not product.startswith("category:") and product not in products
    )


def compiled_draft(
    offer: Offer, compile_offer: CompileOffer, check_wording: CheckWording
) -> CompiledOffer | dict[str, Any]:
    """The compiled offer, or what is wrong: its id with place and reason as the check gave them."""
    place = "rule"
    try:
        compiled = compile_offer(offer)
        place = "wording"
        check_wording(offer)
    except PayloadError as error:
        found = {"offer_id": offer.id, "place": place, "reason": error.message}
        return {**found, **error.details}
    return compiled
