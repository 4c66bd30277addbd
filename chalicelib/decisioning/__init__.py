"""Decides which offers are best for one customer at one moment, and says why. Pure: no I/O at all.

A catalog, when it is published
    predicates    rules taken apart into conditions that they share
    dimensions    classes of values that no rule tells apart       indexing    rows of bits by class
    expressions   rules as steps, and steps as Python functions    compiling   all of it, in order
    sections, shelf, blocks    the file: its form, sources packed, positions in blocks
    compiled      the file opened in place

A decision
    view, kinds, situation     what rules and features read of the customer
    eligibility, values, moments    what rules mean: CEL's operators, as closures
    index         the customer's classes, and which offers they leave possible
    features, scoring, affinity     how likely, by one linear model; which topics concern them
    search, ranking            the eligible offers, best first, looking at few
    policy, arbitration        caps, limits and exclusive groups; which are made
    engine        all of it, in order

Why
    explanation, words, reasons     what failed, and by how much, in plain words
"""

from __future__ import annotations

from .compiled import Artifact, Catalog, open_catalog
from .compiling import compile_catalog
from .engine import CODE_VERSION, Account, Engine
from .features import FEATURES, Feature
from .scoring import PRIOR, Model

__all__ = [
    "CODE_VERSION",
    "FEATURES",
    "PRIOR",
    "Account",
    "Artifact",
    "Catalog",
    "Engine",
    "Feature",
    "Model",
    "compile_catalog",
    "open_catalog",
]
