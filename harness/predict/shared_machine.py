"""What starts took of one machine that all instances share with whatever else serves an answer there, and what answers took.

Each start that was seen says so itself: while others start beside it, it gets its share of the processors and no more,
and how many there were is in the evidence. So its own work is its time, each moment weighted by that share (operational
analysis; processor sharing). What answers took is told by the processors that were busy beyond that, second by second.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.columns import Array, as_array
from harness.analysis.dataset import RunData
from harness.errors import BadFile
from harness.evidence import parquet
from harness.evidence.schema import GENERATOR_FORMAT, GENERATOR_KINDS

ROUNDS_OF_SHARES = 3  # what starts get depends on what answers take, and that on what is left of them
REDRAWN = 20  # times, with other runs
ROUNDS = 20  # of a fit by least absolute deviations
LITTLE = 1e-4
SECONDS_LEAST = 8  # fewer tell no slope


@dataclass(frozen=True)
class Spans:
    """Of one run: when starts and answers began and ended, seconds on its clock."""

    start_from: Array
    start_to: Array
    answer_from: Array
    answer_to: Array


@dataclass(frozen=True)
class Other:
    """Processors that were busy in one run beyond its starts and answers."""

    block: int
    profile: str
    vcpus: float


@dataclass(frozen=True)
class Machine:
    """What all instances share, and the load generator with them."""

    vcpus: float
    answer_vcpus: float  # that one answer in progress keeps busy, of everything on the machine
    redrawn_vcpus: tuple[float, ...] = ()  # the same, of redrawn runs
    busiest: float = 0.0  # processors busy in a whole run, the most of all
    other: tuple[Other, ...] = ()
    seconds: int = 0  # that this rests on, of so many
    runs: int = 0


def vcpus_of(runs: Sequence[RunData]) -> float | None:
    """Of the machine that served and asked; None where they were not the same one, or nobody noted it."""
    for run in runs:
        said: dict[str, Any] = ((run.record.run or {}).get("contention") or {}) if run.record else {}
        if said.get("target_shares_machine") and said.get("cores"):
            return float(said["cores"])
    return None


def machine(
    seen: Sequence[tuple[RunData, Spans]], vcpus: float, paced: Collection[str], rng: np.random.Generator
) -> Machine:
    """Fitted to every second of these runs; without any that was noted, answers are taken to keep nothing busy.

    What else ran is told of ``paced`` profiles: between the probes of an experiment the pilot's own commands run.
    """
    noted = [(run, spans, busy) for run, spans in seen if len(busy := _busy(run, vcpus))]
    if not noted:
        return Machine(vcpus, 0.0)
    answer_vcpus, else_vcpus = 0.0, np.zeros(len(noted))
    for _ in range(ROUNDS_OF_SHARES):
        rows = [
            _seconds(spans, busy, vcpus, answer_vcpus, other)
            for (_, spans, busy), other in zip(noted, else_vcpus, strict=True)
        ]
        left, answers = (np.concatenate([row[k] for row in rows]) for k in (0, 1))
        answer_vcpus = _slope(answers, left)
        told = [
            float(np.mean(left - answer_vcpus * answers)) * (n[0].profile in paced)
            for n, (left, answers) in zip(noted, rows, strict=True)
        ]
        else_vcpus = np.clip(told, 0.0, vcpus)
    busiest = max(float(busy[:, 1].mean()) for _, _, busy in noted)
    other = tuple(
        Other(run.block, run.profile, float(taken))
        for (run, _, _), taken in zip(noted, else_vcpus, strict=True)
        if run.profile in paced
    )
    slopes = tuple(_redrawn_slopes(rows, [run.profile for run, _, _ in noted], rng))
    return Machine(vcpus, answer_vcpus, slopes, busiest, other, len(left), len(noted))


def _redrawn_slopes(
    rows: Sequence[tuple[Array, Array]], profiles: Sequence[str], rng: np.random.Generator
) -> Iterator[float]:
    """Runs of each profile for themselves: which loads were tried is no chance, and without the high ones there is no slope."""
    alike = [[k for k, one in enumerate(profiles) if one == name] for name in dict.fromkeys(profiles)]
    for _ in range(REDRAWN):
        chosen = [some[k] for some in alike for k in rng.integers(len(some), size=len(some))]
        yield _slope(*(np.concatenate([rows[run][k] for run in chosen]) for k in (1, 0)))


def work_s(run: RunData, spans: Spans, of: Machine) -> Array:
    """What each start of a run would have taken by itself, seconds."""
    other = sum(o.vcpus for o in of.other if (o.block, o.profile) == (run.block, run.profile))
    found: Array = _moments(spans, of.vcpus, of.answer_vcpus, other)[0]
    return found


def _busy(run: RunData, vcpus: float) -> Array:
    """Processors busy in each second but the first, whose figure has no beginning."""
    try:
        path, names = run.record.path / GENERATOR_FORMAT.file, ["second", "worker", "machine_cpu_pct"]
        table = parquet.read(path, names, GENERATOR_FORMAT, GENERATOR_KINDS)
    except BadFile:
        return np.zeros((0, 2))
    second, worker, share = (np.asarray(as_array(table[name]), dtype=float) for name in table.column_names)
    one = (worker == worker.min()) & np.isfinite(share) if len(worker) else np.zeros(0, dtype=bool)
    found: Array = np.column_stack([second, share / 100 * vcpus])[one][1:]
    return found


def _seconds(spans: Spans, busy: Array, vcpus: float, answer_vcpus: float, other_vcpus: float) -> tuple[Array, Array]:
    """Of each second: processors that were busy with something else than starts, and answers in progress."""
    _, at, started, answered = _moments(spans, vcpus, answer_vcpus, other_vcpus)
    ends = busy[:, 0] + 0.5  # a figure is of the second before it was taken, somewhere within its own
    left, answers = (
        np.interp(ends, at, so_far) - np.interp(ends - 1, at, so_far) if len(at) else np.zeros(len(ends))
        for so_far in (started, answered)
    )
    return np.maximum(0.0, busy[:, 1] - left), answers


def _moments(spans: Spans, vcpus: float, answer_vcpus: float, other_vcpus: float) -> tuple[Array, Array, Array, Array]:
    """Work of each start; instants, and until each what all starts had of the processors and how long answers lasted."""
    at = np.unique(np.concatenate([spans.start_from, spans.start_to, spans.answer_from, spans.answer_to]))
    if len(at) < 2:
        return np.zeros(len(spans.start_from)), at, np.zeros(len(at)), np.zeros(len(at))
    middle, long = (at[1:] + at[:-1]) / 2, np.diff(at)
    starts = _at(middle, spans.start_from, spans.start_to)
    answers = _at(middle, spans.answer_from, spans.answer_to)
    rate = share(starts, answers, vcpus, answer_vcpus, other_vcpus)
    each, of_all, answered = (
        np.concatenate([[0.0], np.cumsum(per_s * long)]) for per_s in (rate, rate * starts, answers)
    )
    return np.interp(spans.start_to, at, each) - np.interp(spans.start_from, at, each), at, of_all, answered


def share(starts: Array, answers: Array, vcpus: float, answer_vcpus: float, other_vcpus: float) -> Array:
    """Of a processor, that each start gets (max-min fairness): see ``host.Starting``."""
    some, left = np.maximum(1, starts), vcpus - answer_vcpus * answers
    fair = np.maximum(left / (some + other_vcpus), vcpus / (some + answers + other_vcpus))
    each: Array = np.minimum(1.0, np.maximum((left - other_vcpus) / some, fair))
    return each


def _at(middle: Array, begins: Array, ends: Array) -> Array:
    """How many are in progress."""
    counted: Array = np.searchsorted(np.sort(begins), middle) - np.searchsorted(np.sort(ends), middle)
    return counted


def _slope(x: Array, y: Array) -> float:
    """Of y over x beside a constant, by least absolute deviations: seconds in which something else ran do not bend it."""
    if len(x) < SECONDS_LEAST or float(np.ptp(x)) == 0:
        return 0.0
    columns, weights = np.column_stack([np.ones(len(x)), x]), np.ones(len(x))
    found = np.zeros(2)
    for _ in range(ROUNDS):
        root = np.sqrt(weights)[:, None]
        found = np.linalg.lstsq(columns * root, y * root[:, 0], rcond=None)[0]
        weights = 1 / np.maximum(LITTLE, np.abs(y - columns @ found))
    return max(0.0, float(found[1]))
