"""What a CloudWatch source is asked about, by what its table names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.platforms.shared import cloudwatch as cw


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
