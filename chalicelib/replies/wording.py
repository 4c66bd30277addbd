"""How we say it: an Answer in words, within the channel's limits, with at most what it may carry.

Under pressure of length the offer goes first, then optional sentences, then detail; a fact is never
cut within a word. Nothing promotional or personal is ever worded for a public channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..errors import PermanentError
from ..model import Channel, Customer, Offer, Preference, Purpose, Reply, ScoredOffer
from .limits import LIMITS
from .links import Links, MakeLink
from .plain import greeting_name, plain, without_urls
from .rendering import Rendered, View, email_html, phrase, render, render_offer
from .sms import segments, to_gsm
from .terms import Answer, Brand

ReportProblem = Callable[[str, str], None]
"""(offer id, what was wrong with its wording); carries nothing of the customer."""

_OFFERS_IN_EMAIL = 3
_SILENT_ON_LINKS = frozenset({Channel.VOICE})
_UNANSWERABLE = frozenset({Channel.PUSH, Channel.INBOX})
"""Where "reply STOP" would be nonsense: they are left where they were agreed to, on the site."""


@dataclass(frozen=True, slots=True)
class _Pitch:
    """One offer in words; `text` has its link in it, or it is a channel without links."""

    offer: Offer
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One way to say it, richer before shorter."""

    longest: int | None
    optional: bool
    pitch: bool
    link: bool
    within: int


def word(
    answer: Answer,
    *,
    preference: Preference,
    offers: Sequence[tuple[Offer, ScoredOffer]],
    customer: Customer,
    make_link: MakeLink,
    base_url: str,
    brand: Brand,
    decision_id: str | None,
    reply_to: str | None = None,
    unsubscribe_url: str | None = None,
    report: ReportProblem | None = None,
) -> Reply:
    """The reply on the chosen channel, with the offers that it may carry and that fit.

    Which offers were carried is told by the `offer_id` of the reply's links: each has one.
    `reply_to` is the post or mail that the reply answers. Without `unsubscribe_url` a marketing
    e-mail gets a tracked link to `{base_url}/unsubscribe`. Raises PermanentError when no channel
    was chosen, or when the channel cannot hold even the shortest form.
    """
    if preference.chosen is None or preference.to is None:
        raise PermanentError("there is no channel to word a reply for")
    links = Links(make_link, base_url, decision_id)
    speech = _Speech(answer, preference, customer, brand, links)
    pitches = _pitches(speech, offers, report)
    if preference.chosen is Channel.EMAIL:
        mail = _email(speech, pitches, unsubscribe_url)
        return mail.model_copy(update={"reply_to": reply_to})
    return _text(speech, pitches[0] if pitches else None, reply_to)


def acknowledge(language: str, *, to: str, reply_to: str) -> Reply:
    """For all to read, where they wrote in public: that we answered elsewhere, and no more."""
    text = phrase("acknowledged", language)
    return Reply(channel=Channel.X_REPLY, to=to, text=text, reply_to=reply_to, language=language)


