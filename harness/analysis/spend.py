"""What the measured traffic costs: per success, per month at the sealed traffic, and where the lines cross."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from harness.analysis.dataset import Dataset, RunData
from harness.analysis.instances import billed_ms, instance_s
from harness.analysis.jackknife import jackknife
from harness.analysis.reports import reports_of
from harness.costing.book import Book, read_book
from harness.costing.models import BY_INSTANCE, BY_REQUEST, BY_SUM, FLEETS, HOURS_PER_MONTH, Usage, bill, memory_mb
from harness.domain.bill import Bill, CostLayer
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.reasons.choice import Modelled
from harness.domain.role import Role
from harness.domain.target import PriceModel, Target


def cost_profile(data: Dataset, judged: Sequence[str]) -> str:
    """What cost is scored at: everyday traffic, of several the first that is judged; "" where no profile was measured."""
    everyday = data.in_role(Role.EVERYDAY)
    first = (*(p for p in everyday if p in judged), *everyday, *judged, *data.profiles)
    return first[0] if first else ""


@dataclass(frozen=True)
class Block:
    """One block's usage and what it achieved."""

    offered: int
    successes: int
    good: int
    usage: Usage
    billed: int = 0  # of the accepted requests, how many had a billed duration

    @property
    def priced(self) -> bool:
        """Whether a price by the request can be put on it."""
        return bool(self.billed) or not self.usage.requests


@dataclass(frozen=True)
class Cost:
    """One target's cost at the expected traffic."""

    target: str
    per_success_usd: Known  # runtime layer
    per_good_usd: Known
    per_month_usd: Known  # runtime layer
    monthly: Bill | None  # every layer, at the expected traffic
    fixed_per_month_usd: float | None
    variable_per_request_usd: float | None
    coverage: Reason  # what it rests on, or why there is none
    with_free_usd: float | None = None  # runtime layer a month, its free tiers taken off


def blocks_of(target: Target, runs: Sequence[RunData], p95_limit_s: float, ttft_limit_s: float | None) -> list[Block]:
    """Usage of each measured block, billed durations joined to samples by platform request id."""
    out = []
    for run in runs:
        chosen = run.measured
        c = run.columns
        reports = reports_of(run) if target.prices and target.prices.model in BY_REQUEST else {}
        ids = c["platform_request_id"][chosen] if reports else ()
        milliseconds = [reports[i].whole_billed_ms for i in ids if i in reports]
        accepted = int((chosen & run.taken).sum())
        mean_ms, told = float(np.mean(milliseconds)) if milliseconds else 0.0, len(milliseconds)
        if target.prices and target.prices.model in BY_SUM and accepted:
            mean_ms = float(_measured_ms(run, target.prices)) / accepted
            told = accepted if mean_ms else 0
        usage = Usage(
            hours=Decimal(0),
            requests=Decimal(accepted),
            billed_ms=Decimal(str(round(mean_ms * accepted, 6))),
            response_bytes=_sum(c["bytes"][chosen]),
            input_tokens=_sum(c["input_tokens"][chosen]),
            output_tokens=_sum(c["output_tokens"][chosen]),
            instance_s=_instance_s(run) if target.prices and target.prices.model in BY_INSTANCE else Decimal(0),
        )
        good = int((chosen & run.good(p95_limit_s, ttft_limit_s)).sum())
        out.append(Block(int(chosen.sum()), int((chosen & run.ok).sum()), good, usage, told))
    return out


def _instance_s(run: RunData) -> Decimal:
    """Of the measured arrivals: the platform's time is the whole run's, warm-up too, so by their share of all."""
    return instance_s(run) * int(run.measured.sum()) / max(1, len(run.measured))


def _measured_ms(run: RunData, prices: PriceModel) -> Decimal:
    """As ``_instance_s``, of billed duration."""
    whole = billed_ms(run, memory_mb(prices.model, prices.parameters))
    return whole * int(run.taken[run.measured].sum()) / max(1, int(run.taken.sum()))


