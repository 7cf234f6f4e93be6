"""What the simulator does, one rule at a time, in situations small enough to follow by hand."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import pytest

from harness.domain.retry import RetryPolicy
from harness.platforms.scaling import Grows, Picks
from harness.predict.fleet import Autoscaler, Fleet, IdleLaw, Queue, Service
from harness.predict.outcome import Times
from harness.predict.simulate import simulate

HOUR = 3600.0


def takes(seconds: float, model_s: float = 0.0) -> Service:
    return Service(np.full(1, seconds), np.full(1, model_s), np.full(1, seconds / 2), np.full(1, model_s))


def always(seconds: float) -> IdleLaw:
    return IdleLaw(np.full(1, seconds))


def on_demand(seconds: float = 1.0, **more) -> Fleet:
    return Fleet(Grows.ON_DEMAND, takes(seconds), **{"start_s": np.full(1, 2.0), "idle": always(60.0)} | more)


def fixed(seconds: float = 1.0, least: int = 1, **more) -> Fleet:
    return Fleet(Grows.FIXED, takes(seconds), least=least, most=least, **more)


def play(fleet: Fleet, *dues: float, length_s: float = 1000.0, **more):
    return simulate(fleet, [np.array(dues)], length_s, seed=1, **more)


def longest(out) -> float:
    return out.response.quantile(1.0)


def test_a_request_that_finds_no_instance_waits_for_a_start_and_the_next_one_finds_it_warm():
    out = play(on_demand(), 0.0, 10.0)

    assert (out.cold, out.starts, out.ok) == (1, 1, 2)
    assert longest(out) == pytest.approx(3.0, rel=0.004)


def test_an_instance_lives_from_its_start_to_the_end_of_its_idle_time():
    out = play(on_demand(), 0.0, 10.0)

    assert out.instance_s == pytest.approx(11 + 60)
    assert out.active_s == pytest.approx(3 + 1)
    assert out.handled_s == pytest.approx(2)  # a start is not handled


def test_requests_join_an_instance_that_starts_while_it_has_places():
    out = play(on_demand(at_once=2), 0.0, 0.5, 1.0)

    assert (out.cold, out.starts) == (3, 2)


def test_a_request_that_is_not_bound_to_a_start_takes_the_place_that_falls_free_first():
    out = play(on_demand(bound=False, queue=Queue(10)), 0.0, 2.5)

    assert (out.cold, out.starts) == (1, 2)
    assert longest(out) == pytest.approx(3.0, rel=0.004)


def test_a_start_from_zero_has_a_law_of_its_own():
    fleet = on_demand(from_zero_s=np.full(1, 5.0))

    assert longest(play(fleet, 0.0)) == pytest.approx(6.0, rel=0.004)
    assert play(fleet, 0.0, 0.5).starting_s == pytest.approx(5 + 2)


def test_windows_follow_the_hour_of_the_day():
    by_hour = tuple(np.full(1, 10.0 if hour < 12 else 1000.0) for hour in range(24))
    fleet = on_demand(idle=IdleLaw(np.full(1, 10.0), by_hour))
    gaps = [hour * HOUR + shift for hour in (6, 18) for shift in (0.0, 100.0)]

    assert play(fleet, *gaps, length_s=24 * HOUR).cold == 3


def test_what_waits_takes_an_instance_over_and_its_active_time_goes_on():
    out = play(fixed(queue=Queue(math.inf)), 0.0, 0.2, 0.4)

    assert out.active_s == pytest.approx(3.0)
    assert longest(out) == pytest.approx(2.6, rel=0.004)


def test_a_full_queue_refuses_at_once_and_a_full_wait_when_it_is_over():
    out = play(fixed(10.0, queue=Queue(1, 2.0)), 0.0, 1.0, 2.0)

    assert (out.ok, out.refused, out.attempts) == (1, 2, 3)


def test_each_of_those_that_wait_gives_up_at_its_own_time():
    out = play(fixed(10.0, queue=Queue(2, 2.0)), 0.0, 1.0, 2.0, 3.5, 4.5)

    assert (out.ok, out.refused) == (1, 4)
    assert play(fixed(5.2, queue=Queue(2, 2.0)), 0.0, 1.0, 2.0, 3.5, 4.5).ok == 2  # the place is that of 3.5


def test_a_request_that_gave_up_comes_back_at_its_time_and_finds_the_place_that_is_free_then():
    fleet = fixed(3.5, queue=Queue(1, 2.0), retry=RetryPolicy(attempts=2, base_s=1.0))

    out = play(fleet, 0.0, 1.0)  # gives up at 3, is back at 3.75 to 4

    assert (out.ok, out.refused, out.attempts, out.asked) == (2, 0, 3, 2)
    assert longest(out) * 1.003 >= 3.75 + 3.5 - 1
    assert longest(out) <= (4 + 3.5 - 1) * 1.003


def test_an_answer_after_the_deadline_is_late_and_counts_as_infinite():
    out = play(fixed(10.0, deadline_s=15.0, queue=Queue(math.inf)), 0.0, 1.0)

    assert (out.ok, out.late, out.refused) == (1, 1, 0)
    assert longest(out) == math.inf


def test_an_empty_bucket_of_starts_fills_and_what_waited_starts_then():
    out = play(on_demand(10.0, queue=Queue(math.inf), starts_at_once=1.0, starts_per_s=0.5), 0.0, 0.0, 0.0)

    assert (out.ok, out.starts, out.cold) == (3, 3, 3)
    assert longest(out) == pytest.approx(4 + 2 + 10, rel=0.004)


def test_no_more_instances_than_there_may_be():
    out = play(on_demand(10.0, most=2), 0.0, 1.0, 2.0)

    assert (out.ok, out.refused, out.instances_most) == (2, 1, 2)


def test_minimum_instances_follow_the_hour():
    fleet = Fleet(Grows.FIXED, takes(1.0), most=9, least_by_hour=tuple(1 if h < 12 else 3 for h in range(24)))

    out = play(fleet, 10.0, length_s=24 * HOUR)

    assert out.hourly.instance_s.tolist() == [HOUR] * 12 + [3 * HOUR] * 12


def test_minimum_instances_are_not_ended_and_more_are():
    out = play(on_demand(least=1), 0.0, 0.5, length_s=HOUR)

    assert out.cold == 1
    assert out.instance_s == pytest.approx(HOUR + 60 + 3, abs=3)


def test_the_one_used_last_takes_the_next_and_the_others_end():
    dues = [0.0, 0.5, *range(20, 800, 20)]

    assert play(on_demand(), *dues).instance_s == pytest.approx(63 + 840.5)
    assert play(on_demand(picks=Picks.TURNS), *dues).instance_s == pytest.approx(841 + 820.5)


def test_in_turn_each_instance_has_its_share_whatever_it_has_in_hand():
    service = Service(np.full(1, 0.2), np.zeros(1), np.full(1, 0.2), np.zeros(1))
    fleet = Fleet(Grows.FIXED, service, 100, 2, 2, picks=Picks.TURNS, per_instance_per_s=5.0)

    out = play(fleet, 0.0, 0.0, 0.0, 0.0)

    assert out.response.sum_s == pytest.approx(0.2 * 2 + 0.4 * 2)


def test_the_models_time_does_not_queue():
    fleet = Fleet(Grows.FIXED, takes(0.1, model_s=5.0), 100, 1, 1, per_instance_per_s=10.0)

    assert longest(play(fleet, 0.0, 0.0, 0.0)) == pytest.approx(5.3, rel=0.004)


def test_what_is_due_in_the_warm_up_is_played_and_not_counted():
    out = play(on_demand(), 0.0, 10.0, 50.0, warm_s=40.0, length_s=100.0)

    assert (out.asked, out.cold, out.ok, out.attempts) == (1, 0, 1, 1)
    assert out.instance_s == pytest.approx(60.0)


def scaled(**more) -> Fleet:
    """Looks every 10 s at the mean of 10 s, starts 5 s later, ends what was not wanted for 60 s."""
    rule = Autoscaler(**{"share": 1.0, "window_s": 10, "every_s": 10, "lag_s": 5, "down_s": 60} | more)
    return Fleet(
        *(Grows.AUTOSCALER, takes(9.0), 1, 1, 20),
        queue=Queue(math.inf),
        start_s=np.full(1, 2.0),
        scaler=rule,
    )


def test_an_autoscaler_starts_what_it_needs_after_its_lag():
    out = play(scaled(), *[0.1] * 4)

    assert out.instances_most == 4
    assert longest(out) == pytest.approx(10 + 5 + 2 + 9 - 0.1, rel=0.004)


def test_an_autoscaler_grows_by_no_more_than_its_step():
    asked = [0.1] * 9

    assert [play(scaled(by=2), *asked, length_s=end).starts for end in (19, 29)] == [2, 4]
    assert [play(scaled(by=0, times=2), *asked, length_s=end).starts for end in (19, 29)] == [1, 3]
    assert play(scaled(), *asked, length_s=19).starts == 8


def test_an_autoscaler_keeps_the_most_that_it_wanted_within_its_wait():
    pulses = [t for start in range(0, 960, 40) for t in [start + 0.1] * 4]

    assert play(scaled(down_s=60), *pulses).starts == 3
    assert play(scaled(down_s=15), *pulses).starts > 20


def test_an_autoscaler_starts_none_within_its_cool_down():
    out = play(scaled(by=1, up_s=100), *[0.1] * 40, length_s=150)

    assert out.starts == 2


def test_a_quantile_is_right_to_half_a_percent():
    values = np.exp(np.random.default_rng(3).normal(-1, 1.5, 20_000))
    times = Times()
    times.add(values)

    for q in (0.5, 0.95, 0.99):
        assert times.quantile(q) == pytest.approx(np.quantile(values, q, method="inverted_cdf"), rel=0.005)


def test_minimum_instances_are_idle_while_fewer_are_active_than_are_kept():
    out = play(on_demand(10.0, least=2), 0.0, 5.0, 6.0, length_s=100.0)

    # active: 0 to 10, 5 to 15, and a third that starts at 6, is ready at 8 and ends at 18
    assert out.kept_idle_s == pytest.approx(2 * 100 - (5 * 1 + 10 * 2 + 3 * 1))
    assert out.active_s == pytest.approx(10 + 10 + 12)


def test_a_play_that_is_over_holds_nothing_of_its_fleet():
    """Ninety worlds of a million answers were two gigabytes until Python looked for garbage."""
    service = takes(1.0)
    held = weakref.ref(service.runtime_s)
    gc.disable()
    try:
        out = simulate(Fleet(Grows.FIXED, service, least=1, most=1), [np.array([0.0, 5.0])], 20.0, seed=1)
        del service
        assert (out.asked, held()) == (2, None)
    finally:
        gc.enable()
