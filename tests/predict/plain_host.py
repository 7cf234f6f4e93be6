"""Starts and answers on one machine, played in steps of a millisecond. Shares no code with the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class One:
    born_s: float
    cpu_left_s: float
    due_s: float
    ready_s: float = -1.0
    ends_s: float = -1.0
    free_since_s: float = -1.0


@dataclass
class Seen:
    took_s: list[float] = field(default_factory=list)
    starts: list[tuple[float, float]] = field(default_factory=list)  # from and to, in the order of their ends
    answers: list[tuple[float, float]] = field(default_factory=list)
    busy_s: list[float] = field(default_factory=list)  # processor seconds of each second
    cold: int = 0
    instance_s: float = 0.0


def play(arrivals_s, to_s, *, vcpus, cpu_s, answer_s, answer_vcpus, keep_s, step_s=0.001) -> Seen:  # noqa: C901 - one plain play
    """One request an instance; each start has at most one processor, and the same share as any other of what answers leave."""
    seen, alive, now, k = Seen(), [], 0.0, 0
    while now < to_s:
        while k < len(arrivals_s) and arrivals_s[k] <= now:
            free = [one for one in alive if one.free_since_s >= 0]
            if free:
                one = max(free, key=lambda each: each.free_since_s)
                one.free_since_s, one.ends_s = -1.0, now + answer_s
                seen.took_s.append(answer_s)
                seen.answers.append((now, one.ends_s))
            else:
                alive.append(One(now, cpu_s, arrivals_s[k]))
                seen.cold += 1
            k += 1
        computing = [one for one in alive if one.cpu_left_s > 0]
        answering = [one for one in alive if one.ready_s >= 0 and one.ends_s >= 0]
        if now >= len(seen.busy_s):
            seen.busy_s.append(0.0)
        seen.busy_s[-1] += answer_vcpus * len(answering) * step_s
        if computing:
            left = (vcpus - answer_vcpus * len(answering)) / len(computing)
            each = min(1.0, max(left, vcpus / (len(computing) + len(answering))))
            for one in computing:
                one.cpu_left_s -= each * step_s
                seen.busy_s[-1] += each * step_s
                if one.cpu_left_s <= 0:
                    one.ready_s = now + step_s
                    one.ends_s = one.ready_s + answer_s
                    seen.took_s.append(one.ends_s - one.due_s)
                    seen.starts.append((one.born_s, one.ready_s))
                    seen.answers.append((one.ready_s, one.ends_s))
        now += step_s
        for one in list(alive):
            seen.instance_s += step_s
            if 0 <= one.ends_s <= now:
                one.free_since_s, one.ends_s = one.ends_s, -1.0
            elif 0 <= one.free_since_s < now - keep_s:
                alive.remove(one)
    return seen
