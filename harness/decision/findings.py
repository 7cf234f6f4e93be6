"""Everything that a decision rests on, as one value; the report reads it and computes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.capacity import Capacity, Sizing
from harness.analysis.coldstarts import Breakdown, Penalty, Share
from harness.analysis.contention import Contention
from harness.analysis.dataset import Dataset
from harness.analysis.fromzero import FromZero
from harness.analysis.keepalive import Window
from harness.analysis.mitigations import Mitigation
from harness.analysis.parity import Parity
from harness.analysis.platform import PlatformFigures
from harness.analysis.refusals import Manner
from harness.analysis.spend import BreakEven, Cost
from harness.analysis.throttling import Funnel, Second
from harness.analysis.traffic import Burstiness, Streams
from harness.domain.estimate import Unknown
from harness.domain.verdict import Comparison, SloVerdict


@dataclass(frozen=True)
class Expected:
    """Cold answers at the expected traffic, played on paper with the measured window and answer times."""

    target: str
    per_s: float
    window_s: float
    share: float
    share_low: float | None  # with the window at the upper end of its interval
    share_high: float | None
    answers: int


@dataclass(frozen=True)
class ColdFindings:
    """Everything about cold starts; of the variants too."""

    shares: tuple[Share, ...]
    penalties: tuple[Penalty, ...]
    breakdowns: tuple[Breakdown, ...]
    windows: tuple[Window, ...]
    expected: tuple[Expected, ...]
    from_zero: tuple[FromZero, ...]
    mitigations: tuple[Mitigation, ...]


@dataclass(frozen=True)
class Findings:
    """The pilot's results."""

    data: Dataset
    slos: tuple[SloVerdict, ...]
    comparisons: tuple[Comparison, ...]
    funnels: tuple[Funnel, ...]
    timelines: dict[str, tuple[Second, ...]]
    manners: tuple[Manner, ...]
    cold: ColdFindings
    capacities: tuple[Capacity, ...]
    sizings: tuple[Sizing, ...]
    contention: tuple[Contention, ...]
    costs: tuple[Cost, ...]
    cost_verdicts: tuple[SloVerdict, ...]
    break_even: BreakEven | Unknown
    parity: Parity
    platform: tuple[PlatformFigures, ...]
    arrivals: tuple[Burstiness, ...]
    streams: tuple[Streams, ...]

    def cost_of(self, target: str) -> Cost:
        return next(c for c in self.costs if c.target == target)
