"""The decision's own sentences: the recommendation, its reasons, and what would change it."""

from __future__ import annotations

from enum import StrEnum

from harness.domain.reason import Reason
from harness.domain.verdict import Relation


class Decided(Reason):
    """A sentence of the decision."""


class ServeFrom(Decided):
    """One target, which keeps every one of so many promises."""

    label: str
    leaning: bool
    promises: int


class ServeFromBoth(Decided):
    """A hybrid; ``measured``: a router before both was run."""

    baseline: str
    candidate: str
    measured: bool


class HybridNotMeasured(Decided):
    """One is recommended that nobody ran."""


class SoFar(Decided):
    """One target that breaks no promise, with some that are not decided."""

    label: str
    leaning: bool
    kept: int
    open: int


class BothSoFar(Decided):
    """A hybrid that breaks no promise, with some that are not decided."""

    baseline: str
    candidate: str
    measured: bool
    open: int


class By(StrEnum):
    """What one of two that are equivalent is taken by."""

    COST = "cheaper to run"
    REVERSAL = "cheaper to reverse"


class Equivalent(Decided):
    """Both keep every promise, and every primary comparison lies within its margin; None where nothing tells them apart."""

    take: str | None
    by: By | None


class NoneYet(Decided):
    """Neither breaks a promise, and some of both are not decided; ``reversible``: the label of the cheaper to reverse."""

    open: int
    promises: int
    reversible: str | None


class BothBreak(Decided):
    """Each: label, promises that it breaks, of so many."""

    broken: tuple[tuple[str, int, int], ...]


class NoAnswer(Decided):
    """Nothing can be said, or nothing compared."""

    why: Reason


class NoWinner(Decided):
    """Both keep every promise, and nothing favours one; the label of the one that is cheaper to reverse."""

    reversible: str | None


class PassesAll(Decided):
    """A gate."""

    label: str


class NoneJudged(Decided):
    """A gate."""

    label: str


class GateOpen(Decided):
    """A gate that is not passed; open: promise, profile of each that is not decided."""

    label: str
    failed: tuple[Reason, ...]
    open: tuple[tuple[str, str], ...]


class Broken(Decided):
    """One promise, with what was measured."""

    name: str
    profile: str
    value: Reason
    limit: float
    unit: str


class Figure(Decided):
    """A number in its unit."""

    value: float
    unit: str


class CostsMonthly(Decided):
    """At the expected traffic."""

    label: str
    usd: float


class TimesBaseline(Decided):
    """The p95 of the candidate, in times that of the baseline, with the ends of the ratio's interval."""

    profile: str
    label: str
    baseline: str
    ratio: float
    ends: tuple[float | None, float | None]
    relation: Relation


class VolumeUnknown(Decided):
    """Where a cost is: of these."""

    labels: tuple[str, ...]


class CostsCross(Decided):
    """A month, as played; its interval, with None for an end beyond all that was played. ``factor`` of your traffic."""

    requests: float
    low: float | None
    high: float | None
    below: str
    above: str
    expected: float
    factor: float


class CheaperThroughout(Decided):
    """No crossing between these factors of your traffic."""

    label: str
    least: float
    most: float


class PromiseBreaks(Decided):
    """Going up, at this factor of your traffic; ``kept_above``: from there on it is kept."""

    label: str
    name: str
    limit: float
    unit: str
    factor: float
    low: float | None
    high: float | None
    kept_above: bool


class KeptUpTo(Decided):
    """Every promise that can be played, but those that are broken at your traffic; None: not even there can it be told."""

    label: str
    factor: float | None
    broken: tuple[str, ...]


class PriceFlips(Decided):
    """Share that its prices would have to fall by."""

    label: str
    fall: float


class WouldPass(Decided):
    """At a looser promise."""

    label: str
    name: str
    profile: str
    limit: float
    unit: str


class Refuses(Decided):
    """More capacity would change it."""

    label: str
    share: float
    profile: str


class ItFails(Decided):
    """A target that was asked alone."""

    name: str
    profile: str


class ItIsWorse(Decided):
    """A target that was asked alone."""

    metric: str
    profile: str


class ErrorBudget(Decided):
    """Shares of campaigns that err: ``nominal`` as planned, the others as simulations hold them over all looks."""

    looks: int
    nominal: float
    promises: int
    compared: int
    promise: float
    difference: float
    equivalent: float
    unlike: float
