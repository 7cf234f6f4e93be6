"""The A/A run: one target under both labels. What it calls different, the harness or its machine has made different."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.compare import compare, holm
from harness.analysis.dataset import Dataset
from harness.analysis.jackknife import LEAST_BLOCKS
from harness.domain.verdict import PRIMARY, Comparison, Relation

# of both measures together: the interval of a small run is a little narrow, and at 5 % up to 9 % of honest pilots were called biased
ALPHA = 0.02


@dataclass(frozen=True)
class AaGate:
    """The co-primary measures of one target against itself, over ``units`` pairs of runs."""

    target: str
    units: int
    comparisons: tuple[Comparison, ...]

    @property
    def biased(self) -> tuple[Comparison, ...]:
        """Measures in which the same target was called better or worse than itself, by Holm's correction over all of them.

        Each measure held to 5 % by itself called one honest pilot in eight biased (make test-slow).
        """
        adjusted = holm([1.0 if c.p_value is None else c.p_value for c in self.comparisons])
        different = (Relation.BETTER, Relation.WORSE)
        return tuple(
            c
            for c, p in zip(self.comparisons, adjusted, strict=True)
            # one side infinite has no p: it is as different as can be
            if c.relation in different and (c.p_value is None or p <= ALPHA)
        )

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
