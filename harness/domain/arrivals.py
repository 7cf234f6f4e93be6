"""Load profiles: when requests are due, as a pure function of a profile and a seed.

A profile is a list of phases, each with a rate that is constant or linear in
time. An arrival process places exactly ``round(area)`` arrivals in each phase:
it draws them in *operational time* (the cumulative expected count, in which any
rate looks constant) and maps them back through the inverse of

    area(t) = r0 t + (r1 - r0) t^2 / (2 d)        for a phase of d seconds, r0 to r1

so constant, Poisson and gamma arrivals share one mapping. Exact-N ("conditional")
Poisson keeps the count, and with it cost and power, the same for every seed.
A trace has no phases: it plays what was seen, faster or slower, thinner or denser.
An experiment has no instants at all before it runs: each depends on the answers before it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

from harness.domain.asks import Asks
from harness.domain.bounds import MOST_ARRIVALS
from harness.domain.due import Due
from harness.domain.experiments import CapacitySearch, ColdStarts, Design, FromZeroBursts, KeepAlive, design_from
from harness.domain.process import Process, shares
from harness.domain.trace import Played, Trace

BURST = "burst"  # the phase whose end a target recovers from
MAY_BE_ZERO = ("forced", "idle", "control_after_s", "rest_s", "rest")


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time with one rate, or a rate that moves linearly from ``rate`` to ``end_rate``."""

    name: str
    duration_s: float
    rate: float
    end_rate: float | None = None
    measured: bool = True

    @property
    def last_rate(self) -> float:
        return self.rate if self.end_rate is None else self.end_rate

    @property
    def area(self) -> float:
        """Expected number of arrivals."""
        return (self.rate + self.last_rate) / 2 * self.duration_s

    @property
    def peak_rate(self) -> float:
        return max(self.rate, self.last_rate)

    def time_of(self, count: float) -> float:
        """Seconds from the phase's start until ``count`` arrivals are expected."""
        slope = (self.last_rate - self.rate) / self.duration_s
        if abs(slope) < 1e-12:
            return count / self.rate
        root = math.sqrt(max(0.0, self.rate * self.rate + 2 * slope * count))
        return min(self.duration_s, (root - self.rate) / slope)


