"""How a target says no: when, who, for how long, and whether Retry-After keeps its word."""

import math

import numpy as np

from harness.analysis.refusals import manner
from harness.words import said
from tests.analysis.fakes import run_of


def burst(response_s, phases, scheduled=None, **columns):
    run = run_of(response_s, profile="burst", phase=np.array(phases, dtype=object), **columns)
    if scheduled is not None:
        shift = np.asarray(scheduled, dtype=float) - run.columns["scheduled_s"]
        for name in ("scheduled_s", "sent_s", "finished_s", "first_token_s"):
            run.columns[name] = run.columns[name] + shift
    return run


def of(*runs):
    return manner("alpha", "burst", list(runs), p95_limit_s=2.0)


def test_the_first_refusal_tells_what_was_carried_then():
    run = burst([5.0, 5.0, 5.0, math.inf], ["burst"] * 4, scheduled=[0.0, 0.5, 0.6, 0.9])
    found = of(run)

    assert (found.onsets[0].in_flight, found.onsets[0].rate_per_s) == (3, 4.0)


def test_who_refused_is_counted_and_the_layer_stands_in_where_nothing_tells():
    by = np.array([None, "runtime", "provider", "runtime"], dtype=object)
    layer = np.array(["platform"] * 4, dtype=object)
    found = of(burst([math.inf] * 4, ["burst"] * 4, refused_by=by, layer=layer))

    assert found.by == (("runtime", 2), ("platform", 1), ("provider", 1))


def test_retry_after_is_honest_when_who_comes_back_then_is_let_in():
    """Refused at 0 and at 1, each told to come back after a second: at 1 again refused, at 2 let in."""
    run = burst([math.inf, math.inf, 0.5], ["burst"] * 3, retry_after_s=np.array([0.9, 0.9, np.nan]))
    found = of(run)

    assert (found.told, found.tested, found.honest) == (2, 2, 1)


def test_a_promise_that_nobody_tested_is_not_counted_as_kept():
    found = of(burst([math.inf], ["burst"], retry_after_s=np.array([30.0])))

    assert (found.told, found.tested, found.honest) == (1, 0, 0)


def test_recovery_counts_from_the_bursts_end_to_the_last_bad_answer_of_the_quiet_time():
    phases = ["burst", "burst", "base", "base", "base", "base"]
    found = of(burst([0.5, math.inf, math.inf, 3.0, 0.5, 0.5], phases))

    assert found.recoveries_s == (2.0,)
    assert found.unrecovered == 0


def test_a_target_that_dies_in_the_burst_never_recovers_and_nothing_crashes():
    found = of(burst([0.5, math.inf, math.inf, math.inf], ["base", "burst", "base", "base"]))

    assert found.recoveries_s == ()
    assert found.unrecovered == 1


def test_manners_have_names():
    waits = np.array([200.0, 300.0])
    assert said(of(burst([0.5, math.inf], ["burst"] * 2)).does) == "refuses at once"
    assert said(of(burst([0.5, 0.5], ["burst"] * 2, queue_ms=waits)).does) == "queues"
    assert (
        said(of(burst([0.5, math.inf], ["burst"] * 2, queue_ms=waits)).does)
        == "queues, then refuses once the queue is full"
    )
    assert said(of(burst([0.5, 0.5], ["burst"] * 2)).does) == "refuses nothing"


def test_without_runs_there_is_nothing_to_say():
    found = of()

    assert (found.refused, found.runs, found.refusal_median_s, found.queue_p95_s) == (0, 0, None, None)
