"""How a message is read: one plain spelling, its words, its sentences, and which language it is in.

Lives here: cleaning and splitting of raw text, and a light language guess by stop-words.
Never here: what the words mean. Every function is total and bounded: only the beginning and the
end of a very long message are read.
"""

from __future__ import annotations

import re
import unicodedata

HEAD_CHARACTERS = 2000
TAIL_CHARACTERS = 500

_QUOTED = re.compile(
    r"(?ms)^[ \t]*>[^\n]*$|^-{2,}[ \t]*(?:original message|forwarded message)\b.*"
    r"|^on [^\n]{4,120} wrote:[ \t]*$.*"
    r"|^[ \t]*sent from my (?:iphone|ipad|android|samsung|phone|mobile)[^\n]*$",
    re.IGNORECASE,
)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")
_HANDLE = re.compile(r"(?<![\w@])@\w{1,30}")
_HASHTAG = re.compile(r"#(?=[^\W\d_])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z]|[A-Z]{2,})")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_QUOTES = str.maketrans("\u2019\u2018\u02bc\u0060\u00b4\u201c\u201d", "'''''\"\"")
_HALVES = {"½": ".5", "¼": ".25", "¾": ".75"}

_WORD = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s]")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|\s+(?:but|also|anyway|btw)\s+")

SHORTHAND = {
    "u": "you", "ya'll": "you", "yall": "you", "y'all": "you", "ur": "your", "r": "are",
    "pls": "please", "plz": "please", "plse": "please", "pleaz": "please",
    "thx": "thanks", "thnx": "thanks", "tnx": "thanks", "tx": "thanks", "thanx": "thanks",
    "ty": "thanks", "tysm": "thanks", "tyvm": "thanks", "thanku": "thanks", "thankyou": "thanks",
    "txt": "text", "txts": "texts", "txting": "texting", "msg": "message", "msgs": "messages",
    "msging": "messaging", "hrs": "hours", "sz": "size", "wat": "what", "wut": "what",
    "hav": "have", "im": "i am", "ive": "i have", "whats": "what is", "wheres": "where is",
    "whens": "when is", "whos": "who is", "hows": "how is", "thats": "that is", "its": "it is",
    "theres": "there is", "dont": "do not", "don't": "do not", "doesnt": "does not",
    "doesn't": "does not", "didnt": "did not", "didn't": "did not", "cant": "can not",
    "can't": "can not", "cannot": "can not", "wont": "will not", "won't": "will not",
    "isnt": "is not", "isn't": "is not", "arent": "are not", "aren't": "are not",
    "havent": "have not", "haven't": "have not", "hasnt": "has not", "hasn't": "has not",
    "wasnt": "was not", "wasn't": "was not", "wouldnt": "would not", "wouldn't": "would not",
    "aint": "is not", "ain't": "is not", "i'm": "i am", "i've": "i have", "i'd": "i would",
    "i'll": "i will", "what's": "what is", "where's": "where is", "when's": "when is",
    "who's": "who is", "how's": "how is", "that's": "that is", "it's": "it is",
    "there's": "there is", "you're": "you are", "youre": "you are", "they're": "they are",
    "wanna": "want to", "gonna": "going to", "gimme": "give me", "lemme": "let me",
    "rn": "right now", "tmrw": "tomorrow", "tmr": "tomorrow", "2moro": "tomorrow",
    "tonite": "tonight", "2nite": "tonight", "b4": "before", "cuz": "because", "bc": "because",
    "wen": "when", "wher": "where", "hw": "how", "wud": "would", "cud": "could",
    "rec": "recommend", "recs": "recommendations", "e-mail": "email", "emial": "email",
    "qty": "quantity", "approx": "about", "delivary": "delivery", "oder": "order",
    "recieve": "receive", "recieved": "received", "avail": "available",
}  # fmt: skip

