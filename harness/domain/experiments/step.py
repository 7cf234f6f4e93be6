"""One step of a capacity search: a rate that was held for a while, and what it says of that rate.

Judged is what came after the step's first fifth, in which the target may still start
what it needs. A promise is a share of requests that may be beyond it: broken where a
target that keeps it would show as many in fewer than one step of twenty, kept where
the share itself is within it, unclear between. Requests pile up where the number in
flight grows: its mean in blocks of at least one answer time is held against a straight
line, and the slope against its own standard error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from harness.domain.experiments.belief import StepVerdict
from harness.domain.experiments.protocol import Promise, Seen
from harness.domain.quantile import quantile

SETTLING = 0.2  # of a step, not judged
SURPRISE = 0.05  # of steps that a kept promise may break by chance
P95_SHARE = 0.05
GROWTH = 0.05  # of the arrivals: a rate beyond the limit by less than this is within a search's precision
LEAST_BLOCKS, MOST_BLOCKS = 6, 16
GROWS_Z, LEANS_Z = 1.645, 0.5  # standard errors beyond it: one-sided 5 %; below the latter it is noise


class Why(StrEnum):
    """What a step broke, or what ended it early; its words in the evidence."""

    NOTHING = ""
    FAILURES = "failures"
    RESPONSE = "response time"
    TTFT = "time to first token"
    PILE = "requests pile up"
    SLOTS = "slots"  # of the generator: nothing is known of a rate that it could not hold


@dataclass(frozen=True)
class Step:
    """One rate, tried; counts and shares are of the judged part."""

    phase: str
    rate: float
    started_s: float
    length_s: float
    offered: int  # all that were sent
    judged: int
    failed: int
    beyond: int  # late or failed
    p95_s: float | None  # None: infinite, or nothing was judged
    ttft_p95_s: float | None
    answer_s: float | None  # mean of what was answered
    growth: float | None  # of requests in flight, as a share of the arrivals
    growth_error: float | None
    verdict: StepVerdict
    why: Why
    cut: bool = False

    @property
    def kept(self) -> bool:
        return self.verdict is StepVerdict.KEPT


@dataclass(frozen=True)
class PromiseTold:
    """One promise's part of a verdict."""

    verdict: StepVerdict
    why: Why


def judge(
    phase: str,
    rate: float,
    span_s: tuple[float, float],
    seen: Sequence[Seen],
    promise: Promise,
    unloaded_s: float | None = None,
    cut: Why = Why.NOTHING,
) -> Step:
    """Of what was seen over ``span_s``, the step's start and end.

    ``unloaded_s`` is what an answer takes at a rate that is kept, None where none was
    yet; ``cut`` says why the step was stopped before its time.
    """
    start_s, end_s = span_s
    settled_s = start_s + SETTLING * (end_s - start_s)
    judged = [s for s in seen if s.scheduled_s >= settled_s] or list(seen)
    responses = [response_s(s) for s in judged]
    first = [first_token_s(s) for s in judged if s.stream]
    answered = [r for r in responses if math.isfinite(r)]
    answer_s = math.fsum(answered) / len(answered) if answered else None
    grown = growth(seen, (settled_s, end_s), answer_s if unloaded_s is None else unloaded_s)
    told = [
        share_told(sum(not s.ok for s in judged), len(judged), promise.error_rate, Why.FAILURES),
        share_told(sum(r > promise.p95_s for r in responses), len(judged), P95_SHARE, Why.RESPONSE),
    ]
    if promise.ttft_p95_s is not None and first:
        late = sum(t > promise.ttft_p95_s for t in first)
        told.append(share_told(late, len(first), P95_SHARE, Why.TTFT))
    told.append(growth_told(grown))
    worst = max(told, key=lambda t: (StepVerdict.KEPT, StepVerdict.UNCLEAR, StepVerdict.BROKEN).index(t.verdict))
    if cut:
        worst = PromiseTold(StepVerdict.BROKEN, cut)
    return Step(
        phase=phase,
        rate=rate,
        started_s=start_s,
        length_s=end_s - start_s,
        offered=len(seen),
        judged=len(judged),
        failed=sum(not s.ok for s in judged),
        beyond=sum(r > promise.p95_s for r in responses),
        p95_s=_finite(quantile(responses, 0.95)),
        ttft_p95_s=_finite(quantile(first, 0.95)),
        answer_s=answer_s,
        growth=grown[0] if grown else None,
        growth_error=grown[1] if grown else None,
        verdict=worst.verdict,
        why=Why.NOTHING if worst.verdict is StepVerdict.KEPT else worst.why,
        cut=bool(cut),
    )


