"""What the measured traffic costs: per success, per month at the sealed traffic, and where the lines cross."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import add

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.instances import told as platform_told
from harness.analysis.jackknife import jackknife
from harness.analysis.reports import reports_of
from harness.analysis.sharing import Sharing, fitted
from harness.analysis.tokens import tokens_of
from harness.domain.bill import Bill, CostLayer
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.own_costs import own_bill
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.reasons.choice import Modelled
from harness.domain.role import Role
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH, Traffic
from harness.platforms import registry
from harness.platforms.billing import How, ToldBy
from harness.platforms.pricing import Pricing, pricing_of
from harness.platforms.shared.usage import Usage


def cost_profile(data: Dataset, judged: Sequence[str]) -> str:
    """What cost is scored at: everyday traffic, of several the first that is judged; "" where no profile was measured."""
    everyday = data.in_role(Role.EVERYDAY)
    first = (*(p for p in everyday if p in judged), *everyday, *judged, *data.profiles)
    return first[0] if first else ""


@dataclass(frozen=True)
class BlockUsage:
    """One block's usage and what it achieved."""

    offered: int
    successes: int
    good: int
    usage: Usage
    billed: int = 0  # of the accepted requests, how many had a billed duration
    busy_s: float = 0.0  # of the accepted requests together, from send to end
    seconds: float = 0.0  # that the measured arrivals lie in

    @property
    def priced(self) -> bool:
        """Whether a price by the request can be put on it."""
        return bool(self.billed) or not self.usage.requests


@dataclass(frozen=True)
class Cost:
    """One target's cost at the expected traffic."""

    target: str
    per_success_usd: Known  # runtime layer, a team's own lines in it
    per_good_usd: Known
    per_month_usd: Known  # runtime layer
    monthly: Bill | None  # every layer, at the expected traffic
    fixed_per_month_usd: float | None
    variable_per_request_usd: float | None
    coverage: Reason  # what it rests on, or why there is none
    unlisted: tuple[str, ...] = ()  # models that answered and whose price nobody knows
    with_free_usd: float | None = None  # runtime layer a month, its free tiers taken off


def blocks_of(
    target: Target, runs: Sequence[RunData], p95_limit_s: float, ttft_limit_s: float | None
) -> list[BlockUsage]:
    """Usage of each measured block, billed durations joined to samples by platform request id."""
    pricing = pricing_of(target.prices) if target.prices else None
    told_by = pricing.billing.told if pricing else ToldBy.DECLARED
    return [_block(run, pricing, told_by, p95_limit_s, ttft_limit_s) for run in runs]


def _block(
    run: RunData, pricing: Pricing | None, told_by: ToldBy, p95_limit_s: float, ttft_limit_s: float | None
) -> BlockUsage:
    chosen, c = run.measured, run.columns
    accepted = int((chosen & run.taken).sum())
    busy_s = float(np.nansum((c["finished_s"] - c["sent_s"])[chosen & run.taken]))
    billed_ms, told = Decimal(0), 0
    if told_by is ToldBy.EACH_REQUEST and (reports := reports_of(run)):
        milliseconds = [reports[i].whole_billed_ms for i in c["platform_request_id"][chosen] if i in reports]
        told = len(milliseconds)
        mean_ms = float(np.mean(milliseconds)) if milliseconds else 0.0
        billed_ms = Decimal(str(round(mean_ms * accepted, 6)))
    elif told_by is ToldBy.CLIENT:
        billed_ms = Decimal(str(round(busy_s * 1000, 6)))
    elif told_by is ToldBy.TOTAL and pricing and accepted:
        mean_ms = float(_of_measured(run, pricing, of=run.taken)) / accepted
        told, billed_ms = (accepted if mean_ms else 0), Decimal(str(round(mean_ms * accepted, 6)))
    everyone = np.ones(len(chosen), dtype=bool)
    usage = Usage(
        hours=Decimal(0),
        requests=Decimal(accepted),
        billed_ms=billed_ms,
        response_bytes=_sum(c["bytes"][chosen]),
        input_tokens=_sum(c["input_tokens"][chosen]),
        output_tokens=_sum(c["output_tokens"][chosen]),
        tokens=tokens_of(c, chosen, run.record.run if run.record else None),
        instance_s=_of_measured(run, pricing, of=everyone) if pricing and told_by is ToldBy.INSTANCES else Decimal(0),
    )
    good = int((chosen & run.good(p95_limit_s, ttft_limit_s)).sum())
    return BlockUsage(int(chosen.sum()), int((chosen & run.ok).sum()), good, usage, told, busy_s, _stretch_s(c, chosen))


def _of_measured(run: RunData, pricing: Pricing, of: Array) -> Decimal:
    """The platform's figure is the whole run's, warm-up too: the measured arrivals bear their share ``of`` those that count."""
    return platform_told(run.record, pricing, run.side) * int(of[run.measured].sum()) / max(1, int(of.sum()))


def _stretch_s(columns: Mapping[str, Array], chosen: Array) -> float:
    """From the first to the last measured arrival, and one gap more."""
    due = columns["scheduled_s"][chosen]
    if len(due) < 2:
        return 0.0
    return float((np.max(due) - np.min(due)) * len(due) / (len(due) - 1))


