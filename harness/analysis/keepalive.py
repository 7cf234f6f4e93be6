"""The keep-alive window from idle gaps: current-status data, each probe cold or warm after a gap.

The share of cold answers after a gap, F(gap), is the isotonic regression of the cold
indicator on the gap, which is its nonparametric maximum likelihood estimate. Intervals
invert the likelihood ratio of F(t) = p against it (Banerjee and Wellner 2001); their
limit law has its 95 % point at 2.27, here the larger 3.84 of chi-squared is used, for
gaps that were chosen by the answers before them are not theirs. Nothing is said beyond
the gaps that were tried, and no one number where two windows, or one that changes with
the hour, are likelier (see ``windowlaw``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from harness.analysis import windowlaw
from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.analysis.windowlaw import LawKind, WindowLaw
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons import absence

CRITICAL = 3.841458820694124
WIDE = 2.0
METHOD = "isotonic regression of cold on gap, likelihood-ratio interval"


@dataclass(frozen=True)
class Probe:
    """One answer after a gap without traffic."""

    gap_s: float
    cold: bool
    hour: float | None = None  # of the day, UTC


@dataclass(frozen=True)
class KeptWindow:
    """How long one target keeps an idle instance, on the days that it was measured."""

    target: str
    probes: tuple[Probe, ...]
    unknown: int  # probes that did not say, or came after one that failed
    lanes: int
    days: str
    hours: str  # of the day, UTC, in which it was probed
    waited_s: float  # wall-clock time of the probing
    law: WindowLaw
    median_s: Known  # Unknown where one number does not stand for the window
    g05_s: Known
    curve: tuple[tuple[float, float], ...]  # (gap, share cold) where it rises

    @property
    def cold_from_s(self) -> float | None:
        """The shortest gap that ended cold."""
        return min((p.gap_s for p in self.probes if p.cold), default=None)

    @property
    def warm_to_s(self) -> float | None:
        """The longest gap that ended warm."""
        return max((p.gap_s for p in self.probes if not p.cold), default=None)

    @property
    def wide(self) -> bool:
        """Single answers lie so far apart that the middle alone would mislead."""
        cold, warm = self.cold_from_s, self.warm_to_s
        return cold is not None and warm is not None and warm > WIDE * cold


def window(target: str, runs: Sequence[RunData]) -> KeptWindow:
    """Every keep-alive run of one target together."""
    probes: list[Probe] = []
    unknown = lanes = 0
    for run in runs:
        found, silent, used = probes_of(run)
        probes += found
        unknown += silent
        lanes = max(lanes, used)
    days = sorted({str(r.record.run["started_utc"])[:10] for r in runs if r.record and r.record.run})
    told = windowlaw.law([p.gap_s for p in probes], [p.cold for p in probes], [p.hour for p in probes])
    waited = [float(np.nanmax(r.columns["finished_s"])) for r in runs if len(r.columns["finished_s"])]
    return KeptWindow(
        target,
        tuple(sorted(probes, key=lambda p: p.gap_s)),
        unknown,
        lanes,
        " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "",
        _hours(probes),
        sum(waited),
        told,
        _median(probes, told),
        quantile(probes, 0.05),
        steps(probes),
    )


def _median(probes: Sequence[Probe], told: WindowLaw) -> Known:
    """The gap at which half are cold, where one window, or one hour, stands for all."""
    match told.kind:
        case LawKind.TWO:
            windows = tuple((m.low_s, m.high_s, m.share) for m in told.modes)
            return Unknown(absence.TwoWindows(windows), len(probes), 1)
        case LawKind.DRIFTS:
            parts = tuple((p.middle_s, p.hours) for p in told.parts)
            return Unknown(absence.HourlyWindow(parts), len(probes), 1)
        case _:
            return quantile(probes, 0.5)


def _hours(probes: Sequence[Probe]) -> str:
    """The hours of the day in which there were probes, neighbours joined; as ``01:00-04:00, 13:00-14:00``."""
    used = sorted({int(p.hour) for p in probes if p.hour is not None})
    spans: list[list[int]] = []
    for hour in used:
        if spans and hour == spans[-1][1]:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return ", ".join(f"{a:02d}:00-{b:02d}:00" for a, b in spans)


def probes_of(run: RunData) -> tuple[list[Probe], int, int]:
    """Probes, those that say nothing, and how many lanes there were; a gap counts from the last answer of its lane."""
    c = run.columns
    lanes = np.nan_to_num(c["lane"], nan=0.0)
    began = hour_of(run)
    out: list[Probe] = []
    unknown = 0
    for lane in np.unique(lanes):
        free_s: float | None = None
        for k in np.flatnonzero(lanes == lane):
            known = bool(run.ok[k]) and c["cold"][k] is not None
            if c["phase"][k] == "window":
                if known and free_s is not None:
                    sent_s = float(c["sent_s"][k])
                    hour = None if began is None else (began + sent_s / 3600) % 24
                    out.append(Probe(sent_s - free_s, c["cold"][k] is True, hour))
                else:
                    unknown += 1
            free_s = float(c["finished_s"][k]) if known else None
    return out, unknown, len(np.unique(lanes))


def hour_of(run: RunData) -> float | None:
    """The hour of the day, UTC, at which a run began."""
    said = (run.record.run or {}).get("started_utc") if run.record else None
    if said is None:
        return None
    began = datetime.fromisoformat(str(said)).astimezone(UTC)
    return began.hour + began.minute / 60 + began.second / 3600


def fit(probes: Sequence[Probe]) -> tuple[Array, Array, Array]:
    """Distinct gaps, how often each was tried, and the fitted share of cold answers."""
    gaps, index = np.unique([p.gap_s for p in probes], return_inverse=True)
    n = np.bincount(index).astype(float)
    cold = np.bincount(index, weights=[float(p.cold) for p in probes])
    return gaps, n, _isotonic(cold / n, n)


def steps(probes: Sequence[Probe]) -> tuple[tuple[float, float], ...]:
    """The fitted curve's corners."""
    if not probes:
        return ()
    gaps, _, share = fit(probes)
    keep = [0, *(k for k in range(1, len(gaps)) if share[k] != share[k - 1]), len(gaps) - 1]
    return tuple((float(gaps[k]), float(share[k])) for k in dict.fromkeys(keep))


