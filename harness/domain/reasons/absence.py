"""Why there is no number, or no end of an interval: a kind each, with the figures that its sentence is made of."""

from __future__ import annotations

from harness.domain.reason import Reason


class Absence(Reason):
    """No number, and why."""


class NoRequests(Absence):
    """Nothing was measured."""


class NoneSucceeded(Absence):
    """Requests were measured, and not one was answered."""

    n: int


class FewBlocks(Absence):
    """An interval rests on blocks."""

    blocks: int
    least: int = 2


class FewPairedBlocks(Absence):
    """Both targets measured in the same blocks."""

    blocks: int
    least: int


class FewForComparison(Absence):
    """A comparison rests on pairs."""

    blocks: int
    least: int


class ManyFailed(Absence):
    """A percentile that more failed than may lie beyond."""

    share: float
    n: int


class ManyWouldFail(Absence):
    """The same, at expected traffic."""

    allowed: float


class NoMetric(Absence):
    """Nobody knows it."""

    metric: str


class NoQuality(Absence):
    """No answer tells whether it is the target's own."""


class CacheUntold(Absence):
    """No answer tells whether a cache gave it."""


class NoKnownPassages(Absence):
    """Of the questions that were asked, none says which passages answer it."""


class RetrievalUntold(Absence):
    """The service does not say how long its store took."""


class RerankUntold(Absence):
    """There is no reranker, or the service does not say how long it took."""


class MemoryUntold(Absence):
    """Neither the instances nor the platform say how much they held, or how much they have."""


class NoEvaluation(Absence):
    """Nothing was asked of it, or no answer could be checked."""


class NoPrices(Absence):
    """Of a target."""


class NoVolume(Absence):
    """Of a workload."""


class VolumeFar(Absence):
    """Of a workload: requests a second of its month, and the most that were asked of the target."""

    per_s: float
    asked_per_s: float
    times: float


class StartsNotPlayed(Absence):
    """Of jobs."""


class FewCostBlocks(Absence):
    """Blocks of the traffic that cost is scored at."""

    blocks: int
    least: int = 2


class BilledMissing(Absence):
    """Durations as the platform bills them."""

    collected: int
    blocks: int


class InstanceTimeMissing(Absence):
    """Of a platform that bills instances by the second."""


class NoSuccess(Absence):
    """A cost per success has none to be spread over."""


class NothingDrained(Absence):
    """No backlog from which enough jobs got done."""

    least: int


class JobsUsageMissing(Absence):
    """What the platform billed while jobs ran."""


class JobsBilledElsewhere(Absence):
    """The platform's figure is less than what the jobs say they worked (seconds)."""

    billed_s: float
    working_s: float


class NoJobDone(Absence):
    """A cost per job has none to be spread over."""


class CostsNothing(Absence):
    """A bill of nothing has no ratio."""


class NotTold(Absence):
    """By the service."""


class NoWindow(Absence):
    """What expected cold answers are played with."""


class NoExpectedShare(Absence):
    """As above, of what follows from it."""


class FewModes(Absence):
    """Cold and warm answers apart."""


class FewProbePairs(Absence):
    """Probe and control."""

    runs: int
    least: int = 2


class TwoWindows(Absence):
    """Each: from, to (seconds), share."""

    windows: tuple[tuple[float, float, float], ...]


class HourlyWindow(Absence):
    """Each: its middle (seconds), hours."""

    parts: tuple[tuple[float, str], ...]


class NoProbe(Absence):
    """None said whether it was cold."""


class NeverCold(Absence):
    """No gap that was tried ended cold."""

    to_s: float
    probes: int


class AlwaysCold(Absence):
    """Every gap that was tried ended cold."""

    from_s: float
    probes: int


class WindowLonger(Absence):
    """What was seen, and what follows from it."""

    seen: Reason


class WindowShorter(Absence):
    """What was seen, and what follows from it."""

    seen: Reason


class ColdAtShortest(Absence):
    """The share is passed before the first gap."""

    share: float
    gap_s: float


class WarmAtLongest(Absence):
    """The share is not reached at the last gap."""

    share: float
    gap_s: float


class NoSearch(Absence):
    """For a capacity."""


class NoLimitFound(Absence):
    """The highest rate that is allowed was kept."""

    carried_per_s: float


class NoRateKept(Absence):
    """By any search."""


class StepsDisagree(Absence):
    """One search without an answer."""

    steps: int
    kept_per_s: float | None


class SearchesDiffer(Absence):
    """Several, of which some found no limit."""

    searches: int
    limits: int
    tops: int
    none_kept: int


class BothFailed(Absence):
    """Neither percentile is finite."""

    share: float


class OneInfinite(Absence):
    """One percentile of the two."""

    side: str
    share: float
    name: str = ""


class NothingBefore(Absence):
    """Of a canary's first step: there is nothing to be as few as."""


class FewRequestsOf(Absence):
    """Of a canary's step, or of what came before it."""

    requests: int
    least: int


class NotRecovered(Absence):
    """Within a canary's step."""

    seconds: float


class NoHybrid(Absence):
    """It needs one of each kind."""


class CapacityNotMeasured(Absence):
    """What a hybrid's share follows from."""

    of: str


class OneCostUnknown(Absence):
    """Of a hybrid's two."""


class NotScored(Absence):
    """A criterion that the team judges."""


class NoLatency(Absence):
    """For its score."""


class NoCeiling(Absence):
    """For a cost's score."""


class CostUnknownOf(Absence):
    """For a cost's score."""

    target: str


class PeakNotOffered(Absence):
    """Requests a second that were asked for at most, and those of the expected peak."""

    most_per_s: float
    peak_per_s: float


class NoScaling(Absence):
    """For its score."""


class NothingScored(Absence):
    """For any criterion."""


class NotMeasured(Absence):
    """A number of page one."""


class NotSealed(Absence):
    """A plan."""


class NotRecorded(Absence):
    """By an older version."""


class NoRun(Absence):
    """To take it from."""


class NotPlayed(Absence):
    """Other volumes of the traffic."""


class NoCrossing(Absence):
    """Of two cost lines."""


class CheaperBelow(Absence):
    """A break-even share is of the one that is cheaper above a crossing."""


class BilledByUse(Absence):
    """A break-even share is of a capacity."""


class CapacityUnknown(Absence):
    """A break-even share is of a capacity."""


class NotPromised(Absence):
    """A metric without a limit."""


class JudgedByInterval(Absence):
    """A cost is no share of requests."""


class NoPairs(Absence):
    """To take a difference of."""


class TheSame(Absence):
    """As the figure beside it."""


class TheTargetItself(Absence):
    """A first row among variants."""


class NotTimed(Absence):
    """A deployment or its rollback."""

    target: str
    step: str


class FailuresReach(Absence):
    """An open end: a percentile that may be infinite."""


class FailuresMayExceed(Absence):
    """An open end."""

    failed: int
    n: int
    allowed: float


class FewToBound(Absence):
    """An open end."""

    n: int
    blocks: int
    allowed: float


class WindowOpen(Absence):
    """An open end of a mixture."""
