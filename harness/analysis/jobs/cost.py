"""What jobs cost: the runtime's bill while they ran, and their tokens at batch prices, for each thousand that was done.

Everything that was used from the first submission to the last end is borne by the jobs that were done: failed ones, tries
that were killed, and the questions about them too. A capacity is billed for that stretch alone, as one that is there for the
batch; a platform that bills by use for what it says that it billed. What a run's readings can't have counted has no price:
where they tell less than half of the time that the jobs say they worked, their workers run elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import add

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.instances import told as platform_told
from harness.analysis.jackknife import jackknife
from harness.analysis.job_table import JobRun
from harness.analysis.reports import reports_of
from harness.domain.bill import Bill, CostLayer
from harness.domain.estimate import Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.target import Target
from harness.domain.traffic import HOURS_PER_MONTH
from harness.platforms.billing import ToldBy
from harness.platforms.pricing import Pricing, pricing_of
from harness.platforms.shared.usage import Tokens, Usage

HOUR_S = 3600
LEAST_COVERED = 0.5  # of the jobs' own working time, in what the platform says that it billed
METHOD = "cost of what was used over jobs done, block jackknife"


@dataclass(frozen=True)
class JobUsage:
    """What one run used, and how many jobs it got done by that."""

    usage: Usage
    done: int


@dataclass(frozen=True)
class Volume:
    """How many jobs a month has; a night has its share of them."""

    per_month: float

    @property
    def per_night(self) -> float:
        return self.per_month * 24 / HOURS_PER_MONTH


@dataclass(frozen=True)
class JobCost:
    """Of jobs that were done; ``per_thousand_usd`` has runtime and tokens, ``thousand`` is its bill by lines."""

    per_thousand_usd: Known
    runtime_usd: Known  # of a thousand
    tokens_usd: Known  # of a thousand, at batch prices where there are any
    thousand: Bill | None = None
    volume: Volume | None = None
    per_night_usd: Known | None = None  # None where nobody says how many there are
    night: Bill | None = None
    per_month_usd: Known | None = None  # of the runtime
    month: Bill | None = None


def job_usage(run: RunData, jobs: JobRun, pricing: Pricing) -> JobUsage | Reason:
    """Of the whole run, warm-up too, for the platform's readings are; a Reason where it has no price."""
    told_by, working_ms = pricing.billing.told, float(np.nansum(jobs.numbers["running_ms"]))
    polls = int(np.nansum(jobs.numbers["polls"])) + int(jobs.done.sum())
    requests, billed_ms, instance_s = int(jobs.accepted.sum()) + polls, Decimal(0), Decimal(0)
    match told_by:
        case ToldBy.EACH_REQUEST:
            reports = reports_of(run)
            requests, billed_ms = len(reports), Decimal(sum(r.whole_billed_ms for r in reports.values()))
        case ToldBy.TOTAL:
            billed_ms = platform_told(run.record, pricing)
        case ToldBy.INSTANCES:
            instance_s = platform_told(run.record, pricing)
        case ToldBy.CLIENT:
            billed_ms = _ms(working_ms + 1000 * float(np.nansum(run.columns["finished_s"] - run.columns["sent_s"])))
        case ToldBy.DECLARED:
            pass
    if told_by in (ToldBy.EACH_REQUEST, ToldBy.TOTAL, ToldBy.INSTANCES):
        counted_ms = float(billed_ms + 1000 * instance_s)
        if not counted_ms:
            return absence.JobsUsageMissing()
        if told_by is not ToldBy.INSTANCES and counted_ms < LEAST_COVERED * working_ms:
            return absence.JobsBilledElsewhere(counted_ms / 1000, working_ms / 1000)
    read, written = jobs.numbers["input_tokens"], jobs.numbers["output_tokens"]
    usage = Usage(
        hours=Decimal(str(round(_stretch_s(jobs), 3))) / HOUR_S,
        requests=Decimal(requests),
        billed_ms=billed_ms,
        response_bytes=_sum(run.columns["bytes"]),
        input_tokens=_sum(read),
        output_tokens=_sum(written),
        instance_s=instance_s,
        tokens=_tokens(jobs),
    )
    return JobUsage(usage, int(jobs.done.sum()))


