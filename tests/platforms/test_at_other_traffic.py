"""Every bill at a hundredth, a tenth, once, ten and a hundred times the measured traffic, to the cent; a new one must fill the table.

Measured: 1 request a second, 4 s each, which is 2,628,000 a month; nothing transferred, no tokens. Of a capacity two units
carried 4 a second, so one is planned for 1.4, and 0.01, 0.1, 1, 10 and 100 a second want 2, 2, 2, 8 and 72 of them (no fewer
than the two that are declared). Of instances that take 80 at once the mean number busy is the sum over k of P(N > 80 k), N
Poisson with 0.04, 0.4, 4, 40 and 400 in progress: 0.03921, 0.32968, 0.98168, 1.00000 and 5.48673, by Poisson's tables.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from harness.analysis.spend import runtime_usd
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms import registry
from harness.platforms.external.config import External
from harness.platforms.pricing import pricing_of
from harness.platforms.shared.usage import Usage
from harness.predict.billed import Each, Used, month_bill

MONTH, FACTORS = 2_628_000, (0.01, 0.1, 1, 10, 100)
BUSY, SIZES = (0.03921, 0.32968, 0.98168, 1.00000, 5.48673), (2, 2, 2, 8, 72)
AWS, GOOGLE, AZURE = "aws-2026-11", "gcp-2026-11", "azure-2026-11"
LAMBDA = {"memory_mb": 1024}
RUN = {"vcpu": 1, "memory_gib": 2, "concurrency": 80}
STATED = {
    "per_million_requests": {"usd": 0.40, "source": "vendor's list"},
    "per_gb_second": {"usd": 0.00002, "source": "vendor's list"},
    "memory_mb": 512,
    "per_month": {"usd": 5, "source": "the contract"},
}
KEPT = {
    "per_hour": {"usd": 0.05, "source": "the contract"},
    "units": 2,
    "per_million_requests": {"usd": 0.10, "source": "vendor's list"},
    "per_month": {"usd": 12, "source": "the contract"},
}
WORKED = {
    # 0.20 a million, 4 GB-s at 0.0000166667, 400 bytes of log at 0.50 a GB
    "lambda-url": (AWS, LAMBDA, (1.76, 17.63, 176.25, 1762.52, 17625.16)),
    # and 1.00 a million
    "lambda-http-api": (AWS, LAMBDA, (1.79, 17.89, 178.88, 1788.80, 17887.96)),
    # and 3.50 a million
    "lambda-rest-api": (AWS, LAMBDA, (1.85, 18.54, 185.45, 1854.50, 18544.96)),
    # 730 x 0.096 x 1.15 a machine, 0.20 a million, logs
    "lambda-managed": (AWS, {"m5_large": 2}, (161.19, 161.29, 162.24, 655.25, 5907.74)),
    # 730 x (0.04048 + 2 x 0.004445 + 0.005) a task, 29.565 in front, logs
    "fargate-alb": (AWS, {"vcpu": 1, "memory_gb": 2, "tasks": 2}, (108.95, 109.00, 109.47, 352.34, 2939.81)),
    # 730 x 0.0416 a machine, 4.80 of volumes, 29.565 in front, logs
    "ec2-alb": (AWS, {"t3_medium": 2, "ebs_gb": 60}, (95.11, 95.15, 95.63, 282.56, 2273.42)),
    # 730 x 0.0832 a node, 73.00, 8.00 of volumes, 29.565 in front, logs
    "eks": (AWS, {"t3_large": 2, "ebs_gb": 100}, (232.04, 232.09, 232.56, 601.71, 4536.12)),
    # 730 x 0.067006 a node, 73.00, 10.00, 18.25, logs
    "gke": (GOOGLE, {"e2_standard_2": 2, "disk_gb": 100}, (199.08, 199.13, 199.60, 497.82, 3675.65)),
    # 730 x 0.096 a node, 73.00, 7.50, 18.25, logs at 2.30 a GB
    "aks": (AZURE, {"d2s_v5": 2, "disk_gb": 100}, (238.93, 239.15, 241.33, 683.57, 5386.29)),
    # 8 GB-s at 0.00002
    "sagemaker-serverless": (AWS, {"memory_mb": 2048}, (4.20, 42.05, 420.48, 4204.80, 42048.00)),
    # 0.40 a million, 2,628,000 s x 2 GB x 0.000026 x the instances that are busy
    "functions-flex": (AZURE, {"memory_mb": 2048, "concurrency": 80}, (5.37, 45.16, 135.20, 147.17, 854.91)),
    # 0.20 a million, 6 GB-s at 0.000016
    "functions-consumption": (AZURE, {"memory_mb": 1536}, (2.53, 25.28, 252.81, 2528.14, 25281.36)),
    # 0.40 a million, 2,628,000 s x 0.000029 x the instances that are busy
    "cloud-run": (GOOGLE, RUN, (3.00, 25.23, 75.87, 86.72, 523.27)),
    # 2,628,000 s x 0.000022 x the instances that are busy
    "cloud-run-instances": (GOOGLE, RUN, (2.27, 19.06, 56.76, 57.82, 317.22)),
    # 0.40 a million, 2,628,000 s x 0.00003 x the replicas that are busy
    "container-apps": (AZURE, RUN, (3.10, 26.10, 78.45, 89.35, 537.69)),
    # 0.40 a million, 2 GB-s at 0.00002, 5.00 a month
    "custom": ("", STATED, (6.06, 15.62, 111.17, 1066.71, 10622.12)),
    # 730 x 0.05 a unit, 0.10 a million, 12.00 a month
    "custom, by the hour": ("", KEPT, (85.00, 85.03, 85.26, 306.63, 2666.28)),
}


def test_every_bill_that_a_platform_declares_is_worked_by_hand():
    assert {b.model for b in registry.billings()} == {name.partition(",")[0] for name in WORKED}


@pytest.mark.parametrize("model", WORKED)
def test_a_bill_at_other_traffic(model):
    book, parameters, usd = WORKED[model]
    target = Target(
        "t", Path(), Dialect.RAG_CHAT, External(), prices=PriceModel(book, "here", model.partition(",")[0], parameters)
    )
    pricing, zero = pricing_of(target.prices), Decimal(0)
    one = Each(Usage(zero, Decimal(1), Decimal(4000), zero, zero, zero))
    found = []
    for factor, busy, size in zip(FACTORS, BUSY, SIZES, strict=True):
        asked = MONTH * factor
        used = Used(asked, asked, 4 * asked, busy * MONTH, 0.0, size, None if pricing.billing.units is None else size)
        found.append(round(runtime_usd(month_bill(target, pricing, one, used, 2)), 2))

    assert found == pytest.approx(list(usd), abs=0.0051)
