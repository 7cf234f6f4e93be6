"""A router that was run: who answered what, what the router itself took, and what both sides and it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np

from harness.analysis.coded import is_known
from harness.analysis.dataset import RunData
from harness.analysis.jackknife import jackknife
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import share_of
from harness.analysis.spend import BlockUsage, Cost, blocks_of, monthly_bill, priced, runtime_usd, together
from harness.domain.bill import Bill
from harness.domain.estimate import Known, Unknown
from harness.domain.own_costs import own_bill
from harness.domain.reasons import absence
from harness.domain.reasons.choice import Modelled
from harness.domain.target import Target
from harness.domain.traffic import Traffic
from harness.platforms.pricing import Pricing, pricing_of


@dataclass(frozen=True)
class Routed:
    """What one side answered under one profile; shares of all measured requests, with block intervals."""

    profile: str
    side: str
    answered: Known
    fell_back: Known  # it answered after the other side had refused


@dataclass(frozen=True)
class Added:
    """What the router itself took before an answer's head, in seconds, under one profile."""

    profile: str
    p50_s: Known
    p95_s: Known


def routed(profile: str, runs: Sequence[RunData], sides: Sequence[Target]) -> tuple[Routed, ...]:
    """Of each side, in the router's order."""
    offered = np.array([int(r.measured.sum()) for r in runs])

    def share(side: str, *, refused_first: bool = False) -> Known:
        hits = [r.measured & (r.columns["route"] == side) for r in runs]
        if refused_first:
            hits = [hit & is_known(r.columns["route_from"]) for hit, r in zip(hits, runs, strict=True)]
        return share_of(np.array([int(h.sum()) for h in hits]), offered).estimate(0.95)

    return tuple(Routed(profile, s.name, share(s.name), share(s.name, refused_first=True)) for s in sides)


def added(profile: str, runs: Sequence[RunData]) -> Added:
    """Of every answer that a side gave."""
    pooled = Pooled([r.measured_of(r.columns["router_ms"] / 1000) for r in runs])
    return Added(profile, percentile(pooled, 0.5), percentile(pooled, 0.95))


@dataclass(frozen=True)
class _Part:
    """One side, or the router itself: what each block used of it."""

    target: Target
    pricing: Pricing
    blocks: Sequence[BlockUsage]

    def bill(self, kept: Sequence[int], requests: float, offered: int, traffic: Traffic, *, free: bool = False) -> Bill:
        """A month of ``requests`` to the router, of which it gets as many as it got of what was ``offered``."""
        mine = together(self.pricing, [self.blocks[k] for k in kept])
        share = mine.offered / offered
        shared = replace(traffic, requests_per_month=round(requests * share), peak_per_s=traffic.peak_per_s * share)
        alone = replace(self.target, beside=())
        measured = replace(mine, offered=max(1, mine.offered))
        made = monthly_bill(alone, self.pricing, measured, requests * share, shared, free=free)
        return Bill(tuple(replace(line, label=f"{self.target.label}: {line.label}") for line in made.lines))


def cost(
    router: Target,
    runs: Sequence[RunData],
    limits: tuple[float, float | None],
    traffic: Traffic,
    confidence: float = 0.95,
) -> Cost:
    """At the expected traffic: each side as large as it was measured and used by what was routed to it, and the router.

    A share that overflows is what overflowed at the measured rate: of another traffic it is another.
    """
    whole = blocks_of(router, runs, *limits)
    behind = [(side, [run.of_side(side.name) for run in runs]) for side in router.behind]
    used = [(router, _passed_on(whole)), *((side, blocks_of(side, mine, *limits)) for side, mine in behind)]
    for target, blocks in used:
        told, gap = priced(target, blocks)
        if gap is None and len(told) < len(blocks):
            gap = Unknown(absence.BilledMissing(len(told), len(blocks)))
        if gap is not None:
            return Cost(router.name, gap, gap, gap, None, None, None, gap.reason)
    parts = [_Part(target, pricing_of(target.prices), blocks) for target, blocks in used if target.prices]
    everything = list(range(len(whole)))

    def month(kept: Sequence[int], requests: float, *, free: bool = False) -> Bill:
        offered = sum(whole[k].offered for k in kept)
        made = reduce(add, (part.bill(kept, requests, offered, traffic, free=free) for part in parts))
        return made + _own(router, parts, kept, requests, offered)

    def share(kept: Sequence[int], what: str) -> float:
        achieved: int = sum(getattr(whole[k], what) for k in kept)
        return achieved / sum(whole[k].offered for k in kept)

    requests, n = traffic.requests_per_month, sum(b.offered for b in whole)

    def per(what: str) -> Known:
        if min(share([k for k in everything if k != out], what) for out in everything) <= 0:
            return Unknown(absence.NoSuccess())
        value = jackknife(
            lambda kept: math.log(runtime_usd(month(kept, requests)) / requests / share(kept, what)), len(whole)
        )
        return value.estimate(confidence, n, f"both sides and the router over {what}, block jackknife")

    monthly = month(everything, requests)
    empty = runtime_usd(month(everything, 0))
    per_month = jackknife(lambda kept: math.log(runtime_usd(month(kept, requests))), len(whole))
    unlisted = (name for part in parts for name in part.pricing.unlisted(together(part.pricing, part.blocks).usage))
    return Cost(
        router.name,
        per("successes"),
        per("good"),
        per_month.estimate(confidence, n, "both sides and the router at the expected traffic, block jackknife"),
        monthly,
        empty,
        (runtime_usd(monthly) - empty) / requests,
        Modelled(len(whole), len(whole)),
        tuple(dict.fromkeys(unlisted)),
        runtime_usd(month(everything, requests, free=True)),
    )


def _passed_on(blocks: Sequence[BlockUsage]) -> list[BlockUsage]:
    return [replace(block, usage=block.usage.passed_on()) for block in blocks]


def _own(router: Target, parts: Sequence[_Part], kept: Sequence[int], requests: float, offered: int) -> Bill:
    """The team's own lines, each once: what is paid for several of them at all the requests, else at its part's."""
    shares = {p.target.name: sum(p.blocks[k].offered for k in kept) / offered for p in parts}
    targets = [router, *router.behind]
    lines = dict.fromkeys(line for target in targets for line in target.beside)
    made = Bill()
    for line in lines:
        payers = [target.name for target in targets if line in target.beside]
        made += own_bill([line], requests * (1.0 if len(payers) > 1 else shares.get(payers[0], 1.0)))
    return made
