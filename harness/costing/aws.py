"""Bills of AWS: Lambda behind a function URL or a gateway, Fargate behind a load balancer.

Formulas: cloud price lists as the book cites them. Lambda: billed milliseconds
already hold the init phase (since August 2025). Fargate: provisioned, not used,
size for as long as tasks run. An ALB is billed per hour and per LCU-hour. An HTTP
API meters each request in steps of 512 KB.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from harness.costing.usage import LOG_BYTES_PER_REQUEST, Tariff, Usage
from harness.domain.bill import Bill

HTTP_API_STEP_BYTES = Decimal(512 * 1024)


def lambda_url(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """``memory_mb``; ``provisioned`` environments kept, and the ``provisioned_share`` of invocations that meet one."""
    gb = Decimal(str(parameters.get("memory_mb", 1024))) / 1024
    units = Decimal(str(parameters.get("provisioned", 0)))
    # of the invocations, how many meet a provisioned environment: the rest spill over at the on-demand price
    covered = Decimal(str(parameters.get("provisioned_share", 1))) if units else Decimal(0)
    gb_seconds = usage.billed_ms / 1000 * gb
    made = (
        tariff.line("Requests", usage.requests, "lambda_request")
        + tariff.line("Compute, billed duration", gb_seconds * (1 - covered), "lambda_gb_second")
        + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb")
    )
    if units:
        kept = units * gb * usage.hours * 3600
        made += tariff.line("Provisioned concurrency", kept, "lambda_provisioned_gb_second")
        name = "Compute on provisioned environments"
        made += tariff.line(name, gb_seconds * covered, "lambda_provisioned_duration_gb_second")
    return made


def lambda_http_api(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """As ``lambda_url``, and a gateway that buffers."""
    mean = usage.response_bytes / usage.requests if usage.requests else Decimal(0)
    steps = max(Decimal(1), (mean / HTTP_API_STEP_BYTES).to_integral_value(ROUND_CEILING))
    return lambda_url(tariff, parameters, usage) + tariff.line("HTTP API", usage.requests * steps, "http_api_request")


def lambda_rest_api(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """As ``lambda_url``, and a gateway that can stream; what streaming costs extra is not known and left out."""
    return lambda_url(tariff, parameters, usage) + tariff.line("REST API", usage.requests, "rest_api_request")


def fargate_alb(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """``tasks`` of ``vcpu`` and ``memory_gb``, the load balancer's ``lcus``, ``nat_gateways`` where there are some."""
    tasks = Decimal(str(parameters.get("tasks", 2)))
    task_hours = tasks * usage.hours
    lcus = Decimal(str(parameters.get("lcus", 1)))
    nats = Decimal(str(parameters.get("nat_gateways", 0)))
    made = (
        tariff.line("Task vCPU", task_hours * Decimal(str(parameters.get("vcpu", 1))), "fargate_vcpu_hour")
        + tariff.line("Task memory", task_hours * Decimal(str(parameters.get("memory_gb", 2))), "fargate_gb_hour")
        + tariff.line("Task public IPv4", task_hours, "public_ipv4_hour")
        + tariff.line("Load balancer", usage.hours, "alb_hour")
        + tariff.line("Load balancer capacity", usage.hours * lcus, "alb_lcu_hour")
        + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb")
    )
    if nats:
        made += tariff.line("NAT gateway", usage.hours * nats, "nat_hour")
        made += tariff.line("NAT gateway data", usage.response_bytes / 10**9, "nat_gb")
    return made
