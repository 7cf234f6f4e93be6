"""Series worth showing that are no one platform's: AWS's gateways and balancers, the model's provider, stores, quotas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.platforms.platform import Measure, Subject, Tier
from harness.platforms.shared.rows import by_name, rows

CW = "cloudwatch"
_alb = rows(CW, "AWS/ApplicationELB ", Tier.FRONT)
_gateway = rows(CW, "AWS/ApiGateway ", Tier.FRONT)
_model = rows(CW, "AWS/Bedrock ", Tier.PROVIDER)
_store = rows(CW, "AWS/AOSS ", Tier.STORE)
_usage = rows(CW, "AWS/Usage ")

BALANCER = (
    _alb("RequestCount Sum", Measure.REQUESTS, "count", "requests at the load balancer"),
    _alb("TargetResponseTime p95", Measure.ADDED, "s", "until the head of the answer, p95"),
    _alb("RejectedConnectionCount Sum", Measure.REFUSALS, "count", "connections refused"),
    _alb("HTTPCode_Target_5XX_Count Sum", Measure.ERRORS, "count", "errors of the targets", tier=Tier.RUNTIME),
    _alb("HTTPCode_ELB_502_Count Sum", Measure.ERRORS, "count", "targets that closed or answered badly"),
    _alb("HTTPCode_ELB_503_Count Sum", Measure.ERRORS, "count", "no healthy target", telling=0.0),
    _alb("HTTPCode_ELB_504_Count Sum", Measure.TIMEOUTS, "count", "targets too slow"),
    _alb("ProcessedBytes Sum", Measure.TRANSFER, "bytes", "bytes through the load balancer"),
    _alb("ConsumedLCUs Sum", Measure.BILLED, "LCU", "load balancer capacity used"),
)
BOTH_APIS = (
    _gateway("Count Sum", Measure.REQUESTS, "count", "requests at the gateway"),
    _gateway("Latency p95", Measure.DURATION, "ms", "whole time at the gateway, p95"),
    _gateway("IntegrationLatency p95", Measure.ADDED, "ms", "of that, behind the gateway, p95", tier=Tier.RUNTIME),
)
REST_API = (
    _gateway("4XXError Sum", Measure.ERRORS, "count", "refused or rejected at the gateway"),
    _gateway("5XXError Sum", Measure.ERRORS, "count", "errors at the gateway"),
)
HTTP_API = (
    _gateway("4xx Sum", Measure.ERRORS, "count", "refused or rejected at the gateway"),
    _gateway("5xx Sum", Measure.ERRORS, "count", "errors at the gateway"),
    _gateway("DataProcessed Sum", Measure.TRANSFER, "bytes", "bytes through the gateway"),
)
BEDROCK = (
    _model("Invocations Sum", Measure.REQUESTS, "count", "calls of the model"),
    _model("InvocationThrottles Sum", Measure.REFUSALS, "count", "calls refused"),
    _model("InvocationClientErrors Sum", Measure.ERRORS, "count", "calls that were wrong"),
    _model("InvocationServerErrors Sum", Measure.ERRORS, "count", "calls that the provider failed"),
    _model("InvocationLatency p95", Measure.DURATION, "ms", "the model's answer, p95"),
    _model("TimeToFirstToken p95", Measure.DURATION, "ms", "the model's first token, p95"),
    _model("InputTokenCount Sum", Measure.TOKENS, "tokens", "tokens read"),
    _model("OutputTokenCount Sum", Measure.TOKENS, "tokens", "tokens written"),
    _model("EstimatedTPMQuotaUsage Maximum", Measure.QUOTA_USE, "tokens/min", "use of the quota of tokens a minute"),
)
STORE = (  # of the whole account: collections share their units, and no dimension tells them apart
    _store("SearchOCU Sum", Measure.INSTANCES, "OCU", "units of all vector stores of the account"),
    _store("IndexingOCU Sum", Measure.INSTANCES, "OCU", "units for all their indexes"),
)
CALLS = (_usage("CallCount Sum", Measure.QUOTA_USE, "count", "calls that a quota counts"),)
RESOURCES = (_usage("ResourceCount Maximum", Measure.QUOTA_USE, "count", "resources that a quota counts"),)


def _used(kind: str) -> Any:  # noqa: ANN401 - what finds a subject
    def at(options: Mapping[str, Any]) -> list[dict[str, str]]:
        names = ("service", "type", "resource", "class")
        return [
            {name.title(): used[name] for name in names} for used in options.get("usage", ()) if used["type"] == kind
        ]

    return at


def _store_of(options: Mapping[str, Any]) -> list[dict[str, str]]:
    """Where a collection is named: its account, by which alone these metrics are published."""
    return [{"ClientId": options["account_id"]}] if options.get("collection_id") else []


SUBJECTS = (
    Subject(CW, BALANCER, by_name(LoadBalancer="load_balancer")),
    Subject(CW, (*BOTH_APIS, *REST_API), by_name(ApiName="rest_api")),
    Subject(CW, (*BOTH_APIS, *HTTP_API), by_name(ApiId="http_api")),
    Subject(CW, BEDROCK, by_name(ModelId="bedrock_model")),
    Subject(CW, STORE, _store_of),
    Subject(CW, CALLS, _used("API")),
    Subject(CW, RESOURCES, _used("Resource")),
)
