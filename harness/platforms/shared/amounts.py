"""Numbers that a bill's parameters are made of, each with its bounds."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from harness.domain import bounds
from harness.tables.values import money

Amount = Annotated[Decimal, BeforeValidator(money), Field(ge=0, le=int(bounds.QUANTITY.most))]
Size = Annotated[Decimal, BeforeValidator(money), Field(gt=0, le=int(bounds.QUANTITY.most))]  # of 0 nothing could run
Share = Annotated[Decimal, BeforeValidator(money), Field(ge=0, le=1)]
NONE, ONE = Decimal(0), Decimal(1)
