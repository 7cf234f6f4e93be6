"""Bursts from zero: cold instances and requests that they delayed are two numbers, not one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.dataset import RunData
from harness.analysis.quantiles import inverted_cdf


@dataclass(frozen=True)
class FromZero:
    """All bursts of one target together; counts are means a burst."""

    target: str
    bursts: int
    requests: float
    answered: float
    refused: float
    cold_instances: float
    delayed: float  # answers whose instance was born after they were sent
    start_spread_s: float  # widest: from the first send of a burst to its last
    median_s: float | None
    p95_s: float | None
    slowest_s: float | None
    answered_n: int


def from_zero(target: str, runs: Sequence[RunData]) -> FromZero | None:
    """None where no burst was made."""
    rows, times = [], []
    for run in runs:
        c = run.columns
        for phase in sorted({p for p in c["phase"] if str(p).startswith("zero-")}):
            here = c["phase"] == phase
            cold = here & run.ok & np.array([v is True for v in c["cold"]], dtype=bool)
            sent = c["sent_s"][here]
            sent = sent[~np.isnan(sent)]
            rows.append(
                (
                    int(here.sum()),
                    int((here & run.ok).sum()),
                    int((here & run.refused).sum()),
                    len(set(c["instance_id"][cold])),
                    int(cold.sum()),
                    float(sent.max() - sent.min()) if len(sent) else 0.0,
                )
            )
            times.append(run.response_s[here & run.ok])
    if not rows:
        return None
    requests, answered, refused, cold, delayed, spread = (np.array(column) for column in zip(*rows, strict=True))
    took = np.concatenate(times)
    return FromZero(
        target=target,
        bursts=len(rows),
        requests=float(requests.mean()),
        answered=float(answered.mean()),
        refused=float(refused.mean()),
        cold_instances=float(cold.mean()),
        delayed=float(delayed.mean()),
        start_spread_s=float(spread.max()),
        median_s=float(inverted_cdf(took, 0.5)) if len(took) else None,
        p95_s=float(inverted_cdf(took, 0.95)) if len(took) else None,
        slowest_s=float(took.max()) if len(took) else None,
        answered_n=len(took),
    )
