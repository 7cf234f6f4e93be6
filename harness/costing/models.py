"""How a platform's usage becomes a bill: one function a billing model, each from units to line items.

Formulas: cloud price lists as the book cites them. Lambda: billed milliseconds
already hold the init phase (since August 2025). Fargate: provisioned, not used,
size for as long as tasks run. An ALB is billed per hour and per LCU-hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from harness.costing.book import Book
from harness.domain.bill import Basis, Bill, CostLayer, LineItem
from harness.errors import Refused

HOURS_PER_MONTH = Decimal(730)
LOG_BYTES_PER_REQUEST = Decimal(400)  # START, END and REPORT of one invocation


@dataclass(frozen=True)
class Usage:
    """What was used in one stretch of time."""

    hours: Decimal
    requests: Decimal  # that the platform accepted: a refused one is not billed
    billed_ms: Decimal  # summed over requests; 0 where a platform bills by the hour
    response_bytes: Decimal
    input_tokens: Decimal
    output_tokens: Decimal

    def scaled(self, factor: Decimal, hours: Decimal) -> Usage:
        """The same mix of requests, ``factor`` times as many, in ``hours``."""
        return Usage(
            hours,
            self.requests * factor,
            self.billed_ms * factor,
            self.response_bytes * factor,
            self.input_tokens * factor,
            self.output_tokens * factor,
        )


def bill(model: str, book: Book, parameters: Mapping[str, float], usage: Usage) -> Bill:
    """Runtime and shared layers of one target; raises Refused for an unknown model."""
    runtime = {"lambda-url": _lambda_url, "fargate-alb": _fargate_alb}.get(model)
    if runtime is None:
        raise Refused(f"no billing model {model!r}")
    return runtime(book, parameters, usage) + _shared(book, usage)


def _lambda_url(book: Book, parameters: Mapping[str, float], usage: Usage) -> Bill:
    gb = Decimal(str(parameters.get("memory_mb", 1024))) / 1024
    units = Decimal(str(parameters.get("provisioned", 0)))
    # of the invocations, how many meet a provisioned environment: the rest spill over at the on-demand price
    covered = Decimal(str(parameters.get("provisioned_share", 1))) if units else Decimal(0)
    gb_seconds = usage.billed_ms / 1000 * gb
    lines = [
        _line(book, "Requests", usage.requests, "lambda_request"),
        _line(book, "Compute, billed duration", gb_seconds * (1 - covered), "lambda_gb_second"),
        _line(book, "Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb"),
    ]
    if units:
        kept = units * gb * usage.hours * 3600
        lines.append(_line(book, "Provisioned concurrency", kept, "lambda_provisioned_gb_second"))
        name = "Compute on provisioned environments"
        lines.append(_line(book, name, gb_seconds * covered, "lambda_provisioned_duration_gb_second"))
    return Bill(tuple(lines))


def _fargate_alb(book: Book, parameters: Mapping[str, float], usage: Usage) -> Bill:
    tasks = Decimal(str(parameters.get("tasks", 2)))
    task_hours = tasks * usage.hours
    lcus = Decimal(str(parameters.get("lcus", 1)))
    return Bill(
        (
            _line(book, "Task vCPU", task_hours * Decimal(str(parameters.get("vcpu", 1))), "fargate_vcpu_hour"),
            _line(book, "Task memory", task_hours * Decimal(str(parameters.get("memory_gb", 2))), "fargate_gb_hour"),
            _line(book, "Task public IPv4", task_hours, "public_ipv4_hour"),
            _line(book, "Load balancer", usage.hours, "alb_hour"),
            _line(book, "Load balancer capacity", usage.hours * lcus, "alb_lcu_hour"),
            _line(book, "Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb"),
        )
    )


def _shared(book: Book, usage: Usage) -> Bill:
    return Bill(
        (
            _line(book, "Model input tokens", usage.input_tokens, "model_input_token", CostLayer.SHARED),
            _line(book, "Model output tokens", usage.output_tokens, "model_output_token", CostLayer.SHARED),
            _line(book, "Data transfer out", usage.response_bytes / 10**9, "egress_gb", CostLayer.SHARED),
        )
    )


def _line(book: Book, label: str, quantity: Decimal, key: str, layer: CostLayer = CostLayer.RUNTIME) -> LineItem:
    price = book.price(key)
    return LineItem(label, quantity, price.unit, price.usd, layer, Basis.MODELLED, key)
