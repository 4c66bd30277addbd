"""The compiled catalog as a file: what it says, and that a damaged one is refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from chalicelib.catalog.rules import compile_offer
from chalicelib.decisioning import Artifact, Catalog, Engine, compile_catalog, open_catalog
from chalicelib.decisioning.sections import FORMAT, MAGIC, Sections, write_sections
from chalicelib.errors import ConfigurationError, PermanentError
from chalicelib.model import CompiledOffer, ContactLimits, Offer

from .builders import NOW, asked, days, decided, joe, offer

OFFERS = [
    offer("trail", rule="'running' in customer.interests", products=["category:shoes/trail", "tb"]),
    offer("dear", rule="customer.spend_total > 1000.0 && context.hour > 3", value=99),
    offer("often", features={"discount": 0.5, "a": 1.0}, title="Größer"),
]
HEAD = struct.Struct("<8sII")


def artifact(*offers: Offer, **changes: Any) -> Artifact:
    return compile_catalog(
        (compile_offer(o) for o in offers or OFFERS), **{"published_at": NOW, **changes}
    )


BODY = artifact().body


def rewritten(change: Callable[[dict[str, Any], dict[str, bytes]], object]) -> bytes:
    """The same catalog with its header or its sections changed."""
    read = Sections(BODY)
    header = dict(read.header)
    sections = {name: bytes(read.bytes_of(name)) for name in header.pop("sections")}
    change(header, sections)
    return write_sections(header, sections)


def test_what_was_compiled_can_be_read_again() -> None:
    made = artifact(limits=ContactLimits(overall=[{"times": 2, "days": 1}]))
    catalog = open_catalog(memoryview(made.body))
    assert (len(catalog), made.offers, catalog.version) == (3, 3, made.version)
    assert catalog.published_at == NOW
    assert catalog.limits.overall[0].times == 2
    assert list(catalog.ids()) == ["dear", "often", "trail"]
    assert [catalog.offer(o.id) for o in OFFERS] == OFFERS
    assert (catalog.offer("none"), catalog.offer("")) == (None, None)
    with pytest.raises(KeyError):
        catalog.source("none")
    line = json.loads(catalog.source("often"))
    assert CompiledOffer.model_validate(line) == compile_offer(OFFERS[2])


def test_a_version_is_the_content_whatever_the_order() -> None:
    assert artifact().version == artifact(*reversed(OFFERS)).version
    assert artifact().body == artifact(*reversed(OFFERS)).body
    assert artifact(published_at=NOW + days(1)).version == artifact().version
    limits = ContactLimits(overall=[{"times": 2, "days": 1}])
    others = [artifact(*OFFERS[:2]), artifact(limits=limits),
              artifact(*OFFERS[:2], OFFERS[2].model_copy(update={"value": 10.5}))]  # fmt: skip
    assert len({artifact().version, *(a.version for a in others)}) == 4


def test_equal_offers_are_equal_bytes_of_source() -> None:
    again = OFFERS[2].model_copy(update={"features": {"a": 1.0, "discount": 0.5}})
    lines = [open_catalog(artifact(o, OFFERS[0]).body).source("often") for o in (OFFERS[2], again)]
    assert lines[0] == lines[1]
    assert lines[0].endswith(b"\n")
    assert "Größer".encode() in lines[0]


def test_every_one_of_thousands_of_ids_is_found() -> None:
    rng = Random(3)
    ids = sorted({f"{rng.choice('aBz9')}{rng.randrange(10**6)}{rng.choice('.:~@-_x')}"
                  for _ in range(3000)})  # fmt: skip
    plain = compile_offer(offer())
    made = (
        plain.model_copy(update={"offer": plain.offer.model_copy(update={"id": i, "value": n % 9})})
        for n, i in enumerate(ids)
    )
    catalog = open_catalog(compile_catalog(made, published_at=NOW).body)
    assert list(catalog.ids()) == ids
    places = {i: catalog.position_of(i) for i in ids}
    assert sorted(p for p in places.values() if p is not None) == list(range(len(ids)))
    assert all(catalog.id_at(place) == i for i, place in places.items() if place is not None)
    assert all(found.id == i for i in ids[::97] if (found := catalog.offer(i)))
    for i in ids[::50]:
        assert catalog.position_of(i + "-") is None
        assert catalog.position_of(i[:-1]) is None


def test_an_empty_catalog_can_be_opened() -> None:
    catalog = open_catalog(compile_catalog((), published_at=NOW).body)
    assert (len(catalog), list(catalog.ids()), catalog.position_of("a")) == (0, [], None)
    assert decided(Engine(catalog), asked(joe())).offers == ()


def test_the_last_of_offers_with_the_same_id_counts() -> None:
    catalog = open_catalog(artifact(offer("a", value=1), offer("a", value=2)).body)
    assert len(catalog) == 1
    assert catalog.offer("a") == offer("a", value=2)


def test_a_rule_of_another_form_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="form"):
        compile_catalog([CompiledOffer(offer=offer(), rule={"form": 9})], published_at=NOW)


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99])
def test_a_file_that_is_cut_off_is_refused(share: float) -> None:
    with pytest.raises(PermanentError, match="corrupt"):
        open_catalog(BODY[: int(len(BODY) * share)])


def test_a_file_that_is_cut_off_anywhere_in_its_head_is_refused() -> None:
    for length in range(64):
        with pytest.raises(PermanentError, match="corrupt"):
            open_catalog(BODY[:length])


def test_another_kind_of_file_is_refused() -> None:
    for other in (b"PK\3\4" + BODY[4:], bytes(64), b"{}" * 50, MAGIC[::-1] + BODY[8:]):
        with pytest.raises(PermanentError, match="another kind of file"):
            open_catalog(other)


@pytest.mark.parametrize("form", [0, FORMAT + 1, 2**32 - 1])
def test_another_format_is_refused_and_told(form: int) -> None:
    _, _, length = HEAD.unpack_from(BODY)
    with pytest.raises(PermanentError, match="another format: publish the catalog again") as caught:
        open_catalog(HEAD.pack(MAGIC, form, length) + BODY[HEAD.size :])
    assert caught.value.details == {"format": form, "wanted": FORMAT}


@pytest.mark.parametrize(
    "header",
    [b"", b"{", b"\xff\xfe", b"[]", b"3", b"null", b'"text"', b"{}", b'{"sections": 3}',
     b'{"sections": []}', b'{"sections": {"ids": 3}}', b'{"sections": {"ids": ["a", 1]}}',
     b'{"sections": {"ids": [1]}}', b'{"sections": {}}'],
)  # fmt: skip
def test_a_header_that_says_nothing_is_refused(header: bytes) -> None:
    with pytest.raises(PermanentError, match="corrupt"):
        open_catalog(HEAD.pack(MAGIC, FORMAT, len(header)) + header + bytes(64))


def test_a_header_longer_than_the_file_is_refused() -> None:
    with pytest.raises(PermanentError, match="corrupt"):
        open_catalog(HEAD.pack(MAGIC, FORMAT, 2**32 - 1) + BODY[HEAD.size :])


@pytest.mark.parametrize("name", sorted(Sections(BODY).header["sections"]))
def test_a_file_that_lacks_a_section_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="corrupt"):
        open_catalog(rewritten(lambda header, sections: sections.pop(name)))


@pytest.mark.parametrize("name", sorted(Sections(BODY).header.keys() - {"sections"}))
def test_a_file_that_lacks_a_part_of_its_header_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="corrupt"):
        open_catalog(rewritten(lambda header, sections: header.pop(name)))


def test_a_catalog_is_told_from_its_neighbour_by_content_alone() -> None:
    def touched(header: dict[str, Any], sections: dict[str, bytes]) -> None:
        header["published_at"] = (NOW + days(1)).isoformat()

    catalog: Catalog = open_catalog(rewritten(touched))
    assert catalog.version == open_catalog(BODY).version
    assert catalog.published_at == NOW + days(1)
