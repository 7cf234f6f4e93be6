"""Monthly cost at any volume, against closed forms."""

from decimal import Decimal
from pathlib import Path

import pytest

from harness.analysis.capacity import Capacity
from harness.analysis.projection import projection
from harness.analysis.spend import BlockUsage, cost
from harness.domain.estimate import Estimate
from harness.domain.target import Dialect, PriceModel, Target
from harness.domain.traffic import Traffic
from harness.platforms.external.config import External
from harness.platforms.shared.usage import Usage
from harness.words import said

MEMORY_MB, SECONDS = 1024, 4
LAMBDA_PER_MILLION = 0.20 + 66.6668 + 0.20 + 1.00  # requests, GB-seconds, logs, HTTP API
FLEET_PER_MONTH = 2 * 730 * (0.04048 + 2 * 0.004445 + 0.005) + 730 * (0.0225 + 0.008 + 2 * 0.005)
LOGS_PER_MILLION = 0.20


def target(name, model, **parameters):
    return Target(
        name, Path(), Dialect.RAG_CHAT, External(), prices=PriceModel("aws-2026-11", "us-east-1", model, parameters)
    )


FUNCTION = target("function", "lambda-http-api", memory_mb=MEMORY_MB)
FLEET = target("fleet", "fargate-alb", vcpu=1, memory_gb=2, tasks=2)


def block(offered=1000):
    zero = Decimal(0)
    return BlockUsage(
        offered,
        offered,
        offered,
        Usage(zero, Decimal(offered), Decimal(offered * SECONDS * 1000), zero, zero, zero),
        billed=offered,
    )


def capacity(name, per_s, instances, off=1.0):
    return Capacity(
        name, 2, 100, Estimate(per_s, per_s / off, per_s * off, 0.95, 2, 2, "t"), None, (), instances, (), ""
    )


def project(traffic=None, capacities=(), fleet=FLEET, function=FUNCTION):
    traffic = traffic or Traffic(2_000_000, 4.0)
    blocks = {t.name: [block()] * 4 for t in (fleet, function)}
    needed = {}
    costs = [cost(t, blocks[t.name], traffic.requests_per_month, needed.get(t.name)) for t in (fleet, function)]
    return projection([fleet, function], blocks, costs, capacities, traffic)


def test_a_line_and_a_fixed_fleet_cross_where_fixed_over_the_difference_of_variable_says():
    found = project()
    [crossing] = found.crossings
    expected = FLEET_PER_MONTH / ((LAMBDA_PER_MILLION - LOGS_PER_MILLION) / 1e6)

    assert crossing.requests == pytest.approx(expected, rel=0.002)
    assert (crossing.cheaper_below, crossing.cheaper_above) == ("function", "fleet")


def test_utilisation_at_break_even_is_the_peak_over_what_the_fleet_sustains():
    """Ten requests at once in each task at 4 s: 5 requests a second from two tasks."""
    flat = Traffic(2_000_000, 2_000_000 / (730 * 3600))
    [crossing] = project(flat, [capacity("fleet", 5.0, 2)]).crossings

    assert crossing.utilisation == pytest.approx(crossing.requests / (5.0 * 3600 * 730), rel=1e-3)
    assert crossing.utilisation == pytest.approx(0.122, abs=0.001)


