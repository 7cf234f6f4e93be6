"""[costs.NAME] of pilot.toml: what a team pays that is on no platform's bill."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from harness.domain.bill import CostLayer
from harness.domain.own_costs import OwnCost
from harness.tables.table import Table
from harness.tables.values import Line, Name, Quantity, Usd, distinct


class CostTable(Table):
    """One cost: dollars a month, dollars per million requests, or people's hours a month at their rate."""

    title: Line | None = None
    usd_per_month: Usd | None = None
    usd_per_million_requests: Usd | None = None
    hours_per_month: Quantity | None = None
    usd_per_hour: Usd | None = None
    layer: Literal["runtime", "shared"] = "shared"
    source: Line
    covers: Annotated[tuple[Name, ...], AfterValidator(distinct)] = Field(default=(), max_length=50)
    targets: Annotated[tuple[Name, ...], AfterValidator(distinct)] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _is_an_amount(self) -> CostTable:
        if (self.hours_per_month is None) != (self.usd_per_hour is None):
            raise ValueError("hours_per_month and usd_per_hour go together")
        if self.usd_per_month is None and self.usd_per_million_requests is None and self.hours_per_month is None:
            raise ValueError("want usd_per_month, usd_per_million_requests, or hours_per_month with usd_per_hour")
        return self

    def made(self, name: str) -> OwnCost:
        """Hours of people become an amount a month."""
        people = Decimal(str(self.hours_per_month or 0)) * (self.usd_per_hour or Decimal(0))
        return OwnCost(
            name,
            self.title or name.replace("_", " "),
            (self.usd_per_month or Decimal(0)) + people,
            self.usd_per_million_requests or Decimal(0),
            CostLayer(self.layer),
            self.source,
            self.targets,
            self.covers,
        )
