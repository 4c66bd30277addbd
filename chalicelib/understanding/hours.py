"""When people want to be written to: "not at night", "only during the day", "at any time".

Lives here: wishes for the daytime and their undoing in four languages, over plain text, and a
message without them. Never here: refusals of messages at any hour (withdrawal.py), how they want to
be reached (contact.py), or calls, which keep to the hours anyway. A time of day is taken for a wish
only where contact hours keep it.
"""

from __future__ import annotations

from .phrases import Phrases

# --- English -----------------------------------------------------------------------------------

_EN_NIGHT = (
    r"(?:(?:late )?(?:at night(?:s|time)?|in the (?:night|evenings?)|during the night)|overnight"
    r"|in the middle of the night|(?:so|this|that) late(?: at night)?"
    r"|(?:after|past) (?:9|10|11|nine|ten|eleven|2[1-3])(?:[:.]?00)?(?: ?p\.?m\b\.?| o'?clock| at"
    r" night|h)?(?! ?a\.?m\b)|after midnight"
    r"|before (?:[5-8]|five|six|seven|eight)(?:[:.]?00)?(?: ?a\.?m\b\.?| in the morning"
    r"| o'?clock)?(?! ?p\.?m\b))(?![\w:])(?! (?:or|nor)\b| (?:and|&) (?:day|during|in the|morning"
    r"|ever|at all))"
)
_EN_DAY = (
    r"(?:(?:during|in|by) (?:the )?day(?: ?time)?(?: hours)?|(?:during )?daytime(?: hours)?"
    r"|before (?:9|10|21|22) ?(?:p\.?m\b\.?|h)?)(?! (?:of|after|before)\b)"
)
_EN_NOT = (
    r"(?:do ?n.?t|do not|dont|never|please not|rather not|stop|quit)(?: ever| please| you| be)*"
)
_EN_SEND = (
    r"(?:text|txt|sms|e-?mail|mail|messag|msg|writ|contact|dm|whats ?app|notify|disturb|bother"
    r"|ping|wak)(?:e|es|ing|ed)?(?: to)?"
)
_EN_SENT = (
    r"(?:text(?:s| messages?)?|messages?|msgs?|sms(?:es)?|e-?mails?|mails?|notifications?|alerts?"
    r"|whats ?apps?|dms?|contact)"
)
_EN = (
    rf"\b{_EN_NOT} {_EN_SEND}(?: me| us)?(?: up)?(?: please)? {_EN_NIGHT}",
    rf"\b{_EN_NOT} (?:want|send|sending|get|like)(?: to (?:get|receive)| me| us| any| more"
    rf"| getting| your)* {_EN_SENT} {_EN_NIGHT}",
    rf"(?<!got )(?<!get )(?<!had )(?<!have )(?<!received )\b(?:no|not any)(?: more)? {_EN_SENT}"
    rf"(?: please)? {_EN_NIGHT}",
    rf"\b(?:only|just) (?:please )?{_EN_SEND} (?:me|us) {_EN_DAY}",
    rf"\b{_EN_SEND} (?:me|us) (?:only {_EN_DAY}|{_EN_DAY} only)",
    rf"\b{_EN_SENT} (?:only {_EN_DAY}|{_EN_DAY} only)",
    rf"^please not {_EN_NIGHT}$|^not {_EN_NIGHT} please$",
)
_EN_ANY = (
    r"(?:(?:at )?any ?time|any hour|at any hour|whenever you (?:like|want|wish)"
    r"|day (?:or|and) night|around the clock|24/7|at night (?:again|too|as well))\b"
    r"(?! (?:it|the|there|before|after|between|until|till|from|in|during|on|this|today|tomorrow"
    r"|next|you (?:have|get))\b)"
)
_EN_ANYTIME = (
    rf"\b(?:(?:you|u) (?:can|may|could)|(?:ok(?:ay)?|fine|free) to)(?: now| also| again)*"
    rf" {_EN_SEND} (?:me|us) (?:again )?{_EN_ANY}",
    rf"(?:^|[.,!;] ?)(?:please |ok(?:ay)? )*{_EN_SEND} (?:me|us) {_EN_ANY}",
    rf"\b{_EN_SENT} (?:are |is )?(?:fine|ok(?:ay)?|welcome) {_EN_ANY}",
)

