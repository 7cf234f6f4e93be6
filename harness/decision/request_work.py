"""What was measured of a request workload: its promises under its profile, how long it is worked on, and its month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from harness.analysis import coldstarts, slo
from harness.analysis.coded import is_true
from harness.analysis.dataset import Dataset, RunData
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.sizes import memory_held
from harness.analysis.workload import NOT_MEASURED, Measured, Start
from harness.decision.findings import Findings
from harness.domain import looks
from harness.domain.bill import CostLayer
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import absence
from harness.domain.reasons.untold import BeyondCapacity, BeyondGranted, BeyondInstances
from harness.domain.target import Target
from harness.domain.verdict import Slo, SloVerdict
from harness.domain.workload import Promise, Workload
from harness.platforms.platform import MIB_IN_MB
from harness.predict.at_volume import Volume, at_volume
from harness.predict.prediction import AtTraffic, Quantity
from harness.workspace import Workspace

AT_VOLUME = {
    "p95_s": Quantity.P95,
    "ttft_p95_s": Quantity.TTFT_P95,
}  # promises that a start delays, as a month tells them
PER = 1000
BEYOND = (BeyondCapacity, BeyondGranted, BeyondInstances, absence.VolumeFar)


@dataclass(frozen=True)
class RequestWork:
    """A ``Measures`` of requests, from the findings of one look."""

    workspace: Workspace
    findings: Findings
    starts_cold: frozenset[str]  # targets of which an instance may have to start

    def __call__(self, workload: Workload, target: Target) -> Measured | None:
        profile = self.profile_of(workload)
        runs = self._seen.of(target.name, profile)
        if not profile or not runs:
            return None
        per_month = workload.per_month or self._volume(workload, profile)
        scored = profile == self.findings.scored_at and per_month == self.findings.expected_requests
        there = self.findings.played.at(target.name) if scored else None
        played = _Played(self.workspace, self.findings.data, target, profile, per_month, there)
        verdicts = tuple(self._verdicts(workload, target.name, profile, runs))
        cold = workload.timed and target.name in self.starts_cold
        month_usd, beside_usd = self._scored(target.name) if scored else (played.of(Quantity.COST), played.beside_usd)
        made = Measured(
            target.name,
            profile,
            verdicts,
            worked_s=_worked(runs),
            longest_s=_longest(runs),
            memory_mb=self._memory(target.name, profile, runs),
            starts=tuple(self._starts(verdicts, target.name, runs, played)) if cold else (),
            per_month=per_month,
            untold=None if scored else played.beyond,
            month_usd=month_usd,
            beside_usd=beside_usd,
        )
        return with_cost(made, workload.promises.get(Promise.COST), per_month)

    def _scored(self, target: str) -> tuple[Known, float | None]:
        """Of the traffic that cost is scored at: that cost."""
        cost = self.findings.cost_of(target)
        beside = cost.monthly.layer_usd(CostLayer.SHARED) if cost.monthly else None
        return cost.per_month_usd, None if beside is None else float(beside)

    def profile_of(self, workload: Workload) -> str:
        """The one that it names; what cost is scored at, where pilot.toml declares no workload."""
        return (workload.measured_by or "") if workload.declared else self.findings.scored_at

    @cached_property
    def _seen(self) -> Dataset:
        """The blocks that verdicts of this look are of."""
        data = self.findings.data
        return data.at(looks.first_blocks(data.blocks_valid, self.findings.look.blocks))

    def _volume(self, workload: Workload, profile: str) -> int | None:
        """That of [traffic], where the workload is what [slo] judges."""
        mine = not workload.promises and self._judged(profile)
        return self.workspace.config.traffic.requests_per_month if mine else None

    def _judged(self, profile: str) -> bool:
        return any(v.profile == profile for v in self.findings.slos)

    def _verdicts(self, workload: Workload, target: str, profile: str, runs: Sequence[RunData]) -> Iterator[SloVerdict]:
        """Its own promises; without any of time those of [slo], under every profile that it judges."""
        own = workload.promises.get(Promise.RESPONSE)
        if own is not None:
            promise = Slo("p95 response time", "p95_s", own, "s")
            yield slo.verdict(target, profile, promise, runs, confidence=self.findings.look.confidence)
        elif self._judged(profile):
            yield from (v for v in self.findings.slos if v.target == target)

    def _starts(
        self, verdicts: Sequence[SloVerdict], target: str, runs: Sequence[RunData], played: _Played
    ) -> Iterator[Start]:
        """Each promise that a start delays, once. A month is played only where a start is not in time anyway."""
        profile = runs[0].profile
        met = coldstarts.share(target, profile, runs).share
        for v in verdicts:
            quantity = AT_VOLUME.get(v.slo.metric)
            if quantity is None or v.profile != profile:
                continue
            warm, met_s = _percentile(v, runs, cold=False), _percentile(v, runs, cold=True)
            start = Start(
                v.slo.metric,
                v.slo.limit,
                warm,
                met,
                met_s,
                with_a_start(warm, target, self.findings),
                NOT_MEASURED,
                NOT_MEASURED,
            )
            if not start.in_time:
                start = replace(start, share=played.of(Quantity.COLD_SHARE), at_volume=played.of(quantity))
            yield start

    def _memory(self, target: str, profile: str, runs: Sequence[RunData]) -> Known:
        """The most that one instance held, as platforms count memory."""
        held = memory_held(runs, [s for s in self.findings.series if (s.target, s.profile) == (target, profile)])
        return held.scaled(1 / MIB_IN_MB) if isinstance(held, Estimate) else held


def with_a_start(warm: Known, target: str, findings: Findings) -> Known:
    """A warm percentile and on top what a start costs, by its dearest kind; each end by the ends of both."""
    known = [p.penalty_s for p in findings.cold.penalties if p.target == target]
    penalties = [p for p in known if isinstance(p, Estimate)]
    if not penalties or not isinstance(warm, Estimate):
        return Unknown(absence.FewProbePairs(0))
    worst = max(penalties, key=lambda p: p.value)
    low, high = (None if a is None or b is None else a + b for a, b in ((warm.low, worst.low), (warm.high, worst.high)))
    return Estimate(
        warm.value + worst.value, low, high, worst.confidence, worst.n, worst.blocks, "warm p95 + cold-start penalty"
    )


@dataclass(frozen=True)
class _Played:
    """A month at its volume, played when somebody asks; ``there``: it is the month that cost is scored at."""

    workspace: Workspace
    data: Dataset
    target: Target
    profile: str
    per_month: int | None
    there: AtTraffic | None = None

    @cached_property
    def _volume(self) -> Volume | None:
        if self.there is not None:
            return Volume(self.there, None)
        if self.per_month is None:
            return None
        return at_volume(self.workspace, self.data, self.target, self.profile, self.per_month)

    def of(self, quantity: Quantity) -> Known:
        if self._volume is None:
            return Unknown(absence.NoVolume())
        if self._volume.at is None:
            return Unknown(self._volume.far or absence.NoVolume())
        return self._volume.at.of(quantity).known

    @property
    def beyond(self) -> Reason | None:
        """Why nobody can tell of so many: they ask for more than was seen to be carried, or granted."""
        p95 = self.of(Quantity.P95)
        more = isinstance(p95, Unknown) and isinstance(p95.reason, BEYOND)
        return p95.reason if isinstance(p95, Unknown) and more else None

    @property
    def beside_usd(self) -> float | None:
        return self._volume.beside_usd if self._volume else None


def _percentile(v: SloVerdict, runs: Sequence[RunData], *, cold: bool) -> Known:
    """The promised one, of the answers that met a start or of the others; failures are among the others."""
    p = slo.PERCENTILES[v.slo.metric]
    parts = [run.measured_of(np.where(is_true(run.columns["cold"]) == cold, _waited(v, run), np.nan)) for run in runs]
    return percentile(Pooled(parts), p)


def _waited(v: SloVerdict, run: RunData) -> np.ndarray:
    return run.ttft_s if v.slo.metric in slo.STREAMED else run.response_s


def _worked_on(run: RunData) -> np.ndarray:
    """Of good answers, from their send; the platform's own queue is in it where the service doesn't say it."""
    c = run.columns
    queue = np.nan_to_num(np.asarray(c["queue_ms"], dtype=float)) / 1000
    return np.where(run.ok, c["finished_s"] - c["sent_s"] - queue, np.nan)


def _worked(runs: Sequence[RunData]) -> Known:
    return percentile(Pooled([run.measured_of(_worked_on(run)) for run in runs]), 0.95)


def _longest(runs: Sequence[RunData]) -> Known:
    values = np.concatenate([run.measured_of(_worked_on(run)) for run in runs])
    if not len(values):
        return Unknown(absence.NoRequests())
    return Estimate(float(values.max()), None, None, 0.95, len(values), len(runs), "longest that was seen")


def with_cost(made: Measured, limit_usd: float | None, per_month: int | None) -> Measured:
    """A promise of dollars a thousand, tokens and stores among them; nothing without one."""
    if limit_usd is None:
        return made
    whole = made.whole_usd
    each: Known = whole
    if isinstance(whole, Estimate) and per_month:
        each = replace(whole.scaled(PER / per_month), method=f"{whole.method}, of a thousand")
    judged = slo.ceiling(
        made.target,
        "cost of a thousand",
        Promise.COST.value,
        limit_usd,
        each,
        f"{per_month:,} a month" if per_month else slo.EXPECTED,
    )
    return replace(made, verdicts=(*made.verdicts, judged))
