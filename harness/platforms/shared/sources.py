"""[[sources]] of target.toml: where a target's own figures come from."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from harness.domain.address import problem_of
from harness.domain.target import SourceConfig
from harness.tables.problems import nearest
from harness.tables.table import Table
from harness.tables.values import HeaderName, Line, Variable, distinct

GROUP = "runtime_pilot.sources"  # entry points of other packages' kinds
SUBJECTS = (
    *("function", "load_balancer", "cluster", "rest_api", "http_api", "bedrock_model", "sagemaker_endpoint"),
    *("collection_id", "usage"),
)


class UsageTable(Table):
    """One of AWS/Usage's metrics: how much of a quota the account uses."""

    service: Line
    type: Literal["API", "Resource"]
    resource: Line
    class_: str = Field(default="None", alias="class")


class CloudWatchTable(Table):
    """``kind = "cloudwatch"``: what is named is read with its whole set of metrics."""

    kind: Literal["cloudwatch"]
    region: Line
    function: Line | None = None
    function_url: bool = False
    load_balancer: str | None = Field(default=None, pattern=r"^app/[^/]+/[0-9a-f]+$")
    cluster: Line | None = None
    service: Line | None = None
    container_insights: bool = False
    rest_api: Line | None = None
    http_api: Line | None = None
    bedrock_model: Line | None = None
    sagemaker_endpoint: Line | None = None
    variant: Line = "AllTraffic"
    collection_id: Line | None = None
    collection_name: Line | None = None
    account_id: str | None = Field(default=None, pattern=r"^[0-9]{12}$")
    usage: tuple[UsageTable, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> CloudWatchTable:
        if not any(getattr(self, name) for name in SUBJECTS):
            raise ValueError(f"names nothing to read: want at least one of {', '.join(SUBJECTS)}")
        if bool(self.cluster) != bool(self.service):
            raise ValueError("cluster and service go together")
        if self.collection_id and not (self.collection_name and self.account_id):
            raise ValueError("collection_id wants collection_name and account_id: CloudWatch matches all three")
        return self


class LambdaLogsTable(Table):
    """``kind = "lambda-logs"``: REPORT lines of one log group."""

    kind: Literal["lambda-logs"]
    region: Line
    log_group: Line
    through: Literal["filter", "insights"] = "filter"


class QueryTable(Table):
    """A team's own query of a Prometheus source."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    promql: str = Field(min_length=1, max_length=10_000)
    unit: Line


class PrometheusTable(Table):
    """``kind = "prometheus"``: ready sets, a team's own queries, or both."""

    kind: Literal["prometheus"]
    url: Line
    sets: Annotated[tuple[Literal["kubernetes", "knative", "opencost"], ...], AfterValidator(distinct)] = ()
    namespace: Line | None = None
    service: Line | None = None
    queries: tuple[QueryTable, ...] = ()
    step_s: int = Field(15, ge=1, le=3600)
    header: HeaderName = "Authorization"
    env: Variable | None = None

    @field_validator("url")
    @classmethod
    def _is_one(cls, value: str) -> str:
        if not value.startswith("${") and (problem := problem_of(value)):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _something(self) -> PrometheusTable:
        if not self.sets and not self.queries:
            raise ValueError("names nothing to read: want sets, queries or both")
        if self.sets and not self.namespace:
            raise ValueError("sets want a namespace")
        if "knative" in self.sets and not self.service:
            raise ValueError('the set "knative" wants a service')
        return self


class TracesTable(Table):
    """``kind = "otlp-traces"``: a file, or a folder of files, of OTLP/JSON."""

    kind: Literal["otlp-traces"]
    path: Line
    attribute: Line = "http.request.header.x-request-id"


class CostExplorerTable(Table):
    """``kind = "cost-explorer"``: the bill of what carries a tag, by day."""

    kind: Literal["cost-explorer"]
    tag: Line = "pilot"
    values: Annotated[tuple[Line, ...], AfterValidator(distinct)] = Field(min_length=1, max_length=100)


class CloudMonitoringTable(Table):
    """``kind = "cloud-monitoring"``: a Cloud Run service."""

    kind: Literal["cloud-monitoring"]
    project: Line
    region: Line
    service: Line


class AzureMonitorTable(Table):
    """``kind = "azure-monitor"``: a Container App, or a Function App."""

    kind: Literal["azure-monitor"]
    subscription: Line
    resource_group: Line
    container_app: Line | None = None
    function_app: Line | None = None
    plan: Literal["flex", "consumption"] = "flex"

    @model_validator(mode="after")
    def _one_of_both(self) -> AzureMonitorTable:
        if (self.container_app is None) == (self.function_app is None):
            raise ValueError("want either container_app or function_app")
        return self


class OtherTable(BaseModel):
    """A kind that another package brings; its fields are that package's to check."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str

    @field_validator("kind")
    @classmethod
    def _somebody_brings_it(cls, value: str) -> str:
        brought = [found.name for found in entry_points(group=GROUP)]
        if value not in brought:
            known = [*KINDS, *brought]
            meant = nearest(value, known) or f"; known: {', '.join(known)}"
            raise ValueError(f"no kind of source {value[:40]!r}{meant}")
        return value


def _which(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in KINDS else "other"


KINDS = (
    *("cloudwatch", "lambda-logs", "prometheus", "otlp-traces", "cost-explorer"),
    *("cloud-monitoring", "azure-monitor"),
)
SourceTable = Annotated[
    Annotated[CloudWatchTable, Tag("cloudwatch")]
    | Annotated[LambdaLogsTable, Tag("lambda-logs")]
    | Annotated[PrometheusTable, Tag("prometheus")]
    | Annotated[TracesTable, Tag("otlp-traces")]
    | Annotated[CostExplorerTable, Tag("cost-explorer")]
    | Annotated[CloudMonitoringTable, Tag("cloud-monitoring")]
    | Annotated[AzureMonitorTable, Tag("azure-monitor")]
    | Annotated[OtherTable, Tag("other")],
    Discriminator(_which),
]


def config_of(table: SourceTable) -> SourceConfig:
    """What the sources room makes a source of; unset fields are left out."""
    said = table.model_dump(exclude={"kind"}, exclude_none=True, by_alias=True)
    return SourceConfig(table.kind, said)