# --- Spanish -----------------------------------------------------------------------------------

_ES_NIGHT = (
    r"(?:(?:de|por las?|en la|durante la) (?:noches?|madrugadas?)|tan tarde"
    r"|(?:despues|mas alla|a partir) de las? (?:9|10|11|nueve|diez|once|2[1-3])(?:[:.]?00)?"
    r"(?: ?h\b| ?p\.?m\b\.?| de la noche)?"
    r"|antes de las (?:[5-8]|cinco|seis|siete|ocho)(?: ?a\.?m\b\.?| de la manana)?)(?![\w:])"
    r"(?! (?:ni|o|y de)\b)"
)
_ES_DAY = r"(?:de dia|(?:durante|por) el dia|en horario diurno)\b"
_ES_SENT = (
    r"(?:mensajes?(?: de texto)?|sms|textos?|correos?|e-?mails?|[wg]uasaps?|whats ?apps?"
    r"|notificaciones|avisos)"
)
_ES_SEND = r"(?:escrib|mand|envi|contact|molest|despiert|notifi|texte)\w*"
_ES = (
    rf"\bno (?:me |nos )?(?:vuelvan? a )?{_ES_SEND}(?: (?:mas|nada|{_ES_SENT}|por favor))*"
    rf" {_ES_NIGHT}",
    rf"\b(?:no|nada de|ni|no quiero(?: recibir)?) (?:mas )?{_ES_SENT}(?: por favor)? {_ES_NIGHT}",
    rf"\b(?:solo|solamente|unicamente) (?:me |nos )?{_ES_SEND}(?: {_ES_SENT})? {_ES_DAY}",
    rf"\b(?:{_ES_SEND}|{_ES_SENT})(?: {_ES_SENT})? (?:solo|solamente|unicamente) {_ES_DAY}",
)
_ES_ANYTIME = (
    rf"\b(?:(?:puede[sn]?|podeis)(?: ya| volver a)* )?{_ES_SEND}(?:me|nos)\b(?: {_ES_SENT})?"
    rf" (?:a cualquier hora|en cualquier momento|cuando quier(?:an?|as|ais)|tambien de noche)\b",
)

# --- French ------------------------------------------------------------------------------------

_FR_NIGHT = (
    r"(?:(?:pendant |durant )?(?:la nuit|le soir|les soirs)|de nuit|en soiree|(?:si|aussi) tard"
    r"|apres (?:2[1-3]) ?h(?:eures?|00)?|apres minuit|avant [5-8] ?h(?:eures?|00)?)(?!\w)"
    r"(?! (?:ni|ou|et le (?:jour|matin))\b)"
)
_FR_DAY = r"(?:en journee|(?:pendant|dans|durant) la journee|de jour|le jour)\b"
_FR_SENT = (
    r"(?:messages?|sms|textos?|mails?|e-?mails?|courriels?|notifications?|whats ?apps?|alertes?)"
)
_FR_SEND = r"(?:ecri|envoy|contact|derang|reveill|notifi)\w*"
_FR_PLEASE = r"(?: svp| stp| merci| s'il (?:vous|te) plait)*"
_FR = (
    rf"\b(?:ne )?(?:m'|me |nous )?{_FR_SEND}(?:[ -](?:moi|nous))? (?:pas|plus|rien|jamais)"
    rf"(?: (?:de |d'){_FR_SENT})?{_FR_PLEASE} {_FR_NIGHT}",
    rf"\bne (?:pas|plus|jamais) (?:m'|me |nous )?{_FR_SEND}(?: de {_FR_SENT})? {_FR_NIGHT}",
    rf"\b(?:pas|plus|aucune?|jamais) (?:de |d')?{_FR_SENT}{_FR_PLEASE} {_FR_NIGHT}",
    rf"\b(?:{_FR_SEND}[ -](?:moi|nous)|{_FR_SENT})(?: (?:des? |un )?{_FR_SENT})?"
    rf" (?:seulement|uniquement|que) {_FR_DAY}",
)
_FR_ANYTIME = (
    rf"\b(?:(?:vous pouvez|tu peux)(?: a nouveau| de nouveau)? (?:m'|me |nous )?{_FR_SEND}"
    rf"|{_FR_SEND}[ -](?:moi|nous))(?: (?:des |un )?{_FR_SENT})? (?:a (?:toute|n'importe quelle)"
    rf" heure|n'importe quand|a tout moment|quand (?:vous voulez|tu veux)|jour et nuit"
    rf"|la nuit aussi)",
)

