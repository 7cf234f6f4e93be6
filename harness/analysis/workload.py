"""What was measured of one workload on one target: the value that placement takes, whoever measured it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.job import Killed
from harness.domain.reason import Reason
from harness.domain.reasons.absence import NotMeasured
from harness.domain.reasons.verdict import JobsLost
from harness.domain.target import Target
from harness.domain.verdict import Judgement, SloVerdict
from harness.domain.workload import Workload

NOT_MEASURED = Unknown(NotMeasured())


@dataclass(frozen=True)
class Ended:
    """How many of those that began were ended by a limit."""

    by: Killed
    count: int
    of: int


@dataclass(frozen=True)
class Start:
    """A promise of time against cold starts: as measured, with one on top of a warm p95, and at the workload's volume.

    ``met``: the share of the measured ones that met a start, ``met_s`` their p95. ``cold_s``: a warm p95 with what probes
    say that a start costs. ``share``: of those that meet one at its volume, ``at_volume``: the promised percentile there.
    """

    promise: str
    limit_s: float
    warm_s: Known
    met: Known
    met_s: Known
    cold_s: Known
    share: Known
    at_volume: Known

    @property
    def in_time(self) -> bool:
        """Even with a start: then it does not matter how many meet one."""
        return isinstance(self.cold_s, Estimate) and self.cold_s.high is not None and self.cold_s.high <= self.limit_s


@dataclass(frozen=True)
class Measured:
    """One workload on one target, by the runs of one profile.

    ``worked_s`` is how long one is worked on, not how long it waits: its p95; ``longest_s`` the longest that was seen,
    an Estimate without ends. ``memory_mb``: the most that one instance held, of 2^20 bytes. Money is of a month at its volume,
    ``per_month``: of the runtime, and of what is beside it (tokens, stores), which is None where it is not known.
    """

    target: str
    profile: str
    verdicts: tuple[SloVerdict, ...]
    worked_s: Known = NOT_MEASURED
    longest_s: Known = NOT_MEASURED
    memory_mb: Known = NOT_MEASURED
    ended: tuple[Ended, ...] = ()
    starts: tuple[Start, ...] = ()  # none: it never starts cold, or nobody would notice
    per_month: int | None = None
    untold: Reason | None = None  # why nobody can tell whether it carries so many
    month_usd: Known = NOT_MEASURED
    beside_usd: float | None = None

    def judged(self, judgement: Judgement) -> tuple[SloVerdict, ...]:
        return tuple(v for v in self.verdicts if v.judgement is judgement)

    @property
    def whole_usd(self) -> Known:
        """A month's runtime with what is beside it; only the runtime's part has an interval."""
        month, beside = self.month_usd, self.beside_usd
        if not isinstance(month, Estimate) or not beside:
            return month
        return month.scaled(1.0, beside)


class Measures(Protocol):
    """Finds what was measured of one kind of work."""

    def __call__(self, workload: Workload, target: Target) -> Measured | None:
        """None where no valid run measured it."""
        ...


def none_lost(v: SloVerdict) -> bool:
    """No accepted job was lost. No number of jobs proves that none ever will be, so more evidence does not settle it."""
    return isinstance(v.reason, JobsLost) and v.reason.accepted > 0 and not v.reason.lost


def deciding(verdicts: Sequence[SloVerdict]) -> SloVerdict | None:
    """The one that says most: broken, else open, else the first that is kept."""
    order = (Judgement.FAIL, Judgement.INCONCLUSIVE, Judgement.PASS)
    return min(verdicts, key=lambda v: len(order) if none_lost(v) else order.index(v.judgement), default=None)
