"""The share of cold answers at the expected traffic: as a plain play of the same truth has it."""

import functools
import math
from random import Random

import numpy as np
import pytest

from harness.analysis import keepalive
from harness.domain.role import Role
from harness.domain.traffic import Traffic
from harness.local.placement import Placement, Rules
from harness.platforms.scaling import Grows, Picks
from harness.predict.cold import cold_at
from harness.predict.fleet import Fleet, IdleLaw, Service
from harness.predict.loads import Level, MonthOf
from harness.predict.played import play
from tests.predict.situations import MONTH_S, draw, measured
from tests.predict.truth import play as plain
from tests.predict.truth import poisson

SITUATION = draw(0)


@functools.cache
def data():
    return measured(SITUATION)


@functools.cache
def kept():
    return keepalive.window("alpha", data().of_role("alpha", Role.KEEP_ALIVE))


def cold(per_s, week=(), scaling=SITUATION.scaling):
    month = MonthOf.of_week(Traffic(round(per_s * MONTH_S), per_s * 3, week))
    return cold_at(kept(), data().of("alpha", "steady"), scaling, month, 1)


@pytest.mark.parametrize("per_s", [0.02, 0.2, 1.0])
def test_it_covers_the_truth_and_is_near_it(per_s):
    found, rng = cold(per_s), np.random.default_rng(8)
    true = plain(SITUATION.truth, poisson(per_s, 20_000 / per_s, rng), rng, from_s=200).cold_share

    assert found.low * 0.95 <= true <= found.high * 1.05
    assert found.share == pytest.approx(true, rel=0.2)
    assert found.answers > 300


def test_each_hour_of_the_week_is_as_cold_as_its_own_rate_makes_it():
    """A third of the hours has nearly all requests, the others a trickle."""
    busy, quiet = 0.58, 0.01
    office = tuple(busy if 8 <= h % 24 < 16 else quiet for h in range(168))
    alone = [cold(rate).share for rate in (busy, quiet)]
    requests = [busy, 2 * quiet]

    mean = sum(requests) / 3
    expected = sum(n * share for n, share in zip(requests, alone, strict=True)) / sum(requests)
    assert cold(mean, office).share == pytest.approx(expected, rel=0.15)


def test_requests_that_share_an_instance_meet_fewer_cold_ones():
    scaling = SITUATION.scaling
    shared = scaling.changed({"requests_per_instance": 8}, "a test")

    assert cold(1.0, scaling=shared).share < cold(1.0).share


def test_a_target_that_nobody_knows_the_growth_of_holds_one_request_an_instance():
    assert cold(0.2, scaling=None).share == pytest.approx(cold(0.2).share, rel=0.25)


def test_without_a_probe_nothing_is_said():
    nothing = keepalive.window("alpha", [])
    month = MonthOf.of_week(Traffic(1000, 1.0))

    assert cold_at(nothing, data().of("alpha", "steady"), None, month, 1) is None
    assert cold_at(kept(), [], None, month, 1) is None


def test_the_embedded_platforms_own_placement_rule_gives_the_same_share():
    """One instance under Poisson arrivals with instant answers and a window of one mean gap: e^(-1)."""
    rng, placement = Random(5), Placement(Rules(concurrency=1, scaling_tokens=1e9, scaling_per_s=1e9), 0.0)
    now, idle_since, n_cold, n = 0.0, {}, 0, 20_000
    for _ in range(n):
        now += rng.expovariate(1.0)
        for one in placement.free:
            if now - idle_since[one] > 1.0:
                placement.drop(one)
        placed = placement.place(now)
        n_cold += placed is None
        placed = placed or object()
        idle_since[placed] = now
        placement.release(placed)
    nothing = np.full(2, 1e-9)
    instant = Fleet(
        Grows.ON_DEMAND,
        Service(nothing, nothing, nothing, nothing),
        picks=Picks.RECENT,
        start_s=np.full(1, 1e-9),
        idle=IdleLaw(np.ones(1)),
    )
    played = play(instant, Level(1.0, (0,)), n, 3).outcome.cold_share

    assert n_cold / n == pytest.approx(math.exp(-1), abs=4 * 0.0034)
    assert played == pytest.approx(math.exp(-1), abs=4 * 0.0034)
