"""Three-valued verdicts and the SLOs that they judge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.domain.estimate import Known


PRIMARY = ("p95_s", "overhead_p95_s")  # co-primary measures of the comparison, sealed; any other is exploratory
NEVER_KEPT = ("availability",)  # promises that a pilot can show to be broken, never to be kept: no block settles them


class Judgement(StrEnum):
    """Per target, profile and SLO."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class Relation(StrEnum):
    """Candidate against baseline."""

    BETTER = "BETTER"
    WORSE = "WORSE"
    EQUIVALENT = "EQUIVALENT"
    UNRESOLVED = "UNRESOLVED"


@dataclass(frozen=True)
class Slo:
    """One promise: ``metric`` stays at or below ``limit`` in ``unit``, or at or above it."""

    name: str
    metric: str
    limit: float
    unit: str
    at_least: bool = False


@dataclass(frozen=True)
class SloVerdict:
    """The judgement of one SLO for one target under one profile."""

    target: str
    profile: str
    slo: Slo
    judgement: Judgement
    estimate: Known
    reason: str
    blocks_needed: int | None = None


@dataclass(frozen=True)
class Comparison:
    """Candidate over baseline as a ratio, judged against the sealed margin; below 1 the candidate is lower."""

    profile: str
    metric: str
    relation: Relation
    ratio: Known
    margin: float
    reason: str
    within_margin_but_different: bool = False
    exploratory: bool = False  # not sealed as primary: its relation is held to Holm's correction
    p_value: float | None = None  # of ratio 1, corrected where exploratory
