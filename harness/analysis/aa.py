"""The A/A run: one target under both labels. What it calls different, the harness or its machine has made different."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.compare import compare
from harness.analysis.dataset import Dataset
from harness.analysis.jackknife import LEAST_BLOCKS
from harness.domain.verdict import PRIMARY, Comparison, Relation


@dataclass(frozen=True)
class AaGate:
    """The co-primary measures of one target against itself, over ``units`` pairs of runs."""

    target: str
    units: int
    comparisons: tuple[Comparison, ...]

    @property
    def biased(self) -> tuple[Comparison, ...]:
        """Measures in which the same target was called better or worse than itself."""
        return tuple(c for c in self.comparisons if c.relation in (Relation.BETTER, Relation.WORSE))

    @property
    def told(self) -> bool:
        """Whether it could have told: as many pairs as a verdict needs."""
        return self.units >= LEAST_BLOCKS


def aa_gate(data: Dataset, margin: float, limits: tuple[float, float | None]) -> AaGate | None:
    """None where the plan has no A/A run."""
    if not data.aa:
        return None
    first, second = [pair[0] for pair in data.aa], [pair[1] for pair in data.aa]
    made = tuple(compare("A/A", metric, second, first, margin, limits) for metric in PRIMARY)
    return AaGate(data.baseline, len(data.aa), made)
