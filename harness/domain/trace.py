"""A Trace: instants that were seen somewhere, with token counts where they were kept, scaled in time and rate."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of the trace; what the file does not tell is None."""

    at_s: float
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True)
class Trace:
    """Requests in time order, the first at 0; ``digest`` is that of the file."""

    file: str
    digest: str
    requests: tuple[Seen, ...] = field(repr=False)

    @property
    def length_s(self) -> float:
        return self.requests[-1].at_s if self.requests else 0.0

    @property
    def rate(self) -> float:
        """Mean requests per second; 0 for fewer than two."""
        return (len(self.requests) - 1) / self.length_s if self.length_s > 0 else 0.0

    def played(self, speed: float, rate: float | None, seconds: float | None, rng: Random) -> tuple[Seen, ...]:
        """The trace at ``speed`` times its pace, its first ``seconds``, brought to a mean of ``rate`` per second.

        A lower rate keeps a random share of the requests, which keeps the bursts. A
        higher one adds copies, each at a random instant before the request that
        follows, which keeps the shape. Both keep the count exact.
        """
        sped = [Seen(s.at_s / speed, s.input_tokens, s.output_tokens) for s in self.requests]
        if seconds is not None:
            sped = sped[: bisect_left(sped, seconds, key=lambda s: s.at_s)]
        if rate is None or not sped:
            return tuple(sped)
        span_s = seconds if seconds is not None else sped[-1].at_s
        return _thinned_or_copied(sped, max(1, round(rate * span_s)), span_s, rng)


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
