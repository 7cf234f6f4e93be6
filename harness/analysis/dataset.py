"""The measured samples of every valid block, as arrays, paired by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from harness.analysis.coded import among
from harness.analysis.columns import Array, Chosen, Column, Columns
from harness.analysis.job_table import check_jobs
from harness.analysis.sound import check
from harness.analysis.usual import DEGRADED, UNTOLD, Usual
from harness.domain.plan import Plan
from harness.domain.role import Role
from harness.domain.sample import REFUSALS, UNBILLED, Outcome
from harness.errors import BadFile
from harness.evidence.schema import SAMPLES_FORMAT
from harness.evidence.store import RunRecord, Store

T = TypeVar("T")
READ = (
    "phase",
    "measured",
    "stream",
    "scheduled_s",
    "sent_s",
    "first_token_s",
    "finished_s",
    "outcome",
    "retry_after_s",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "model",
    "bytes",
    "cold",
    "instance_id",
    "instance_age_ms",
    "error_code",
    "layer",
    "init_ms",
    "queue_ms",
    "retrieval_ms",
    "model_ttft_ms",
    "generation_ms",
    "answer_digest",
    "citations",
    "platform_request_id",
    "request_id",
    "question_id",
    "seq",
    "headers_s",
    "connect_s",
    "last_token_s",
    "token_events",
    "attempts",
    "cold_first",
    "instance_requests",
    "init_type",
    "lane",
    "refused_by",
    "first_reasoning_s",
    "tenant",
    "route",
    "route_from",
    "router_ms",
    "cached",
    "degraded",
    "evaluated",
    "passed",
    "missed",
    "hits",
    "hit_rank",
    "top_k",
    "rerank_ms",
    "instance_memory_mb",
)


@dataclass(frozen=True)
class RunData:
    """One valid run's samples; arrays share one order, that of ``seq``."""

    block: int
    target: str
    profile: str
    record: RunRecord
    columns: Mapping[str, Column]
    position: int = 0  # within its block; an A/A unit has the same target at both
    usual: Usual | None = None  # what its target's own answers are like; None: nobody asked
    side: str = ""  # of a router's run, the side whose answers these are; empty: the run as a client saw it

    def of_side(self, name: str) -> RunData:
        """What this side of a router answered, as a run of that side's target."""
        chosen = np.asarray(self.columns["route"] == name, dtype=bool)
        return replace(self, target=name, side=name, columns=Chosen(self.columns, chosen))

    @cached_property
    def measured(self) -> Array:
        flags: Array = np.asarray(self.columns["measured"], dtype=bool)
        return flags

    @cached_property
    def ok(self) -> Array:
        flags: Array = self.columns["outcome"] == Outcome.OK.value
        return flags

    @cached_property
    def refused(self) -> Array:
        return among(self.columns["outcome"], [o.value for o in REFUSALS])

    @cached_property
    def taken(self) -> Array:
        """Arrivals that reached code which is billed for them."""
        return ~among(self.columns["outcome"], [o.value for o in UNBILLED])

    @cached_property
    def response_s(self) -> Array:
        """From the intended send; +inf for every failure."""
        return np.where(self.ok, self.columns["finished_s"] - self.columns["scheduled_s"], math.inf)

    @cached_property
    def ttft_s(self) -> Array:
        """Of streamed requests; +inf for failures, nan for whole answers."""
        value = np.where(self.ok, self.columns["first_token_s"] - self.columns["scheduled_s"], math.inf)
        return np.where(np.asarray(self.columns["stream"], dtype=bool), value, math.nan)

    @cached_property
    def first_sign_s(self) -> Array:
        """Of streamed requests, to the first reasoning, or the first token where none came before it."""
        reasoning = np.asarray(self.columns["first_reasoning_s"], dtype=float) - self.columns["scheduled_s"]
        return np.where(self.ok, np.fmin(self.ttft_s, reasoning), self.ttft_s)

    @cached_property
    def overhead_s(self) -> Array:
        """Response time minus the model's own time, what the runtime adds; nan where the model's time is not known.

        A failure is infinite only where good answers tell it: failures alone say nothing of what a runtime adds.
        """
        added = self.response_s - self.columns["generation_ms"] / 1000
        told = bool(np.isfinite(added[self.ok]).any())
        return np.where(self.ok, added, math.inf if told else math.nan)

    @cached_property
    def quality(self) -> Array:
        """``FULL``, ``DEGRADED`` or ``UNTOLD`` of each arrival, of answers alone."""
        return np.full(len(self.ok), UNTOLD, dtype=np.int8) if self.usual is None else self.usual.degraded(self)

    @property
    def degraded(self) -> Array:
        """Answers that are told to be less than the target's own."""
        flags: Array = self.quality == DEGRADED
        return flags

    def measured_of(self, values: Array) -> Array:
        chosen = values[self.measured]
        return chosen[~np.isnan(chosen)]

    def good(self, p95_limit_s: float, ttft_limit_s: float | None) -> Array:
        """Answered whole, in full quality as far as that can be told, and within every latency limit."""
        fast = self.response_s <= p95_limit_s
        if ttft_limit_s is not None:
            fast &= np.isnan(self.ttft_s) | (self.ttft_s <= ttft_limit_s)
        return self.ok & fast & ~self.degraded


@dataclass(frozen=True)
class Unread:
    """A run that is an attempt without data: which of its files cannot be read, and why."""

    record: RunRecord
    file: str  # relative to the evidence
    why: str
    without: bool = True  # its block would have counted


