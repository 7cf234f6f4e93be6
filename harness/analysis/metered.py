"""What the pilot's own runs used and what that costs: every attempt, valid or not, warm-up too.

A quantity that the platform's own records gave is METERED; one that was worked out
from the client's side, or from the declared size, is MODELLED.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import add

import numpy as np

from harness.analysis.agreement import LEAST_JOINED
from harness.analysis.coded import among
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData, read
from harness.analysis.instances import told
from harness.analysis.reports import reports_in
from harness.analysis.series import Collected, by_instant, collected, values
from harness.analysis.tokens import tokens_of
from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.domain.sample import UNBILLED, Outcome
from harness.domain.target import Target
from harness.errors import BadFile
from harness.evidence.store import RunRecord
from harness.platforms.billing import How, Metered, ToldBy
from harness.platforms.pricing import Pricing, pricing_of
from harness.platforms.shared.usage import Usage

COLUMNS = (
    "outcome",
    "sent_s",
    "finished_s",
    "bytes",
    "input_tokens",
    "output_tokens",
    "platform_request_id",
    "model",
    "cached_tokens",
    "route",
)
HOUR_S = 3600


@dataclass(frozen=True)
class Used:
    """One target's runs together; ``joined`` is the share of billed requests that have a line of the platform's."""

    target: str
    runs: int
    requests: int
    joined: float | None
    bill: Bill
    usage: Usage
    successes: int

    @property
    def per_success_usd(self) -> Decimal | None:
        """Runtime layer over successes at the test's own rate, which describes the test; None without a success."""
        return self.bill.layer_usd(CostLayer.RUNTIME) / self.successes if self.successes else None


def used(target: Target, records: Iterable[RunRecord]) -> Used | None:
    """None without prices, and where no run left samples. A router's sides are in it, each with what it answered."""
    mine = [r for r in records if r.target == target.name]
    own = _used(target, mine)
    sides = [_used(side, mine, side.name) for side in target.behind]
    if own is None or not sides:
        return own
    if any(side is None for side in sides):
        return None
    bill = reduce(add, (side.bill for side in sides if side), own.bill)
    joined = [(side.joined, side.requests) for side in sides if side and side.joined is not None]
    counted = sum(n for _, n in joined)
    return replace(own, bill=bill, joined=sum(share * n for share, n in joined) / counted if counted else None)


def _used(target: Target, records: Iterable[RunRecord], route: str | None = None) -> Used | None:
    """Of all samples, or of those that this side of a router answered."""
    if target.prices is None:
        return None
    pricing = pricing_of(target.prices)
    parts = [part for r in records if (part := _of(r, pricing, route)) is not None]
    if target.behind:
        parts = [replace(part, usage=part.usage.passed_on()) for part in parts]
    if not parts:
        return None
    usage = reduce(add, (p.usage for p in parts))
    requests, joined, ok = (sum(getattr(p, name) for p in parts) for name in ("billed", "joined", "successes"))
    measured: set[str] = set()
    if any(p.joined for p in parts) and joined >= LEAST_JOINED * requests:
        measured |= pricing.billing.each_keys
    said: dict[str, Decimal] = {}
    for one in pricing.billing.metered:
        value = _told(parts, one, usage.hours)
        if value is not None:
            said[one.parameter] = value
            measured |= one.keys
    made = replace(pricing, terms=pricing.terms.model_copy(update=said)).bill(usage)
    lines = tuple(replace(x, basis=Basis.METERED) if x.price_key in measured or _echoed(x) else x for x in made.lines)
    return Used(target.name, len(parts), requests, joined / requests if requests else None, Bill(lines), usage, ok)


def _echoed(line: LineItem) -> bool:
    """Tokens are what the provider counted: each answer says so."""
    return line.price_key.endswith("_token") and bool(line.quantity)


@dataclass(frozen=True)
class _Part:
    usage: Usage
    billed: int
    joined: int
    successes: int
    readings: Collected


def _of(record: RunRecord, pricing: Pricing, route: str | None) -> _Part | None:
    elapsed_s = (record.run or {}).get("elapsed_s")
    try:
        columns = read(record.path, COLUMNS)
        mine = columns["route"] == route if route else np.ones(len(columns["outcome"]), dtype=bool)
    except BadFile:
        return None
    if elapsed_s is None:
        return None
    taken = mine & ~among(columns["outcome"], [o.value for o in UNBILLED])
    reports = reports_in(record.path / "readings" / (route or ""))
    waited = (columns["finished_s"] - columns["sent_s"])[taken] * 1e3
    if pricing.billing.told is ToldBy.TOTAL and (total := told(record, pricing, route or "")):
        known, rest = [], float(total)
    elif reports:
        lines = [reports.get(name) for name in columns["platform_request_id"][taken]]
        known = [report.whole_billed_ms for report in lines if report]
        rest = sum(ms for report, ms in zip(lines, waited, strict=True) if not report and not np.isnan(ms))
    else:
        known, rest = [], float(np.nansum(waited))
    usage = Usage(
        hours=Decimal(str(round(elapsed_s, 3))) / HOUR_S,
        requests=Decimal(int(taken.sum())),
        billed_ms=Decimal(str(round(sum(known) + rest, 3))),
        response_bytes=_total(columns["bytes"][mine]),
        input_tokens=_total(columns["input_tokens"][mine]),
        output_tokens=_total(columns["output_tokens"][mine]),
        tokens=tokens_of(columns, mine, record.run),
        instance_s=_instance_s(record, pricing, float(np.nansum(waited)) / 1e3, route or ""),
    )
    ok = int((mine & (columns["outcome"] == Outcome.OK.value)).sum())
    return _Part(usage, int(taken.sum()), len(known), ok, collected(record.path, route or ""))


def _instance_s(record: RunRecord, pricing: Pricing, busy_s: float, side: str) -> Decimal:
    """As the platform tells it; where it was not collected no more than each request alone on an instance."""
    if pricing.billing.how is not How.INSTANCE_TIME:
        return Decimal(0)
    return told(record, pricing, side) or Decimal(str(round(busy_s, 3)))


def _total(values: Array) -> Decimal:
    return Decimal(str(float(np.nansum(values))))


def _told(parts: Sequence[_Part], one: Metered, hours: Decimal) -> Decimal | None:
    """What the platform's series say of a parameter; None where nobody collected it."""
    if one.summed:
        found = by_instant((p.readings for p in parts), one.metric)
        return Decimal(str(sum(found.values()))) / hours if found and hours else None
    told = [v for p in parts for v in values(p.readings, one.metric)]
    return Decimal(str(sum(told) / len(told))) if told else None


def records_of(runs: Sequence[RunData], invalid: Sequence[RunRecord]) -> list[RunRecord]:
    """Every attempt that left something, once."""
    return [*(run.record for run in runs), *invalid]
