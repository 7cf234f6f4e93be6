"""Capacity from what searches wrote down."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.capacity import capacity, sizing
from harness.domain.estimate import Estimate, Unknown
from harness.domain.experiments.capacity import METHOD
from harness.domain.reasons import absence
from harness.words import said
from tests.analysis.fakes import run_of

PROMISE = {"p95_s": 1.0, "ttft_p95_s": None, "error_rate": 0.01}


def step(rate, verdict, number):
    return {
        "phase": f"step-{number:02d}",
        "rate": rate,
        "p95_s": 0.5 if verdict == "kept" else None,
        "offered": 40,
        "kept": verdict == "kept",
        "verdict": verdict,
        "why": "" if verdict == "kept" else "failures",
    }


def searched(kept=None, broken=None, block=1, instances=4, most=40.0, times=5):
    """A search that kept ``kept`` and broke at ``broken``, each so many times; None for what it never met."""
    tried = [(rate, word) for rate, word in ((kept, "kept"), (broken, "broken")) if rate for _ in range(times)]
    said = {
        "kind": "capacity",
        "method": METHOD,
        "steps": [step(rate, word, k) for k, (rate, word) in enumerate(tried, start=1)],
        "kept_per_s": kept,
        "ended": "done",
        "promise": PROMISE,
        "precision": 1.25,
        "least_rate": 0.1,
        "most_rate": most,
        "step_s": 20,
    }
    n = 40
    run = run_of(np.full(n, 0.5), block=block, profile="capacity")
    run.columns["phase"] = np.array([said["steps"][0]["phase"]] * n, dtype=object)
    run.columns["instance_id"] = np.array([f"i{k % instances}" for k in range(n)], dtype=object)
    object.__setattr__(run, "record", SimpleNamespace(run={"experiment": said}))
    return run


def test_one_search_has_its_posteriors_interval():
    found = capacity("alpha", [searched(9.0, 10.0)]).per_s

    assert found.low < 9.0 < found.value < 10.0 < found.high
    assert 1.249 < found.high / found.low < 1.5


def test_several_searches_have_an_interval_that_is_never_narrower_than_ones_own():
    near = capacity("alpha", [searched(9.0, 10.0, k) for k in range(3)]).per_s
    far = capacity("alpha", [searched(9.0 + 2 * k, 10.0 + 2 * k, k) for k in range(3)]).per_s

    assert near.high / near.low > 1.249
    assert far.high / far.low > 1.5
    assert far.n == 3


def test_a_search_that_the_limits_ended_says_at_least():
    found = capacity("alpha", [searched(40.0)])

    assert found.at_least == 40.0
    assert isinstance(found.per_s, Unknown)
    assert said(found.per_s.reason).startswith("at least 40/s was carried: no limit found")


def test_searches_that_disagree_whether_there_is_a_limit_have_none_together():
    found = capacity("alpha", [searched(40.0), searched(9.0, 10.0, 2)])

    assert found.at_least is None
    assert found.per_s == Unknown(absence.SearchesDiffer(2, 1, 1, 0))


def test_a_target_that_refuses_everything_keeps_no_rate():
    found = capacity("alpha", [searched(None, 0.1)])

    assert found.per_s == Unknown(absence.NoRateKept())
    assert isinstance(sizing(found, 5.0).utilisation, Unknown)


def test_a_search_without_an_answer_gives_none():
    found = capacity("alpha", [searched(4.0, 12.0, times=1)])

    assert found.per_s == Unknown(absence.StepsDisagree(2, 4.0))


def test_steps_of_an_earlier_method_are_judged_anew_and_it_is_said():
    """It wrote down a bracket of 9 to 10; its samples show one step of 40 kept and one of 40 failed, which is no answer."""
    run = searched(9.0, 10.0, times=1)
    said = run.record.run["experiment"]
    said.pop("method")
    run.columns["phase"] = np.array([s["phase"] for s in said["steps"] for _ in range(20)], dtype=object)
    run.columns["outcome"] = np.array(["ok"] * 20 + ["throttled"] * 20, dtype=object)
    found = capacity("alpha", [run])

    assert [(s.verdict.value, s.why) for s in found.steps] == [("kept", ""), ("broken", "failures")]
    assert isinstance(found.per_s, Unknown)
    assert found.ended == ("done (searched by an earlier method; its steps are judged anew)",)


def test_an_instance_is_what_answered_the_highest_sustained_step():
    found = capacity("alpha", [searched(9.0, 10.0, instances=4)])

    assert found.instances == 4
    assert found.per_instance_per_s == pytest.approx(found.per_s.value / 4)


def test_the_peak_is_sized_at_seven_tenths_of_what_is_sustained():
    found = capacity("alpha", [searched(9.0, 10.0, instances=4)])
    size = sizing(found, peak_per_s=12.0)

    assert size.instances_needed == 8, "12 / (0.7 x 2.4)"
    assert isinstance(size.utilisation, Estimate)
    assert size.utilisation.low == pytest.approx(12 / found.per_s.high)


def test_without_a_search_nothing_is_known():
    assert capacity("alpha", []).per_s == Unknown(absence.NoSearch())
