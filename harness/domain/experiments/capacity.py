"""Capacity: the highest rate that keeps the promise, by steps that climb and then halve what is still open.

A step holds one rate for at least ten answer times, with as many requests as the rates
that are still open ask for: to tell two rates a share d apart from each other takes
about (``RESOLVE`` / d)^2 of them. Arrivals are Poisson's and their number is drawn,
for an exact number makes a server near its limit look better than it is. What the
steps say becomes a posterior of where the limit lies (see ``belief``); the next rate
is its median, never more than ``growth`` times what was kept. The search ends when
the posterior's interval is within ``precision``, when the highest rate allowed is
kept, or without an answer.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from random import Random
from typing import Any, ClassVar

from harness.domain.due import Due
from harness.domain.experiments.belief import Belief, Reach, StepVerdict
from harness.domain.experiments.protocol import WAIT, Ask, Conditions, Done, Move, Promise, Seen
from harness.domain.experiments.step import P95_SHARE, SETTLING, Step, Why, breaking, judge, response_s

METHOD = "posterior of graded steps"
LEAD_S = 0.6
AHEAD_S = 1.6  # arrivals are handed out this long before they are due
REPORTED_S = 1.0  # until an answer is known here
LEAST_SHARE = 1 / 30  # of the first rate: below it nobody looks
MOST_STEPS = 30
ANSWERS = 10  # answer times that a step lasts at least
RESOLVE = 2.0
OUTLAST = 0.43  # a rate a share d beyond the limit takes about (OUTLAST / d)^2 answer times to show it
CONFIDENT = 0.95
PILED = 1.25  # times what a target that keeps its p95 may have in flight


@dataclass(frozen=True)
class CapacitySearch:
    """Where the search starts and when it stops.

    ``step_s`` and ``least`` are the shortest step, in seconds and requests; after one
    that was not kept the target has ``rest`` of its length to start what it wants to start.
    No step is begun that would end after ``most_s``: what is known by then is the answer.
    """

    rate: float = 2.0
    growth: float = 1.5
    precision: float = 1.25
    step_s: float = 10.0
    least: int = 40
    rest: float = 0.5
    most_rate: float | None = None
    most_s: float | None = None
    kind: str = "capacity"
    sparse: ClassVar[bool] = False
    timed: ClassVar[bool] = True

    @property
    def total_s(self) -> float:
        """Of fourteen steps whose answers take a tenth of ``step_s``."""
        whole = 14 * (self.step_s * (1 + self.rest / 2) + LEAD_S)
        return whole if self.most_s is None else min(whole, self.most_s)

    @property
    def most_requests(self) -> int:
        """Of a search that ends at eight times its start."""
        ladder = [self.rate * self.growth**k for k in range(math.ceil(math.log(8, self.growth)) + 1)]
        fine = max((2 * RESOLVE / math.log(self.precision)) ** 2, ladder[-1] * self.step_s)
        return round(sum(max(self.least, rate * self.step_s) for rate in ladder) + 6 * fine)

    @property
    def peak_rate(self) -> float:
        return self.rate

    def in_flight(self, rate: float, promise: Promise) -> float:
        """The most that a step at this rate has in flight before it is cut short."""
        settled = rate * promise.p95_s
        return PILED * settled + 4 * math.sqrt(settled) + rate * (AHEAD_S + REPORTED_S) + 10

    def begin(self, given: Conditions) -> Search:
        most = given.most_rate if self.most_rate is None else min(self.most_rate, given.most_rate)
        return Search(replace(self, most_rate=most), given.promise, given.seed, given.slots)


class Search:
    """One target's search."""

    def __init__(self, design: CapacitySearch, promise: Promise, seed: int, slots: int | None = None) -> None:
        assert design.most_rate is not None
        self._design = design
        self._promise = promise
        self._seed = seed
        self._slots = slots
        first = min(design.rate, design.most_rate)
        self._reach = Reach(first * LEAST_SHARE, design.most_rate)
        self.steps: list[Step] = []
        self.belief = Belief(self._reach)
        self._rate = first
        self._held: HeldRate | None = None
        self._free_s = 0.0
        self._ended = ""

    # -- moves

    def next(self, now_s: float) -> Move:
        if self._ended:
            return Done(self._ended)
        held = self._held
        if held is None:
            held = self._open(now_s)
            if self._design.most_s is not None and held.ends_s > self._design.most_s:
                self._ended = f"the time that it may take, {self._design.most_s:g} s, is over"
                return Done(self._ended)
            self._held = held
        held.cut(now_s)
        if held.over:
            self._close(held)
            return WAIT
        return Ask(held.hand_out(now_s))

    def see(self, seen: Seen) -> None:
        assert self._held is not None
        self._held.see(seen)
        self._free_s = max(self._free_s, seen.finished_s)

    def _open(self, now_s: float) -> HeldRate:
        design, last = self._design, self.steps[-1] if self.steps else None
        rest_s = 0.0 if last is None or last.kept else design.rest * last.length_s
        phase = f"step-{len(self.steps) + 1:02d}"
        rng = Random(f"capacity:{self._seed}:{phase}")
        known = [s.answer_s for s in self.steps if s.kept and s.answer_s is not None]
        return HeldRate(
            phase,
            self._rate,
            max(now_s + LEAD_S, self._free_s + rest_s),
            max(design.step_s, max(design.least, (RESOLVE / self._apart) ** 2) / self._rate),
            min(known) if known else None,
            max(ANSWERS, (OUTLAST / self._apart) ** 2),
            design.in_flight(self._rate, self._promise),
            self._slots,
            self._promise,
            rng,
        )

    @property
    def _apart(self) -> float:
        """Half of what is open in ln(rate): the difference that the next step is to show.

        On the way up that is one rung; the highest rate allowed is held to the precision at once.
        """
        least = math.log(self._design.precision) / 2
        if self._rate >= self._reach.most:
            return least
        return max(least, min(math.log(self._design.growth), self.belief.open / 2))

    def _close(self, held: HeldRate) -> None:
        made = held.judged()
        self._held = None
        if held.why is Why.SLOTS:  # nothing is known of a rate that this generator could not hold
            self._ended = (
                f"{self._rate:.3g}/s has more in flight than {self._slots} slots hold: raise --processes or --slots"
            )
            return
        self.steps.append(made)
        self.belief.add(made.rate, made.verdict)
        self._ended = self._end()
        self._rate = self._after()

    # -- where to next

    def _after(self) -> float:
        """The posterior's median, no more than ``growth`` times what was kept or less than half of what was tried."""
        tried = [s.rate for s in self.steps]
        kept = [s.rate for s in self.steps if s.verdict is not StepVerdict.BROKEN]
        most = max(kept) * self._design.growth if kept else min(tried)
        wanted = min(self.belief.next(), most, self._reach.most)
        return max(wanted, self._reach.least, min(tried) / self._design.growth**2)

    def _end(self) -> str:
        low, high = self.interval()
        top = [s for s in self.steps if s.rate >= self._reach.most]
        if any(s.kept for s in top) and self.belief.above >= CONFIDENT:
            return "the highest rate that is allowed is kept"
        if self.belief.below >= CONFIDENT or (len(self.steps) > 1 and all(s.failed == s.judged for s in self.steps)):
            return "no rate is kept"
        if low is not None and high is not None and high / low <= self._design.precision * (1 + 1e-9):
            return f"the limit is known to within a factor of {self._design.precision:g}"
        if len(self.steps) >= MOST_STEPS:
            return f"{MOST_STEPS} steps without an answer"
        return ""

    # -- what was found

    def interval(self) -> tuple[float | None, float | None]:
        """Of the limit, never narrower than ``precision``; an end that lies beyond the reach is None."""
        return interval(self.belief, self._design.precision)

    @property
    def carried_per_s(self) -> float | None:
        """The highest rate that was kept."""
        return max((s.rate for s in self.steps if s.kept), default=None)

    def words(self) -> str:
        low, high = self.interval()
        carried = self.carried_per_s
        kept = f"at most {carried:.3g}/s kept" if carried is not None else "no rate kept"
        if low is not None and high is not None:
            kept = f"limit {math.sqrt(low * high):.3g}/s [{low:.3g}, {high:.3g}]"
        elif carried is not None and any(s.kept for s in self.steps if s.rate >= self._reach.most):
            kept = f"at least {carried:.3g}/s carried, no limit found"
        return f"{kept}, {len(self.steps)} steps"

    def record(self) -> dict[str, Any]:
        low, high = self.interval()
        return {
            "method": METHOD,
            "steps": [asdict(step) | {"kept": step.kept} for step in self.steps],
            "kept_per_s": self.carried_per_s,
            "low_per_s": low,
            "high_per_s": high,
            "promise": asdict(self._promise),
            "precision": self._design.precision,
            "least_rate": self._reach.least,
            "most_rate": self._reach.most,
            "step_s": self._design.step_s,
        }


