"""What a reply may carry, and how it stays within its channel's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import PermanentError
from chalicelib.model import Channel, EmailWording, Preference, Purpose
from chalicelib.replies import Answer, acknowledge
from chalicelib.replies.limits import LIMITS
from chalicelib.replies.plain import clean, clip
from chalicelib.replies.sms import to_gsm

from .shop import (
    BASE_URL,
    BRAND,
    GONE,
    answer,
    by,
    joe,
    means,
    offer,
    product,
    say,
    shop,
    store,
)

IN_STOCK = answer(means("availability", "tb-44", size="44"))
TEN_OFF = offer(default="10% off all trail shoes this week, {{ customer.first_name }}.")


def test_the_answer_the_offer_its_link_and_how_to_stop() -> None:
    said = say(IN_STOCK, by("sms", marketing=True), [TEN_OFF])
    assert said.text == (
        "Hi Joe, yes: the Trailblazer GTX in 44 is in stock at Broadway, 1 Broadway, New York "
        "(3 left) at 129.90 USD. 10% off all trail shoes this week, Joe. "
        "https://rjdr.co/r/tok0000002 Reply STOP to opt out."
    )
    assert said.segments == 2
    assert said.purpose is Purpose.MARKETING
    assert [(link.offer_id, link.decision_id) for link in said.links] == [("trail-10", "d1")]


def test_an_offer_leads_where_it_says_else_to_the_product() -> None:
    marketing = by("sms", marketing=True)
    to_sale = offer(link="https://shop.example/sale")
    assert say(IN_STOCK, marketing, [to_sale]).links[0].url == "https://shop.example/sale"
    assert say(IN_STOCK, marketing, [TEN_OFF]).links[0].url == "https://shop.example/p/tb-44"
    nowhere = Answer("declined", offers=True)
    assert say(nowhere, marketing, [TEN_OFF]).links[0].url == BASE_URL


def test_one_offer_in_a_text_and_three_in_an_email() -> None:
    offers = [offer(f"o{n}", default=f"Offer number {n}.") for n in range(5)]
    text = say(IN_STOCK, by("sms", marketing=True), offers).text
    assert "Offer number 0." in text
    assert "Offer number 1." not in text
    email = say(IN_STOCK, by("email", marketing=True), offers).text
    assert [n for n in range(5) if f"Offer number {n}." in email] == [0, 1, 2]


# --- COMPLIANCE, sentence by sentence ----------------------------------------------------------


def test_without_consent_the_offer_is_left_out_and_the_answer_still_goes_out() -> None:
    said = say(IN_STOCK, by("sms"), [TEN_OFF])
    assert "in stock" in said.text
    assert "10%" not in said.text
    assert said.purpose is Purpose.SERVICE


def test_a_service_offer_needs_no_marketing_consent() -> None:
    said = say(IN_STOCK, by("sms"), [TEN_OFF, offer("care", Purpose.SERVICE, default="Care tips:")])
    assert "Care tips: https://rjdr.co/r/tok0000002" in said.text
    assert "STOP" not in said.text
    assert said.purpose is Purpose.SERVICE


@pytest.mark.parametrize("marketing", [True, False])
def test_a_public_reply_is_never_promotional_never_personal(marketing: bool) -> None:
    public = by("x_reply", marketing=marketing)
    found = answer(means("availability", "tb-44", size="44"), preference=public)
    said = say(found, public, [TEN_OFF, offer("care", Purpose.SERVICE)], reply_to="777")
    assert all(word not in said.text for word in ("Joe", "Broadway", "off", "STOP"))
    assert said.reply_to == "777"
    assert said.purpose is Purpose.SERVICE


def test_an_unlinked_account_gets_no_name_and_no_offer() -> None:
    unlinked = by("x_dm", marketing=True, personal=False)
    said = say(answer(means("price", "tb-44"), preference=unlinked), unlinked, [TEN_OFF])
    assert "Joe" not in said.text
    assert "10%" not in said.text
    assert said.reply_to is None


@pytest.mark.parametrize("intent", ["opt_out", "opt_in", "help", "complaint", "human", "other"])
def test_one_confirmation_without_promotion(intent: str) -> None:
    said = say(answer(means(intent)), by("sms", marketing=True), [TEN_OFF])
    assert "10%" not in said.text
    assert said.purpose is Purpose.SERVICE


def test_voice_has_an_opt_out_in_the_call_and_no_links() -> None:
    said = say(IN_STOCK, by("voice", marketing=True), [TEN_OFF]).text
    assert said.endswith("To stop these calls, press 9 and we will not call again.")
    assert "http" not in said


def test_what_a_call_offers_is_said_without_its_link_and_counts_as_offered() -> None:
    linked = offer("look", default="Look here: {{ link }}. Or at www.shop.example/look, today!")
    said = say(IN_STOCK, by("voice", marketing=True), [linked])
    assert "Look here. Or at, today!" in said.text
    assert said.language == "en"
    assert [link.offer_id for link in said.links] == ["look"]
    assert say(IN_STOCK, by("voice"), [linked]).links == ()


def test_what_a_call_asks_is_answered_by_text() -> None:
    gone = shop(product("tb-44", stock=GONE))
    asks = answer(means("availability", "tb-44", size="44"), assortment=gone)
    assert asks.question is not None
    assert "Please answer by text message. To stop" in say(asks, by("voice")).text
    assert "by text message" not in say(IN_STOCK, by("voice")).text


@pytest.mark.parametrize(
    ("language", "key"), [("en", "press 9"), ("es", "pulsa 9"), ("fr", "sur 9"), ("de", "die 9")]
)
def test_a_call_tells_in_its_own_language_how_to_stop_it(language: str, key: str) -> None:
    helped = replace(answer(means("help")), language=language)
    said = say(helped, by("voice"))
    assert said.language == language
    assert key in said.text


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_an_acknowledgement_names_nobody_and_nothing(language: str) -> None:
    said = acknowledge(language, to="1234", reply_to="777")
    assert (said.channel, said.reply_to, said.purpose) == (Channel.X_REPLY, "777", Purpose.SERVICE)
    assert not any(c.isdigit() for c in said.text)
    assert len(said.text) <= 60
    assert said.links == ()


def test_marketing_email_has_one_click_unsubscribe_and_a_physical_address() -> None:
    said = say(IN_STOCK, by("email", marketing=True), [TEN_OFF])
    assert said.unsubscribe_url is not None
    for part in (said.text, said.html or ""):
        assert BRAND.postal_address in part
        assert said.unsubscribe_url in part
    assert [link.url for link in said.links][-1] == f"{BASE_URL}/unsubscribe"
    given = say(
        IN_STOCK, by("email", marketing=True), [TEN_OFF], unsubscribe_url="https://u.example/1"
    )
    assert given.unsubscribe_url == "https://u.example/1"


def test_a_service_email_is_free_of_both() -> None:
    said = say(IN_STOCK, by("email"), [TEN_OFF])
    assert said.unsubscribe_url is None
    assert BRAND.postal_address not in said.text


# --- e-mail ------------------------------------------------------------------------------------


def test_an_email_has_a_subject_a_text_and_an_escaped_html() -> None:
    evil = shop(product("tb-44", title="<script>alert(1)</script> & Co"))
    found = answer(means("availability", "tb-44", size="44"), None, evil, preference=by("email"))
    said = say(found, by("email"))
    assert said.subject == "<script>alert(1)</script> & Co: in stock"
    assert said.text.startswith("Hi Joe,\n\nYes: the <script>")
    assert said.html is not None
    assert "<script>" not in said.html
    assert "&lt;script&gt;" in said.html


def test_an_offers_email_wording_keeps_its_paragraphs_and_its_link() -> None:
    wording = EmailWording(subject="Ten off", body="First.\n\nSecond: {{ link }}")
    said = say(IN_STOCK, by("email", marketing=True), [offer(email=wording)])
    assert "First.\n\nSecond: https://rjdr.co/r/tok0000002\n\n" in said.text
    assert said.html is not None
    assert said.html.count("First.</p>") == 1


# --- offers that do not fit this customer ------------------------------------------------------


def problems(*offers: Any, customer: Any = None, channel: str = "sms") -> tuple[str, list[Any]]:
    heard: list[Any] = []
    said = say(
        IN_STOCK,
        by(channel, marketing=True),
        offers,
        customer,
        report=lambda offer_id, problem: heard.append((offer_id, problem)),
    )
    return said.text, heard


def test_a_missing_attribute_falls_back_to_the_default_wording_and_is_reported() -> None:
    text, heard = problems(offer(sms="For {{ customer.tier }} only!", default="For you only!"))
    assert "For you only!" in text
    assert heard[0][0] == "trail-10"
    assert "tier" in heard[0][1]


def test_then_to_the_title() -> None:
    text, heard = problems(offer(default="{{ customer.tier }}"))
    assert "10% off trail shoes https" in text
    assert len(heard) == 1


def test_an_attribute_on_record_is_used() -> None:
    text, heard = problems(
        offer(
            sms="For {{ customer.tier|upper }}, {{ customer.size.eu }}, "
            "{{ customer.interests|join('+') }}."
        ),
        customer=joe(attributes={"tier": "gold", "size": {"eu": 44}}),
    )
    assert "For GOLD, 44, running." in text
    assert heard == []


def test_a_default_filter_speaks_for_the_nameless() -> None:
    nameless = joe(profile={"first_name": None})
    text, heard = problems(
        offer(sms="Hello {{ customer.first_name | default('you') }}!"), customer=nameless
    )
    assert "Hello you!" in text
    assert heard == []


@pytest.mark.parametrize(
    "wording",
    [
        "{{ 1 / 0 }}",
        "   ",
        "{{ customer['__class__'] }}",
        "{{ offer.title | truncate(-9) }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 'x' * 3000 }}",
        "{{ broken",
    ],
)
def test_whatever_a_template_does_the_answer_goes_out(wording: str) -> None:
    text, heard = problems(offer(sms=wording))
    assert "10% off trail shoes" in text
    assert len(heard) == 1


def test_a_report_never_quotes_a_value() -> None:
    _, heard = problems(offer(sms="{{ customer.first_name + 1 }}"))
    assert heard == [("trail-10", "wording.sms: TypeError")]


# --- limits ------------------------------------------------------------------------------------


WEEK = (
    "A whole week long you get ten percent off all our trail shoes, socks and jackets, "
    "in every one of our stores, all day long"
)


def test_within_two_segments_optional_sentences_go_before_the_offer() -> None:
    long_offer = offer(sms=f"{WEEK}, and free laces.")
    found = answer(means("availability", "tb-44"))
    said = say(found, by("sms", marketing=True), [long_offer])
    assert said.segments == 2
    assert "We have it in" not in said.text
    assert "free laces" in said.text


def test_then_the_address_goes_before_the_offer() -> None:
    far = shop(
        product("tb-44"),
        stores=[store("broadway", address="1 Broadway, Manhattan, New York, NY 10004, USA")],
    )
    found = answer(means("availability", "tb-44", size="44"), None, far)
    said = say(found, by("sms", marketing=True), [offer(sms=f"{WEEK}, and free laces.")])
    assert said.segments == 2
    assert "at Broadway (3 left)" in said.text
    assert "free laces" in said.text


def test_an_offer_may_take_four_segments_and_no_more() -> None:
    assert say(IN_STOCK, by("sms", marketing=True), [offer(sms="wow " * 80)]).segments == 4
    dropped = say(IN_STOCK, by("sms", marketing=True), [offer(sms="wow " * 200)])
    assert "wow" not in dropped.text
    assert "129.90 USD" in dropped.text
    assert dropped.links[0].offer_id is None


def test_a_title_is_cut_between_words_a_price_never() -> None:
    wordy = shop(product("tb-44", title="Trailblazer " * 40))
    said = say(
        answer(means("availability", "tb-44", size="44"), None, wordy, preference=by("x_reply")),
        by("x_reply"),
    )
    assert "129.90 USD" in said.text
    assert "Trailblazer…" in said.text
    assert said.links


def test_without_room_for_it_even_the_link_goes() -> None:
    wordy = shop(product("tb-44", title="字" * 400))
    found = answer(means("availability", "tb-44", size="44"), None, wordy)
    said = say(found, base_url=f"https://{'a' * 240}.example")
    assert "129.90 USD" in said.text
    assert said.links == ()


def test_what_cannot_fit_at_all_is_an_error_not_a_torso() -> None:
    public = by("x_reply")
    endless = replace(BRAND, support_contact="a" * 400)
    with pytest.raises(PermanentError):
        say(answer(means("help"), preference=public), public, brand=endless)


def test_without_a_channel_there_are_no_words() -> None:
    with pytest.raises(PermanentError):
        say(IN_STOCK, Preference())


def test_a_smart_quote_costs_nothing_in_gsm() -> None:
    quoted = shop(product("tb-44", title="Trailblazer \u201cGTX\u201d"))
    said = say(answer(means("availability", "tb-44", size="44"), None, quoted))
    assert 'the Trailblazer "GTX" in 44' in said.text
    assert said.segments == 1


@pytest.mark.parametrize("language", ["de", "de-AT", "", "../en", "x" * 30])
def test_a_language_we_do_not_speak_is_answered_in_english(language: str) -> None:
    asked = means("thanks").model_copy(update={"language": language})
    assert say(answer(asked)).text == "You're welcome, Joe!"


texts = st.text(min_size=1, max_size=90).filter(lambda t: bool(clean(t)))
titles = st.one_of(
    texts,
    st.text(alphabet="ab .字😀é{}%\n'", min_size=1, max_size=500).filter(lambda t: bool(clean(t))),
)


@settings(max_examples=120, deadline=None)
@given(
    name=st.none() | texts,
    title=titles,
    store_name=titles.map(lambda t: t[:200]),
    address=st.none() | titles,
    wording=st.text(max_size=400),
    channel=st.sampled_from(["sms", "x_reply", "x_dm", "email", "whatsapp", "voice", "push"]),
    intent=st.sampled_from(["availability", "price", "product_advice", "store_info"]),
    gone=st.booleans(),
)
def test_whatever_they_are_called_replies_keep_their_limits_and_their_facts(
    name: str | None,
    title: str,
    store_name: str,
    address: str | None,
    wording: str,
    channel: str,
    intent: str,
    gone: bool,
) -> None:
    stock = GONE if gone else {"broadway": 3}
    assortment = shop(
        product("a", title=title, stock=stock),
        product("b", title=title, item_group_id="b", price="119.50 USD"),
        stores=[store("broadway", name=store_name, address=address)],
    )
    customer = joe(profile={"first_name": name})
    preference = by(channel, marketing=channel != "x_reply")
    asked = means(intent, "a", size="44", category="shoes")
    found = answer(asked, customer, assortment, preference=preference)
    said = say(found, preference, [offer(default=wording)], customer)
    limit = LIMITS[Channel(channel)]
    links = [f"{BASE_URL}/r/{link.token}" for link in said.links]
    assert limit.measure(said.text, links) <= limit.most
    assert said.text == said.text.strip()
    assert channel == "email" or "\n" not in said.text
    said.model_dump_json()
    if intent != "store_info":
        assert "119.50 USD" in said.text or "129.90 USD" in said.text
        head = clip(clean(title), 20).removesuffix("…").casefold()
        assert head in said.text.casefold() or to_gsm(head) in said.text.casefold()
