"""Capacity from searches: the highest rate that keeps the promise, per instance, and how many the peak wants.

A search's steps become a posterior of its limit, here as while it ran. Steps of a
search by an earlier method are judged anew from their samples, and it is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis import laws
from harness.analysis.dataset import RunData
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.experiments.belief import Belief, Reach, StepVerdict
from harness.domain.experiments.capacity import LEAST_SHARE, METHOD
from harness.domain.experiments.capacity import CapacitySearch as Design
from harness.domain.experiments.capacity import interval as interval_of
from harness.domain.experiments.protocol import Promise, Seen
from harness.domain.experiments.step import judge
from harness.domain.reasons import absence

UTILISATION = 0.7  # of its capacity that a service is planned at: the rest is for what averages hide
WIDEST = 2.0  # an interval whose ends are further apart than this factor answers nothing


@dataclass(frozen=True)
class TriedRate:
    """One step of a search."""

    block: int
    rate: float
    p95_s: float | None  # None: infinite, too many failed
    requests: int
    verdict: StepVerdict
    why: str


@dataclass(frozen=True)
class FoundLimit:
    """One search: the limit's interval, or the highest rate that it was asked for and kept, or neither."""

    low: float | None
    high: float | None
    carried: float | None  # the highest kept rate
    top: bool  # that was the highest that is allowed, and nothing says that a limit lies below it
    none_kept: bool
    steps: int

    @property
    def limit(self) -> tuple[float, float] | None:
        if self.low is None or self.high is None or self.high / self.low > WIDEST:
            return None
        return self.low, self.high


@dataclass(frozen=True)
class Capacity:
    """What one target sustains; rates in requests per second."""

    target: str
    searches: int
    requests: int
    per_s: Known
    at_least: float | None  # the highest rate that was kept where no limit was found: the limits ended the search
    steps: tuple[TriedRate, ...]
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


def capacity(target: str, runs: Sequence[RunData]) -> Capacity:
    """Every search of one target together."""
    said = [(run, record) for run in runs if (record := _experiment(run))]
    tried = [_steps(run, record) for run, record in said]
    found = [_found(steps, record) for steps, (_, record) in zip(tried, said, strict=True)]
    counts = [
        n
        for (run, record), one in zip(said, found, strict=True)
        if (n := _instances(run, record, _sustained(one))) is not None
    ]
    carried = [f.carried for f in found if f.top and f.carried is not None]
    return Capacity(
        target,
        len(said),
        sum(len(run.columns["outcome"]) for run, _ in said),
        _per_s(found),
        min(carried) if carried and len(carried) == len(found) else None,
        tuple(step for steps in tried for step in steps),
        float(np.mean(counts)) if counts else None,
        tuple(dict.fromkeys(_ended(record) for _, record in said)),
        _rule(said[0][1]) if said else "",
    )


def _found(steps: Sequence[TriedRate], record: dict[str, Any]) -> FoundLimit:
    most = float(record["most_rate"])
    least = float(record.get("least_rate") or min((s.rate for s in steps), default=most) * LEAST_SHARE)
    belief = Belief(Reach(least, most), [(s.rate, s.verdict) for s in steps])
    low, high = interval_of(belief, max(Design.precision, float(record["precision"])))
    kept = [s.rate for s in steps if s.verdict is StepVerdict.KEPT]
    top = bool(kept) and max(kept) >= most and high is None
    return FoundLimit(low, high, max(kept, default=None), top, bool(steps) and not kept, len(steps))


def _sustained(found: FoundLimit) -> float | None:
    """What a search says that the target carries."""
    if found.limit is not None:
        return math.sqrt(found.limit[0] * found.limit[1])
    return found.carried if found.top else None


def _per_s(found: Sequence[FoundLimit]) -> Known:
    """Geometric mean of the searches' middles; several: t on the logs, never narrower than a search's own interval."""
    if not found:
        return Unknown(absence.NoSearch())
    whole = [f.limit for f in found if f.limit is not None]
    if len(whole) < len(found):
        return Unknown(_why_not(found))
    logs = np.array([math.log(low * high) / 2 for low, high in whole])
    half = float(np.mean([math.log(high / low) / 2 for low, high in whole]))
    k, method = len(whole), "posterior of one search"
    if k > 1:
        spread = laws.t_quantile(0.975, k - 1) * float(logs.std(ddof=1)) / math.sqrt(k)
        half, method = max(half, spread), "middle of the searches, t on the log, at least a search's own interval"
    value = float(logs.mean())
    return Estimate(math.exp(value), math.exp(value - half), math.exp(value + half), 0.95, k, k, method)


