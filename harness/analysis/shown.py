"""What the platforms measured while runs went, each series beside the client's figure of the same thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.quantiles import inverted_cdf
from harness.analysis.series import Answers, Collected, answers, family, values
from harness.domain.reason import Reason
from harness.platforms.platform import Measure, Per, Signal, Tier


@dataclass(frozen=True)
class Spread:
    """Over the runs that have it: mean, least and most, and each."""

    mean: float
    least: float
    most: float
    runs: int
    each: tuple[float, ...] = ()


@dataclass(frozen=True)
class Shown:
    """One series of one target under one profile; ``signal`` is None where no platform says what it means."""

    target: str
    profile: str
    metric: str
    signal: Signal | None
    of_runs: Spread | None  # None: collected in no run
    runs: int
    client: Spread | None  # what the client saw of the same, in the series' own unit
    told_unit: str = ""  # as the reading says it
    source: str = ""  # the kind that answered
    absent: Reason | None = None  # what the source said in its place, where it was asked

    @property
    def tier(self) -> Tier | None:
        """Which part of a target it speaks of."""
        return self.signal.tier if self.signal else None

    @property
    def unit(self) -> str:
        """Of the figure: what is counted has none of its points'."""
        if self.signal is None:
            return self.told_unit
        return "count" if self.signal.per is Per.POINTS else self.signal.unit


def shown(
    target: str,
    profile: str,
    runs: Sequence[RunData],
    signals: Sequence[Signal],
    expected: Collection[str] | None = None,
) -> tuple[Shown, ...]:
    """Declared series in their order, then every other one, collected or asked for in vain.

    A declared one that no source was asked for is left out where its source answered, or where it is not
    ``expected`` (None: every one is): a function has no tasks. Of a metric with labels each series is a row, and
    where its points are summed all of them together are one more, beside the client's figure.
    """
    found = [answers(run.record.path) if run.record else Answers() for run in runs]
    every = sorted({metric for one in found for metric in one.sources})
    answered = {source for one in found for source in one.sources.values()}
    declared = {s.metric: s for s in signals}
    out: list[Shown] = []
    for signal in declared.values():
        mine = [metric for metric in every if signal.metric in (metric, family(metric))]
        labelled = [metric for metric in mine if metric != signal.metric and family(metric) == signal.metric]
        if labelled and signal.per in WHOLE:
            out.append(_shown((target, profile, signal.metric), signal, runs, [_whole(one, labelled) for one in found]))
        named = mine or ([signal.metric] if signal.source not in answered and _wanted(signal, expected) else [])
        for metric in named:
            seen = signal if metric not in labelled else replace(signal, measure=Measure.PART)
            out.append(_shown((target, profile, metric), seen, runs, found))
    others = [metric for metric in every if not {metric, family(metric)} & declared.keys()]
    return (*out, *(_shown((target, profile, metric), None, runs, found) for metric in others))


WHOLE = frozenset({Per.SUM, Per.POINTS})  # of which the labels' parts add up


def _wanted(signal: Signal, expected: Collection[str] | None) -> bool:
    return expected is None or signal.metric in expected


def _whole(one: Answers, labelled: Sequence[str]) -> Answers:
    """All series of a metric as one, under its own name."""
    points = tuple(p for metric in labelled for p in one.series.get(metric, ()))
    if not points:
        return one
    name = family(labelled[0])
    unit = next((one.units[m] for m in labelled if m in one.units), "")
    return Answers({name: points}, {name: unit}, {}, {name: ""})


def figure(signal: Signal | None, found: Collected, metric: str) -> float | None:
    """What one run's points come to; the mean where nobody says how, None where there is no point to tell by."""
    told = values(found, metric)
    per = signal.per if signal else Per.MEAN
    if per is Per.POINTS:
        return float(len(told))
    if per is Per.SUM:
        return sum(told)
    if not told:
        return None
    match per:
        case Per.MOST:
            return max(told)
        case Per.GROWTH:
            return sum(max(0.0, later - before) for before, later in pairwise(told))
        case _:
            return sum(told) / len(told)


def _shown(
    place: tuple[str, str, str], signal: Signal | None, runs: Sequence[RunData], found: Sequence[Answers]
) -> Shown:
    metric = place[2]
    mine = [(run, one.series) for run, one in zip(runs, found, strict=True) if metric in one.series]
    platform = _spread([v for _, one in mine if (v := figure(signal, one, metric)) is not None])
    client = None
    if signal is not None and signal.beside is not None:
        client = _spread([v for run, _ in mine if (v := _CLIENT[signal.beside](run, signal)) is not None])
    unit = next((one.units[metric] for one in found if metric in one.units), "")
    source = next((s for one in found if (s := one.sources.get(metric))), signal.source if signal else "")
    why = None
    if platform is None:
        why = next((one.absent[metric] for one in found if metric in one.absent), None)
    return Shown(*place, signal, platform, len(runs), client, unit, source, why)


def _spread(told: Sequence[float]) -> Spread | None:
    return Spread(sum(told) / len(told), min(told), max(told), len(told), tuple(told)) if told else None


def _sent(run: RunData, signal: Signal) -> float:
    del signal
    return float((~np.isnan(run.columns["sent_s"])).sum())


def _refused(run: RunData, signal: Signal) -> float:
    del signal
    return float(run.refused.sum())


def _service(run: RunData, signal: Signal) -> float | None:
    """Time from sending to the end of good answers, in the series' unit: its percentile, or the mean."""
    took = (run.columns["finished_s"] - run.columns["sent_s"])[run.ok]
    scale = {"s": 1.0, "ms": 1000.0}.get(signal.unit)
    if not scale or not len(took):
        return None
    middle = np.mean(took) if signal.quantile is None else inverted_cdf(took, signal.quantile)
    return float(middle) * scale


def _most_in_flight(run: RunData, signal: Signal) -> float | None:
    del signal
    sent, ended = run.columns["sent_s"], run.columns["finished_s"]
    known = ~np.isnan(sent) & ~np.isnan(ended)
    if not known.any():
        return None
    at = np.concatenate([sent[known], ended[known]])
    step = np.concatenate([np.ones(known.sum()), -np.ones(known.sum())])
    return float(np.max(np.cumsum(step[np.lexsort((step, at))])))


_CLIENT: Mapping[Measure, Callable[[RunData, Signal], float | None]] = {
    Measure.REQUESTS: _sent,
    Measure.REFUSALS: _refused,
    Measure.DURATION: _service,
    Measure.CONCURRENCY: _most_in_flight,
}
