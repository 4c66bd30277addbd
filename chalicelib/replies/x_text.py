"""What a post weighs on X: at most 280, links at 23, CJK and emoji at 2. Cuts nothing.

Source: twitter-text 3, config/v3.json (https://github.com/twitter/twitter-text). X decides with its
own tables of domains and emoji, which change; what is returned here is never less than X's count:
an emoji of several code points counts each, and what may be a domain in the text counts as a link.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

LONGEST_POST = 280
LINK_WEIGHT = 23

_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_LIGHT_EMOJI = "\u00a9\u00ae"  # emoji that lie in a light range
# The shortest thing that X turns into a link is `a.co`, of four characters.
_MAY_BE_A_DOMAIN = re.compile(r"(?<=\S)\.(?=[^\W\d_])")
_HIDDEN_LINK = LINK_WEIGHT - 4
_NOT_PUBLIC = frozenset({"example", "invalid", "internal", "local", "localhost", "test"})


def weighted_length(text: str, links: Collection[str] = ()) -> int:
    """The weight of `text`, in which each of `links` stands as a URL of its own."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    parts, found = [text], 0
    if links:
        known = "|".join(re.escape(link) for link in sorted(links, key=len, reverse=True))
        found = sum(_link_weight(link) for link in re.findall(known, text))
        parts = re.split(known, text)
    return found + sum(_weight(part) for part in parts)


def _weight(text: str) -> int:
    light = sum(any(low <= ord(c) <= high for low, high in _LIGHT) for c in text)
    light -= sum(text.count(emoji) for emoji in _LIGHT_EMOJI)
    return 2 * len(text) - light + _HIDDEN_LINK * len(_MAY_BE_A_DOMAIN.findall(text))


def _link_weight(url: str) -> int:
    """23 for a URL on a public domain; X leaves any other as it is, character by character."""
    name = (urlsplit(url).hostname or "").rpartition(".")
    public = bool(name[0]) and name[2].isalpha() and name[2] not in _NOT_PUBLIC
    return LINK_WEIGHT if public else max(LINK_WEIGHT, len(url))
