"""pilot.toml, field by field, with the rules that each must keep."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from harness.domain.process import Process
from harness.workspace.criteria_toml import CriteriaTable
from harness.workspace.table import Table

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Pilot(Table):
    """What is asked, of which two targets, in how many blocks."""

    question: str = Field(min_length=1)
    baseline: str
    candidate: str
    variants: tuple[str, ...] = ()
    blocks: int = Field(12, ge=2, le=200)
    seed: int = 20261122
    days: int = Field(10, ge=1, le=60)
    stop: Literal["settled", "never"] = "never"

    @model_validator(mode="after")
    def _two_targets(self) -> Pilot:
        if self.baseline == self.candidate:
            raise ValueError("baseline and candidate are the same target")
        if len({self.baseline, self.candidate, *self.variants}) != 2 + len(self.variants):
            raise ValueError("variants: each a target of its own, none twice, none of the two that are compared")
        return self


class Slos(Table):
    """Promises, from the intended send; the error rate counts every failure."""

    p95_s: Positive
    p99_s: Positive | None = None
    ttft_p95_s: Positive | None = None
    first_reasoning_p95_s: Positive | None = None
    error_rate: Share = 0.01
    goodput: Annotated[float, Field(gt=0, lt=1)] | None = None
    availability: Annotated[float, Field(gt=0, lt=1)] | None = None
    monthly_runtime_usd: Positive | None = None
    monthly_total_usd: Positive | None = None
    profiles: tuple[str, ...] = Field(("steady", "burst"), min_length=1)

    @property
    def tightest_s(self) -> float:
        """The smallest latency promise."""
        limits = (self.p95_s, self.p99_s, self.ttft_p95_s, self.first_reasoning_p95_s)
        return min(limit for limit in limits if limit is not None)


class Traffic(Table):
    """What cost per success is scored at."""

    requests_per_month: int = Field(gt=0)
    peak_per_s: Positive
    week: tuple[Annotated[float, Field(ge=0)], ...] = ()
    trace: str | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Traffic:
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


class Limits(Table):
    """Where the campaign stops; part of the seal."""

    budget_usd: Decimal = Field(default=Decimal(50), ge=0)
    max_rate: Positive = 40.0
    stop_file: str = "STOP"
    attempts: int = Field(default=3, ge=1, le=10)
    quota_share: Annotated[float, Field(gt=0, le=1)] = 0.5


class Load(Table):
    """How every run asks."""

    deadline_s: Positive = 30.0
    stream_share: Share = 1.0
    max_tokens: int | None = Field(default=None, ge=1, le=4096)
    questions: str | None = None
    connections: Literal["shared", "per-user", "fresh"] = "shared"
    retry: Literal["none", "client"] = "none"
    retry_attempts: int = Field(default=3, ge=2, le=10)
    retry_cap_s: Positive = 8.0
    caches: tuple[Literal["answer", "retrieval", "embedding"], ...] = ()


class MixTable(Table):
    """What arrivals ask; unset fields leave each question as its file has it."""

    zipf: float = Field(default=0.95, ge=0, le=5)
    repeats: Share | None = None
    passages: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    turns: float = Field(default=1.0, ge=1, le=100)
    think_s: float = Field(default=5.0, ge=0)
    prompt_tokens: float | None = Field(default=None, ge=1, le=200_000)
    prompt_sigma: float = Field(default=0.0, ge=0, le=3)

    @field_validator("passages")
    @classmethod
    def _counts(cls, value: dict[str, float]) -> dict[str, float]:
        for count in value:
            if not count.isdigit() or int(count) > 50:
                raise ValueError(f"{count!r} is no number of passages from 0 to 50")
        if value and not sum(value.values()) > 0:
            raise ValueError("the shares add up to nothing")
        return value


class Profile(Table):
    """One profile's part of every block."""

    start: Literal["warm", "cold"] = "warm"
    repeats: int | None = Field(default=None, ge=1, le=200)
    aa_of: str | None = None
    rate: Positive | None = None
    duration_s: Positive | None = None
    warmup_s: float = Field(default=0.0, ge=0)
    arrivals: Process | None = None
    cv: Positive | None = None
    trace: str | None = None
    speed: Positive | None = None

    @model_validator(mode="after")
    def _trace_or_process(self) -> Profile:
        if self.trace and (self.arrivals or self.cv):
            raise ValueError("a trace has its own instants: arrivals and cv do not go with it")
        if self.speed and not self.trace:
            raise ValueError("speed is a trace's: name one with trace")
        if self.aa_of and self.repeats is None:
            raise ValueError("aa_of: an A/A run is a track of its own, so say how often with repeats (6 are the least)")
        return self


class Slots(Table):
    """When blocks may start, so that they spread over days and day-parts (UTC); none: one after another, from now on."""

    day_parts: tuple[str, ...] = ("09:00", "14:00", "20:00")

    @field_validator("day_parts")
    @classmethod
    def _clock_times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            hour, _, minute = text.partition(":")
            if not (hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
                raise ValueError(f"{text!r} is not a time like 09:00")
        return value


class Corpus(Table):
    """What the service searches, and the command that builds its index."""

    folder: str = ".pilot/corpus"
    build: tuple[str, ...] = ("{python}", "-m", "ragchat.index", "--out", "{corpus}")


class Scaling(Table):
    """What a rehearsal changed against reality, in the team's words; printed in the report."""

    notes: tuple[str, ...] = ()
    model_time_scale: Positive = 1.0
    rehearsal: bool = False


class PilotToml(Table):
    """The whole file."""

    pilot: Pilot
    slo: Slos
    traffic: Traffic
    margins: Margins = Margins()
    limits: Limits = Limits()
    criteria: CriteriaTable = CriteriaTable()
    load: Load = Load()
    mix: MixTable = MixTable()
    profiles: dict[str, Profile] = Field(default_factory=lambda: {"steady": Profile(), "burst": Profile()})
    slots: Slots = Slots()
    corpus: Corpus = Corpus()
    scaling: Scaling = Scaling()

    @model_validator(mode="after")
    def _judged_profiles_are_measured(self) -> PilotToml:
        """A promise under a profile that nobody runs would be judged by nobody, in silence."""
        measured = [name for name, profile in self.profiles.items() if profile.aa_of is None]
        absent = [name for name in self.slo.profiles if name not in measured]
        if absent and ("profiles" in self.slo.model_fields_set or len(absent) == len(self.slo.profiles)):
            raise ValueError(f"slo.profiles: no [profiles.{absent[0]}] is measured; these are: {', '.join(measured)}")
        return self

    @model_validator(mode="after")
    def _aa_of_a_profile(self) -> PilotToml:
        for name, profile in self.profiles.items():
            of = self.profiles.get(profile.aa_of or name)
            if of is None or (profile.aa_of and of.repeats is not None):
                paired = ", ".join(n for n, p in self.profiles.items() if p.repeats is None) or "none"
                raise ValueError(f"profiles.{name}.aa_of: want a profile of the paired blocks ({paired})")
        return self
