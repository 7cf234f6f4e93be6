"""What a platform is: what it declares of itself, which every other room asks instead of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from harness.domain.finding import Finding
from harness.domain.quota import Quota
from harness.domain.reading import MetricSource
from harness.domain.reasons.doubt import Figures
from harness.domain.target import Runtime, RuntimeConfig, Target
from harness.platforms.billing import Billing
from harness.platforms.front import Front
from harness.platforms.generator import GeneratorKind
from harness.platforms.scaling import Scaling

if TYPE_CHECKING:
    from harness.platforms.examining import Reach  # which knows every cloud's client

MIB_IN_MB = 1.048576  # what platforms call a megabyte of memory, in 10^6 bytes
MakeClient = Callable[[str, str], Any]  # a service and a region: a client of it


class Measure(StrEnum):
    """What a series is about, in the field's words."""

    REQUESTS = "requests"
    REFUSALS = "refusals"
    RATE = "request rate"
    EACH_AT_ONCE = "requests at once on an instance"
    PART = "of one label"  # of a series that is told apart by labels
    ERRORS = "errors"
    DURATION = "duration"
    CONCURRENCY = "concurrency"
    INSTANCES = "instances"
    QUEUED = "queued"
    CPU = "CPU"
    MEMORY = "memory"
    INSTANCE_MEMORY = "memory of one instance"
    STARTS = "starts"
    TIMEOUTS = "timeouts"
    SPILL_OVER = "spill-over"
    BILLED = "billed"
    IDLE_COST = "idle cost"
    PLACE_WAIT = "wait for an instance"
    PROVISIONED = "provisioned"
    QUOTA_USE = "quota in use"
    TRANSFER = "transfer"
    TOKENS = "tokens"
    ADDED = "time that a tier adds"
    INSTANCE_CPU = "CPU of an ended instance"
    INIT_TIME = "init, wall-clock"
    INIT_CPU = "init, CPU"


CLIENT_MEASURES = frozenset({Measure.REQUESTS, Measure.REFUSALS, Measure.DURATION, Measure.CONCURRENCY})


NONE_WHILE_WELL = frozenset({Measure.REFUSALS, Measure.QUEUED, Measure.SPILL_OVER, Measure.TIMEOUTS})


class Tier(StrEnum):
    """Which tier of a target a series speaks of: what gave way first is one of these."""

    FRONT = "front"
    RUNTIME = "runtime"
    RETRIEVAL = "retrieval"
    STORE = "store"
    PROVIDER = "model provider"
    GENERATOR = "generator"


class Per(StrEnum):
    """How the points of a series become one figure of a run."""

    SUM = "sum"
    MEAN = "mean"
    MOST = "most"
    POINTS = "number of points"  # each point is one event
    GROWTH = "growth"  # a counter: its rises, for it falls where what it counted goes


@dataclass(frozen=True)
class Signal:
    """A series worth showing; ``metric`` as its reading names it, ``source`` the kind that has it."""

    metric: str
    source: str
    measure: Measure
    unit: str
    meaning: str
    tier: Tier = Tier.RUNTIME
    per: Per = Per.MEAN
    exact: bool = False  # counts what the client counts, one for one: a difference is a disagreement
    quantile: float | None = None  # of a duration: its points are this one, and so is the client's figure beside it
    telling: float | None = None  # from which value on it says by itself that its tier had no more to give

    @property
    def tells_from(self) -> float | None:
        """The same; of what there is none of while all is well, any."""
        return 0.0 if self.telling is None and self.measure in NONE_WHILE_WELL else self.telling

    @property
    def beside(self) -> Measure | None:
        """The client's figure of the same thing, where it has one: of what lies behind the service it sees nothing."""
        seen = self.measure in CLIENT_MEASURES and self.tier in (Tier.FRONT, Tier.RUNTIME)
        return self.measure if seen else None


@dataclass(frozen=True)
class Subject:
    """Series that a table of a shared kind of source asks for: where each of its subjects is found, by the table's fields."""

    source: str
    signals: tuple[Signal, ...]
    at: Callable[[Mapping[str, Any]], Sequence[Any]]  # dimensions, a resource's path, queries; none: not asked


def no_quotas(target: Target, make: MakeClient) -> list[Quota]:
    """Of a platform whose account has none that a pilot meets."""
    del target, make
    return []


@dataclass(frozen=True)
class Most:
    """What a platform allows at most, whatever a target is set to; None: it has no such limit, or nobody knows it.

    Megabytes are of 2^20 bytes, as platforms count them. ``source``: the document that says so.
    """

    request_s: float | None = None  # that one request may be worked on
    job_s: float | None = None
    memory_mb: float | None = None  # of one instance
    job_memory_mb: float | None = None  # None: as of one that answers requests
    artifact_mb: float | None = None  # of what is deployed, unpacked
    source: str = ""


