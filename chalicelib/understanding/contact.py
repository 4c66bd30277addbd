"""How people want to be reached, said outright or in passing: "text me instead", "don't call".

Lives here: wishes for a channel and against one in four languages, over plain text, and the parts
of a message without them. Never here: refusals of everything (withdrawal.py), or what is done about
a wish. A request for this once ("text me when it is back") is no wish.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .hours import hours_wish, without_hours
from .language import plain
from .phrases import Phrases

_Form = tuple[str, str]
"""A channel, and a pattern of what is said of it."""

_NOUNS = {
    "sms": r"(?:sms(?:es)?|texts?|text messages?|texting|textos?|mensajes? de texto"
    r"|textnachrichten?"
    r"|texto)",
    "email": r"(?:e-?mails?|emailing|correos?(?: electronicos?)?|courriels?|mails?)",
    "whatsapp": r"(?:whats ?apps?|[wg]uasaps?|wh?atsaps?)",
    "voice": r"(?:(?:phone )?calls?|(?:a |the )?phone|telephone|calling|telefono|llamadas?|appels?"
    r"|telefon|telefonisch|anrufe?n?|anruf)",
    "x_dm": r"(?:dms?|direct messages?|private messages?)",
    "push": r"(?:push(?: notifications?)?|app notifications?)",
}
_VERBS = {
    "sms": r"(?:text|txt|sms)",
    "email": r"(?:e-?mail|mail)",
    "whatsapp": r"(?:whats ?app)",
    "voice": r"(?:call|phone|ring)",
    "x_dm": r"(?:dm|pm)",
}
_GERUNDS = {
    "sms": r"(?:text(?:ing|ed)?|txt(?:ing)?)",
    "email": r"(?:e-?mail(?:ing|ed)?)",
    "whatsapp": r"(?:whats ?app(?:ing)?)",
    "voice": r"(?:call(?:ing|ed)?|phon(?:e|ing|ed)|ring(?:ing)?|rung)",
    "x_dm": r"(?:dm(?:ing)?)",
}
_ONCE = (
    r"(?! (?:back|when|if|once|as soon|the|an?|about|that|your|for|what|whether|at|on|before|after"
    r"|until|till|later|tomorrow|today|tonight|to|my|this|it|with|centre|center|in an? )\b)"
)
_MATTER = (
    r"(?! (?:case|number|address|from|yet|received|about|confirmation|was|has|have|arrived)\b)"
)

_WANTED_BY_NOUN = (
    r"\b(?:by|via|through|over|use|using|with|on|to|me) (?:an? |my )?{n} (?:instead|please|pls|only"
    r"|from now on|is better|rather|works|going forward)\b",
    r"\b(?:switch|change|move)(?: me| us)?(?: over)? to {n}\b",
    r"\b(?:reach|contact|get (?:hold of )?|get|message|notify|answer|respond|reply|write|tell"
    r"|update)"
    r"(?: to)?(?: me| us)?(?: best| only| always| please| instead)* (?:by|via|through|over)"
    r" (?:an? |my )"
    r"?{n}\b",
    r"\bprefer(?:ably|red|ence)?(?! not| no\b| you not| that you not)(?: \w+){{0,5}}? {n}\b(?!"
    r" over)",
    r"\bprefer {n} over\b",
    r"\b(?:rather (?:have|get|receive|use|by|an?)|better (?:by|via|an?|to use)) (?:an? )?{n}\b",
    r"\b{n} only\b|\bonly (?:by |via |use |through |send )?{n}(?= please\b|[.,!;]|$)",
    r"\b(?:best|easiest|quickest|better) (?:way )?(?:to (?:reach|contact|get)\b[^.!?]{{0,20}}"
    r"|is )\b{n}\b",
    r"\buse {n}\b(?! case)",
    # Spanish
    r"\b(?:mejor|prefiero|preferiria|preferimos|preferible|solo|solamente|unicamente)(?:"
    r" que)?(?: me"
    r"| (?:escrib|contact|avis|envi|mand)\w*| recibir| todo| los?| las?)*(?: por| un| via| al|"
    r" el)? {n}\b",
    r"\bprefier\w+[^.!?]{{0,25}} (?:por|via|al) {n}\b",
    r"\bpor {n}(?: mejor| por favor| en su lugar| en lugar| en vez| es mejor| gracias)",
    r"\b(?:escrib|contact|avis|respond|contest|mand|envi)\w*(?:me|nos)(?:lo|la)?(?: mejor| todo)?"
    r" (?:por|via|al) (?:mi )?{n}\b(?! (?:cuando|si|la|el|las|los) )",
    r"\b(?:el |los |las )?{n} (?:es|son|seria|me va|me viene|me vienen) (?:mejor|preferible"
    r"|mas comodo)",
    # French
    r"\bplutot (?:par |en |un |des |via |sur |le |les )?{n}\b",
    r"\b(?:par|en|via|sur) {n} (?:plutot|svp|stp|s'il|de preference|a la place|seulement|uniquement"
    r"|c'est mieux|est mieux|merci)",
    r"\b(?:uniquement|seulement|de preference|que) (?:par|en|via|sur) {n}\b",
    r"\bprefer(?:e|erais|ons|ez)\b[^.!?]{{0,25}}\b{n}\b(?! (?:a|aux) )",
    r"\b(?:ecri|contact|repond|joign|preven|envoy)\w*[- ](?:moi|nous)(?:[- ]le)?(?: plutot)?"
    r" (?:par|en|via"
    r"|sur) {n}\b(?! (?:quand|si|des|la|le) )",
    r"\b(?:le |les |l')?{n},? (?:c'est|est|sont|serait|serai?ent) (?:mieux|preferable|plus"
    r" pratique)",
    # German
    r"\b(?:lieber|besser|bevorzug\w*|bitte nur|am besten|ausschliesslich|stattdessen)(?: mir| mich"
    r"| bitte| nur)*(?: per| uber| via| eine?| mit)? {n}\b",
    r"\bnur (?:noch )?(?:per|uber|via) {n}\b",
    r"\b(?:per|via|uber) {n} (?:bitte|ist|lieber|statt\w*|ware|waere|besser)\b",
    r"\b(?:schreib|schick|kontaktier|antwort|meld|erreich)\w*(?: sie| mir| mich| uns| bitte| doch"
    r"| lieber| es)* (?:per|via|uber) {n}\b(?! (?:wenn|sobald|ob) )",
    r"\b{n} (?:ist|sind|ware|waere|passt)(?: mir| fur mich)? (?:besser|lieber|am besten|mir"
    r" lieber)",
)
_BETTER = (
    r"(?:^|[.,!?;] ?|\bfor (?:\w+ ){{1,3}}|\b(?:and|but|an?|by|me|via|because|since|so|as) )"
    r"(?:an? |by |to )?{n}(?:s| is| are"
    r"| would be| works?| work)(?: \w+)? (?:better|best|preferred|easier|preferable|fine|ok)\b"
)
"""A phone may be the better product: of calls only their own words count here."""

_WANTED_BY_VERB = (
    r"\b{v} (?:me|us)(?: please)? (?:instead|rather|from now on|in future|going forward|only)\b",
    r"\b(?:please|pls|plz|just|only|rather|always|better|instead|would you|can you|could you)"
    r"(?: just| only| please| always| rather)* {v} (?:me|us)\b" + _ONCE,
    r"\b{v} (?:me|us) (?:your |the |all |any )*(?:offers|promos|promotions|deals|updates|news)\b"
    r"(?! (?:on|for) )",
    r"(?:^|[.,!?;] ?)(?:and |but |so |then )*(?:please )?{v} (?:me|us)(?: please| pls| thanks"
    r"| thank you)*(?=[.,!;] ?|$)",
)
_AGAINST_BY_VERB = (
    r"(?<!\bi )\b(?:do ?n.?t|do not|never|please not|not to|no longer|stop|quit|rather than"
    r"|instead of|than"
    r"|without|hate(?: being)?|not (?:want|like|wanna)(?: to)?(?: you to)?(?: be)?)(?: ever| please"
    r"| you| be)* {g}(?: me| us)?\b(?! (?:before|after|until|till|between|early|late|when|if"
    r"|while|at"
    r" (?:\d|night)|in the|on (?:mon|tue|wed|thu|fri|sat|sun|week)|today|tomorrow|back|the|me"
    r" back|me"
    r" (?:the|before|after|until|till|between|early|when|if|at (?:\d|night)|in the|on|today"
    r"|back))\b)",
)
_AGAINST_BY_NOUN = (
    r"(?<!got )(?<!had )(?<!get )(?<!have )(?<!received )(?<!is )(?<!was )"
    r"\b(?:no|not|not by|not via|not through|without|rather than|instead of|hate)(?: more| any"
    r"| by| via| an?| my| the| phone)* {n}\b" + _MATTER,
    r"\bprefer\w*[^.!?]{{0,20}} over (?:an? )?{n}\b",
    r"\b(?:no|nunca|ni) (?:mas |por |via |me gustan las |quiero |me gusta el )+{n}\b(?! (?:de"
    r"|del) )",
    r"\bnada de {n}\b",
    r"\ben (?:vez|lugar) de(?: por| un| las?| los| el)? {n}\b",
    r"\b(?:pas|plus) (?:de |d'|par |en |via )(?:les |le |l')?{n}\b",
    r"\bau lieu d(?:e |u |es |')(?:un |par |les |le )?{n}\b|\bplutot qu(?:e |')(?:un |par |les |le"
    r" |des )?{n}\b",
    r"\b(?:keine?|keinen|nicht (?:per|via|uber|mit)|statt|anstatt|anstelle von)(?: weiteren|"
    r" einem?)?"
    r" {n}\b(?! (?:bekommen|erhalten|gekriegt|von))",
)
_CALLS = {
    "wanted": (
        r"\b(?:mejor|solo) (?:llam(?:a|e|en|ad)me|por telefono)\b|\bllam(?:a|e|en|ad)me mejor\b"
        r"|\bappelez[- ]moi plutot\b|\bplutot m'appeler\b"
        r"|\bruf\w*(?: sie)? mich (?:bitte )?(?:lieber|besser|stattdessen)(?: bitte)? an\b"
    ),
    "against": (
        r"\b(?:no|nunca) (?:mas )?(?:me |nos )?(?:llam(?:es?|en|eis|ar)\b)(?! (?:\w+ )?(?:antes"
        r"|despues|hasta|entre|a partir|cuando|por la)\b)|\ben (?:vez|lugar) de llamar\w*"
        r"|\b(?:ne )?m'appel\w+ (?:pas|plus|jamais)\b(?! (?:avant|apres|entre|le matin|le soir"
        r"|si|quand"
        r"|tant|tard|tot)\b)|\bau lieu (?:de m'|d')appeler\b|\bplutot que (?:de m'|d')appeler\b"
        r"|\bruf\w*(?: sie)? mich (?:bitte )?(?:nicht|nie)(?: mehr| wieder)? an\b(?! (?:vor"
        r"|nach)\b)"
        r"|\b(?:bitte )?nicht (?:mehr )?anrufen\b|\b(?:statt|anstatt) (?:mich )?anzurufen\b"
    ),
}

_MARKETING = Phrases(
    "marketing",
    (
        r"\b(?:offers?|ads?|adverts?|advertising|advertisements?|promos?|promotions?|promotional"
        r"|marketing|deals|coupons?|sales? (?:texts?|emails?|messages?)|newsletter[sn]?|vouchers?"
        r"|werb\w+|werbung|(?:sonder)?angebote?n?|rabatt\w*|gutscheine?"
        r"|publicidad|publicitari\w+|propaganda|ofertas?|promocion(?:es)?|anuncios|boletin(?:es)?"
        r"|comercial(?:es)?|cupones"
        r"|publicite|publicites|publicitaires?|pubs?|offres?|prospection|demarchages?"
        r"|bons plans|infolettres?|commerciales?|commerciaux)\b",
    ),
)
_SERVICE = Phrases(
    "service",
    (
        r"\b(?:for|about|regarding|with|para|sobre|de|pour|sur|concernant|fur|zu|bei|wegen)"
        r" (?:(?:my|all|the|any|mis?|los|las|el|la|todos|mes|ma|les|toutes|meine[nr]?|alle[ns]?"
        r"|zur) )*"
        r"(?:orders?|order updates|deliver(?:y|ies)|shipping|service|answers?|pedidos?|entregas?"
        r"|servicio|respuestas?|commandes?|livraisons?|reponses?|suivi|bestellung(?:en)?"
        r"|lieferung(?:en)?|antworten)\b",
    ),
)
_EVERYTHING = Phrases(
    "everything",
    (
        r"\b(?:everything|anything|all (?:messages|texts|emails|contact)|any messages|todo|nada"
        r"|tout|rien|alles|nichts)\b",
    ),
)
_CLAUSE = re.compile(
    r"(?<=[.!?])\s+|[,;\n]+\s*|\s+(?:and|but|also|y|pero|et|mais|und|aber)\s+|\s+-+\s+"
)


def _by_channel(forms: tuple[str, ...], words: dict[str, str], name: str) -> list[_Form]:
    return [
        (channel, form.format(**{name: word})) for channel, word in words.items() for form in forms
    ]


class _Ways(Phrases):
    """Ways to speak of a channel."""

    def __init__(self, name: str, forms: Sequence[_Form]) -> None:
        super().__init__(name, [pattern for _, pattern in forms])
        self._channels = [channel for channel, _ in forms]

    def first(self, said: str, but: str | None = None) -> str | None:
        """The channel that is named first."""
        found = [
            (match.start(), channel)
            for at, match in self.matches(said)
            if (channel := self._channels[at]) != but
        ]
        return min(found)[1] if found else None


_WANTED = _Ways(
    "wanted",
    [
        *_by_channel(_WANTED_BY_VERB, _VERBS, "v"),
        *_by_channel(_WANTED_BY_NOUN, _NOUNS, "n"),
        *_by_channel((_BETTER,), _NOUNS | {"voice": r"(?:phone )?(?:calls?|calling)"}, "n"),
        ("voice", _CALLS["wanted"]),
    ],
)
_AGAINST = _Ways(
    "against",
    [
        *_by_channel(_AGAINST_BY_VERB, _GERUNDS, "g"),
        *_by_channel(_AGAINST_BY_NOUN, _NOUNS, "n"),
        ("voice", _CALLS["against"]),
    ],
)


def channel_wish(said: str) -> dict[str, str]:
    """`channel` wished for and `not_channel` refused in plain text, with the `purpose` where they
    said it; empty where nothing is said of channels."""
    against = _AGAINST.first(said)
    wanted = _WANTED.first(said, but=against)
    found = {n: c for n, c in (("channel", wanted), ("not_channel", against)) if c is not None}
    limit = purpose(said)
    if found and limit is None and _SERVICE.found(said) and not _EVERYTHING.found(said):
        limit = "service"
    if found and limit is not None:
        found["purpose"] = limit
    return found


def purpose(said: str) -> str | None:
    """`marketing` or `service`, where a wish or a refusal in plain text is limited to it."""
    if _EVERYTHING.found(said):
        return None
    if _MARKETING.found(said):
        return "marketing"
    return None


def without(text: str, heard: Callable[[str], object]) -> tuple[str, str]:
    """A message's clauses that `heard` takes for nothing, and those that it does, each joined."""
    clauses = [c for c in _CLAUSE.split(text) if re.search(r"\w", c)]
    theirs = [bool(heard(clause)) for clause in clauses]
    rest = (c for c, taken in zip(clauses, theirs, strict=True) if not taken)
    told = (c for c, taken in zip(clauses, theirs, strict=True) if taken)
    return ", ".join(rest), ", ".join(told)


def wish(said: str) -> dict[str, str]:
    """A wish for a channel or against one, and the `hours` that they want to be written to in:
    `daytime`, or `any`, which takes that back."""
    hours = hours_wish(said)
    return channel_wish(without_hours(said)) | ({"hours": hours} if hours else {})


def wished(clause: str) -> bool:
    """Whether a clause, as written, says how or when they want to be reached."""
    return bool(wish(plain(clause)))
