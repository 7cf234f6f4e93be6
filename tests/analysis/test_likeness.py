"""How alike requests of a run are: found where it is, and not where only chance, ties or a shared course are."""

import math

import numpy as np
import pytest
import scipy  # its stats are loaded when they are first asked for

from harness.analysis.likeness import ALONE, Likeness
from harness.analysis.pooled import Pooled
from harness.analysis.shares import share_of

RNG = np.random.default_rng


def alike(runs):
    return Pooled([np.asarray(run, dtype=float) for run in runs]).alike


def following(rng, blocks, n, rho):
    """Each request resembles the one before it."""
    z = rng.normal(size=(blocks, n))
    for k in range(1, n):
        z[:, k] = rho * z[:, k - 1] + math.sqrt(1 - rho * rho) * z[:, k]
    return np.exp(z)


def test_independent_requests_are_not_alike():
    found = alike(np.exp(RNG(1).normal(size=(12, 600))))

    assert found.latent == pytest.approx(0, abs=0.003)
    assert found.serial == pytest.approx(0, abs=0.05)
    assert not found.short


def test_blocks_that_differ_are_told_by_all_of_their_requests():
    """Between blocks .4, within .5, both of the logarithm: .16 of .41 of the variance."""
    rng = RNG(2)
    found = alike(np.exp(0.4 * rng.normal(size=(200, 1)) + 0.5 * rng.normal(size=(200, 100))))

    assert found.latent == pytest.approx(0.39, abs=0.06)
    assert found.serial == pytest.approx(0, abs=0.05)


def test_requests_that_follow_each_other_are_told_by_their_neighbours():
    found = alike(following(RNG(3), 12, 600, 0.9))

    assert found.serial == pytest.approx(0.9, abs=0.05)
    assert found.latent >= 2 * 0.85 / 0.15 / 599
    assert not found.short


def test_a_run_of_few_independent_stretches_is_short():
    assert alike(following(RNG(4), 12, 50, 0.9)).short


def test_a_burst_at_the_same_place_of_every_run_is_no_memory():
    course = np.where(np.arange(600) % 600 > 400, 2.0, 0.0)
    found = alike(np.exp(course + 0.5 * RNG(5).normal(size=(6, 600))))

    assert found.serial < 0.15
    assert found.excess(0.05) < 0.5


@pytest.mark.parametrize("latent", [0.05, 0.3, 0.8])
def test_two_requests_lie_beyond_together_as_two_normals_do(latent):
    z = scipy.stats.norm.ppf(0.95)
    both = scipy.stats.multivariate_normal([0, 0], [[1, latent], [latent, 1]]).cdf([-z, -z])
    expected = 99 * (both - 0.05**2) / (0.05 * 0.95)

    assert Likeness(latent, 0.0, 100.0).excess(0.05) == pytest.approx(expected, rel=1e-3)


def test_where_a_run_is_short_slow_requests_gather_as_much_as_they_can():
    long, short = Likeness(0.3, 0.1, 100.0), Likeness(0.3, 0.9, 100.0)

    assert short.excess(0.05) == pytest.approx(99 * 0.3)
    assert short.excess(0.05) > 2 * long.excess(0.05)


def test_runs_that_saw_nothing_beyond_the_limit_do_not_prove_blocks_alike():
    """Three hundred quick answers of six short runs behind a queue are six observations, not three hundred."""
    runs = Pooled(list(following(RNG(6), 6, 50, 0.95)))
    slowest = float(runs.values[-1])
    none = np.zeros(6)

    assert share_of(none, runs.totals).below(0.05, 0.025)
    assert not share_of(none, runs.totals, runs.runs(slowest)).below(0.05, 0.025)


def test_a_limit_that_such_runs_do_not_reach_is_kept_however_alike_their_requests_are():
    """Answers of a steady pace: all that differs is the run, by a hundredth, and the limit is twice as far."""
    rng = RNG(9)
    runs = Pooled(list(np.exp(0.01 * rng.normal(size=(6, 1)) + 0.001 * rng.normal(size=(6, 200)))))

    assert runs.alike.latent > 0.9
    assert share_of(np.zeros(6), runs.totals, runs.runs(2.0)).below(0.05, 0.025)
    assert not share_of(np.zeros(6), runs.totals, runs.runs(1.03)).below(0.05, 0.025)


def test_runs_of_unlike_sizes_count_by_their_requests():
    rng = RNG(7)
    sizes = [40, 80, 160, 320] * 20
    found = alike([np.exp(0.3 * rng.normal() + 0.5 * rng.normal(size=n)) for n in sizes])

    assert found.latent == pytest.approx(0.09 / 0.34, abs=0.08)


@pytest.mark.parametrize(
    "runs", [[[1.0, 2.0]], [[1.0], [2.0]], [[1.0, 1.0], [1.0, 1.0]], [[math.inf] * 3, [math.inf] * 3], []]
)
def test_what_has_no_spread_or_no_second_run_says_nothing(runs):
    assert alike(runs) == ALONE


def test_failures_are_the_slowest_of_all():
    rng = RNG(8)
    times = np.exp(0.1 * rng.normal(size=(6, 100)))
    failing = np.where(rng.random((6, 100)) < np.linspace(0, 0.5, 6)[:, None], math.inf, times)

    assert alike(failing).latent > alike(times).latent + 0.05
