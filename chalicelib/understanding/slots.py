"""The particulars of a message: size, colour, store, order, channels, purpose.

Lives here: reading them from the words alone, or against the known stores. Never here: whether a
product has that size; that is found beside its variants. Slot values are plain strings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from ..model import Store
from . import contact
from .language import fold, plain

_LETTER_SIZES = {
    "extra extra small": "xxs", "extra small": "xs", "x small": "xs", "xsmall": "xs",
    "small": "s", "medium": "m", "med": "m", "large": "l", "extra large": "xl", "x large": "xl",
    "xlarge": "xl", "extra extra large": "xxl", "xx large": "xxl", "2xl": "xxl", "3xl": "xxxl",
    "one size": "one size",
}  # fmt: skip
_NUMBER_WORDS = {
    "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13",
}  # fmt: skip
_NUMBER = r"(\d{1,2}(?:[.,]\d{1,2})?(?:\s?1/2)?|" + "|".join(_NUMBER_WORDS) + r")(?:\s+and a half)?"
_WIDTH = r"(?:\s*[-(]?\s*(wide|narrow|w\b|2e\b|4e\b))?"
_SYSTEM = r"(uk|us|eu|eur|euro|usa)"
_NOT_A_COUNT = (
    r"(?!\s*(?:%|percent|am\b|pm\b|o'?clock|min|hour|hr|day|week|month|year|mile|km|k\b|buck|dollar"
    r"|pound|euros?\b|usd|gbp|eur\b|pairs?\b|people|person|man\b|stores?|times|of\b|lit|l\b|inch"
    r"|oz|ml|kg|lb|pack|ft\b|metres|meters|cm|mm|degrees|[:/-]?\d))"
)
_SIZE_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_SYSTEM}\s*(?:mens\s+|womens\s+|size\s+)?{_NUMBER}{_WIDTH}(?![\w.]?\d)",
        rf"\b()(?:size|sizes|sz|talla|taille|pointure|grosse|gr\.?|numero)\s*(?:is|in|of|an?|the|:"
        rf"|-"
        rf"|number|uk|us|eu)?\s*{_NUMBER}{_WIDTH}(?![\w]?\d)",
        rf"\b()(?:in|a|an|for|en|einer?|my)\s+(?:an?\s+|size\s+|mens\s+|womens\s+|men's\s+"
        rf"|women's\s+"
        rf"|kids\s+)*{_NUMBER}{_WIDTH}(?=\W|$){_NOT_A_COUNT}",
        rf"(?<![\d.,$£€#])\b()(\d{{1,2}}(?:[.,]5)?){_WIDTH}(?<=[we])\b",
    )
)
_SYSTEM_LAST = re.compile(rf"\b(\d{{1,2}}(?:[.,]\d)?)\s*{_SYSTEM}\b(?!\s*store)")
_WAIST = re.compile(r"\b(?:w\s?)?(\d{2})\s?(?:x|/)\s?(?:l\s?)?(\d{2})\b|\bw(\d{2})\s?l(\d{2})\b")
_LETTERS = re.compile(
    r"\b(xx+[sl]|x[sl]|[2-5]xl|(?:extra[ -]){1,2}(?:small|large)|xx?[ -]?(?:small|large))\b"
)
_SMALL_LETTERS = re.compile(
    r"(?:\b(?:in|an?|size|sz|the|talla|taille|grosse|for|en)\s+(?:mens |womens |an? |size )*"
    r"|[,(/]\s*)(s|m|l|small|medium|med|large)(?=$|[^\w'&]|\s)(?!\s+(?:order|problem|question|group"
    r"|family|amount|number|dog|gift))"
)
_LETTER_ONE = re.compile(r"\b(small|medium|large)(?:s|\s+ones?)?\b(?=\s*(?:$|[?.!,]))")
_LETTER_PLACES = re.compile(r"^(?:(?:the|a|in)\s+)?(s|m|l|small|medium|large)\s*[?.!]*$")

_COLOURS = {
    "black": "black schwarz noir negro negra", "white": "white weiss blanc blanche blanco blanca",
    "blue": "blue blau bleu bleue azul", "red": "red rot rouge rojo roja",
    "green": "green grun vert verte verde", "grey": "grey gray grau gris grise",
    "yellow": "yellow gelb jaune amarillo", "orange": "orange", "purple": "purple lila morado",
    "pink": "pink rosa rose", "brown": "brown braun marron", "beige": "beige", "navy": "navy",
    "cream": "cream", "olive": "olive", "khaki": "khaki", "teal": "teal", "turquoise": "turquoise",
    "burgundy": "burgundy maroon", "gold": "gold", "silver": "silver", "tan": "tan",
    "charcoal": "charcoal", "coral": "coral", "mint": "mint", "sand": "sand", "lilac": "lilac",
    "lime": "lime", "rust": "rust", "indigo": "indigo", "violet": "violet",
}  # fmt: skip
COLOUR_OF = {word: name for name, spelt in reversed(_COLOURS.items()) for word in spelt.split()}

_ORDER_ID = r"([a-z]{0,5}[-_]?\d[a-z0-9_-]{2,39})"
_ORDERS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:orders?|ordr|oder|pedido|commande|bestellung|bestellnummer|invoice|confirmation"
        rf"|parcel"
        rf"|package|delivery|shipment|refund|return|ref(?:erence)?|tracking)"
        rf"(?:\s+(?:number|numbers|no|num|nr|id|code|ref|is|for|it|its|was|s|of|my|the|order|from"
        rf"|numero|nummer|placed)|[\s.:;,#('-])*{_ORDER_ID}\b",
        rf"#\s?{_ORDER_ID}\b",
        r"(?<![\w+.,$£€-])((?:[a-z]{1,4}-)?\d{5,14})\b(?![.,]\d)",
    )
)
_A_DATE = re.compile(r"^(?:19|20)\d\d$|^\d{1,4}(?:st|nd|rd|th|am|pm|days?|weeks?|hours?|x)$")

_CHANNELS = {
    "sms": r"sms|texts?|texting|txt|texted|text messages?|text me|mobile messages?|textos?"
    r"|mensajes? de texto|textnachrichten?",
    "email": r"e-?mails?|e-?mailing|e-?mailed|mails?|inbox|newsletters?|correos?|courriels?",
    "whatsapp": r"whats ?apps?|wa me|watsapp|whatsap|[wg]u?asap\w*|wh?atsap\w*",
    "voice": r"calls?|called|calling|phone|phoned?|phoning|ring|ringing|voice|telephone|telefon\w*"
    r"|llam(?:adas?|ar|arme|es?|en|eis)|appels?|appel(?:er|ez)|telephon\w*|anrufe?n?|anzurufen"
    r"|ruft|rufen",
    "x_dm": r"dms?|dming|direct messages?|private(?:ly)?|message me privately|pm me",
    "push": r"push|app notifications?|in the app|in-?app|notifications?|notificacion(?:es)?"
    r"|benachrichtigungen?",
    "x_reply": r"tweet|reply here|on here|on twitter|on x",
}
_AGAINST = re.compile(
    r"\b(?:do ?n.?t|do not|dont|not|no|never|no more|stop|quit|rather than|instead of|over|than"
    r"|hate|without|sick of|off|less|isn.?t|cease|avoid)\b[^.!?;]{0,40}$"
)
_CLAUSE = re.compile(r"[,.;!?]|\bbut\b|\band\b|\bjust\b|\bonly\b|\binstead(?! of)\b|\buse\b|\s-\s")
_FROM_NOW = re.compile(
    r"\bphone number\b|\b(?:my|this|your|the) (?:phone|email|mail)\b(?! instead)"
)
_STORE_NOISE = frozenset(
    """
