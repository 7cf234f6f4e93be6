"""Why there is no number, or no end of an interval: a kind each, with the figures that its sentence is made of."""

from __future__ import annotations

from dataclasses import dataclass

from harness.domain.reason import Reason


@dataclass(frozen=True)
class Absence(Reason):
    """No number, and why."""


@dataclass(frozen=True)
class NoRequests(Absence):
    """Nothing was measured."""


@dataclass(frozen=True)
class FewBlocks(Absence):
    """An interval rests on blocks."""

    blocks: int
    least: int = 2


@dataclass(frozen=True)
class FewPairedBlocks(Absence):
    """Both targets measured in the same blocks."""

    blocks: int
    least: int


@dataclass(frozen=True)
class FewForComparison(Absence):
    """A comparison rests on pairs."""

    blocks: int
    least: int


@dataclass(frozen=True)
class ManyFailed(Absence):
    """A percentile that more failed than may lie beyond."""

    share: float
    n: int


@dataclass(frozen=True)
class ManyWouldFail(Absence):
    """The same, at expected traffic."""

    allowed: float


@dataclass(frozen=True)
class NoMetric(Absence):
    """Nobody knows it."""

    metric: str


@dataclass(frozen=True)
class NoPrices(Absence):
    """Of a target."""


@dataclass(frozen=True)
class FewCostBlocks(Absence):
    """Blocks of the traffic that cost is scored at."""

    blocks: int
    least: int = 2


@dataclass(frozen=True)
class BilledMissing(Absence):
    """Durations as the platform bills them."""

    collected: int
    blocks: int


@dataclass(frozen=True)
class InstanceTimeMissing(Absence):
    """Of a platform that bills instances by the second."""


@dataclass(frozen=True)
class InProgressUnknown(Absence):
    """Of a platform whose requests share instances."""


@dataclass(frozen=True)
class NoSuccess(Absence):
    """A cost per success has none to be spread over."""


@dataclass(frozen=True)
class NoUsage(Absence):
    """A variant is priced at its target's usage."""


@dataclass(frozen=True)
class NoWindow(Absence):
    """What expected cold answers are played with."""


@dataclass(frozen=True)
class NoExpectedShare(Absence):
    """As above, of what follows from it."""


@dataclass(frozen=True)
class FewModes(Absence):
    """Cold and warm answers apart."""


@dataclass(frozen=True)
class FewProbePairs(Absence):
    """Probe and control."""

    runs: int
    least: int = 2


@dataclass(frozen=True)
class TwoWindows(Absence):
    """Each: from, to (seconds), share."""

    windows: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class HourlyWindow(Absence):
    """Each: its middle (seconds), hours."""

    parts: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class NoProbe(Absence):
    """None said whether it was cold."""


@dataclass(frozen=True)
class NeverCold(Absence):
    """No gap that was tried ended cold."""

    to_s: float
    probes: int


@dataclass(frozen=True)
class AlwaysCold(Absence):
    """Every gap that was tried ended cold."""

    from_s: float
    probes: int


@dataclass(frozen=True)
class WindowLonger(Absence):
    """What was seen, and what follows from it."""

    seen: Reason


@dataclass(frozen=True)
class WindowShorter(Absence):
    """What was seen, and what follows from it."""

    seen: Reason


@dataclass(frozen=True)
class ColdAtShortest(Absence):
    """The share is passed before the first gap."""

    share: float
    gap_s: float


@dataclass(frozen=True)
class WarmAtLongest(Absence):
    """The share is not reached at the last gap."""

    share: float
    gap_s: float


@dataclass(frozen=True)
class NoSearch(Absence):
    """For a capacity."""


@dataclass(frozen=True)
class NoLimitFound(Absence):
    """The highest rate that is allowed was kept."""

    carried_per_s: float


@dataclass(frozen=True)
class NoRateKept(Absence):
    """By any search."""


@dataclass(frozen=True)
class StepsDisagree(Absence):
    """One search without an answer."""

    steps: int
    kept_per_s: float | None


@dataclass(frozen=True)
class SearchesDiffer(Absence):
    """Several, of which some found no limit."""

    searches: int
    limits: int
    tops: int
    none_kept: int


@dataclass(frozen=True)
class BothFailed(Absence):
    """Neither percentile is finite."""

    share: float


@dataclass(frozen=True)
class OneInfinite(Absence):
    """One percentile of the two."""

    side: str
    share: float
    name: str = ""


@dataclass(frozen=True)
class NoHybrid(Absence):
    """It needs one of each kind."""


@dataclass(frozen=True)
class CapacityNotMeasured(Absence):
    """What a hybrid's share follows from."""

    of: str


@dataclass(frozen=True)
class OneCostUnknown(Absence):
    """Of a hybrid's two."""


@dataclass(frozen=True)
class NotScored(Absence):
    """A criterion that the team judges."""


@dataclass(frozen=True)
class NoLatency(Absence):
    """For its score."""


@dataclass(frozen=True)
class NoCeiling(Absence):
    """For a cost's score."""


@dataclass(frozen=True)
class CostUnknownOf(Absence):
    """For a cost's score."""

    target: str


@dataclass(frozen=True)
class NoScaling(Absence):
    """For its score."""


@dataclass(frozen=True)
class NothingScored(Absence):
    """For any criterion."""


@dataclass(frozen=True)
class NotMeasured(Absence):
    """A number of page one."""


@dataclass(frozen=True)
class NotSealed(Absence):
    """A plan."""


@dataclass(frozen=True)
class NotRecorded(Absence):
    """By an older version."""


@dataclass(frozen=True)
class NoRun(Absence):
    """To take it from."""


@dataclass(frozen=True)
class NoCrossing(Absence):
    """Of two cost lines."""


@dataclass(frozen=True)
class CheaperBelow(Absence):
    """A break-even share is of the one that is cheaper above a crossing."""


@dataclass(frozen=True)
class BilledByUse(Absence):
    """A break-even share is of a capacity."""


@dataclass(frozen=True)
class CapacityUnknown(Absence):
    """A break-even share is of a capacity."""


@dataclass(frozen=True)
class NotPromised(Absence):
    """A metric without a limit."""


@dataclass(frozen=True)
class JudgedByInterval(Absence):
    """A cost is no share of requests."""


@dataclass(frozen=True)
class NoPairs(Absence):
    """To take a difference of."""


@dataclass(frozen=True)
class TheSame(Absence):
    """As the figure beside it."""


@dataclass(frozen=True)
class TheTargetItself(Absence):
    """A first row among variants."""


@dataclass(frozen=True)
class NotTimed(Absence):
    """A deployment or its rollback."""

    target: str
    step: str


@dataclass(frozen=True)
class FailuresReach(Absence):
    """An open end: a percentile that may be infinite."""


@dataclass(frozen=True)
class FailuresMayExceed(Absence):
    """An open end."""

    failed: int
    n: int
    allowed: float


@dataclass(frozen=True)
class FewToBound(Absence):
    """An open end."""

    n: int
    blocks: int
    allowed: float


@dataclass(frozen=True)
class WindowOpen(Absence):
    """An open end of a mixture."""


@dataclass(frozen=True)
class SourceSaid(Absence):
    """A platform's source answered in its own words that there is none."""

    words: str
