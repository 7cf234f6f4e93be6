"""Burst from zero: many requests at one instant on a target without a warm instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.domain.due import Due
from harness.domain.experiments.cold_starts import COLD_S, LEAD_S
from harness.domain.experiments.protocol import WAIT, Ask, Conditions, Done, MakeCold, Move, Seen


@dataclass(frozen=True)
class FromZeroBursts:
    """``requests`` at once, ``repeats`` times; where cold cannot be forced, after ``idle_s`` without traffic."""

    requests: int = 10
    repeats: int = 3
    idle_s: float = 900.0
    rest_s: float = 5.0
    answer_s: float = 10.0  # of the slowest answer, in a plan
    kind: str = "from-zero"
    sparse: ClassVar[bool] = False
    timed: ClassVar[bool] = True

    @property
    def total_s(self) -> float:
        return self.repeats * (COLD_S + self.answer_s + self.rest_s)

    @property
    def most_requests(self) -> int:
        return self.requests * self.repeats

    @property
    def peak_rate(self) -> float:
        return float(self.requests)

    def begin(self, given: Conditions) -> Bursting:
        return Bursting(self, given)


class Bursting:
    """Cold, burst, wait for every answer, rest; again."""

    def __init__(self, design: FromZeroBursts, given: Conditions) -> None:
        self._design = design
        self._can_cold = given.can_cold
        self._left = design.repeats
        self._open = 0
        self._answers = self._waited = 0
        self._cold = False
        self._free_s = 0.0

    def next(self, now_s: float) -> Move:
        if self._open:
            return WAIT
        if not self._left:
            return Done("every burst is done")
        first = self._left == self._design.repeats
        if self._can_cold and not self._cold:
            if not first and now_s < self._free_s + self._design.rest_s:
                return WAIT
            self._cold = True
            return MakeCold()
        at_s = now_s + LEAD_S if self._can_cold else max(now_s + LEAD_S, self._free_s + self._design.idle_s)
        self._cold = False
        self._left -= 1
        self._open = self._design.requests
        phase = f"zero-{self._design.repeats - self._left:02d}"
        return Ask(tuple(Due(at_s, phase, measured=True) for _ in range(self._design.requests)))

    def see(self, seen: Seen) -> None:
        self._open -= 1
        self._answers += 1
        self._waited += seen.cold is True
        self._free_s = max(self._free_s, seen.finished_s)

    def words(self) -> str:
        bursts = self._design.repeats - self._left
        return (
            f"{bursts} bursts of {self._design.requests}, {self._waited} of {self._answers} waited for a cold instance"
        )

    def record(self) -> dict[str, Any]:
        how = "make_cold" if self._can_cold else f"{self._design.idle_s:g} s without traffic"
        return {"requests": self._design.requests, "bursts": self._design.repeats - self._left, "cold_by": how}
