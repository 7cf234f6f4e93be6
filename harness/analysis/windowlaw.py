"""Whether one number can stand for a keep-alive window: one window, two, or one that changes with the hour.

Each probe is cold or warm after its gap, so a window's law is a curve of the share
cold over ln(gap). Three curves are fitted by maximum likelihood: one probit; two
probits mixed (some instances are kept for one time, some for another); one probit
whose middle is another in every part of the day. A fuller one is taken only where the
likelihood ratio is beyond what one window shows by chance, whatever the gaps were
chosen by (thresholds: tests/analysis/test_windowlaw.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from harness.analysis import laws
from harness.analysis.columns import Array

LEAST_PROBES = 24
PART_HOURS = 3
LEAST_IN_PART = 8
TWO_BEYOND = 14.0  # twice the log-likelihood ratio that makes one window two
APART = math.log(1.6)  # two windows closer than this are one
LEAST_SHARE = 0.08  # of a second window
DRIFT_ALPHA = 0.005
NARROWEST, WIDEST = math.log(0.01), math.log(1.5)  # of a probit's spread
CENTRAL_Z = 1.6448536269514722  # a mode's range holds nine of ten


class LawKind(StrEnum):
    """What the probes say of the window's law."""

    ONE = "one"
    TWO = "two"
    DRIFTS = "drifts"
    UNKNOWN = "unknown"  # too few probes to tell


@dataclass(frozen=True)
class Mode:
    """One of the times that instances are kept; nine of ten of its windows lie between ``low_s`` and ``high_s``."""

    share: float
    share_low: float
    share_high: float
    middle_s: float
    low_s: float
    high_s: float


@dataclass(frozen=True)
class DayPart:
    """One part of the day, UTC, with the middle of the window there and its 95 % interval."""

    hours: str
    probes: int
    middle_s: float
    low_s: float
    high_s: float


@dataclass(frozen=True)
class WindowLaw:
    """``modes`` where there are two, ``parts`` where it changes with the hour; else both are empty."""

    kind: LawKind
    modes: tuple[Mode, ...] = ()
    parts: tuple[DayPart, ...] = ()

    def draws(self) -> list[float]:
        """Windows that stand for the law, as often as they occur; none where one number stands for it."""
        if self.kind is LawKind.TWO:
            return [m.middle_s for m in self.modes for _ in range(max(1, round(100 * m.share)))]
        return [p.middle_s for p in self.parts]


def law(gaps_s: Sequence[float], cold: Sequence[bool], hours: Sequence[float | None]) -> WindowLaw:
    """Of probes: their gaps, whether each was cold, and the hour of the day (UTC) of each, None where not known."""
    if len(gaps_s) < LEAST_PROBES or all(cold) or not any(cold):
        return WindowLaw(LawKind.UNKNOWN)
    x, y = np.log(np.asarray(gaps_s, dtype=float)), np.asarray(cold, dtype=float)
    one = _best(_one(x, y), [[m, s] for m in np.quantile(x, (0.3, 0.5, 0.7)) for s in (-3.0, -1.0)])
    two = _two_fit(x, y)
    parts, drift = _by_part(x, y, hours, one)
    gain_two, gain_drift = 2 * (one.cost - two.cost), 2 * (one.cost - drift)
    if len(parts) > 1:
        beyond = laws.chi_squared_upper(gain_drift, len(parts) - 1) < DRIFT_ALPHA
        if (
            beyond and gain_drift - (len(parts) - 1) >= gain_two - 3
        ):  # Akaike's count: each parameter must earn its place
            return WindowLaw(LawKind.DRIFTS, parts=parts)
    modes = _modes(two, x, y)
    if gain_two > TWO_BEYOND and modes:
        return WindowLaw(LawKind.TWO, modes=modes)
    return WindowLaw(LawKind.ONE)


@dataclass(frozen=True)
class _Fit:
    at: Array
    cost: float  # minus the log-likelihood


Cost = Callable[[Array], float]


def _cost(share: Array, y: Array) -> float:
    kept = np.clip(share, 1e-6, 1 - 1e-6)
    return float(-(y * np.log(kept) + (1 - y) * np.log1p(-kept)).sum())


def _spread(log_s: float) -> float:
    return math.exp(min(WIDEST, max(NARROWEST, log_s)))


def _one(x: Array, y: Array) -> Cost:
    return lambda at: _cost(laws.normal_share((x - at[0]) / _spread(at[1])), y)


def _mixed(at: Array, x: Array) -> Array:
    share = 1 / (1 + math.exp(-at[4]))
    first, second = (laws.normal_share((x - at[k]) / _spread(at[k + 1])) for k in (0, 2))
    return share * first + (1 - share) * second


