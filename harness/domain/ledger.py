"""The Ledger: every planned arrival accounted for, and whether the run may be believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.domain.quantile import quantile
from harness.domain.sample import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAG_FLOOR_S = 0.020
LAG_SHARE_OF_P95_LIMIT = 0.02
LOOP_LAG_P99_S = 0.050


@dataclass(frozen=True)
class GeneratorHealth:
    """What the load generator says of itself over one run."""

    no_free_slot: int = 0
    lost_workers: int = 0
    late_joiners: int = 0
    write_errors: tuple[str, ...] = ()
    worker_errors: tuple[str, ...] = ()
    interrupted: bool = False
    loop_lag_p99_s: float | None = None
    cpu_p95_pct: float | None = None
    clock_step_s: float | None = None


@dataclass(frozen=True)
class Ledger:
    """planned = ok + each failure outcome + not sent + lost; ``reasons`` is empty when valid."""

    planned: int
    outcomes: Mapping[str, int]
    valid: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    lag_p50_s: float | None = None
    lag_p99_s: float | None = None
    lag_max_s: float | None = None
    lag_limit_s: float | None = None
    stopped_by: str | None = None
    health: GeneratorHealth = field(default_factory=GeneratorHealth)

    @property
    def sent(self) -> int:
        return self.planned - sum(self.outcomes.get(o, 0) for o in (Outcome.NOT_SENT, Outcome.LOST))


def lag_limit_s(p95_limit_s: float | None) -> float:
    """The larger of 20 ms and 2 % of the p95 limit: more lateness than that would colour the percentiles."""
    return max(LAG_FLOOR_S, LAG_SHARE_OF_P95_LIMIT * (p95_limit_s or 0.0))


def close(
    planned: int,
    outcomes: Sequence[str],
    lags_s: Sequence[float],
    health: GeneratorHealth,
    p95_limit_s: float | None = None,
    stopped_by: str | None = None,
) -> Ledger:
    """Count, check and judge one run; only the generator's own faults make it INVALID."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome] = counts.get(outcome, 0) + 1
    limit = lag_limit_s(p95_limit_s)
    p99 = quantile(lags_s, 0.99)
    reasons = _faults(planned, counts, health, p99, limit, stopped_by)
    warnings = []
    if p99 is not None and limit / 2 < p99 <= limit:
        warnings.append(f"lag p99 {p99 * 1e3:.1f} ms is more than half of its limit {limit * 1e3:.0f} ms")
    if health.late_joiners:
        warnings.append(f"{health.late_joiners} worker(s) joined after the start and stayed idle")
    return Ledger(
        planned=planned,
        outcomes=dict(sorted(counts.items())),
        valid=not reasons,
        reasons=tuple(reasons),
        warnings=tuple(warnings),
        lag_p50_s=quantile(lags_s, 0.5),
        lag_p99_s=p99,
        lag_max_s=max(lags_s, default=None),
        lag_limit_s=limit,
        stopped_by=stopped_by,
        health=health,
    )


def _faults(
    planned: int,
    counts: Mapping[str, int],
    health: GeneratorHealth,
    lag_p99_s: float | None,
    limit_s: float,
    stopped_by: str | None,
) -> list[str]:
    out = []
    if (seen := sum(counts.values())) != planned:
        out.append(f"the ledger does not balance: {planned} planned, {seen} accounted for")
    if health.interrupted or counts.get(Outcome.ABORTED):
        out.append(f"stopped before its end{f' ({stopped_by})' if stopped_by else ''}")
    if health.lost_workers or counts.get(Outcome.LOST):
        out.append(f"{health.lost_workers} worker(s) lost, {counts.get(Outcome.LOST, 0)} arrivals with them")
    if counts.get(Outcome.NOT_SENT) and not stopped_by:
        out.append(f"{counts[Outcome.NOT_SENT]} arrivals were never sent")
    if health.no_free_slot:
        out.append(f"no slot was free for {health.no_free_slot} arrivals when they were due: raise --slots")
    if lag_p99_s is not None and lag_p99_s > limit_s:
        out.append(f"lag p99 {lag_p99_s * 1e3:.1f} ms is above its limit {limit_s * 1e3:.0f} ms")
    if health.loop_lag_p99_s is not None and health.loop_lag_p99_s > LOOP_LAG_P99_S:
        out.append(f"event loop lag p99 {health.loop_lag_p99_s * 1e3:.0f} ms is above {LOOP_LAG_P99_S * 1e3:.0f} ms")
    if health.clock_step_s is not None and abs(health.clock_step_s) > 1:
        out.append(f"the wall clock stepped by {health.clock_step_s:+.1f} s during the run")
    out.extend(f"evidence could not be written: {error}" for error in health.write_errors)
    out.extend(f"a worker could not take part: {error}" for error in health.worker_errors)
    return out
