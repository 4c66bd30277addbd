"""Whether a message withdraws consent, by keyword or in plain words.

Lives here: the patterns of plain opt-outs in English, and what only looks like one; those of other
languages are in refusals.py. Never here: anything learned. What they are about is kept narrow: "the
rain won't stop" and "remove the blue one from my order" are not opt-outs.
Rule: a revocation in any reasonable way counts, 47 CFR 64.1200(a)(10).
"""

from __future__ import annotations

from .hours import without_hours
from .keywords import is_opt_out_keyword
from .language import plain
from .phrases import Phrases
from .refusals import OTHERWISE, REFUSALS

_STOPPING = (
    r"(?:stop|quit|cease|end|halt|enough(?: already)? (?:with|of)|no more|cut out|knock off"
    r"|quit it with|done (?:with|getting|receiving)|turn off|switch off|cancel|disable|discontinue"
    r"|stop with)"
)
_SENDING = (
    r"(?:text(?:ing|s)?|messag(?:ing|e|es)|sms(?:ing|es|s)?|e-?mail(?:ing|s)?|call(?:ing|s)?"
    r"|phon(?:ing|e)|ring(?:ing)?|contact(?:ing)?|spam+(?:ing)?|bother(?:ing)?|pester(?:ing)?"
    r"|harass(?:ing)?|dm(?:ing|s)?|d-?ming|whatsapp(?:ing|s)?|writing(?: to)?|notifying|pinging"
    r"|bugging|txt(?:ing|s)?|msg(?:ing|s)?|reaching out(?: to)?|blowing up|annoying"
    r"|send(?:ing)?(?: me| us)?(?: me| us| any| out| all| this| these| those| your| the)*)"
)
_SENT = (
    r"(?:text(?:s| messages?)?|sms(?:es)?|messages?|msgs?|txts?|e-?mails?|calls?|offers?|ads?"
    r"|adverts?|promos?|promotions?|marketing|newsletters?|notifications?|alerts?|spam|junk"
    r"|mailings?|coupons?|deals|updates|subscription|communications?|contact|push|dms?"
    r"|whatsapps?)"
)
_THE = (
    r"(?:(?:the|these|those|this|your|ur|any|all|of|with|w|more|further|damn|bloody|stupid|fucking"
    r"|f\w*ing|annoying|such|stream of|constant|promotional|marketing|daily|weekly|receiving"
    r"|getting|unwanted|promo|text|sms|spam|whatsapp|e-?mail|my|me|to|for)\s+){0,5}"
)
_NEGATED = r"(?:do ?n[o']?t|do not|dont|never|don t|plz dont|pls dont|shouldnt|shouldn't)"
_AGAIN = r"(?:again|any ?more|any longer|ever|from now on|further)"
_WISH = (
    r"(?:(?:i |we )?(?:really |just |so )?(?:do ?n[o']?t|do not|dont|no longer|never|not)\s+"
    r"(?:want|wish|like|care|need|consent|agree|wanna|asked?|wanted|signed up|sign up|interested)"
    r"(?:\s+(?:to|for|in))?)"
)
_ME = (
    r"(?:me|us|my (?:number|phone|cell|mobile|email|name|address|details|info|data|contact)"
    r"|this (?:number|phone|address|person))"
)
_LIST = (
    r"(?:(?:your|ur|the|this|that|any|all|of|his|mailing|e-?mail|text|txt|texting|sms|contact|call"
    r"|calling|marketing|messag\w+|distribution|subscriber|phone|promo\w*|spam|damn|stupid"
    r"|bloody|fucking)\s+){0,5}(?:lists?|database|system|records|mailings?|newsletters?|texts"
    r"|messages|e-?mails|notifications|promotions|spam|subscription|contacts)"
)

