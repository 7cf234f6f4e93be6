"""The keep-alive window: fit, quantiles, intervals and censoring against known windows."""

import math
from random import Random

import numpy as np
import pytest

from harness.analysis.keepalive import Probe, fit, probes_of, quantile, window
from harness.domain.estimate import Estimate, Unknown
from harness.domain.experiments import KeepAlive
from harness.domain.reasons.absence import NeverCold, NoProbe, WindowLonger
from harness.words import said
from tests.analysis.fakes import run_of
from tests.domain.experiments.drive import Windowed, drive, given


def staircase(draw, seed, lanes=4, reversals=8):
    """Probes and wall-clock seconds of the adaptive search."""
    design = KeepAlive(first_s=2, shortest_s=0.5, longest_s=300, duration_s=1e5, reversals=reversals)
    made = design.begin(given(lanes=lanes))
    done = drive(made, Windowed(draw, seed), tick_s=0.05)
    probes = [Probe(gap, cold) for lane in made._lanes.values() for gap, cold in lane.probes]
    return probes, max(s.finished_s for s in done.seen)


def linear_grid(draw, seed, step_s, lanes=4, longest_s=40.0):
    """Each lane sweeps the whole grid once in its own order, as the usual scripts do."""
    rng = Random(seed)
    probes, seconds = [], 0.0
    for _ in range(lanes):
        gaps = [step_s * k for k in range(1, round(longest_s / step_s) + 1)]
        rng.shuffle(gaps)
        probes += [Probe(gap, gap > draw(rng)) for gap in gaps]
        seconds = max(seconds, sum(gaps))
    return probes, seconds


def sharp(rng):
    return rng.uniform(18, 22)


def test_the_check_case_of_the_isotonic_fit():
    cold = {2: 0, 4: 0, 6: 1, 8: 0, 10: 2, 12: 3, 14: 4, 16: 4}
    probes = [Probe(float(gap), k < c) for gap, c in cold.items() for k in range(4)]

    assert list(fit(probes)[2]) == [0, 0, 0.125, 0.125, 0.5, 0.75, 1, 1]


@pytest.mark.parametrize("seed", range(10))
def test_a_window_of_20_s_give_or_take_a_tenth_is_found_within_a_tenth(seed):
    probes, _ = staircase(sharp, seed)
    median, g05 = quantile(probes, 0.5), quantile(probes, 0.05)

    assert median.value == pytest.approx(20, rel=0.10)
    assert g05.value < median.value
    assert g05.value == pytest.approx(18.2, rel=0.10)


def unknown_window(seed):
    """Somewhere from 15 to 27 s, give or take a tenth: no design may be lucky with where its gaps lie."""
    return 20 * math.exp(Random(f"window {seed}").uniform(-0.3, 0.3))


def error_of(designs):
    """Root mean square error of ln(median) over the seeds."""
    return math.sqrt(
        np.mean(
            [math.log(quantile(probes, 0.5).value / unknown_window(k)) ** 2 for k, (probes, _) in enumerate(designs)]
        )
    )


def test_it_takes_at_most_a_third_of_the_time_of_a_linear_grid_of_the_same_precision():
    """The grid, to 40 s on as many lanes, is refined until its error is as small; its time is the sum of its gaps."""

    def drawn(seed):
        return lambda rng: unknown_window(seed) * rng.uniform(0.9, 1.1)

    adaptive = [staircase(drawn(seed), seed) for seed in range(60)]
    error, seconds = error_of(adaptive), np.mean([s for _, s in adaptive])
    for step_s in (4, 3, 2, 1.5, 1, 0.75, 0.5):
        grids = [linear_grid(drawn(seed), seed, step_s) for seed in range(60)]
        if error_of(grids) <= error:
            break

    assert error < 0.04
    assert seconds <= np.mean([s for _, s in grids]) / 3, (seconds, step_s, error)


def test_intervals_cover_a_wide_window_at_least_nine_times_of_ten():
    truth = 20.0
    found = [
        quantile(staircase(lambda rng: 20 * math.exp(rng.gauss(0, 0.5)), seed, lanes=6)[0], 0.5) for seed in range(60)
    ]
    covered = sum((e.low or 0) <= truth <= (e.high or math.inf) for e in found)

    assert covered >= 54


def test_a_window_without_spread_is_bracketed():
    probes, _ = staircase(lambda rng: 20.0, 1)
    median = quantile(probes, 0.5)

    assert median.low <= 20 <= median.high
    assert median.high / median.low < 1.1


def test_a_target_that_never_goes_cold_says_how_long_it_was_watched():
    found = quantile([Probe(10.0, False), Probe(300.0, False)], 0.5)

    assert found == Unknown(WindowLonger(NeverCold(300.0, 2)))


def test_a_target_that_is_always_cold_says_so():
    assert "the window is shorter" in said(quantile([Probe(1.0, True), Probe(2.0, True)], 0.5).reason)


def test_a_share_that_no_gap_reached_is_not_made_up():
    probes = [Probe(1.0, True), Probe(1.0, False), Probe(8.0, True)]

    assert isinstance(quantile(probes, 0.5), Estimate)
    assert "at the shortest gap" in said(quantile(probes, 0.05).reason)


def lanes_run(**changes):
    """Two lanes: lane 1 warm after 4 s and cold after 6 s; lane 2 fails once and is cold afterwards."""
    columns = {
        "phase": np.array(["prime", "prime", "window", "window", "window", "window"], dtype=object),
        "lane": np.array([1.0, 2, 1, 2, 1, 2]),
        "sent_s": np.array([0.0, 1, 5, 6, 12, 20]),
        "finished_s": np.array([1.0, 2, 6, 7, 13, 21]),
        "cold": np.array([True, True, False, None, True, True], dtype=object),
    }
    return run_of([0.1, 0.1, 0.1, math.inf, 0.1, 0.1], profile="keepalive", **{**columns, **changes})


def test_gaps_count_from_the_last_answer_of_the_same_lane():
    probes, unknown, lanes = probes_of(lanes_run())

    assert probes == [Probe(4.0, False), Probe(6.0, True)]
    assert (unknown, lanes) == (2, 2), "the failed one, and the one whose gap it spoilt"


def test_a_run_in_which_everything_was_refused_has_no_window_and_no_crash():
    run = run_of(
        [math.inf] * 2,
        profile="keepalive",
        phase=np.array(["prime"] * 2, dtype=object),
        lane=np.array([1.0, 2]),
        cold=np.array([None, None], dtype=object),
    )
    found = window("alpha", [run])

    assert found.median_s == Unknown(NoProbe())
    assert found.curve == ()
