"""A whole message, from its words to its meaning; and that nothing can break it."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.model import Channel, Intent, Message, PendingQuestion, Understanding
from chalicelib.understanding import ProductIndex, is_withdrawal, understand
from chalicelib.understanding.intent import WEIGHTS, probabilities
from chalicelib.understanding.language import language, plain, sentences
from tests.benchmarks import assortment

from .conftest import NOW, Ask

INDEX = ProductIndex(assortment.products())
PENDING = PendingQuestion(
    kind="which_product", product_ids=("tb-44-blue", "tbl-42-grey"), asked_at=NOW
)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("@retailerxyz do you have the Trailblazer GTX in a 44?", Intent.AVAILABILITY),
        ("how much r the gtx", Intent.PRICE),
        ("when do u close on sunday", Intent.STORE_INFO),
        ("wheres my order 10023", Intent.ORDER_STATUS),
        ("what would you recommend for muddy trails", Intent.PRODUCT_ADVICE),
        ("START", Intent.OPT_IN),
        ("unstop!", Intent.OPT_IN),
        ("HELP", Intent.HELP),
        ("Info?", Intent.HELP),
        ("text me instead", Intent.CHANNEL_PREFERENCE),
        ("this is the third time my parcel is late, unacceptable", Intent.COMPLAINT),
        ("can I talk to a real person", Intent.HUMAN),
        ("thx!", Intent.THANKS),
        ("YES", Intent.YES),
        ("nope", Intent.NO),
        ("check out my new mixtape link in bio", Intent.OTHER),
        ("??!", Intent.OTHER),
        ("🙏", Intent.THANKS),
        ("I really love your shop. Do you have the alpine boot in 43?", Intent.AVAILABILITY),
    ],
)
def test_each_intent_is_understood(text: str, intent: Intent, ask: Ask) -> None:
    understood = ask(text)
    assert understood.intent is intent
    assert understood.confidence >= 0.55


def test_slots_speak_to_the_intent(ask: Ask) -> None:
    assert ask("wheres my order 10023").slots == {"order_id": "10023"}
    assert ask("when does broadway close on sunday").slots == {"store_id": "broadway", "day": "sun"}
    assert ask("don't call me, text me please").slots == {"channel": "sms", "not_channel": "voice"}


def test_noise_is_not_understood_with_confidence(ask: Ask) -> None:
    assert ask("zxqv plorb wug", threshold=0.55).confidence < 0.7


@pytest.mark.parametrize(
    ("text", "stated", "tag"),
    [
        ("do you have this in blue", None, "en"),
        ("¿dónde está mi pedido?", None, "es"),
        ("où est ma commande s'il vous plaît", None, "fr"),
        ("wo ist meine bestellung bitte", None, "de"),
        ("44?", None, "en"),
        ("44?", "fr-CA", "fr"),
        ("44?", "und", "en"),
        ("", None, "en"),
    ],
)
def test_the_language_is_told_by_its_small_words(text: str, stated: str | None, tag: str) -> None:
    assert language(text, stated) == tag


def test_plain_text_has_one_spelling() -> None:
    assert plain(
        "@shop  SOOOO  go\u0300o\u0301d — https://x.example #TrailBlazerGTX a@b.example"
    ) == ("soo good — url trail blazer gtx")
    assert plain("it\u2019s 10½") == "it's 10.5"
    assert sentences("hi. ok? ...") == ["hi.", "ok?"]


def test_probabilities_sum_to_one_and_the_weights_stay_small() -> None:
    assert sum(probabilities("where is it. how much is it?").values()) == pytest.approx(1)
    assert WEIGHTS.stat().st_size < 300_000


TEXTS = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="سلامשלום कहाँ 我要退货 \u200f\u202e", max_size=80),
    st.text(alphabet="stop\u0301\u0300\u0336\u20dd texting me", max_size=80),
    st.lists(
        st.sampled_from(["stop", "in a 44", "trailblazer", "order #", "@x", "👍", "second", "\n>"]),
        max_size=12,
    ).map(" ".join),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, pending=st.sampled_from([None, PENDING]))
def test_any_text_has_a_meaning(text: str, pending: PendingQuestion | None) -> None:
    understood = understand(
        Message(channel=Channel.SMS, text=text), INDEX, stores=assortment.stores(), recent=(),
        pending=pending, threshold=0.55,
    )  # fmt: skip
    assert Understanding.model_validate(understood.model_dump()) == understood
    assert all(INDEX.get(match.product_id) for match in understood.products)
    if is_withdrawal(text):
        assert understood.intent is Intent.OPT_OUT


@pytest.mark.parametrize(
    "unit",
    ["a", "stop ", "do not want to ", "trailblazzer ", "order ", "4", "in a ", "a@", "@", "😀",
     "e\u0301\u0336", "please stop sending me the ", ">\n", "no more ", "text, ", "ab'", "x-",
     "xqzvkw", "the the ", " ", "\n", "take me off the list of the ", "#", "\u202e", "\uff11"],
)  # fmt: skip
def test_ten_thousand_characters_take_bounded_time(unit: str, ask: Ask) -> None:
    text = (unit * 10_000)[:10_000]
    ask("warm up")
    began = time.process_time()
    ask(text)
    assert time.process_time() - began < 1.5
