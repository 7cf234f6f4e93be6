"""A queue with a known law, played event by event: it shares no code with what reads it."""

from __future__ import annotations

import heapq
import random

from tests.builders import job


def played(jobs, workers, service_s, seed, rate=20.0, offset_s=0.0):
    """``jobs`` handed in at ``rate``, first come first served; ``service_s``: a number, or a function of a random source."""
    rng = random.Random(seed)
    free, out = [0.0] * workers, []
    for seq in range(jobs):
        came = offset_s + seq / rate
        took = service_s(rng) if callable(service_s) else service_s
        starts = max(came, heapq.heappop(free))
        heapq.heappush(free, starts + took)
        told = {"running_ms": took * 1000, "queued_ms": (starts - came) * 1000}
        out.append(
            job(
                seq,
                scheduled_s=came,
                accepted_s=came,
                started_s=starts,
                done_s=starts + took,
                known_s=starts + took + rng.random(),
                **told,
            )
        )
    return out


def exponential(mean_s):
    return lambda rng: rng.expovariate(1 / mean_s)
