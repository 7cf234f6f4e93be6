"""What the measured blocks used of what a platform bills, and what they achieved with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import add

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.instances import told as platform_told
from harness.analysis.reports import reports_of
from harness.analysis.tokens import tokens_of
from harness.domain.bill import Bill, CostLayer
from harness.domain.estimate import Unknown
from harness.domain.reasons import absence
from harness.domain.role import Role
from harness.domain.target import Target
from harness.platforms import registry
from harness.platforms.billing import ToldBy
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

    @property
    def priced(self) -> bool:
        """Whether a price by the request can be put on it."""
        return bool(self.billed) or not self.usage.requests


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
    return BlockUsage(int(chosen.sum()), int((chosen & run.ok).sum()), good, usage, told, busy_s)


def _of_measured(run: RunData, pricing: Pricing, of: Array) -> Decimal:
    """The platform's figure is the whole run's, warm-up too: the measured arrivals bear their share ``of`` those that count."""
    return platform_told(run.record, pricing, run.side) * int(of[run.measured].sum()) / max(1, int(of.sum()))


def priced(target: Target, blocks: Sequence[BlockUsage]) -> tuple[list[int], Unknown | None]:
    """Which of them can be priced; why none, where they are too few."""
    if target.prices is None:
        return [], Unknown(absence.NoPrices())
    if len(blocks) < 2:
        return [], Unknown(absence.FewCostBlocks(len(blocks)))
    told = registry.billing(target.prices.model, target.prices.parameters).told
    by_line = told in (ToldBy.EACH_REQUEST, ToldBy.TOTAL)
    kept = [k for k, b in enumerate(blocks) if b.priced or not by_line]
    if len(kept) < 2:
        return kept, Unknown(absence.BilledMissing(len(kept), len(blocks)))
    if told is ToldBy.INSTANCES and not all(b.usage.instance_s for b in blocks):
        return kept, Unknown(absence.InstanceTimeMissing())
    return kept, None


def usage_of(blocks: Sequence[BlockUsage]) -> Usage:
    """Of all blocks together, each model's tokens once; hours are not a block's to say."""
    whole = reduce(add, (b.usage for b in blocks))
    *named, _ = whole.by_model()
    return replace(whole, hours=Decimal(0), tokens=tuple(named))


def runtime_usd(bill: Bill) -> float:
    """What runtimes are compared by."""
    return float(bill.layer_usd(CostLayer.RUNTIME))


def _sum(values: np.ndarray) -> Decimal:
    return Decimal(str(float(np.nansum(values))))
