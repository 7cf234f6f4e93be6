"""A target as its pilot measured it: laws, window, capacity and limits, each figure with where it comes from."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from harness.analysis import capacity, keepalive
from harness.analysis.capacity import Capacity
from harness.analysis.columns import Array
from harness.analysis.dataset import Dataset, RunData
from harness.domain.estimate import Estimate
from harness.domain.retry import RetryPolicy
from harness.domain.role import PACED, Role
from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.schema import FACTS_FORMAT
from harness.platforms.scaling import Grows, Scaling
from harness.predict import observed
from harness.predict.demand import least_per_s, stretches
from harness.predict.observed import Driven, Parts, Starts
from harness.predict.parameter import From, Parameter, What, stated
from harness.predict.shared_machine import Machine, Other, machine, vcpus_of, work_s
from harness.predict.window import Window, window

STARTED = (Role.COLD, Role.FROM_ZERO)
COLD_LESS_WARM, ALONE = "cold answers less warm ones", ", with its share of the machine's processors"
MEASURED_BY_BLOCK = "mean over blocks, 90 % by redrawn blocks"


@dataclass(frozen=True)
class Fitted:
    """One target; ``scaling`` is None where nothing is known of how it grows."""

    target: str
    scaling: Scaling | None
    parts: tuple[Parts, ...]  # one a paced run, in the order of the blocks
    starts: tuple[Starts, ...]
    window: Window | None
    capacity: Capacity | None
    driven: Driven
    retry: RetryPolicy
    processors: float = 1.0  # times as many as an instance had when it was measured
    machine: Machine | None = None  # that all instances share; None: each has processors of its own
    computes_per_s: float = 0.0  # that the processors of one instance sustain at least, as it was measured
    parameters: tuple[Parameter, ...] = ()
    changed: tuple[str, ...] = ()  # by --set

    @property
    def blocks(self) -> int:
        return len({p.block for p in self.parts})

    @property
    def answers(self) -> int:
        return sum(len(p) for p in self.parts)

    @cached_property
    def p95_s(self) -> float:
        """Of all answers, the runtime's and the model's time together."""
        return p95_of(self.parts)

    @property
    def model_told(self) -> bool:
        return all(p.told for p in self.parts)

    def without(self, block: int | None = None, profile: str | None = None) -> Fitted:
        """Fitted to all but one block, or but one profile; experiments are runs of their own, and stay."""

        def kept(one: Parts | Starts | Other) -> bool:
            return one.block != block and one.profile != profile

        paced = {p.profile for p in self.parts}
        starts = tuple(s for s in self.starts if s.profile not in paced or kept(s))
        shared = self.machine
        if shared is not None:
            shared = replace(shared, other=tuple(o for o in shared.other if o.profile not in paced or kept(o)))
        return replace(self, parts=tuple(p for p in self.parts if kept(p)), starts=starts, machine=shared)

    def causes(self) -> Mapping[str, Array]:
        """What starts took, by themselves, by their cause, of all runs together."""
        found: dict[str, list[Array]] = {}
        for one in self.starts:
            found.setdefault(one.cause, []).append(one.alone_s)
        return {cause: np.concatenate(each) for cause, each in found.items()}


def p95_of(parts: Sequence[Parts]) -> float:
    """Of the answers of these parts."""
    return float(np.quantile(np.concatenate([p.runtime_s + p.model_s for p in parts]), 0.95))


def facts_of(runs: Sequence[RunData]) -> dict[str, Any]:
    """What the control plane last said of a target; empty where it was not asked, or what it said cannot be read."""
    for run in reversed(runs):
        path = run.record.path / FACTS_FORMAT.file if run.record else None
        try:
            said = read_json(path, FACTS_FORMAT).get("facts") if path else None
        except BadFile:
            continue
        if said:
            return dict(said)
    return {}


def fit(
    target: str,
    data: Dataset,
    scaling: Scaling | None,
    retry: RetryPolicy,
    seed: int,
    processors: float = 1.0,
) -> Fitted:
    """Of the dataset's paced runs and experiments."""
    paced = [run for profile in data.in_role(*PACED) for run in data.of(target, profile)]
    bursts = data.in_role(Role.BURST)
    probes = [run for role in STARTED for run in data.of_role(target, role)]
    kept = data.of_role(target, Role.KEEP_ALIVE)
    searches = data.of_role(target, Role.CAPACITY)
    rng = np.random.default_rng([seed, 17])
    shared, alone = _machine((*probes, *paced, *kept, *searches), scaling, {run.profile for run in paced}, rng)
    made = Fitted(
        target,
        scaling,
        tuple(p for run in sorted(paced, key=lambda r: (r.block, r.profile)) if (p := observed.parts(run)) is not None),
        tuple(
            s
            for run in (*probes, *paced)
            for s in observed.starts(run, "burst" if run.profile in bursts else "traffic", alone.get(id(run)))
        ),
        window(keepalive.window(target, kept), rng) if kept else None,
        capacity.capacity(target, searches) if searches else None,
        observed.driven([*paced, *probes, *kept, *searches]),
        retry,
        processors,
        shared,
        _computes_per_s([*paced, *searches], scaling),
    )
    return replace(made, parameters=tuple(_parameters(made, rng)))


