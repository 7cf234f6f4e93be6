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
from harness.platforms.platform import Measure, Per, SizeLimit

METHOD = "high-water of any instance; interval: the least and the most that a run's instances reached"
MIB_IN_MB = 1.048576  # of memory that is configured, which platforms count in MiB
PARTS = ("package_mb", "weights_mb", "index_mb")  # of what /v1/meta says of itself, each in 10^6 bytes


@dataclass(frozen=True)
class Footprint:
    """Of one target, in 10^6 bytes; None where nobody tells. ``limit``: its platform's, None where none is known."""

    target: str
    memory_mb: Known
    configured_mb: float | None  # memory that an instance has
    package_mb: float | None
    weights_mb: float | None
    index_mb: float | None
    limit: SizeLimit | None

    @property
    def artifact_mb(self) -> float | None:
        """What is deployed, as far as the service tells it; None where it does not tell its package."""
        if self.package_mb is None:
            return None
        return self.package_mb + (self.weights_mb or 0.0) + (self.index_mb or 0.0)

    @property
    def memory_share(self) -> Known:
        """Of what an instance has."""
        if isinstance(self.memory_mb, Unknown) or not self.configured_mb:
            return Unknown(MemoryUntold()) if isinstance(self.memory_mb, Estimate) else self.memory_mb
        m, of = self.memory_mb, self.configured_mb
        low, high = (None if end is None else end / of for end in (m.low, m.high))
        return Estimate(m.value / of, low, high, m.confidence, m.n, m.blocks, m.method)

    @property
    def fits(self) -> bool | None:
        """Within its platform's limits and its own memory; None where that can't be told."""
        told: list[bool] = []
        if isinstance(self.memory_share, Estimate):
            told.append(self.memory_share.value <= 1)
        if self.limit is not None and self.limit.artifact_mb is not None and self.artifact_mb is not None:
            told.append(self.artifact_mb <= self.limit.artifact_mb)
        return all(told) if told else None


def footprint(
    target: str, runs: Sequence[RunData], series: Sequence[Shown], limit: SizeLimit | None, configured_mb: float | None
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
    memory = _memory(runs, [s for s in series if s.target == target])
    return Footprint(target, memory, max(own, default=configured_mb), **sizes, limit=limit)


def _memory(runs: Sequence[RunData], series: Sequence[Shown]) -> Known:
    """As the instances say with each answer; else as the platform told it of each run."""
    by_run = [np.asarray(r.columns["instance_memory_mb"], dtype=float) for r in runs]
    most = [float(np.nanmax(values)) for values in by_run if not np.isnan(values).all()]
    if most:
        told = sum(int((~np.isnan(values)).sum()) for values in by_run)
        return Estimate(max(most), min(most), max(most), 0.95, told, len(most), METHOD)
    for s in series:
        if s.signal and s.signal.measure is Measure.MEMORY and (s.unit, s.signal.per) == ("MB", Per.MOST) and s.of_runs:
            of = s.of_runs
            return Estimate(of.most, of.least, of.most, 0.95, of.runs, of.runs, METHOD)
    return Unknown(MemoryUntold())


def _number(of: Mapping[str, Any], name: str) -> float | None:
    value = of.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