_STOP_WORDS = {
    "en": "the a is are you do does have my i me it in to of and for what where when how much this"
    " that can please not with your on at there any will was be an or text hi hello thanks yes",
    "es": "el la los las un una es son tienen tiene tienes mi yo me en de y para que qué donde"
    " dónde"
    " cuando cuándo cómo cuanto cuánto cuesta por favor no con su está hay gracias hola sí pedido"
    " mas más quiero del al mensajes alto parar baja alta ayuda dame dadme darme denme deja dejen"
    " dejad paren parad basta ya sus su tus ustedes lista enviarme mandarme escribirme envíen"
    " manden"
    " llamen llames escriban contacten vuelva vuelvan solicito suscripción cancelar desactivar"
    " notificaciones correos correo ofertas publicidad promociones número quítenme bórrenme"
    " elimínenme desuscribirme nunca nada mejor prefiero llamadas mensaje",
    "fr": "le la les un une est sont vous avez avez-vous mon ma mes je me en de et pour que quoi où"
    " quand comment combien ce cette il ne pas avec votre vos sur quel quelle merci bonjour oui du"
    " des au aux veux plus coûte encore arrêt arrête arrêter arrêtez arrêtez-moi désabonner"
    " désabonnement désabonnez-moi désinscrire désinscrivez-moi aide svp stp cessez cesser veuillez"
    " assez toute tout marre liste enlevez-moi retirez-moi supprimez laissez-moi fichez-moi"
    " foutez-moi moi tranquille paix contacter contactez écrire écrivez envoyer envoyez appelez"
    " numéro pub publicité promos offres plutôt préfère par courriel jamais rien",
    "de": "der die das ein eine einen ist sind ihr habt haben mein meine ich mir mich in zu und für"
    " was wo wann wie viel dieser bitte nicht mit euer auf gibt es noch danke hallo ja nein den dem"
    " kein keine keinen mehr auch von im am kostet stopp abmelden abmeldung anmelden hilfe kündigen"
    " abbestellen austragen abo beenden benachrichtigungen ausschalten werbung nachrichten hört"
    " hören sie auf rufen ruft schreibt schreiben schicken schickt senden nummer löschen löscht"
    " angebote will möchte ruhe lasst lassen widerrufe einwilligung verteiler genug schluss"
    " unterlassen per lieber besser statt nie wieder melden meldet",
}


def excerpt(text: str) -> str:
    """What is read of a message: without quoted mail, and only both ends of a very long one."""
    if len(text) > HEAD_CHARACTERS + TAIL_CHARACTERS:
        text = f"{text[:HEAD_CHARACTERS]}\n{text[-TAIL_CHARACTERS:]}"
    return _QUOTED.sub(" ", text)


def fold(text: str) -> str:
    """Lower case without accents and stacked marks; compatibility forms made plain (NFKD)."""
    if text.isascii():
        return text.lower()
    for half, decimals in _HALVES.items():
        text = text.replace(half, decimals)
    spread = unicodedata.normalize("NFKD", text.translate(_QUOTES))
    kept = "".join(c for c in spread if not unicodedata.combining(c) and not _is_unseen(c))
    return unicodedata.normalize("NFKC", kept).casefold()


def _is_unseen(character: str) -> bool:
    """Zero-width joiners and spaces, soft hyphens, marks of direction."""
    return unicodedata.category(character) == "Cf"


def tidy(text: str) -> str:
    """The message with its case, but without handles, addresses and URLs; hashtags as words."""
    text = _ADDRESS.sub(" ", _URL.sub(" url ", excerpt(text).translate(_QUOTES)))
    text = _HASHTAG.sub(" ", _HANDLE.sub(" ", text))
    return _CAMEL.sub(" ", text).strip()


def plain(text: str) -> str:
    """The one spelling that everything else reads: tidied, folded, drawn-out letters shortened."""
    return " ".join(_DRAWN_OUT.sub(r"\1\1", fold(tidy(text))).split())


def words(plain_text: str) -> list[str]:
    """Words, numbers and single marks of plain text in order, shorthand written out."""
    found: list[str] = []
    for word in _WORD.findall(plain_text):
        found.extend(SHORTHAND.get(word, word).replace("'", "").split())
    return found


def sentences(plain_text: str) -> list[str]:
    """The sentences of plain text that hold at least one letter or digit."""
    return [s for s in _SENTENCE.split(plain_text) if re.search(r"\w", s)]


_LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _language, _words in _STOP_WORDS.items():
    for _word in dict.fromkeys(fold(_words).split()):
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _language)


def language(text: str, stated: str | None = None) -> str:
    """`en`, `es`, `fr` or `de` by stop-words; where they do not tell, what was stated, else `en`.

    `stated` is a BCP 47 tag from the channel.
    """
    votes = dict.fromkeys(_STOP_WORDS, 0.0)
    for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)?", fold(excerpt(text))):
        owners = _LANGUAGES_OF.get(word, ())
        for owner in owners:
            votes[owner] += 1 / len(owners)
    best = max(votes, key=lambda name: (votes[name], name == "en"))
    others = max(score for name, score in votes.items() if name != best)
    if votes[best] >= others + 1:
        return best
    tag = (stated or "").split("-")[0].casefold()
    if re.fullmatch(r"[a-z]{2}", tag):
        return tag
    return best if votes[best] > others else "en"
