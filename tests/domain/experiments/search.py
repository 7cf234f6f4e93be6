"""Drives a search against a server of ``servers`` in simulated time."""

from __future__ import annotations

import heapq
import itertools

from harness.domain.experiments.protocol import Ask, Conditions, Done, Seen
from tests.domain.experiments.drive import Driven

TICK_S = 0.1  # how often a search is asked


def drive(experiment, server, most_s=1e6, told_s=0.5) -> Driven:
    """Answers are known to the search ``told_s`` after they ended, as a worker's batches come."""
    out, due, open_, told, count = Driven(), [], {}, [], itertools.count()
    while out.now_s < most_s:
        while due and due[0][0] <= out.now_s:
            at_s, _, one = heapq.heappop(due)
            _note(server.until(at_s), open_, told, told_s, count)
            open_[server.arrive(at_s)] = one
        _note(server.until(out.now_s), open_, told, told_s, count)
        while told and told[0][0] <= out.now_s:
            seen = heapq.heappop(told)[2]
            out.seen.append(seen)
            experiment.see(seen)
        match experiment.next(out.now_s):
            case Done(why):
                out.ended = why
                return out
            case Ask(more):
                for one in more:
                    heapq.heappush(due, (one.scheduled_s, next(count), one))
        out.now_s += TICK_S
    return out


def _note(ended, open_, told, told_s, count):
    for number, finished_s, ok in ended:
        one = open_.pop(number)
        first_s = one.scheduled_s + 0.5 * (finished_s - one.scheduled_s) if ok else None
        seen = Seen(one.phase, 0, True, one.scheduled_s, one.scheduled_s, first_s, finished_s, ok, False)
        heapq.heappush(told, (finished_s + told_s, next(count), seen))


def conditions(promise, seed, most_rate, slots=None):
    return Conditions(seed, promise, most_rate, slots=slots)
