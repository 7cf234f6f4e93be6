"""What the rule chose by, and what a sweep chose by."""

from __future__ import annotations

from harness.domain.reason import Reason


class Choosing(Reason):
    """Why this choice."""


class OtherWork(Choosing):
    """Each: field of /v1/meta, the baseline's, the candidate's."""

    differ: tuple[tuple[str, str, str], ...]


class OtherPassages(Choosing):
    """Mean share that both cited."""

    overlap: float


class HarnessBiased(Choosing):
    """Each: metric, relation, ratio."""

    target: str
    found: tuple[tuple[str, str, float], ...]


class NothingValid(Choosing):
    """No block counts."""


class TogetherKeepAll(Choosing):
    """The hybrid passes."""


class TogetherFailNone(Choosing):
    """The hybrid is not shown to fail."""


class BothFailGates(Choosing):
    """And the hybrid too."""


class OnlyHybridStands(Choosing):
    """The hybrid that was run; both of its parts fail a gate."""


class StandsByItself(Choosing):
    """One target and the hybrid that was run fail no gate."""


class OnlyOneStands(Choosing):
    """The other fails a gate."""


class ScoresPrefer(Choosing):
    """Of the draws."""

    share: float


class ScoresLean(Choosing):
    """Of the draws."""

    share: float
    firm: float


class TieBroken(Choosing):
    """Cost and latency decide; ``tied``: alternatives, none where one leads and is not firm."""

    tied: tuple[str, ...]
    lead: float
    share: float
    by: Reason


class OneIsEnough(Choosing):
    """One runtime and the hybrid tie: the second one must be worth its operation."""

    tied: tuple[str, ...]
    lead: float
    share: float


class TieStands(Choosing):
    """Nothing decides."""

    tied: tuple[str, ...]
    lead: float
    share: float
    by: Reason


class CheaperNotSlower(Choosing):
    """By what was measured."""


class FasterSameCost(Choosing):
    """By what was measured."""


class CostAgainstLatency(Choosing):
    """They point apart."""


class NothingTellsApart(Choosing):
    """By what was measured."""


class NotJudged(Choosing):
    """Of a target that was asked alone."""


class NotCompared(Choosing):
    """Of a target that was asked alone."""


class NoRoundValid(Choosing):
    """Of a sweep."""


class NoneKeeps(Choosing):
    """Each: promise, profile."""

    best: str
    broken: tuple[tuple[str, str], ...]


class NoneShownToKeep(Choosing):
    """Of a sweep's settings."""

    best: str


class FirstKept(Choosing):
    """Without prices."""


class CostUntold(Choosing):
    """Of a setting that keeps every promise."""

    setting: str
    why: Reason


class CheapestKept(Choosing):
    """Of a sweep's settings."""


class FastestNear(Choosing):
    """Within a ratio of the cheapest's cost."""

    margin: float


class JudgedByTeam(Choosing):
    """A score's basis."""


class MeasuredSizes(Choosing):
    """By memory held and size deployed, of what the platform allows."""


class MeasuredScore(Choosing):
    """A score's basis."""


class BetterOfBoth(Choosing):
    """A hybrid's latency."""


class PeaksToBetter(Choosing):
    """A hybrid's scaling."""


class Modelled(Choosing):
    """What a cost rests on; needed: a fleet priced at more than was declared."""

    blocks: int
    measured: int
    needed: int | None = None
    unit: str = ""
    declared: float = 0.0


class TakesAll(Choosing):
    """Under overload."""


class RefusesAtOnce(Choosing):
    """Under overload."""


class Queues(Choosing):
    """Under overload."""


class QueuesThenRefuses(Choosing):
    """Under overload."""


class GatesDecide(Choosing):
    """More blocks change nothing."""


class AllTold(Choosing):
    """More blocks change nothing."""


class ScoresFirm(Choosing):
    """More blocks change nothing."""


class StepBroke(Choosing):
    """What a step of a capacity search broke, as its record names it."""

    by: str
