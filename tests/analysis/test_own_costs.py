"""A team's own lines stand in every month that is told: the bill, its interval, the crossings, the curves, other traffic."""

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.analysis.projection import projection
from harness.analysis.spend import cost, whole_month
from harness.domain.bill import Basis, CostLayer
from harness.domain.own_costs import OwnCost
from harness.domain.traffic import Traffic
from tests.analysis.test_projection import FLEET, FLEET_PER_MONTH, FUNCTION, LAMBDA_PER_MILLION, LOGS_PER_MILLION, block

MONTH = 2_000_000
ON_CALL = OwnCost("on_call", "on call", Decimal(90), Decimal(0), CostLayer.RUNTIME, "the team's estimate")
TRACING = OwnCost("tracing", "tracing", Decimal(0), Decimal(3), CostLayer.RUNTIME, "vendor's list")
STORE = OwnCost("store", "store", Decimal("412.50"), Decimal(1), CostLayer.SHARED, "invoice")


def blocks(*offered):
    """Each request 4 s; more of them in a block cost as much each, so an interval has no width but by their durations."""
    return [
        replace(block(1000), usage=replace(block(1000).usage, billed_ms=Decimal(n * 1000)))
        for n in offered or (4000,) * 4
    ]


def test_the_runtimes_month_grows_by_the_runtime_lines_and_the_whole_one_by_all():
    bare = cost(FUNCTION, blocks(), MONTH)
    told = cost(replace(FUNCTION, beside=(ON_CALL, TRACING, STORE)), blocks(), MONTH)

    assert told.per_month_usd.value == pytest.approx(bare.per_month_usd.value + 90 + 6)
    assert told.per_success_usd.value == pytest.approx(bare.per_success_usd.value + 96 / MONTH)
    assert whole_month(told).value == pytest.approx(whole_month(bare).value + 96 + 412.5 + 2)
    assert told.fixed_per_month_usd == pytest.approx(90)
    assert {(x.label, x.amount_usd, x.basis, x.source) for x in told.monthly.lines if x.basis is Basis.DECLARED} == {
        ("on call", Decimal(90), Basis.DECLARED, "the team's estimate"),
        ("tracing", Decimal(6), Basis.DECLARED, "vendor's list"),
        ("store", Decimal("412.50"), Basis.DECLARED, "invoice"),
        ("store", Decimal(2), Basis.DECLARED, "invoice"),
    }


def test_what_is_declared_moves_an_interval_and_hardly_widens_it():
    uneven = blocks(3800, 4100, 4000, 4200)
    bare = cost(FUNCTION, uneven, MONTH).per_month_usd
    told = cost(replace(FUNCTION, beside=(ON_CALL,)), uneven, MONTH).per_month_usd

    assert (told.low, told.high) == pytest.approx((bare.low + 90, bare.high + 90), rel=0.005)


def project(function=FUNCTION, fleet=FLEET, durations=()):
    traffic, targets = Traffic(MONTH, 4.0), (fleet, function)
    used = {t.name: blocks(*durations) for t in targets}
    return projection(targets, used, [cost(t, used[t.name], MONTH) for t in targets], (), traffic)


def test_costs_cross_where_the_closed_form_with_the_teams_lines_says():
    """FLEET + logs N = 90 + (LAMBDA + 3) N."""
    [crossing] = project(replace(FUNCTION, beside=(ON_CALL, TRACING))).crossings
    per_request = (LAMBDA_PER_MILLION + 3 - LOGS_PER_MILLION) / 1e6

    assert crossing.requests == pytest.approx((FLEET_PER_MONTH - 90) / per_request, rel=0.002)


def test_a_line_that_both_pay_moves_both_and_the_crossing_stays():
    apart, both = project(), project(*(replace(t, beside=(ON_CALL, TRACING)) for t in (FUNCTION, FLEET)))

    assert both.crossings[0].requests == pytest.approx(apart.crossings[0].requests, rel=0.002)
    for name, usd in apart.traffic[-1].usd.items():
        assert both.traffic[-1].usd[name] == pytest.approx(usd + 90 + 60), (
            "ten times the traffic, ten times the tracing"
        )


def test_a_fixed_line_is_as_certain_at_a_hundredth_of_the_traffic_as_at_the_expected_one():
    durations = (3800, 4100, 4000, 4200)
    bare, told = (
        next(c for c in project(f, durations=durations).curves if c.target == "function").points[0]
        for f in (FUNCTION, replace(FUNCTION, beside=(ON_CALL,)))
    )

    assert told.high_usd - told.low_usd == pytest.approx(bare.high_usd - bare.low_usd, rel=0.02)
    assert told.low_usd > 90
