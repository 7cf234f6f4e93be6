"""A router that was run: who answered what, and what the router itself took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.coded import is_known
from harness.analysis.dataset import RunData
from harness.analysis.pooled import Pooled
from harness.analysis.quantiles import percentile
from harness.analysis.shares import share_of
from harness.domain.estimate import Known
from harness.domain.target import Target


@dataclass(frozen=True)
class Routed:
    """What one side answered under one profile; shares of all measured requests, with block intervals."""

    profile: str
    side: str
    answered: Known
    fell_back: Known  # it answered after the other side had refused


@dataclass(frozen=True)
class Added:
    """What the router itself took before an answer's head, in seconds, under one profile."""

    profile: str
    p50_s: Known
    p95_s: Known


def routed(profile: str, runs: Sequence[RunData], sides: Sequence[Target]) -> tuple[Routed, ...]:
    """Of each side, in the router's order."""
    offered = np.array([int(r.measured.sum()) for r in runs])

    def share(side: str, *, refused_first: bool = False) -> Known:
        hits = [r.measured & (r.columns["route"] == side) for r in runs]
        if refused_first:
            hits = [hit & is_known(r.columns["route_from"]) for hit, r in zip(hits, runs, strict=True)]
        return share_of(np.array([int(h.sum()) for h in hits]), offered).estimate(0.95)

    return tuple(Routed(profile, s.name, share(s.name), share(s.name, refused_first=True)) for s in sides)


def added(profile: str, runs: Sequence[RunData]) -> Added:
    """Of every answer that a side gave."""
    pooled = Pooled([r.measured_of(r.columns["router_ms"] / 1000) for r in runs])
    return Added(profile, percentile(pooled, 0.5), percentile(pooled, 0.95))
