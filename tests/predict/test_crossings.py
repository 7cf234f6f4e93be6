"""Where costs cross and promises break, read off what was played: against straight lines worked by hand."""

import math
from dataclasses import replace

import pytest

from harness.domain.estimate import Estimate, Infinite, Unknown
from harness.domain.reasons import absence
from harness.predict.crossings import Limit, between, breaks, comparable, crossings, seen
from harness.predict.prediction import AtTraffic, Predicted, Quantity, Served

FACTORS = (0.1, 0.3, 1, 3, 10, 30, 100)
P95 = Limit("p95_s", "p95 response time", Quantity.P95, 1.0, "s")


def at(target, factor, *, worlds=(1.0,), **figures):
    """Each figure, and in each other world so many times as much; None: it can't be told."""
    said = {Quantity[name.upper()]: value for name, value in figures.items()}

    def known(value):
        if value is None:
            return Unknown(absence.NotMeasured())
        if math.isinf(value):
            return Infinite(absence.ManyWouldFail(0.05), 100, 5)
        return Estimate(value, value, value, 0.9, 100, 5, "by hand")

    return AtTraffic(
        *(target, factor, 2.0 * factor),
        tuple(Predicted(q, known(v), 0.0, tuple((v or math.nan) * w for w in worlds)) for q, v in said.items()),
    )


def pair(line, *, fixed=100.0, factors=FACTORS, worlds=(1.0,), instances=2.0):
    """A fleet of 100 a month and a function of ``line`` at your traffic, in proportion to it."""
    fleet = [at("fleet", f, cost=fixed, instances_mean=instances) for f in factors]
    return [*fleet, *(at("function", f, cost=line * f, worlds=worlds) for f in factors)]


def at_worlds(rows, count):
    return [
        at(r.target, r.factor, worlds=(1.0,) * count, **{f.quantity.name: f.known.value for f in r.figures})
        for r in rows
    ]


def test_a_line_and_a_fixed_fleet_cross_where_fixed_over_the_line_says():
    [crossing] = crossings(pair(20.0), {"fleet": 10.0})

    assert crossing.factor.value == pytest.approx(5.0)
    assert (crossing.below, crossing.above) == ("function", "fleet")
    assert crossing.per_s == pytest.approx(10.0)
    assert crossing.requests == pytest.approx(10 * 730 * 3600)


def test_how_busy_the_fleet_then_is_is_the_mean_rate_over_what_it_sustains():
    [crossing] = crossings(pair(20.0), {"fleet": 10.0})

    assert crossing.busy.value == pytest.approx(10.0 / (2 * 10.0))


def test_the_interval_is_that_of_each_worlds_own_crossing():
    worlds = (0.5, 1.0, 2.0)
    rows = [r if r.target == "function" else at_worlds([r], 3)[0] for r in pair(20.0, worlds=worlds)]
    [crossing] = crossings(rows, {})

    assert (crossing.factor.low, crossing.factor.high) == pytest.approx((2.5, 10.0))


def test_a_world_that_never_crosses_leaves_the_end_open():
    worlds = (1.0, 0.001)
    rows = [r if r.target == "function" else at_worlds([r], 2)[0] for r in pair(20.0, worlds=worlds)]
    [crossing] = crossings(rows, {})

    assert crossing.factor.high is None
    assert crossing.factor.low == pytest.approx(5.0)


def test_costs_that_do_not_cross_and_costs_that_are_not_told_have_no_crossing():
    assert crossings(pair(0.0001), {}) == ()
    untold = [at(r.target, r.factor, cost=None) if r.target == "fleet" else r for r in pair(20.0)]
    assert crossings(untold, {}) == ()
    assert between(untold) is None


def test_the_middle_of_the_stretch_in_which_they_cross_is_played_until_it_is_narrow():
    assert between(pair(20.0)) == pytest.approx(math.sqrt(30))
    assert between(pair(20.0, factors=(4.5, 5.5))) is None


def test_a_promise_breaks_where_the_line_through_what_was_played_meets_its_limit():
    rows = [at("function", f, p95=0.4 * f**0.5) for f in FACTORS]
    [one] = breaks(rows, [P95])

    assert one.factor.value == pytest.approx(6.25, rel=0.01)
    assert not one.kept_above


def test_a_percentile_that_becomes_infinite_breaks_between_the_two():
    rows = [at("function", f, p95=0.4 if f < 30 else math.inf) for f in FACTORS]
    [one] = breaks(rows, [P95])

    assert (one.factor.low, one.factor.high) == (10, 30)
    assert 10 < one.factor.value < 30


def test_quiet_traffic_may_be_what_breaks_it():
    rows = [at("function", f, p95=1.2 / (1 + f)) for f in FACTORS]
    [one] = breaks(rows, [P95])

    assert one.kept_above
    assert one.factor.value == pytest.approx(0.2, rel=0.2)


def test_what_can_be_told_upwards_ends_where_the_first_refusal_is():
    rows = [at("function", f, p95=0.4 if f < 30 else None) for f in FACTORS]
    [one] = seen(rows, [P95])

    assert (one.to, one.breaks_now) == (10, ())
    assert seen([at("function", 1, p95=None)], [P95])[0].to is None
    assert seen([at("function", 1, p95=2.0)], [P95])[0].breaks_now == (P95,)


def test_what_some_worlds_break_is_not_kept_up_to_there():
    rows = [at("function", f, p95=0.1 * f, worlds=(0.8, 1.0, 2.5)) for f in (1, 3, 5)]

    assert seen(rows, [replace(P95, limit=1.0)])[0].to == 3
    assert seen([at("function", 1, p95=0.9, worlds=(1.0, 1.2))], [replace(P95, limit=1.0)])[0].to is None


FAILURES = Limit("error_rate", "error rate", Quantity.REFUSED_SHARE, 0.01, "share")


def failing(share, factor, refused=0.0):
    return replace(at("function", factor, refused_share=refused), served=Served(1 - share, (1 - share,), played=True))


def test_what_fails_at_any_load_breaks_a_promise_of_failures_though_nothing_is_refused():
    [one] = seen([failing(0.03, f) for f in FACTORS], [FAILURES])

    assert one.breaks_now == (FAILURES,)
    assert seen([failing(0.01, 1)], [FAILURES])[0].breaks_now == ()


def test_refusals_and_failures_together_break_it_where_neither_would():
    [one] = breaks([failing(0.006 + f / 1000, f, refused=f / 1000) for f in FACTORS], [FAILURES])

    assert 3 < one.factor.value < 10
    assert not one.kept_above


def test_what_refuses_much_is_not_laid_beside_what_refuses_nothing():
    """A fleet of 100; a function that is limited, and pays less and less of what it is asked from ten times on."""
    fleet = [at("fleet", f, cost=100.0) for f in FACTORS]
    limited = [at("function", f, cost=min(20.0 * f, 90.0), refused_share=max(0.0, 1 - 4.5 / f)) for f in FACTORS]
    over = [at("function", f, cost=200.0 if f <= 3 else 50.0, refused_share=0.9 if f > 3 else 0.0) for f in FACTORS]

    assert crossings([*fleet, *limited], {}) == ()
    assert crossings([*fleet, *over], {}) == ()
    assert between([*fleet, *over]) is None
    assert [one.factor for one in limited if comparable(one)] == [0.1, 0.3, 1, 3]