def interval(belief: Belief, precision: float) -> tuple[float | None, float | None]:
    """The belief's, widened about its middle to ``precision``: finer than that the steps cannot tell."""
    low, high = belief.interval()
    if low is None or high is None or high / low >= precision:
        return low, high
    factor = math.sqrt(precision / (high / low))
    return low / factor, high * factor


class HeldRate:
    """One rate while it is held: draws its arrivals, follows what is in flight, and ends early when it is hopeless."""

    def __init__(
        self,
        phase: str,
        rate: float,
        start_s: float,
        shortest_s: float,
        answer_s: float | None,
        answers: float,
        most_in_flight: float,
        slots: int | None,
        promise: Promise,
        rng: Random,
    ) -> None:
        self.phase, self.rate = phase, rate
        self.why = Why.NOTHING
        self._answers = answers
        self._start_s, self._shortest_s, self._known_s = start_s, shortest_s, answer_s
        self._most, self._promise, self._rng = most_in_flight, promise, rng
        self._slots = math.inf if slots is None else slots - rate * (AHEAD_S + REPORTED_S)
        self._next_s = start_s + rng.expovariate(rate)
        self._open: deque[float] = deque()  # handed out, in time order, the first not yet answered
        self._answered: set[float] = set()
        self._seen: list[Seen] = []
        self._given = 0
        self._closed = False
        self._beyond = self._failed = 0
        self._sum_s = 0.0

    def see(self, seen: Seen) -> None:
        self._seen.append(seen)
        self._answered.add(round(seen.scheduled_s, 6))
        while self._open and round(self._open[0], 6) in self._answered:
            self._answered.discard(round(self._open.popleft(), 6))
        if seen.ok:
            self._sum_s += seen.finished_s - seen.scheduled_s
        if seen.scheduled_s >= self._settled_s:
            self._failed += not seen.ok
            self._beyond += response_s(seen) > self._promise.p95_s

    @property
    def ends_s(self) -> float:
        """When its last arrival is due, as far as it is known."""
        return self._start_s + self._length_s

    @property
    def over(self) -> bool:
        """Nothing more is sent, and everything is answered."""
        return self._closed and len(self._seen) == self._given

    @property
    def _length_s(self) -> float:
        """At least ten answer times; until those are known, of what this step has shown."""
        return max(self._shortest_s, self._answers * (self._known_s or self._shown_s))

    @property
    def _shown_s(self) -> float:
        answered = len(self._seen)
        return min(self._promise.p95_s, self._sum_s / answered) if answered else 0.0

    @property
    def _settled_s(self) -> float:
        return self._start_s + SETTLING * self._length_s

    def hand_out(self, now_s: float) -> tuple[Due, ...]:
        out = []
        while not self._closed and self._next_s <= now_s + AHEAD_S:
            if self._next_s > self.ends_s and self._given:
                self._closed = True
                break
            out.append(Due(self._next_s, self.phase, measured=True))
            self._open.append(self._next_s)
            self._next_s += self._rng.expovariate(self.rate)
        self._given += len(out)
        return tuple(out)

    def cut(self, now_s: float) -> None:
        """Stop sending what can be kept no more."""
        if self._closed or now_s < self._start_s:
            return
        waiting = len(self._open) - len(self._answered)  # handed out and not answered, due or not
        flying = waiting - sum(1 for _ in takewhile(lambda due_s: due_s > now_s, reversed(self._open)))
        overdue = sum(
            1
            for due_s in takewhile(lambda due_s: due_s < now_s - self._promise.p95_s, self._open)
            if due_s >= self._settled_s and round(due_s, 6) not in self._answered
        )
        n = round(self.rate * self._length_s * (1 - SETTLING))
        if self._failed >= breaking(n, self._promise.error_rate):
            self.why = Why.FAILURES
        elif self._beyond + overdue >= breaking(n, P95_SHARE):
            self.why = Why.RESPONSE
        elif flying >= self._most:
            self.why = Why.PILE
        elif flying >= self._slots:
            self.why = Why.SLOTS
        self._closed = bool(self.why)

    def judged(self) -> Step:
        seen = sorted(self._seen, key=lambda s: s.scheduled_s)
        end_s = seen[-1].scheduled_s if self.why else self.ends_s
        return judge(self.phase, self.rate, (self._start_s, end_s), seen, self._promise, self._known_s, self.why)
