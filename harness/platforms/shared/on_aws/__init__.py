"""``pilot run --on aws``: a machine of EC2 in the targets' region, by targets/generator/aws.yaml."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from harness.domain.traffic import HOURS_PER_MONTH
from harness.platforms.elsewhere import VARIABLES, Elsewhere, ElsewhereKind
from harness.platforms.generator import Books, Upkeep, priced
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
    usd_per_hour: Usd | None = None  # of the machine, where no price book knows it


def _make(config: Any) -> Elsewhere:  # noqa: ANN401 - an OnAws
    made: Elsewhere = import_module(f"{__name__}.machine").machine(config)
    return made


def _upkeep(config: Any, books: Books) -> Upkeep:  # noqa: ANN401 - an OnAws
    """Its machine, volume and public address."""
    what = f"{config.instance} of [on.aws]"
    if config.usd_per_hour is not None:
        return Upkeep(what, config.usd_per_hour)
    volume = Decimal(config.volume_gib) / HOURS_PER_MONTH
    machine = f"ec2_{re.sub('[.-]', '_', config.instance)}_hour"
    amounts = {machine: Decimal(1), "ebs_gb_month": volume, "public_ipv4_hour": Decimal(1)}
    return priced(what, books, "aws", amounts)


KIND = ElsewhereKind("aws", OnAws, _make, "real peer", _upkeep)
