"""Bills of AWS: Lambda behind a function URL or a gateway, Fargate and EKS behind a load balancer, SageMaker serverless.

Formulas: cloud price lists as the book cites them. Lambda: billed milliseconds
already hold the init phase (since August 2025). Fargate: provisioned, not used,
size for as long as tasks run. An ALB is billed per hour and per LCU-hour. An HTTP
API meters each request in steps of 512 KB.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from harness.domain.bill import Bill
from harness.platforms.shared.usage import HOURS_PER_MONTH, LOG_BYTES_PER_REQUEST, Tariff, Usage

HTTP_API_STEP_BYTES = Decimal(512 * 1024)
FREE_STREAM_BYTES = Decimal(6 * 1024 * 1024)  # of each answer
FREE_SCRATCH_GB = Decimal("0.5")
FREE_TASK_GB = Decimal(20)
INSTANCES = ("t3_medium", "t3_large", "m5_large", "m5_xlarge")


def lambda_url(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """``memory_mb``; ``provisioned`` environments kept, and the ``provisioned_share`` of invocations that meet one.

    ``arm64`` for its prices; ``ephemeral_gb`` of scratch space, of which half a GB is free; a mean answer beyond
    6 MB streams at a price.
    """
    arm = "arm_" if parameters.get("arm64") else ""
    gb = _number(parameters, "memory_mb", 1024) / 1024
    units = _number(parameters, "provisioned", 0)
    # of the invocations, how many meet a provisioned environment: the rest spill over at the on-demand price
    covered = _number(parameters, "provisioned_share", 1) if units else Decimal(0)
    gb_seconds = usage.billed_ms / 1000 * gb
    made = (
        tariff.line("Requests", usage.requests, "lambda_request")
        + tariff.line("Compute, billed duration", gb_seconds * (1 - covered), f"lambda_{arm}gb_second")
        + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb")
    )
    if units:
        kept = units * gb * usage.hours * 3600
        made += tariff.line("Provisioned concurrency", kept, f"lambda_{arm}provisioned_gb_second")
        name = "Compute on provisioned environments"
        made += tariff.line(name, gb_seconds * covered, f"lambda_{arm}provisioned_duration_gb_second")
    if (scratch := _number(parameters, "ephemeral_gb", 0) - FREE_SCRATCH_GB) > 0:
        made += tariff.line("Ephemeral storage", usage.billed_ms / 1000 * scratch, "lambda_ephemeral_gb_second")
    if (streamed := usage.response_bytes - usage.requests * FREE_STREAM_BYTES) > 0:
        made += tariff.line("Response streaming", streamed / 10**9, "lambda_streamed_gb")
    return made


def lambda_http_api(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """As ``lambda_url``, and a gateway that buffers."""
    mean = usage.response_bytes / usage.requests if usage.requests else Decimal(0)
    steps = max(Decimal(1), (mean / HTTP_API_STEP_BYTES).to_integral_value(ROUND_CEILING))
    return lambda_url(tariff, parameters, usage) + tariff.line("HTTP API", usage.requests * steps, "http_api_request")


def lambda_rest_api(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """As ``lambda_url``, and a gateway that can stream; what streaming costs extra is not known and left out."""
    return lambda_url(tariff, parameters, usage) + tariff.line("REST API", usage.requests, "rest_api_request")


def lambda_managed(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Lambda Managed Instances: instances by the hour with a fee on their price, and requests; no duration."""
    hours = _instances(tariff, parameters, usage)
    return (
        hours
        + tariff.line("Management fee", hours.total_usd, "lambda_managed_fee")
        + tariff.line("Requests", usage.requests, "lambda_request")
        + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb")
    )


def fargate_alb(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """``tasks`` of ``vcpu`` and ``memory_gb`` (``arm64`` for its prices), and what stands in front of them.

    ``ephemeral_gb`` a task, of which 20 are free.
    """
    arm = "arm_" if parameters.get("arm64") else ""
    task_hours = _number(parameters, "tasks", 2) * usage.hours
    made = (
        tariff.line("Task vCPU", task_hours * _number(parameters, "vcpu", 1), f"fargate_{arm}vcpu_hour")
        + tariff.line("Task memory", task_hours * _number(parameters, "memory_gb", 2), f"fargate_{arm}gb_hour")
        + tariff.line("Task public IPv4", task_hours, "public_ipv4_hour")
    )
    if (scratch := _number(parameters, "ephemeral_gb", 0) - FREE_TASK_GB) > 0:
        made += tariff.line("Task ephemeral storage", task_hours * scratch, "fargate_ephemeral_gb_hour")
    return made + _front(tariff, parameters, usage)


def eks(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Nodes by their type (``t3_large = 3``), control plane, ``ebs_gb`` of volumes, and what stands in front.

    Nodes are billed whole: what no pod uses of them is part of the cost.
    """
    made = _instances(tariff, parameters, usage) + tariff.line("Control plane", usage.hours, "eks_cluster_hour")
    if volumes := _number(parameters, "ebs_gb", 0):
        made += tariff.line("Volumes", volumes * usage.hours / HOURS_PER_MONTH, "ebs_gb_month")
    return made + _front(tariff, parameters, usage)


def ec2_alb(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Machines by their type, billed whole; ``load_balancer = 0`` where none stands in front, ``ebs_gb`` of volumes."""
    made = _instances(tariff, parameters, usage)
    if volumes := _number(parameters, "ebs_gb", 0):
        made += tariff.line("Volumes", volumes * usage.hours / HOURS_PER_MONTH, "ebs_gb_month")
    if not _number(parameters, "load_balancer", 1):
        return made
    return made + _front(tariff, parameters, usage)


def sagemaker_serverless(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """``memory_mb`` for as long as requests are processed, and the data that goes in and out."""
    gb_seconds = usage.billed_ms / 1000 * _number(parameters, "memory_mb", 2048) / 1024
    return tariff.line("Inference", gb_seconds, "sagemaker_gb_second") + tariff.line(
        "Data processed", usage.response_bytes / 10**9, "sagemaker_data_gb"
    )


def _front(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Load balancer with its ``lcus``, logs, and ``nat_gateways`` where there are some."""
    made = (
        tariff.line("Load balancer", usage.hours, "alb_hour")
        + tariff.line("Load balancer capacity", usage.hours * _number(parameters, "lcus", 1), "alb_lcu_hour")
        + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb")
    )
    if nats := _number(parameters, "nat_gateways", 0):
        made += tariff.line("NAT gateway", usage.hours * nats, "nat_hour")
        made += tariff.line("NAT gateway data", usage.response_bytes / 10**9, "nat_gb")
    return made


def _instances(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    made = Bill()
    for kind in INSTANCES:
        if count := _number(parameters, kind, 0):
            made += tariff.line(f"{kind.replace('_', '.')} instances", count * usage.hours, f"ec2_{kind}_hour")
    return made


def _number(parameters: Mapping[str, float], name: str, otherwise: float) -> Decimal:
    return Decimal(str(parameters.get(name, otherwise)))
