"""[runtime] of target.toml: the embedded platforms, and the clouds' control planes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from harness.domain.target import (
    AwsEcs,
    AwsLambda,
    AzureContainerApp,
    AzureFunctionApp,
    CloudRun,
    External,
    Kubernetes,
    LocalContainer,
    LocalFunction,
    Need,
    RuntimeConfig,
)
from harness.tables.table import Table
from harness.tables.values import (
    AnswerSeconds,
    Count,
    CountOrNone,
    IdleSeconds,
    Line,
    PauseSeconds,
    Rate,
    Seed,
    Variable,
    names_a_program,
)

Command = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(names_a_program)]
Memory = Annotated[int, Field(ge=128, le=1_000_000)]


class NeedTable(Table):
    """A process that embedded targets share."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    command: Command
    env: Variable


class LocalTable(Table):
    """What both embedded kinds have in common."""

    command: Command
    environment: dict[Variable, str] = Field(default_factory=dict)
    needs: tuple[NeedTable, ...] = Field(default=(), max_length=20)
    timeout_s: AnswerSeconds = 30.0
    port: int = Field(0, ge=0, le=65535)

    def shared(self, fill: Mapping[str, str]) -> dict[str, Any]:
        def filled(text: str) -> str:
            for name, value in fill.items():
                text = text.replace("{" + name + "}", value)
            return text

        return {
            "command": tuple(filled(part) for part in self.command),
            "environment": {name: filled(value) for name, value in self.environment.items()},
            "needs": tuple(Need(n.name, tuple(filled(p) for p in n.command), n.env) for n in self.needs),
        }


class FunctionTable(LocalTable):
    """``kind = "local-function"``."""

    kind: Literal["local-function"]
    concurrency: Count = 8
    scaling_tokens: Rate = 8.0
    scaling_per_s: Rate = 2.0
    idle_s: IdleSeconds = 300.0
    idle_jitter: float = Field(0.1, ge=0, lt=1)
    max_age_s: IdleSeconds = 7200.0
    freeze: bool = True
    provisioned: CountOrNone = 0
    lanes: int = Field(0, ge=0, le=32)
    memory_mb: int = Field(1769, ge=128, le=10240)
    init_timeout_s: AnswerSeconds = 10.0
    seed: Seed = 1

    @model_validator(mode="after")
    def _provisioned_within_the_limit(self) -> FunctionTable:
        if self.provisioned > self.concurrency:
            raise ValueError(f"provisioned {self.provisioned} is more than concurrency {self.concurrency}")
        return self

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        own = self.model_dump(exclude={"kind", "command", "environment", "needs"})
        return LocalFunction(**self.shared(fill), **own)


class ContainerTable(LocalTable):
    """``kind = "local-container"``."""

    kind: Literal["local-container"]
    workers: CountOrNone = 1
    max_workers: Count | None = None
    concurrency: Count = 8
    target_share: float = Field(0.6, gt=0, le=1)
    scale_every_s: AnswerSeconds = 5.0
    scale_window_s: AnswerSeconds = 60.0
    start_lag_s: PauseSeconds = 0.0
    idle_s: IdleSeconds = 900.0
    queue_rule: Literal["bounded", "cloud-run"] = "bounded"
    queue: CountOrNone = 16
    queue_timeout_s: AnswerSeconds = 10.0
    memory_mb: Memory = 2048
    cpu: float = Field(1.0, gt=0, le=1_000)
    start_timeout_s: AnswerSeconds = 20.0

    @model_validator(mode="after")
    def _some_worker(self) -> ContainerTable:
        if self.max_workers is not None and self.max_workers < self.workers:
            raise ValueError(f"max_workers {self.max_workers} is fewer than workers {self.workers}")
        if self.workers == 0 and self.max_workers is None:
            raise ValueError("workers = 0 scales to zero: say how far it may scale out with max_workers")
        return self

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        own = self.model_dump(exclude={"kind", "command", "environment", "needs"})
        return LocalContainer(**self.shared(fill), **own)


class LambdaTable(Table):
    """``kind = "aws-lambda"``."""

    kind: Literal["aws-lambda"]
    function: Line
    region: Line
    alias: Line | None = None

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        del fill
        return AwsLambda(self.function, self.region, self.alias)


class EcsTable(Table):
    """``kind = "aws-ecs"``."""

    kind: Literal["aws-ecs"]
    cluster: Line
    service: Line
    region: Line

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        del fill
        return AwsEcs(self.cluster, self.service, self.region)


class ExternalTable(Table):
    """``kind = "external"``: no control side."""

    kind: Literal["external"]

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        del fill
        return External()


class CloudRunTable(Table):
    """``kind = "cloud-run"``."""

    kind: Literal["cloud-run"]
    project: Line
    region: Line
    service: Line

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        del fill
        return CloudRun(self.project, self.region, self.service)


class AzureTable(Table):
    """What both Azure kinds have in common."""

    subscription: Line
    resource_group: Line
    app: Line


class ContainerAppTable(AzureTable):
    """``kind = "azure-container-apps"``."""

    kind: Literal["azure-container-apps"]

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        del fill
        return AzureContainerApp(self.subscription, self.resource_group, self.app)


class FunctionAppTable(AzureTable):
    """``kind = "azure-functions"``."""

    kind: Literal["azure-functions"]

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        del fill
        return AzureFunctionApp(self.subscription, self.resource_group, self.app)


class KubernetesTable(Table):
    """``kind = "kubernetes"``: a Deployment, or a Knative Service."""

    kind: Literal["kubernetes"]
    namespace: Line
    name: Line
    knative: bool = False
    api: str = Field(default="http://127.0.0.1:8001", pattern="^(https?://|\\$\\{)")
    token_env: Variable | None = None
    ca_file: Line | None = None

    def config(self, fill: Mapping[str, str]) -> RuntimeConfig:
        ca_file = None if self.ca_file is None else f"{fill.get('folder', '.')}/{self.ca_file}"
        return Kubernetes(self.namespace, self.name, self.knative, self.api, self.token_env, ca_file)


RuntimeTable = (
    FunctionTable
    | ContainerTable
    | LambdaTable
    | EcsTable
    | CloudRunTable
    | ContainerAppTable
    | FunctionAppTable
    | KubernetesTable
    | ExternalTable
)