@dataclass(frozen=True)
class Dataset:
    """Runs of blocks in which every run is valid; the rest is counted, not used."""

    baseline: str
    candidate: str
    profiles: tuple[str, ...]
    runs: tuple[RunData, ...]
    blocks_planned: int
    blocks_valid: tuple[int, ...]
    invalid: tuple[RunRecord, ...]
    tracks: tuple[str, ...] = ()  # profiles that repeat by themselves, outside the paired blocks
    aa: tuple[tuple[RunData, RunData], ...] = ()  # the baseline under both labels, as the unit's order has them
    roles: Mapping[str, Role] = field(default_factory=dict)  # of every profile
    unread: tuple[Unread, ...] = ()  # runs that ended and whose data cannot be read: their blocks are not used
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What several rooms ask of the same samples: ``make`` is called for the first, and is pure."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    @property
    def paired(self) -> tuple[str, ...]:
        """Profiles of the paired blocks: the same schedule on both targets."""
        return tuple(p for p in self.profiles if p not in self.tracks)

    @property
    def targets(self) -> tuple[str, str]:
        return self.baseline, self.candidate

    def of(self, target: str, profile: str) -> list[RunData]:
        """One run a block, in the order of the blocks."""
        found = [run for run in self.runs if run.target == target and run.profile == profile]
        return sorted(found, key=lambda run: run.block)

    def in_role(self, *roles: Role) -> tuple[str, ...]:
        """Profiles of these roles, in the plan's order."""
        return tuple(p for p in self.profiles if self.roles.get(p, Role.EVERYDAY) in roles)

    def of_role(self, target: str, role: Role) -> list[RunData]:
        """Runs under every profile of this role."""
        return [run for profile in self.in_role(role) for run in self.of(target, profile)]

    def at(self, blocks: Sequence[int]) -> Dataset:
        """With these paired blocks alone; tracks stay."""
        kept = tuple(run for run in self.runs if run.profile in self.tracks or run.block in blocks)
        if len(kept) == len(self.runs) and all(b in blocks for b in self.blocks_valid):
            return self
        return replace(self, runs=kept, blocks_valid=tuple(b for b in self.blocks_valid if b in blocks))

    @property
    def everyone(self) -> tuple[str, ...]:
        """Both targets, then the variants that tracks measured."""
        return tuple(dict.fromkeys((*self.targets, *(run.target for run in self.runs))))


def load(store: Store, plan: Plan) -> Dataset:
    """Read every valid block; one of which a run cannot be read is left out whole, and named in ``unread``."""
    runs: list[RunData] = []
    valid: list[int] = []
    aa: list[tuple[RunData, RunData]] = []
    same = {p.name for p in plan.profiles if p.aa}
    roles = {p.name: p.role for p in plan.profiles}
    kept = store.integrity()
    every = list(store.all_records(plan))
    by_run = {r.path: r for r in every}
    unread = [
        Unread(record, _at(store, Path(error.path)), "; ".join(map(str, error.problems)), without=False)
        for record in every
        for error in record.unread
    ]
    for block in plan.units:
        attempt = store.valid_attempt(block)
        if attempt is None:
            continue
        found = []
        for run in block.runs:
            record = by_run[store.run_folder(run, attempt)]
            try:
                columns = read(record.path)
                if not kept.as_written(record.path / SAMPLES_FORMAT.file):
                    check(columns, record)
                if roles[run.profile] is Role.JOBS:
                    check_jobs(record)
            except BadFile as error:
                unread.append(Unread(record, _at(store, Path(error.path)), "; ".join(map(str, error.problems))))
                continue
            found.append(RunData(block.number, run.target, run.profile, record, columns, run.position))
        if len(found) < len(block.runs):
            continue
        if block.track is None:
            valid.append(block.number)
        if block.track in same:
            first, second = found
            aa.append((first, second) if block.order == "AB" else (second, first))
        else:
            runs += found
    runs, aa = _with_usual(runs, aa, roles)
    dropped = {u.record.path for u in unread}
    invalid = tuple(r for r in every if not r.valid or r.path in dropped)
    return Dataset(
        plan.baseline,
        plan.candidate,
        tuple(p.name for p in plan.profiles if not p.aa),
        tuple(runs),
        len(plan.blocks),
        tuple(valid),
        invalid,
        tuple(p.name for p in plan.profiles if p.repeats is not None and not p.aa),
        tuple(aa),
        roles,
        tuple(unread),
    )


def _with_usual(
    runs: list[RunData], aa: list[tuple[RunData, RunData]], roles: Mapping[str, Role]
) -> tuple[list[RunData], list[tuple[RunData, RunData]]]:
    """Each run with what its target's everyday answers are like: those of every valid block, whatever its own are."""
    by_target: dict[str, list[RunData]] = {}
    for run in runs:
        everyday = by_target.setdefault(run.target, [])
        if roles.get(run.profile, Role.EVERYDAY) is Role.EVERYDAY:
            everyday.append(run)
    usual = {target: Usual(everyday) for target, everyday in by_target.items()}

    def told(run: RunData) -> RunData:
        return replace(run, usual=usual.get(run.target, run.usual))

    return [told(run) for run in runs], [(told(first), told(second)) for first, second in aa]


def _at(store: Store, path: Path) -> str:
    return path.relative_to(store.root).as_posix()


def read(folder: Path, columns: Sequence[str] = READ) -> Columns:
    """Columns of one run's samples, each read when it is asked for; raises BadFile."""
    return Columns(folder, tuple(columns))
