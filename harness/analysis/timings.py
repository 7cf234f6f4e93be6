"""What the service says of its own time, request by request: queue, retrieval, the model's first token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.quantiles import curve
from harness.domain.estimate import Known, Unknown
from harness.domain.reasons.absence import NotRecorded

TIMINGS = ("queue_ms", "retrieval_ms", "model_ttft_ms", "generation_ms")
AT = (0.5, 0.95)


@dataclass(frozen=True)
class Timing:
    """Of the good answers of one target under one profile, with the block interval of each percentile."""

    target: str
    profile: str
    name: str
    told: int  # answers that say it
    answers: int
    p50_ms: Known
    p95_ms: Known


def timings(target: str, profile: str, runs: Sequence[RunData]) -> tuple[Timing, ...]:
    """One of each kind that any answer tells."""
    return tuple(one for name in TIMINGS if (one := _timing(target, profile, name, runs)).told)


def _timing(target: str, profile: str, name: str, runs: Sequence[RunData]) -> Timing:
    blocks = [np.asarray(run.columns[name], dtype=float)[run.ok & run.measured] for run in runs]
    told = [block[~np.isnan(block)] for block in blocks]
    kept = [block for block in told if len(block)]
    known = dict(curve(kept, AT)) if kept else {}
    nothing = Unknown(NotRecorded())
    return Timing(
        target,
        profile,
        name,
        sum(map(len, told)),
        sum(map(len, blocks)),
        *(known.get(at, nothing) for at in AT),
    )
