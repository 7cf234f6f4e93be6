"""How many requests may be in flight: Little's law before the start, not a surprise in the middle."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.domain.experiments import Capacity, KeepAlive
from harness.load.spec import MOST_SLOTS_PER_WORKER, RunSpec

MOST_LANES = 32  # as target.toml allows

if TYPE_CHECKING:
    from harness.domain.schedule import Schedule


def choose_slots(spec: RunSpec, schedule: Schedule, *, quiet: bool) -> int:
    """As asked; else enough for every answer to take the whole deadline, at most 900 a worker.

    That is the larger of peak rate times deadline and the fullest stretch of the schedule
    of that length. Warns where what is asked, or the cap, may not do.
    """
    wanted = max(1, round(spec.load.peak_rate * spec.deadline_s + 0.5))
    if spec.load.experiment is not None:
        wanted = _for_experiment(spec)
    if spec.load.trace is not None or spec.load.cv > 1:
        wanted = max(1, schedule.most_within(spec.deadline_s))
    asked = max(1, spec.slots) if spec.slots else None
    chosen = asked or min(wanted, MOST_SLOTS_PER_WORKER)
    if not quiet and (words := _warning(spec, schedule, wanted, chosen, capped=asked is None)):
        print(f"warning: {words}", file=sys.stderr)
    return chosen


def _for_experiment(spec: RunSpec) -> int:
    """Nobody knows how far a search goes: as many as may be in flight at the highest rate, within the cap."""
    design = spec.load.experiment
    if isinstance(design, Capacity):
        return round(spec.most_rate * spec.promise.p95_s * 1.5) + 1
    if isinstance(design, KeepAlive):
        return MOST_LANES  # an embedded target's copies are known only once it is up
    return round(design.peak_rate) + 1 if design else 1


def _warning(spec: RunSpec, schedule: Schedule, wanted: int, chosen: int, *, capped: bool) -> str | None:
    if chosen >= wanted or spec.load.experiment is not None:
        return None
    if capped:
        return (
            f"{wanted} slots would hold every answer for the whole deadline; capped at {MOST_SLOTS_PER_WORKER} a worker "
            "(add workers with --processes)"
        )
    held_s = spec.p95_limit_s or spec.deadline_s
    needed = schedule.most_within(held_s)
    if chosen >= needed:
        return None
    kept = f"the p95 limit of {held_s:g} s" if spec.p95_limit_s else f"the deadline of {held_s:g} s"
    return f"{chosen} slots a worker: answers that take {kept} would need {needed} in all, and a late one makes the run INVALID"
