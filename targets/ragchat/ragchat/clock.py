"""The token clock: when a model would have said each token, as a pure function of the request.

The seed is the request itself, so the same question gets the same model time on
every runtime and a comparison is paired. Defaults follow public RAG traffic:
answers lognormal (median 220 tokens, sigma 0.78), about 50 tokens a second,
time to first token about 0.6 s plus 0.25 ms per prompt token, and one gap in a
hundred a stall.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """Parameters of the clock; seconds before ``time_scale`` is applied."""

    ttft_median_s: float = 0.6
    ttft_sigma: float = 0.35
    prefill_s_per_token: float = 0.00025
    gap_median_s: float = 0.018
    gap_sigma: float = 0.5
    stall_share: float = 0.01
    stall_s: float = 0.15
    length_median: float = 220.0
    length_sigma: float = 0.78
    time_scale: float = 1.0


@dataclass(frozen=True)
class Tokens:
    """How many tokens to say at most, and when: seconds after the request's arrival, ascending."""

    times_s: tuple[float, ...]


def plan(law: Law, seed: bytes, prompt_tokens: int, max_tokens: int) -> Tokens:
    """Token times for one request."""
    rng = random.Random(hashlib.sha256(seed).digest())
    length = law.length_median * math.exp(rng.gauss(0, law.length_sigma))
    n = max(1, min(max_tokens, round(length)))
    at = law.ttft_median_s * math.exp(rng.gauss(0, law.ttft_sigma)) + law.prefill_s_per_token * prompt_tokens
    times = []
    for _ in range(n):
        times.append(at * law.time_scale)
        at += law.gap_median_s * math.exp(rng.gauss(0, law.gap_sigma))
        if rng.random() < law.stall_share:
            at += law.stall_s
    return Tokens(tuple(times))