@dataclass(frozen=True)
class Limits:
    """What a plan is held to before it is run."""

    front: Front | Callable[[RuntimeConfig], Front] | None = None  # None: nothing is known of it, for a team chose it
    quotas: Callable[[Target, MakeClient], list[Quota]] = no_quotas
    timeout_s: Callable[[RuntimeConfig, Mapping[str, Any]], float | None] = lambda config, facts: None  # noqa: ARG005 - works as long as it takes
    starts_per_10_s: float | None = None  # new instances that it grants in any ten seconds
    job_s: Callable[[RuntimeConfig, Mapping[str, Any]], float | None] | None = None  # None: as long as a request
    memory_mb: Callable[[RuntimeConfig, Mapping[str, Any]], float | None] = lambda config, facts: None  # noqa: ARG005 - of an instance, where it is said
    job_memory_mb: Callable[[RuntimeConfig, Mapping[str, Any]], float | None] | None = None  # None: as of a request
    most: Most | Callable[[Target, Mapping[str, Any]], Most] = field(default_factory=Most)


@dataclass(frozen=True)
class Part:
    """A store or front that a target uses beside its runtime; ``price_key`` is its line's where a bill has it."""

    name: str
    price_key: str | None = None


Examine = Callable[[Target, "Reach"], Sequence[Finding]]


def examined_by(module: str, name: str = "examine") -> Examine:
    """What this module names so, imported only where somebody examines: it asks a cloud."""

    def examine(target: Target, reach: Reach) -> Sequence[Finding]:
        made: Examine = getattr(import_module(module), name)
        return made(target, reach)

    return examine


def nothing_to_examine(target: Target, reach: Reach) -> Sequence[Finding]:
    """Of a platform that has no account, and of one that nobody can ask."""
    del target, reach
    return ()


@dataclass(frozen=True)
class SourceKind:
    """One kind of [[sources]]: its table, and the source that is made of it."""

    kind: str
    table: type[BaseModel]
    build: Callable[[Mapping[str, Any]], Any]  # a MetricSource, or where ``bills`` the source of a target's bills
    feeds: Figures  # what a report cannot say, or says with less, where it was not collected
    cloud: str | None = None  # whose credentials it needs
    bills: bool = False  # of days and not of runs
    spans: bool = False  # of requests inside the service: its targets are sent a trace context to join them by
    others: str = ""  # what a series of it is that nothing declares
    examine: Examine = nothing_to_examine  # before money: whether it can have anything to say
    subjects: tuple[Subject, ...] = ()  # of no one platform
    parts: Mapping[str, Part] = field(default_factory=dict)  # by the field of its table that names one


Own = Callable[[Target, Path], list[MetricSource]]  # the target, the folder of the embedded platforms' logs


def nothing_of_its_own(target: Target, logs: Path) -> list[MetricSource]:
    """Of a platform that is asked only what target.toml names."""
    del target, logs
    return []


Control = Callable[[Target, Path, str], Runtime]  # the target, the workspace's folder, where the target answers


def controlled_by(module: str) -> Control:
    """What this module names ``control``, imported only where a target is controlled: it may bring an SDK."""

    def control(target: Target, root: Path, base_url: str) -> Runtime:
        made: Control = import_module(module).control
        return made(target, root, base_url)

    return control


Scale = Callable[[Target, Mapping[str, Any]], Scaling]  # the target, what its control plane said of it


@dataclass(frozen=True)
class Deploying:
    """Modules by name, imported where something is deployed: ``part(target)`` of one, ``deployments(parts, asked)`` of the other."""

    part: str
    by: str


@dataclass(frozen=True)
class Platform:
    """One platform; ``config`` and ``control`` are None of one that only bills: something else is its runtime."""

    kind: str
    title: str
    verified: str  # "live DATE", "real peer" or "spec only"
    config: type[RuntimeConfig] | None = None
    control: Control | None = None  # its control side of one target
    billings: tuple[Billing, ...] = ()
    sources: tuple[SourceKind, ...] = ()
    own_sources: Own = nothing_of_its_own  # of the kinds that its config names as its own
    signals: tuple[Signal, ...] = ()  # that every target of it may be expected to have
    subjects: tuple[Subject, ...] = ()  # that shared kinds of sources are asked about
    limits: Limits = field(default_factory=Limits)
    cloud: str | None = None  # whose credentials its control side needs
    examine: Examine = nothing_to_examine  # the account and the deployment, before money
    scaling: Scale | None = None  # how a target grows with its traffic; None: nothing is known of it
    generators: tuple[GeneratorKind, ...] = ()  # that can send the load from there
    deploying: Deploying | None = None  # None: its README is how
