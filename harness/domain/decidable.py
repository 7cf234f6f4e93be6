"""What a plan can settle at all: how many requests a promise needs when nothing goes wrong.

With no request beyond the promise in ``n``, the exact one-sided upper limit of the share
beyond is 1 - alpha^(1/n) (Clopper and Pearson 1934). A plan whose ``n`` leaves it above
the promised share cannot end in PASS, however good the target is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.domain.looks import USUAL, look

if TYPE_CHECKING:
    from harness.domain.verdict import Slo

LEAST_BLOCKS = USUAL[0]
BEYOND = {"p95_s": 0.05, "p99_s": 0.01, "ttft_p95_s": 0.05}  # the share that may be late


class Lacks(StrEnum):
    """Why no outcome of a plan could show that a promise is kept."""

    REQUESTS = "requests"
    BLOCKS = "blocks"
    NOTHING_SHOWS_IT = "nothing shows it"  # of 0 failures, or of availability: no number of requests is enough


@dataclass(frozen=True)
class Measured:
    """What the judged runs of one profile add up to, on each target."""

    profile: str
    blocks: int
    requests: int
    streams: int  # of them, those that ask for a stream


@dataclass(frozen=True)
class Unsettled:
    """A promise that stays INCONCLUSIVE even if every answer is good; ``needed`` None where no number is enough."""

    profile: str
    promise: str
    lacks: Lacks
    has: int
    needed: int | None


def share_allowed(slo: Slo) -> float | None:
    """Share of requests that may lie beyond the promise; None where it is not judged by a share."""
    if slo.metric == "error_rate":
        return slo.limit
    return 1 - slo.limit if slo.metric == "goodput" else BEYOND.get(slo.metric)


def least_clean(share: float, alpha: float) -> int | None:
    """Least requests, none of them beyond, whose one-sided upper limit is at or below ``share``; None for a share of 0."""
    return math.ceil(math.log(alpha) / math.log1p(-share)) if 0 < share < 1 else None


def unsettled(slos: Iterable[Slo], measured: Iterable[Measured]) -> tuple[Unsettled, ...]:
    """Every promise that even the best outcome leaves open at the last look of the plan."""
    made = tuple(slos)
    return tuple(one for m in measured for slo in made if (one := _one(slo, m)) is not None)


def _one(slo: Slo, m: Measured) -> Unsettled | None:
    if m.blocks < LEAST_BLOCKS:
        return Unsettled(m.profile, slo.name, Lacks.BLOCKS, m.blocks, LEAST_BLOCKS)
    share = share_allowed(slo)
    has = m.streams if slo.metric.startswith("ttft") else m.requests
    alpha = (1 - look(m.blocks, m.blocks).confidence) / 2
    needed = None if share is None else least_clean(share, alpha)
    if needed is None:
        return Unsettled(m.profile, slo.name, Lacks.NOTHING_SHOWS_IT, has, None)
    return Unsettled(m.profile, slo.name, Lacks.REQUESTS, has, needed) if has < needed else None