def test_a_fleet_grows_by_whole_instances_at_seven_tenths_of_what_one_sustains():
    """One task sustains 1/s, so 0.7/s is planned for: a peak of 4/s wants six, of 8/s twelve."""
    found = project(Traffic(2_000_000, 4.0), [capacity("fleet", 2.0, 2)])
    fleet = next(c for c in found.curves if c.target == "fleet")
    sizes = {round(p.requests): p.instances for p in fleet.points}

    assert sizes[2_000_000] == 6
    assert min(sizes.values()) == 2
    assert all(size == int(size) for size in sizes.values())
    assert max(sizes.values()) == -(-400 // 0.7)


def test_a_staircase_is_crossed_at_each_step_while_the_line_runs_beside_it():
    """A task for each 0.7 million requests: up within the fourth to ninth step, down at the fifth to ninth."""
    small = target("fleet", "fargate-alb", vcpu=1, memory_gb=2, tasks=1)
    found = project(Traffic(2_000_000, 4.0), [capacity("fleet", 2.0, 1)], fleet=small)
    above = [c.cheaper_above for c in found.crossings]
    down = [c.requests / 700_000 for c in found.crossings if c.cheaper_above == "function"]

    assert above == ["fleet", "function"] * 5 + ["fleet"]
    assert down == pytest.approx([4, 5, 6, 7, 8], rel=2e-3)


def test_a_break_even_on_a_staircase_has_an_interval_from_what_an_instance_may_sustain():
    """One more or one less at the ends of the measured capacity: crossings differ in number, and each has its stretch."""
    small = target("fleet", "fargate-alb", vcpu=1, memory_gb=2, tasks=1)
    found = project(Traffic(2_000_000, 4.0), [capacity("fleet", 2.0, 1, off=1.15)], fleet=small)
    first, last = found.crossings[0], found.crossings[-1]

    assert len(found.crossings) > 5
    assert all(c.low is not None and c.high is not None and c.low <= c.requests <= c.high for c in found.crossings)
    assert first.high / first.low > 1.1, "the staircases at the two ends cross the line far apart"
    assert last.high < 100 * 2_000_000


def test_at_the_ends_of_a_break_even_the_costs_intervals_part():
    [crossing] = project().crossings

    assert crossing.low == pytest.approx(crossing.requests, rel=0.01), "equal blocks leave no doubt of what is used"
    assert crossing.high == pytest.approx(crossing.requests, rel=0.01)


def test_where_capacity_was_not_measured_the_fleet_keeps_its_size_and_says_so():
    fleet = next(c for c in project().curves if c.target == "fleet")

    assert {p.instances for p in fleet.points} == {2.0}
    assert "not measured" in fleet.hint


def test_a_fleet_that_follows_the_week_costs_less_than_one_sized_for_its_peak():
    office = tuple([0.0] * 8 + [1.0] * 10 + [0.0] * 6) * 5 + (0.0,) * 48
    traffic = Traffic(2_000_000, 4.0, office)
    still = project(traffic, [capacity("fleet", 2.0, 2)])
    moving = project(
        traffic,
        [capacity("fleet", 2.0, 2)],
        fleet=target("fleet", "fargate-alb", vcpu=1, memory_gb=2, tasks=2, autoscale=1),
    )
    sizes = [
        {round(p.requests): p.instances for p in next(c for c in f.curves if c.target == "fleet").points}[2_000_000]
        for f in (still, moving)
    ]

    # 50 of 168 hours want the peak's size; a flat peak of 4/s wants six, the least is two
    assert sizes[0] == 6
    assert sizes[1] == pytest.approx((50 * 6 + 118 * 2) / 168)


def test_the_busiest_hours_mean_never_exceeds_the_peak_it_is_scaled_to():
    traffic = Traffic(2_000_000, 4.0, tuple([1.0] * 84 + [3.0] * 84))

    assert max(traffic.hourly_peaks(2_000_000)) == pytest.approx(4.0)
    assert sum(traffic.hourly_means(2_000_000)) / 168 * 730 * 3600 == pytest.approx(2_000_000)


def test_other_traffic_and_prices_that_would_change_the_answer():
    found = project()
    half, double = (next(s for s in found.traffic if s.what.startswith(f"{f} times")) for f in ("0.5", "2"))

    assert half.cheaper == "function"
    assert double.cheaper == "fleet"
    [change] = [c for name, c in found.flips if name == "function"]
    assert change < 0, "at twice the break-even the function's prices would have to fall"
    function_now = 2 * LAMBDA_PER_MILLION
    assert change == pytest.approx((FLEET_PER_MONTH + 2 * LOGS_PER_MILLION) / function_now - 1, abs=1e-3)


def test_a_cost_that_is_not_known_has_no_projection():
    traffic = Traffic(2_000_000, 4.0)
    blocks = {"fleet": [block()] * 4, "function": [block()]}
    costs = [cost(t, blocks[t.name], traffic.requests_per_month) for t in (FLEET, FUNCTION)]

    assert projection([FLEET, FUNCTION], blocks, costs, (), traffic) is None


def test_a_fleet_is_priced_at_the_size_that_its_peak_wants():
    found = cost(FLEET, [block()] * 3, 2_000_000, needed=6)

    assert "priced at 6 tasks for the expected peak (2 were measured)" in said(found.coverage)
    assert found.per_month_usd.value > 2.4 * FLEET_PER_MONTH
