"""How much the processors of one instance sustain at least, by how little its own time of an answer grows with the load.

A search may end at the places of an instance, or at its processors, and does not say which. If processors were the limit,
answers would wait for them long before it: W(rate, demand) of M/D/c, half of Sakasegawa's M/M/c (1977). The most demand
that would make answers wait no longer than was seen gives the least that the processors sustain. A demand that varies makes
them wait longer, which gives less. Rates that answers did wait at say nothing: the processors may not carry them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.columns import Array
from harness.analysis.dataset import RunData
from harness.predict import observed

ERRORS = (
    3.0  # standard errors that a mean may lie below the truth: many stretches are looked at, the best of them counts
)
NEVER_SEEN = 5.0  # of n answers none waited: no more than so many of n would have, but for one time in 150
SETTLES = 2.0  # n answers show the waits of processors up to 1 - sqrt(SETTLES / n) busy: a busier queue still fills up
FEWEST = 20
BATCHES = 10
ROUNDS = 40  # of halving


@dataclass(frozen=True)
class Loaded:
    """A stretch at one rate: requests a second of one instance, and its own time of each answer, less the platform's queue."""

    per_s: float
    own_s: Array
    runs: int = 1  # each of which began without a queue


def least_per_s(stretches: Iterable[Loaded], vcpus: float) -> float:
    """Requests a second that the ``vcpus`` of one instance sustain at least; 0 where nothing tells."""
    known = [one for one in stretches if one.per_s > 0 and len(one.own_s) >= FEWEST * one.runs]
    if not known:
        return 0.0
    return max(_carries_per_s(one, [slow for slow in known if slow.per_s < one.per_s], vcpus) for one in known)


def _carries_per_s(one: Loaded, slower: Sequence[Loaded], vcpus: float) -> float:
    """With any less, answers would have waited longer than at ease, and more of them; 0 where they did wait as long."""
    if not slower:
        return 0.0
    at_ease = min(slower, key=lambda slow: float(slow.own_s.mean()))
    grown_s = max(0.0, float(one.own_s.mean() - at_ease.own_s.mean())) + ERRORS * _error_s(one.own_s)

    def too_much(demand_s: float) -> bool:
        longer_s = _wait_s(one.per_s, demand_s, vcpus) - _wait_s(at_ease.per_s, demand_s, vcpus)
        return _waiting(one.per_s * demand_s / vcpus, vcpus) > NEVER_SEEN / len(one.own_s) and longer_s > grown_s

    low, high = 0.0, (1 - math.sqrt(SETTLES * one.runs / len(one.own_s))) * vcpus / one.per_s
    if not too_much(high):
        return 0.0
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (low, middle) if too_much(middle) else (middle, high)
    return vcpus / high


def _wait_s(per_s: float, demand_s: float, vcpus: float) -> float:
    busy = per_s * demand_s / vcpus
    return _waiting(busy, vcpus) * demand_s / (2 * vcpus * (1 - busy))


def _error_s(own_s: Array) -> float:
    """Of the mean: by means of batches, for answers of one moment wait together."""
    means = np.array([batch.mean() for batch in np.array_split(own_s, BATCHES)])
    return max(float(means.std(ddof=1)) / math.sqrt(BATCHES), float(own_s.std()) / math.sqrt(len(own_s)))


def _waiting(busy: float, vcpus: float) -> float:
    """Share of answers that find all processors busy."""
    return float(busy ** (math.sqrt(2 * (vcpus + 1)) - 1))


def stretches(runs: Sequence[RunData], fixed: float | None) -> Iterator[Loaded]:
    """Runs of one profile together, and each step of a search; ``fixed``: instances, where those are as many as ever."""
    paced: dict[str, list[Loaded]] = {}
    for run in runs:
        if steps := observed.steps(run):
            yield from (one for step in steps if (one := _step(run, step, fixed)))
        elif one := _paced(run, fixed):
            paced.setdefault(run.profile, []).append(one)
    for some in paced.values():
        own_s = np.concatenate([one.own_s for one in some])
        yield Loaded(float(np.mean([one.per_s for one in some])), own_s, len(some))


def _paced(run: RunData, fixed: float | None) -> Loaded | None:
    due = np.asarray(run.columns["scheduled_s"], dtype=float)[run.measured]
    length_s = float(np.ptp(due)) if len(due) > 1 else 0.0
    return _loaded(run, run.measured, len(due) / length_s if length_s else 0.0, fixed)


def _step(run: RunData, step: Mapping[str, Any], fixed: float | None) -> Loaded | None:
    its = np.array([str(phase) == step["phase"] for phase in run.columns["phase"]])
    length_s = float(step.get("length_s") or 0.0)
    return _loaded(run, its, int(its.sum()) / length_s if length_s else 0.0, fixed)


def _loaded(run: RunData, chosen: Array, per_s: float, fixed: float | None) -> Loaded | None:
    """None where nobody says how many instances shared the load: a fleet that grows, whose answers name none."""
    names = {str(run.columns["instance_id"][k]) for k in np.flatnonzero(chosen & run.ok).tolist()}
    count = fixed or (0 if "None" in names else len(names))
    own_s = observed.own_s(run, chosen)
    return Loaded(per_s / count, own_s) if count and len(own_s) else None
