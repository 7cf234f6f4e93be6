"""Where a prediction stops: what it would rest on and nobody measured, quantity by quantity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.domain.estimate import Estimate
from harness.domain.reasons import untold as kinds
from harness.platforms.scaling import Basis, Grows
from harness.predict.drawn import carriers
from harness.predict.fitted import Fitted
from harness.predict.granted import seen_at_once
from harness.predict.played import Month
from harness.predict.prediction import Quantity
from harness.predict.telling import Costing

A_LITTLE = 1.05  # beyond what was carried, that a step's own chance allows
WARM_ENOUGH = 0.005  # of requests that meet a start: fewer move no p95 that is told
MOVES = 0.1  # of a cold share, by what lies outside the gaps that were probed
EASY = 0.5  # of a machine's processors: with fewer busy an answer hardly waits for one, seen or not
WIDE = 3.0  # the ends of a share's interval further apart than this factor answer nothing

ANSWERS = (Quantity.P95, Quantity.TTFT_P95)
ALL_BUT_COLD = tuple(q for q in Quantity if q is not Quantity.COLD_SHARE)
FLEET = (Quantity.INSTANCES_MEAN, Quantity.INSTANCES_MOST, Quantity.INSTANCE_HOURS)


@dataclass(frozen=True)
class Needs:
    """What a played month asked for: of its own figures, and of the ends of all worlds that were drawn."""

    month: Month
    most: float  # instances at once, nineteen of twenty worlds
    cold_high: float
    per_instance_per_s: float  # of the busiest level: of a fixed fleet's instances, else while they had some in hand
    per_s: float
    shortest: float | None = None  # cold share with the window at the shortest gap that was probed,
    longest: float | None = None  # at the longest, and
    never: float | None = None  # if no instance were ever ended
    vcpus: float = 0.0  # of the machine that all instances share, busy at the busiest level
    unlike: Mapping[Quantity, tuple[int, int]] = field(default_factory=dict)  # runs that are given again, of how many
    sized: bool = False  # a fixed fleet is to be as large as the peak wants
    size: float = 0.0  # and is so large then
    room: tuple[float, str] | None = None  # instances that its account is granted, and by which quota


Refusals = Mapping[Quantity, kinds.Untold]


def refusals(fitted: Fitted, needs: Needs, costing: Costing) -> Refusals:
    """The first reason of each quantity that cannot be told."""
    found: dict[Quantity, kinds.Untold] = {}
    for quantities, why in (
        _capacity(fitted, needs, costing),
        _granted(fitted, needs),
        _machine(fitted, needs, costing),
        _instances(fitted, needs, costing),
        _starts(fitted, needs, costing),
        _window(fitted, needs, costing),
    ):
        if why is not None:
            for quantity in quantities:
                found.setdefault(quantity, why)
    for quantity, (again, runs) in needs.unlike.items():
        found.setdefault(quantity, kinds.NotGivenAgain(costing.traffic(needs.per_s), again, runs))
    return found


def nothing_known() -> Refusals:
    """Of a target that nobody knows how it grows."""
    return dict.fromkeys(Quantity, kinds.GrowthUnknown(kinds.Declaring()))


def carried(fitted: Fitted) -> tuple[float, bool] | None:
    """The most that one instance was seen to carry, requests a second, and whether a search found its limit there."""
    scaling, driven = fitted.scaling, fitted.driven
    assert scaling is not None
    known = fitted.capacity.per_s if fitted.capacity is not None else None
    if isinstance(known, Estimate) and (count := carriers(fitted)):
        high = known.value if known.high is None else known.high
        return high * fitted.processors / count, True
    if scaling.grows is not Grows.FIXED:
        return None if driven.per_active_per_s is None else (driven.per_active_per_s * fitted.processors, False)
    if not scaling.least.value:
        return None
    return max(driven.kept_per_s or 0.0, driven.sustained_per_s) * fitted.processors / scaling.least.value, False


def _capacity(fitted: Fitted, needs: Needs, costing: Costing) -> tuple[Sequence[Quantity], kinds.Untold | None]:
    """An instance that holds one request is never asked for more; any other may be.

    A fixed fleet costs what it is. One that is to be as large as the peak wants has no size where nobody searched for
    what an instance carries.
    """
    assert fitted.scaling is not None
    if fitted.scaling.at_once.high <= 1:
        return (), None
    seen = carried(fitted)
    per_s, limit = seen or (0.0, False)
    if needs.per_instance_per_s <= per_s * A_LITTLE:
        return (), None
    as_it_is = fitted.scaling.grows is Grows.FIXED and (limit or not needs.sized)
    measure = costing.capacity(max(0.1, fitted.driven.kept_per_s or fitted.driven.per_s))
    quantities = (*ANSWERS, Quantity.REFUSED_SHARE) if as_it_is else ALL_BUT_COLD
    return quantities, kinds.BeyondCapacity(measure, needs.per_instance_per_s, per_s, limit)


def _granted(fitted: Fitted, needs: Needs) -> tuple[Sequence[Quantity], kinds.Untold | None]:
    """A fixed fleet beyond its quota is priced as if it were granted; what it then answers is another matter."""
    scaling = fitted.scaling
    assert scaling is not None
    if scaling.grows is not Grows.FIXED or needs.room is None:
        return (), None
    granted, name = needs.room
    if needs.size <= max(granted, scaling.least.value):
        return (), None
    return (*ANSWERS, Quantity.REFUSED_SHARE), kinds.BeyondGranted(kinds.Requesting(), needs.size, granted, name)


def _machine(fitted: Fitted, needs: Needs, costing: Costing) -> tuple[Sequence[Quantity], kinds.Untold | None]:
    """How answers wait for processors that all share was seen as far as they were busy."""
    shared = fitted.machine
    if shared is None or needs.vcpus <= max(shared.busiest * A_LITTLE, EASY * shared.vcpus):
        return (), None
    measure = costing.traffic(needs.per_s)
    return tuple(Quantity), kinds.BeyondMachine(measure, needs.vcpus, shared.busiest, shared.vcpus)


def _instances(fitted: Fitted, needs: Needs, costing: Costing) -> tuple[Sequence[Quantity], kinds.Untold | None]:
    """A limit that is assumed may be anywhere in its range; one that somebody declares is what it is."""
    scaling = fitted.scaling
    assert scaling is not None
    if scaling.grows is Grows.FIXED or scaling.most.basis is Basis.DECLARED:
        return (), None
    seen = seen_at_once(fitted)
    if needs.most <= max(seen, scaling.most.low):
        return (), None
    measure = costing.at_once(needs.most, scaling.at_once.value)
    return tuple(Quantity), kinds.BeyondInstances(measure, needs.most, seen, scaling.most.value)


def _starts(fitted: Fitted, needs: Needs, costing: Costing) -> tuple[Sequence[Quantity], kinds.Untold | None]:
    if fitted.starts or needs.cold_high < WARM_ENOUGH:
        return (), None
    return ALL_BUT_COLD, kinds.StartsUnmeasured(costing.cold(), needs.cold_high)


def _window(fitted: Fitted, needs: Needs, costing: Costing) -> tuple[Sequence[Quantity], kinds.Untold | None]:
    """What lies outside the gaps that were probed is told only where it hardly moves the answer."""
    scaling, window, cold = fitted.scaling, fitted.window, needs.month.cold_share
    assert scaling is not None
    if scaling.grows is Grows.FIXED or math.isnan(cold):
        return (), None
    if window is None:
        low, high = needs.never or 0.0, needs.cold_high
        if high <= max(WARM_ENOUGH, WIDE * low) or scaling.idle_s.basis is Basis.DECLARED:
            return (), None
        kept_s = scaling.idle_s.high if math.isfinite(scaling.idle_s.high) else 900.0
        return (Quantity.COLD_SHARE, *ANSWERS, *FLEET), kinds.WindowUnprobed(costing.window(kept_s / 2))
    outside = 0.0
    if not window.seen_end and needs.longest is not None and needs.never is not None:
        outside = needs.longest - needs.never
    if not window.seen_begin and needs.shortest is not None:
        outside = max(outside, 1.0 - needs.shortest)
    if outside <= max(WARM_ENOUGH, MOVES * cold):
        return (), None
    measure = costing.window(window.to_s)
    return (Quantity.COLD_SHARE, *FLEET), kinds.GapsBeyond(measure, outside, window.from_s, window.to_s)
