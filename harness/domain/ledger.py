"""The Ledger: every planned arrival accounted for, and whether the run may be believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.domain.quantile import quantile
from harness.domain.sample import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAG_FLOOR_S = 0.020
LAG_SHARE = 0.02  # of the tightest latency promise
NEAR = 0.7  # of a limit: from here on a run warns


@dataclass(frozen=True)
class Limit:
    """What one gauge may reach; above it the run is INVALID, because ``reason``."""

    gauge: str
    words: str
    most: float
    reason: str
    scale: float = 1.0
    unit: str = ""

    def said(self, value: float) -> str:
        return f"{self.words} {value * self.scale:.4g}{self.unit}"


LIMITS = (
    Limit(
        "loop_lag_p99_s",
        "event loop lag p99",
        0.050,
        "answers that have arrived wait to be read, and the wait reads as the target's",
        1e3,
        " ms",
    ),
    Limit(
        "cpu_p95_pct",
        "generator CPU p95",
        90.0,
        "with less than a tenth of a core to spare, requests queue in the generator",
        unit=" % of a core",
    ),
    Limit(
        "gc_pause_max_s",
        "longest garbage collection",
        0.100,
        "tokens that arrive during it all get the time of its end",
        1e3,
        " ms",
    ),
    Limit(
        "sockets_share",
        "open sockets",
        0.95,
        "past the process's limit of descriptors, connections fail that the target would have taken",
        100,
        " % of the limit",
    ),
    Limit(
        "clock_step_s",
        "wall clock step",
        1.0,
        "platform data are joined to the run by wall time",
        1,
        " s",
    ),
)


@dataclass(frozen=True)
class GeneratorHealth:
    """What the load generator says of itself over one run: the worst of its processes."""

    no_free_slot: int = 0
    held_up: int = 0  # arrivals that a hanging target kept waiting for a slot
    lost_workers: int = 0
    late_joiners: int = 0
    write_errors: tuple[str, ...] = ()
    worker_errors: tuple[str, ...] = ()
    local_errors: tuple[str, ...] = ()
    interrupted: bool = False
    loop_lag_p99_s: float | None = None
    cpu_p95_pct: float | None = None
    gc_pause_max_s: float | None = None
    sockets_max: float | None = None
    sockets_limit: float | None = None
    clock_step_s: float | None = None

    @property
    def sockets_share(self) -> float | None:
        if self.sockets_max is None or not self.sockets_limit:
            return None
        return self.sockets_max / self.sockets_limit


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


UPSTREAM = frozenset({Outcome.UPSTREAM_ERROR, Outcome.UPSTREAM_THROTTLED})
LEAST_TO_TELL = 5  # requests: fewer can all fail by chance


def only_upstream(outcomes: Mapping[str, int]) -> bool:
    """Whether the provider behind a target failed every request that was sent: such a run says nothing of the runtime."""
    unsent = (Outcome.NOT_SENT, Outcome.LOST, Outcome.ABORTED)
    sent = sum(count for name, count in outcomes.items() if name not in unsent)
    return sent >= LEAST_TO_TELL and sum(outcomes.get(name, 0) for name in UPSTREAM) == sent


def lag_limit_s(tightest_s: float | None) -> float:
    """The larger of 20 ms and 2 % of the tightest latency promise: more lateness than that would colour its percentile."""
    return max(LAG_FLOOR_S, LAG_SHARE * (tightest_s or 0.0))


def close(
    planned: int,
    outcomes: Mapping[str, int],
    lags_s: Sequence[float],
    health: GeneratorHealth,
    tightest_s: float | None = None,
    stopped_by: str | None = None,
) -> Ledger:
    """Check and judge one run's counts; only the generator's own faults make it INVALID.

    ``lags_s`` leaves out what a hanging target kept waiting for a slot; ``tightest_s`` is the smallest latency promise.
    """
    limit = lag_limit_s(tightest_s)
    p99 = quantile(lags_s, 0.99)
    reasons = _faults(planned, outcomes, health, stopped_by)
    warnings = []
    if p99 is not None and p99 > limit:
        reasons.append(f"lag p99 {p99 * 1e3:.1f} ms is above its limit {limit * 1e3:.0f} ms")
    elif p99 is not None and p99 > NEAR * limit:
        warnings.append(f"lag p99 {p99 * 1e3:.1f} ms is near its limit {limit * 1e3:.0f} ms")
    over, near = _against_limits(health)
    reasons += over
    warnings += near
    if health.held_up:
        warnings.append(
            f"{health.held_up} arrivals were sent late because requests that reached their deadline held every slot; "
            "their lag is the target's, and more slots would have sent them in time"
        )
    if health.late_joiners:
        warnings.append(f"{health.late_joiners} worker(s) joined after the start and stayed idle")
    return Ledger(
        planned=planned,
        outcomes=dict(sorted(outcomes.items())),
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


def _against_limits(health: GeneratorHealth) -> tuple[list[str], list[str]]:
    """What is past its limit, and what is near it; a gauge that was not read says nothing."""
    over, near = [], []
    for limit in LIMITS:
        value = getattr(health, limit.gauge)
        if value is None:
            continue
        if abs(value) > limit.most:
            over.append(f"{limit.said(value)} is above {limit.most * limit.scale:g}{limit.unit}: {limit.reason}")
        elif abs(value) > NEAR * limit.most:
            near.append(f"{limit.said(value)} is near its limit {limit.most * limit.scale:g}{limit.unit}")
    return over, near


def _faults(planned: int, counts: Mapping[str, int], health: GeneratorHealth, stopped_by: str | None) -> list[str]:
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
    out.extend(f"this machine could not open a connection: {error}" for error in health.local_errors)
    out.extend(f"evidence could not be written: {error}" for error in health.write_errors)
    out.extend(f"the generator failed: {error}" for error in health.worker_errors)
    return out