class _Speech:
    """One answer to one customer on one channel, before any choice of length."""

    def __init__(
        self,
        answer: Answer,
        preference: Preference,
        customer: Customer,
        brand: Brand,
        links: Links,
    ) -> None:
        self.answer, self.customer, self.brand, self.links = answer, customer, brand, links
        self.preference = preference
        self.channel = preference.chosen or Channel.INBOX
        self.to = preference.to or ""
        self.name = greeting_name(customer.profile.first_name) if preference.personal else None
        wanted = answer.link is not None and self.channel not in _SILENT_ON_LINKS
        self.link = links.to(answer.link) if wanted and answer.link else None

    def rendered(self, longest: int | None = None) -> Rendered:
        """The answer's sentences, with every text in its facts clipped to `longest`."""
        variables = {
            **plain(self.answer.facts, longest),
            "name": self.name,
            "asks": self.answer.question is not None,
            "brief": longest is not None,
            "personal": self.preference.personal,
            "brand": plain(self.brand.name, longest),
            "support_contact": plain(self.brand.support_contact),
        }
        return render(self.answer.kind, self.answer.language, self.channel, variables)

    def told(self, longest: int | None = None) -> Rendered:
        """`rendered`, and after it what was heeded beside the question."""
        said, noted = self.rendered(longest), self.answer.noted
        if noted is None:
            return said
        beside = _Speech(noted, self.preference, self.customer, self.brand, self.links)
        more = (replace(s, text=_capitalised(s.text)) for s in beside.rendered(longest).sentences)
        return replace(said, sentences=(*said.sentences, *more))

    def phrase(self, name: str) -> str:
        support, brand = self.brand.support_contact, self.brand.name
        variables = {"name": self.name, "support": support, "brand": brand}
        return phrase(name, self.language, **variables)

    @cached_property
    def language(self) -> str:
        """The language that the answer is worded in: English, where it has no template in theirs,
        and then all of it."""
        return self.rendered().language


def _pitches(
    speech: _Speech,
    offers: Sequence[tuple[Offer, ScoredOffer]],
    report: ReportProblem | None,
) -> list[_Pitch]:
    """The offers that may stand here, in words, best first."""
    preference = speech.preference
    if not speech.answer.offers or not preference.personal:
        return []
    most = _OFFERS_IN_EMAIL if speech.channel is Channel.EMAIL else 1
    allowed = [o for o, _ in offers if o.purpose is Purpose.SERVICE or preference.marketing]
    return [_pitch(speech, offer, report) for offer in allowed[:most]]


def _pitch(speech: _Speech, offer: Offer, report: ReportProblem | None) -> _Pitch:
    target = offer.link or speech.answer.link or speech.links.base_url
    link = speech.links.to(target, offer.id)
    customer = speech.customer
    profile = customer.profile.model_dump(mode="json")
    names = {n: greeting_name(profile[n]) for n in ("first_name", "last_name")}
    about = {**customer.attributes, **profile, **names, "interests": customer.interests}
    variables = {
        "customer": View(plain(about)),
        "offer": View({"id": offer.id, "title": plain(offer.title), "ends_at": offer.ends_at}),
        "brand": plain(speech.brand.name),
        "link": link,
    }
    text, problem = render_offer(offer, speech.channel, variables)
    if problem is not None and report is not None:
        report(offer.id, problem)
    if link not in text and speech.channel not in _SILENT_ON_LINKS | {Channel.EMAIL}:
        text = f"{text} {link}"
    return _Pitch(offer, text, link)


def _text(speech: _Speech, pitch: _Pitch | None, reply_to: str | None) -> Reply:
    """The richest form that fits; what it takes is measured as the carrier will."""
    limit = LIMITS[speech.channel]
    for step in _steps(speech, pitch):
        text = _assemble(speech, pitch if step.pitch else None, step)
        links = speech.links.short_urls()
        if limit.measure(text, links) > step.within:
            continue
        marketing = step.pitch and pitch is not None and pitch.offer.purpose is Purpose.MARKETING
        return Reply(
            channel=speech.channel,
            to=speech.to,
            text=text,
            reply_to=reply_to if speech.channel is Channel.X_REPLY else None,
            purpose=Purpose.MARKETING if marketing else Purpose.SERVICE,
            segments=segments(text) if speech.channel is Channel.SMS else 1,
            language=speech.language,
            # Of an offer that is said without its link, the link still tells that it was made.
            links=speech.links.used_in(text, pitch.link if step.pitch and pitch else ""),
        )
    raise PermanentError("the reply does not fit its channel", channel=speech.channel.value)


