"""Sentences for what spoils a run, or comes near it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.domain.reasons import fault as kinds
from harness.words.numbers import counted, verb
from harness.words.speech import Book


@dataclass(frozen=True)
class _Gauge:
    """How a figure is written, and why too much of it spoils a run."""

    name: str
    why: str
    unit: str
    scale: float = 1.0


_GAUGES = {
    "loop_lag_p99_s": _Gauge(
        "event loop lag p99",
        "answers that have arrived wait to be read, and the wait reads as the target's",
        " ms",
        1e3,
    ),
    "cpu_p95_pct": _Gauge(
        "generator CPU p95",
        "with less than a tenth of a core to spare, requests queue in the generator",
        " % of a core",
    ),
    "gc_pause_max_s": _Gauge(
        "longest garbage collection", "tokens that arrive during it all get the time of its end", " ms", 1e3
    ),
    "sockets_share": _Gauge(
        "open sockets",
        "past the process's limit of descriptors, connections fail that the target would have taken",
        " % of the limit",
        100,
    ),
    "clock_step_s": _Gauge("wall clock step", "platform data are joined to the run by wall time", " s"),
}


def _above(r: kinds.GaugeAbove) -> str:
    one = _GAUGES[r.gauge]
    return f"{one.name} {r.value * one.scale:.4g}{one.unit} is above {r.most * one.scale:g}{one.unit}: {one.why}"


def _near(r: kinds.GaugeNear) -> str:
    one = _GAUGES[r.gauge]
    return f"{one.name} {r.value * one.scale:.4g}{one.unit} is near its limit {r.most * one.scale:g}{one.unit}"


def _killed(r: kinds.KilledBy) -> str:
    how = f"it was killed by {r.signal}" if r.signal else "it was ended before it could close its ledger"
    return f"{how}; this ledger was written by its campaign"


WORDS: Book = {
    kinds.LagAbove: lambda r: f"lag p99 {r.lag_p99_s * 1e3:.1f} ms is above its limit {r.limit_s * 1e3:.0f} ms",
    kinds.LagNear: lambda r: f"lag p99 {r.lag_p99_s * 1e3:.1f} ms is near its limit {r.limit_s * 1e3:.0f} ms",
    kinds.GaugeAbove: _above,
    kinds.GaugeNear: _near,
    kinds.ClocksApart: lambda r: (
        f"a worker's clock moved {r.apart_s * 1e3:.1f} ms against the master's, above {r.limit_s * 1e3:.0f} ms: "
        "its part of the schedule was out of step; keep the hosts' clocks by NTP"
    ),
    kinds.ClocksUnsure: lambda r: (
        f"a worker's clock is known to {r.unsure_s * 1e3:.1f} ms only, more than {r.limit_s * 1e3:.0f} ms: "
        "bursts may be less sharp than planned; put the generators nearer to their master"
    ),
    kinds.ClocksUnknown: lambda r: (
        f"the clocks of {counted(r.workers, 'worker')} could not be compared with the master's, so when they sent is not known"
    ),
    kinds.DoesNotBalance: "the ledger does not balance: {planned} planned, {seen} accounted for",
    kinds.JobsDoNotBalance: "jobs.parquet does not balance: {planned} submissions planned, {seen} jobs accounted for",
    kinds.StoppedEarly: lambda r: f"stopped before its end{f' ({r.by})' if r.by else ''}",
    kinds.WorkersLost: lambda r: f"{counted(r.workers, 'worker')} lost, {counted(r.arrivals, 'arrival')} with them",
    kinds.NeverSent: lambda r: f"{counted(r.arrivals, 'arrival')} {verb(r.arrivals, 'was', 'were')} never sent",
    kinds.NoSlotFree: lambda r: (
        f"no slot was free for {counted(r.arrivals, 'arrival')} when {verb(r.arrivals, 'it was', 'they were')} due: raise --slots"
    ),
    kinds.JobsNotAsked: lambda r: (
        f"{counted(r.questions, 'question')} about jobs came too late, or not at all, at this generator's own rate of "
        "questions: raise poll_rate (--poll-rate), or the limits.max_rate that it may not pass"
    ),
    kinds.NotConnected: "this machine could not open a connection: {error}",
    kinds.NotWritten: "evidence could not be written: {error}",
    kinds.GeneratorFailed: "the generator failed: {error}",
    kinds.NotClosed: "it could not be closed: {error}",
    kinds.KilledBy: _killed,
    kinds.OnlyToWatch: "it is a race: both targets were driven at once, to watch, not to measure, so it is not evidence",
    kinds.DidNotEnd: "the run did not end",
    kinds.NotReadable: "{file} {problems}",
    kinds.JobsNotRead: "what became of its jobs can't be told: {file}: {problem}",
    kinds.SentLate: lambda r: (
        f"{counted(r.arrivals, 'arrival')} {verb(r.arrivals, 'was', 'were')} sent late because requests that reached their "
        f"deadline held every slot; the lag is the target's, and more slots would have sent {verb(r.arrivals, 'it', 'them')} in time"
    ),
    kinds.JoinedLate: lambda r: f"{counted(r.workers, 'worker')} joined after the start and stayed idle",
}
