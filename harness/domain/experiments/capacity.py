"""Capacity: the highest rate that keeps the promise, by growing steps and then bisection on ln(rate).

A step is kept when its p95 (failures count as infinite), the p95 of first tokens and
its failures are within the promise, and response times do not grow: over a step of T
seconds a target that can do a share 1 - x of the offered rate falls x T behind, so a
growth of more than ``GROWTH`` of the step is a queue that never ends. Failures break
a promise only when a target that keeps the error rate would show as many in fewer
than one step of twenty: forty requests cannot tell 1 % from 2 %.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass, replace
from random import Random
from statistics import median
from typing import Any, ClassVar

from harness.domain.due import Due
from harness.domain.experiments.protocol import WAIT, Ask, Conditions, Done, Move, Promise, Seen
from harness.domain.process import Process, shares
from harness.domain.quantile import quantile

LEAD_S = 1.0
AHEAD_S = 1.6  # arrivals are handed out this long before they are due
GROWTH = 0.03
LEAST_SHARE = 1 / 30  # of the first rate: below it nobody looks
MOST_STEPS = 24


@dataclass(frozen=True)
class Capacity:
    """Where the search starts and when it stops.

    From ``rate`` up by ``growth`` until a step breaks the promise, then bisection until
    the bracket's ends are within ``precision`` of each other; each end is then tried
    once more, and a third time where the two disagree, before it counts.
    """

    rate: float = 2.0
    growth: float = 1.5
    precision: float = 1.11
    step_s: float = 20.0
    least: int = 40  # requests a step
    rest_s: float = 2.0
    process: str = "poisson"
    most_rate: float | None = None
    kind: str = "capacity"
    sparse: ClassVar[bool] = False
    timed: ClassVar[bool] = True

    @property
    def total_s(self) -> float:
        return 14 * (self.step_s + self.rest_s)

    @property
    def most_requests(self) -> int:
        """Of a search that ends at eight times its start."""
        ladder = [self.rate * self.growth**k for k in range(math.ceil(math.log(8, self.growth)) + 1)]
        return round(sum(max(self.least, rate * self.step_s) for rate in [*ladder, *[ladder[-1]] * 4]))

    @property
    def peak_rate(self) -> float:
        return self.rate

    def begin(self, given: Conditions) -> Search:
        most = given.most_rate if self.most_rate is None else min(self.most_rate, given.most_rate)
        return Search(replace(self, most_rate=most), given.promise, given.seed)


@dataclass(frozen=True)
class Step:
    """One rate, tried; ``kept`` with ``why`` it was not."""

    phase: str
    rate: float
    offered: int
    planned: int
    failed: int
    p95_s: float | None  # None: infinite
    ttft_p95_s: float | None
    growth_s: float | None
    kept: bool
    why: str


class Search:
    """One target's search."""

    def __init__(self, design: Capacity, promise: Promise, seed: int) -> None:
        assert design.most_rate is not None
        self._design = design
        self._most = design.most_rate
        self._promise = promise
        self._seed = seed
        self.steps: list[Step] = []
        self._rate = min(design.rate, self._most)
        self._phase = ""
        self._todo: deque[Due] = deque()
        self._planned = self._given = 0
        self._seen: list[Seen] = []
        self._failed = self._slow = 0
        self._free_s = 0.0
        self._ended = ""

    # -- moves

    def next(self, now_s: float) -> Move:
        if self._ended:
            return Done(self._ended)
        if not self._phase:
            self._open(max(now_s + LEAD_S, self._free_s + self._design.rest_s))
        if self._todo and self._hopeless():
            self._todo.clear()
        if not self._todo and len(self._seen) == self._given and self._given:
            self._judge()
            return WAIT
        ready = []
        while self._todo and self._todo[0].scheduled_s <= now_s + AHEAD_S:
            ready.append(self._todo.popleft())
        self._given += len(ready)
        return Ask(tuple(ready))

    def see(self, seen: Seen) -> None:
        self._seen.append(seen)
        self._failed += not seen.ok
        self._slow += seen.ok and seen.finished_s - seen.scheduled_s > self._promise.p95_s
        self._free_s = max(self._free_s, seen.finished_s)

    def _open(self, start_s: float) -> None:
        self._phase = f"step-{len(self.steps) + 1:02d}"
        coarse = self.bracket()[1] is None  # until a step breaks, half a step tells enough
        self._planned = max(self._design.least, round(self._rate * self._design.step_s * (0.5 if coarse else 1.0)))
        length_s = self._planned / self._rate
        rng = Random(f"capacity:{self._seed}:{self._phase}")
        points = shares(Process(self._design.process), self._planned, 1.0, rng)
        self._todo.extend(Due(start_s + point * length_s, self._phase, measured=True) for point in points)
        self._given, self._seen = 0, []
        self._failed = self._slow = 0

    # -- judging

    def _limits(self) -> tuple[int, int]:
        """Most requests over a latency limit or failed, and most failures, that a kept step may show."""
        n = self._planned
        return math.floor(0.05 * n), most_failures(n, self._promise.error_rate)

    def _hopeless(self) -> bool:
        over, failures = self._limits()
        return self._failed + self._slow > over or self._failed > failures

    def _judge(self) -> None:
        step = self._measured()
        self.steps.append(step)
        self._phase = ""
        self._rate = self._after(step)

    def _measured(self) -> Step:
        seen = sorted(self._seen, key=lambda s: s.scheduled_s)
        responses = [s.finished_s - s.scheduled_s if s.ok else math.inf for s in seen]
        first = [
            s.first_token_s - s.scheduled_s if s.ok and s.first_token_s is not None else math.inf
            for s in seen
            if s.stream
        ]
        p95, ttft = quantile(responses, 0.95), quantile(first, 0.95)
        growth = _growth([(s, r) for s, r in zip(seen, responses, strict=True) if s.ok])
        failed = sum(not s.ok for s in seen)
        why = self._why(p95, ttft, growth, failed)
        return Step(
            self._phase,
            self._rate,
            self._given,
            self._planned,
            failed,
            _finite(p95),
            _finite(ttft),
            growth,
            not why,
            why,
        )

    def _why(self, p95: float | None, ttft: float | None, growth: float | None, failed: int) -> str:
        promise = self._promise
        if failed > self._limits()[1]:
            return "failures"
        if self._given < self._planned or p95 is None or p95 > promise.p95_s:
            return "response time"
        if promise.ttft_p95_s is not None and ttft is not None and ttft > promise.ttft_p95_s:
            return "time to first token"
        if growth is not None and growth > GROWTH * self._planned / self._rate:
            return "response times grow"
        return ""

    # -- where to next

    def _after(self, step: Step) -> float:
        """The next rate; sets ``_ended`` when there is none."""
        low, high = self.bracket()
        design = self._design
        if len(self.steps) >= MOST_STEPS:
            self._ended = f"{MOST_STEPS} steps without an answer"
        elif high is None:
            if step.rate >= self._most:
                self._ended = "the highest rate that is allowed is kept"
            return min(self._most, step.rate * design.growth)
        elif low is None:
            least = min(design.rate, self._most) * LEAST_SHARE
            if step.rate <= least or (all(s.failed == s.offered for s in self.steps[-2:]) and len(self.steps) > 1):
                self._ended = "no rate is kept"
            return max(least, step.rate / design.growth**2)
        elif high / low > design.precision:
            return math.sqrt(low * high)
        elif again := [rate for rate in (low, high) if self._unsure(rate)]:
            return again[0]
        else:
            self._ended = "bracketed, both ends tried twice"
        return step.rate

    def _tries(self, rate: float) -> list[bool]:
        return [step.kept for step in self.steps if step.rate == rate]

    def _unsure(self, rate: float) -> bool:
        """Tried once, or with two answers that contradict each other."""
        tries = self._tries(rate)
        return len(tries) < 2 or (len(tries) == 2 and tries[0] != tries[1])

    def bracket(self) -> tuple[float | None, float | None]:
        """The lowest rate that most of its tries broke, and the highest below it that most kept."""
        verdicts = {rate: 2 * sum(tries := self._tries(rate)) > len(tries) for rate in {s.rate for s in self.steps}}
        high = min((rate for rate, kept in verdicts.items() if not kept), default=None)
        low = max((rate for rate, kept in verdicts.items() if kept and (high is None or rate < high)), default=None)
        return low, high

    def words(self) -> str:
        low, high = self.bracket()
        kept = f"kept {low:.3g}/s" if low is not None else "no rate kept"
        broken = f"broken {high:.3g}/s" if high is not None else "none broken"
        return f"{kept}, {broken}, {len(self.steps)} steps"

    def record(self) -> dict[str, Any]:
        low, high = self.bracket()
        return {
            "steps": [asdict(step) for step in self.steps],
            "kept_per_s": low,
            "broken_per_s": high,
            "promise": asdict(self._promise),
            "precision": self._design.precision,
            "most_rate": self._most,
            "step_s": self._design.step_s,
        }


def most_failures(n: int, rate: float) -> int:
    """The failures of ``n`` requests that a target with this error rate exceeds in at most 1 of 20 steps."""
    term = (1 - rate) ** n
    total, k = term, 0
    while total < 0.95 and k < n:
        term *= (n - k) / (k + 1) * rate / (1 - rate) if rate < 1 else 1.0
        k += 1
        total += term
    return k


def _growth(answered: list[tuple[Seen, float]]) -> float | None:
    """Median response time of the last fifth minus that of the first, seconds; None with fewer than five each."""
    fifth = len(answered) // 5
    if fifth < 5:
        return None
    return median(r for _, r in answered[-fifth:]) - median(r for _, r in answered[:fifth])


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
