"""How large a deployment is and how much memory it held, against what its platform allows: evidence, not opinion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis import laws
from harness.analysis.dataset import RunData
from harness.analysis.shown import Shown
from harness.domain.estimate import Estimate, Known, Unknown
from harness.domain.reasons.absence import FewBlocks, MemoryUntold
from harness.platforms.platform import MIB_IN_MB, Measure, Most

CONFIDENCE = 0.95
METHOD = "high-water of any instance; interval: that of another {unit} like these, log-normal over their high-waters"
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
    by_block: dict[int, float] = {}
    told = 0
    for run in runs:
        values = np.asarray(run.columns["instance_memory_mb"], dtype=float)
        if known := int((~np.isnan(values)).sum()):
            told += known
            by_block[run.block] = max(by_block.get(run.block, 0.0), float(np.nanmax(values)))
    if by_block:
        return high_water(list(by_block.values()), told, "block")
    spreads = [s.of_runs for s in series if s.signal and s.signal.measure is Measure.INSTANCE_MEMORY and s.of_runs]
    if not spreads:
        return Unknown(MemoryUntold())
    each = [value for s in spreads for value in s.each]
    return high_water(each, len(each), "run").scaled(MIB_IN_MB)


def high_water(most: Sequence[float], told: int, unit: str) -> Estimate:
    """The most of all, from each unit's own; the interval is where the next unit's lies, with Student's t.

    What must fit is the most, and a mean's interval would say nothing of it. Open with one unit.
    """
    value, count, method = max(most), len(most), METHOD.format(unit=unit)
    if count < 2 or min(most) <= 0:
        return Estimate(value, None, None, CONFIDENCE, told, count, method, FewBlocks(count))
    logs = np.log(most)
    spread = float(logs.std(ddof=1)) * math.sqrt(1 + 1 / count)
    half = laws.t_quantile((1 + CONFIDENCE) / 2, count - 1) * spread
    low, high = (math.exp(float(logs.mean()) + sign * half) for sign in (-1, 1))
    return Estimate(value, min(low, value), max(high, value), CONFIDENCE, told, count, method)


def _number(of: Mapping[str, Any], name: str) -> float | None:
    value = of.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
