"""Offers' sources packed one by one, so that each can be read alone. They are much alike: a typical
one serves as a dictionary for all (zlib's preset dictionary, RFC 1950)."""

from __future__ import annotations

import zlib
from typing import Final

MARK_BYTES: Final = 16
"""Of a source's SHA-256, by which equal ones are told."""

TYPICAL: Final = (
    b'{"offer":{"ends_at":null,"features":{"discount":0.1},"id":"offer-","link":null,"poli'
    b'cy":{"budget":null,"exclusive_group":null,"per_customer":[{"days":7.0,"times":1}]},"'
    b'products":["category:shoes/trail"],"purpose":"marketing","rule":"customer.age >= 18 '
    b'&& \'running\' in customer.interests || !(customer.","starts_at":null,"title":"Offer",'
    b'"value":10.0,"weight":1.0,"wording":{"default":null,"email":null,"inbox":null,"push"'
    b':null,"sms":null,"voice":null,"whatsapp":null,"x_dm":null}},"rule":{"form":1,"when":'
    b'{"args":[{"args":[{"args":[{"const":"running","type":"string"},{"read":["customer","'
    b'interests"],"type":"list(string)"}],"op":"in","text":"\'running\' in customer.interest'
    b's","type":"bool"},{"args":[{"read":["customer","tier"],"type":"dyn"}],"op":"is","tex'
    b't":"customer.tier","type":"bool"},{"args":[{"args":[{"read":["customer","n"],"type":'
    b'"dyn"},{"const":10.5,"type":"double"}],"op":"<=","text":"customer.n <= 10.5","type":'
    b'"bool"},{"args":[{"list":[{"const":"gold","type":"string"},{"const":"silver","type":'
    b'"string"}],"type":"list(string)"}],"op":"not","type":"bool"}],"op":"or","type":"bool'
    b'"}],"op":"and","type":"bool"}],"op":">=","text":"customer.age >= 18","type":"bool"}}'
    b"}\n"
)
"""The pieces that sources are made of. It goes along with what was packed by it."""


def pack(line: bytes) -> bytes:
    packer = zlib.compressobj(1, zdict=TYPICAL)
    return packer.compress(line) + packer.flush()


def unpack(packed: bytes, dictionary: bytes) -> bytes:
    """A line that was packed with this dictionary. Raises zlib.error for a damaged one."""
    unpacker = zlib.decompressobj(zdict=dictionary)
    return unpacker.decompress(packed) + unpacker.flush()
