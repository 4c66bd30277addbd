"""What is answered to each intent."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.assortment import Assortment
from chalicelib.model import Intent, Understanding
from chalicelib.replies import compose_restock

from .shop import (
    BRAND,
    GONE,
    NOW,
    SHOP,
    TRAIL,
    answer,
    asked_of_us,
    by,
    joe,
    means,
    order,
    product,
    say,
    shop,
    viewed,
)

RIDGE = product("rr-46", title="Ridge Runner", item_group_id="rr", size="46", price="119.00 USD")


# --- availability ------------------------------------------------------------------------------


def test_joes_question_is_answered_with_store_units_and_price() -> None:
    said = say(answer(means("availability", "tb-44", size="44")))
    assert said.text == (
        "Hi Joe, yes: the Trailblazer GTX in 44 is in stock at Broadway, 1 Broadway, New York "
        "(3 left) at 129.90 USD. https://rjdr.co/r/tok0000001"
    )


def test_in_public_neither_name_nor_store_near_home() -> None:
    found = answer(means("availability", "tb-44", size="44"), preference=by("x_reply"))
    said = say(found, by("x_reply"))
    assert said.text == (
        "Yes: the Trailblazer GTX in 44 is in stock at 129.90 USD. https://rjdr.co/r/tok0000001"
    )


def test_a_store_named_in_public_is_answered_in_public() -> None:
    asked = means("availability", "tb-44", size="44", store_id="broadway")
    assert answer(asked, preference=by("x_reply")).facts["store"]["name"] == "Broadway"


def test_a_store_without_it_is_said_before_the_one_that_has_it() -> None:
    said = say(answer(means("availability", "tb-44", size="44", store_id="soho"))).text
    assert said.startswith("Hi Joe, not at Soho just now, but the Trailblazer GTX in 44 is in")
    assert "Broadway" in said


def test_many_left_is_not_counted_out() -> None:
    plenty = shop(product("tb-44", stock={"broadway": 57}))
    assert "left" not in say(answer(means("availability", "tb-44", size="44"), None, plenty)).text


def test_the_size_asked_for_is_found_in_its_group() -> None:
    found = answer(means("availability", "tb-44", size="43"))
    assert found.facts["product"]["size"] == "43"


def test_the_colour_asked_for_is_found_in_its_group() -> None:
    red = product("tb-44-red", color="red")
    found = answer(means("availability", "tb-44", size="44", color="red"), None, shop(TRAIL, red))
    assert found.link == red.link
    assert say(found).text.startswith("Hi Joe, yes: the Trailblazer GTX in red, size 44 is in")


def test_a_colour_in_the_title_is_not_said_twice() -> None:
    red = product("r", title="Red Trailblazer 44", color="red")
    asked = means("availability", "r", color="red", size="44")
    assert "the Red Trailblazer 44 is in stock" in say(answer(asked, None, shop(red))).text


def test_who_names_no_size_is_told_the_sizes() -> None:
    said = say(answer(means("availability", "tb-44"))).text
    assert "the Trailblazer GTX is in stock" in said
    assert "We have it in 43 and 44." in said
    assert "left" not in said


def test_who_names_no_size_is_told_of_the_sizes_that_are_left() -> None:
    found = answer(means("availability", "tb-46"))
    assert (found.kind, found.facts["sizes"]) == ("in_stock", ("43", "44"))


def test_a_size_not_carried_is_said_with_those_that_are() -> None:
    said = say(answer(means("availability", "tb-44", size="50"))).text
    assert said.startswith(
        "Hi Joe, sorry, we do not carry the Trailblazer GTX in 50. We have it in 43 and 44."
    )


def test_sizes_in_letters_come_after_those_in_numbers() -> None:
    sized = [product(f"s{s}", size=s) for s in ("M", "42.5", "9", "42")]
    assert answer(means("availability", "sM", size="XXL"), None, shop(*sized)).facts["sizes"] == (
        "9",
        "42",
        "42.5",
        "M",
    )


def test_a_product_without_sizes_is_answered_whatever_size_was_heard() -> None:
    bottle = product("b", title="The Bottle", size=None, item_group_id=None, stock={})
    said = say(answer(means("availability", "b", size="44", color="red"), None, shop(bottle))).text
    assert said.startswith("Hi Joe, yes: The Bottle in blue is in stock at 129.90 USD.")


def test_out_of_stock_names_the_closest_and_offers_to_tell() -> None:
    found = answer(
        means("availability", "tb-46", size="46"), None, shop(*SHOP.products.values(), RIDGE)
    )
    assert found.question is not None
    assert (found.question.kind, found.question.product_ids) == ("restock", ("tb-46",))
    assert say(found).text == (
        "Hi Joe, sorry, the Trailblazer GTX in 46 is out of stock just now. The closest we have is "
        "the Ridge Runner in 46 at 119.00 USD, at Broadway, 1 Broadway, New York. Reply YES and we "
        "will tell you when the Trailblazer GTX is back. https://rjdr.co/r/tok0000001"
    )


def test_out_of_stock_in_public_asks_nothing() -> None:
    found = answer(means("availability", "tb-46", size="46"), preference=by("x_reply"))
    assert found.question is None
    assert "YES" not in say(found, by("x_reply")).text


def test_with_nothing_close_only_the_promise_is_left() -> None:
    only = shop(product("tb-46", size="46", stock=GONE))
    found = answer(means("availability", "tb-46", size="46"), None, only)
    assert found.facts["alternative"] is None
    assert found.link == "https://shop.example/p/tb-46"


def test_the_closest_is_first_the_same_in_another_colour() -> None:
    gone = product("tb-46", size="46", stock=GONE)
    red = product("tb-46-red", size="46", color="red")
    found = answer(
        means("availability", "tb-46", size="46", color="blue"), None, shop(gone, RIDGE, red)
    )
    assert found.link == red.link


def test_then_the_same_size_of_its_kind_nearest_in_price_and_brand() -> None:
    gone = product("tb-46", size="46", stock=GONE)
    dear = product("dear", title="Summit", item_group_id="s", size="46", price="400.00 USD")
    other = product("other", title="Dash", item_group_id="d", size="46", brand="Other")
    road = product("road", title="Road", item_group_id="r", size="46", product_type="shoes/road")
    asked = means("availability", "tb-46", size="46")
    assert answer(asked, None, shop(gone, dear, other, RIDGE, road, TRAIL)).link == RIDGE.link


def test_then_the_nearest_other_size_of_the_same() -> None:
    gone = product("tb-46", size="46", stock=GONE)
    far = product("tb-41", size="41")
    found = answer(means("availability", "tb-46", size="46"), None, shop(gone, far, TRAIL))
    assert found.link == TRAIL.link


def test_free_things_have_a_closest_too() -> None:
    gone = product("a", price="0 USD", stock=GONE)
    free = product("b", price="0 USD", item_group_id="other")
    assert answer(means("availability", "a", size="44"), None, shop(gone, free)).link == free.link


def test_a_preorder_is_said_to_be_one() -> None:
    ahead = product("p", availability="preorder", stock={})
    found = answer(means("availability", "p", size="44"), None, shop(ahead))
    assert say(found).text.startswith(
        "Hi Joe, the Trailblazer GTX in 44 is not in yet, but you can order it ahead at 129.90 USD."
    )


@pytest.mark.parametrize("intent", ["availability", "price"])
def test_no_product_known_asks_which(intent: str) -> None:
    found = answer(means(intent, "long-gone"))
    assert (found.kind, found.question is not None) == ("ask_product", True)


# --- price -------------------------------------------------------------------------------------


def test_the_price_is_the_current_one_with_what_it_was() -> None:
    sale = shop(product("tb-44", sale_price="99.00 USD"))
    said = say(answer(means("price", "tb-44", size="44"), None, sale)).text
    assert said.startswith(
        "Hi Joe, the Trailblazer GTX in 44 is now 99.00 USD instead of 129.90 USD."
    )


def test_a_price_for_what_is_gone_says_so() -> None:
    assert "It is out of stock just now." in say(answer(means("price", "tb-46", size="46"))).text
    assert answer(means("price", "tb-44", size="99")).facts["price"] == "129.90 USD"


# --- which of two ------------------------------------------------------------------------------


def test_two_likely_products_are_asked_about() -> None:
    found = answer(means("price", "tb-44", "rr-46", ambiguous=True), None, shop(TRAIL, RIDGE))
    assert found.question is not None
    assert found.question.product_ids == ("tb-44", "rr-46")
    assert found.question.intent == "price"
    assert say(found).text == (
        "Hi Joe, which of these two do you mean: the Trailblazer GTX in 44 or the Ridge Runner "
        "in 46?"
    )


def test_two_of_one_title_are_told_apart() -> None:
    red = product("red", color="red")
    found = answer(means("price", "tb-44", "red", ambiguous=True), None, shop(TRAIL, red))
    assert say(found).text.endswith("the Trailblazer GTX in blue or the Trailblazer GTX in red?")


def test_two_of_which_one_is_gone_are_one() -> None:
    assert answer(means("price", "tb-44", "gone", ambiguous=True)).kind == "price"


# --- orders ------------------------------------------------------------------------------------


def test_the_order_asked_for_is_told_of() -> None:
    ann = joe(orders=(order("1042", 3), order("1043", 1, status="delivered")))
    assert say(answer(means("order_status", order_id="#1042"), ann)).text == (
        "Hi Joe, your order 1042 of 15 November is on its way. It came to 129.90 USD."
    )


def test_else_their_latest_order() -> None:
    ann = joe(orders=(order("1042", 3), order("1043", 1, status=None, currency=None)))
    assert say(answer(means("order_status"), ann)).text == (
        "Hi Joe, your order 1043 of 17 November is being worked on."
    )


def test_a_status_we_have_no_words_for_is_quoted() -> None:
    ann = joe(orders=(order("1", status="Customs"),), profile={"time_zone": "Mars/Olympus"})
    assert (
        'of 18 November has the status "customs".' in say(answer(means("order_status"), ann)).text
    )


def test_an_order_is_never_talked_about_in_public() -> None:
    ann = joe(orders=(order("1042"),))
    found = answer(means("order_status", order_id="1042"), ann, preference=by("x_reply"))
    said = say(found, by("x_reply"), customer=ann).text
    assert "1042" not in said
    assert "direct message" in said


def test_an_unlinked_account_is_told_how_to_link_it() -> None:
    unlinked = by("x_dm", personal=False)
    said = say(answer(means("order_status"), preference=unlinked), unlinked).text
    assert said.startswith("To talk about your orders here, we need your permission")
    assert BRAND.support_contact in said


def test_an_unknown_order_number_is_asked_for_again() -> None:
    found = answer(means("order_status", order_id="77"), joe(orders=(order("1"),)))
    assert say(found).text == "Hi Joe, we find no order 77 of yours. Could you check the number?"
    assert found.question is not None


def test_without_any_order_a_person_looks() -> None:
    assert answer(means("order_status")).handover == "no_order_found"


# --- advice ------------------------------------------------------------------------------------


def shelf() -> Assortment:
    return shop(
        TRAIL,
        product("tb-43", size="43"),
        RIDGE,
        product("walk", title="Stroller", item_group_id="w", price="40.00 USD"),
        product("run", title="Dash", item_group_id="d", description="For running", size="45"),
        product("far", title="Afar", item_group_id="f", stock=GONE),
        product("bag", title="Bag", item_group_id="bag", product_type="bags"),
    )


def test_advice_names_three_in_stock_that_fit_them_best() -> None:
    ann = joe(recent=(viewed("rr-46"),))
    found = answer(means("product_advice", category="shoes/trail"), ann, shelf())
    titles = [pick["title"] for pick in found.facts["suggestions"]]
    assert titles == ["Dash", "Ridge Runner", "Stroller"]
    assert say(found).text.startswith(
        "Hi Joe, for trail, we would look at the Dash (129.90 USD), the Ridge Runner (119.00 USD) "
        "or the Stroller (40.00 USD)."
    )


def test_advice_in_public_knows_nothing_of_them() -> None:
    found = answer(
        means("product_advice", category="trail"), None, shelf(), preference=by("x_reply")
    )
    titles = [pick["title"] for pick in found.facts["suggestions"]]
    assert titles == ["Stroller", "Ridge Runner", "Dash"]


def test_advice_keeps_to_the_size() -> None:
    found = answer(means("product_advice", category="shoes", size="46"), None, shelf())
    assert [p["title"] for p in found.facts["suggestions"]] == ["Ridge Runner"]


def test_advice_without_a_category_takes_that_of_the_product_or_of_their_views() -> None:
    assert answer(means("product_advice", "bag"), None, shelf()).facts["category"] == "bags"
    seen = joe().aggregates.model_copy(update={"view_count": {"shoes": 2, "shoes/trail": 2}})
    ann = joe(aggregates=seen)
    assert answer(means("product_advice", "gone"), ann, shelf()).facts["category"] == "trail"


def test_advice_about_nothing_in_particular_asks() -> None:
    found = answer(means("product_advice"), None, shelf())
    assert (found.kind, found.question is not None) == ("ask_wish", True)


def test_nothing_that_fits_is_said() -> None:
    found = answer(means("product_advice", category="tents"), None, shelf())
    assert say(found).text == "Hi Joe, sorry, we have nothing in tents just now."


# --- the customer decides ----------------------------------------------------------------------


def test_opting_out_is_confirmed_once_without_promotion() -> None:
    found = answer(means("opt_out"))
    assert not found.offers
    assert say(found).text == (
        "RetailerXYZ: you are unsubscribed and will get no more texts from us. "
        "Reply START to come back."
    )


def test_opting_out_of_another_channel_names_it() -> None:
    assert "no more e-mails" in say(answer(means("opt_out", channel="email"))).text
    found = answer(means("opt_out", not_channel="email", purpose="marketing"))
    assert "no more marketing e-mails" in say(found).text
    assert "no more messages" in say(answer(means("opt_out", channel="pigeon"))).text


def test_where_the_provider_has_answered_we_are_silent() -> None:
    assert answer(means("opt_out"), provider_handled=True).silent


def test_opting_in_names_rates_help_and_stop() -> None:
    said = say(answer(means("opt_in"))).text
    assert said.startswith("RetailerXYZ: you will get our texts again.")
    assert all(word in said for word in ("data rates", "HELP", "STOP"))


def test_help_names_brand_how_to_stop_rates_and_support_in_one_segment() -> None:
    said = say(answer(means("help")))
    assert all(w in said.text for w in ("RetailerXYZ", "STOP", "data rates", BRAND.support_contact))
    assert said.segments == 1


@pytest.mark.parametrize(
    ("slots", "said"),
    [
        ({"channel": "email"}, "noted: our messages will reach you by e-mail."),
        (
            {"channel": "sms", "not_channel": "voice", "purpose": "marketing"},
            "noted: our offers will reach you by text message, no longer by phone.",
        ),
        ({"not_channel": "sms"}, "noted: our messages will no longer reach you by text message."),
        ({"channel": "pigeon"}, "noted: our messages will reach you there."),
        ({"hours": "daytime"}, "noted: we will write to you in the daytime only."),
        ({"hours": "any"}, "noted: we may write to you at any time of day."),
        (
            {"channel": "sms", "hours": "any"},
            "noted: our messages will reach you by text message. We may write to you at any time"
            " of day.",
        ),
    ],
)
def test_a_channel_preference_is_confirmed(slots: dict[str, Any], said: str) -> None:
    assert say(answer(means("channel_preference", **slots))).text == f"Hi Joe, {said}"


@pytest.mark.parametrize(
    ("channel", "missing"),
    [("email", "e-mail address"), ("sms", "phone number"), ("x_dm", "X account")],
)
def test_a_channel_without_an_address_is_asked_for(channel: str, missing: str) -> None:
    nobody = joe(identities=())
    said = say(answer(means("channel_preference", channel=channel), nobody)).text
    assert f"we do not have your {missing} yet" in said


@pytest.mark.parametrize(
    ("spoken", "said"),
    [("es", "solo te escribiremos de día"), ("fr", "qu'en journée"), ("de", "nur noch tagsüber")],
)
def test_a_wish_for_the_daytime_is_confirmed_in_their_language(spoken: str, said: str) -> None:
    asked = means("channel_preference", hours="daytime").model_copy(update={"language": spoken})
    assert said in say(answer(asked)).text


def test_a_preference_for_nothing_is_asked_back() -> None:
    assert answer(means("channel_preference")).kind == "ask_back"


@pytest.mark.parametrize(
    ("intent", "reason"), [("complaint", "complaint"), ("human", "asked_for_a_person")]
)
def test_a_person_takes_over_and_we_say_so(intent: str, reason: str) -> None:
    found = answer(means(intent, confidence=0.1))
    assert found.handover == reason
    assert not found.offers
    assert "A colleague will" in say(found).text


def test_thanks_are_returned_but_not_in_public() -> None:
    assert say(answer(means("thanks"))).text == "You're welcome, Joe!"
    assert say(answer(means("thanks")), customer=joe(profile={"first_name": None})).text == (
        "You're welcome!"
    )
    assert answer(means("thanks"), preference=by("x_reply")).silent


# --- yes, no, and what was not understood ------------------------------------------------------


def test_yes_to_a_restock_question_is_a_promise() -> None:
    ann = joe(pending=asked_of_us("restock", "tb-46"))
    found = answer(means("yes"), ann)
    assert found.waits_for == "tb-46"
    assert say(found).text == (
        "Hi Joe, gladly: we will tell you when the Trailblazer GTX in 46 is back."
    )


def test_yes_to_an_opt_in_question_opts_in() -> None:
    assert answer(means("yes"), joe(pending=asked_of_us("opt_in"))).kind == "opted_in"


def test_yes_to_nothing_we_know_of_is_asked_back() -> None:
    assert answer(means("yes"), joe(pending=asked_of_us("restock", "gone"))).waits_for is None
    assert answer(means("yes")).kind == "ask_back"


def test_no_is_taken_for_an_answer() -> None:
    assert answer(means("no"), joe(pending=asked_of_us("restock", "tb-46"))).kind == "declined"
    assert answer(means("no")).kind == "ask_back"


@pytest.mark.parametrize("understood", [means("other"), means("price", "tb-44", confidence=0.5)])
def test_no_guess_is_presented_as_fact(understood: Understanding) -> None:
    found = answer(understood)
    assert found.kind == "ask_back"
    assert found.question is not None
    assert not found.offers


@pytest.mark.parametrize(
    "understood", [means("other"), means("price"), means("price", confidence=0)]
)
def test_we_ask_back_once_then_a_person_takes_over(understood: Understanding) -> None:
    ann = joe(pending=asked_of_us("which_product"))
    assert answer(understood, ann).handover == "not_understood"


@pytest.mark.parametrize("intent", list(Intent))
@pytest.mark.parametrize("channel", ["sms", "x_reply", "x_dm", "email", "voice", "whatsapp"])
def test_every_intent_has_words_on_every_channel(intent: Intent, channel: str) -> None:
    found = answer(means(intent, "tb-44"), preference=by(channel))
    assert say(found, by(channel)).text


# --- restock -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["46", None])
def test_the_promise_is_kept_in_words(size: str | None) -> None:
    back = product("tb-46", size=size, item_group_id=None, stock={"broadway": 2})
    found = compose_restock(
        back, joe(), assortment=shop(back), preference=by("sms"), now=NOW, brand=BRAND
    )
    what = f"the Trailblazer GTX{f' in {size}' if size else ''}"
    assert say(found).text.startswith(
        f"Hi Joe, good news: {what} is back in stock at Broadway, 1 Broadway, New York (2 left) at"
    )


def test_an_opt_out_that_is_only_suspected_is_asked_about() -> None:
    found = answer(means("opt_out", confidence=0.4))
    assert found.kind == "ask_opt_out"
    assert "STOP" in say(found, by("sms")).text
