"""From what target.toml says to a source; kinds that other packages bring come through an entry point."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from harness.domain.reading import MetricSource
from harness.domain.target import AzureApp, SourceConfig
from harness.errors import Refused
from harness.platforms.aws_lambda.insights import LambdaInsights
from harness.platforms.aws_lambda.logs import LambdaLogs
from harness.platforms.cloud_run import readings as cloud_monitoring
from harness.platforms.shared import azure_monitor
from harness.platforms.shared import cloudwatch as cw
from harness.platforms.shared.aws import client
from harness.platforms.shared.cost_explorer import CostExplorer
from harness.platforms.shared.origins import azure, google
from harness.platforms.shared.otlp_traces import OtlpTraces
from harness.platforms.shared.prometheus import Prometheus
from harness.platforms.shared.prometheus_sets import Query, queries_of
from harness.platforms.shared.recorded import Recorded
from harness.platforms.source_tables import GROUP

# an entry point of GROUP takes the table's fields as a mapping and returns a MetricSource
Build = Callable[[Mapping[str, Any]], MetricSource]


def source_of(config: SourceConfig) -> MetricSource:
    """The source of one [[sources]] table; raises Refused for a kind that nobody brings."""
    if build := BUILTIN.get(config.kind):
        return build(config.options)
    for found in entry_points(group=GROUP, name=config.kind):
        made: MetricSource = found.load()(config.options)
        return made
    known = sorted({*BUILTIN, *(e.name for e in entry_points(group=GROUP))})
    raise Refused(f"no metric source of kind {config.kind!r}", f"known: {', '.join(known)}")


def subjects_of(options: Mapping[str, Any]) -> list[cw.Subject]:
    """Every set of CloudWatch metrics that a table asks for, with the dimensions that it is published under."""
    out = []
    if function := options.get("function"):
        metrics = cw.LAMBDA + (cw.LAMBDA_URL if options.get("function_url") else ())
        out.append(cw.Subject(metrics, {"FunctionName": function}))
        out.append(cw.Subject(cw.LAMBDA_ACCOUNT, {}))
    if balancer := options.get("load_balancer"):
        out.append(cw.Subject(cw.LOAD_BALANCER, {"LoadBalancer": balancer}))
    if cluster := options.get("cluster"):
        task = {"ClusterName": cluster, "ServiceName": options["service"]}
        out.append(cw.Subject(cw.ECS + (cw.CONTAINER_INSIGHTS if options.get("container_insights") else ()), task))
    for name, metrics, dimension in (
        ("rest_api", cw.REST_API, "ApiName"),
        ("http_api", cw.HTTP_API, "ApiId"),
        ("bedrock_model", cw.BEDROCK, "ModelId"),
    ):
        if value := options.get(name):
            out.append(cw.Subject(metrics, {dimension: value}))
    if endpoint := options.get("sagemaker_endpoint"):
        out.append(cw.Subject(cw.SAGEMAKER, {"EndpointName": endpoint, "VariantName": options["variant"]}))
    if collection := options.get("collection_id"):
        named = {"CollectionName": options["collection_name"], "ClientId": options["account_id"]}
        out.append(cw.Subject(cw.AOSS, {"CollectionId": collection, **named}))
    for used in options.get("usage", ()):
        dimensions = {name.title(): used[name] for name in ("service", "type", "resource", "class")}
        out.append(cw.Subject(cw.USAGE_CALLS if used["type"] == "API" else cw.USAGE_RESOURCES, dimensions))
    return out


def bills_of(config: SourceConfig) -> CostExplorer:
    """The source of a target's bills."""
    options = config.options
    return CostExplorer(Recorded(client("ce", "us-east-1")), options["tag"], tuple(options["values"]))


def _cloudwatch(options: Mapping[str, Any]) -> MetricSource:
    return cw.CloudWatch(Recorded(client("cloudwatch", options["region"])), subjects_of(options))


def _lambda_logs(options: Mapping[str, Any]) -> MetricSource:
    api = Recorded(client("logs", options["region"]))
    return (LambdaInsights if options["through"] == "insights" else LambdaLogs)(api, options["log_group"])


def _prometheus(options: Mapping[str, Any]) -> MetricSource:
    values = {name: options[name] for name in ("namespace", "service") if name in options}
    queries = queries_of(tuple(options["sets"]), values)
    queries |= {q["name"]: Query(q["promql"], q["unit"]) for q in options["queries"]}
    headers = None
    if variable := options.get("env"):
        if not os.environ.get(variable):
            raise Refused(
                f"prometheus at {options['url']}: environment variable {variable} is not set",
                "export it, or name another with env in [[sources]]",
            )
        headers = {options["header"]: os.environ[variable]}
    return Prometheus(options["url"], queries, headers=headers, step_s=options["step_s"])


def _traces(options: Mapping[str, Any]) -> MetricSource:
    return OtlpTraces(Path(options["path"]), options["attribute"])


def _cloud_monitoring(options: Mapping[str, Any]) -> MetricSource:
    api = google(cloud_monitoring.HOST)
    return cloud_monitoring.CloudMonitoring(api, options["project"], options["service"], options["region"])


def _azure_monitor(options: Mapping[str, Any]) -> MetricSource:
    group = AzureApp(options["subscription"], options["resource_group"], "").group
    metrics: tuple[azure_monitor.AzureMetric, ...]
    if name := options.get("container_app"):
        resource, metrics = f"{group}/Microsoft.App/containerApps/{name}", azure_monitor.CONTAINER_APP
    else:
        flex = options["plan"] == "flex"
        metrics = azure_monitor.FUNCTION_APP if flex else azure_monitor.CONSUMPTION_APP
        resource = f"{group}/Microsoft.Web/sites/{options['function_app']}"
    return azure_monitor.AzureMonitor(azure(), resource, metrics)


BUILTIN: Mapping[str, Build] = {
    "cloudwatch": _cloudwatch,
    "lambda-logs": _lambda_logs,
    "prometheus": _prometheus,
    "otlp-traces": _traces,
    "cloud-monitoring": _cloud_monitoring,
    "azure-monitor": _azure_monitor,
}
