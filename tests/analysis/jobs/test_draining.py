"""A queue with a known service rate drains as the law says, within 5 %, and its backlog is what arithmetic says."""

import math

import pytest

from harness.analysis.jobs.draining import backlog, rate_per_s, throughput
from harness.domain.estimate import Estimate, Unknown
from harness.domain.job import JobState
from harness.domain.reasons import absence
from tests.analysis.jobs.made import jobs_in
from tests.analysis.jobs.queue import exponential, played
from tests.builders import job, not_done


@pytest.mark.parametrize(("workers", "service_s"), [(1, 0.5), (4, 0.8), (8, 2.0), (3, 0.31)])
def test_equal_jobs_drain_at_workers_over_their_time(tmp_path, workers, service_s):
    [run] = jobs_in(tmp_path, played(240, workers, service_s, seed=1))

    assert rate_per_s(run) == pytest.approx(workers / service_s, rel=0.01)


@pytest.mark.parametrize(("workers", "mean_s"), [(1, 0.4), (4, 1.0), (6, 0.9)])
def test_jobs_of_random_length_drain_at_the_same_rate(tmp_path, workers, mean_s):
    """Six nights: the law lies in the interval, and the value within 5 %."""
    nights = [played(600, workers, exponential(mean_s), seed=seed) for seed in range(6)]
    found = throughput(jobs_in(tmp_path, *nights), 0.95)

    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(workers / mean_s, rel=0.05)
    assert found.low < workers / mean_s * 1.02
    assert found.high > workers / mean_s * 0.98
    assert found.blocks == 6


@pytest.mark.slow
def test_the_interval_covers_the_law_nine_times_in_ten(tmp_path):
    """95 % are promised; of 120 pilots the binomial leaves room down to 0.90."""
    held = 0
    for pilot in range(120):
        nights = [played(200, 4, exponential(1.0), seed=1000 * pilot + k) for k in range(6)]
        found = throughput(jobs_in(tmp_path / str(pilot), *nights), 0.95)
        held += found.low <= 4.0 <= found.high
    assert held >= 108


def test_service_that_says_nothing_of_starts_is_read_by_its_ends(tmp_path):
    silent = played(240, 4, 0.8, seed=1)
    for one in silent:
        one.started_s = one.running_ms = one.queued_ms = None
    [run] = jobs_in(tmp_path, silent)

    assert rate_per_s(run) == pytest.approx(5.0, rel=0.03)


def test_nothing_that_waited_says_nothing_of_a_rate(tmp_path):
    """Each was done before the next came: the rate would be that of the submissions."""
    runs = jobs_in(tmp_path, [job(k, scheduled_s=10 * k) for k in range(30)])
    found = throughput(runs, 0.95)

    assert rate_per_s(runs[0]) is None
    assert isinstance(found, Unknown)
    assert isinstance(found.reason, absence.NothingDrained)


def test_backlog_counts_what_was_accepted_and_has_not_ended(tmp_path):
    kept = [
        job(0, scheduled_s=0, accepted_s=0.0, done_s=4.0),
        job(1, scheduled_s=1, accepted_s=1.0, done_s=3.0),
        not_done(2, JobState.FAILED, scheduled_s=2, accepted_s=2.0, known_s=5.0),
        not_done(3, JobState.NOT_ACCEPTED, scheduled_s=2),
        not_done(4, JobState.UNFINISHED, scheduled_s=3, accepted_s=3.5),
    ]
    [run] = jobs_in(tmp_path, kept)
    line = backlog(run)

    assert line.peak == 3
    assert dict(zip(line.at_s.tolist(), line.jobs.tolist(), strict=True)) == {
        0.0: 1,
        1.0: 2,
        2.0: 3,
        3.0: 2,
        3.5: 3,
        4.0: 2,
        5.0: 1,
    }
    assert line.every(1.0) == ((0, 1), (1, 2), (2, 3), (3, 2), (4, 2), (5, 1))


def test_a_backlog_that_comes_at_once_is_as_large_as_it_came(tmp_path):
    [run] = jobs_in(tmp_path, played(100, 4, 1.0, seed=1, rate=math.inf))

    assert backlog(run).peak == 100
