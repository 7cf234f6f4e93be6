"""Capacity from searches: the highest rate that keeps the promise, per instance, and how many the peak wants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis import laws
from harness.analysis.dataset import RunData
from harness.domain.estimate import Estimate, Known, Unknown

UTILISATION = 0.7  # of its capacity that a service is planned at: the rest is for what averages hide


@dataclass(frozen=True)
class Tried:
    """One step of a search."""

    block: int
    rate: float
    p95_s: float | None  # None: infinite, too many failed
    requests: int
    kept: bool
    why: str


@dataclass(frozen=True)
class Capacity:
    """What one target sustains; rates in requests per second."""

    target: str
    searches: int
    requests: int
    per_s: Known
    at_least: float | None  # the highest rate that was kept where no step broke: the limits ended the search
    steps: tuple[Tried, ...]
    instances: float | None  # that answered the highest kept step, mean over searches
    ended: tuple[str, ...]
    rule: str

    @property
    def per_instance_per_s(self) -> float | None:
        if not self.instances or not isinstance(self.per_s, Estimate):
            return None
        return self.per_s.value / self.instances


@dataclass(frozen=True)
class Sizing:
    """How much of a target the expected peak needs."""

    target: str
    peak_per_s: float
    utilisation: Known  # peak over capacity, of what was measured
    instances_needed: int | None
    instances_measured: float | None


def capacity(target: str, runs: Sequence[RunData]) -> Capacity:
    """Every search of one target together."""
    said = [(run, found) for run in runs if (found := _experiment(run))]
    steps = tuple(
        Tried(run.block, s["rate"], s["p95_s"], s["offered"], bool(s["kept"]), s["why"])
        for run, found in said
        for s in found["steps"]
    )
    brackets = [(found["kept_per_s"], found["broken_per_s"]) for _, found in said]
    kept = [low for low, high in brackets if low is not None and high is None]
    counts = [n for run, found in said if (n := _instances(run, found)) is not None]
    return Capacity(
        target,
        len(said),
        sum(len(run.columns["outcome"]) for run, _ in said),
        _per_s(brackets),
        min(kept) if kept and len(kept) == len(brackets) else None,
        steps,
        float(np.mean(counts)) if counts else None,
        tuple(dict.fromkeys(str(found["ended"]) for _, found in said)),
        _rule(said[0][1]) if said else "",
    )


def _per_s(brackets: Sequence[tuple[float | None, float | None]]) -> Known:
    """Geometric mean of the brackets' middles; over several searches t on the logs, never narrower than a bracket."""
    if not brackets:
        return Unknown("no search was made")
    whole = [(low, high) for low, high in brackets if low is not None and high is not None]
    if len(whole) < len(brackets):
        lows, highs = [low for low, _ in brackets], [high for _, high in brackets]
        if all(high is None for high in highs) and all(low is not None for low in lows):
            return Unknown(
                f"at least {min(x for x in lows if x is not None):.3g}/s: no rate that the limits allow breaks it"
            )
        if all(low is None for low in lows):
            return Unknown("no rate was kept")
        return Unknown(f"{len(brackets) - len(whole)} of {len(brackets)} searches found no bracket")
    logs = np.array([math.log(low * high) / 2 for low, high in whole])
    half = float(np.mean([math.log(high / low) / 2 for low, high in whole]))
    k, method = len(whole), "bracket of one search"
    if k > 1:
        spread = laws.t_quantile(0.975, k - 1) * float(logs.std(ddof=1)) / math.sqrt(k)
        half, method = max(half, spread), "middle of the brackets, t over searches on the log, at least a bracket"
    value = float(logs.mean())
    return Estimate(math.exp(value), math.exp(value - half), math.exp(value + half), 0.95, k, k, method)


def sizing(found: Capacity, peak_per_s: float) -> Sizing:
    """Utilisation at the expected peak, and the instances that keep it at ``UTILISATION``."""
    known, one = found.per_s, found.per_instance_per_s
    use: Known = known if isinstance(known, Unknown) else _over(peak_per_s, known)
    needed = math.ceil(peak_per_s / (one * UTILISATION)) if one else None
    return Sizing(found.target, peak_per_s, use, needed, found.instances)


def _over(peak: float, per_s: Estimate) -> Estimate:
    low = None if per_s.high is None else peak / per_s.high
    high = None if per_s.low is None else peak / per_s.low
    return Estimate(peak / per_s.value, low, high, per_s.confidence, per_s.n, per_s.blocks, "peak over capacity")


def _experiment(run: RunData) -> dict[str, Any] | None:
    said = (run.record.run or {}).get("experiment") if run.record else None
    return said if said and said.get("kind") == "capacity" else None


def _instances(run: RunData, found: dict[str, Any]) -> float | None:
    """Instances that answered a step at the highest kept rate, mean over its tries; None where answers name none."""
    counts = []
    for step in found["steps"]:
        if step["kept"] and step["rate"] == found["kept_per_s"]:
            chosen = (run.columns["phase"] == step["phase"]) & run.ok
            counts.append(len({i for i in run.columns["instance_id"][chosen] if i is not None}))
    return float(np.mean(counts)) if any(counts) else None


def _rule(found: dict[str, Any]) -> str:
    promise = found["promise"]
    parts = [f"p95 within {promise['p95_s']:g} s"]
    if promise["ttft_p95_s"] is not None:
        parts.append(f"p95 to the first token within {promise['ttft_p95_s']:g} s")
    parts.append(
        f"no more failures than an error rate of {promise['error_rate'] * 100:g} % would show in 19 of 20 steps"
    )
    parts.append("response times that do not grow")
    return (
        f"Steps of {found['step_s']:g} s (half as long until one breaks), each kept with {', '.join(parts)}; the search ends "
        f"when the highest kept and the lowest broken rate are within a factor of {found['precision']:g} and each has been "
        "tried twice."
    )