def cost(
    target: Target,
    blocks: Sequence[Block],
    requests_per_month: int,
    needed: int | None = None,
    confidence: float = 0.95,
) -> Cost:
    """At the expected traffic; every number Unknown with its reason where it cannot be had.

    ``needed``: the instances that its peak wants by the measured capacity; a fleet is priced at no fewer.
    """
    measured = len(blocks)
    blocks, gap = _priced(target, blocks)
    if gap is not None or target.prices is None:
        gap = gap or Unknown(absence.NoPrices())
        return Cost(target.name, gap, gap, gap, None, None, None, gap.reason)
    prices, sized = _sized(target.prices, needed)
    book = read_book(prices.book)

    def monthly_usd(kept: Sequence[int]) -> float:
        return float(_monthly(prices, book, [blocks[k] for k in kept], requests_per_month).layer_usd(CostLayer.RUNTIME))

    def share(kept: Sequence[int], what: str) -> float:
        achieved: int = sum(getattr(blocks[k], what) for k in kept)
        return achieved / sum(blocks[k].offered for k in kept)

    everything = list(range(len(blocks)))
    n = sum(b.offered for b in blocks)
    monthly = _monthly(prices, book, blocks, requests_per_month)
    empty = float(_monthly(prices, book, blocks, 0).layer_usd(CostLayer.RUNTIME))
    whole = monthly_usd(everything)

    def per(what: str) -> Known:
        if min(share([k for k in everything if k != out], what) for out in everything) <= 0:
            return Unknown(absence.NoSuccess())
        value = jackknife(
            lambda kept: math.log(monthly_usd(kept) / requests_per_month / share(kept, what)), len(blocks)
        )
        return value.estimate(confidence, n, f"runtime cost over {what}, block jackknife")

    per_month = jackknife(lambda kept: math.log(monthly_usd(kept)), len(blocks)).estimate(
        confidence, n, "runtime cost at the expected traffic, block jackknife"
    )
    if prices.model == "fargate-alb":
        per_month = Estimate(
            per_month.value, per_month.low, per_month.high, confidence, n, len(blocks), "list price x hours"
        )
    return Cost(
        target.name,
        per("successes"),
        per("good"),
        per_month,
        monthly,
        empty,
        (whole - empty) / requests_per_month,
        Modelled(len(blocks), measured, *sized),
        float(_monthly(prices, book, blocks, requests_per_month, free=True).layer_usd(CostLayer.RUNTIME)),
    )


def _sized(prices: PriceModel, needed: int | None) -> tuple[PriceModel, tuple[int, str, float] | tuple[()]]:
    """A fleet as large as the expected peak wants, and (needed, unit, declared) when that is more than what is declared."""
    name = FLEETS.get(prices.model)
    declared = float(prices.parameters.get(name, 2)) if name else 0.0
    if name is None or needed is None or needed <= declared or prices.parameters.get("autoscale"):
        return prices, ()
    return replace(prices, parameters={**prices.parameters, name: float(needed)}), (needed, name, declared)


def _priced(target: Target, blocks: Sequence[Block]) -> tuple[list[Block], Unknown | None]:
    """Those whose usage can be priced; why none, where they are too few."""
    if target.prices is None:
        return [], Unknown(absence.NoPrices())
    if len(blocks) < 2:
        return [], Unknown(absence.FewCostBlocks(len(blocks)))
    kept = [b for b in blocks if b.priced] if target.prices.model in (*BY_REQUEST, *BY_SUM) else list(blocks)
    if len(kept) < 2:
        return kept, Unknown(absence.BilledMissing(len(kept), len(blocks)))
    if target.prices.model in BY_INSTANCE and not all(b.usage.instance_s for b in blocks):
        return kept, Unknown(absence.InstanceTimeMissing())
    return kept, None


def whole_month(cost: Cost) -> Known:
    """Runtime and shared layers together; the shared layer is the same for both and carries no interval of its own."""
    month = cost.per_month_usd
    if isinstance(month, Unknown) or cost.monthly is None:
        return month
    shared = float(cost.monthly.layer_usd(CostLayer.SHARED))
    low = None if month.low is None else month.low + shared
    high = None if month.high is None else month.high + shared
    return Estimate(month.value + shared, low, high, month.confidence, month.n, month.blocks, month.method)


def usage_of(blocks: Sequence[Block]) -> Usage:
    """Of all blocks together; hours are not a block's to say."""
    fields = [f for f in Usage.__dataclass_fields__ if f != "hours"]
    return Usage(hours=Decimal(0), **{f: sum((getattr(b.usage, f) for b in blocks), Decimal(0)) for f in fields})


def _monthly(prices: PriceModel, book: Book, blocks: Sequence[Block], requests: int, *, free: bool = False) -> Bill:
    offered = sum(b.offered for b in blocks)
    usage = usage_of(blocks)
    scaled = usage.scaled(Decimal(requests) / Decimal(offered), HOURS_PER_MONTH)
    return bill(prices.model, book, prices.parameters, scaled, free=free)


def _sum(values: np.ndarray) -> Decimal:
    return Decimal(str(float(np.nansum(values))))
