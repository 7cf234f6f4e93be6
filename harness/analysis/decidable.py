"""What a plan can settle at all: how many requests a promise needs when nothing goes wrong.

The verdicts' own interval is asked, of the best sample that a plan can bring: no request
beyond the promise. Where even that leaves the promise open, no target can earn a PASS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.shares import LEAST_BLOCKS, Share
from harness.analysis.slo import STREAMED, allowed_share
from harness.domain.looks import look
from harness.domain.plan import Plan
from harness.domain.verdict import Slo
from harness.domain.workload import CALLED, OF_TIME, Workload

MOST = 1 << 40  # requests: beyond it nobody plans


class Lacks(StrEnum):
    """Why no outcome of a plan could show that a promise is kept."""

    REQUESTS = "requests"
    BLOCKS = "blocks"
    NOTHING_SHOWS_IT = "nothing shows it"  # of 0 failures, or of availability: no number of requests is enough


@dataclass(frozen=True)
class Measured:
    """What the judged runs of one profile add up to, on each target."""

    profile: str
    blocks: int
    requests: int
    streams: int  # of them, those that ask for a stream


@dataclass(frozen=True)
class Unsettled:
    """A promise that stays INCONCLUSIVE even if every answer is good; ``needed`` None where no number is enough."""

    profile: str
    promise: str
    lacks: Lacks
    has: int
    needed: int | None


def least_clean(share: float, alpha: float, blocks: int) -> int | None:
    """Least requests in so many blocks, none beyond, that show fewer than ``share``; None where no number does."""
    if not _shown(share, alpha, blocks, MOST):
        return None
    low, high = 0, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _shown(share, alpha, blocks, middle) else (middle, high)
    return high


def _shown(share: float, alpha: float, blocks: int, requests: int) -> bool:
    return Share(0.0, float(requests), blocks, 1.0).below(share, alpha)


def unsettled(slos: Iterable[Slo], measured: Iterable[Measured]) -> tuple[Unsettled, ...]:
    """Every promise that even the best outcome leaves open at the last look of the plan."""
    made = tuple(slos)
    return tuple(one for m in measured for slo in made if (one := _one(slo, m)) is not None)


def of_workloads(plan: Plan, workloads: Iterable[Workload]) -> tuple[Unsettled, ...]:
    """The same of what workloads promise of time: each is a p95 of the requests or jobs of its own profile."""
    out: list[Unsettled] = []
    for workload in workloads:
        if workload.declared and workload.measured_by:
            limits = {promise: limit for promise, limit in workload.promises.items() if promise in OF_TIME}
            slos = [
                Slo(f"{CALLED[promise]} of {workload.name}", "p95_s", limit, "s") for promise, limit in limits.items()
            ]
            out += unsettled(slos, of_plan(plan, [workload.measured_by]))
    return tuple(out)


def of_plan(plan: Plan, judged: Iterable[str]) -> tuple[Measured, ...]:
    """What each judged profile's runs add up to; a profile whose length an experiment decides is left out."""
    names = set(judged)
    out = []
    for profile in plan.profiles:
        if profile.name in names and not profile.aa and profile.measured is not None:
            units = sum(any(run.profile == profile.name for run in unit.runs) for unit in plan.units)
            out.append(Measured(profile.name, units, units * profile.measured, units * (profile.streams or 0)))
    return tuple(out)


def _one(slo: Slo, m: Measured) -> Unsettled | None:
    if m.blocks < LEAST_BLOCKS:
        return Unsettled(m.profile, slo.name, Lacks.BLOCKS, m.blocks, LEAST_BLOCKS)
    share = allowed_share(slo)
    has = m.streams if slo.metric in STREAMED else m.requests
    alpha = (1 - look(m.blocks, m.blocks).confidence) / 2
    needed = None if share is None else least_clean(share, alpha, m.blocks)
    if needed is None:
        return Unsettled(m.profile, slo.name, Lacks.NOTHING_SHOWS_IT, has, None)
    return Unsettled(m.profile, slo.name, Lacks.REQUESTS, has, needed) if has < needed else None