_WITHDRAWALS = Phrases(
    "withdrawals",
    (
        # stop texting me; no more messages; turn off these alerts
        rf"\b(?:stop|quit|cease)\s+(?:it\s+)?(?:with\s+)?{_THE}{_SENDING}\b(?!\s*(?:mode|app))",
        rf"\b{_STOPPING}\s+{_THE}{_SENT}\b(?!\s*(?:order|of my order|in stock))",
        rf"\bno(?:t any)? (?:more|further|additional)\s+{_THE}{_SENT}\b",
        r"^(?:please\s+|just\s+|ok(?:ay)?\s+|no\s+|can you (?:please )?|could you (?:please )?"
        r"|will you (?:please )?|i said |i said to |i told you to |for the last time )*"
        r"(?:stop+|unsubscribe|quit)"
        r"(?:\s+(?:please|it|this|that|now|these|already|all|everything|immediately|thanks"
        r"|thank you|today|at once|ok|asap|stop|me|us|fucking|ffs|sending))*$",
        # don't text me any more
        rf"\b{_NEGATED}\s+(?:ever\s+|you\s+)?{_SENDING}\s+(?:me|us|this number|my \w+|here)\b"
        rf"(?:\s+{_AGAIN})?(?!\s+(?:back\s+)?(?:until|till|before|after|when|if|at|on|during|that"
        r"|the wrong|a wrong|another wrong))",
        rf"\b{_NEGATED}\s+(?:ever\s+)?send\s+(?:me\s+|us\s+)?{_THE}{_SENT}\b",
        rf"\b{_WISH}\s+(?:to\s+)?(?:be\s+|get\s+|getting\s+|receive\s+|receiving\s+|hear(?:ing)?\s+"
        rf"(?:from\s+)?)*{_THE}(?:{_SENT}|contacted|texted|messaged|e-?mailed|called|hear from you"
        r"|from you|you (?:to|2) (?:text|message|email|call|contact)\b(?:\s+me)?)"
        rf"(?:\s+(?:{_AGAIN}|from you\b|please|thanks|thank you|guys|at all|like this))*\s*(?:$"
        rf"|[.!,;])",
        rf"\b{_WISH}\s+(?:to\s+)?(?:hear|hearing)\s+from\s+(?:you|u|this)\b",
        rf"\b{_WISH}\s+(?:to\s+)?(?:get|getting|receive|receiving)\s+(?:these|those|this|them)"
        rf"(?:\s+(?:{_AGAIN}|please|at all))*\s*(?:$|[.!,;])",
        r"\b(?:stop|quit|cease)\b.{0,12}\b(?:do ?n[o']?t|do not) want (?:these|this|them|any)\b",
        r"\b(?:make|get) (?:it|this|these|them|the \w+|these \w+|this \w+) (?:to )?stop\b"
        r"(?! (?:leak|beep|vibrat|slip|squeak|ring))",
        rf"\b(?:sick|tired|fed up) (?:of|with)\s+{_THE}{_SENT}\b.{{0,20}}\b(?:stop|remove|off)\b",
        rf"\b(?:please not|can you not|could you not|discontinue|refrain from)\s+{_SENDING}\s+(?:me"
        rf"|us|this number)(?:\s+(?:{_AGAIN}|please|thanks))*\s*(?:$|[.!?,;])",
        rf"\bturn\s+{_THE}{_SENT}\s+off\b",
        rf"\bblock me (?:from|off|out of)\s+{_LIST}",
        r"\bno mas (?:mensajes|sms|correos|publicidad|llamadas)",
        rf"\bnot? (?:interested|longer interested)\b.{{0,40}}\b(?:{_SENT}|remove|stop|off)\b",
        rf"\bi (?:did ?n[o']?t|did not|didnt|never)\s+(?:sign(?:ed)? up|ask(?:ed)?|subscribed?"
        rf"|agreed?|opt(?:ed)? in|consent(?:ed)?)\s+(?:for|to|in to)?\s*(?:any of\s+)?{_THE}"
        rf"(?:{_SENT}|this|these)\b",
        # take me off your list; lose my number
        rf"\b(?:take|get|remove|delete|scrub|strike|drop|erase|wipe|keep|leave|cut)\s+{_ME}"
        rf"\s+(?:off|out|from)\b(?:\s+of)?\s+{_LIST}",
        r"\b(?:take|get)\s+(?:me|us|my number|this number)\s+off(?:\s+(?:of\s+)?(?:this|here|it"
        r"|these|your \w+))?(?:\s+(?:please|now|asap))?\s*(?:$|[.!,;])",
        r"\b(?:remove|delete|erase|lose|forget|block)\s+(?:my|this)\s+(?:phone |cell |mobile )?"
        r"number\b(?! from (?:my|the) order)",
        r"(?:^|[.!,;]\s*|please |pls |plz |just )(?:remove|unsubscribe|delete|opt) me"
        r"(?: please| now| out| asap| thanks)*\s*(?:$|[.!,;])",
        rf"\b{_WISH}\s+(?:to\s+)?be\s+(?:on|in|part of)\s+{_LIST}",
        rf"\b(?:get|want|wanna|be|let me|come|like to be"
        rf"|need to be)\s+(?:me\s+)?(?:taken\s+)?off\s+"
        rf"(?:of\s+)?{_LIST}|\b(?:want|wanna) off (?:this|your|the) (?:text|sms|email|mailing"
        rf"|list)",
        r"\b(?:get rid of|throw away|destroy|purge|scrap|take down) my (?:phone "
        r"|mobile )?(?:number|contact)",
        r"\b(?:text|messag|email|call|contact)\w*\b.{0,40}[.!?,;]\s*(?:please |so |just "
        r"|now )?(?:stop|quit)"
        r"(?: it| this| that| now| please)*\s*[.!]*$",
        r"\bi ?a?m opting out\b|\b(?:opting|opt) (?:myself )?out (?:of|from|now)\b",
        rf"\bspare me\s+{_THE}{_SENT}\b|\b(?:knock it off|cut it out)\b",
        r"\b(?:asked|told|begged|warned|ordered) (?:you|u|ya|your \w+)(?: \w+){0,2} to (?:stop|quit"
        r"|leave me|cease)\b(?! (?:selling|at|by|making))",
        rf"\b(?:no|not have|do ?n.?t have|never (?:gave|had)|not give|do ?n.?t give|without)(?:"
        rf" you)?"
        rf"(?: any| my)* (?:permission|consent)\b(?: to {_SENDING})?",
        rf"\b(?:not|never|withhold my) consent(?:ed)? to (?:being |be |receiving |get |{_THE})*"
        rf"(?:contact|text|call|messag|e-?mail|market|{_SENT})",
        rf"\b(?:mind|appreciate|prefer|rather|like)(?: you| if you| it if you)? (?:not|did ?n.?t"
        rf"|stopp?(?:ed|ing)?) {_SENDING}\b(?:\s+(?:me|us))?(?!\s+(?:before|after|at|when|on))",
        r"\brather not (?:get|receive|be getting|be receiving|be sent|hear)\b(?! (?:the|it) )",
        r"\bi ?a?m (?:\w+ )?(?:done|finished) (?:getting|receiving|with) (?:your|these|all|the)\b",
        rf"\b(?:take|get|remove|delete)\s+{_ME}\s+(?:off|out of|from)\s+(?:what|which)ever\b",
        r"\b(?:how (?:do|can) i|let me|want to|i.?ll) get (?:off|out of) (?:this|these|it)\b"
        r"(?! (?:bus|road|size))",
        rf"\b{_NEGATED}\s+reach out\b|\bcease and desist\b|\bi.?m opting out\b|^get lost\b",
        r"^(?:ok |enough[., ]*)*(?:enough|no more)(?: enough|[., ]+no more)*(?: please)?[.! ]*$",
        r"[,.;!] *(?:please |just |now )?(?:unsubscribe|stop)(?: me)?(?: please| now)?[.! ]*$",
        rf"\bno(?:body| one) (?:asked|wants|signed up|needs)(?: for| to (?:get|receive|have))?\s+"
        rf"{_THE}{_SENT}\b",
        r"\bmy (?:number|phone|e?-?mail|name|address|info|details|data)(?: to be| be| is)?"
        r" (?:removed|deleted|erased|taken off)\b",
        r"\b(?:how about|can|could|will|would|why do ?n.?t)(?: you| u)(?: just| please| all)* stop"
        r"[.!? ]*$",
        r"\b(?:delete|remove|erase|scrub) (?:all )?my (?:info\w*|details|data|contact|records?)\b"
        r"(?! (?:from|on|for) (?:my|the) order)",
        r"(?:^|\band |\bplease )never (?:write|text|call|e-?mail|message|contact)\b(?! back|"
        r" me back)",
        r"\b(?:said|told you) (?:no|stop|no more|enough)\b[.! ]*$",
        rf"\b(?:zero|no|not any) interest in\s+{_THE}{_SENT}\b",
        rf"\b{_NEGATED} use my (?:number|phone|e?-?mail|name|address|details|data)\b",
        rf"\bstop (?:it |this |that )?with\s+{_THE}{_SENT}\b",
        r"\bdid ?n.?t give (?:you|u) my (?:number|e?-?mail|address|details) (?:so|to|for)\b",
        # the word itself, used as one
        r"\b(?:unsubscribe|unsub|opt[- ]?out|opting out|opt (?:me|us) out|de-?register) (?:me|us"
        r"|from"
        r"|of|please|now|this|my)\b",
        r"\b(?:want|wanna|wish|like|need|how (?:do|can|to)|can|let me|trying|tried|please|pls"
        r"|choose"
        r"|asked|go(?:ing)?)\b.{0,20}\b(?:unsubscribe|unsub|opt[- ]?out|be (?:removed|unsubscribed"
        r"|taken off|deleted)(?! from (?:my|the) (?:order|waitlist)))\b",
        r"^(?:opt[- ]?out|opt me out|unsub(?:scribe)?|revoke|stop ?all)\b.{0,12}$",
        r"\b(?:withdraw|revoke|rescind|retract)\s+(?:my\s+|all\s+|any\s+)*(?:consent|permission)",
        r"\b(?:leave (?:me|us) alone|lose my number|go away and stop|do not contact)\b",
        r"\bnot? longer (?:want|wish|interested)\b.{0,40}\b(?:messag|text|email|sms|contact|hear|"
        r"from you|notif|newsletter|offer|promo)\w*",
        r"\bwrong (?:number|person|phone)\b.{0,40}\b(?:stop|remove|delete|off|text|quit"
        r"|do ?n.?t)\b",
        r"\b(?:cancel|end|terminate|discontinue)\s+(?:my\s+|this\s+|the\s+|these\s+|all\s+)*"
        r"(?:(?:text|sms|email|newsletter|message|marketing|whatsapp)\s*)+"
        r"(?:subscription|alerts?|messages|service|sign ?up|s)?\b",
        r"\b(?:cancel|end|terminate) (?:my|this|the) subscription\b",
    ),
)

