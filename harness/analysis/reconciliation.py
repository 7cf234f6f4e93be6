"""Modelled against billed, by quantity first and price second; only days whose bill can no longer change.

Usage types are matched by their last part, for their first is the region. They are
unconfirmed: nobody has held them to an account's bill yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.analysis.metered import used
from harness.domain.bill import Basis, LineItem, called
from harness.domain.target import Target
from harness.errors import Refused
from harness.evidence.bills import FOLDER, all_days, final
from harness.evidence.store import RunRecord
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.book import read_book
from harness.platforms.shared.usage_types import key_of

QUANTITY_TOLERANCE, PRICE_TOLERANCE = 0.02, 0.05
DAY_H = Decimal(24)


@dataclass(frozen=True)
class Line:
    """One price of the book: what the model says was used against what was billed, over the same days."""

    price_key: str
    name: str  # as a bill calls it
    unit: str
    modelled: Decimal
    billed: Decimal
    billed_usd: Decimal
    list_usd: Decimal  # a unit

    @property
    def quantity_error(self) -> float | None:
        """Modelled over billed, minus one; None where nothing was billed."""
        return float(self.modelled / self.billed) - 1 if self.billed else None

    @property
    def price_error(self) -> float | None:
        """The rate that was billed over the book's, minus one."""
        return float(self.billed_usd / self.billed / self.list_usd) - 1 if self.billed and self.list_usd else None

    @property
    def agrees(self) -> bool:
        quantity, rate = self.quantity_error, self.price_error
        return (
            quantity is not None
            and rate is not None
            and abs(quantity) <= QUANTITY_TOLERANCE
            and abs(rate) <= PRICE_TOLERANCE
        )


@dataclass(frozen=True)
class Reconciliation:
    """One target; ``days_final`` of ``days`` were compared, the rest may still change or was not asked for."""

    target: str
    days: int
    days_final: int
    lines: tuple[Line, ...]
    only_billed: tuple[tuple[str, Decimal], ...]  # usage type, USD
    only_modelled: tuple[str, ...]  # as a bill calls them
    asking_usd: Decimal  # what the questions themselves cost


def reconciliation(target: Target, records: Sequence[RunRecord], evidence: Path) -> Reconciliation | None:
    """None where the target names no bill, or has no prices to model one."""
    bills = all_days(evidence / FOLDER / target.name)
    own = [r for r in records if r.target == target.name and r.run]
    if target.prices is None or (not bills and not any(s.bills for s in target.sources)):
        return None
    days = {str(r.run["started_utc"])[:10] for r in own if r.run and r.run.get("started_utc")}
    settled = [b for b in bills if final(b) and b["day"] in days]
    billed, unknown, types = _billed(settled)
    counted = _modelled(target, own, [b["day"] for b in settled])
    modelled: dict[str, Decimal] = {}
    for line in counted:
        modelled[line.price_key] = modelled.get(line.price_key, Decimal(0)) + line.quantity
    names = called(counted)
    book = read_book(target.prices.book)
    lines = []
    for key in sorted(billed.keys() & modelled.keys()):
        unit_price = book.price(key)
        quantity, usd = billed[key]
        lines.append(Line(key, names[key], unit_price.unit, modelled[key], quantity, usd, unit_price.usd))
    only_billed = [*unknown.items(), *((types[key], billed[key][1]) for key in billed.keys() - modelled.keys())]
    return Reconciliation(
        target.name,
        len(days),
        len(settled),
        tuple(lines),
        tuple(sorted(only_billed)),
        tuple(sorted(names[k] for k, q in modelled.items() if k not in billed and q and not k.endswith("_token"))),
        sum((Decimal(str(b["own_cost_usd"])) for b in bills), Decimal(0)),
    )


def _billed(
    bills: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, tuple[Decimal, Decimal]], dict[str, Decimal], dict[str, str]]:
    """By price what was billed; by usage type what no price is known of; and the usage type of each price."""
    types: dict[str, str] = {}
    known: dict[str, tuple[Decimal, Decimal]] = {}
    unknown: dict[str, Decimal] = {}
    for one in bills:
        for line in one["lines"]:
            quantity, usd = Decimal(line["quantity"]), Decimal(line["usd"])
            if (key := key_of(line["usage_type"])) is None:
                unknown[line["usage_type"]] = unknown.get(line["usage_type"], Decimal(0)) + usd
                continue
            types.setdefault(key, line["usage_type"])
            before = known.get(key, (Decimal(0), Decimal(0)))
            known[key] = before[0] + quantity, before[1] + usd
    return known, unknown, types


def _modelled(target: Target, records: Sequence[RunRecord], days: Sequence[str]) -> list[LineItem]:
    """What runs used, and for what bills by the hour the whole day."""
    assert target.prices is not None
    pricing = pricing_of(target.prices)
    hourly = pricing.standing_keys()
    out: list[LineItem] = []
    for day in days:
        found = used(target, [r for r in records if r.run and str(r.run.get("started_utc"))[:10] == day])
        if found is None:
            continue
        try:
            whole = pricing.bill(replace(found.usage, hours=DAY_H))
        except Refused:
            continue
        counted = [x for x in whole.lines if x.price_key in hourly]
        counted += [x for x in found.bill.lines if x.price_key not in hourly]
        out += [x for x in counted if x.basis is not Basis.DECLARED]  # a discount is a price and no quantity
    return out
