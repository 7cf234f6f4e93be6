"""Kinds of [[sources]] that are no one platform's: their tables, and what is made of each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from harness.domain.address import problem_of
from harness.domain.lines import names_in
from harness.domain.reading import MetricSource
from harness.domain.reasons.doubt import Figures
from harness.errors import Refused
from harness.platforms.platform import Part, SourceKind, examined_by
from harness.platforms.shared.azure_app import providers
from harness.platforms.shared.shown import SUBJECTS
from harness.tables.problems import nearest
from harness.tables.table import Table
from harness.tables.values import HeaderName, Line, Variable, distinct

NAMES = names_in(
    "function load_balancer cluster rest_api http_api bedrock_model sagemaker_endpoint collection_id usage"
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
        if not any(getattr(self, name) for name in NAMES):
            raise ValueError(f"names nothing to read: want at least one of {', '.join(NAMES)}")
        if bool(self.cluster) != bool(self.service):
            raise ValueError("cluster and service go together")
        if self.collection_id and not (self.collection_name and self.account_id):
            raise ValueError("collection_id wants collection_name and account_id: its units are the account's")
        return self


class QueryTable(Table):
    """A team's own query of a Prometheus source."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    promql: str = Field(min_length=1, max_length=10_000)
    unit: Line


def _known_sets(names: tuple[str, ...]) -> tuple[str, ...]:
    from harness.platforms.registry import subjects  # noqa: PLC0415 - which knows this module
    from harness.platforms.shared.prometheus_sets import set_name  # noqa: PLC0415

    known = [set_name(subject.signals) for subject in subjects("prometheus")]
    if unknown := [name for name in names if name not in known]:
        meant = nearest(unknown[0], known) or f"; known: {', '.join(known)}"
        raise ValueError(f"no set {unknown[0]!r}{meant}")
    return names


class PrometheusTable(Table):
    """``kind = "prometheus"``: ready sets, a team's own queries, or both."""

    kind: Literal["prometheus"]
    url: Line
    sets: Annotated[tuple[Line, ...], AfterValidator(distinct), AfterValidator(_known_sets)] = ()
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


def _cloudwatch(options: Mapping[str, Any]) -> MetricSource:
    from harness.platforms.registry import asked_of  # noqa: PLC0415 - what asks a cloud is made where it is asked
    from harness.platforms.shared.aws import client  # noqa: PLC0415
    from harness.platforms.shared.cloudwatch import CloudWatch  # noqa: PLC0415
    from harness.platforms.shared.recorded import Recorded  # noqa: PLC0415

    return CloudWatch(Recorded(client("cloudwatch", options["region"])), asked_of("cloudwatch", options))


def _bills(options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a source of bills
    from harness.platforms.shared.aws import client  # noqa: PLC0415
    from harness.platforms.shared.cost_explorer import CostExplorer  # noqa: PLC0415
    from harness.platforms.shared.cost_tags import HOME  # noqa: PLC0415
    from harness.platforms.shared.recorded import Recorded  # noqa: PLC0415

    return CostExplorer(Recorded(client("ce", HOME)), options["tag"], tuple(options["values"]))


def _prometheus(options: Mapping[str, Any]) -> MetricSource:
    from harness.platforms.shared.prometheus import Prometheus  # noqa: PLC0415
    from harness.platforms.shared.prometheus_sets import queries_of  # noqa: PLC0415

    headers = None
    if variable := options.get("env"):
        if not os.environ.get(variable):
            raise Refused(
                f"prometheus at {options['url']}: environment variable {variable} is not set",
                "export it, or name another with env in [[sources]]",
            )
        headers = {options["header"]: os.environ[variable]}
    return Prometheus(options["url"], queries_of(options), headers=headers, step_s=options["step_s"])


def _traces(options: Mapping[str, Any]) -> MetricSource:
    from harness.platforms.shared.otlp_traces import OtlpTraces  # noqa: PLC0415

    return OtlpTraces(Path(options["path"]), options["attribute"])


def _azure_monitor(options: Mapping[str, Any]) -> MetricSource:
    from harness.platforms.registry import asked_of  # noqa: PLC0415
    from harness.platforms.shared.azure_monitor import AzureMonitor  # noqa: PLC0415
    from harness.platforms.shared.origins import azure  # noqa: PLC0415

    [(signals, path)] = asked_of("azure-monitor", options)
    return AzureMonitor(azure(), f"{providers(options['subscription'], options['resource_group'])}/{path}", signals)


SHARED = (
    SourceKind(
        "cloudwatch",
        CloudWatchTable,
        _cloudwatch,
        Figures.COUNTS,
        cloud="aws",
        subjects=SUBJECTS,
        parts={
            "load_balancer": Part("load_balancer", "alb_hour"),
            "rest_api": Part("rest_api", "rest_api_request"),
            "http_api": Part("http_api", "http_api_request"),
            "collection_id": Part("opensearch", "aoss_ocu_hour"),
        },
    ),
    SourceKind(
        "prometheus",
        PrometheusTable,
        _prometheus,
        Figures.CLUSTER,
        others="a query of the team's own",
    ),
    SourceKind(
        "otlp-traces",
        TracesTable,
        _traces,
        Figures.SPANS,
        spans=True,
        others="how long spans of this name took",
    ),
    SourceKind(
        "cost-explorer",
        CostExplorerTable,
        _bills,
        Figures.BILL,
        cloud="aws",
        bills=True,
        examine=examined_by("harness.platforms.shared.cost_tags"),
    ),
    SourceKind(
        "azure-monitor",
        AzureMonitorTable,
        _azure_monitor,
        Figures.REPLICAS,
        cloud="azure",
    ),
)
