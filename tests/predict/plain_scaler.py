"""A fleet behind an autoscaler, in small steps of time: shares no code with the simulator, and is slow on purpose."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Machine:
    ready_s: float
    ends: list[float] = field(default_factory=list)
    leaving: bool = False


@dataclass
class Watched:
    asked: int = 0
    cold: int = 0
    starts: int = 0
    machine_s: float = 0.0
    took: list[float] = field(default_factory=list)


def play(
    arrivals_s, to_s, *, takes, at_once, start_s, share, window_s, every_s, lag_s, down_s, least, most, step_s=0.05
):
    """A step at a time: answers end, machines come, arrivals queue, the queue is given out, the loop looks at the load."""
    seen = Watched()
    machines = [Machine(0.0) for _ in range(least)]
    coming: list[float] = []
    queue: list[float] = []
    loads: list[int] = []
    wanted_at: list[tuple[float, int]] = []
    k, now, look = 0, 0.0, every_s
    while now < to_s:
        now += step_s
        for one in machines:
            one.ends = [end for end in one.ends if end > now]
        machines = [one for one in machines if not (one.leaving and not one.ends)]
        for at in [at for at in coming if at <= now]:
            coming.remove(at)
            machines.append(Machine(at + start_s))
            seen.starts += 1
        while k < len(arrivals_s) and arrivals_s[k] <= now:
            queue.append(arrivals_s[k])
            seen.asked += 1
            k += 1
        while queue:
            able = [m for m in machines if m.ready_s <= now and not m.leaving and len(m.ends) < at_once]
            if not able:
                break
            one = min(able, key=lambda each: len(each.ends))
            due = queue.pop(0)
            end = max(due, one.ready_s) + takes() if now - due <= step_s else now + takes()
            one.ends.append(end)
            seen.took.append(end - due)
            seen.cold += one.ready_s > due
        seen.machine_s += len(machines) * step_s
        loads.append(sum(len(one.ends) for one in machines) + len(queue))
        if now >= look:
            look += every_s
            recent = loads[-round(window_s / step_s) :]
            need = max(sum(recent) / len(recent) / (share * at_once), loads[-1] / at_once)
            wanted = min(most, max(least, math.ceil(need - 1e-9)))
            wanted_at.append((now, wanted))
            there = [one for one in machines if not one.leaving]
            coming += [now + lag_s] * (wanted - len(there) - len(coming))
            if now >= down_s:
                kept = max(want for at, want in wanted_at if at >= now - down_s)
                for one in sorted(there, key=lambda each: len(each.ends))[: max(0, len(there) - kept)]:
                    one.leaving = True
    return seen
