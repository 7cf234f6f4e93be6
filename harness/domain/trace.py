"""A Trace: instants that were seen somewhere, with token counts where they were kept, scaled in time and rate."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from harness.domain.dispersion import Dispersion, dispersion


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of the trace; what the file does not tell is None."""

    at_s: float
    input_tokens: int | None = None
    output_tokens: int | None = None


class Change(StrEnum):
    """How a trace was brought to another rate."""

    NONE = "none"
    THINNED = "thinned"
    COPIED = "copied"


@dataclass(frozen=True)
class Played:
    """A trace as it is sent, with how bursty it was at this pace and how bursty it is after requests were left out or added."""

    requests: tuple[Seen, ...] = field(repr=False)
    change: Change
    share: float  # of the trace's requests: below 1 thinned, above it with copies
    speed: float
    before: Dispersion
    after: Dispersion

    def words(self) -> str:
        """One line for a person."""
        pace = f"at {self.speed:g} times its pace" if self.speed != 1 else "at its own pace"
        if self.change is Change.NONE:
            return f"{pace}, nothing left out or added"
        done = f"{self.share * 100:.3g} % of its requests" + (
            " kept at random" if self.change is Change.THINNED else ", copies between them"
        )
        indices = [
            f"IDC {name} {a:.3g} to {b:.3g}"
            for name, a, b in (
                ("1 s", self.before.idc_1s, self.after.idc_1s),
                ("10 s", self.before.idc_10s, self.after.idc_10s),
            )
            if a is not None and b is not None
        ]
        weaker = "; thinning weakens bursts, --speed keeps them" if self.change is Change.THINNED else ""
        return f"{pace}, {done}: {', '.join(indices) or 'too few to tell how bursty'}{weaker}"


class Clock(StrEnum):
    """What a file's numbers count: told by the column's name, else by how large a time since 1970 they would be."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"
    NANOSECONDS = "nanoseconds"

    @property
    def per_second(self) -> float:
        return 1000.0 ** list(Clock).index(self)


@dataclass(frozen=True)
class Trace:
    """Requests in time order, the first at 0; ``digest`` is that of the file, ``clock`` what its times were read as."""

    file: str
    digest: str
    requests: tuple[Seen, ...] = field(repr=False)
    clock: Clock = Clock.SECONDS

    @property
    def read_as(self) -> str:
        """Words where the file's times were not seconds; empty where they were."""
        return "" if self.clock is Clock.SECONDS else f"times read as {self.clock}"

    @property
    def length_s(self) -> float:
        return self.requests[-1].at_s if self.requests else 0.0

    @property
    def rate(self) -> float:
        """Mean requests per second; 0 for fewer than two."""
        return (len(self.requests) - 1) / self.length_s if self.length_s > 0 else 0.0

    def played(self, speed: float, rate: float | None, seconds: float | None, rng: Random) -> Played:
        """The trace at ``speed`` times its pace, its first ``seconds``, brought to a mean of ``rate`` per second.

        A pace stretches time and with it every burst, whole. A lower rate keeps a random
        share p of the requests, which takes an index of dispersion I to 1 + p (I - 1):
        towards Poisson's. A higher one adds copies, each at a random instant before the
        request that follows. Both keep the count exact.
        """
        sped = [Seen(s.at_s / speed, s.input_tokens, s.output_tokens) for s in self.requests]
        if seconds is not None:
            sped = sped[: bisect_left(sped, seconds, key=lambda s: s.at_s)]
        made = tuple(sped)
        if rate is not None and sped:
            span_s = seconds if seconds is not None else sped[-1].at_s
            made = _thinned_or_copied(sped, max(1, round(rate * span_s)), span_s, rng)
        share = len(made) / len(sped) if sped else 1.0
        change = Change.THINNED if share < 1 else Change.COPIED if share > 1 else Change.NONE
        before, after = (dispersion([s.at_s for s in seen]) for seen in (sped, made))
        return Played(made, change, share, speed, before, after)


def _thinned_or_copied(seen: Sequence[Seen], wanted: int, end_s: float, rng: Random) -> tuple[Seen, ...]:
    n = len(seen)
    if wanted <= n:
        return tuple(seen[k] for k in sorted(rng.sample(range(n), wanted)))
    whole, rest = divmod(wanted - n, n)
    more = set(rng.sample(range(n), rest))
    out = list(seen)
    for k, s in enumerate(seen):
        until = seen[k + 1].at_s if k + 1 < n else max(end_s, s.at_s)
        out += [Seen(rng.uniform(s.at_s, until), s.input_tokens, s.output_tokens) for _ in range(whole + (k in more))]
    return tuple(sorted(out, key=lambda s: s.at_s))
