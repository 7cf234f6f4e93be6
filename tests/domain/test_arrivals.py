"""Load profiles: exact counts, seeded, inside their phases."""

import statistics
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.domain import arrivals
from harness.domain.arrivals import LoadProfile, Phase, as_data, from_data
from harness.domain.process import Process

PROFILES = st.builds(
    lambda rate, factor, on, off, process, cv, warmup: (
        arrivals.square_burst(rate, factor, on, off).during(3 * (on + off)).after_warmup(warmup).spread(process, cv)
    ),
    st.floats(0.5, 20),
    st.floats(1, 10),
    st.floats(1, 20),
    st.floats(1, 20),
    st.sampled_from(list(Process)),
    st.floats(0.2, 4),
    st.floats(0, 10),
)


@settings(max_examples=60, deadline=None)
@given(PROFILES, st.integers(0, 2**32))
def test_arrivals_ascend_stay_inside_and_depend_on_the_seed_alone(profile, seed):
    due = profile.arrivals(seed)

    times = [d.scheduled_s for d in due]
    assert times == sorted(times)
    assert all(0 <= t <= profile.total_s for t in times)
    assert due == profile.arrivals(seed)
    expected = sum(p.area for p in profile.timeline())
    assert abs(len(due) - expected) <= 1


@settings(max_examples=30, deadline=None)
@given(PROFILES)
def test_a_profile_survives_its_codec(profile):
    assert from_data(as_data(profile)) == profile


@pytest.mark.parametrize("process", list(Process))
def test_every_seed_sends_exactly_as_many_requests(process):
    profile = arrivals.poisson(7.3).during(30).spread(process, 2)

    assert {len(profile.arrivals(seed)) for seed in range(20)} == {219}


def test_constant_arrivals_are_evenly_spaced():
    times = [d.scheduled_s for d in arrivals.constant(4).during(3).arrivals(1)]

    assert times == pytest.approx([k / 4 for k in range(12)])


def test_gamma_gaps_have_the_asked_coefficient_of_variation():
    times = [d.scheduled_s for d in arrivals.gamma(50, 3).during(400).arrivals(5)]
    gaps = [b - a for a, b in pairwise(times)]

    assert statistics.stdev(gaps) / statistics.mean(gaps) == pytest.approx(3, rel=0.1)


def test_a_ramp_sends_as_the_square_of_time():
    """From 0+ to r over d seconds, half of the arrivals come in the last 29 %."""
    ramp = LoadProfile("ramp", (Phase("ramp", 100, 0.001, 20),), Process.CONSTANT)
    times = [d.scheduled_s for d in ramp.arrivals(1)]

    assert times[len(times) // 2] == pytest.approx(100 / 2**0.5, rel=0.01)


def test_a_burst_keeps_its_factor():
    due = arrivals.square_burst(rate=2, factor=5, on_s=30, off_s=90).during(600).arrivals(3)
    burst = [d for d in due if d.phase == "burst"]

    assert len(burst) == 5 * 30 * 10
    assert all(90 <= d.scheduled_s % 120 <= 120 for d in burst)


def test_warmup_is_sent_but_not_measured():
    due = arrivals.poisson(5).during(10).after_warmup(4).arrivals(1)

    assert {d.measured for d in due if d.scheduled_s < 4} == {False}
    assert sum(d.measured for d in due) == 50


def test_probes_come_in_pairs_of_probe_and_control():
    due = arrivals.probes(pairs=3, idle_s=60, control_after_s=5).arrivals(1)

    assert [(d.scheduled_s, d.phase) for d in due] == [
        (0, "forced"),
        (5, "control"),
        (65, "idle"),
        (70, "control"),
        (130, "idle"),
        (135, "control"),
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: arrivals.capacity(rate=0),
        lambda: arrivals.cold_starts(forced=0, idle=0, idle_s=5, control_after_s=1),
        lambda: arrivals.from_zero(requests=-1, repeats=2),
        lambda: arrivals.keep_alive(first_s=1, shortest_s=0, longest_s=5, duration_s=60),
    ],
)
def test_an_experiment_that_makes_no_sense_is_refused_where_it_is_written(make):
    with pytest.raises(ValueError, match=r"=|nothing would be sent"):
        make()
