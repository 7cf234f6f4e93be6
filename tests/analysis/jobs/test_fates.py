"""What became of jobs: failures are infinite, shares have their denominators, and promises are judged by them."""

import math

import pytest

from harness.analysis.job_table import job_run
from harness.analysis.jobs import verdicts
from harness.analysis.jobs.shares import share
from harness.domain.estimate import Estimate, Infinite
from harness.domain.job import Fate, JobState, Killed
from harness.domain.reasons.verdict import JobsLost, JobsSeenTooShort
from harness.domain.verdict import Judgement
from harness.domain.workload import Promise
from harness.errors import BadFile
from harness.words import said
from tests.analysis.jobs.made import jobs_in, run_of
from tests.builders import job, not_done, write_jobs

BLOCKS = 6


def test_only_what_was_done_has_a_time_and_everything_else_is_infinite(tmp_path):
    ends = [state for state in JobState if state is not JobState.DONE]
    [run] = jobs_in(tmp_path, [job(0, takes_s=3), *(not_done(k, state) for k, state in enumerate(ends, start=1))])

    assert run.to_done_s.tolist() == [pytest.approx(3.02), *[math.inf] * 6]


def test_an_age_places_done_and_without_one_it_is_when_it_was_known(tmp_path):
    told, rough = job(0, done_s=5.0, known_s=9.0), job(1, done_s=None, known_s=9.0, not_done_s=7.5)
    [run] = jobs_in(tmp_path, [told, rough])

    assert run.done_at_s.tolist() == [5.0, 9.0]
    assert run.resolution_s == 1.5


def test_freshness_is_the_callback_where_one_was_asked_for(tmp_path):
    called = job(0, scheduled_s=0, done_s=2.0, called_s=2.6, callbacks=1)
    [run] = jobs_in(tmp_path / "called", [called, job(1, callbacks=0)])
    [polled] = jobs_in(tmp_path / "polled", [job(0, scheduled_s=0, done_s=2.0)])

    assert run.fresh_s.tolist() == [2.6, math.inf], "the second was done, and nobody was told"
    assert polled.fresh_s.tolist() == [2.0]


def test_each_share_is_of_those_that_could_have_ended_so(tmp_path):
    of_a_block = [
        *(job(k) for k in range(6)),
        job(6, effects=2),
        job(7, effects=None),
        not_done(8, JobState.LOST),
        not_done(9, JobState.NOT_ACCEPTED),
        not_done(10, JobState.DEAD_LETTERED, killed_by=Killed.MEMORY.value),
        not_done(11, JobState.FAILED, killed_by=Killed.TIME.value, measured=False),
    ]
    runs = jobs_in(tmp_path, *[of_a_block] * BLOCKS)
    found = {fate: (one.count, one.of) for fate in Fate for one in [share(fate, runs, 0.95)]}

    assert found[Fate.NOT_ACCEPTED] == (6, 66)
    assert found[Fate.LOST] == (6, 60)
    assert found[Fate.TWICE] == (6, 42), "of those that were done and whose result tells"
    assert found[Fate.MEMORY_LIMIT] == found[Fate.DEAD_LETTERED] == (6, 60)
    assert found[Fate.TIME_LIMIT] == (0, 60), "the one that was killed came in the warm-up"


def test_done_within_is_judged_by_the_share_beyond_it(tmp_path):
    kept = [[job(k, takes_s=1 + k % 7 / 10) for k in range(100)] for _ in range(BLOCKS)]
    broken = [[job(k, takes_s=1 if k % 5 else 9) for k in range(100)] for _ in range(BLOCKS)]
    few = [
        [not_done(k, not_done_s=k + 9.0) if k % 10 == 0 else job(k, takes_s=1) for k in range(100)]
        for _ in range(BLOCKS)
    ]

    def judged(name, blocks):
        runs = jobs_in(tmp_path / name, *blocks)
        return verdicts.time_verdict("alpha", "jobs", Promise.DONE, 5.0, runs, 0.95)

    assert judged("kept", kept).judgement is Judgement.PASS
    assert judged("broken", broken).judgement is Judgement.FAIL
    assert judged("unfinished", few).judgement is Judgement.FAIL, "what is not done is later than any limit"
    assert isinstance(judged("unfinished again", few).estimate, Infinite)


def test_a_job_that_was_not_followed_up_to_its_limit_is_neither_kept_nor_broken(tmp_path):
    """A tenth was queued when the run ended, 3 s after its submission: of a promise of 5 s that says nothing, of 2 s all."""
    blocks = [
        [not_done(k, not_done_s=k + 3.0) if k % 10 == 0 else job(k, takes_s=1) for k in range(100)]
        for _ in range(BLOCKS)
    ]
    runs = jobs_in(tmp_path, *blocks)
    long, short = (verdicts.time_verdict("alpha", "jobs", Promise.DONE, limit, runs, 0.95) for limit in (5.0, 2.0))

    assert (long.judgement, long.reason) == (Judgement.INCONCLUSIVE, JobsSeenTooShort(pytest.approx(0.1), 600, 5.0))
    assert long.blocks_needed is None, "no number of such runs would settle it"
    assert short.judgement is Judgement.FAIL


def test_a_job_known_by_polls_alone_may_have_been_done_right_after_the_last_one(tmp_path):
    rough = [[job(k, done_s=None, not_done_s=k + 1.0, known_s=k + 9.0) for k in range(100)] for _ in range(BLOCKS)]
    runs = jobs_in(tmp_path, *rough)

    def judged(limit):
        return verdicts.time_verdict("alpha", "jobs", Promise.DONE, limit, runs, 0.95).judgement

    assert [judged(limit) for limit in (0.5, 5.0, 10.0)] == [Judgement.FAIL, Judgement.INCONCLUSIVE, Judgement.PASS]


def test_one_lost_job_breaks_the_promise_that_none_is(tmp_path):
    blocks = [[job(k) for k in range(50)] for _ in range(BLOCKS)]
    none = verdicts.lost_verdict("alpha", "jobs", jobs_in(tmp_path / "none", *blocks), 0.95)
    blocks[2][7] = not_done(7, JobState.LOST)
    one = verdicts.lost_verdict("alpha", "jobs", jobs_in(tmp_path / "one", *blocks), 0.95)

    assert (one.judgement, one.reason.lost, one.reason.accepted) == (Judgement.FAIL, 1, 300)
    assert none.judgement is Judgement.INCONCLUSIVE, "none seen is no proof"
    assert isinstance(none.reason, JobsLost)
    assert isinstance(none.estimate, Estimate)
    assert 0.009 < none.estimate.high < 0.03, "about 3.7 of 300, and more for six blocks"
    assert said(none.reason).startswith("none of 300 accepted jobs was lost; up to ")


def test_a_file_that_no_run_left_is_refused_by_its_field(tmp_path):
    run = run_of(tmp_path, [job(0)])
    write_jobs(run.record.path, [job(0, state="vanished")])

    with pytest.raises(BadFile, match="'vanished' is not a state of a job"):
        job_run(run)
