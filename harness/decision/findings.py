"""Everything that a decision rests on, as one value; the report reads it and computes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.coldstarts import Breakdown, Penalty, Share
from harness.analysis.dataset import Dataset
from harness.analysis.parity import Parity
from harness.analysis.platform import PlatformFigures
from harness.analysis.spend import BreakEven, Cost
from harness.analysis.throttling import Funnel, Second
from harness.analysis.traffic import Burstiness, Streams
from harness.domain.estimate import Unknown
from harness.domain.verdict import Comparison, SloVerdict


@dataclass(frozen=True)
class Findings:
    """The pilot's results."""

    data: Dataset
    slos: tuple[SloVerdict, ...]
    comparisons: tuple[Comparison, ...]
    funnels: tuple[Funnel, ...]
    timelines: dict[str, tuple[Second, ...]]
    cold_shares: tuple[Share, ...]
    penalties: tuple[Penalty, ...]
    breakdowns: tuple[Breakdown, ...]
    costs: tuple[Cost, ...]
    cost_verdicts: tuple[SloVerdict, ...]
    break_even: BreakEven | Unknown
    parity: Parity
    platform: tuple[PlatformFigures, ...]
    arrivals: tuple[Burstiness, ...]
    streams: tuple[Streams, ...]

    def cost_of(self, target: str) -> Cost:
        return next(c for c in self.costs if c.target == target)