# --- German ------------------------------------------------------------------------------------

_DE_NIGHT = (
    r"(?:(?:mitten )?in der nacht|nachts|(?:spat ?)?abends|am (?:spaten )?abend|so spat"
    r"|nach (?:9|10|11|neun|zehn|elf|2[1-3])(?: ?uhr)?(?: abends)?|nach mitternacht"
    r"|vor (?:[5-8]|funf|sechs|sieben|acht)(?: ?uhr)?(?: morgens)?)(?![\w:])"
    r"(?! (?:oder|und tags|noch)\b)"
)
_DE_DAY = r"(?:tagsuber|am tage?|bei tag)\b"
_DE_SENT = (
    r"(?:(?:text)?nachrichten?|sms|e-?mails?|mails?|whats ?apps?|benachrichtigungen|mitteilungen)"
)
_DE_SEND = r"(?:schreib|schick|send|kontaktier|stor|weck|text|meld|anschreib)\w*"
_DE_ME = r"(?: sie| bitte| mir| mich| uns)*"
_DE_NOT = rf"(?:nicht|nichts|nie|keine? {_DE_SENT})(?: mehr)?"
_DE = (
    rf"\b(?:{_DE_NIGHT}{_DE_ME} {_DE_NOT}|{_DE_NOT}{_DE_ME} {_DE_NIGHT}){_DE_ME} {_DE_SEND}",
    rf"\b{_DE_SEND}{_DE_ME} (?:{_DE_NIGHT}{_DE_ME} {_DE_NOT}|{_DE_NOT} {_DE_NIGHT})",
    rf"\b(?:keine? {_DE_SENT}(?: mehr)?{_DE_ME} {_DE_NIGHT}"
    rf"|{_DE_NIGHT}{_DE_ME} keine? {_DE_SENT}(?: mehr)?)",
    rf"\b(?:{_DE_SEND}|{_DE_SENT}){_DE_ME}(?: {_DE_SENT})? nur(?: noch)? {_DE_DAY}",
    rf"\bnur(?: noch)? {_DE_DAY}{_DE_ME} (?:{_DE_SEND}|{_DE_SENT})",
)
_DE_EVER = (
    r"(?:jederzeit|zu jeder (?:zeit|uhrzeit|stunde)|rund um die uhr|tag und nacht|auch nachts)"
)
_DE_ANYTIME = (
    rf"\b(?:konn(?:en|t)|kannst|durf(?:en|t)|darfst)(?: sie| ihr| du| mir| mich| uns| gern| ruhig"
    rf"| wieder| auch)* {_DE_EVER}(?: wieder)?(?: {_DE_SENT})? {_DE_SEND}",
    rf"\b{_DE_SEND}{_DE_ME}(?: gern| ruhig)? {_DE_EVER}\b",
)


_DAYTIME = Phrases("daytime", (*_EN, *_ES, *_FR, *_DE))
_ANYTIME = Phrases("anytime", (*_EN_ANYTIME, *_ES_ANYTIME, *_FR_ANYTIME, *_DE_ANYTIME))


def hours_wish(said: str) -> str | None:
    """`daytime` or `any`, where plain text says when they want to be written to."""
    if _DAYTIME.found(said):
        return "daytime"
    return "any" if _ANYTIME.found(said) else None


def without_hours(said: str) -> str:
    """Plain text without what it says of hours: it is neither a refusal of messages nor a wish for
    a channel."""
    return _ANYTIME.blanked(_DAYTIME.blanked(said))