def cost(
    target: Target,
    runs: Sequence[tuple[RunData, JobRun]],
    confidence: float,
    volume: Volume | None = None,
) -> JobCost:
    """Unknown with the reason wherever a number cannot be had."""
    if target.prices is None:
        return _unknown(absence.NoPrices(), volume)
    pricing = pricing_of(target.prices)
    used = [job_usage(run, jobs, pricing) for run, jobs in runs]
    known = [one for one in used if isinstance(one, JobUsage)]
    if len(known) < 2:
        lacking = next((one for one in used if not isinstance(one, JobUsage)), absence.FewCostBlocks(len(known)))
        return _unknown(lacking, volume)
    done = sum(one.done for one in known)
    if min(done - one.done for one in known) <= 0:
        return _unknown(absence.NoJobDone(), volume)

    def of(layers: Sequence[CostLayer], jobs: float) -> Known:
        def usd(kept: Sequence[int]) -> float:
            made = jobs_bill(pricing, [known[k] for k in kept], jobs)
            return float(sum(made.layer_usd(layer) for layer in layers))

        everything = list(range(len(known)))
        if usd(everything) <= 0:
            return Unknown(absence.CostsNothing(), done, len(known))
        return jackknife(lambda kept: math.log(usd(kept)), len(known)).estimate(confidence, done, METHOD)

    both = (CostLayer.RUNTIME, CostLayer.SHARED)
    made = JobCost(
        of(both, 1000),
        of((CostLayer.RUNTIME,), 1000),
        of((CostLayer.SHARED,), 1000),
        jobs_bill(pricing, known, 1000),
        volume,
    )
    if volume is None:
        return made
    return replace(
        made,
        per_night_usd=of(both, volume.per_night),
        night=jobs_bill(pricing, known, volume.per_night),
        per_month_usd=of((CostLayer.RUNTIME,), volume.per_month),
        month=jobs_bill(pricing, known, volume.per_month),
    )


def jobs_bill(pricing: Pricing, used: Sequence[JobUsage], jobs: float) -> Bill:
    """So many jobs done like those that were measured, tokens at batch prices where a list has them."""
    whole, done = reduce(add, (one.usage for one in used)), sum(one.done for one in used)
    factor = Decimal(str(jobs)) / Decimal(done)
    return pricing.bill(whole.scaled(factor, whole.hours * factor), batch=True)


def _unknown(why: Reason, volume: Volume | None) -> JobCost:
    none = Unknown(why)
    at_volume = none if volume else None
    return JobCost(none, none, none, volume=volume, per_night_usd=at_volume, per_month_usd=at_volume)


def _stretch_s(jobs: JobRun) -> float:
    """From the first intended submission to the last end that is known."""
    came, ended = jobs.numbers["scheduled_s"], jobs.ended_s
    last = max((float(np.nanmax(v)) for v in (ended, jobs.numbers["accepted_s"]) if not np.isnan(v).all()), default=0.0)
    return max(0.0, last - float(came.min())) if len(came) else 0.0


def _tokens(jobs: JobRun) -> tuple[Tokens, ...]:
    out: dict[str, Tokens] = {}
    rows = zip(jobs.texts["model"], jobs.numbers["input_tokens"], jobs.numbers["output_tokens"], strict=True)
    for model, read, written in rows:
        if model is None or np.isnan(read):
            continue
        one = Tokens(model, Decimal(1), Decimal(int(read)), Decimal(0 if np.isnan(written) else int(written)))
        out[model] = out[model] + one if model in out else one
    return tuple(out.values())


def _sum(values: np.ndarray) -> Decimal:
    return Decimal(str(float(np.nansum(values))))


def _ms(value: float) -> Decimal:
    return Decimal(str(round(value, 3)))
