"""How a platform's usage becomes a bill: one function a billing model, each from units to line items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from harness.domain.bill import Bill, CostLayer
from harness.errors import Refused
from harness.platforms.aws_lambda import bill as aws
from harness.platforms.azure_container_apps import bill as azure
from harness.platforms.cloud_run import bill as google
from harness.platforms.kubernetes import bill as clusters
from harness.platforms.shared.book import Book
from harness.platforms.shared.usage import HOURS_PER_MONTH, Tariff, Usage

Model = Callable[[Tariff, Mapping[str, float], Usage], Bill]
MODELS: Mapping[str, Model] = {
    "lambda-url": aws.lambda_url,
    "lambda-http-api": aws.lambda_http_api,
    "lambda-rest-api": aws.lambda_rest_api,
    "lambda-managed": aws.lambda_managed,
    "fargate-alb": aws.fargate_alb,
    "ec2-alb": aws.ec2_alb,
    "eks": aws.eks,
    "gke": clusters.gke,
    "aks": clusters.aks,
    "sagemaker-serverless": aws.sagemaker_serverless,
    "cloud-run": google.cloud_run,
    "cloud-run-instances": google.cloud_run_instances,
    "container-apps": azure.container_apps,
    "functions-flex": azure.functions_flex,
    "functions-consumption": azure.functions_consumption,
}
BY_REQUEST = ("lambda-url", "lambda-http-api", "lambda-rest-api")  # billed milliseconds, told a request
BY_SUM = ("sagemaker-serverless", "functions-flex", "functions-consumption")  # the same, told of all requests together
BY_INSTANCE = ("cloud-run", "cloud-run-instances", "container-apps")  # billed time of instances
TOKEN_MODELS = ("haiku_3_5", "haiku_3", "nova_micro", "nova_lite", "nova_pro", "nova_2_lite")  # else Haiku 4.5
FLEETS: Mapping[str, str] = {"fargate-alb": "tasks"}  # model: the parameter that says how many there are

__all__ = ["BY_INSTANCE", "BY_REQUEST", "BY_SUM", "FLEETS", "HOURS_PER_MONTH", "MODELS", "Usage", "bill", "memory_mb"]


def bill(model: str, book: Book, parameters: Mapping[str, float], usage: Usage, *, free: bool = False) -> Bill:
    """Runtime and shared layers of one target; ``free`` takes a month's free tiers off.

    Raises Refused for an unknown model, and for a price that the book does not hold.
    """
    runtime = MODELS.get(model)
    if runtime is None:
        raise Refused(f"no billing model {model!r}", f"known: {', '.join(MODELS)}")
    tariff = Tariff(book, free)
    return runtime(tariff, parameters, usage) + _shared(tariff, parameters, usage)


def memory_mb(model: str, parameters: Mapping[str, float]) -> Decimal:
    """Of one of ``BY_SUM``: what its bill multiplies a billed millisecond by."""
    if model == "functions-consumption":
        return azure.stepped_mb(parameters)
    return Decimal(str(parameters.get("memory_mb", 2048)))


def _shared(tariff: Tariff, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """What both runtimes would use alike: tokens, transfer, and the ``ocus`` of a vector store that never sleeps."""
    model = next((name for name in TOKEN_MODELS if parameters.get(name)), "model")
    made = (
        tariff.line("Model input tokens", usage.input_tokens, f"{model}_input_token", CostLayer.SHARED)
        + tariff.line("Model output tokens", usage.output_tokens, f"{model}_output_token", CostLayer.SHARED)
        + tariff.line("Data transfer out", usage.response_bytes / 10**9, "egress_gb", CostLayer.SHARED)
    )
    if units := parameters.get("ocus"):
        hours = usage.hours * Decimal(str(units))
        made += tariff.line("Vector store, idle or not", hours, "aoss_ocu_hour", CostLayer.SHARED)
    return made
