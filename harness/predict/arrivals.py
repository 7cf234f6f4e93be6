"""Instants of requests in chunks, seconds since the start, ascending: a rate, a week's curve, a trace.

More traffic is more independent callers: a rate or a curve is multiplied, a trace is laid over itself, each copy
turned by a time of its own (a trace squeezed in time would have other gaps between a caller's requests, and windows and
starts do not shrink with it). Less traffic keeps each request by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from harness.analysis.columns import Array
from harness.domain.traffic import HOURS_PER_WEEK

CHUNK_S = 3600.0
FEW_A_CHUNK, MOST_A_CHUNK = 500, 100_000
Arrivals = Iterable[Array]


def poisson(rate_per_s: float, length_s: float, seed: int) -> Iterator[Array]:
    """Independent callers at one rate; a chunk of a quiet one is as long as its requests need."""
    yield from varying([rate_per_s], length_s, seed, max(CHUNK_S, FEW_A_CHUNK / rate_per_s) if rate_per_s else length_s)


def gamma(rate_per_s: float, cv: float, length_s: float, seed: int) -> Iterator[Array]:
    """A renewal process whose gaps have the coefficient of variation ``cv``."""
    rng = np.random.default_rng([seed, 2])
    shape = 1 / (cv * cv)
    at = 0.0
    while at < length_s:
        instants = at + np.cumsum(rng.gamma(shape, 1 / (rate_per_s * shape), MOST_A_CHUNK // 10))
        at = float(instants[-1])
        yield instants[instants < length_s]


def week(hourly_per_s: Sequence[float], length_s: float, seed: int) -> Iterator[Array]:
    """Poisson at the rate of each hour of a week, from Monday 00:00, again and again."""
    assert len(hourly_per_s) == HOURS_PER_WEEK
    yield from varying(hourly_per_s, length_s, seed)


def varying(hourly_per_s: Sequence[float], length_s: float, seed: int, hour_s: float = CHUNK_S) -> Iterator[Array]:
    """Poisson at a rate for each hour, the hours in turn."""
    rng = np.random.default_rng([seed, 1])
    start, hour = 0.0, 0
    while start < length_s:
        stretch = min(hour_s, length_s - start)
        rate = hourly_per_s[hour % len(hourly_per_s)]
        parts = max(1, math.ceil(rate * stretch / MOST_A_CHUNK))
        for part in range(parts):
            n = int(rng.poisson(rate * stretch / parts))
            yield start + (part + np.sort(rng.random(n))) * (stretch / parts)
        start, hour = start + stretch, hour + 1


def trace(
    instants_s: Sequence[float] | Array,
    length_s: float,
    times: float,
    seed: int,
    from_s: float = 0.0,
    to_s: float | None = None,
) -> Iterator[Array]:
    """A trace of ``length_s`` seconds at ``times`` its traffic: whole copies, each turned, and of one more a share.

    Each keeps the trace's own bursts; the first copy is not turned. Of a trace that goes on and on, what lies between
    ``from_s``, which may be before its beginning, and ``to_s``: no more of it is made. Raises ValueError for an instant
    beyond the length.
    """
    rng = np.random.default_rng([seed, 3])
    own = np.sort(np.asarray(instants_s, dtype=float))
    if len(own) and not 0 <= own[0] <= own[-1] < length_s:
        raise ValueError(f"instants from {own[0]:g} to {own[-1]:g} s do not lie within {length_s:g} s")
    whole, share = int(times), times - int(times)
    copies = [(own, rng.random() * length_s if k else 0.0) for k in range(whole)]
    if share > 0:
        copies.append((own[rng.random(len(own)) < share], rng.random() * length_s if whole else 0.0))
    for round_s, begin_s, end_s in _rounds(from_s, length_s if to_s is None else to_s, length_s):
        parts = max(1, math.ceil(times * len(own) * (end_s - begin_s) / length_s / MOST_A_CHUNK))
        edges = [begin_s + (end_s - begin_s) * part / parts for part in range(parts + 1)]
        for ends in pairwise(edges):
            its = [_turned(of, by_s, *ends, length_s) for of, by_s in copies] or [own[:0]]
            yield round_s + np.sort(np.concatenate(its))


def _rounds(from_s: float, to_s: float, length_s: float) -> Iterator[tuple[float, float, float]]:
    """When each round of a trace begins, and which stretch of it lies between the two."""
    for k in range(math.floor(from_s / length_s), math.ceil(to_s / length_s)):
        yield k * length_s, max(0.0, from_s - k * length_s), min(length_s, to_s - k * length_s)


def _turned(own: Array, by_s: float, from_s: float, to_s: float, length_s: float) -> Array:
    """What a copy that is turned has between two times."""
    found = []
    for shift in (by_s, by_s - length_s):
        first, last = np.searchsorted(own, (from_s - shift, to_s - shift))
        found.append(own[first:last] + shift)
    return np.concatenate(found)