_OUR_FOOTER = Phrases(
    "our footer",
    (
        r"\b(?:reply|text|txt|send|respond(?: with)?|type)\s+[\"']?(?:stop|end|quit)[\"']?\s+"
        r"(?:to|2|for)\s+[\w ]{3,40}",
        r"\bthis (?:text|message|sms) is (?:not )?spam\b",
    ),
)
_NOT_ABOUT_US = Phrases(
    "not about us",
    (
        r"\b(?:stop|quit) (?:sending|texting|calling|messaging) (?:the )?(?:wrong|him|her|them"
        r"|it)\b",
        r"\b(?:did ?n.t|didnt|never|not) (?:get|got|receive[d]?) (?:any|an|a|the|my) (?:more )?"
        r"(?:email|text|message|confirmation|call|notification)",
        r"\b(?:do ?n.?t|do not|never) (?:stop|quit)\b",
        r"\bwhy did (?:you|u) stop\b",
        r"\b(?:you|u|they|he|she|staff|nobody|noone) never \w+ (?:me|us)\b(?: back)?",
        r"\b(?:notifications?|alerts?|calls?|messages|texts)\b[^.!?]{0,12}\b(?:on|from) (?:the|my"
        r"|it)\b[^.!?]{0,20}\b(?:watch|phone|app|pulse)\b",
        r"\b(?:does|do|will|would|can) (?:the|it|this|these|those|my)\b[^.!?]{0,25}\b(?:stop|end"
        r"|halt)\b",
        r"\b(?:any|no) more (?:\w+ )?(?:deals|offers|coupons|promotions|promos) (?:on|for|left"
        r"|today|in)\b",
        r"\bend(?:s|ing)? of (?:the|this|these|your)\b",
        r"\b(?:can.?t|cannot|won.?t|will not|couldn.?t) stop\b",
        r"\bopt(?:ing)? out of (?:the )?(?:gift|plastic|packag|insur|paper|bag|warrant|signature"
        r"|deliver|express|receipt)\w*",
        r"\b(?:do ?n.?t|do not|not) want to (?:lose|miss)\b[^.!?]*",
    ),
)
_INSTEAD = Phrases(
    "instead",
    (
        r"\binstead\b",
        r"\b(?:just |only |please |pls |but |rather |prefer |use |by |via |me by )"
        r"(?:e-?mail|text|sms|txt|dm|call|phone|ring|whatsapp)\b(?! list)",
        r"\b(?:e-?mail|text|sms|txt|dm|call|phone|whatsapp) (?:me|us) (?:please|only|instead)\b",
        r"[,.;-] ?(?:e-?mail|text|sms|txt|dm|call|phone|ring|whatsapp)"
        r"(?: me| is (?:fine|better|ok))?\s*$",
        r"\b(?:e-?mail|text|sms|dm|whatsapp) only\b",
    ),
)
_FIRM = Phrases(
    "firm",
    (
        r"\b(?:stop|quit|unsubscribe|unsub|opt|remove|cease|revoke|withdraw|off|baja|basta"
        r"|dej(?:en|a|ad)|elimin\w+|borr\w+|arret\w+|cess\w+|desabonn\w+|supprim\w+|hort"
        r"|hor(?:en)? sie|abmelden|losch\w+|widerruf\w*)\b",
    ),
)

