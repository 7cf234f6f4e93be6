"""Everything that a decision rests on, as one value; the report reads it and computes nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.analysis.aa import AaGate
from harness.analysis.agreement import Agreement
from harness.analysis.canary import Canary
from harness.analysis.capacity import Capacity, Sizing
from harness.analysis.coldstarts import Breakdown, ColdShare, Penalty
from harness.analysis.contention import Contention
from harness.analysis.dataset import Dataset
from harness.analysis.fromzero import FromZero
from harness.analysis.gave_way import GaveWay
from harness.analysis.jobs import JobsFound
from harness.analysis.keepalive import KeptWindow
from harness.analysis.metered import Used
from harness.analysis.mitigations import Mitigation
from harness.analysis.modes import Modes
from harness.analysis.parity import Parity
from harness.analysis.quality import Quality
from harness.analysis.reconciliation import Reconciliation
from harness.analysis.refusals import Manner
from harness.analysis.retrieval import Retrieval, StoreLimit
from harness.analysis.settings import Settings
from harness.analysis.shown import Shown
from harness.analysis.sizes import Footprint
from harness.analysis.spans import SpanTime
from harness.analysis.tenants import Felt
from harness.analysis.throttling import Funnel, Second
from harness.analysis.timings import Timing
from harness.analysis.traffic import Burstiness, Streams
from harness.analysis.warmup import WarmUp
from harness.decision.measured_hybrid import MeasuredHybrid
from harness.domain.bill import Bill
from harness.domain.estimate import Known, Unknown
from harness.domain.looks import Look
from harness.domain.reasons import absence
from harness.domain.verdict import Comparison, Judgement, SloVerdict
from harness.evidence.coverage import Cell
from harness.evidence.early_end import EarlyEnd
from harness.predict.cost import Cost
from harness.predict.crossings import Crossing
from harness.predict.whole import Sealed, Volumes

BEST = {Judgement.PASS: 0, Judgement.INCONCLUSIVE: 1, Judgement.FAIL: 2}


@dataclass(frozen=True)
class ExpectedCold:
    """Cold answers at the expected traffic, as the simulator plays it with the measured window and answer times."""

    target: str
    per_s: float
    window_s: float | None  # None: drawn from several, for no single number stands for it
    share: float
    share_low: float | None  # nine tenths of the worlds that the probes and blocks allow
    share_high: float | None
    answers: int


@dataclass(frozen=True)
class ColdFindings:
    """Everything about cold starts; of the variants too."""

    shares: tuple[ColdShare, ...]
    penalties: tuple[Penalty, ...]
    breakdowns: tuple[Breakdown, ...]
    windows: tuple[KeptWindow, ...]
    expected: tuple[ExpectedCold, ...]
    from_zero: tuple[FromZero, ...]
    mitigations: tuple[Mitigation, ...]


@dataclass(frozen=True)
class Findings:
    """The pilot's results."""

    data: Dataset
    expected_requests: int  # a month
    scored_at: str  # the profile whose traffic cost is scored at
    look: Look  # which blocks the verdicts and comparisons are of, and at which confidence
    warm_ups: tuple[WarmUp, ...]
    aa: AaGate | None  # None where the plan has no A/A run
    slos: tuple[SloVerdict, ...]
    comparisons: tuple[Comparison, ...]
    funnels: tuple[Funnel, ...]
    timelines: dict[tuple[str, str], tuple[Second, ...]]  # by burst profile and target
    manners: tuple[Manner, ...]
    cold: ColdFindings
    capacities: tuple[Capacity, ...]
    sizings: tuple[Sizing, ...]
    contention: tuple[Contention, ...]
    costs: tuple[Cost, ...]
    cost_verdicts: tuple[SloVerdict, ...]
    played: Sealed  # both targets at the sealed traffic: what costs, cold share and page one are of
    hybrids: tuple[
        Known, ...
    ]  # USD a month of both together: at the expected traffic, then at that of the first months
    used: tuple[Used, ...]
    asking: Bill  # what the pilot's own questions cost
    agreements: tuple[Agreement, ...]
    reconciliations: tuple[Reconciliation, ...]
    coverage: tuple[Cell, ...]
    parity: Parity
    series: tuple[Shown, ...]  # of the platforms, beside the client's
    timings: tuple[Timing, ...]
    spans: tuple[SpanTime, ...]
    gave_way: tuple[GaveWay, ...]
    arrivals: tuple[Burstiness, ...]
    streams: tuple[Streams, ...]
    modes: tuple[Modes, ...] = ()  # cold and warm answers apart, of targets that had both
    settings: tuple[Settings, ...] = ()  # of the sweeps before the campaign
    start_costs: tuple[Cost, ...] = ()  # at the first months' traffic, where slo.start says one
    jobs: tuple[JobsFound, ...] = ()  # by profile of role jobs, then target
    job_verdicts: tuple[SloVerdict, ...] = ()  # promises of workloads about them, of the two targets
    retrieval_verdicts: tuple[SloVerdict, ...] = ()  # the same about passages asked for by themselves
    hybrid: MeasuredHybrid | None = None  # that was run; None: what both together would do is worked out, not measured
    tenants: tuple[Felt, ...] = ()  # where one tenant made the bursts
    canary: Canary | None = None  # the last one that was driven
    quality: tuple[Quality, ...] = ()  # by target and profile
    retrievals: tuple[Retrieval, ...] = ()
    store_limits: tuple[StoreLimit, ...] = ()  # of targets whose retrieval was searched for its capacity
    footprints: tuple[Footprint, ...] = ()
    ended: EarlyEnd | None = None  # where the paired blocks ended before the plan did
    volumes: Volumes | None = None  # factors of the traffic, where they were asked for

    @property
    def crossing(self) -> Crossing | None:
        """The volume nearest to the expected one at which the cheaper target changes."""
        found = self.volumes.crossings if self.volumes else ()
        return min(found, key=lambda c: abs(math.log(c.factor.value)), default=None)

    def break_even(self, target: str) -> Known:
        """How busy a capacity must be on average to be the cheaper one; Unknown of what is cheaper below the crossing."""
        if self.volumes is None:
            return Unknown(absence.NotPlayed())
        if (crossing := self.crossing) is None:
            return Unknown(absence.NoCrossing())
        return crossing.busy if crossing.above == target else Unknown(absence.CheaperBelow())

    def cost_of(self, target: str, *, start: bool = False) -> Cost:
        """At the expected traffic, or at that of the first months; of the hybrid that was run at the expected."""
        hybrid: tuple[Cost, ...] = (self.hybrid.cost,) if self.hybrid is not None else ()
        return next(c for c in (*(self.start_costs if start else self.costs), *hybrid) if c.target == target)

    @property
    def verdicts(self) -> tuple[SloVerdict, ...]:
        """Every promise of the two targets: what their gates are made of."""
        return (*self.slos, *self.cost_verdicts, *self.work_verdicts)

    @property
    def work_verdicts(self) -> tuple[SloVerdict, ...]:
        """Promises of other work than the chat."""
        return (*self.job_verdicts, *self.retrieval_verdicts)

    @property
    def routed_work(self) -> tuple[SloVerdict, ...]:
        """The same of the hybrid that was run, of what was asked of it."""
        router = self.hybrid.target if self.hybrid is not None else None
        jobs = (v for found in self.jobs if found.target == router for v in found.verdicts)
        return (*jobs, *(r.promise for r in self.retrievals if r.target == router and r.promise is not None))

    @property
    def work_on_one(self) -> tuple[SloVerdict, ...]:
        """Other work of a hybrid, by profile: through the router where it was asked, else on the target that keeps most."""
        out: list[SloVerdict] = []
        for profile in dict.fromkeys(v.profile for v in self.work_verdicts):
            here = [v for v in self.work_verdicts if v.profile == profile]
            by_target = [[v for v in here if v.target == name] for name in dict.fromkeys(v.target for v in here)]
            routed = [v for v in self.routed_work if v.profile == profile]
            out += routed or min(by_target, key=lambda mine: sorted((BEST[v.judgement] for v in mine), reverse=True))
        return tuple(out)

    @property
    def hybrid_promises(self) -> tuple[SloVerdict, ...]:
        """Every verdict that was measured on the hybrid that was run."""
        return (*self.hybrid.promises, *self.routed_work) if self.hybrid is not None else ()

    def promises_of(self, target: str) -> tuple[SloVerdict, ...]:
        """Everything that a target's gate is made of; the hybrid's own includes work that one of its sides does for it."""
        if self.hybrid is not None and target == self.hybrid.target:
            return (*self.hybrid.promises, *self.work_on_one)
        return tuple(v for v in self.verdicts if v.target == target)