def _why_not(found: Sequence[FoundLimit]) -> absence.Absence:
    """Why there is no limit to tell."""
    tops = [f.carried for f in found if f.top and f.carried is not None]
    if len(tops) == len(found):
        return absence.NoLimitFound(min(tops))
    if all(f.none_kept for f in found):
        return absence.NoRateKept()
    if len(found) == 1:
        [one] = found
        return absence.StepsDisagree(one.steps, one.carried)
    limits, none_kept = sum(f.limit is not None for f in found), sum(f.none_kept for f in found)
    return absence.SearchesDiffer(len(found), limits, len(tops), none_kept)


def sizing(found: Capacity, peak_per_s: float) -> Sizing:
    """Utilisation at the expected peak, and the instances that keep it at ``UTILISATION``."""
    known, one = found.per_s, found.per_instance_per_s
    use: Known = known if isinstance(known, Unknown) else _over(peak_per_s, known)
    needed = math.ceil(peak_per_s / (one * UTILISATION)) if one else None
    return Sizing(found.target, peak_per_s, use, needed)


def _over(peak: float, per_s: Estimate) -> Estimate:
    low = None if per_s.high is None else peak / per_s.high
    high = None if per_s.low is None else peak / per_s.low
    return Estimate(peak / per_s.value, low, high, per_s.confidence, per_s.n, per_s.blocks, "peak over capacity")


def search_of(run: RunData) -> Sequence[Mapping[str, Any]]:
    """The steps of a search as its record has them; none of any other run."""
    record = _experiment(run)
    return record["steps"] if record else ()


def _experiment(run: RunData) -> dict[str, Any] | None:
    said = (run.record.run or {}).get("experiment") if run.record else None
    return said if said and said.get("kind") == "capacity" else None


def _steps(run: RunData, record: dict[str, Any]) -> tuple[TriedRate, ...]:
    """As the search judged them; those of an earlier method anew from their samples."""
    steps = record["steps"]
    if record.get("method") == METHOD:
        return tuple(
            TriedRate(run.block, s["rate"], s["p95_s"], s["offered"], StepVerdict(s["verdict"]), s["why"])
            for s in steps
        )
    promise = Promise(**record["promise"])
    out: list[TriedRate] = []
    unloaded_s: float | None = None
    for s in steps:
        seen = _seen(run, s["phase"])
        if not seen:
            continue
        made = judge(s["phase"], s["rate"], (seen[0].scheduled_s, seen[-1].scheduled_s), seen, promise, unloaded_s)
        if made.kept and made.answer_s is not None:
            unloaded_s = made.answer_s if unloaded_s is None else min(unloaded_s, made.answer_s)
        out.append(TriedRate(run.block, s["rate"], made.p95_s, len(seen), made.verdict, made.why))
    return tuple(out)


def _seen(run: RunData, phase: str) -> list[Seen]:
    """One step's samples in time order."""
    c = run.columns
    chosen = np.flatnonzero(c["phase"] == phase)
    first = np.asarray(c["first_token_s"], dtype=float)
    return sorted(
        (
            Seen(
                phase,
                0,
                bool(c["stream"][k]),
                float(c["scheduled_s"][k]),
                None,
                None if math.isnan(first[k]) else float(first[k]),
                float(c["finished_s"][k]),
                bool(run.ok[k]),
                None,
            )
            for k in chosen
        ),
        key=lambda s: s.scheduled_s,
    )


def _instances(run: RunData, record: dict[str, Any], sustained: float | None) -> float | None:
    """Instances that answered the highest kept step that is sustained, mean over its tries; None where none is named."""
    kept = [s for s in record["steps"] if s["kept"] and (sustained is None or s["rate"] <= sustained * (1 + 1e-9))]
    highest = max((s["rate"] for s in kept), default=None)
    counts = []
    for step in kept:
        if step["rate"] == highest:
            chosen = (run.columns["phase"] == step["phase"]) & run.ok
            named = {i for i in run.columns["instance_id"][chosen] if i is not None}
            counts += [len(named)] if named else []
    return float(np.mean(counts)) if counts else None


def _ended(record: dict[str, Any]) -> str:
    anew = "" if record.get("method") == METHOD else " (searched by an earlier method; its steps are judged anew)"
    return f"{record['ended'] or 'interrupted'}{anew}"


def _rule(record: dict[str, Any]) -> str:
    promise = record["promise"]
    parts = [f"95 % of answers within {promise['p95_s']:g} s"]
    if promise["ttft_p95_s"] is not None:
        parts.append(f"95 % of first tokens within {promise['ttft_p95_s']:g} s")
    parts.append(f"no more than {promise['error_rate'] * 100:g} % failures")
    parts.append("no growing number of requests in flight")
    return (
        f"Steps of at least ten answer times and {record['step_s']:g} s, their first fifth not judged. A step is kept with "
        f"{', '.join(parts)}; broken where a target that keeps these would look as bad in one step of twenty; unclear between. "
        "The limit's interval is the posterior over all steps, and no limit is claimed that no step broke."
    )
