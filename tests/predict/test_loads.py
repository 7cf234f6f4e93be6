"""A month as few levels, held to whole weeks played hour after hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.domain.traffic import HOURS_PER_WEEK, Traffic
from harness.platforms.scaling import Grows
from harness.predict import arrivals
from harness.predict.fleet import Fleet, IdleLaw, Service
from harness.predict.loads import Level, MonthOf, peak_of
from harness.predict.played import Month, in_hour, play
from harness.predict.simulate import simulate

WEEK_S = 7 * 86_400.0
OFFICE = tuple(1.0 if h // 24 < 5 and 9 <= h % 24 < 17 else 0.0 for h in range(HOURS_PER_WEEK))
TOOK = 2 * np.exp(np.random.default_rng(1).normal(-0.08, 0.4, 2000))


def fleet(window_s: float, least: int = 0) -> Fleet:
    served = Service(np.zeros(2000), TOOK, np.zeros(2000), TOOK)
    windows = window_s * np.exp(np.random.default_rng(2).normal(0, 0.1, 500))
    return Fleet(Grows.ON_DEMAND, served, start_s=np.full(1, 2.0), idle=IdleLaw(windows), least=least)


def months(of: Fleet, traffic: Traffic, plays: int) -> list[Month]:
    at = MonthOf.of_week(traffic).levels(1.0)
    return [Month(tuple(play(of, level, 3000, 100 * s + k) for k, level in enumerate(at))) for s in range(plays)]


def weeks(of: Fleet, traffic: Traffic, count: int):
    due = arrivals.week(traffic.hourly_means(traffic.requests_per_month), (count + 1) * WEEK_S, 3)
    return simulate(of, due, (count + 1) * WEEK_S, seed=1, warm_s=WEEK_S)


@pytest.mark.parametrize("week", [OFFICE, tuple(0.03 + x for x in OFFICE), ()])
@pytest.mark.parametrize("factor", [0.1, 1.0, 300.0])
def test_levels_are_the_whole_week_and_all_its_requests(week, factor):
    traffic = Traffic(100_000, 1.0, week)

    levels = MonthOf.of_week(traffic).levels(factor)

    assert sum(level.share for level in levels) == pytest.approx(1)
    assert sum(level.share * level.per_s for level in levels) == pytest.approx(factor * 100_000 / (730 * 3600))
    assert {hour for level in levels for hour in level.hours} == set(range(HOURS_PER_WEEK))


def test_hours_without_requests_keep_what_is_kept():
    month = months(fleet(300.0, least=2), Traffic(30_000, 1.0, OFFICE), 1)[0]

    assert month.mean == pytest.approx(2.01, rel=0.02)
    assert month.per_s("kept_idle_s") == pytest.approx(1.978, rel=0.01)


@pytest.mark.parametrize("window_s", [20.0, 200.0])
def test_a_fleet_that_fills_keeps_no_crowd_of_starts_that_it_needed_only_for_filling(window_s):
    """40/s of 2 s each keep some 80 busy; 80 more would start beside them while the first start, and stay for a window."""
    level = MonthOf.of_week(Traffic(40 * 730 * 3600, 40.0)).levels(1.0)[0]

    assert 80 < play(fleet(window_s), level, 2000, 1).outcome.instances_mean < 125


def test_what_an_hour_leaves_to_the_next_counts():
    """Windows of half an hour: instances that stay after the last office hour, and are not there before the first."""
    of, traffic = fleet(1800.0), Traffic(30_000, 1.0, OFFICE)

    ours = months(of, traffic, 3)
    whole = weeks(of, traffic, 4)

    assert np.mean([m.mean for m in ours]) == pytest.approx(whole.instances_mean, rel=0.03)
    assert np.mean([m.cold_share for m in ours]) == pytest.approx(whole.cold_share, rel=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("quiet", [0.0, 0.03])
@pytest.mark.parametrize("window_s", [300.0, 1800.0])
@pytest.mark.parametrize("per_month", [30_000, 300_000])
def test_the_table_of_months(per_month, window_s, quiet):
    of, traffic = fleet(window_s), Traffic(per_month, 1.0, tuple(max(quiet, x) for x in OFFICE))

    ours = months(of, traffic, 60)
    whole = weeks(of, traffic, 100 if per_month < 100_000 else 20)

    mean, cold = (float(np.mean([getattr(m, name) for m in ours])) for name in ("mean", "cold_share"))
    print(
        f"{per_month:7} a month, window {window_s:5.0f} s, quiet {quiet:4}: instances {mean:.3f} ({whole.instances_mean:.3f})  "
        f"cold {cold:.5f} ({whole.cold_share:.5f})"
    )
    assert mean == pytest.approx(whole.instances_mean, rel=0.03)
    assert cold == pytest.approx(whole.cold_share, rel=0.1)


def by_day_and_night(of: Fleet) -> Fleet:
    """Of the hours of the office ten seconds, of all others ten minutes."""
    parts = tuple(np.full(8, 10.0 if 9 <= hour < 17 else 600.0) for hour in range(24))
    return replace(of, idle=IdleLaw(np.concatenate(parts), parts))


@pytest.mark.parametrize(("hours", "low", "high"), [((9, 12, 16), 0.8, 1.0), ((1, 20, 23), 0.0, 0.1)])
def test_a_level_has_the_windows_of_its_own_hours_whenever_it_is_played(hours, low, high):
    """One request in 60 s finds an instance that was kept for ten seconds gone, one that was kept for ten minutes there."""
    played = play(by_day_and_night(fleet(1.0)), Level(1 / 60, hours), 200, 1).outcome

    assert low <= played.cold_share <= high


@pytest.mark.slow
@pytest.mark.parametrize("week", [(), tuple(0.2 + x for x in OFFICE)], ids=["flat", "office"])
@pytest.mark.parametrize("requests", [50_000, 2_000_000])
def test_windows_that_change_with_the_hour_are_those_of_the_hours_that_are_played(week, requests):
    """At .02 and .8/s, against whole weeks in which each hour has its own.

    Slow: 5 s together; the test above tells whether hours are minded at all.
    """
    of, traffic = by_day_and_night(fleet(1.0)), Traffic(requests, 1.0, week)
    found = [month.cold_share for month in months(of, traffic, 3)]

    assert np.mean(found) == pytest.approx(weeks(of, traffic, 2 if requests > 100_000 else 20).cold_share, rel=0.1)


def test_a_run_has_the_windows_of_the_hour_in_which_it_began():
    of = by_day_and_night(fleet(1.0))

    assert set(in_hour(of, 9.5).idle.values_s) == {10.0}
    assert set(in_hour(of, 22.0).idle.values_s) == {600.0}
    assert set(in_hour(of, None).idle.values_s) == {10.0, 600.0}
    assert in_hour(fleet(1.0), 9.5).idle.by_hour == ()


def bursty(length_s: float = 86_400.0) -> np.ndarray:
    """A trickle, and twenty minutes of the day with 200 requests each."""
    rng = np.random.default_rng(5)
    bursts = [begins + 60 * rng.random(200) for begins in rng.random(20) * (length_s - 60)]
    return np.sort(np.concatenate([rng.random(3000) * length_s, *bursts]))


def of_trace(instants_s: np.ndarray, length_s: float) -> MonthOf:
    requests = round(len(instants_s) / length_s * 730 * 3600)
    return MonthOf("a trace", Traffic(requests, peak_of(instants_s)), instants_s, length_s)


def test_the_peak_of_many_copies_of_a_trace_is_that_of_what_is_played_and_not_so_many_times_its_own():
    month = of_trace(bursty(), 86_400.0)

    assert month.peak_per_s(0.5) == pytest.approx(peak_of(bursty()) / 2)
    for factor in (3.0, 30.0):
        played = [
            peak_of(np.concatenate(list(arrivals.trace(bursty(), 86_400.0, month.levels(factor)[0].times, seed))))
            for seed in range(4)
        ]
        assert month.peak_per_s(factor) == pytest.approx(np.mean(played), rel=0.2)
        assert month.peak_per_s(factor) < 0.6 * factor * peak_of(bursty())


def test_the_peak_of_a_trace_of_seconds_is_at_least_its_mean():
    assert of_trace(np.arange(10.0), 10.0).peak_per_s(1.0) == pytest.approx(1.0, rel=0.01)


def test_a_stretch_of_a_trace_that_goes_on_and_on_is_the_same_as_the_whole_between_its_ends():
    own = np.sort(np.random.default_rng(1).random(50) * 100)
    whole = np.concatenate(list(arrivals.trace(own, 100.0, 3.4, seed=7)))
    again = np.concatenate([whole - 100, whole, whole + 100])
    part = np.concatenate(list(arrivals.trace(own, 100.0, 3.4, 7, -30.0, 130.0)))

    assert part == pytest.approx(again[(again >= -30) & (again < 130)])


def test_hours_that_are_too_quiet_to_be_sure_of_a_request_stand_for_all_of_theirs():
    """Every other hour has ten times the rate of the one before: its beginning is all of it, .7 or .07 requests."""
    of, traffic = fleet(60.0), Traffic(300, 1.0, tuple(1.0 if hour % 2 else 0.1 for hour in range(HOURS_PER_WEEK)))
    at = MonthOf.of_week(traffic).levels(1.0)
    handled = [
        Month(tuple(play(of, level, 100, 100 * seed + k) for k, level in enumerate(at))).of_requests("handled_s")
        for seed in range(40)
    ]

    assert np.mean(handled) * 730 * 3600 == pytest.approx(300 * TOOK.mean(), rel=0.25)


def test_of_a_long_trace_a_stretch_is_played_that_says_where_it_begins():
    week = np.arange(0, WEEK_S, 1.0)  # one a second, but for the first day
    week = week[week >= 86_400]
    [level] = of_trace(week, WEEK_S).levels(1.0)
    found = [play(fleet(60.0), level, 100, seed) for seed in range(6)]

    assert len({one.first_hour for one in found}) > 1
    for one in found:
        hours = one.first_hour + np.arange(len(one.outcome.hourly.asked))
        assert all((hours % 168 < 24) == (one.outcome.hourly.asked == 0))


@pytest.mark.parametrize(("week", "peak"), [((), 3.0), ((), 1.0), (OFFICE, 1.0)])
def test_a_peak_is_no_less_than_the_mean_of_the_busiest_hour(week, peak):
    traffic = Traffic(2 * 730 * 3600, peak, week)

    assert MonthOf.of_week(traffic).peak_per_s(10.0) == pytest.approx(10 * max(peak, 2 * (168 / 40 if week else 1)))