def _steps(speech: _Speech, pitch: _Pitch | None) -> Iterator[_Step]:
    limit = LIMITS[speech.channel]
    if pitch is not None:
        yield _Step(None, optional=True, pitch=True, link=True, within=limit.aim)
        yield _Step(None, optional=False, pitch=True, link=True, within=limit.aim)
        yield _Step(80, optional=False, pitch=True, link=True, within=limit.aim)
        yield _Step(None, optional=True, pitch=True, link=True, within=limit.most)
    yield _Step(None, optional=True, pitch=False, link=True, within=limit.most)
    yield _Step(None, optional=False, pitch=False, link=True, within=limit.most)
    for longest in (80, 40, 20):
        yield _Step(longest, optional=False, pitch=False, link=True, within=limit.most)
    yield _Step(20, optional=False, pitch=False, link=False, within=limit.most)


def _assemble(speech: _Speech, pitch: _Pitch | None, step: _Step) -> str:
    rendered = speech.told(step.longest)
    said = [s.text for s in rendered.sentences if step.optional or not s.optional]
    if speech.name is not None and rendered.greeted:
        said[0] = f"{speech.phrase('greeting')} {said[0]}"
    else:
        said[0] = _capitalised(said[0])
    if pitch is not None:
        said.append(pitch.text)
    elif speech.link is not None and step.link:
        said.append(speech.link)
    said += _farewell(speech, pitch)
    text = " ".join(said)
    if speech.channel in _SILENT_ON_LINKS:
        return without_urls(text)
    return to_gsm(text) if speech.channel is Channel.SMS else text


def _farewell(speech: _Speech, pitch: _Pitch | None) -> list[str]:
    """How to stop: in every call, and beside every marketing offer in a text. A call takes no
    answer to what it asks."""
    if speech.channel is Channel.VOICE:
        asked = [speech.phrase("answer_by_text")] if speech.answer.question else []
        return [*asked, speech.phrase("stop_calls")]
    marketing = pitch is not None and pitch.offer.purpose is Purpose.MARKETING
    return [speech.phrase("stop")] if marketing and speech.channel not in _UNANSWERABLE else []


def _email(speech: _Speech, pitches: list[_Pitch], unsubscribe_url: str | None) -> Reply:
    rendered = speech.told()
    said = [s.text for s in rendered.sentences]
    said[0] = _capitalised(said[0])
    greeting = speech.phrase("greeting") if speech.name and rendered.greeted else None
    marketing = any(p.offer.purpose is Purpose.MARKETING for p in pitches)
    if marketing and unsubscribe_url is None:
        unsubscribe_url = speech.links.to(f"{speech.links.base_url}/unsubscribe")
    parts: dict[str, Any] = {
        "language": speech.language,
        "brand": plain(speech.brand.name),
        "subject": rendered.subject or plain(speech.brand.name),
        "greeting": greeting,
        "sentences": said,
        "link": speech.link,
        "see": speech.phrase("see"),
        "offers": [{"text": p.text, "link": p.link} for p in pitches],
        "address": plain(speech.brand.postal_address) if marketing else None,
        "unsubscribe": speech.phrase("unsubscribe") if marketing else None,
        "unsubscribe_url": unsubscribe_url if marketing else None,
    }
    text, html = _email_text(parts), email_html(**parts)
    return Reply(
        channel=Channel.EMAIL,
        to=speech.to,
        text=text,
        subject=parts["subject"],
        html=html,
        purpose=Purpose.MARKETING if marketing else Purpose.SERVICE,
        language=speech.language,
        links=speech.links.used_in(text),
        unsubscribe_url=parts["unsubscribe_url"],
    )


def _email_text(parts: dict[str, Any]) -> str:
    blocks = [parts["greeting"], " ".join(parts["sentences"]), parts["link"]]
    for offer in parts["offers"]:
        shown = offer["link"] in offer["text"]
        blocks.append(offer["text"] if shown else f"{offer['text']}\n{offer['link']}")
    blocks.append(parts["address"])
    if parts["unsubscribe"]:
        blocks.append(f"{parts['unsubscribe']}: {parts['unsubscribe_url']}")
    return "\n\n".join(block for block in blocks if block)


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