def response_s(seen: Seen) -> float:
    """From the intended send; infinite where it failed."""
    return seen.finished_s - seen.scheduled_s if seen.ok else math.inf


def first_token_s(seen: Seen) -> float:
    """From the intended send; infinite where none came."""
    return seen.first_token_s - seen.scheduled_s if seen.ok and seen.first_token_s is not None else math.inf


@lru_cache(4096)
def breaking(n: int, share: float) -> int:
    """The fewest of ``n`` beyond a promise that a target with ``share`` beyond it shows in at most ``SURPRISE`` of steps."""
    term = (1 - share) ** n
    total, k = term, 0
    while total < 1 - SURPRISE and k < n:
        term *= (n - k) / (k + 1) * share / (1 - share) if share < 1 else 1.0
        k += 1
        total += term
    return k + 1


def share_told(beyond: int, n: int, allowed: float, why: Why) -> PromiseTold:
    """Of a share that may be ``allowed``."""
    if n and beyond >= breaking(n, allowed):
        return PromiseTold(StepVerdict.BROKEN, why)
    return PromiseTold(StepVerdict.KEPT if beyond <= max(allowed * n, 0) else StepVerdict.UNCLEAR, why)


def growth_told(grown: tuple[float, float, int] | None) -> PromiseTold:
    """Of the slope of requests in flight."""
    if grown is None or grown[0] <= GROWTH:
        return PromiseTold(StepVerdict.KEPT, Why.PILE)
    share, error, degrees = grown
    if share - GROWTH > student(GROWS_Z, degrees) * error:
        return PromiseTold(StepVerdict.BROKEN, Why.PILE)
    return PromiseTold(StepVerdict.UNCLEAR if share - GROWTH > LEANS_Z * error else StepVerdict.KEPT, Why.PILE)


def growth(
    seen: Sequence[Seen], span_s: tuple[float, float], answer_s: float | None
) -> tuple[float, float, int] | None:
    """Growth of requests in flight over the span as a share of its arrivals, its standard error, degrees of freedom.

    None where the span is shorter than ``LEAST_BLOCKS`` answer times: nothing can be told from less.
    """
    start_s, end_s = span_s
    length_s = end_s - start_s
    arrivals = sum(start_s <= s.scheduled_s <= end_s for s in seen)
    blocks = MOST_BLOCKS if answer_s is None else min(MOST_BLOCKS, int(length_s / answer_s + 1e-6))
    if blocks < LEAST_BLOCKS or not arrivals:
        return None
    width = length_s / blocks
    means = [0.0] * blocks
    for s in seen:
        first, last = max(s.scheduled_s, start_s), min(s.finished_s, end_s)
        k = int((first - start_s) / width)
        while first < last and k < blocks:
            edge = min(last, start_s + (k + 1) * width)
            means[k] += max(0.0, edge - first) / width
            first, k = edge, k + 1
    middle, mean = (blocks - 1) / 2, math.fsum(means) / blocks
    spread = math.fsum((k - middle) ** 2 for k in range(blocks))
    slope = math.fsum((k - middle) * (m - mean) for k, m in enumerate(means)) / spread
    left = math.fsum((m - mean - slope * (k - middle)) ** 2 for k, m in enumerate(means))
    error = math.sqrt(left / (blocks - 2) / spread)
    return slope * blocks / arrivals, error * blocks / arrivals, blocks - 2


def student(z: float, degrees: int) -> float:
    """The t quantile that stands where the normal one is ``z`` (Cornish and Fisher; within 1 % from 4 degrees on)."""
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
