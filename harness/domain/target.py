"""A Target: one deployment of the contract, and what is known of how to reach, control and price it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

from harness.domain.field_map import FieldMap
from harness.domain.header_names import USUAL_NAMES, HeaderNames
from harness.domain.job_map import JobsMap
from harness.domain.openai_options import USUAL_OPTIONS, OpenAiOptions
from harness.domain.own_costs import OwnCost
from harness.domain.quota import QuotaConfig
from harness.domain.retrieval_map import RetrievalMap
from harness.domain.routing import RoutingRule

# Of rag-chat/1; the second for servers that came before: some front ends keep paths that end in z for themselves.
HEALTH = ("/health", "/healthz")


class Dialect(StrEnum):
    """Which API a target speaks."""

    RAG_CHAT = "rag-chat/1"
    OPENAI_CHAT = "openai-chat"
    JOBS = "jobs"  # no chat: only what [jobs] of its target.toml says
    MAPPED = "mapped"  # neither: its target.toml says how it is asked and read


@dataclass(frozen=True)
class RuntimeConfig:
    """What [runtime] of target.toml says; each platform brings its own."""

    kind: ClassVar[str]
    embedded: ClassVar[bool] = False  # runs on this machine, from ``pilot up`` until it ends
    controlled: ClassVar[bool] = True  # its control side is known: facts can be asked, instances made cold
    own_sources: ClassVar[tuple[str, ...]] = ()  # kinds that are collected without being named
    names_targets: ClassVar[tuple[str, ...]] = ()  # its fields that each name another target, which it stands before
    splits: ClassVar[bool] = False  # the share of requests that goes to each of these can be changed while it runs

    @property
    def variables(self) -> tuple[str, ...]:
        """Of the environment, that hold its secrets."""
        return ()

    @property
    def behind(self) -> tuple[str, ...]:
        """Names of the targets that answer what it is asked."""
        return ()

    @property
    def routing(self) -> tuple[RoutingRule, ...]:
        """The rules by which it chooses one of them, in the order in which they are asked."""
        return ()

    def filled(self, fill: Mapping[str, str]) -> RuntimeConfig:
        """With ``{name}`` replaced where a field may hold one."""
        del fill
        return self


@dataclass(frozen=True)
class Cold:
    """How a target was made cold: ``new-version``, ``killed``, ``scaled-to-zero`` or ``restarted``, and in words."""

    kind: str
    method: str


@dataclass(frozen=True)
class PriceModel:
    """Which price book entries a target is billed by, and the shape that is billed."""

    book: str
    region: str
    model: str  # one that a platform declares
    parameters: Mapping[str, Any] = field(default_factory=dict)  # as they are written; their bill reads them
    model_billed: bool = True  # False: of a replay, whose tokens the pilot pays nobody for


@dataclass(frozen=True)
class Auth:
    """Credentials that are made rather than kept: the kind, and what it must know; no secret is among it."""

    kind: str  # "aws-sigv4", "google-id-token" or "azure-token"
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceConfig:
    """One source as target.toml names it; its platform makes one of it. ``bills``: of days, and not of runs."""

    kind: str
    options: Mapping[str, Any]
    bills: bool = False


@dataclass(frozen=True)
class Target:
    """One deployment, as its target.toml declares it."""

    name: str
    folder: Path
    dialect: Dialect
    runtime: RuntimeConfig
    base_url: str | None = None  # None for embedded targets: known once they are up
    title: str = ""
    headers_from_env: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # whose values are no secret
    header_names: HeaderNames = USUAL_NAMES
    auth: Auth | None = None  # None: nothing, or a header from the environment
    lanes: tuple[str, ...] = ()  # base URLs of independent copies, for the keep-alive search
    variant_of: str | None = None  # the target that this one differs from in a few fields
    fields: FieldMap | None = None  # of a mapped one
    openai: OpenAiOptions = USUAL_OPTIONS  # of one that speaks openai-chat
    preset: str | None = None  # the name that its dialect was said by, where that is a preset's
    jobs: JobsMap | None = None  # how its jobs are submitted and followed; None: it takes none that anybody told of
    retrieval: RetrievalMap | None = None  # how passages alone are asked for; None: it can't be asked
    model: str | None = None  # what requests name; rag-chat/1 has no such field
    ca_file: str | None = None  # of the authority that signed its certificate; None: the system's
    prices: PriceModel | None = None
    sources: tuple[SourceConfig, ...] = ()
    quotas: tuple[QuotaConfig, ...] = ()
    verified: str = "spec only"
    uses: tuple[str, ...] = ()  # stores and fronts beside its runtime, each of which somebody pays for
    beside: tuple[OwnCost, ...] = ()  # what pilot.toml says is paid for it, and no platform bills
    behind: tuple[Target, ...] = ()  # of a router, the sides that it chooses from

    @property
    def embedded(self) -> bool:
        return self.runtime.embedded

    @property
    def source_names(self) -> tuple[str, ...]:
        """Each run's sources by the names of their files: the kind, numbered where there are several of one.

        An embedded target has its own log without being asked; bills are of days and not of runs. Those of a router's
        sides lie in a folder of the side's name.
        """
        kinds = [*self.runtime.own_sources, *(s.kind for s in self.sources if not s.bills)]
        own = tuple(f"{k}-{kinds[:n].count(k) + 1}" if k in kinds[:n] else k for n, k in enumerate(kinds))
        return own + tuple(f"{side.name}/{name}" for side in self.behind for name in side.source_names)

    @property
    def can_cold(self) -> bool:
        """Whether its control side can leave no warm instance."""
        return self.runtime.controlled

    @property
    def label(self) -> str:
        return self.title or self.name


class Runtime(Protocol):
    """The control side of a target."""

    def facts(self) -> dict[str, Any]:
        """What the control plane says of the deployment; asked after a run, never before a cold probe."""
        ...

    def make_cold(self) -> Cold:
        """Return once no warm instance is left, with how; nothing touches the target afterwards."""
        ...

    def wait_ready(self) -> None:
        """Return once the target answers; raises PilotError when it does not in time."""
        ...
