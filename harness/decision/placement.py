"""Where each workload of the product belongs, from what was measured of it on both targets.

A target is ruled out by a ceiling that no setting lifts, or by a promise that it is shown to break. Of those that keep
everything the cheaper one at the workload's volume is its place, where the difference is shown. What nobody measured
has no place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.workload import Measured, Measures
from harness.decision.side import Fit, Side, side, unmeasured
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reason import Reason
from harness.domain.reasons import place as reasons
from harness.domain.reasons.place import Place
from harness.domain.target import Target
from harness.domain.workload import WorkKind, Workload
from harness.platforms.ceilings import Ceilings


@dataclass(frozen=True)
class Home:
    """A target that a workload may live on, before anything of the workload is known; its ceilings are of that kind of work."""

    target: Target
    ceilings: Ceilings
    serverless: bool | None  # None: nobody declared how it is billed or scales
    cold: bool


@dataclass(frozen=True)
class Placed:
    """A workload, its place with every reason, and both targets beside each other."""

    workload: Workload
    place: Place
    reasons: tuple[Reason, ...]
    sides: tuple[Side, ...]

    def of(self, target: str) -> Side:
        return next(one for one in self.sides if one.target == target)


def placement(
    workloads: Sequence[Workload],
    homes: Mapping[WorkKind, Sequence[Home]],
    measures: Mapping[WorkKind, Measures],
    margin: float,
) -> tuple[Placed, ...]:
    """Every workload in the order of the file; ``margin``: of cost, as a ratio."""
    out = []
    for workload in workloads:
        there = homes[workload.kind]
        found = {h.target.name: measures[workload.kind](workload, h.target) for h in there}
        sides = tuple(
            side(
                workload,
                h.target.name,
                found[h.target.name],
                _others(found, h.target.name),
                h.ceilings,
                serverless=h.serverless,
                cold=h.cold,
            )
            for h in there
        )
        place, why = placed(sides, margin)
        if place is Place.NOT_MEASURED:  # a ceiling alone rules a target out, and never puts it on the other
            why = _distinct((unmeasured(workload, sides[0].target), *why))
        out.append(Placed(workload, place, why, sides))
    return tuple(out)


def _others(found: Mapping[str, Measured | None], target: str) -> list[Measured]:
    return [one for name, one in found.items() if name != target and one is not None]


def placed(sides: Sequence[Side], margin: float) -> tuple[Place, tuple[Reason, ...]]:
    """The place, with the reasons that decide first."""
    every = tuple(one.why for one in sides)
    if not any(one.measured for one in sides):
        return Place.NOT_MEASURED, _distinct(every)
    able = [one for one in sides if one.fit is Fit.KEEPS]
    if not able:
        return _none_able(sides, every)
    if len(able) > 1:
        return _both(able, margin)
    [home] = able
    if home.serverless:
        return Place.SERVERLESS, (home.why, *(one.why for one in sides if one is not home))
    return _kept_alone(home, sides)


def _kept_alone(home: Side, sides: Sequence[Side]) -> tuple[Place, tuple[Reason, ...]]:
    """Only one that is always there keeps it: what is known of the other says in which word that ends."""
    others = [one for one in sides if one is not home]
    rest = tuple(one.why for one in others)
    if any(one.fit is Fit.COLD for one in others):
        return Place.WARM, (*rest, home.why)
    if any(one.fit in (Fit.OPEN, Fit.NOT_MEASURED) for one in others):
        return Place.OPEN, (*rest, home.why)
    return _word(home), (*rest, home.why)


def _none_able(sides: Sequence[Side], every: tuple[Reason, ...]) -> tuple[Place, tuple[Reason, ...]]:
    """Cold starts that break it say by themselves what it needs; a ceiling leaves the other, a broken promise does not."""
    why = {fit: tuple(one.why for one in sides if one.fit is fit) for fit in Fit}
    if why[Fit.COLD]:
        return Place.WARM, _distinct((*why[Fit.COLD], *every))
    left = [one for one in sides if one.fit is not Fit.CANNOT]
    if len(left) == 1 and len(sides) > 1 and left[0].fit is Fit.OPEN:
        return _word(left[0]), (*why[Fit.CANNOT], left[0].why)
    if why[Fit.OPEN] or why[Fit.NOT_MEASURED]:
        return Place.OPEN, _distinct((*why[Fit.NOT_MEASURED], *every))
    return Place.NEITHER, (reasons.NeitherKeeps(), *every)


def _both(able: Sequence[Side], margin: float) -> tuple[Place, tuple[Reason, ...]]:
    """Every one keeps it: the cheaper one, where a difference is shown that is more than the margin."""
    kept = tuple(one.why for one in able)
    usd = [one.month_usd for one in able]
    for one, known in zip(able, usd, strict=True):
        if isinstance(known, Unknown):
            return Place.EITHER, (reasons.CostUntoldOf(one.target, known.reason), *kept)
    for one, mine in zip(able, usd, strict=True):
        rest = [(o, theirs) for o, theirs in zip(able, usd, strict=True) if o is not one]
        if all(_cheaper(mine, theirs, margin) for _, theirs in rest):
            other, theirs = rest[0]
            assert isinstance(mine, Estimate)
            assert isinstance(theirs, Estimate)
            assert mine.high is not None
            assert theirs.low is not None
            named = (mine.value, mine.high, other.target, theirs.value, theirs.low)
            return _word(one), (reasons.CheaperThere(one.target, *named), *kept)
    return Place.EITHER, (reasons.CostsMeet(margin), *kept)


def _cheaper(mine: Known, theirs: Known, margin: float) -> bool:
    if not isinstance(mine, Estimate) or not isinstance(theirs, Estimate):
        return False
    if mine.high is None or theirs.low is None or mine.high >= theirs.low:
        return False
    return mine.value * margin <= theirs.value


def _word(home: Side) -> Place:
    if home.serverless is None:
        return Place.THERE
    return Place.SERVERLESS if home.serverless else Place.CONTAINER


def _distinct(found: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(found))
