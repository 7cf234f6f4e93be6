"""What a hybrid that was run costs: each side's month of what was routed to it, as it is played, and the router's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np

from harness.analysis import spend
from harness.analysis.dataset import RunData
from harness.analysis.shares import share_of
from harness.analysis.spend import BlockUsage, runtime_usd
from harness.domain.bill import Bill
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.own_costs import own_bill
from harness.domain.reasons import absence
from harness.domain.reasons.choice import Modelled
from harness.domain.target import Target
from harness.domain.traffic import Traffic
from harness.platforms.pricing import Pricing, pricing_of
from harness.predict.billed import Each, Used, each, month_bill
from harness.predict.cost import Cost
from harness.predict.prediction import Billed, Quantity
from harness.predict.whole import Sealed


@dataclass(frozen=True)
class _Side:
    """What was routed to one side, and how far its month may be from what is played, as a factor down and up."""

    target: Target
    share: Estimate
    low: float | None
    high: float | None


def cost(
    router: Target,
    runs: Sequence[RunData],
    limits: tuple[float, float | None],
    traffic: Traffic,
    played: Sealed,
    confidence: float = 0.95,
) -> Cost:
    """At a traffic; each side is as large as it is declared, and gets the share that it got of the measured requests.

    The least is the cheaper end of that share with each side as cheap as its own month may be, the most the dearer end.
    A share that overflows is what overflowed at the measured rate: of another traffic it is another.
    """
    blocks = _passed_on(spend.blocks_of(router, runs, *limits))
    kept, gap = spend.priced(router, blocks)
    if gap is None and len(kept) < len(blocks):
        gap = Unknown(absence.BilledMissing(len(kept), len(blocks)))
    own = each(blocks)
    sides = _sides(router, runs, played, confidence)
    if gap is None and (sides is None or own is None):
        gap = Unknown(absence.OneCostUnknown())
    if gap is not None or sides is None or own is None or router.prices is None:
        unknown = gap or Unknown(absence.NoPrices())
        return Cost(router.name, unknown, unknown, unknown, None, None, unknown.reason)
    return _Month(router, pricing_of(router.prices), own, blocks, sides, traffic, played).cost(confidence)


@dataclass(frozen=True)
class _Month:
    router: Target
    pricing: Pricing
    own: Each
    blocks: Sequence[BlockUsage]
    sides: Sequence[_Side]
    traffic: Traffic
    played: Sealed

    def cost(self, confidence: float) -> Cost:
        middle = [self._part(side, side.share.value) for side in self.sides]
        monthly = self._whole([part.month for part in middle], self.traffic.requests_per_month)
        free = self._whole([part.free for part in middle], self.traffic.requests_per_month, free=True)
        resting = self._whole([part.resting for part in middle], 0)
        month = self._estimate(runtime_usd(monthly), confidence)
        unlisted = (
            name
            for target, blocks in ((self.router, self.blocks), *((s.target, self._asked(s)) for s in self.sides))
            if target.prices is not None
            for name in pricing_of(target.prices).unlisted(spend.usage_of(blocks))
        )
        return Cost(
            self.router.name,
            self._per(month, [b.successes for b in self.blocks]),
            self._per(month, [b.good for b in self.blocks]),
            month,
            monthly,
            runtime_usd(resting),
            Modelled(len(self.blocks), len(self.blocks)),
            tuple(dict.fromkeys(unlisted)),
            runtime_usd(free),
        )

    def _asked(self, side: _Side) -> Sequence[BlockUsage]:
        return self.played.asked[side.target.name].blocks

    def _part(self, side: _Side, share: float) -> Billed:
        """A side's month of its share, a trace's arrivals thinned; a team's own lines not in it; at rest where it gets nothing."""
        requests, peak = round(self.traffic.requests_per_month * share), self.traffic.peak_per_s * share
        name = side.target.name
        if requests:
            of = replace(self.traffic, requests_per_month=requests, peak_per_s=peak)
            made = self.played.part(name, replace(self.played.traffic, traffic=of), beside=())
        else:
            made = self.played.resting(name, beside=())
        assert made is not None  # its whole month could be told: _sides looked
        return made

    def _whole(self, parts: Sequence[Bill], requests: float, *, free: bool = False) -> Bill:
        """Of both sides, the router, and each line of the team's own once."""
        named = [self._named(side.target, bill) for side, bill in zip(self.sides, parts, strict=True)]
        router = self._named(self.router, self._own(requests, free=free))
        return reduce(add, (*named, router)) + self._teams(requests)

    @staticmethod
    def _named(target: Target, bill: Bill) -> Bill:
        return Bill(tuple(replace(line, label=f"{target.label}: {line.label}") for line in bill.lines))

    def _own(self, requests: float, *, free: bool = False) -> Bill:
        """The router's: what it used of each request, in proportion; a proxy has no starts and no queue."""
        accepted = sum(float(b.usage.requests) for b in self.blocks) / sum(b.offered for b in self.blocks) * requests
        one = self.own.usage
        busy_s = sum(b.busy_s for b in self.blocks) / max(1.0, sum(float(b.usage.requests) for b in self.blocks))
        used = Used(requests, accepted, busy_s * accepted, float(one.instance_s) * accepted, 0.0, 0.0)
        return month_bill(replace(self.router, beside=()), self.pricing, self.own, used, 0.0, free=free)

    def _teams(self, requests: float) -> Bill:
        """What is paid for several of them at all the requests, else at its part's."""
        shares = {side.target.name: side.share.value for side in self.sides}
        targets = [self.router, *(side.target for side in self.sides)]
        made = Bill()
        for line in dict.fromkeys(line for target in targets for line in target.beside):
            payers = [target.name for target in targets if line in target.beside]
            made += own_bill([line], requests * (1.0 if len(payers) > 1 else shares.get(payers[0], 1.0)))
        return made

    def _estimate(self, value: float, confidence: float) -> Estimate:
        n = sum(b.offered for b in self.blocks)
        how = "both sides' months of what was routed to them, played, and the router's"
        low, high = self._ends(value)
        return Estimate(value, low, high, confidence, n, len(self.blocks), how)

    def _ends(self, value: float) -> tuple[float | None, float | None]:
        """At both ends of the first side's share: the least with each side's month at its low end, the most at its high one."""
        first, other = self.sides
        requests, both = self.traffic.requests_per_month, first.share.value + other.share.value
        fixed = runtime_usd(self._own(requests)) + runtime_usd(self._teams(requests))
        shares = [(end, max(0.0, both - end)) for end in (first.share.low, first.share.high) if end is not None]
        usd = [[runtime_usd(self._part(*of).month) for of in zip(self.sides, two, strict=True)] for two in shares]

        def months(one: float | None, another: float | None) -> list[float]:
            return [] if one is None or another is None else [fixed + a * one + b * another for a, b in usd]

        least, most = months(first.low, other.low), months(first.high, other.high)
        return min(value, *least) if least else None, max(value, *most) if most else None

    def _per(self, month: Estimate, achieved: Sequence[int]) -> Known:
        share = share_of(np.array(achieved), np.array([b.offered for b in self.blocks])).estimate(month.confidence)
        if not isinstance(share, Estimate) or share.value <= 0:
            return Unknown(absence.NoSuccess())
        requests = self.traffic.requests_per_month
        low = None if month.low is None or not share.high else month.low / requests / share.high
        high = None if month.high is None or not share.low else month.high / requests / share.low
        return replace(month, value=month.value / requests / share.value, low=low, high=high)


def _sides(router: Target, runs: Sequence[RunData], played: Sealed, confidence: float) -> tuple[_Side, ...] | None:
    """None where a side's own month, or what was routed to it, can't be told."""
    offered = np.array([int(run.measured.sum()) for run in runs])
    out = []
    for side in router.behind:
        if side.name not in played.asked:
            return None
        month = played.at(side.name).of(Quantity.COST).known
        of = [run.of_side(side.name) for run in runs]
        share = share_of(np.array([int(run.measured.sum()) for run in of]), offered).estimate(confidence)
        if not isinstance(month, Estimate) or not isinstance(share, Estimate):
            return None
        out.append(_Side(side, share, times(month.value, month.low), times(month.value, month.high)))
    return tuple(out)


def times(value: float, end: float | None) -> float | None:
    """An end as a factor of the value; what costs nothing costs nothing at its ends either."""
    if end is None or value > 0:
        return None if end is None else end / value
    return None if end > 0 else 1.0


def _passed_on(blocks: Sequence[BlockUsage]) -> list[BlockUsage]:
    return [replace(block, usage=block.usage.passed_on()) for block in blocks]
