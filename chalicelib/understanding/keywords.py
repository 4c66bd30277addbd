"""Messages whose meaning is fixed by rule: opt-out, opt-in, help, and bare yes or no.

Lives here: the keywords that carriers and regulators name, and short answers. Never here: longer
wording, or anything learned. A keyword counts only as the whole message.
Keywords: CTIA Messaging Principles and Best Practices; 47 CFR 64.1200(a)(10).
"""

from __future__ import annotations

import re

from .language import plain

_OPT_OUT_WORDS = (
    "stop stopall unsubscribe cancel end quit revoke optout remove td arret"
    # Spanish, French, German
    " alto baja cancelar parar detener desuscribir desuscribirme fin desabonner desabonnement"
    " desinscrire desinscription arreter arretez annuler stopp abmelden abmeldung abbestellen"
    " austragen beenden ende kundigen"
)
OPT_OUT = frozenset(_OPT_OUT_WORDS.split())
_OPT_IN_WORDS = (
    "start unstop subscribe resubscribe optin alta iniciar suscribir suscribirme abonner reabonner"
    " anmelden anmeldung starten"
)
OPT_IN = frozenset(_OPT_IN_WORDS.split())
HELP = frozenset(["help", "info", "helpme", "ayuda", "aide", "hilfe", "infos"])

_OF_OTHER_THINGS = frozenset(
    ["cancel", "end", "cancelar", "parar", "fin", "annuler", "beenden", "ende", "kundigen"]
)
"""With a "please" these may as well speak of an order: "please cancel"."""

_YES_WORDS = (
    "yes y yeah yep yup ya yea yeh yess sure ok okay k kk okey alright absolutely "
    "definitely correct fine si claro oui ja gerne yas aye right affirmative 👍 ✅ 👌"
)
_YES = frozenset(_YES_WORDS.split())
_YES_PHRASES = frozenset(
    ["yes please", "yes pls", "yes i do", "yes i would", "please do", "go ahead", "of course",
     "sounds good", "do it", "sure thing", "yes thanks", "yes thank you", "why not", "ok please",
     "yes ok", "ok yes", "yes sure", "sure yes", "yes notify me", "yes let me know",
     "thats right", "that one", "si por favor", "oui merci", "ja bitte", "por favor",
     "yes definitely", "yes absolutely", "sure please", "that would be great", "go for it",
     "yeah please", "yeah sure", "yes do it", "yes go ahead", "yes that one", "yep please",
     "yes id like that", "yes i want that", "please notify me", "notify me", "oui svp"]
)  # fmt: skip
_NO = frozenset(["no", "n", "nope", "nah", "non", "nein", "nay", "naw", "noo", "never", "👎", "❌"])
_NO_PHRASES = frozenset(
    ["no thanks", "no thank you", "no thx", "not now", "not really", "not today", "no need",
     "never mind", "nevermind", "nvm", "forget it", "dont bother", "no dont", "im good",
     "nah im good", "no im good", "no gracias", "non merci", "nein danke", "neither",
     "none of those", "none of them", "not that one", "maybe later", "not interested",
     "its ok", "no its ok", "no its fine", "no i dont", "i dont", "no please dont"]
)  # fmt: skip

_POLITE = re.compile(
    r"\b(?:please|pls|plz|now|thanks|por favor|porfa|gracias|ya|svp|stp|sil (?:vous|te) plait|merci"
    r"|maintenant|bitte|danke|jetzt|sofort)\b"
)

_BARE_EDGES = re.compile(r"^[^\w👍✅👌👎❌]+|[^\w👍✅👌👎❌]+$")
_BETWEEN = re.compile(r"[^\w\s👍✅👌👎❌]+")


def bare(text: str) -> str:
    """The message without handles, marks and emoji at its edges or between words: `opt out`."""
    return " ".join(_BETWEEN.sub("", _BARE_EDGES.sub("", plain(text))).split())


def _is_one_of(keywords: frozenset[str], text: str) -> bool:
    said = bare(text)
    if said.replace(" ", "") in keywords and len(said.split()) <= 2:
        return True
    words = _POLITE.sub(" ", said).split()
    if len(words) < len(said.split()) and words and words[0] in _OF_OTHER_THINGS:
        return False
    return 0 < len(words) <= 3 and len(set(words)) == 1 and words[0] in keywords


def is_opt_out_keyword(text: str) -> bool:
    """The whole message is an opt-out keyword, in any case, with any punctuation around it."""
    return _is_one_of(OPT_OUT, text)


def is_opt_in_keyword(text: str) -> bool:
    """START, UNSTOP and the like, as the whole message."""
    return _is_one_of(OPT_IN, text)


def is_help_keyword(text: str) -> bool:
    """HELP or INFO, as the whole message."""
    return _is_one_of(HELP, text)


def is_yes(text: str) -> bool:
    """A bare yes."""
    return _answers(_YES, _YES_PHRASES, text)


def is_no(text: str) -> bool:
    """A bare no."""
    return _answers(_NO, _NO_PHRASES, text)


def _answers(single: frozenset[str], phrases: frozenset[str], text: str) -> bool:
    said = bare(text)
    return said in phrases or (0 < len(said.split()) <= 3 and set(said.split()) <= single)
