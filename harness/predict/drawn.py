"""One world that the measurements allow: every parameter redrawn, by block, by posterior, or within its stated range.

Blocks are redrawn with replacement. What is taken from few of them spreads less than it should, so each draw's distance
from all of them, by its p95, is stretched by sqrt(k / (k - 1)) and by Student's quantile over the normal's; of one block
by sqrt((k + 1) / (k - 1)), for it differs from the mean of the others. An assumption is drawn at one
of its ends twice as often as at its value, so that an interval of nine tenths reaches what the ends would do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from harness.analysis import laws
from harness.analysis.columns import Array
from harness.domain.estimate import Estimate
from harness.platforms.scaling import Grows, Scaling, Stated
from harness.predict.fitted import Fitted, p95_of
from harness.predict.fleet import Host, Service
from harness.predict.observed import Parts
from harness.predict.window import Curve, Mode

LEVEL = 0.95
CAUSES = (
    "traffic",
    "idle",
    "forced",
    "burst",
    "zero",
    "deploy",
)  # which law stands for starts in traffic, the nearest first
ENDS = (0.4, 0.2, 0.4)
S = TypeVar("S")


@dataclass(frozen=True)
class World:
    """Everything that a fleet is made of; ``scaling`` holds no range any more."""

    scaling: Scaling
    served: Service
    start_s: Array  # what a start adds; empty where none was measured
    window: Curve  # of an idle instance; empty: it is never ended
    failing: float  # share of requests that fail whatever the load
    per_instance_per_s: float | None  # that one was measured to sustain; None: not measured
    host: Host | None = None  # that all instances share
    computed_per_s: float | None = (
        None  # what the processors of one would sustain: more, where its places were the limit
    )


def central(fitted: Fitted) -> World:
    """The figures themselves."""
    assert fitted.scaling is not None
    curve = _curve(fitted, None)
    return World(
        fitted.scaling,
        _together(fitted.parts, fitted),
        _starts(fitted, None),
        curve,
        _failing(fitted.parts, None),
        known := _capacity(fitted, None),
        _host(fitted, None),
        _computed(fitted, known),
    )


def _computed(fitted: Fitted, per_instance_per_s: float | None) -> float | None:
    """What a search found may be the limit of an instance's places: then its processors sustain more."""
    return None if per_instance_per_s is None else max(per_instance_per_s, fitted.computes_per_s * fitted.processors)


def drawn(fitted: Fitted, rng: np.random.Generator, *, one_block: bool = False, cause: str = CAUSES[0]) -> World:
    """Another that is as well possible; ``one_block``: as a block of its own would be, not their mean.

    ``cause``: the starts that are meant, where any were measured.
    """
    assert fitted.scaling is not None
    parts, stretch = _blocks(fitted, rng, one_block=one_block)
    served = _together(parts, fitted)
    served = replace(served, **{f.name: getattr(served, f.name) * stretch for f in fields(Service)})
    return World(
        _ranged(fitted.scaling, rng),
        served,
        _starts(fitted, rng, cause, one_run=one_block),
        _curve(fitted, rng),
        _failing(parts, rng),
        known := _capacity(fitted, rng),
        _host(fitted, rng),
        _computed(fitted, known),
    )


def _blocks(fitted: Fitted, rng: np.random.Generator, *, one_block: bool) -> tuple[list[Parts], float]:
    """Parts of redrawn blocks, and the factor that stretches their distance from all."""
    names = sorted({p.block for p in fitted.parts})
    k = len(names)
    chosen = rng.choice(names, size=1 if one_block else k)
    parts = [p for name in chosen for p in fitted.parts if p.block == name]
    if k < 2:
        return parts, 1.0
    return parts, (p95_of(parts) / fitted.p95_s) ** (_wide(k, one=one_block) - 1)


def _wide(k: int, *, one: bool) -> float:
    """How much further than they lie, draws from k of them should lie from all; ``one``: of one of them."""
    return math.sqrt((k + one) / (k - 1)) * laws.t_quantile(LEVEL, k - 1) / laws.t_quantile(LEVEL, 10_000)


def _together(parts: Sequence[Parts], fitted: Fitted) -> Service:
    made = Service(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Service)))
    faster = 1 / fitted.processors
    return replace(made, runtime_s=made.runtime_s * faster, runtime_first_s=made.runtime_first_s * faster)


def _failing(parts: Sequence[Parts], rng: np.random.Generator | None) -> float:
    """As measured; drawn from what so many of so many allow (a flat prior's posterior)."""
    failed, asked = sum(p.failed for p in parts), sum(p.asked for p in parts)
    if rng is None or not failed:
        return failed / asked if asked else 0.0
    return float(rng.beta(failed + 1, asked - failed + 1))


