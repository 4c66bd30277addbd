"""Decides which offers are best for one customer at one moment, and says why. Pure: no I/O at all.

A catalog, when it is published
    predicates    rules taken apart into conditions that they share
    selectivity   which of a rule's conditions are tried first
    dimensions    classes of values that no rule tells apart       indexing    rows of bits by class
    expressions   rules as steps, and steps as Python functions    compiling   all of it, in order
    sections, shelf, blocks    the file: its form, sources packed, positions in blocks
    compiled      the file opened in place

A decision
    view, kinds, situation     what rules and features read of the customer
    eligibility, values, moments    what rules mean: CEL's operators, as closures
    index         the customer's classes, and which offers they leave possible
    features, scoring, affinity     how likely, by one linear model; which topics concern them
    ranking       one catalog's rules as functions, kept between decisions
    terms         the customer prepared for that catalog; scores
    search, sight              the eligible offers, best first, looking at few
    policy, arbitration        caps, limits and exclusive groups; which are made
    engine        all of it, in order

    choosing, exploring        which slates may be chosen, and the exact probability of each

What is learned (numpy; only models that were learned need it)
    statistics    outcomes as sums, exact in any order          learning    weights and ensemble
    habits        everybody's orders, counted                   patterns    the tables they make
    past, tendencies           the customer's own past in numbers, and features of every category
    ground                     what these are where nothing is known of the customer
    leanings, outlook, table   their weights; what they say of a customer; all offers at once
    scores, estimation         what past moments were worth; what another policy would have earned
    groups        how the control group, a candidate's customers and the others fare, compared
    packing       a model as a file

Why
    explanation, words, reasons     what failed, and by how much, in plain words
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import exports

if TYPE_CHECKING:
    from .compiled import Artifact, Catalog, open_catalog
    from .compiling import compile_catalog
    from .engine import CODE_VERSION, Account, Engine
    from .features import FEATURES, Feature
    from .scoring import PRIOR, Model
    from .situation import LATEST_ORDERS
    from .view import unprofiled

__all__ = [
    "CODE_VERSION",
    "FEATURES",
    "LATEST_ORDERS",
    "PRIOR",
    "Account",
    "Artifact",
    "Catalog",
    "Engine",
    "Feature",
    "Model",
    "compile_catalog",
    "open_catalog",
    "unprofiled",
]

__getattr__ = exports(
    __name__,
    {
        "compiled": ["Artifact", "Catalog", "open_catalog"],
        "compiling": ["compile_catalog"],
        "engine": ["CODE_VERSION", "Account", "Engine"],
        "features": ["FEATURES", "Feature"],
        "scoring": ["PRIOR", "Model"],
        "situation": ["LATEST_ORDERS"],
        "view": ["unprofiled"],
    },
)
