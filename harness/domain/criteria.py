"""The seven criteria of the decision and the anchors that their scores hang on, fixed before the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LEAST_SCORE, MOST_SCORE = 1.0, 5.0


class Criterion(StrEnum):
    """What a runtime is weighed by."""

    LATENCY = "latency"
    COST = "cost"
    DEPENDENCIES = "dependencies"
    SCALING = "scaling"
    OPERATIONS = "operations"
    COMPLIANCE = "compliance"
    LOCK_IN = "lock_in"


MEASURED = (Criterion.LATENCY, Criterion.COST, Criterion.SCALING)
WORDS: Mapping[Criterion, str] = {
    Criterion.LATENCY: "latency SLOs, with the measured mitigations",
    Criterion.COST: "cost at the expected traffic",
    Criterion.DEPENDENCIES: "dependencies and model sizes",
    Criterion.SCALING: "scaling to the peak",
    Criterion.OPERATIONS: "the team's operational capacity",
    Criterion.COMPLIANCE: "security and compliance",
    Criterion.LOCK_IN: "lock-in",
}


@dataclass(frozen=True)
class Anchor:
    """A measure that scores 1 at ``worst`` or beyond and 5 at ``best`` or better, straight in between."""

    worst: float
    best: float

    def score(self, value: float) -> float:
        share = (self.worst - value) / (self.worst - self.best)
        return LEAST_SCORE + (MOST_SCORE - LEAST_SCORE) * min(1.0, max(0.0, share))


LATENCY = Anchor(1.0, 0.5)  # of the SLO's limit
COST = Anchor(1.0, 0.4)  # of the monthly ceiling
UTILISATION = Anchor(1.0, 0.35)  # of what the deployment sustains, at the expected peak
REFUSED = Anchor(0.05, 0.0)  # share of requests refused in bursts
MEMORY = Anchor(1.0, 0.5)  # of the memory that an instance has
ARTIFACT = Anchor(1.0, 0.25)  # of the most that the platform deploys
ANCHORS: Mapping[str, Anchor] = {
    "latency over its limit": LATENCY,
    "cost over its ceiling": COST,
    "use at the peak": UTILISATION,
    "refused in bursts": REFUSED,
    "memory held": MEMORY,
    "size deployed": ARTIFACT,
}


@dataclass(frozen=True)
class Judged:
    """What a team says of one criterion: its weight, and for judged ones a score from 1 to 5 for each alternative."""

    weight: float
    baseline: float | None = None
    candidate: float | None = None
    hybrid: float | None = None
    note: str = ""


DEFAULT_WEIGHTS: Mapping[Criterion, float] = {
    Criterion.LATENCY: 0.20,
    Criterion.COST: 0.20,
    Criterion.DEPENDENCIES: 0.10,
    Criterion.SCALING: 0.15,
    Criterion.OPERATIONS: 0.15,
    Criterion.COMPLIANCE: 0.10,
    Criterion.LOCK_IN: 0.10,
}


@dataclass(frozen=True)
class Priorities:
    """Every criterion as the team weighs it; ``kappa`` says how firm the weights are (66: about 30 % of a seventh)."""

    judged: Mapping[Criterion, Judged] = field(
        default_factory=lambda: {name: Judged(weight) for name, weight in DEFAULT_WEIGHTS.items()}
    )
    kappa: float = 66.0
