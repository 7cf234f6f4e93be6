"""The Ledger: every planned arrival accounted for, and whether the run may be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from harness.domain.quantile import quantile
from harness.domain.reason import Reason
from harness.domain.reasons import fault
from harness.domain.sample import Outcome

LAG_FLOOR_S = 0.020
LAG_SHARE = 0.02  # of the tightest latency promise
NEAR = 0.7  # of a limit: from here on a run warns


# what each gauge of the generator's health may reach; above it the run is INVALID
LIMITS: Mapping[str, float] = MappingProxyType(
    {
        "loop_lag_p99_s": 0.050,
        "cpu_p95_pct": 90.0,
        "gc_pause_max_s": 0.100,
        "sockets_share": 0.95,
        "clock_step_s": 1.0,
    }
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
    jobs_unasked: int = 0  # questions about jobs that came too late, or not at all, for the generator's own rate
    clocks_apart_s: float | None = None  # by how much the worst worker's clock certainly moved against the master's
    clocks_unsure_s: float | None = None  # by how much its part of the schedule may have been out of step at most
    clocks_unknown: int = 0  # workers on other machines whose clock could not be compared

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
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...] = ()
    lag_p50_s: float | None = None
    lag_p99_s: float | None = None
    lag_max_s: float | None = None
    lag_limit_s: float | None = None
    stopped_by: str | None = None
    stop_signal: str | None = None  # where a signal to this process was what stopped it
    health: GeneratorHealth = field(default_factory=GeneratorHealth)
    jobs: Mapping[str, int] | None = None  # by state, each submission once; None: no jobs

    @property
    def sent(self) -> int:
        return self.planned - sum(self.outcomes.get(o, 0) for o in (Outcome.NOT_SENT, Outcome.LOST))


UPSTREAM = frozenset({Outcome.UPSTREAM_ERROR, Outcome.UPSTREAM_THROTTLED})
LEAST_TO_TELL = 5  # requests: fewer can all fail by chance


NEARLY_NONE = 0.05  # of the requests that were sent: a target that answers fewer answers nobody


def only_upstream(outcomes: Mapping[str, int]) -> bool:
    """Whether the provider behind a target failed every request that was sent: such a run says nothing of the runtime."""
    sent = _sent(outcomes)
    return sent >= LEAST_TO_TELL and sum(outcomes.get(name, 0) for name in UPSTREAM) == sent


def unanswered(outcomes: Mapping[str, int]) -> bool:
    """Whether (nearly) nothing that was sent was answered, whoever failed it. The run is as valid as any."""
    sent = _sent(outcomes)
    return sent >= LEAST_TO_TELL and outcomes.get(Outcome.OK, 0) <= NEARLY_NONE * sent


def _sent(outcomes: Mapping[str, int]) -> int:
    unsent = (Outcome.NOT_SENT, Outcome.LOST, Outcome.ABORTED)
    return sum(count for name, count in outcomes.items() if name not in unsent)


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
    stop_signal: str | None = None,
    jobs: Mapping[str, int] | None = None,
) -> Ledger:
    """Check and judge one run's counts; only the generator's own faults make it INVALID.

    ``lags_s`` leaves out what a hanging target kept waiting for a slot; ``tightest_s`` is the smallest latency promise.
    """
    limit = lag_limit_s(tightest_s)
    p99 = quantile(lags_s, 0.99)
    reasons = _faults(planned, outcomes, health, stopped_by)
    if jobs is not None and (seen := sum(jobs.values())) != planned:
        reasons.append(fault.JobsDoNotBalance(planned, seen))
    warnings: list[Reason] = []
    if p99 is not None and p99 > limit:
        reasons.append(fault.LagAbove(p99, limit))
    elif p99 is not None and p99 > NEAR * limit:
        warnings.append(fault.LagNear(p99, limit))
    for gauge, most in LIMITS.items():
        value = getattr(health, gauge)
        if value is not None and abs(value) > most:
            reasons.append(fault.GaugeAbove(gauge, value, most))
        elif value is not None and abs(value) > NEAR * most:
            warnings.append(fault.GaugeNear(gauge, value, most))
    spoilt, loose = _clocks(health, limit)
    reasons += spoilt
    warnings += loose
    if health.held_up:
        warnings.append(fault.SentLate(health.held_up))
    if health.late_joiners:
        warnings.append(fault.JoinedLate(health.late_joiners))
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
        stop_signal=stop_signal,
        health=health,
        jobs=None if jobs is None else dict(sorted(jobs.items())),
    )


def _clocks(health: GeneratorHealth, limit: float) -> tuple[list[Reason], list[Reason]]:
    """What spoils the run, and what may."""
    spoilt: list[Reason] = [fault.ClocksUnknown(health.clocks_unknown)] if health.clocks_unknown else []
    apart, unsure = health.clocks_apart_s or 0.0, health.clocks_unsure_s or 0.0
    if apart > limit:
        return [*spoilt, fault.ClocksApart(apart, limit)], []
    return spoilt, [fault.ClocksUnsure(unsure, limit)] if unsure > limit else []


def _faults(planned: int, counts: Mapping[str, int], health: GeneratorHealth, stopped_by: str | None) -> list[Reason]:
    out: list[Reason] = []
    if (seen := sum(counts.values())) != planned:
        out.append(fault.DoesNotBalance(planned, seen))
    if health.interrupted or counts.get(Outcome.ABORTED):
        out.append(fault.StoppedEarly(stopped_by or ""))
    if health.lost_workers or counts.get(Outcome.LOST):
        out.append(fault.WorkersLost(health.lost_workers, counts.get(Outcome.LOST, 0)))
    if counts.get(Outcome.NOT_SENT) and not stopped_by:
        out.append(fault.NeverSent(counts[Outcome.NOT_SENT]))
    if health.no_free_slot:
        out.append(fault.NoSlotFree(health.no_free_slot))
    if health.jobs_unasked:
        out.append(fault.JobsNotAsked(health.jobs_unasked))
    out.extend(map(fault.NotConnected, health.local_errors))
    out.extend(map(fault.NotWritten, health.write_errors))
    out.extend(map(fault.GeneratorFailed, health.worker_errors))
    return out
