"""Starts and answers on one machine, played in steps of a millisecond. Shares no code with the simulator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class One:
    born_s: float
    cpu_left_s: float
    waits_s: float
    due_s: float
    ready_s: float = -1.0
    ends_s: float = -1.0
    free_since_s: float = -1.0


@dataclass
class Seen:
    took_s: list[float]
    cold: int = 0
    instance_s: float = 0.0


def play(arrivals_s, to_s, *, vcpus, cpu_s, waits_s, answer_s, answer_vcpus, keep_s, step_s=0.001) -> Seen:
    """One request an instance; each start has at most one processor, and the same share as any other of what answers leave."""
    seen, alive, now, k = Seen([]), [], 0.0, 0
    while now < to_s:
        while k < len(arrivals_s) and arrivals_s[k] <= now:
            free = [one for one in alive if one.free_since_s >= 0]
            if free:
                one = max(free, key=lambda each: each.free_since_s)
                one.free_since_s, one.ends_s = -1.0, now + answer_s
                seen.took_s.append(answer_s)
            else:
                alive.append(One(now, cpu_s, waits_s, arrivals_s[k]))
                seen.cold += 1
            k += 1
        computing = [one for one in alive if one.cpu_left_s > 0]
        answering = [one for one in alive if one.ready_s >= 0 and one.ends_s >= 0]
        if computing:
            left = (vcpus - answer_vcpus * len(answering)) / len(computing)
            each = min(1.0, max(left, vcpus / (len(computing) + len(answering))))
            for one in computing:
                one.cpu_left_s -= each * step_s
                if one.cpu_left_s <= 0:
                    one.ready_s = now + step_s + one.waits_s
                    one.ends_s = one.ready_s + answer_s
                    seen.took_s.append(one.ends_s - one.due_s)
        now += step_s
        for one in list(alive):
            seen.instance_s += step_s
            if 0 <= one.ends_s <= now:
                one.free_since_s, one.ends_s = one.ends_s, -1.0
            elif 0 <= one.free_since_s < now - keep_s:
                alive.remove(one)
    return seen