@dataclass(frozen=True)
class LoadProfile:
    """Phases that repeat until ``duration_s`` is filled, after an unmeasured warm-up."""

    kind: str
    phases: tuple[Phase, ...]
    process: Process = Process.POISSON
    cv: float = 1.0
    duration_s: float | None = None
    warmup_s: float = 0.0
    offsets: tuple[tuple[float, str], ...] = ()  # probes: explicit instants instead of phases
    trace_file: str | None = None
    trace: Trace | None = None  # read from the file when the options are
    speed: float = 1.0
    mean_rate: float | None = None  # of a trace; None: its own
    experiment: Design | None = None  # arrivals that depend on answers
    asks: Asks = Asks.CHAT

    def asking(self, what: Asks | str) -> LoadProfile:
        """The same instants, with other requests: ``"retrieval"`` asks for passages alone."""
        return replace(self, asks=Asks(what))

    def during(self, seconds: float) -> LoadProfile:
        """The measured part lasts this long."""
        if self.experiment is not None:
            return replace(self, experiment=_changed(self.experiment, "duration_s", float(seconds)))
        return replace(self, duration_s=float(seconds))

    def after_warmup(self, seconds: float) -> LoadProfile:
        return replace(self, warmup_s=float(seconds))

    def spread(self, process: Process | str, cv: float | None = None) -> LoadProfile:
        """The same rates with another arrival process."""
        kind = Process(process)
        return replace(self, process=kind, cv=self.cv if cv is None else cv)

    def at_rate(self, rate: float) -> LoadProfile:
        """Every rate scaled so that the first phase, or a trace's mean, runs at ``rate`` per second."""
        if self.trace_file is not None:
            return replace(self, mean_rate=rate)
        if self.experiment is not None:
            return replace(self, experiment=_changed(self.experiment, "rate", rate))
        if not self.phases:
            return self
        factor = rate / self.phases[0].rate
        scaled = tuple(
            replace(p, rate=p.rate * factor, end_rate=None if p.end_rate is None else p.end_rate * factor)
            for p in self.phases
        )
        return replace(self, phases=scaled)

    def timeline(self) -> tuple[Phase, ...]:
        """Warm-up, then the phases repeated and cut to the duration."""
        if not self.phases:
            return ()
        cycle_s = sum(p.duration_s for p in self.phases)
        left = self.duration_s if self.duration_s is not None else cycle_s
        out: list[Phase] = []
        if self.warmup_s > 0:
            out.append(Phase("warmup", self.warmup_s, self.phases[0].rate, measured=False))
        while left > 1e-9:
            for phase in self.phases:
                if left <= 1e-9:
                    break
                out.append(_cut(phase, min(left, phase.duration_s)))
                left -= out[-1].duration_s
        return tuple(out)

    def playing(self, trace: Trace, speed: float | None = None) -> LoadProfile:
        """The trace instead of phases."""
        return LoadProfile(
            "trace",
            (),
            duration_s=self.duration_s if self.trace_file else None,
            warmup_s=self.warmup_s if self.trace_file else 0.0,
            trace_file=trace.file,
            trace=trace,
            speed=speed or self.speed,
            mean_rate=self.mean_rate,
            asks=self.asks,
        )

    @property
    def total_s(self) -> float:
        if self.offsets:
            return self.offsets[-1][0]
        if self.experiment is not None:
            return self.experiment.total_s
        if self.trace is not None:
            whole = self.trace.length_s / self.speed
            return whole if self.duration_s is None else min(whole, self.warmup_s + self.duration_s)
        return sum(p.duration_s for p in self.timeline())

    @property
    def peak_rate(self) -> float:
        """Highest rate, arrivals per second; of a trace, its fullest second."""
        if self.experiment is not None:
            return self.experiment.peak_rate
        if self.trace is not None:
            return _fullest_second([d.scheduled_s for d in self.arrivals(0)])
        return max((p.peak_rate for p in self.timeline()), default=1.0)

    def too_many(self) -> str | None:
        """Why its schedule cannot be drawn, in words; None where it can. Asked before any instant is."""
        expected = self._expected()
        if expected <= MOST_ARRIVALS:
            return None
        return f"about {expected:.3g} requests in one run: want at most {MOST_ARRIVALS:,}"

    def _expected(self) -> float:
        """How many arrivals it has, or the most that an experiment may have."""
        if self.offsets:
            return len(self.offsets)
        if self.experiment is not None:
            return self.experiment.most_requests
        if self.trace is not None:
            rate = self.mean_rate
            return len(self.trace.requests) if rate is None else max(rate * self.total_s, len(self.trace.requests))
        cycles = 1.0 if self.duration_s is None else self.duration_s / (sum(p.duration_s for p in self.phases) or 1.0)
        warm = self.warmup_s * self.phases[0].rate if self.phases else 0.0
        return warm + cycles * sum(p.area for p in self.phases)

    def arrivals(self, seed: int) -> tuple[Due, ...]:
        """Every intended arrival in time order; the same seed gives the same instants."""
        if self.offsets:
            return tuple(Due(t, phase, measured=True) for t, phase in self.offsets)
        if self.trace is not None:
            return tuple(
                Due(
                    s.at_s,
                    "trace" if s.at_s >= self.warmup_s else "warmup",
                    s.at_s >= self.warmup_s,
                    s.input_tokens,
                    s.output_tokens,
                )
                for s in self.played(seed).requests
            )
        rng = Random(f"arrivals:{seed}")
        start_s, carried, out = 0.0, 0.0, []
        for phase in self.timeline():
            expected = phase.area + carried
            n = round(expected)
            carried = expected - n
            for share in shares(self.process, n, self.cv, rng):
                out.append(Due(start_s + phase.time_of(share * phase.area), phase.name, phase.measured))
            start_s += phase.duration_s
        return tuple(out)

    def played(self, seed: int) -> Played:
        """The trace as it is sent; only for a profile that has one."""
        assert self.trace is not None
        rng = Random(f"arrivals:{seed}")
        return self.trace.played(self.speed, self.mean_rate, self.total_s if self.duration_s else None, rng)


def _cut(phase: Phase, duration_s: float) -> Phase:
    if duration_s >= phase.duration_s:
        return phase
    slope = (phase.last_rate - phase.rate) / phase.duration_s
    end = None if phase.end_rate is None else phase.rate + slope * duration_s
    return replace(phase, duration_s=duration_s, end_rate=end)


def _fullest_second(instants_s: list[float]) -> float:
    most = first = 0
    for k, at_s in enumerate(instants_s):
        while at_s - instants_s[first] >= 1.0:
            first += 1
        most = max(most, k - first + 1)
    return float(max(1, most))


def constant(rate: float) -> LoadProfile:
    """Evenly spaced arrivals, ``rate`` per second."""
    return LoadProfile("constant", (Phase("steady", 60.0, rate),), Process.CONSTANT)


def poisson(rate: float) -> LoadProfile:
    """Exactly N independent arrivals: Poisson given its count."""
    return LoadProfile("poisson", (Phase("steady", 60.0, rate),))


def gamma(rate: float, cv: float) -> LoadProfile:
    """Burstier than Poisson for ``cv`` above 1; gaps have that coefficient of variation."""
    return LoadProfile("gamma", (Phase("steady", 60.0, rate),), Process.GAMMA, cv)


def ramp(from_rate: float, to_rate: float, over_s: float) -> LoadProfile:
    """A rate that moves linearly from one value to the other."""
    return LoadProfile("ramp", (Phase("ramp", over_s, from_rate, to_rate),)).during(over_s)


def staircase(rate: float, growth: float, steps: int, step_s: float) -> LoadProfile:
    """Rates that grow by a factor a step, the first at ``rate``: a capacity search by hand."""
    phases = tuple(Phase(f"step-{k + 1:02d}", step_s, rate * growth**k) for k in range(steps))
    return LoadProfile("staircase", phases).during(step_s * steps)


