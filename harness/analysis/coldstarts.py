"""Cold starts as a population of their own: how often, how much slower, and where the time went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from harness.analysis.dataset import RunData
from harness.domain.estimate import Estimate, Known, Unknown

PARTS = ("placement and process start", "imports and init", "retrieval and service", "model")


@dataclass(frozen=True)
class Share:
    """Cold answers among those whose instance could be told."""

    target: str
    profile: str
    cold: int
    known: int
    unknown: int

    @property
    def per_thousand(self) -> float | None:
        return 1000 * self.cold / self.known if self.known else None


@dataclass(frozen=True)
class Penalty:
    """What a probe took beyond its warm control, the model's own time taken off both, in seconds."""

    target: str
    kind: str  # "forced" or "idle"
    probes: int
    cold: int
    refused: int
    penalty_s: Known
    pairs: tuple[tuple[float, float], ...]  # (probe, control) overheads, seconds


@dataclass(frozen=True)
class Breakdown:
    """Mean seconds of cold answers by where they went; parts follow ``PARTS``."""

    target: str
    kind: str
    n: int
    parts_s: tuple[float, ...]


def share(target: str, profile: str, runs: Sequence[RunData]) -> Share:
    """Over all measured answers of a profile."""
    cold = known = unknown = 0
    for run in runs:
        values = run.columns["cold"][run.measured & run.ok]
        cold += sum(v is True for v in values)
        known += sum(v is not None for v in values)
        unknown += sum(v is None for v in values)
    return Share(target, profile, cold, known, unknown)


def penalties(target: str, runs: Sequence[RunData]) -> tuple[Penalty, ...]:
    """Forced and idle probes, each against the control that follows it."""
    return tuple(_penalty(target, kind, runs) for kind in ("forced", "idle"))


def _penalty(target: str, kind: str, runs: Sequence[RunData]) -> Penalty:
    blocks: list[list[tuple[float, float]]] = []
    probes = cold = refused = 0
    for run in runs:
        phases, overhead = run.columns["phase"], run.overhead_s
        pairs = []
        for k in np.flatnonzero(phases == kind):
            probes += 1
            cold += run.columns["cold"][k] is True
            refused += not run.ok[k]
            if k + 1 < len(phases) and phases[k + 1] == "control" and run.ok[k] and run.ok[k + 1]:
                pairs.append((float(overhead[k]), float(overhead[k + 1])))
        blocks.append(pairs)
    flat = tuple(pair for pairs in blocks for pair in pairs)
    return Penalty(target, kind, probes, cold, refused, _mean_difference(blocks), flat)


def _mean_difference(blocks: Sequence[Sequence[tuple[float, float]]]) -> Known:
    """Mean of the blocks' mean differences, t over blocks: a difference may be negative, so no log."""
    means = np.array([np.mean([probe - control for probe, control in b]) for b in blocks if b])
    means = means[~np.isnan(means)]
    k = len(means)
    if k < 2:
        return Unknown(f"{k} block(s) with a complete pair; an interval needs 2")
    half = float(stats.t.ppf(0.975, k - 1)) * float(means.std(ddof=1)) / math.sqrt(k)
    value = float(means.mean())
    n = sum(len(b) for b in blocks)
    return Estimate(value, value - half, value + half, 0.95, n, k, "mean paired difference of overheads, t over blocks")


def breakdown(target: str, kind: str, runs: Sequence[RunData], *, cold: bool) -> Breakdown | None:
    """Where the time of probes went, from instance headers and service timings; None without any.

    The instance is born at age 0, so placement and process start is the time from
    sending to its birth; init is what the service says; the rest up to the answer is
    the model's time and the service's own.
    """
    rows = []
    for run in runs:
        c = run.columns
        chosen = (c["phase"] == kind) & run.ok & np.array([v is cold for v in c["cold"]])
        for k in np.flatnonzero(chosen):
            total = float(c["finished_s"][k] - c["sent_s"][k])
            model = float(c["generation_ms"][k]) / 1000
            if math.isnan(model):
                continue
            to_head = float(c["headers_s"][k] - c["sent_s"][k])
            birth = max(0.0, to_head - float(c["instance_age_ms"][k]) / 1000) if cold else 0.0
            init = float(c["init_ms"][k]) / 1000 if cold and not math.isnan(c["init_ms"][k]) else 0.0
            rows.append((birth, init, max(0.0, total - birth - init - model), model))
    if not rows:
        return None
    return Breakdown(target, kind, len(rows), tuple(float(x) for x in np.mean(rows, axis=0)))
