"""What the pilot's own runs used and what that costs: every attempt, valid or not, warm-up too.

A quantity that the platform's own records gave is METERED; one that was worked out
from the client's side, or from the declared size, is MODELLED.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from harness.analysis.agreement import LEAST_JOINED
from harness.analysis.coded import among
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData, read
from harness.analysis.reports import reports_in
from harness.costing.book import read_book
from harness.costing.models import Usage, bill
from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.domain.sample import UNBILLED, Outcome
from harness.domain.target import Target
from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT
from harness.evidence.store import RunRecord

COLUMNS = ("outcome", "sent_s", "finished_s", "bytes", "input_tokens", "output_tokens", "platform_request_id")
BY_LINE = {
    *("lambda_gb_second", "lambda_provisioned_duration_gb_second"),
    *("lambda_arm_gb_second", "lambda_arm_provisioned_duration_gb_second"),
}
LCUS = "AWS/ApplicationELB ConsumedLCUs Sum"
TASKS = "ECS/ContainerInsights RunningTaskCount Average"
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
    """None without prices, and where no run left samples."""
    if target.prices is None:
        return None
    parts = [part for record in records if record.target == target.name and (part := _of(record)) is not None]
    if not parts:
        return None
    usage = Usage(*(sum((getattr(p.usage, f) for p in parts), Decimal(0)) for f in Usage.__dataclass_fields__))
    requests, joined, ok = (sum(getattr(p, name) for p in parts) for name in ("billed", "joined", "successes"))
    parameters, measured = dict(target.prices.parameters), set()
    if any(p.joined for p in parts) and joined >= LEAST_JOINED * requests:
        measured |= {*BY_LINE, "lambda_request"}
    if usage.hours and (lcu_hours := _sums(parts, LCUS)) is not None:
        # unconfirmed: an hour's sum of the metric is taken as that hour's LCU-hours
        parameters["lcus"] = float(Decimal(str(lcu_hours)) / usage.hours)
        measured.add("alb_lcu_hour")
    if (tasks := _mean(parts, TASKS)) is not None:
        parameters["tasks"] = tasks
        measured |= {"fargate_vcpu_hour", "fargate_gb_hour", "fargate_arm_vcpu_hour", "fargate_arm_gb_hour"}
    made = bill(target.prices.model, read_book(target.prices.book), parameters, usage)
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
    readings: dict[str, list[tuple[float, float]]]


def _of(record: RunRecord) -> _Part | None:
    elapsed_s = (record.run or {}).get("elapsed_s")
    try:
        columns = read(record.path, COLUMNS)
    except BadFile:
        return None
    if elapsed_s is None:
        return None
    taken = ~among(columns["outcome"], [o.value for o in UNBILLED])
    reports = reports_in(record.path / "readings")
    waited = (columns["finished_s"] - columns["sent_s"])[taken] * 1e3
    if reports:
        lines = [reports.get(name) for name in columns["platform_request_id"][taken]]
        known = [report.whole_billed_ms for report in lines if report]
        rest = sum(ms for report, ms in zip(lines, waited, strict=True) if not report and not np.isnan(ms))
    else:
        known, rest = [], float(np.nansum(waited))
    usage = Usage(
        hours=Decimal(str(round(elapsed_s, 3))) / HOUR_S,
        requests=Decimal(int(taken.sum())),
        billed_ms=Decimal(str(round(sum(known) + rest, 3))),
        response_bytes=_total(columns["bytes"]),
        input_tokens=_total(columns["input_tokens"]),
        output_tokens=_total(columns["output_tokens"]),
    )
    ok = int((columns["outcome"] == Outcome.OK.value).sum())
    return _Part(usage, int(taken.sum()), len(known), ok, _cloudwatch(record))


def _total(values: Array) -> Decimal:
    return Decimal(str(float(np.nansum(values))))


def _cloudwatch(record: RunRecord) -> dict[str, list[tuple[float, float]]]:
    try:
        content: dict[str, Any] = read_json(record.path / "readings" / "cloudwatch.json", READINGS_FORMAT)
    except BadFile:
        return {}
    return {r["metric"]: [tuple(p) for p in r["points"]] for r in content["readings"] if r["kind"] == "series"}


def _sums(parts: Sequence[_Part], metric: str) -> float | None:
    """A minute that two runs share counts once."""
    points: dict[float, float] = {}
    for part in parts:
        points |= dict(part.readings.get(metric, ()))
    return sum(points.values()) if points else None


def _mean(parts: Sequence[_Part], metric: str) -> float | None:
    values = [v for part in parts for _, v in part.readings.get(metric, ())]
    return sum(values) / len(values) if values else None


def records_of(runs: Sequence[RunData], invalid: Sequence[RunRecord]) -> list[RunRecord]:
    """Every attempt that left something, once."""
    return [*(run.record for run in runs), *invalid]
