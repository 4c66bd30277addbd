"""Short answers to the question that our last reply asked."""

from __future__ import annotations

from typing import Literal

import pytest

from chalicelib.model import Intent, PendingQuestion

from .conftest import NOW, Ask

TWO = ("tb-44-blue", "tbl-42-grey")


def asked(
    kind: Literal["which_product", "restock", "opt_in"] = "which_product",
    products: tuple[str, ...] = TWO,
    **more: object,
) -> PendingQuestion:
    return PendingQuestion.model_validate(
        {"kind": kind, "product_ids": products, "asked_at": NOW, "intent": "price", **more}
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2", ["tbl-42-grey"]),
        ("the second", ["tbl-42-grey"]),
        ("the first one please", ["tb-44-blue"]),
        ("last one", ["tbl-42-grey"]),
        ("number one", ["tb-44-blue"]),
        ("the blue one", ["tb-44-blue"]),
        ("gtx", ["tb-44-blue"]),
        ("the low", ["tbl-42-grey"]),
        ("both", ["tb-44-blue", "tbl-42-grey"]),
        ("yes", ["tb-44-blue", "tbl-42-grey"]),
        ("44", ["tb-44-blue"]),
    ],
)
def test_an_answer_picks_among_the_products_offered(text: str, meant: list[str], ask: Ask) -> None:
    understood = ask(text, pending=asked())
    assert [match.product_id for match in understood.products] == meant
    assert understood.intent is Intent.PRICE
    assert understood.ambiguous == (len(meant) > 1)


def test_the_slots_of_the_question_are_carried_on(ask: Ask) -> None:
    pending = asked(products=("tb-41-blue", "tbl-41-grey"), slots={"size": "43"}, intent="nonsense")
    understood = ask("the first", pending=pending)
    assert understood.products[0].product_id == "tb-43-blue"
    assert understood.slots["size"] == "43"
    assert understood.intent is Intent.AVAILABILITY


def test_a_new_question_is_not_taken_for_an_answer(ask: Ask) -> None:
    understood = ask("when do you open on sunday", pending=asked())
    assert understood.intent is Intent.STORE_INFO
    assert ask("7", pending=asked()).products == ()
    assert ask("how much is the gtx", pending=asked("opt_in", ())).intent is Intent.PRICE
    assert ask("how much is the gtx", pending=asked("restock")).intent is Intent.PRICE
    assert ask("in a 43", pending=asked(products=("lh3", "np-King"))).products == ()


def test_yes_to_a_restock_offer_names_its_products(ask: Ask) -> None:
    understood = ask("yes please!", pending=asked("restock", ("tb-44-blue",), slots={"size": "44"}))
    assert understood.intent is Intent.YES
    assert [m.product_id for m in understood.products] == ["tb-44-blue"]
    assert understood.slots == {"size": "44"}


@pytest.mark.parametrize("kind", ["which_product", "restock", "opt_in"])
def test_no_is_no_whatever_was_asked(
    kind: Literal["which_product", "restock", "opt_in"], ask: Ask
) -> None:
    assert ask("no thanks", pending=asked(kind)).intent is Intent.NO


def test_yes_opts_in_only_where_that_was_asked(ask: Ask) -> None:
    assert ask("YES", pending=asked("opt_in", ())).intent is Intent.OPT_IN
    assert ask("YES").intent is Intent.YES


@pytest.mark.parametrize("kind", ["which_product", "restock", "opt_in"])
def test_stop_is_never_an_answer(
    kind: Literal["which_product", "restock", "opt_in"], ask: Ask
) -> None:
    assert ask("stop", pending=asked(kind)).intent is Intent.OPT_OUT


def test_products_that_are_gone_leave_the_answer_open(ask: Ask) -> None:
    understood = ask("the blue one", pending=asked(products=("gone", "away")))
    assert understood.products == ()
    assert ask("1", pending=asked(products=("gone",))).products[0].product_id == "gone"


def test_one_product_offered_and_a_colour_named_is_that_product(ask: Ask) -> None:
    understood = ask("in black", pending=asked(products=("tb-44-blue",)))
    assert understood.products[0].product_id == "tb-44-black"


def test_a_misspelt_name_still_picks_among_the_products_offered(ask: Ask) -> None:
    understood = ask("the stridr", pending=asked(products=("ab-42-brown", "str-9-white")))
    assert [match.product_id for match in understood.products] == ["str-9-white"]
