"""How many requests may be in flight: as many as a target that hangs can hold, so that a run's validity never depends on it."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from harness.domain.experiments import CapacitySearch, KeepAlive
from harness.load.spec import MOST_SLOTS_PER_WORKER, RunSpec

MOST_LANES = 32  # as target.toml allows
CLOSING_S = 1.0  # past its deadline a request still holds its slot: the sweep, the closing, a loop that lags
HEADROOM = 1.1

if TYPE_CHECKING:
    from harness.domain.schedule import Schedule


def choose_slots(spec: RunSpec, schedule: Schedule, *, workers: int = 1, quiet: bool) -> int:
    """Slots of one worker: as asked, else enough for no request to be answered before its deadline, at most 900.

    That is the larger of peak rate times deadline and the fullest stretch of the schedule
    of that length, with headroom; retries and back-off end by the same deadline. Warns
    where what is asked, or the cap, holds less than the schedule can need.
    """
    needed = _needed(spec, schedule)
    chosen = max(1, spec.slots) if spec.slots else min(_wanted(spec, needed), MOST_SLOTS_PER_WORKER)
    if not quiet and needed > chosen * workers:
        print(f"warning: {_warning(spec, schedule, needed, chosen * workers)}", file=sys.stderr)
    return chosen


def _needed(spec: RunSpec, schedule: Schedule) -> int:
    """The most that can be in flight, whatever the target does."""
    design = spec.load.experiment
    if design is None:
        return schedule.most_within(spec.deadline_s + CLOSING_S)
    if isinstance(design, CapacitySearch):
        return math.ceil(design.in_flight(spec.most_rate, spec.promise))
    if isinstance(design, KeepAlive):
        return MOST_LANES  # an embedded target's copies are known only once it is up
    return math.ceil(design.peak_rate)


def _wanted(spec: RunSpec, needed: int) -> int:
    """One more than is needed: the next arrival waits in a slot of its own."""
    peak = 0.0 if spec.load.experiment is not None else spec.load.peak_rate * (spec.deadline_s + CLOSING_S)
    return math.ceil(max(peak, needed) * HEADROOM) + 1


def _warning(spec: RunSpec, schedule: Schedule, needed: int, slots: int) -> str:
    workers = math.ceil(_wanted(spec, needed) / MOST_SLOTS_PER_WORKER)
    more = f"--processes {workers} holds them" if workers > 1 else f"--slots {_wanted(spec, needed)} holds them"
    if spec.load.experiment is not None:
        return (
            f"{slots} slots, and the search may have {needed} requests in flight: it ends where they are full; {more}"
        )
    return (
        f"{slots} slots, and a target that hangs would hold {needed} requests: answers that take longer than "
        f"{_longest_held_s(schedule, slots, spec.deadline_s):.3g} s can make the run INVALID; {more}"
    )


def _longest_held_s(schedule: Schedule, slots: int, deadline_s: float) -> float:
    """How long every answer may take for these slots to do; to a hundredth."""
    low, high = 0.0, deadline_s + CLOSING_S
    while high - low > deadline_s / 100:
        middle = (low + high) / 2
        low, high = (middle, high) if schedule.most_within(middle) <= slots else (low, middle)
    return low
