"""The price list, and what is assumed where nothing can be measured without AWS (`prices.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class Price:
    """`usd` for `per` units, as read in the month `as_of`; `source` is AWS's page."""

    usd: float
    per: float
    unit: str
    what: str
    as_of: str
    source: str

    def of(self, units: float) -> float:
        """Dollars for so many units."""
        return units * self.usd / self.per


@dataclass(frozen=True)
class Assumption:
    value: float
    why: str


@dataclass(frozen=True)
class Quota:
    """A default that AWS, or a carrier, raises on request."""

    value: float
    what: str
    source: str


@dataclass(frozen=True)
class PriceList:
    """Prices of one region, as of one day. `free` units a month are told, never counted."""

    region: str
    as_of: str
    prices: Mapping[str, Price]
    free: Mapping[str, float]
    assumed: Mapping[str, Assumption]
    quotas: Mapping[str, Quota]

    def __getitem__(self, name: str) -> Price:
        return self.prices[name]

    def assume(self, name: str) -> float:
        """The value of an assumption."""
        return self.assumed[name].value


def load(path: Path = FILE) -> PriceList:
    """Raises KeyError, TypeError or ValueError for a list that lacks something."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return PriceList(
        region=told["region"],
        as_of=told["as_of"],
        prices={name: Price(**price) for name, price in told["prices"].items()},
        free=told["free"],
        assumed={name: Assumption(**each) for name, each in told["assumed"].items()},
        quotas={name: Quota(**each) for name, each in told["quotas"].items()},
    )
