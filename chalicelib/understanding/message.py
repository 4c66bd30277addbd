"""What one message asks: its intent, the products it means, its particulars and its language.

Lives here: the order in which rules, pending questions, products and the intent model are asked.
Never here: what to answer, or any I/O beyond the weights that ship with the package. Confidences
are calibrated, so that a threshold on them means something; below it, the reply asks back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from ..model import (
    Behaviour,
    Intent,
    Message,
    PendingQuestion,
    ProductMatch,
    Store,
    Understanding,
)
from . import contact, keywords, language, slots
from .products import Found, ProductIndex
from .withdrawal import is_suspected, is_withdrawal

_ABOUT_PRODUCTS = frozenset({Intent.AVAILABILITY, Intent.PRICE, Intent.PRODUCT_ADVICE})
_ASKING = _ABOUT_PRODUCTS | {
    Intent.STORE_INFO,
    Intent.ORDER_STATUS,
    Intent.COMPLAINT,
    Intent.HUMAN,
}
"""What is answered even where the message says besides how they want to be reached."""
_PROVIDER = {"stop": Intent.OPT_OUT, "start": Intent.OPT_IN, "help": Intent.HELP}
KEYWORD_CONFIDENCE = 0.99
PLAIN_WORDS_CONFIDENCE = 0.95
WORDLESS_CONFIDENCE = 0.9
MARKS_CONFIDENCE = 0.7
DOUBT = 0.05
DOUBTED_SHARE = 0.9
_TELLING_MARKS = {Intent.THANKS: "❤🙏🥰😍💕💯♥🎉", Intent.COMPLAINT: "😡🤬😠😤"}


def understand(
    message: Message,
    index: ProductIndex,
    *,
    stores: Mapping[str, Store],
    recent: Sequence[Behaviour],
    pending: PendingQuestion | None,
    threshold: float,
) -> Understanding:
    """The meaning of one message. Never raises; reads at most some 2,500 characters.

    `recent` is newest first. `threshold` is the confidence below which nothing is taken for fact:
    a single product matched below it is returned as `ambiguous`, to be asked about.
    """
    spoken = language.language(message.text, message.language)

    def ask(text: str) -> Understanding:
        return _by_model(text, index, stores, recent, threshold, spoken)

    fixed = _by_rule(message, pending)
    if fixed is not None:
        if fixed.intent is Intent.OPT_OUT and message.provider_handled is None:
            fixed = _asked_besides(message, fixed, ask, threshold) or fixed
        return fixed.model_copy(update={"language": spoken})
    if pending is not None:
        from .pending import answer

        answered = answer(message.text, pending, index, threshold)
        if answered is not None:
            return answered.model_copy(update={"language": spoken})
    return _with_wish(message, ask, threshold)


def _with_wish(
    message: Message, ask: Callable[[str], Understanding], threshold: float
) -> Understanding:
    """What is asked, and how they want to be reached: heeded whatever else the message says."""
    rest, told = contact.without(message.text, contact.wished)
    wish = contact.wish(language.plain(told)) if told else {}
    if not wish:
        return _doubted(ask(message.text), message, threshold)
    besides = ask(rest) if rest else None
    if besides and besides.intent in _ASKING and besides.confidence >= threshold:
        return besides.model_copy(update={"slots": besides.slots | wish})
    return Understanding(
        intent=Intent.CHANNEL_PREFERENCE,
        confidence=PLAIN_WORDS_CONFIDENCE,
        slots=wish,
        language=language.language(message.text, message.language),
    )


def _doubted(said: Understanding, message: Message, threshold: float) -> Understanding:
    """What might be a refusal, and is not clearly anything else, is asked about."""
    clear = said.intent in _ASKING and said.confidence >= threshold
    if clear or said.intent is Intent.OPT_IN or not is_suspected(message.text):
        return said
    doubt = {"intent": Intent.OPT_OUT, "confidence": round(threshold * DOUBTED_SHARE, 4)}
    return said.model_copy(update={**doubt, "products": (), "ambiguous": False})


def _asked_besides(
    message: Message,
    refusal: Understanding,
    ask: Callable[[str], Understanding],
    threshold: float,
) -> Understanding | None:
    """The question beside a refusal that leaves room to answer it here: of offers alone, or of
    another channel. The refusal is in the slots: `not_channel`, which may be `any`."""
    limit, named = refusal.slots.get("purpose"), refusal.slots.get("channel")
    if limit is None and named in (None, message.channel.value):
        return None
    rest, told = contact.without(message.text, is_withdrawal)
    if not rest or not told:
        return None
    besides = ask(rest)
    if besides.intent not in _ASKING or besides.confidence < threshold:
        return None
    refused = {"not_channel": named or "any"} | ({"purpose": limit} if limit else {})
    return besides.model_copy(update={"slots": besides.slots | refused})


def _by_rule(message: Message, pending: PendingQuestion | None) -> Understanding | None:
    text = message.text
    if message.provider_handled is not None:
        return Understanding(
            intent=_PROVIDER[message.provider_handled],
            confidence=1.0,
            slots=slots.withdrawal(language.plain(text)),
        )
    if keywords.is_opt_out_keyword(text):
        return Understanding(intent=Intent.OPT_OUT, confidence=KEYWORD_CONFIDENCE)
    if is_withdrawal(text):
        limits = slots.withdrawal(language.plain(text))
        return Understanding(intent=Intent.OPT_OUT, confidence=PLAIN_WORDS_CONFIDENCE, slots=limits)
    if pending is not None and pending.kind == "opt_in" and keywords.is_yes(text):
        confirmed = {"confirmed": "yes"}
        return Understanding(intent=Intent.OPT_IN, confidence=KEYWORD_CONFIDENCE, slots=confirmed)
    if keywords.is_opt_in_keyword(text):
        return Understanding(intent=Intent.OPT_IN, confidence=KEYWORD_CONFIDENCE)
    if keywords.is_help_keyword(text):
        return Understanding(intent=Intent.HELP, confidence=KEYWORD_CONFIDENCE)
    if (pending is None or pending.kind == "opt_in") and (short := _yes_or_no(text)):
        return Understanding(intent=short, confidence=PLAIN_WORDS_CONFIDENCE)
    if not any(character.isalnum() for character in language.plain(text)):
        return _wordless(text)
    return None


def _yes_or_no(text: str) -> Intent | None:
    if keywords.is_yes(text):
        return Intent.YES
    return Intent.NO if keywords.is_no(text) else None


def _wordless(text: str) -> Understanding:
    """Marks and emoji alone say nothing, but for those that thank or complain."""
    for intent, marks in _TELLING_MARKS.items():
        if any(mark in text for mark in marks):
            return Understanding(intent=intent, confidence=MARKS_CONFIDENCE)
    return Understanding(intent=Intent.OTHER, confidence=WORDLESS_CONFIDENCE)


def _by_model(
    text: str,
    index: ProductIndex,
    stores: Mapping[str, Store],
    recent: Sequence[Behaviour],
    threshold: float,
    spoken: str,
) -> Understanding:
    from .intent import probabilities

    said = language.plain(text)
    told = _particulars(said, stores)
    found = index.search(text, slots=told, recent=recent)
    ranked = _doubt_withdrawal(probabilities(text, flags(told, found)))
    intent = max(ranked, key=lambda name: ranked[name])
    products = _meant(found, intent, threshold)
    return Understanding(
        intent=intent,
        confidence=round(_confidence(ranked, intent, threshold), 4),
        products=products,
        ambiguous=bool(products) and (found.ambiguous or _unsure(products, threshold)),
        slots=_kept(told | dict(found.slots), intent, said),
        language=spoken,
    )


def _confidence(ranked: Mapping[Intent, float], intent: Intent, threshold: float) -> float:
    """An opt-out that no rule heard is for asking back, never for acting on."""
    if intent is Intent.OPT_OUT:
        return min(ranked[intent], threshold * DOUBTED_SHARE)
    return ranked[intent]


def _doubt_withdrawal(ranked: Mapping[Intent, float]) -> dict[Intent, float]:
    """What no rule took for an opt-out must look very much like one to be one."""
    doubted = {name: p * (DOUBT if name is Intent.OPT_OUT else 1.0) for name, p in ranked.items()}
    total = sum(doubted.values())
    return {name: p / total for name, p in doubted.items()}


def flags(told: Mapping[str, str], found: Found) -> Collection[str]:
    """The facts that the intent model hears of: whether a product is named, and which slots."""
    facts = {name for name in ("size", "color", "order_id", "store_id") if name in told}
    return facts | ({"product"} if found.named else set())


def _particulars(said: str, stores: Mapping[str, Store]) -> dict[str, str]:
    colours = slots.colours(said)
    told = {
        "size": slots.sizes(said),
        "color": colours[0] if colours else None,
        "store_id": slots.stores(said, stores),
        "order_id": slots.orders(said),
        "day": slots.day(said),
    }
    return {name: value for name, value in told.items() if value}


def _meant(found: Found, intent: Intent, threshold: float) -> tuple[ProductMatch, ...]:
    """The products that this intent speaks of; a weak match elsewhere is no product."""
    if intent is Intent.PRODUCT_ADVICE and found.ambiguous and not found.named:
        return ()
    if intent in _ABOUT_PRODUCTS:
        return found.products
    if intent is Intent.STORE_INFO:
        return ()
    if not found.named:
        return ()
    return tuple(match for match in found.products if match.confidence >= threshold)


def _unsure(products: Sequence[ProductMatch], threshold: float) -> bool:
    return len(products) == 1 and products[0].confidence < threshold


def _kept(told: Mapping[str, str], intent: Intent, said: str) -> dict[str, str]:
    kept = dict(told)
    if intent not in _ABOUT_PRODUCTS:
        for name in ("size", "color", "category"):
            kept.pop(name, None)
    if intent is Intent.CHANNEL_PREFERENCE:
        kept |= slots.channels(said)
    if intent is Intent.OPT_OUT:
        kept |= slots.withdrawal(said)
    return kept