def square_burst(rate: float, factor: float, on_s: float, off_s: float) -> LoadProfile:
    """Quiet traffic at ``rate`` with bursts of ``factor`` times as much, quiet first."""
    return LoadProfile("square_burst", (Phase("base", off_s, rate), Phase(BURST, on_s, rate * factor)))


def probes(pairs: int, idle_s: float, control_after_s: float) -> LoadProfile:
    """Single requests after idle gaps, each followed by a warm control request.

    The first probe is due at once and meets whatever state the target is in; the
    later ones meet what ``idle_s`` without traffic left behind.
    """
    cycle_s = idle_s + control_after_s
    instants = [
        (k * cycle_s + shift, name)
        for k in range(pairs)
        for shift, name in ((0.0, "forced" if k == 0 else "idle"), (control_after_s, "control"))
    ]
    return LoadProfile("probes", (), Process.CONSTANT, offsets=tuple(instants))


def cold_starts(forced: int, idle: int, idle_s: float, control_after_s: float) -> LoadProfile:
    """Probes of a target made cold, then of one left idle for ``idle_s``, each with a warm control after it."""
    return _experiment(ColdStarts(forced, idle, idle_s, control_after_s))


def from_zero(requests: int, repeats: int, idle_s: float = 900.0, rest_s: float = 5.0) -> LoadProfile:
    """``requests`` at one instant on a target without a warm instance, ``repeats`` times."""
    return _experiment(FromZeroBursts(requests, repeats, idle_s, rest_s))


def keep_alive(
    first_s: float, shortest_s: float, longest_s: float, duration_s: float, reversals: int = 8
) -> LoadProfile:
    """Idle gaps by doubling and then up-and-down steps, on every independent copy that the target offers."""
    return _experiment(KeepAlive(first_s, shortest_s, longest_s, reversals, duration_s))


def capacity(
    rate: float,
    step_s: float = 10.0,
    least: int = 40,
    precision: float = 1.25,
    growth: float = 1.5,
    most_s: float | None = None,
) -> LoadProfile:
    """The highest rate that keeps the SLOs: steps that grow by ``growth`` from ``rate``, until it is known to ``precision``.

    A step lasts ``step_s``, ``least`` requests or ten answer times, whichever is longest; ``most_s`` ends the search.
    """
    design = CapacitySearch(rate=rate, growth=growth, precision=precision, step_s=step_s, least=least, most_s=most_s)
    return _experiment(design)


def _experiment(design: Design) -> LoadProfile:
    """Raises ValueError for a number that makes no sense, so that a locustfile is refused where it is read."""
    wrong = [
        f"{name}={value}"
        for name, value in asdict(design).items()  # type: ignore[call-overload]
        if isinstance(value, int | float) and not (value >= 0 if name in MAY_BE_ZERO else value > 0)
    ]
    if wrong or not design.most_requests:
        raise ValueError(f"{design.kind}: {', '.join(wrong) or 'nothing would be sent'}")
    return LoadProfile(design.kind, (), experiment=design)


def _changed(design: Design, name: str, value: float) -> Design:
    """The design with one parameter changed; unchanged where it has no such parameter."""
    made: Design = replace(design, **{name: value}) if hasattr(design, name) else design  # type: ignore[type-var]
    return made


def trace(file: str, speed: float = 1.0) -> LoadProfile:
    """What a CSV of timestamps holds, at ``speed`` times its pace; with its token counts where it has them."""
    return LoadProfile("trace", (), trace_file=file, speed=speed)


def as_data(profile: LoadProfile) -> dict[str, Any]:
    """Plain values that travel as JSON or msgpack; of a trace its file and digest, not its requests."""
    known = profile.trace
    seen = {"file": known.file, "digest": known.digest, "requests": len(known.requests)} if known else None
    design = {"experiment": asdict(profile.experiment)} if profile.experiment else {}  # type: ignore[call-overload]
    made = asdict(replace(profile, trace=None)) | design | {"process": profile.process.value, "trace": seen}
    asks = made.pop(
        "asks"
    )  # stands only where it is not chat: what was sealed before there was a choice stays as it was
    return made if asks is Asks.CHAT else made | {"asks": asks.value}


def from_data(data: Mapping[str, Any], trace: Trace | None = None) -> LoadProfile:
    """The inverse of ``as_data``; raises ValueError when ``trace`` is not the one that was meant."""
    meant = data["trace"]
    if meant is not None and (trace is None or trace.digest != meant["digest"]):
        raise ValueError(f"{meant['file']} differs from the trace that this run was planned with")
    return LoadProfile(
        kind=data["kind"],
        phases=tuple(Phase(**phase) for phase in data["phases"]),
        process=Process(data["process"]),
        cv=data["cv"],
        duration_s=data["duration_s"],
        warmup_s=data["warmup_s"],
        offsets=tuple((float(at_s), str(name)) for at_s, name in data["offsets"]),
        trace_file=data["trace_file"],
        trace=trace if meant else None,
        speed=data["speed"],
        mean_rate=data["mean_rate"],
        experiment=design_from(data["experiment"]) if data["experiment"] else None,
        asks=Asks(data.get("asks", Asks.CHAT)),
    )
