"""The keep-alive window as a law to draw from: every curve that the probes allow, as often as they make it likely.

The curves are those of ``harness.analysis.windowlaw``: one probit over ln(gap), two mixed, or one for each part of the
day. Which of them is its choice; their parameters are drawn from the likelihood with flat priors on ln(middle), within
half a decade of the gaps that were tried, and on the spread's logarithm, by random-walk Metropolis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from harness.analysis import laws
from harness.analysis.columns import Array
from harness.analysis.keepalive import KeptWindow, Probe
from harness.analysis.windowlaw import NARROWEST, PART_HOURS, WIDEST, LawKind

STEPS, BURN_IN, THIN = 3000, 1000, 20
REACH = math.log(10) / 2  # beyond the gaps that were tried: there the likelihood says nothing
RESOLVED = 0.95  # of answers cold at the longest gap: the window's end was seen
LEAST_WARM = 0.05


@dataclass(frozen=True)
class Mode:
    """Windows whose logarithm is normal; ``hours`` is the part of the day (UTC) that it is of, None: any."""

    share: float
    middle_s: float
    spread: float
    hours: tuple[int, int] | None = None


Curve = tuple[Mode, ...]


@dataclass(frozen=True)
class Window:
    """What the probes of one target allow."""

    probes: int
    cold: int
    from_s: float  # the shortest and the longest gap that was tried
    to_s: float
    curves: tuple[Curve, ...]
    seen_end: bool  # nearly every answer after the longest gaps was cold
    seen_begin: bool  # and warm after the shortest

    def share_cold(self, gap_s: float) -> float:
        """Mean over the curves, whatever the hour."""
        return float(np.mean([_share(curve, gap_s) for curve in self.curves]))

    def ends_s(self) -> tuple[float, float, float]:
        """The median of the middle window, and the two ends that hold nine of ten of them."""
        middles = np.array([_middle(curve) for curve in self.curves])
        low, middle, high = np.quantile(middles, (0.05, 0.5, 0.95))
        return float(middle), float(low), float(high)


def window(kept: KeptWindow, rng: np.random.Generator) -> Window | None:
    """None where no probe said anything."""
    probes = kept.probes
    if not probes:
        return None
    gaps, cold = np.array([p.gap_s for p in probes]), np.array([p.cold for p in probes], dtype=float)
    longest, shortest = gaps >= np.quantile(gaps, 0.9), gaps <= np.quantile(gaps, 0.1)
    return Window(
        len(probes),
        int(cold.sum()),
        float(gaps.min()),
        float(gaps.max()),
        tuple(_curves(kept, np.log(gaps), cold, probes, rng)),
        bool(cold[longest].mean() >= RESOLVED),
        bool(cold[shortest].mean() <= LEAST_WARM),
    )


def _curves(kept: KeptWindow, x: Array, y: Array, probes: Sequence[Probe], rng: np.random.Generator) -> list[Curve]:
    match kept.law.kind:
        case LawKind.TWO:
            first, second = kept.law.modes
            start = [math.log(first.middle_s), -2.0, math.log(second.middle_s), -2.0, _logit(first.share)]
            return [_two(at) for at in _walk(lambda at: _two_likely(at, x, y), start, rng)]
        case LawKind.DRIFTS:
            return _by_part(kept, x, y, probes, rng)
        case _:
            return [_one(at) for at in _walk(lambda at: _one_likely(at, x, y), _start(x, y), rng)]


def _by_part(kept: KeptWindow, x: Array, y: Array, probes: Sequence[Probe], rng: np.random.Generator) -> list[Curve]:
    """Each part by itself; hours without one have the nearest part's."""
    drawn: list[list[Mode]] = []
    for part in kept.law.parts:
        first = int(part.hours[:2])
        inside = np.array([p.hour is not None and first <= p.hour < first + PART_HOURS for p in probes])
        here, cold = x[inside], y[inside]
        at = _walk(partial(_one_likely, x=here, y=cold), [math.log(part.middle_s), -2.0], rng)
        drawn.append([Mode(1.0, math.exp(m), math.exp(s), (first, first + PART_HOURS)) for m, s in at])
    return list(zip(*drawn, strict=True))


def _start(x: Array, y: Array) -> list[float]:
    """Between the gaps that ended warm and those that ended cold."""
    if not y.any():
        return [float(x.max()) + REACH / 2, -2.0]
    if y.all():
        return [float(x.min()) - REACH / 2, -2.0]
    return [float((x[y == 0].max() + x[y == 1].min()) / 2), -2.0]


def _inside(middle: float, log_s: float, x: Array) -> bool:
    return x.min() - REACH <= middle <= x.max() + REACH and NARROWEST <= log_s <= WIDEST


def _likely(share: Array, y: Array) -> float:
    kept = np.clip(share, 1e-6, 1 - 1e-6)
    return float((y * np.log(kept) + (1 - y) * np.log1p(-kept)).sum())


def _one_likely(at: Array, x: Array, y: Array) -> float:
    if not _inside(at[0], at[1], x):
        return -math.inf
    return _likely(laws.normal_share((x - at[0]) / math.exp(at[1])), y)


def _two_likely(at: Array, x: Array, y: Array) -> float:
    if not (_inside(at[0], at[1], x) and _inside(at[2], at[3], x) and abs(at[4]) < 4 and at[0] < at[2]):
        return -math.inf
    share = 1 / (1 + math.exp(-at[4]))
    parts = [laws.normal_share((x - at[k]) / math.exp(at[k + 1])) for k in (0, 2)]
    return _likely(share * parts[0] + (1 - share) * parts[1], y)


def _walk(likely: Callable[[Array], float], start: Sequence[float], rng: np.random.Generator) -> list[Array]:
    """Metropolis' draws; the step shrinks or grows while it warms up, until about three of ten are taken."""
    at = np.asarray(start, dtype=float)
    now, size, out = likely(at), 0.3, []
    for k in range(STEPS):
        tried = at + size * rng.standard_normal(len(at))
        then = likely(tried)
        taken = math.log(rng.random()) < then - now
        if taken:
            at, now = tried, then
        if k < BURN_IN:
            size = min(2.0, max(0.01, size * (1.02 if taken else 0.9913)))
        elif k % THIN == 0:
            out.append(at.copy())
    return out


def _one(at: Array) -> Curve:
    return (Mode(1.0, math.exp(at[0]), math.exp(at[1])),)


def _two(at: Array) -> Curve:
    share = 1 / (1 + math.exp(-at[4]))
    return Mode(share, math.exp(at[0]), math.exp(at[1])), Mode(1 - share, math.exp(at[2]), math.exp(at[3]))


def _share(curve: Curve, gap_s: float) -> float:
    whole = sum(m.share for m in curve)
    parts = (m.share * float(laws.normal_share(np.array((math.log(gap_s / m.middle_s)) / m.spread))) for m in curve)
    return sum(parts) / whole


def _middle(curve: Curve) -> float:
    return math.exp(sum(m.share * math.log(m.middle_s) for m in curve) / sum(m.share for m in curve))


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
