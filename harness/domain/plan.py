"""Plan, Block and Run: what will be measured, in which order, and what it will take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from harness.domain.role import PACED, Role


class Purpose(StrEnum):
    """What a plan's runs are for; only evidence is ever judged."""

    EVIDENCE = "evidence"
    EYES = "eyes"  # a race: both targets share the generator's machine at once, so no figure of it counts


class Start(StrEnum):
    """The state a run finds its target in."""

    WARM = "warm"
    COLD = "cold"


@dataclass(frozen=True)
class ProfilePlan:
    """One profile's part of every block."""

    name: str
    file: str
    start: Start
    options: tuple[tuple[str, str], ...]  # the child's command-line options, in order
    duration_s: float
    warmup_s: float
    requests: int
    repeats: int | None = None  # a track of its own; None: part of every block
    aa: bool = False  # the baseline under both labels: what the harness itself makes different
    measured: int | None = None  # of its requests, those after the warm-up; None where an experiment decides
    streams: int | None = None  # of the measured ones, those that ask for a stream
    role: Role = Role.EVERYDAY


@dataclass(frozen=True)
class Run:
    """One schedule against one target, once."""

    block: int
    position: int  # from 1 among the targets that get its schedule
    target: str
    profile: str
    seed: int
    schedule_digest: str
    requests: int
    expected_s: float
    start: Start = Start.WARM

    @property
    def id(self) -> str:
        return f"b{self.block:02d}-{self.profile}-{self.position}-{self.target}"


@dataclass(frozen=True)
class Block:
    """The unit of replication: every profile on both targets, in one order, in one slot."""

    number: int
    order: str  # "AB" or "BA"; A is the baseline
    not_before: str  # ISO 8601, UTC
    day: int
    day_part: str
    runs: tuple[Run, ...]
    track: str | None = None  # the experiment that this unit repeats, outside the paired blocks
    side_by_side: bool = False  # its runs mostly wait, each on a target of its own: they go at the same time

    @property
    def expected_s(self) -> float:
        each = [run.expected_s for run in self.runs]
        return max(each, default=0.0) if self.side_by_side else sum(each)


@dataclass(frozen=True)
class Plan:
    """Every block in order; knows its size before it spends anything."""

    baseline: str
    candidate: str
    seed: int
    blocks: tuple[Block, ...]
    profiles: tuple[ProfilePlan, ...]
    questions_digest: str
    forecast_usd: Decimal
    created: str
    tracks: tuple[Block, ...] = ()
    purpose: Purpose = Purpose.EVIDENCE

    @property
    def units(self) -> tuple[Block, ...]:
        """Blocks and tracks in the order of their slots; within a slot the blocks go first."""
        return tuple(sorted((*self.blocks, *self.tracks), key=lambda unit: (unit.not_before, unit.number)))

    def judged(self, chosen: tuple[str, ...] | None) -> tuple[str, ...]:
        """Profiles that promises are judged under: those ``chosen``, else every paced one of the paired blocks."""
        if chosen is not None:
            return chosen
        return tuple(p.name for p in self.profiles if p.repeats is None and not p.aa and p.role in PACED)

    def role_of(self, profile: str) -> Role:
        """Everyday of one that the plan does not have: a canary's, a sweep's."""
        return next((p.role for p in self.profiles if p.name == profile), Role.EVERYDAY)

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(run for unit in self.units for run in unit.runs)

    @property
    def requests(self) -> int:
        return sum(run.requests for run in self.runs)

    @property
    def expected_s(self) -> float:
        return sum(unit.expected_s for unit in self.units)
