"""Whether this machine keeps time: asked before an INVALID block is repeated, so that one busy moment is waited out once."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.domain.quantile import quantile

TICK_S = 0.002
PROBE_S = 0.5
LATE_S = 0.010  # half the least lag limit


def lateness_s(seconds: float = PROBE_S) -> float:
    """How late this process wakes, p99 over short sleeps: what a generator on this machine would suffer now."""
    late, end = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        time.sleep(TICK_S)
        late.append(time.perf_counter() - began - TICK_S)
    return quantile(late, 0.99) or 0.0


def wait_until_quiet(
    most_s: float, say: Callable[[str], None], late_s: Callable[[], float] = lateness_s
) -> float | None:
    """Return once timers are on time again; how late they still are where they were not within ``most_s``."""
    began, said = time.monotonic(), False
    while (late := late_s()) > LATE_S:
        if time.monotonic() - began > most_s:
            return late
        if not said:
            said = True
            say(f"this machine's timers are {late * 1e3:.0f} ms late: waiting up to {most_s:g} s for it to be quiet")
    return None
