"""A team's own lines stand in every month that is told: the bill, its interval, a successful answer."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from harness.analysis.spend import BlockUsage
from harness.domain.bill import Basis, CostLayer
from harness.domain.own_costs import OwnCost
from harness.domain.target import Dialect, PriceModel, Target
from harness.platforms.external.config import External
from harness.platforms.shared.usage import Usage
from harness.predict.cost import whole_month
from tests.predict.priced import month

MONTH = 2_000_000
FUNCTION = Target(
    *("function", Path(), Dialect.RAG_CHAT, External()),
    prices=PriceModel("aws-2026-11", "us-east-1", "lambda-http-api", {"memory_mb": 1024}),
)
ON_CALL = OwnCost("on_call", "on call", Decimal(90), Decimal(0), CostLayer.RUNTIME, "the team's estimate")
TRACING = OwnCost("tracing", "tracing", Decimal(0), Decimal(3), CostLayer.RUNTIME, "vendor's list")
STORE = OwnCost("store", "store", Decimal("412.50"), Decimal(1), CostLayer.SHARED, "invoice")


def blocks(*milliseconds):
    """A thousand requests each, of 4 s, billed for so long."""
    zero = Decimal(0)
    return [
        BlockUsage(*(1000, 1000, 1000, Usage(zero, Decimal(1000), Decimal(ms * 1000), zero, zero, zero)), 1000, 4_000.0)
        for ms in milliseconds or (4000,) * 4
    ]


def cost(target, used):
    return month(target, used, MONTH, (4.0,) * 400)


def test_the_runtimes_month_grows_by_the_runtime_lines_and_the_whole_one_by_all():
    bare = cost(FUNCTION, blocks())
    told = cost(replace(FUNCTION, beside=(ON_CALL, TRACING, STORE)), blocks())

    assert told.per_month_usd.value == pytest.approx(bare.per_month_usd.value + 90 + 6)
    assert told.per_success_usd.value == pytest.approx(bare.per_success_usd.value + 96 / MONTH)
    assert whole_month(told).value == pytest.approx(whole_month(bare).value + 96 + 412.5 + 2)
    assert told.resting_usd == pytest.approx(90)
    assert {(x.label, x.amount_usd, x.basis, x.source) for x in told.monthly.lines if x.basis is Basis.DECLARED} == {
        ("on call", Decimal(90), Basis.DECLARED, "the team's estimate"),
        ("tracing", Decimal(6), Basis.DECLARED, "vendor's list"),
        ("store", Decimal("412.50"), Basis.DECLARED, "invoice"),
        ("store", Decimal(2), Basis.DECLARED, "invoice"),
    }


def test_what_is_declared_moves_an_interval_and_hardly_widens_it():
    uneven = blocks(3800, 4100, 4000, 4200)
    bare = cost(FUNCTION, uneven).per_month_usd
    told = cost(replace(FUNCTION, beside=(ON_CALL,)), uneven).per_month_usd

    assert (told.low, told.high) == pytest.approx((bare.low + 90, bare.high + 90), rel=0.02)
