"""pilot.toml, field by field, with the rules that each must keep."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from harness.domain import bounds
from harness.domain.process import Process
from harness.domain.role import Role
from harness.domain.workload import WorkKind
from harness.tables.problems import nearest
from harness.tables.table import Table
from harness.tables.values import (
    AnswerSeconds,
    Cv,
    Line,
    MaxTokens,
    Monthly,
    Name,
    PauseSeconds,
    PromptSigma,
    PromptTokens,
    Rate,
    RunSeconds,
    Seed,
    Share,
    Speed,
    Turns,
    Usd,
    UsdAbove0,
    WarmupSeconds,
    Weight,
    Zipf,
    distinct,
    names_a_program,
    not_blank,
)
from harness.workspace.costs_toml import CostTable
from harness.workspace.criteria_toml import CriteriaTable
from harness.workspace.generator_toml import GeneratorTable
from harness.workspace.workloads_toml import WorkloadTable

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")
Note = Annotated[str, Field(max_length=2_000)]


class PilotTable(Table):
    """What is asked, of which two targets, in how many blocks."""

    question: Annotated[str, AfterValidator(not_blank)] = Field(min_length=1, max_length=1_000)
    baseline: Name
    candidate: Name
    hybrid: Name | None = None
    variants: tuple[Name, ...] = Field(default=(), max_length=20)
    blocks: int = Field(12, ge=2, le=200)
    seed: Seed = 20261122
    days: int = Field(10, ge=1, le=60)
    stop: Literal["settled", "never"] = "never"

    @model_validator(mode="after")
    def _two_targets(self) -> PilotTable:
        if self.baseline == self.candidate:
            raise ValueError("baseline and candidate are the same target")
        if self.hybrid in (self.baseline, self.candidate):
            raise ValueError("hybrid: a router before the two, and none of them")
        if len({*self.compared, *self.variants}) != len(self.compared) + len(self.variants):
            raise ValueError("variants: each a target of its own, none twice, none of those that are compared")
        return self

    @property
    def compared(self) -> tuple[str, ...]:
        """The targets of the paired blocks: the two, and the hybrid of both where there is one."""
        return (self.baseline, self.candidate, *((self.hybrid,) if self.hybrid else ()))

    @property
    def measured(self) -> tuple[str, ...]:
        """Every target that is driven."""
        return (*self.compared, *self.variants)


class StartTable(Table):
    """The first months: fewer requests, and ceilings of their own."""

    requests_per_month: Monthly
    monthly_runtime_usd: UsdAbove0 | None = None
    monthly_total_usd: UsdAbove0 | None = None

    @model_validator(mode="after")
    def _promises_something(self) -> StartTable:
        if self.monthly_runtime_usd is None and self.monthly_total_usd is None:
            raise ValueError("want monthly_runtime_usd, monthly_total_usd, or both")
        return self


class Slos(Table):
    """Promises, from the intended send; the error rate counts every failure."""

    p95_s: AnswerSeconds
    p99_s: AnswerSeconds | None = None
    ttft_p95_s: AnswerSeconds | None = None
    first_reasoning_p95_s: AnswerSeconds | None = None
    error_rate: Share = 0.01
    goodput: Annotated[float, Field(gt=0, lt=1)] | None = None
    availability: Annotated[float, Field(gt=0, lt=1)] | None = None
    full_quality_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    monthly_runtime_usd: UsdAbove0 | None = None
    monthly_total_usd: UsdAbove0 | None = None
    start: StartTable | None = None
    profiles: Annotated[tuple[Name, ...], Field(min_length=1), AfterValidator(distinct)] | None = None

    @property
    def tightest_s(self) -> float:
        """The smallest latency promise."""
        limits = (self.p95_s, self.p99_s, self.ttft_p95_s, self.first_reasoning_p95_s)
        return min(limit for limit in limits if limit is not None)


class TrafficTable(Table):
    """What cost per success is scored at."""

    requests_per_month: Monthly
    peak_per_s: Rate
    week: tuple[Weight, ...] = ()
    trace: Line | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> TrafficTable:
        if self.week and self.trace:
            raise ValueError("week and trace both say how the traffic lies over the week: keep one")
        return self

    @field_validator("week")
    @classmethod
    def _a_day_or_a_week(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if value and (len(value) not in (24, 168) or not sum(value) > 0):
            raise ValueError("want 24 relative rates, one an hour of every day, or 168 from Monday 00:00")
        return value * 7 if len(value) == 24 else value


class Margins(Table):
    """Differences that the team does not care about, as ratios above 1."""

    latency: Annotated[float, Field(gt=1, le=2)] = 1.10
    cost: Annotated[float, Field(gt=1, le=2)] = 1.10


class LimitsTable(Table):
    """Where the campaign stops; part of the seal."""

    budget_usd: Usd = Decimal(50)
    standing_usd_per_day: Usd | None = (
        None  # deployed beside the targets, for the pilot alone: its provider, its generator
    )
    max_rate: Rate = 40.0
    stop_file: Line = "STOP"
    attempts: int = Field(default=3, ge=1, le=10)
    quota_share: Annotated[float, Field(gt=0, le=1)] = 0.5


class Load(Table):
    """How every run asks."""

    deadline_s: AnswerSeconds = 30.0
    stream_share: Share = 1.0
    max_tokens: MaxTokens | None = None
    questions: Line | None = None
    connections: Literal["shared", "per-user", "fresh"] = "shared"
    retry: Literal["none", "client"] = "none"
    retry_attempts: int = Field(default=3, ge=2, le=10)
    retry_cap_s: AnswerSeconds = 8.0
    caches: Annotated[tuple[Literal["answer", "retrieval", "embedding"], ...], AfterValidator(distinct)] = ()


class MixTable(Table):
    """What arrivals ask; unset fields leave each question as its file has it."""

    zipf: Zipf = 0.95
    repeats: Share | None = None
    passages: dict[str, Weight] = Field(default_factory=dict)
    turns: Turns = 1.0
    think_s: PauseSeconds = 5.0
    prompt_tokens: PromptTokens | None = None
    prompt_sigma: PromptSigma = 0.0

    @field_validator("passages")
    @classmethod
    def _counts(cls, value: dict[str, float]) -> dict[str, float]:
        for count in value:
            if not (count.isascii() and count.isdecimal() and len(count) < 4 and int(count) in bounds.PASSAGES):
                raise ValueError(f"{count!r}: want a number of passages {bounds.PASSAGES}")
        if len({int(count) for count in value}) < len(value):
            raise ValueError("a number of passages stands twice")
        if value and not sum(value.values()) > 0:
            raise ValueError("the shares add up to nothing")
        return value


class Quality(Table):
    """The evaluation set, of which every profile asks a share of its arrivals."""

    set: Line | None = None
    share: Annotated[float, Field(gt=0, le=0.5)] = 0.05


class Profile(Table):
    """One profile's part of every block."""

    start: Literal["warm", "cold"] = "warm"
    repeats: int | None = Field(default=None, ge=1, le=200)
    aa_of: Name | None = None
    rate: Rate | None = None
    duration_s: RunSeconds | None = None
    warmup_s: WarmupSeconds = 0.0
    arrivals: Process | None = None
    cv: Cv | None = None
    trace: Line | None = None
    speed: Speed | None = None
    noisy: Name | None = None
    p95_s: AnswerSeconds | None = None
    role: Role | None = None
    file: Name | None = None
    variant: Name | None = None
    jobs: Line | None = None
    drain_s: AnswerSeconds | None = None
    poll_s: Annotated[float, Field(ge=0.05, le=60)] | None = None
    poll_rate: Annotated[float, Field(ge=0.1, le=10_000)] | None = None
    callback: Line | None = None

    @model_validator(mode="after")
    def _trace_or_process(self) -> Profile:
        if self.trace and (self.arrivals or self.cv):
            raise ValueError("a trace has its own instants: arrivals and cv do not go with it")
        if self.speed and not self.trace:
            raise ValueError("speed is a trace's: name one with trace")
        if self.aa_of and self.repeats is None:
            raise ValueError("aa_of: an A/A run is a track of its own, so say how often with repeats (at least 6)")
        return self