street st avenue ave road rd lane ln drive dr boulevard blvd square sq plaza place pl store shop
branch the of and new old north south east west city centre center mall suite floor way court ct
highway hwy unit building county park market main retail outlet
""".split()  # noqa: SIM905 - a list of words is read, not typed
)
_PLACE_BEFORE = re.compile(
    r"(?:\b(?:at|in|near|from|to|your|ur|the|visit|on|for|around|by|does|is|of|dem|im|en|au|a))\s+$"
)
_DAY = re.compile(
    r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s?day|nesday|rsday|urday|day)?s?\b|\b(today|tomorrow"
    r"|tonight)\b"
)


def sizes(text: str) -> str | None:
    """The size asked for: `44`, `10.5 wide`, `uk 9`, `xl`, `32x34`; None if none is named."""
    return _letter_size(text) or _number_size(text)


def _number_size(text: str) -> str | None:
    waist = _WAIST.search(text)
    if waist and ("x" in waist[0] or "w" in waist[0]):
        return f"{waist[1] or waist[3]}x{waist[2] or waist[4]}"
    last = _SYSTEM_LAST.search(text)
    if last:
        return f"{_system(last[2])} {last[1].replace(',', '.')}"
    for form in _SIZE_FORMS:
        found = form.search(text)
        if found:
            return _spell(found[1] or "", found[2], found[3] or "", "and a half" in found[0])
    return None


def _system(text: str) -> str:
    return {"eur": "eu", "euro": "eu", "usa": "us"}.get(text, text)


def _spell(system: str, number: str, width: str, half: bool) -> str:
    number = re.sub(r"\s?1/2$", ".5", _NUMBER_WORDS.get(number, number).replace(",", "."))
    number = f"{number}.5" if half and "." not in number else number
    width = {"w": "wide"}.get(width, width)
    return " ".join(part for part in (_system(system), number, width) if part)


def _letter_size(text: str) -> str | None:
    for form in (_LETTERS, _SMALL_LETTERS, _LETTER_ONE, _LETTER_PLACES):
        found = form.search(text)
        if found:
            said = found[1].replace("-", " ")
            return _LETTER_SIZES.get(said, said)
    return None


_UNITS = {
    "l": "l", "liter": "l", "litre": "l", "ltr": "l", "inch": "inch", "inche": "inch", '"': "inch",
    "in": "inch", "kg": "kg", "kilo": "kg", "kgs": "kg", "g": "g", "gram": "g", "oz": "oz",
    "ounce": "oz", "ml": "ml", "cm": "cm", "mm": "mm", "lb": "lb", "lbs": "lb", "pound": "lb",
    "pack": "pack", "pk": "pack", "ct": "ct", "count": "ct", "ft": "ft", "foot": "ft",
}  # fmt: skip
_MEASURE = re.compile(
    r"(?<![\w.$£€])(\d+(?:\.\d+)?)\s*-?(l|lit(?:er|re)s?|ltrs?|inch(?:es)?|\"|in(?=\s|$)|kgs?"
    r"|kilos?"
    r"|g|grams?|oz|ounces?|ml|cm|mm|lbs?|pounds?|packs?|pk|ct|count|ft|foot)(?![a-z])"
)


def measures(text: str) -> list[str]:
    """The measures that plain text names, spelt as `size_key` spells them: `45l`, `12inch`."""
    return [f"{number}{_unit(unit)}" for number, unit in _MEASURE.findall(text)]


def _unit(unit: str) -> str:
    return _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s"), unit)


def size_key(size: str) -> str:
    """One spelling of a size for comparing: `Medium` is `M`, `EU 44` is `44`, `10,5` is `10.5`."""
    said = " ".join(fold(size).replace(",", ".").split())
    measure = _MEASURE.fullmatch(said)
    if measure:
        return f"{measure[1]}{_unit(measure[2])}"
    said = re.sub(r"^(?:size|eu|eur)\s*(?=\d)|(?<=\d)\s*(?:eu|eur)$", "", said).strip()
    said = re.sub(r"^(\d{1,2}(?:\.\d)?)\s?(?:w|wide)$", r"\1 wide", said)
    return _LETTER_SIZES.get(said, re.sub(r"\.0$", "", said))


def colours(text: str) -> tuple[str, ...]:
    """The basic colours that plain text names, in order."""
    return tuple(dict.fromkeys(COLOUR_OF[w] for w in re.findall(r"\w+", text) if w in COLOUR_OF))


def orders(text: str, *, sure: bool = True) -> str | None:
    """The order named: after `order` and its like, after `#`, or a bare 5 to 14 digits."""
    for form in _ORDERS if sure else _ORDERS[:2]:
        for found in form.finditer(text):
            if not _A_DATE.match(found[1]):
                return found[1].upper()
    return None


def day(text: str) -> str | None:
    """`mon` to `sun`, `today` or `tomorrow`, where one is named."""
    found = _DAY.search(text)
    if not found:
        return None
    return found[1] or ("today" if found[2] == "tonight" else found[2])


@cache
def _channel_words() -> dict[str, re.Pattern[str]]:
    """Compiled for the first message that is about channels."""
    return {name: re.compile(rf"\b(?:{spelt})\b") for name, spelt in _CHANNELS.items()}


def channels(text: str) -> dict[str, str]:
    """`channel` wished for and `not_channel` refused, read clause by clause from plain text."""
    found: dict[str, str] = {}
    for clause in _clauses(text):
        places = sorted(
            (match.start(), name)
            for name, form in _channel_words().items()
            for match in form.finditer(clause)
        )
        for at, name in places:
            slot = "not_channel" if _AGAINST.search(clause[:at]) else "channel"
            found.setdefault(slot, name)
    if found.get("channel") == found.get("not_channel"):
        found.pop("channel", None)
    return found


def _clauses(text: str) -> list[str]:
    return [
        c for c in _CLAUSE.split(_FROM_NOW.sub(" ", text) if "instead" not in text else text) if c
    ]


def withdrawal(text: str) -> dict[str, str]:
    """What an opt-out is limited to: `channel` where one is named, `purpose` marketing."""
    named = [
        name for name, form in _channel_words().items() if form.search(_FROM_NOW.sub(" ", text))
    ]
    wished = channels(text)
    found: dict[str, str] = {}
    if wished.get("not_channel"):
        found["channel"] = wished["not_channel"]
    elif len(named) == 1:
        found["channel"] = named[0]
    if (limit := contact.purpose(text)) is not None:
        found["purpose"] = limit
    return found


def stores(text: str, known: Mapping[str, Store]) -> str | None:
    """The id of the one store whose name, or an address word of its own, is in plain text."""
    owners = _owners(tuple((s.id, s.name, s.address or "") for s in known.values()))
    scores: dict[str, float] = {}
    for spelling, ids in owners.items():
        found = re.search(rf"(?<!\w){re.escape(spelling)}(?!\w)", text)
        if found and (_PLACE_BEFORE.search(text[: found.start()]) or len(spelling) >= 4):
            for store_id, weight in ids.items():
                scores[store_id] = scores.get(store_id, 0) + weight
    if not scores:
        return _misspelt(text, owners)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] > ranked[1][1] else None


def _misspelt(text: str, owners: Mapping[str, Mapping[str, float]]) -> str | None:
    from rapidfuzz.distance import OSA

    for word in re.findall(r"[^\W\d_]{6,}", text):
        for spelling, ids in owners.items():
            if len(spelling) >= 6 and len(ids) == 1 and OSA.distance(word, spelling) == 1:
                return next(iter(ids))
    return None


@lru_cache(maxsize=4)
def _owners(known: tuple[tuple[str, str, str], ...]) -> dict[str, dict[str, float]]:
    """spelling -> {store id: weight}; a full name weighs more than a word of the address."""
    owners: dict[str, dict[str, float]] = {}
    for store_id, title, address in known:
        name = plain(title)
        spellings = {name: 4.0, store_id.casefold(): 4.0}
        spellings |= {w: 2.0 for w in _telling(name) if w not in spellings}
        spellings |= {w: 1.0 for w in _telling(plain(address)) if w not in spellings}
        for spelling, weight in spellings.items():
            owners.setdefault(spelling, {})[store_id] = weight
    return {s: ids for s, ids in owners.items() if len(ids) < max(2, len(known)) or len(known) == 1}


def _telling(text: str) -> list[str]:
    return [w for w in re.findall(r"[^\W\d_]{3,}", text) if w not in _STORE_NOISE]