def quantile(probes: Sequence[Probe], p: float) -> Known:
    """The gap at which a share ``p`` of answers is cold, seconds; Unknown where the gaps do not reach it.

    Between the largest gap with a smaller share and the smallest with a larger one the
    geometric mean is taken; for p below one half the former: a gap that was seen to
    keep the share, not one in the middle of what was not tried.
    """
    if not probes:
        return Unknown(absence.NoProbe())
    cold = sum(x.cold for x in probes)
    low_s, high_s = min(x.gap_s for x in probes), max(x.gap_s for x in probes)
    if cold == 0:
        return Unknown(absence.WindowLonger(absence.NeverCold(high_s, len(probes))))
    if cold == len(probes):
        return Unknown(absence.WindowShorter(absence.AlwaysCold(low_s, cold)))
    gaps, _, share = fit(probes)
    if share[0] > p:
        return Unknown(absence.ColdAtShortest(float(share[0]), float(gaps[0])))
    if share[-1] < p:
        return Unknown(absence.WarmAtLongest(float(share[-1]), float(gaps[-1])))
    below = float(gaps[share <= p][-1]) if p < 0.5 else float(gaps[share < p][-1]) if share[0] < p else float(gaps[0])
    above = float(gaps[share > p][0]) if (share > p).any() else float(gaps[-1])
    value = below if p < 0.5 else math.sqrt(below * above)
    low, high = _interval(probes, p)
    return Estimate(
        value,
        None if low is None else min(low, value),
        None if high is None else max(high, value),
        0.95,
        len(probes),
        1,
        METHOD,
    )


def _interval(probes: Sequence[Probe], p: float) -> tuple[float | None, float | None]:
    """Gaps t at which F(t) = p is not refused; None where that reaches the end of what was tried.

    The likelihood is the same for every t from one gap to the next, so it is asked at the gaps.
    """
    gaps, n, share = fit(probes)
    cold = np.bincount(np.unique([x.gap_s for x in probes], return_inverse=True)[1], [float(x.cold) for x in probes])
    best = _log_likelihood(cold, n, share)
    starts = [-math.inf, *(float(gap) for gap in gaps)]
    kept = [k for k, t in enumerate(starts) if 2 * (best - _constrained(gaps, n, cold, t, p)) <= CRITICAL]
    low = starts[kept[0]] if kept else -math.inf
    high = [*starts[1:], math.inf][kept[-1]] if kept else math.inf
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)


def _isotonic(values: Array, weights: Array) -> Array:
    # every command would wait half a second for what only windows need
    from scipy.optimize import isotonic_regression  # noqa: PLC0415

    return np.asarray(isotonic_regression(values, weights=weights).x)


def _constrained(gaps: Array, n: Array, cold: Array, t: float, p: float) -> float:
    """Log-likelihood of the best increasing curve that passes through (t, p): each side alone, clipped at p."""
    left = gaps <= t
    total = 0.0
    for side, clip in ((left, np.minimum), (~left, np.maximum)):
        if side.any():
            fitted = _isotonic(cold[side] / n[side], n[side])
            total += _log_likelihood(cold[side], n[side], clip(fitted, p))
    return total


def _log_likelihood(cold: Array, n: Array, share: Array) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(cold > 0, cold * np.log(share), 0.0) + np.where(n > cold, (n - cold) * np.log1p(-share), 0.0)
    return float(terms.sum())
