"""What the measured traffic costs: per success, per month at the sealed traffic, and where the lines cross."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.jackknife import jackknife
from harness.analysis.reports import reports_of
from harness.costing.book import Book, read_book
from harness.costing.models import BY_INSTANCE, BY_REQUEST, HOURS_PER_MONTH, Usage, bill
from harness.domain.bill import Bill, CostLayer
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.target import PriceModel, Target


@dataclass(frozen=True)
class Block:
    """One block's usage and what it achieved."""

    offered: int
    successes: int
    good: int
    usage: Usage


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
    coverage: str
    with_free_usd: float | None = None  # runtime layer a month, its free tiers taken off


def blocks_of(target: Target, runs: Sequence[RunData], p95_limit_s: float, ttft_limit_s: float | None) -> list[Block]:
    """Usage of each measured block, billed durations joined to samples by platform request id."""
    out = []
    for run in runs:
        chosen = run.measured
        c = run.columns
        reports = reports_of(run) if target.prices and target.prices.model in BY_REQUEST else {}
        ids = c["platform_request_id"][chosen]
        milliseconds = [reports[i].billed_ms for i in ids if i in reports]
        accepted = int((chosen & ~run.refused).sum())
        mean_ms = float(np.mean(milliseconds)) if milliseconds else 0.0
        usage = Usage(
            hours=Decimal(0),
            requests=Decimal(accepted),
            billed_ms=Decimal(str(round(mean_ms * accepted, 6))),
            response_bytes=_sum(c["bytes"][chosen]),
            input_tokens=_sum(c["input_tokens"][chosen]),
            output_tokens=_sum(c["output_tokens"][chosen]),
        )
        good = int((chosen & run.good(p95_limit_s, ttft_limit_s)).sum())
        out.append(Block(int(chosen.sum()), int((chosen & run.ok).sum()), good, usage))
    return out


def cost(target: Target, blocks: Sequence[Block], requests_per_month: int) -> Cost:
    """At the expected traffic; every number Unknown with its reason where it cannot be had."""
    if target.prices is None:
        why = Unknown("no prices in target.toml")
        return Cost(target.name, why, why, why, None, None, None, why.reason)
    if len(blocks) < 2:
        few = Unknown(f"{len(blocks)} valid block(s) of the traffic that cost is scored at; an interval needs 2")
        return Cost(target.name, few, few, few, None, None, None, few.reason)
    prices, book = target.prices, read_book(target.prices.book)
    if prices.model in BY_REQUEST and any(b.usage.requests and not b.usage.billed_ms for b in blocks):
        gap = Unknown("billed durations were not collected for every block: pilot collect")
        return Cost(target.name, gap, gap, gap, None, None, None, gap.reason)
    if prices.model in BY_INSTANCE and not all(b.usage.instance_s for b in blocks):
        gap = Unknown("billable instance time was not collected, and without it this platform's cost cannot be told")
        return Cost(target.name, gap, gap, gap, None, None, None, gap.reason)

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
            return Unknown("a block-deleted set has no success")
        value = jackknife(
            lambda kept: math.log(monthly_usd(kept) / requests_per_month / share(kept, what)), len(blocks)
        )
        return value.estimate(0.95, n, f"runtime cost over {what}, block jackknife")

    per_month = jackknife(lambda kept: math.log(monthly_usd(kept)), len(blocks)).estimate(
        0.95, n, "runtime cost at the expected traffic, block jackknife"
    )
    if prices.model == "fargate-alb":
        per_month = Estimate(per_month.value, per_month.low, per_month.high, 0.95, n, len(blocks), "list price x hours")
    return Cost(
        target.name,
        per("successes"),
        per("good"),
        per_month,
        monthly,
        empty,
        (whole - empty) / requests_per_month,
        "MODELLED from measured usage at list prices",
        float(_monthly(prices, book, blocks, requests_per_month, free=True).layer_usd(CostLayer.RUNTIME)),
    )


def whole_month(cost: Cost) -> Known:
    """Runtime and shared layers together; the shared layer is the same for both and carries no interval of its own."""
    month = cost.per_month_usd
    if isinstance(month, Unknown) or cost.monthly is None:
        return month
    shared = float(cost.monthly.layer_usd(CostLayer.SHARED))
    low = None if month.low is None else month.low + shared
    high = None if month.high is None else month.high + shared
    return Estimate(month.value + shared, low, high, month.confidence, month.n, month.blocks, month.method)


@dataclass(frozen=True)
class BreakEven:
    """Requests a month at which two targets' runtime costs meet."""

    requests_per_month: Known
    cheaper_below: str
    cheaper_above: str


def break_even(a: Cost, b: Cost) -> BreakEven | Unknown:
    """N* = (F_a - F_b)/(v_b - v_a), while a's and b's fixed capacity suffices."""
    if None in (a.fixed_per_month_usd, b.fixed_per_month_usd, a.variable_per_request_usd, b.variable_per_request_usd):
        return Unknown("one target's cost is not known")
    fixed = (a.fixed_per_month_usd or 0.0) - (b.fixed_per_month_usd or 0.0)
    variable = (b.variable_per_request_usd or 0.0) - (a.variable_per_request_usd or 0.0)
    if fixed * variable <= 0:
        return Unknown("the lines do not cross: one target is cheaper at every volume")
    value = fixed / variable
    low = high = None
    uncertain = b if variable > 0 else a
    if isinstance(uncertain.per_month_usd, Estimate) and uncertain.per_month_usd.low and uncertain.per_month_usd.high:
        month = uncertain.per_month_usd
        low, high = value * month.value / month.high, value * month.value / month.low  # type: ignore[operator]
    n = uncertain.per_month_usd.n if isinstance(uncertain.per_month_usd, Estimate) else 0
    blocks = uncertain.per_month_usd.blocks if isinstance(uncertain.per_month_usd, Estimate) else 0
    below, above = (b.target, a.target) if fixed > 0 else (a.target, b.target)
    return BreakEven(Estimate(value, low, high, 0.95, n, blocks, "ratio of fixed to variable cost"), below, above)


def _monthly(prices: PriceModel, book: Book, blocks: Sequence[Block], requests: int, *, free: bool = False) -> Bill:
    offered = sum(b.offered for b in blocks)
    usage = Usage(Decimal(0), *(Decimal(0) for _ in range(5)))
    for block in blocks:
        u = block.usage
        usage = Usage(
            Decimal(0),
            usage.requests + u.requests,
            usage.billed_ms + u.billed_ms,
            usage.response_bytes + u.response_bytes,
            usage.input_tokens + u.input_tokens,
            usage.output_tokens + u.output_tokens,
        )
    scaled = usage.scaled(Decimal(requests) / Decimal(offered), HOURS_PER_MONTH)
    return bill(prices.model, book, prices.parameters, scaled, free=free)


def _sum(values: np.ndarray) -> Decimal:
    return Decimal(str(float(np.nansum(values))))