class Slots(Table):
    """When blocks may start, so that they spread over days and day-parts (UTC); none: one after another, from now on."""

    day_parts: tuple[str, ...] = ("09:00", "14:00", "20:00")

    @field_validator("day_parts")
    @classmethod
    def _clock_times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if not _CLOCK.fullmatch(text):
                raise ValueError(f"{text[:20]!r} is not a time like 09:00")
        return distinct(value)


class Corpus(Table):
    """What the service searches, and the command that builds its index."""

    folder: Line = ".pilot/corpus"
    build: Annotated[tuple[str, ...], AfterValidator(names_a_program)] = Field(
        default=("{python}", "-m", "ragchat.index", "--out", "{corpus}"), min_length=1
    )


class Scaling(Table):
    """What a rehearsal changed against reality, in the team's words; printed in the report."""

    notes: tuple[Note, ...] = Field(default=(), max_length=50)
    model_time_scale: Speed = 1.0
    rehearsal: bool = False


class PilotToml(Table):
    """The whole file."""

    pilot: PilotTable
    slo: Slos
    traffic: TrafficTable
    margins: Margins = Margins()
    limits: LimitsTable = LimitsTable()
    criteria: CriteriaTable = CriteriaTable()
    load: Load = Load()
    mix: MixTable = MixTable()
    tenants: dict[Name, Weight] = Field(default_factory=dict, max_length=200)
    quality: Quality = Quality()
    profiles: dict[Name, Profile] = Field(
        min_length=1, max_length=50, default_factory=lambda: {"steady": Profile(), "burst": Profile()}
    )
    workloads: dict[Name, WorkloadTable] = Field(default_factory=dict, max_length=50)
    costs: dict[Name, CostTable] = Field(default_factory=dict, max_length=50)
    slots: Slots = Slots()
    corpus: Corpus = Corpus()
    generator: GeneratorTable = GeneratorTable()
    on: dict[Name, dict[str, Any]] = Field(default_factory=dict, max_length=10)
    scaling: Scaling = Scaling()

    @model_validator(mode="after")
    def _judged_profiles_are_measured(self) -> PilotToml:
        """A promise under a profile that nobody runs would be judged by nobody, in silence."""
        measured = [name for name, profile in self.profiles.items() if profile.aa_of is None]
        if absent := [name for name in self.slo.profiles or () if name not in measured]:
            near = nearest(absent[0], measured) or f"; these are: {', '.join(measured)}"
            raise ValueError(f"slo.profiles: no [profiles.{absent[0]}] is measured{near}")
        return self

    @model_validator(mode="after")
    def _workloads_of_profiles(self) -> PilotToml:
        measured = [name for name, profile in self.profiles.items() if profile.aa_of is None]
        wrong = [
            f"workloads.{name}.measured_by: no [profiles.{by}] is measured"
            + (nearest(by, measured) or f"; these are: {', '.join(measured)}")
            for name, workload in self.workloads.items()
            if (by := workload.measured_by) is not None and by not in measured
        ]
        jobs: dict[str, str] = {}
        for name, workload in self.workloads.items():
            if workload.kind is WorkKind.JOB and (by := workload.measured_by) is not None:
                first = jobs.setdefault(by, name)
                if first != name:  # its runs are held to the promises of one
                    wrong.append(
                        f"workloads.{name}.measured_by: {by} measures workloads.{first} already; "
                        'give its jobs a profile of their own (file = "jobs")'
                    )
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @model_validator(mode="after")
    def _costs_of_targets(self) -> PilotToml:
        pilot = self.pilot
        known = pilot.measured
        for name, cost in self.costs.items():
            for target in cost.targets:
                if target not in known:
                    near = nearest(target, known) or f"; these are: {', '.join(known)}"
                    raise ValueError(f"costs.{name}.targets: no target of this pilot is called {target!r}{near}")
        return self

    @model_validator(mode="after")
    def _tenants_have_shares(self) -> PilotToml:
        problems = []
        if self.tenants and not sum(self.tenants.values()) > 0:
            problems.append("tenants: the shares add up to nothing")
        for name, profile in self.profiles.items():
            if profile.noisy is not None and profile.noisy not in self.tenants:
                near = nearest(profile.noisy, self.tenants) or f"; these are: {', '.join(self.tenants) or 'none'}"
                problems.append(f"profiles.{name}.noisy: no tenant is called {profile.noisy!r}{near}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _aa_of_a_profile(self) -> PilotToml:
        for name, profile in self.profiles.items():
            of = self.profiles.get(profile.aa_of or name)
            if of is None or (profile.aa_of and of.repeats is not None):
                paired = ", ".join(n for n, p in self.profiles.items() if p.repeats is None) or "none"
                raise ValueError(f"profiles.{name}.aa_of: want a profile of the paired blocks ({paired})")
        return self