def _computes_per_s(runs: Sequence[RunData], scaling: Scaling | None) -> float:
    """0 of instances that hold one request: theirs never wait for each other."""
    if scaling is None or scaling.at_once.value <= 1:
        return 0.0
    fixed = scaling.least.value if scaling.grows is Grows.FIXED else None
    return least_per_s(stretches(runs, fixed), scaling.vcpus.value)


def _machine(
    runs: Sequence[RunData], scaling: Scaling | None, paced: Collection[str], rng: np.random.Generator
) -> tuple[Machine | None, Mapping[int, Array]]:
    """Of a platform whose instances share the machine that asked: what each arrival's start took by itself, by its run."""
    vcpus = vcpus_of(runs) if scaling is not None and scaling.one_machine else None
    if vcpus is None:
        return None, {}
    warm_s = observed.beside_the_model_s(runs)
    seen = [(run, *observed.spans(run, warm_s)) for run in runs]
    made = machine([(run, spans) for run, spans, _ in seen], vcpus, paced, rng)
    alone = {}
    for run, spans, cold in seen:
        alone[id(run)] = np.full(len(cold), math.nan)
        alone[id(run)][cold] = work_s(run, spans, made)
    return made, alone


def _parameters(fitted: Fitted, rng: np.random.Generator) -> list[Parameter]:
    out = _times(fitted, rng)
    for cause, beyond in fitted.causes().items():
        low, high = _mean_ends([s.alone_s for s in fitted.starts if s.cause == cause], rng)
        runs = sum(s.cause == cause for s in fitted.starts)
        out.append(
            Parameter(
                *(What.START, "s", float(beyond.mean()), low, high),
                *(From.MEASURED, f"{COLD_LESS_WARM}{ALONE if fitted.machine else ''}: {cause}", len(beyond), runs),
            )
        )
    if (shared := fitted.machine) is not None:
        low, high = np.quantile(shared.redrawn_vcpus, (0.05, 0.95)).tolist() if shared.redrawn_vcpus else (None, None)
        out.append(
            Parameter(
                *(What.BUSY, "processors", shared.answer_vcpus, low, high, From.MEASURED),
                *(f"of {shared.vcpus:g} that all instances share with the load generator", shared.seconds, shared.runs),
            )
        )
    scaling = fitted.scaling
    if scaling is not None and scaling.grows is Grows.FIXED:
        pass  # it keeps what it has
    elif fitted.window is not None:
        out.append(
            Parameter(
                *(What.WINDOW, "s", *fitted.window.ends_s(), From.MEASURED, "posterior of the window's curve"),
                *(fitted.window.probes, 1),
            )
        )
    elif scaling is not None and math.isfinite(scaling.idle_s.value):
        out.append(stated(What.WINDOW, "s", scaling.idle_s))
    if fitted.capacity is not None and isinstance(known := fitted.capacity.per_s, Estimate):
        out.append(
            Parameter(
                *(What.CAPACITY, "1/s", known.value, known.low, known.high, From.MEASURED, known.method),
                *(fitted.capacity.requests, known.blocks),
            )
        )
    if scaling is not None:
        out += [
            stated(What.AT_ONCE, "requests", scaling.at_once),
            stated(What.LEAST, "instances", scaling.least),
            stated(What.MOST, "instances", scaling.most),
            stated(What.WAIT, "s", scaling.waiting.most_s),
        ]
    out.append(Parameter(What.ATTEMPTS, "", fitted.retry.attempts, None, None, From.DECLARED, "[load] of pilot.toml"))
    return out


def _times(fitted: Fitted, rng: np.random.Generator) -> list[Parameter]:
    out = []
    told = "as the service says it" if fitted.model_told else "not told: all of it counts as the runtime's"
    for what, name in ((What.RUNTIME, "runtime_s"), (What.MODEL, "model_s")):
        blocks = [getattr(p, name) for p in fitted.parts]
        if not blocks:
            continue
        values = np.concatenate(blocks)
        low, high = _mean_ends(blocks, rng)
        source = f"{MEASURED_BY_BLOCK}; {told}" if what is What.MODEL else MEASURED_BY_BLOCK
        out.append(
            Parameter(what, "s", float(values.mean()), low, high, From.MEASURED, source, len(values), fitted.blocks)
        )
    return out


def _mean_ends(blocks: Sequence[Array], rng: np.random.Generator) -> tuple[float | None, float | None]:
    """Nine of ten means of redrawn blocks; None of fewer than two."""
    if len(blocks) < 2:
        return None, None
    sums, counts = np.array([b.sum() for b in blocks]), np.array([len(b) for b in blocks])
    drawn = rng.integers(len(blocks), size=(400, len(blocks)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / np.maximum(1, counts[drawn].sum(axis=1)), (0.05, 0.95))
    return float(low), float(high)
