"""A Target: one deployment of the contract, and what is known of how to reach, control and price it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from harness.domain.field_map import FieldMap
from harness.domain.header_names import USUAL_NAMES, HeaderNames
from harness.domain.openai_options import USUAL_OPTIONS, OpenAiOptions
from harness.domain.quota import QuotaConfig


class Dialect(StrEnum):
    """Which API a target speaks."""

    RAG_CHAT = "rag-chat/1"
    OPENAI_CHAT = "openai-chat"
    MAPPED = "mapped"  # neither: its target.toml says how it is asked and read


@dataclass(frozen=True)
class Need:
    """A process of its own that embedded targets share, such as the model provider."""

    name: str
    command: tuple[str, ...]
    env: str  # the variable that carries its base URL to the instances


@dataclass(frozen=True)
class LocalFunction:
    """Parameters of the embedded serverless platform; semantics after AWS Lambda."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    needs: tuple[Need, ...] = ()
    concurrency: int = 8
    scaling_tokens: float = 8
    scaling_per_s: float = 2.0
    idle_s: float = 300.0
    idle_jitter: float = 0.1
    max_age_s: float = 7200.0
    freeze: bool = True
    provisioned: int = 0
    lanes: int = 0
    memory_mb: int = 1769
    timeout_s: float = 30.0
    init_timeout_s: float = 10.0
    port: int = 0
    seed: int = 1


@dataclass(frozen=True)
class LocalContainer:
    """Parameters of the embedded container platform: workers between a least and a most, behind one queue."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    needs: tuple[Need, ...] = ()
    workers: int = 1
    max_workers: int | None = None  # None: as many as ``workers``, never scaled
    concurrency: int = 8
    target_share: float = 0.6
    scale_every_s: float = 5.0
    scale_window_s: float = 60.0
    start_lag_s: float = 0.0
    idle_s: float = 900.0
    queue_rule: str = "bounded"  # or "cloud-run"
    queue: int = 16
    queue_timeout_s: float = 10.0
    memory_mb: int = 2048
    cpu: float = 1.0
    timeout_s: float = 30.0
    start_timeout_s: float = 20.0
    port: int = 0


@dataclass(frozen=True)
class External:
    """Nothing of the control side is known: only what a client sees."""


@dataclass(frozen=True)
class AwsLambda:
    """A Lambda function; ``alias`` where its URL or its provisioned concurrency belongs to one."""

    function: str
    region: str
    alias: str | None = None


@dataclass(frozen=True)
class AwsEcs:
    """An ECS service."""

    cluster: str
    service: str
    region: str


@dataclass(frozen=True)
class CloudRun:
    """A Cloud Run service."""

    project: str
    region: str
    service: str


@dataclass(frozen=True)
class AzureApp:
    """Where one of Azure's apps is."""

    subscription: str
    resource_group: str
    app: str

    @property
    def group(self) -> str:
        """Of the providers in its resource group; names the subscription, so it is kept nowhere."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}/providers"


@dataclass(frozen=True)
class AzureContainerApp(AzureApp):
    """A Container App."""


@dataclass(frozen=True)
class AzureFunctionApp(AzureApp):
    """A Function App."""


@dataclass(frozen=True)
class Kubernetes:
    """A Deployment, or a Knative Service; ``api`` is the cluster's, or that of ``kubectl proxy``."""

    namespace: str
    name: str
    knative: bool = False
    api: str = "http://127.0.0.1:8001"
    token_env: str | None = None
    ca_file: str | None = None


RuntimeConfig = (
    LocalFunction
    | LocalContainer
    | External
    | AwsLambda
    | AwsEcs
    | CloudRun
    | AzureContainerApp
    | AzureFunctionApp
    | Kubernetes
)


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
    model: str  # "lambda-url" or "fargate-alb"
    parameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Auth:
    """Credentials that are made rather than kept: the kind, and what it must know; no secret is among it."""

    kind: str  # "aws-sigv4", "google-id-token" or "azure-token"
    options: Mapping[str, str] = field(default_factory=dict)


BILL_KINDS = ("cost-explorer",)


@dataclass(frozen=True)
class SourceConfig:
    """One metric source as target.toml names it; the sources room makes a MetricSource of it."""

    kind: str
    options: Mapping[str, Any]


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
    model: str | None = None  # what requests name; rag-chat/1 has no such field
    ca_file: str | None = None  # of the authority that signed its certificate; None: the system's
    prices: PriceModel | None = None
    sources: tuple[SourceConfig, ...] = ()
    quotas: tuple[QuotaConfig, ...] = ()
    verified: str = "spec only"

    @property
    def embedded(self) -> bool:
        return isinstance(self.runtime, LocalFunction | LocalContainer)

    @property
    def source_names(self) -> tuple[str, ...]:
        """Each run's sources by the names of their files: the kind, numbered where there are several of one.

        An embedded target has its own log without being asked; bills are of days and not of runs.
        """
        kinds = (["local-logs"] if self.embedded else []) + [s.kind for s in self.sources if s.kind not in BILL_KINDS]
        return tuple(f"{k}-{kinds[:n].count(k) + 1}" if k in kinds[:n] else k for n, k in enumerate(kinds))

    @property
    def can_cold(self) -> bool:
        """Whether its control side can leave no warm instance."""
        return not isinstance(self.runtime, External)

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
