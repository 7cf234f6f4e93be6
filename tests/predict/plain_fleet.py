"""A fleet played as plainly as can be: at each arrival every instance is looked at. Shares no code with the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class One:
    born_s: float
    ready_s: float
    ends: list[float] = field(default_factory=list)
    used_s: float = 0.0
    keep_s: float = 0.0


@dataclass
class Seen:
    asked: int = 0
    cold: int = 0
    refused: int = 0
    instance_s: float = 0.0
    active_s: float = 0.0
    handled_s: float = 0.0


def play(arrivals_s, to_s, *, at_once, takes, start_s, keeps, most=10**9, warm_s=0.0) -> Seen:  # noqa: C901 - one plain play
    """``takes`` and ``keeps``: functions of the time of day that give seconds; the one used last takes the next."""
    alive: list[One] = []
    seen = Seen()

    def lived(one: One, end: float) -> None:
        seen.instance_s += max(0.0, min(end, to_s) - max(one.born_s, warm_s))

    def settle(now: float) -> None:
        for one in list(alive):
            one.used_s = max([one.used_s, *(end for end in one.ends if end <= now)])
            one.ends = [end for end in one.ends if end > now]
            if not one.ends and one.used_s + one.keep_s < now:
                alive.remove(one)
                lived(one, one.used_s + one.keep_s)

    spans: list[tuple[float, float]] = []
    for now in arrivals_s:
        if now >= to_s:
            break
        settle(now)
        counts = now >= warm_s
        seen.asked += counts
        able = [one for one in alive if len(one.ends) < at_once]
        ready = [one for one in able if one.ready_s <= now]
        if able:
            one = max(ready or able, key=lambda each: each.used_s)
        elif len(alive) < most:
            one = One(now, now + start_s)
            alive.append(one)
        else:
            seen.refused += counts
            continue
        seen.cold += counts and one.ready_s > now
        end = max(now, one.ready_s) + takes()
        seen.handled_s += (end - max(now, one.ready_s)) * counts
        one.ends.append(end)
        one.used_s = now
        one.keep_s = keeps(max(one.ends))
        if counts:
            spans.append((id(one), now, end))
    settle(to_s)
    for one in alive:
        lived(one, to_s)
    seen.active_s = _covered(spans, to_s)
    return seen


def _covered(spans, to_s) -> float:
    """Seconds in which an instance has something in hand, of all of them."""
    total, by = 0.0, {}
    for one, start, end in spans:
        by.setdefault(one, []).append((start, min(end, to_s)))
    for each in by.values():
        reach = -1.0
        for start, end in sorted(each):
            total += max(0.0, end - max(start, reach))
            reach = max(reach, end)
    return total
