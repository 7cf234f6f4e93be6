"""Bills of SageMaker's serverless inference: as long as requests are processed, and what goes in and out."""

from __future__ import annotations

from decimal import Decimal

from harness.domain.bill import Bill
from harness.platforms.billing import Billing, How, ToldBy
from harness.platforms.front import MB, Front
from harness.platforms.shared.terms import PriceTerms, Size
from harness.platforms.shared.usage import Tariff, Usage

FRONT = Front("SageMaker", 60.0, 4 * MB, streams=False, no_place="an error at once", unconfirmed=("no_place",))


class InferenceTerms(PriceTerms):
    """An endpoint's memory."""

    memory_mb: Size = Decimal(2048)


def sagemaker_serverless(tariff: Tariff, terms: InferenceTerms, usage: Usage) -> Bill:
    """``memory_mb`` for as long as requests are processed, and the data that goes in and out."""
    gb_seconds = usage.billed_ms / 1000 * terms.memory_mb / 1024
    return tariff.line("Inference", gb_seconds, "sagemaker_gb_second") + tariff.line(
        "Data processed", usage.response_bytes / 10**9, "sagemaker_data_gb"
    )


BILLINGS = (
    Billing(
        "sagemaker-serverless",
        How.REQUESTS,
        ToldBy.TOTAL,
        InferenceTerms,
        sagemaker_serverless,
        series={"AWS/SageMaker ModelLatency Sum": 0.001},  # microseconds; that this is what is billed is unconfirmed
        front=FRONT,
    ),
)
