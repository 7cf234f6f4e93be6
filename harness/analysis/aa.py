"""The A/A run: one target under both labels. What it calls different, the harness or its machine has made different."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.analysis import laws
from harness.analysis.compare import compare, corrected
from harness.analysis.dataset import Dataset
from harness.analysis.paired import least_noticed
from harness.analysis.shares import LEAST_BLOCKS
from harness.domain.estimate import Estimate
from harness.domain.verdict import PRIMARY, Comparison

ALPHA = 0.05  # of all measures together, by Holm's correction
POWER = 0.9


@dataclass(frozen=True)
class AaGate:
    """The co-primary measures of one target against itself, over ``units`` pairs of runs."""

    target: str
    units: int
    comparisons: tuple[Comparison, ...]

    @property
    def biased(self) -> tuple[Comparison, ...]:
        """Measures in which the same target was shown to differ from itself, within the margin or not."""
        return tuple(c for c in self.comparisons if self.told and c.p_value is not None and c.p_value <= ALPHA)

    @property
    def told(self) -> bool:
        """Whether it could have told: as many pairs as a verdict needs."""
        return self.units >= LEAST_BLOCKS

    def noticed(self, metric: str) -> float | None:
        """The ratio, above 1, that would have been called a bias nine times in ten; None where it could tell none.

        From the comparison's own standard error, at the strictest step of Holm's correction.
        """
        found = next((c for c in self.comparisons if c.metric == metric), None)
        if found is None or not self.told or not isinstance(found.ratio, Estimate):
            return None
        low, high = found.ratio.low, found.ratio.high
        if low is None or high is None or low <= 0:
            return None
        blocks = found.ratio.blocks
        half = (math.log(high) - math.log(low)) / 2
        se = half / laws.t_quantile((1 + found.ratio.confidence) / 2, blocks - 1)
        return math.exp(least_noticed(se, blocks, ALPHA / len(self.comparisons), POWER))


def aa_gate(data: Dataset, margin: float, limits: tuple[float, float | None]) -> AaGate | None:
    """None where the plan has no A/A run."""
    if not data.aa:
        return None
    first, second = [pair[0] for pair in data.aa], [pair[1] for pair in data.aa]
    made = [compare("A/A", metric, second, first, margin, limits, 1 - ALPHA) for metric in PRIMARY]
    return AaGate(data.baseline, len(data.aa), tuple(corrected(made, ALPHA)))
