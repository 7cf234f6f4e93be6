"""A Fleet: all that decides where a request goes, how long it takes and when instances come and go, without ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from harness.analysis.columns import Array
from harness.domain.retry import NO_RETRY, RetryPolicy
from harness.platforms.scaling import Grows, Picks


@dataclass(frozen=True)
class Service:
    """Answers to draw from, seconds; the four arrays are of one order, so that a question's parts stay together.

    The model's time does not grow with the load. The runtime's is spent on an instance's processors and queues there.
    """

    runtime_s: Array
    model_s: Array
    runtime_first_s: Array  # until the first token; nan of whole answers
    model_first_s: Array


@dataclass(frozen=True)
class IdleLaw:
    """How long an idle instance is kept, seconds: values to draw from, of each hour of the day where it drifts."""

    values_s: Array  # empty: it is never ended
    by_hour: tuple[Array, ...] = ()  # 24 of them (UTC), or none

    def at(self, hour: int) -> Array:
        return self.by_hour[hour % 24] if self.by_hour else self.values_s


@dataclass(frozen=True)
class Queue:
    """Requests that find no place: how many may wait, of all instances together, and how long; 0 refuses at once."""

    most: float = 0.0
    most_wait_s: float = math.inf


@dataclass(frozen=True)
class Autoscaler:
    """Every ``every_s``: the mean load of ``window_s`` over ``share`` of what one instance holds.

    What is in hand at that moment where ``at_need``, if that is more. A start begins ``lag_s`` later, none for ``up_s``
    after the last; n instances become at most the larger of n + ``by`` and n * ``times``. Instances beyond the most that
    was wanted in the last ``down_s`` end, each when it has nothing in hand.
    """

    share: float
    window_s: float
    every_s: float
    lag_s: float
    down_s: float
    at_need: bool = True
    up_s: float = 0.0
    by: float = math.inf
    times: float = 1.0


@dataclass(frozen=True)
class Host:
    """One machine that all instances share, and whatever else serves an answer there.

    A start is processor time, as long as it takes by itself; an answer in progress keeps a part of one processor busy.
    """

    vcpus: float
    answer_vcpus: float = 0.0
    other_vcpus: float = 0.0  # busy with something else all the time


@dataclass(frozen=True)
class Fleet:
    """``per_instance_per_s``: what one instance sustains, from which on its processors are the queue; None: not known.

    ``least_by_hour``: instances that are kept in each hour of the week from Monday 00:00 (or of the day, where there are
    24), in the place of ``least``.
    """

    grows: Grows
    service: Service
    at_once: int = 1
    least: int = 0
    most: float = math.inf
    picks: Picks = Picks.RECENT
    queue: Queue = field(default_factory=Queue)
    start_s: Array = field(default_factory=lambda: np.zeros(1))
    bound: bool = True  # the request that caused a start waits for it, whatever place falls free before
    idle: IdleLaw = field(default_factory=lambda: IdleLaw(np.zeros(0)))
    scaler: Autoscaler | None = None
    starts_at_once: float = math.inf  # a bucket of starts, and
    starts_per_s: float = math.inf  # how fast it fills
    vcpus: int = 1
    per_instance_per_s: float | None = None
    retry: RetryPolicy = NO_RETRY
    deadline_s: float = math.inf
    least_by_hour: tuple[int, ...] = ()
    from_zero_s: Array | None = None  # what a start takes where no instance exists; None: as any
    host: Host | None = None  # None: each instance has processors of its own, and starts take as long as they take

    def least_at(self, now_s: float) -> int:
        """Instances that are kept at a time since Monday 00:00."""
        of = self.least_by_hour
        return of[int(now_s / 3600) % len(of)] if of else self.least
