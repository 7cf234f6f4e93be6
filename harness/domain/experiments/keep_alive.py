"""The keep-alive window: how long an idle instance is kept, by doubling and then up-and-down steps on ln(gap).

Each lane is an independent copy of the target with one request in flight at most:
after a warm answer the next gap is longer, after a cold one shorter. The first cold
answer ends the doubling; from then on every reversal shrinks the step (1.5 to 1.05 in the ratio of gaps, by 1.7: against simulated
windows a third less error than 1.4 down to 1.1, for a tenth more time). Staircase
after Dixon and Mood (1948); lanes divide the waiting and multiply the evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from harness.domain.due import Due
from harness.domain.experiments.protocol import WAIT, Ask, Conditions, Done, Move, Seen

FIRST_STEP, LEAST_STEP, SHRINK = math.log(1.5), math.log(1.05), 1.7
LEAD_S = 0.2
STAGGER_S = 1.5  # between the lanes' first requests: starts at once would share this machine's cores
ENDS = 2  # answers of one kind at the range's end that a lane takes as its answer


@dataclass(frozen=True)
class KeepAlive:
    """Gaps from ``first_s``, never below ``shortest_s`` or above ``longest_s``, for at most ``duration_s``.

    A lane ends after ``reversals`` turns of direction.
    """

    first_s: float = 60.0
    shortest_s: float = 1.0
    longest_s: float = 3600.0
    reversals: int = 8
    duration_s: float = 8 * 3600.0
    kind: str = "keep-alive"
    sparse: ClassVar[bool] = True
    timed: ClassVar[bool] = False

    @property
    def total_s(self) -> float:
        return self.duration_s

    @property
    def most_requests(self) -> int:
        """One lane after the other at the shortest gaps, as far as reversals allow; a forecast, not a limit."""
        doublings = math.ceil(math.log2(self.longest_s / self.first_s)) + 1
        return 8 * (1 + doublings + 4 * self.reversals)

    @property
    def peak_rate(self) -> float:
        return 1.0

    def begin(self, given: Conditions) -> Staircase:
        return Staircase(self, given)


@dataclass
class Lane:
    """Where one copy stands."""

    number: int
    gap_s: float
    step: float = FIRST_STEP
    doubling: bool = True
    last: bool | None = None  # the last answer was cold
    reversals: int = 0
    at_end: int = 0  # answers in a row at the range's end
    free_s: float | None = None
    waiting: bool = False
    primed: bool = False
    ended: str = ""
    probes: list[tuple[float, bool | None]] = field(default_factory=list)


class Staircase:
    """All lanes side by side."""

    def __init__(self, design: KeepAlive, given: Conditions) -> None:
        self._design = design
        numbers = range(1, given.lanes + 1) if given.lanes else (0,)
        self._lanes = {k: Lane(k, design.first_s) for k in numbers}

    def next(self, now_s: float) -> Move:
        due = []
        for index, lane in enumerate(self._lanes.values()):
            if lane.ended or lane.waiting:
                continue
            if not lane.primed:
                lane.primed = lane.waiting = True
                due.append(Due(now_s + LEAD_S + index * STAGGER_S, "prime", measured=False, lane=lane.number))
                continue
            assert lane.free_s is not None
            at_s = lane.free_s + lane.gap_s
            if at_s > self._design.duration_s:
                lane.ended = "the time is over"
                continue
            lane.waiting = True
            due.append(Due(max(at_s, now_s + LEAD_S), "window", measured=True, lane=lane.number))
        if due:
            return Ask(tuple(sorted(due, key=lambda d: d.scheduled_s)))
        if all(lane.ended for lane in self._lanes.values()):
            return Done("; ".join(dict.fromkeys(lane.ended for lane in self._lanes.values())))
        return WAIT

    def see(self, seen: Seen) -> None:
        lane = self._lanes[seen.lane]
        lane.waiting = False
        before_s, lane.free_s = lane.free_s, seen.finished_s
        if seen.phase == "prime" or before_s is None:
            if not seen.ok:
                lane.ended = "the first request failed"
            return
        gap_s = (seen.sent_s if seen.sent_s is not None else seen.scheduled_s) - before_s
        lane.probes.append((gap_s, seen.cold))
        if seen.cold is None:  # a failed probe says nothing of the gap: ask the same again, but not for ever
            if [cold for _, cold in lane.probes[-3:]] == [None] * 3:
                lane.ended = "three answers in a row did not say whether they were cold"
            return
        self._turn(lane, cold=seen.cold)

    def _turn(self, lane: Lane, *, cold: bool) -> None:
        design = self._design
        if lane.last is not None and cold != lane.last:
            lane.reversals += 1
            if not lane.doubling:
                lane.step = max(LEAST_STEP, lane.step / SHRINK)
        lane.last = cold
        lane.doubling = lane.doubling and not cold
        if lane.reversals >= design.reversals:
            lane.ended = f"{design.reversals} reversals"
            return
        limit_s = design.shortest_s if cold else design.longest_s
        at_limit = lane.gap_s <= limit_s if cold else lane.gap_s >= limit_s
        lane.at_end = lane.at_end + 1 if at_limit else 0
        if lane.at_end >= ENDS:
            lane.ended = f"{'cold' if cold else 'warm'} at {limit_s:g} s {ENDS} times"
            return
        factor = 2.0 if lane.doubling else math.exp(lane.step)
        wanted = lane.gap_s / factor if cold else lane.gap_s * factor
        lane.gap_s = min(design.longest_s, max(design.shortest_s, wanted))

    def words(self) -> str:
        probes = [probe for lane in self._lanes.values() for probe in lane.probes]
        warm = max((gap for gap, cold in probes if cold is False), default=None)
        cold = min((gap for gap, cold in probes if cold), default=None)
        said = [f"longest warm {warm:.3g} s" if warm is not None else "none warm"]
        said.append(f"shortest cold {cold:.3g} s" if cold is not None else "none cold")
        return f"{len(probes)} gaps: {', '.join(said)}"

    def record(self) -> dict[str, Any]:
        design = self._design
        return {
            "range_s": [design.shortest_s, design.longest_s],
            "lanes": [
                {"lane": lane.number, "probes": len(lane.probes), "reversals": lane.reversals, "ended": lane.ended}
                for lane in self._lanes.values()
            ],
        }
