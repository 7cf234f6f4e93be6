"""``pilot run --on aws``: a machine of EC2 in the targets' region, by targets/generator/aws.yaml."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from harness.platforms.elsewhere import VARIABLES, Elsewhere, ElsewhereKind
from harness.tables.value import value
from harness.tables.values import Line, Name, Usd


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("want a day, as 2026-12-11") from None
    return text


@value
class OnAws:
    """``until``: the day on which it stops, whatever goes on; ``budget_usd``: of the machine, by AWS Budgets; ``policies``: its role's."""

    region: Line
    until: Annotated[str, AfterValidator(_day)]
    budget_usd: Usd = Decimal(60)
    stack: Name = "rag-generator"
    instance: Line = "c7i.large"
    volume_gib: int = Field(default=30, ge=10, le=1000)
    subnet: Line | None = None
    policies: tuple[Line, ...] = Field(default=(), max_length=10)
    variables: Line = VARIABLES


def _make(config: Any) -> Elsewhere:  # noqa: ANN401 - an OnAws
    made: Elsewhere = import_module(f"{__name__}.machine").machine(config)
    return made


KIND = ElsewhereKind("aws", OnAws, _make, "spec only")