_CONTACT = (
    r"(?:texts?|texting|messag\w+|e-?mail\w*|calls?|called|calling|contact\w*|spam\w*|ads"
    r"|advertis\w*|promos?|promotion\w*|offers|alerts|number|info|details|list|newsletters?|phone"
    r"|mensaj\w+|correos?|publicidad|promo\w*|ofertas|numero|datos|lista|recibir|escrib\w+|llam\w+"
    r"|avisos|lo mio|mails?|pubs?|publicites?|offres|liste|appel\w*|sms|ecri\w+|recevoir"
    r"|prospection"
    r"|coordonnees|donnees|fichiers?|nachrichten?|werbung|nummer|daten|verteiler|angebote"
    r"|schreib\w*|anruf\w*|anzurufen|abo|newsletter\w*|kontakt\w*|benachrichtig\w*)"
)
_AGAINST = (
    r"(?:stop\w*|quit|cease|unsub\w*|removed?|deleted?|enough|annoying|never|sick of|permission"
    r"|interest|nobody|no more|asked for|do not|do ?n.t|dej(?:a|en|ad|ar|e)|par(?:en|ad)|basta"
    r"|borr\w*|elimin\w*|quit(?:a|en|ar)\w*|saqu?\w*me|prohib\w+|cancelen|nunca|hart[oa]|no mas"
    r"|arret\w*|cess\w*|retir\w*|supprim\w*|oubli\w*|enlev\w*|marre|harcel\w*|autoris\w*|plus"
    r" jamais|stopp\w*|raus|losch\w*|entfern\w*|schluss|genug|nerv\w*|erlaubnis|einstell\w*"
    r"|kundig\w*|widersprech\w*|nie|nicht mehr|frieden|zugestimmt|aufhoren|verboten)"
)
_SUSPECT = Phrases(
    "suspect",
    (
        rf"\b{_AGAINST}\b[^.!?]{{0,40}}\b{_CONTACT}\b",
        rf"\b{_CONTACT}\b[^.!?]{{0,40}}\b{_AGAINST}\b",
        r"\b(?:unsub\w*|opt(?:ing)? out|desapunt\w*|desabon\w*|abmeld\w*|harass\w*|harcel\w*"
        r"|saquenme|borrenme|loscht mich|loschen sie mich)\b",
        r"\bstop[.! ]*$",
    ),
)


def is_suspected(text: str) -> bool:
    """Whether it might withdraw consent: what speaks of stopping and of messages in one breath.

    Too little to act on, enough to ask.
    """
    said = _NOT_ABOUT_US.blanked(_OUR_FOOTER.blanked(plain(text)))
    return _SUSPECT.found(OTHERWISE.blanked(said))


def is_withdrawal(text: str) -> bool:
    """Whether the message withdraws consent: a keyword as the whole of it, or plain words.

    A polite wish for another channel instead ("don't call me, text me") is a preference, not a
    withdrawal; with a firm word ("stop texting me, email me") it is a withdrawal all the same.
    Nor is one for the daytime ("no messages at night").
    """
    if is_opt_out_keyword(text):
        return True
    said = _NOT_ABOUT_US.blanked(_OUR_FOOTER.blanked(without_hours(plain(text))))
    if REFUSALS.found(OTHERWISE.blanked(said)):
        return not _names_a_channel(said) or _FIRM.found(said)
    if not _WITHDRAWALS.found(said):
        return False
    return not _INSTEAD.found(said) or _FIRM.found(said)


def _names_a_channel(said: str) -> bool:
    from .contact import channel_wish

    return bool(channel_wish(said).get("channel"))
