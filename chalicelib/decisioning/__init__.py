"""Decides which offers are best for one customer at one moment, and says why. Pure: no I/O at all.

eligibility   an offer's rule, made into closures        values, moments   what CEL's operators do
policy        dates, purposes, caps, budgets             view              what rules may read
features      named numbers of customer and offer        situation         where they are looked up
scoring       probability by one linear model            arbitration       rank, groups, limit
explanation   which conditions failed, and by how much   words, reasons    the same in plain words
engine        all of it, in order                        digest            the inputs' fingerprint
"""

from __future__ import annotations

from .engine import BOTH_PURPOSES, CODE_VERSION, Engine
from .features import FEATURES, Feature
from .scoring import PRIOR, Model

__all__ = ["BOTH_PURPOSES", "CODE_VERSION", "FEATURES", "PRIOR", "Engine", "Feature", "Model"]
