"""The decision's own sentences: the recommendation, its reasons, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.domain.reason import Reason


class Decided(Reason):
    """A sentence of the decision."""


@dataclass(frozen=True)
class ServeFrom(Decided):
    """One target."""

    label: str
    leaning: bool


@dataclass(frozen=True)
class ServeFromBoth(Decided):
    """A hybrid."""

    baseline: str
    candidate: str


@dataclass(frozen=True)
class NoWinner(Decided):
    """Of a tie, the label of the one that is cheaper to reverse."""

    reversible: str | None


@dataclass(frozen=True)
class FailsPromises(Decided):
    """Each: promise, profile."""

    label: str
    broken: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PassesAll(Decided):
    """A gate."""

    label: str


@dataclass(frozen=True)
class NoneJudged(Decided):
    """A gate."""

    label: str


@dataclass(frozen=True)
class GateOpen(Decided):
    """A gate that is not passed; open: promise, profile of each that is not decided."""

    label: str
    failed: tuple[Reason, ...]
    open: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Broken(Decided):
    """One promise, with what was measured."""

    name: str
    profile: str
    value: Reason
    limit: float
    unit: str


@dataclass(frozen=True)
class Figure(Decided):
    """A number in its unit."""

    value: float
    unit: str


@dataclass(frozen=True)
class CostsMonthly(Decided):
    """At the expected traffic."""

    label: str
    usd: float


@dataclass(frozen=True)
class TimesBaseline(Decided):
    """The p95 of the candidate."""

    profile: str
    label: str
    ratio: float
    relation: str


class VolumeUnknown(Decided):
    """Where a cost is."""


@dataclass(frozen=True)
class CostsCross(Decided):
    """A month; the ends of the volumes at which either may be the cheaper one."""

    requests: float
    low: float | None
    high: float | None
    below: str
    above: str
    expected: float


@dataclass(frozen=True)
class CheaperThroughout(Decided):
    """No crossing."""

    label: str
    factor: float


@dataclass(frozen=True)
class PriceFlips(Decided):
    """Share that its prices would have to fall by."""

    label: str
    fall: float


@dataclass(frozen=True)
class WouldPass(Decided):
    """At a looser promise."""

    label: str
    name: str
    profile: str
    limit: float
    unit: str


@dataclass(frozen=True)
class Refuses(Decided):
    """More capacity would change it."""

    label: str
    share: float
    profile: str


@dataclass(frozen=True)
class ItFails(Decided):
    """A target that was asked alone."""

    name: str
    profile: str


@dataclass(frozen=True)
class ItIsWorse(Decided):
    """A target that was asked alone."""

    metric: str
    profile: str


@dataclass(frozen=True)
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
