"""What was measured of a workload of jobs, as the analysis of jobs found it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.analysis.jobs import JobsFound
from harness.analysis.jobs.shares import JobShare
from harness.analysis.workload import NOT_MEASURED, Ended, Measured, Start
from harness.decision.findings import Findings
from harness.decision.request_work import PER, with_a_start
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.job import Killed
from harness.domain.reasons import absence
from harness.domain.target import Target
from harness.domain.workload import Promise, Workload


@dataclass(frozen=True)
class JobWork:
    """A ``Measures`` of jobs; ``done_by``: the target that does the jobs of each of the two, itself or its variant."""

    found: Sequence[JobsFound]
    findings: Findings
    done_by: dict[str, str]
    starts_cold: frozenset[str]

    def __call__(self, workload: Workload, target: Target) -> Measured | None:
        doing = self.done_by.get(target.name, target.name)
        mine = (f for f in self.found if f.profile == workload.measured_by and f.target == doing and f.blocks)
        found = next(mine, None)
        if found is None:
            return None
        longest: Known = NOT_MEASURED
        if found.longest_s is not None:
            longest = Estimate(found.longest_s, None, None, 0.95, found.done, found.blocks, "longest that was seen")
        cold = workload.timed and target.name in self.starts_cold
        beside = _month(found.cost.tokens_usd, workload.per_month)
        return Measured(
            target.name,
            found.profile,
            found.verdicts,
            worked_s=found.p95_working_s,
            longest_s=longest,
            ended=tuple(_ended(found.shares)),
            starts=tuple(self._starts(found, target.name)) if cold else (),
            per_month=workload.per_month,
            month_usd=_month(found.cost.runtime_usd, workload.per_month),
            beside_usd=beside.value if isinstance(beside, Estimate) else None,
        )

    def _starts(self, found: JobsFound, target: str) -> Iterator[Start]:
        """What its jobs met is in the times as measured; one more on top, by what probes say that it costs."""
        for v in found.verdicts:
            if v.slo.metric not in (Promise.DONE.value, Promise.FRESHNESS.value):
                continue
            on_top = with_a_start(v.estimate, target, self.findings)
            if isinstance(on_top, Unknown):
                continue
            untold = Unknown(absence.StartsNotPlayed())
            yield Start(v.slo.metric, v.slo.limit, v.estimate, untold, untold, on_top, untold, untold)


def _ended(shares: Sequence[JobShare]) -> Iterator[Ended]:
    for by in (Killed.TIME, Killed.MEMORY):
        yield from (Ended(by, one.count, one.of) for one in shares if one.fate == by.value and one.count)


def _month(of_thousand: Known, per_month: int | None) -> Known:
    """Jobs cost each the same: nothing that they share grows with them."""
    if per_month is None:
        return Unknown(absence.NoVolume())
    if isinstance(of_thousand, Unknown):
        return of_thousand
    return of_thousand.scaled(per_month / PER)