def _starts(fitted: Fitted, rng: np.random.Generator | None, first: str = CAUSES[0], *, one_run: bool = False) -> Array:
    """Of the nearest cause that was measured, its runs redrawn; or those of one run, which share its weather."""
    for cause in (first, *CAUSES):
        runs = [s.alone_s for s in fitted.starts if s.cause == cause]
        if runs:
            return np.concatenate(runs) if rng is None else _redrawn(runs, rng, one_run=one_run)
    return np.array([])


def _redrawn(runs: Sequence[Array], rng: np.random.Generator, *, one_run: bool) -> Array:
    """Runs with replacement, and their starts too, for few runs hold few; stretched like blocks."""
    k, every = len(runs), np.concatenate(runs)
    values = np.concatenate([runs[j] for j in rng.integers(k, size=1 if one_run else k)])
    if not len(values):
        return values
    means = float(values.mean()), float(every.mean())
    stretch = (means[0] / means[1]) ** (_wide(k, one=one_run) - 1) if k > 1 and min(means) > 0 else 1.0
    return values[rng.integers(len(values), size=len(values))] * stretch


def _host(fitted: Fitted, rng: np.random.Generator | None) -> Host | None:
    """With what else ran there taken off: its mean, or that of one run."""
    shared = fitted.machine
    if shared is None:
        return None
    other = np.array([o.vcpus for o in shared.other] or [0.0])
    if rng is None:
        return Host(shared.vcpus, shared.answer_vcpus, float(other.mean()))
    return Host(shared.vcpus, float(rng.choice(shared.redrawn_vcpus or [0.0])), float(rng.choice(other)))


def _curve(fitted: Fitted, rng: np.random.Generator | None) -> Curve:
    """Of the probes' posterior; where none was made, what the platform is assumed to do."""
    if fitted.window is not None:
        curves = fitted.window.curves
        return _middle(curves) if rng is None else curves[int(rng.integers(len(curves)))]
    assert fitted.scaling is not None
    idle = fitted.scaling.idle_s.value if rng is None else _within(fitted.scaling.idle_s, rng)
    return () if math.isinf(idle) else (Mode(1.0, idle, 0.05),)


def _middle(curves: Sequence[Curve]) -> Curve:
    """The curve whose middle is the median of all."""
    middles = [sum(m.share * math.log(m.middle_s) for m in curve) for curve in curves]
    return curves[int(np.argsort(middles)[len(middles) // 2])]


def _capacity(fitted: Fitted, rng: np.random.Generator | None) -> float | None:
    """Requests a second of one instance, log-normal within its interval."""
    found = fitted.capacity
    if found is None or not isinstance(known := found.per_s, Estimate):
        return None
    count = carriers(fitted)
    if not count:
        return None
    value = known.value
    if rng is not None and known.low is not None and known.high is not None:
        spread = math.log(known.high / known.low) / (2 * laws.t_quantile(0.975, 10_000))
        value *= math.exp(spread * rng.standard_normal())
    return value * fitted.processors / count


def carriers(fitted: Fitted) -> float:
    """Instances that carried the capacity: as answers name them, else as many as a fixed fleet has; 0: not known."""
    scaling, found = fitted.scaling, fitted.capacity
    assert scaling is not None
    if found is not None and found.instances:
        return found.instances
    return scaling.least.value if scaling.grows is Grows.FIXED else 0.0


def _ranged(scaling: Scaling, rng: np.random.Generator) -> Scaling:
    """Every figure with a range at one of its ends, or at its value."""
    made = _settled(scaling, rng)
    made = replace(made, waiting=_settled(scaling.waiting, rng))
    if scaling.scaler is not None:
        made = replace(made, scaler=_settled(scaling.scaler, rng))
    least, most = made.least.value, made.most.value
    return replace(made, most=replace(made.most, value=max(least, most), high=max(least, most)))


def _settled(what: S, rng: np.random.Generator) -> S:
    settled = {
        f.name: replace(said, value=(at := _within(said, rng)), low=at, high=at)
        for f in fields(what)  # type: ignore[arg-type]
        if isinstance(said := getattr(what, f.name), Stated) and said.ranges
    }
    made: S = replace(what, **settled)  # type: ignore[type-var]
    return made


def _within(said: Stated, rng: np.random.Generator) -> float:
    return float(rng.choice([said.low, said.value, said.high], p=ENDS))


def causes(fitted: Fitted) -> Mapping[str, int]:
    """How many starts were measured, by cause."""
    return {cause: len(values) for cause, values in fitted.causes().items()}
