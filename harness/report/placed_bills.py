"""What each workload costs a month on each target, and how much of the whole bill is work that nobody waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.workload import NOT_MEASURED
from harness.decision.placement import Placed
from harness.domain.estimate import Estimate, Known
from harness.report.blocks import Table, table
from harness.report.columns import counted, estimate, flag, share, text, usd
from harness.words.numbers import money

ALONE = (
    "Each workload is priced alone, at its own volume: workloads that share a fleet cost less together than their sum. "
    "A simulated month has a 90 % interval; at the traffic that cost is scored at, the interval its promise is judged by. "
    "Shares are of the workloads that have a cost."
)


@dataclass(frozen=True)
class BillShare:
    """Of one target: a month of all workloads with a cost, and the part of those that nobody waits for."""

    whole_usd: float
    background_usd: float
    counted: int
    workloads: int

    @property
    def share(self) -> float | None:
        return self.background_usd / self.whole_usd if self.whole_usd else None


def bill_share(placed: Sequence[Placed], target: str) -> BillShare:
    """Tokens and stores among it; a workload without a cost is counted in neither."""
    known = [(one, usd_) for one in placed if isinstance(usd_ := _whole(one, target), Estimate)]
    background = sum(usd_.value for one, usd_ in known if not one.workload.waited_for)
    return BillShare(sum(usd_.value for _, usd_ in known), background, len(known), len(placed))


def bills(placed: Sequence[Placed], targets: Sequence[str], names: Mapping[str, str]) -> Table:
    """One row a workload."""
    sides = list(zip(("baseline", "candidate"), dict.fromkeys(targets), strict=False))
    sums = {t: bill_share(placed, t) for _, t in sides}
    rows: list[list[Any]] = []
    for one in placed:
        row: list[Any] = [one.workload.label, one.workload.waited_for, _volume(one)]
        for _, t in sides:
            measured = one.of(t).measured
            whole = _whole(one, t)
            part = whole.value / sums[t].whole_usd if isinstance(whole, Estimate) and sums[t].whole_usd else None
            row += [whole, measured.beside_usd if measured else None, part]
        rows.append(row)
    shown = [
        text("workload"),
        flag("somebody waits", "waited_for", "yes", "no"),
        counted("a month", "per_month", lack="not declared"),
    ]
    for side, t in sides:
        shown += [
            estimate(f"{names[t]}: USD a month", f"{side}_usd", money, "interval"),
            usd("of it tokens and stores", f"{side}_beside_usd", lack="not known"),
            share("share of all", f"{side}_share", lack="not known"),
        ]
    return table("placement-bills", _title(sums, names), shown, rows, ALONE)


def _title(sums: Mapping[str, BillShare], names: Mapping[str, str]) -> str:
    """Its conclusion, where there is one."""
    told = [
        f"{made.share * 100:.0f} % on {names[t]}"
        for t, made in sums.items()
        if made.share is not None and made.counted > 1
    ]
    if not told:
        return "What each workload costs a month"
    return f"Work that nobody waits for is {' and '.join(told)} of the monthly bill of what was measured"


def _volume(one: Placed) -> int | None:
    """As it was priced, else as it is declared."""
    priced = (side.measured.per_month for side in one.sides if side.measured)
    return next((volume for volume in priced if volume is not None), one.workload.per_month)


def _whole(one: Placed, target: str) -> Known:
    measured = one.of(target).measured
    return measured.whole_usd if measured else NOT_MEASURED
