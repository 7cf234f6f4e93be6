"""The bill of a host without a room here, out of prices that target.toml itself states, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pydantic import model_validator

from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.domain.traffic import HOURS_PER_MONTH
from harness.platforms.billing import Billing, How, ToldBy, Units
from harness.platforms.shared.terms import NONE, ONE, Amount, OwnPrice, PriceTerms, Size
from harness.platforms.shared.usage import Tariff, Usage

PRICES = ("per_hour", "per_million_requests", "per_gb_second", "per_gb_transfer", "per_month")
MILLION, GB = Decimal(10**6), Decimal(10**9)


class CustomTerms(PriceTerms):
    """One price or several; ``units`` is how many are kept of what is billed by the hour, ``memory_mb`` the size of an execution."""

    per_hour: OwnPrice | None = None
    units: Size = ONE
    autoscale: Amount = NONE
    per_million_requests: OwnPrice | None = None
    per_gb_second: OwnPrice | None = None
    memory_mb: Size | None = None
    per_gb_transfer: OwnPrice | None = None
    per_month: OwnPrice | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> CustomTerms:
        if not any(getattr(self, name) for name in PRICES):
            raise ValueError(f'want a price: {", ".join(PRICES)}, each as {{ usd = 0.05, source = "who says so" }}')
        if (self.per_gb_second is None) != (self.memory_mb is None):
            raise ValueError("per_gb_second and memory_mb go together")
        if self.per_hour is None and (alone := self.model_fields_set & {"units", "autoscale"}):
            raise ValueError(f"{' and '.join(sorted(alone))}: only what is billed per_hour is counted in units")
        return self

    @property
    def transfer(self) -> OwnPrice | None:
        return self.per_gb_transfer


def custom(tariff: Tariff, terms: CustomTerms, usage: Usage) -> Bill:
    """Whatever is priced: units by the hour, requests, GB-seconds of how long clients waited, a fee a month.

    Transfer stands in the shared layer, as any other model's. A fee a month is prorated by the hours.
    """
    del tariff
    busy = usage.billed_ms / 1000 * (terms.memory_mb or NONE) / 1024
    lines = (
        ("Units", usage.hours * terms.units, "unit-hour", "per_hour"),
        ("Requests", usage.requests / MILLION, "million requests", "per_million_requests"),
        ("Execution, as long as clients waited", busy, "GB-second", "per_gb_second"),
        ("Fee a month", usage.hours / HOURS_PER_MONTH, "month", "per_month"),
    )
    return Bill(
        tuple(
            LineItem(label, quantity, unit, own.usd, CostLayer.RUNTIME, Basis.MODELLED, f"custom.{name}", own.source)
            for label, quantity, unit, name in lines
            if (own := getattr(terms, name)) is not None
        )
    )


UNITS = Units(
    "units",
    declared=lambda terms: terms.units,
    sized=lambda terms, count: terms.model_copy(update={"units": count}),
    answers=False,
    by_the_hour=lambda terms: bool(terms.autoscale),
)
BY_USE = Billing("custom", How.REQUESTS, ToldBy.CLIENT, CustomTerms, custom, wants_book=False)
BY_THE_HOUR = replace(BY_USE, how=How.CAPACITY, units=UNITS)


def _as_given(parameters: Mapping[str, Any]) -> Billing:
    """What is billed by the hour is a capacity."""
    return BY_THE_HOUR if "per_hour" in parameters else BY_USE


BILLINGS = (replace(BY_USE, as_given=_as_given),)
