"""Three-valued verdicts and the SLOs that they judge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.domain.reason import Reason

if TYPE_CHECKING:
    from harness.domain.estimate import Known

TIGHT = 3.0  # times: ends further apart say nothing that anybody could plan by


PRIMARY = ("p95_s", "overhead_p95_s")  # co-primary measures of the comparison, sealed; any other is exploratory
NEVER_KEPT = (
    "availability",
    "lost",
)  # promises that a pilot can show to be broken, never to be kept: no block settles them
METHOD = "share-beyond/3"  # the rules that verdicts and comparisons are made by, named in the seal
WORK_METHOD = "share-beyond/4"  # the same, and promises of jobs and retrieval decide too


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


PROMISED = {  # how each promise about requests is called, by its metric: in this report and beside an earlier one
    "p95_s": "p95 response time",
    "p99_s": "p99 response time",
    "ttft_p95_s": "p95 time to first token",
    "first_reasoning_p95_s": "p95 time to first reasoning",
    "error_rate": "error rate",
    "goodput": "goodput over offered load",
    "availability": "availability",
    "full_quality_share": "full-quality answers",
}
AT_LEAST = frozenset({"goodput", "availability", "full_quality_share"})  # more is better; of every other, less
MEASURED = PROMISED | {"overhead_p95_s": "p95 overhead"}  # and what is compared without being promised


@dataclass(frozen=True)
class Slo:
    """One promise: ``metric`` stays at or below ``limit`` in ``unit``, or at or above it."""

    name: str
    metric: str
    limit: float
    unit: str
    at_least: bool = False


class Needed(Reason):
    """Blocks in all that would settle a promise, were the share seen the truth.

    ``low`` and ``high`` are with the share at the ends of its 90 % interval; ``high`` is
    None where the truth may lie so near what is allowed that no number would do.
    """

    blocks: int
    low: int
    high: int | None

    @property
    def tight(self) -> bool:
        return self.high is not None and self.high <= TIGHT * self.low


@dataclass(frozen=True)
class SloVerdict:
    """The judgement of one SLO for one target under one profile.

    ``beyond`` is the share of requests that broke the promise and ``allowed`` the share
    that may: the verdict follows from these two. Both are None of a cost.
    """

    target: str
    profile: str
    slo: Slo
    judgement: Judgement
    estimate: Known
    reason: Reason
    blocks_needed: Needed | None = None
    beyond: Known | None = None
    allowed: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Candidate over baseline as a ratio, judged against the sealed margin; below 1 the candidate is lower.

    ``beyond`` is the candidate's share of requests beyond the metric's limit (failed ones
    where it has none) minus the baseline's; it decides where failures reach both percentiles.
    """

    profile: str
    metric: str
    relation: Relation
    ratio: Known
    margin: float
    reason: Reason
    within_margin_but_different: bool = False
    exploratory: bool = False  # not sealed as primary
    p_value: float | None = None  # two-sided, of no difference; by Holm's correction over ``family`` comparisons
    beyond: Known | None = None
    family: int = 1