def _two_fit(x: Array, y: Array) -> _Fit:
    grid = np.quantile(x, (0.1, 0.3, 0.5, 0.7, 0.9))
    starts = [[a, -2.5, b, -2.5, p] for a in grid for b in grid if b - a > APART for p in (-0.5, 0.5)]
    return _best(lambda at: _cost(_mixed(at, x), y), starts or [[x.min(), -2.5, x.max(), -2.5, 0.0]])


def _best(cost: Cost, starts: Sequence[Sequence[float]]) -> _Fit:
    # every command would wait half a second for what only windows need
    from scipy.optimize import minimize  # noqa: PLC0415

    near = sorted(starts, key=lambda s: cost(np.asarray(s, dtype=float)))[:3]
    found = [
        minimize(cost, s, method="Nelder-Mead", options={"maxiter": 800, "fatol": 1e-4, "xatol": 1e-3}) for s in near
    ]
    best = min(found, key=lambda f: float(f.fun))
    return _Fit(np.asarray(best.x), float(best.fun))


def _modes(fit: _Fit, x: Array, y: Array) -> tuple[Mode, ...]:
    """Both modes, the shorter first; none where they are one, or where one of them is next to nothing."""
    share = 1 / (1 + math.exp(-fit.at[4]))
    found = sorted([(fit.at[0], _spread(fit.at[1]), share), (fit.at[2], _spread(fit.at[3]), 1 - share)])
    (m1, s1, p1), (m2, s2, p2) = found
    if m2 - m1 < APART or min(p1, p2) < LEAST_SHARE or m1 < x.min() or m2 > x.max():
        return ()
    between = (x > m1 + CENTRAL_Z * s1) & (x < m2 - CENTRAL_Z * s2)
    n, hit = int(between.sum()), float(y[between].sum())
    low, high = laws.clopper_pearson(hit, n, 0.95) if n else (0.0, 1.0)
    ranges = [(m, math.exp(m - CENTRAL_Z * s), math.exp(m + CENTRAL_Z * s)) for m, s, _ in found]
    return (
        Mode(p1, min(low, p1), max(high, p1), math.exp(m1), *ranges[0][1:]),
        Mode(p2, min(1 - high, p2), max(1 - low, p2), math.exp(m2), *ranges[1][1:]),
    )


def _by_part(x: Array, y: Array, hours: Sequence[float | None], one: _Fit) -> tuple[tuple[DayPart, ...], float]:
    """The window's middle in every part of the day that has enough probes, with one spread for all; the whole's cost."""
    at = [None if h is None else int(h // PART_HOURS) for h in hours]
    used = [k for k in range(24 // PART_HOURS) if at.count(k) >= LEAST_IN_PART]
    chosen = [np.array([a == k for a in at]) for k in used]
    mixed = [c for c in chosen if 0 < y[c].sum() < c.sum()]
    if len(mixed) < 2 or len(mixed) < len(chosen):
        return (), one.cost
    rest = ~np.any(chosen, axis=0)

    def cost(log_s: float) -> tuple[float, list[_Fit]]:
        fits = [_middle(x[c], y[c], log_s) for c in chosen]
        left = _cost(laws.normal_share((x[rest] - one.at[0]) / _spread(one.at[1])), y[rest])
        return sum(f.cost for f in fits) + left, fits

    whole, fits = min((cost(log_s) for log_s in np.arange(-4.0, 0.1, 0.25)), key=lambda c: c[0])
    parts = []
    for k, c, fit in zip(used, chosen, fits, strict=True):
        low, high = _likely(x[c], y[c], fit)
        hours_said = f"{k * PART_HOURS:02d}:00-{(k + 1) * PART_HOURS:02d}:00"
        parts.append(DayPart(hours_said, int(c.sum()), math.exp(fit.at[0]), math.exp(low), math.exp(high)))
    return tuple(parts), whole


def _grid(x: Array) -> Array:
    return np.linspace(x.min() - 0.05, x.max() + 0.05, 161)


def _middle(x: Array, y: Array, log_s: float) -> _Fit:
    costs = [_cost(laws.normal_share((x - m) / _spread(log_s)), y) for m in _grid(x)]
    k = int(np.argmin(costs))
    return _Fit(np.array([_grid(x)[k], log_s]), costs[k])


def _likely(x: Array, y: Array, fit: _Fit) -> tuple[float, float]:
    """Middles that the likelihood ratio does not refuse at 95 %."""
    kept = [m for m in _grid(x) if _cost(laws.normal_share((x - m) / _spread(fit.at[1])), y) - fit.cost <= 3.84 / 2]
    return min(kept), max(kept)