def cost(
    target: Target,
    blocks: Sequence[BlockUsage],
    requests_per_month: int,
    needed: int | None = None,
    confidence: float = 0.95,
    traffic: Traffic | None = None,
) -> Cost:
    """At the expected traffic; every number Unknown with its reason where it cannot be had.

    ``needed``: the units that its peak wants by the measured capacity; a capacity is priced at no fewer. ``traffic``:
    how the month's requests lie over the week, evenly where None.
    """
    measured = len(blocks)
    blocks, gap = priced(target, blocks)
    if gap is not None or target.prices is None:
        gap = gap or Unknown(absence.NoPrices())
        return Cost(target.name, gap, gap, gap, None, None, None, gap.reason)
    pricing, sized = _sized(pricing_of(target.prices), needed)
    lies = traffic or Traffic(requests_per_month, 0.0)

    def monthly_usd(kept: Sequence[int]) -> float:
        some = together(pricing, [blocks[k] for k in kept])
        return runtime_usd(monthly_bill(target, pricing, some, requests_per_month, lies))

    def share(kept: Sequence[int], what: str) -> float:
        achieved: int = sum(getattr(blocks[k], what) for k in kept)
        return achieved / sum(blocks[k].offered for k in kept)

    everything = list(range(len(blocks)))
    n = sum(b.offered for b in blocks)
    every = together(pricing, blocks)
    monthly = monthly_bill(target, pricing, every, requests_per_month, lies)
    empty = runtime_usd(monthly_bill(target, pricing, every, 0, lies))
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
    if pricing.billing.how is How.CAPACITY:
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
        pricing.unlisted(every.usage),
        runtime_usd(monthly_bill(target, pricing, every, requests_per_month, lies, free=True)),
    )


def _sized(pricing: Pricing, needed: int | None) -> tuple[Pricing, tuple[int, str, float] | tuple[()]]:
    """A capacity as large as the expected peak wants, and (needed, unit, declared) when that is more than what is declared."""
    units = pricing.billing.units
    if units is None or needed is None or needed <= pricing.units or pricing.by_the_hour:
        return pricing, ()
    return pricing.sized(needed), (needed, units.name, float(pricing.units))


def priced(target: Target, blocks: Sequence[BlockUsage]) -> tuple[list[BlockUsage], Unknown | None]:
    """Those whose usage can be priced; why none, where they are too few."""
    if target.prices is None:
        return [], Unknown(absence.NoPrices())
    if len(blocks) < 2:
        return [], Unknown(absence.FewCostBlocks(len(blocks)))
    told = registry.billing(target.prices.model, target.prices.parameters).told
    kept = [b for b in blocks if b.priced] if told in (ToldBy.EACH_REQUEST, ToldBy.TOTAL) else list(blocks)
    if len(kept) < 2:
        return kept, Unknown(absence.BilledMissing(len(kept), len(blocks)))
    if told is ToldBy.INSTANCES and not all(b.usage.instance_s for b in blocks):
        return kept, Unknown(absence.InstanceTimeMissing())
    if told is ToldBy.INSTANCES and sharing_of(pricing_of(target.prices), blocks) is None:
        return kept, Unknown(absence.InProgressUnknown())
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


def usage_of(blocks: Sequence[BlockUsage]) -> Usage:
    """Of all blocks together, each model's tokens once; hours are not a block's to say."""
    whole = reduce(add, (b.usage for b in blocks))
    *named, _ = whole.by_model()
    return replace(whole, hours=Decimal(0), tokens=tuple(named))


@dataclass(frozen=True)
class Together:
    """Blocks as one: what a month at any traffic is told from."""

    offered: int
    usage: Usage
    sharing: Sharing | None


def together(pricing: Pricing, blocks: Sequence[BlockUsage]) -> Together:
    """Summed and fitted once, for a curve asks for hundreds of months."""
    return Together(sum(b.offered for b in blocks), usage_of(blocks), sharing_of(pricing, blocks))


def sharing_of(pricing: Pricing, blocks: Sequence[BlockUsage]) -> Sharing | None:
    """How its instance time grows with the traffic; None where requests share none, or the runs do not tell."""
    if pricing.billing.at_once is None:
        return None
    usage = usage_of(blocks)
    return fitted(
        float(usage.requests),
        sum(b.busy_s for b in blocks),
        float(usage.instance_s),
        sum(b.seconds for b in blocks),
        float(pricing.billing.at_once(pricing.terms)),
    )


def runtime_usd(bill: Bill) -> float:
    """What runtimes are compared by."""
    return float(bill.layer_usd(CostLayer.RUNTIME))


def monthly_bill(
    target: Target,
    pricing: Pricing,
    measured: Together,
    requests: float,
    traffic: Traffic,
    *,
    free: bool = False,
) -> Bill:
    """A month of ``requests`` like those that were ``measured``, and the team's own lines of it: the one place where a month is told.

    Each use grows with the requests, but instance time that they share.
    """
    usage, offered = measured.usage, measured.offered
    month = usage.scaled(Decimal(str(requests)) / Decimal(offered), Decimal(HOURS_PER_MONTH))
    if (shared := measured.sharing) is not None:
        accepted = requests * float(usage.requests) / offered
        seconds = shared.seconds(traffic.hourly_means(accepted), HOURS_PER_MONTH)
        month = replace(month, instance_s=Decimal(str(round(seconds, 3))))
    return pricing.bill(month, free=free) + own_bill(target.beside, requests)


def _sum(values: np.ndarray) -> Decimal:
    return Decimal(str(float(np.nansum(values))))
