"""Bills of Lambda: behind a function URL or a gateway by request and duration, on managed instances by capacity.

Formulas: cloud price lists as the book cites them. Billed milliseconds already hold the
init phase (since August 2025). An HTTP API meters each request in steps of 512 KB.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from harness.domain.bill import Bill
from harness.domain.lines import names_in
from harness.platforms.aws_lambda.limits import HTTP_API, REST_API, URL
from harness.platforms.billing import Billing, How, ToldBy, by_machines
from harness.platforms.shared.aws_front import machine_hours
from harness.platforms.shared.terms import NONE, ONE, Amount, MachineTerms, PriceTerms, Share, Size
from harness.platforms.shared.usage import LOG_BYTES_PER_REQUEST, Tariff, Usage

HTTP_API_STEP_BYTES = Decimal(512 * 1024)
FREE_STREAM_BYTES = Decimal(6 * 1024 * 1024)  # of each answer
FREE_SCRATCH_GB = Decimal("0.5")
EACH = frozenset(
    names_in(
        """
        lambda_request
        lambda_gb_second lambda_provisioned_duration_gb_second
        lambda_arm_gb_second lambda_arm_provisioned_duration_gb_second
        """
    )
)


class LambdaTerms(PriceTerms):
    """The function's size, and what of it is kept."""

    memory_mb: Size = Decimal(1024)
    arm64: Amount = NONE
    provisioned: Amount = NONE
    provisioned_share: Share = ONE
    ephemeral_gb: Amount = NONE


def lambda_url(tariff: Tariff, terms: LambdaTerms, usage: Usage) -> Bill:
    """``memory_mb``; ``provisioned`` environments kept, and the ``provisioned_share`` of the work that they do.

    A predicted month has its own share, where none is declared. ``arm64`` for its prices; ``ephemeral_gb`` of scratch space,
    of which half a GB is free; a mean answer beyond 6 MB streams at a price.
    """
    arm = "arm_" if terms.arm64 else ""
    gb = terms.memory_mb / 1024
    units = terms.provisioned
    # of the invocations, how many meet a provisioned environment: the rest spill over at the on-demand price
    covered = terms.provisioned_share if units else Decimal(0)
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
    if (scratch := terms.ephemeral_gb - FREE_SCRATCH_GB) > 0:
        made += tariff.line("Ephemeral storage", usage.billed_ms / 1000 * scratch, "lambda_ephemeral_gb_second")
    if (streamed := usage.response_bytes - usage.requests * FREE_STREAM_BYTES) > 0:
        made += tariff.line("Response streaming", streamed / 10**9, "lambda_streamed_gb")
    return made


def lambda_http_api(tariff: Tariff, terms: LambdaTerms, usage: Usage) -> Bill:
    """As ``lambda_url``, and a gateway that buffers."""
    mean = usage.response_bytes / usage.requests if usage.requests else Decimal(0)
    steps = max(Decimal(1), (mean / HTTP_API_STEP_BYTES).to_integral_value(ROUND_CEILING))
    return lambda_url(tariff, terms, usage) + tariff.line("HTTP API", usage.requests * steps, "http_api_request")


def lambda_rest_api(tariff: Tariff, terms: LambdaTerms, usage: Usage) -> Bill:
    """As ``lambda_url``, and a gateway that can stream; what streaming costs extra is not known and left out."""
    return lambda_url(tariff, terms, usage) + tariff.line("REST API", usage.requests, "rest_api_request")


def lambda_managed(tariff: Tariff, terms: MachineTerms, usage: Usage) -> Bill:
    """Lambda Managed Instances: instances by the hour with a fee on their price, and requests; no duration."""
    hours = machine_hours(tariff, terms, usage)
    return (
        hours
        + tariff.line("Management fee", hours.total_usd, "lambda_managed_fee")
        + tariff.line("Requests", usage.requests, "lambda_request")
        + tariff.line("Logs", usage.requests * LOG_BYTES_PER_REQUEST / 10**9, "log_gb")
    )


URL_BILLING = Billing(
    *("lambda-url", How.REQUESTS, ToldBy.EACH_REQUEST, LambdaTerms, lambda_url),
    each_keys=EACH,
    kept_as="provisioned",
    kept_share="provisioned_share",
    front=URL,
)
BILLINGS = (
    URL_BILLING,
    replace(URL_BILLING, model="lambda-http-api", lines=lambda_http_api, front=HTTP_API),
    replace(URL_BILLING, model="lambda-rest-api", lines=lambda_rest_api, front=REST_API),
    by_machines("lambda-managed", MachineTerms, lambda_managed, "ec2_{}_hour", each_keys=EACH, front=URL),
)
