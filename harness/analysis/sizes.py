"""How large a deployment is and how much memory it held, against what its platform allows: evidence, not opinion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.shown import Shown
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons.absence import MemoryUntold
from harness.platforms.platform import MIB_IN_MB, Measure, Most

METHOD = "high-water of any instance; interval: the least and the most that a run's instances reached"
PARTS = ("package_mb", "weights_mb", "index_mb")  # of what /v1/meta says of itself, each in 10^6 bytes


@dataclass(frozen=True)
class Footprint:
    """Of one target, in 10^6 bytes; None where nobody tells. ``most``: its platform's limits, in units of their own."""

    target: str
    memory_mb: Known
    configured_mb: float | None  # memory that an instance has
    package_mb: float | None
    weights_mb: float | None
    index_mb: float | None
    most: Most

    @property
    def artifact_mb(self) -> float | None:
        """What is deployed, as far as the service tells it; None where it does not tell its package."""
        if self.package_mb is None:
            return None
        return self.package_mb + (self.weights_mb or 0.0) + (self.index_mb or 0.0)

    @property
    def artifact_limit_mb(self) -> float | None:
        """The most that may be deployed; None where there is no limit, or none is known."""
        return None if self.most.artifact_mb is None else self.most.artifact_mb * MIB_IN_MB

    @property
    def memory_share(self) -> Known:
        """Of what an instance has."""
        if isinstance(self.memory_mb, Unknown) or not self.configured_mb:
            return Unknown(MemoryUntold()) if isinstance(self.memory_mb, Estimate) else self.memory_mb
        return self.memory_mb.scaled(1 / self.configured_mb)

    @property
    def fits(self) -> bool | None:
        """Within its platform's limits and its own memory; None where that can't be told."""
        told: list[bool] = []
        if isinstance(self.memory_share, Estimate):
            told.append(self.memory_share.value <= 1)
        if self.artifact_limit_mb is not None and self.artifact_mb is not None:
            told.append(self.artifact_mb <= self.artifact_limit_mb)
        return all(told) if told else None


def footprint(
    target: str, runs: Sequence[RunData], series: Sequence[Shown], most: Most, configured_mb: float | None
) -> Footprint:
    """``configured_mb``: as target.toml has it; what the instance says of itself wins."""
    metas = [m for r in runs if r.record and isinstance(m := (r.record.target_says or {}).get("meta"), dict)]
    said = [a for m in metas if isinstance(a := m.get("artifact"), dict)]
    own = [
        n * MIB_IN_MB
        for m in metas
        if isinstance(t := m.get("runtime"), dict) and (n := _number(t, "memory_mb")) is not None
    ]
    sizes = {name: max((n for a in said if (n := _number(a, name)) is not None), default=None) for name in PARTS}
    memory = memory_held(runs, [s for s in series if s.target == target])
    return Footprint(target, memory, max(own, default=configured_mb), **sizes, most=most)


def memory_held(runs: Sequence[RunData], series: Sequence[Shown]) -> Known:
    """The most that an instance held, in 10^6 bytes: as each answer says; else as the platform told it of each run."""
    by_run = [np.asarray(r.columns["instance_memory_mb"], dtype=float) for r in runs]
    most = [float(np.nanmax(values)) for values in by_run if not np.isnan(values).all()]
    if most:
        told = sum(int((~np.isnan(values)).sum()) for values in by_run)
        return Estimate(max(most), min(most), max(most), 0.95, told, len(most), METHOD)
    spreads = [s.of_runs for s in series if s.signal and s.signal.measure is Measure.INSTANCE_MEMORY and s.of_runs]
    if not spreads:
        return Unknown(MemoryUntold())
    value, told = max(s.most for s in spreads), sum(s.runs for s in spreads)
    return Estimate(value, min(s.least for s in spreads), value, 0.95, told, told, METHOD).scaled(MIB_IN_MB)


def _number(of: Mapping[str, Any], name: str) -> float | None:
    value = of.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
