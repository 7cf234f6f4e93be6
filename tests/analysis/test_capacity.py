"""Capacity from what searches wrote down."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.capacity import capacity, sizing
from harness.domain.estimate import Estimate, Unknown
from tests.analysis.fakes import run_of


def step(rate, kept, phase, why=""):
    return {"phase": phase, "rate": rate, "p95_s": 0.5 if kept else None, "offered": 40, "kept": kept, "why": why}


def searched(low, high, block=1, instances=4):
    """A search that kept ``low`` and broke ``high``; None for what it did not find."""
    steps = [step(low, True, "step-01")] if low else []
    steps += [step(high, False, "step-02", "failures")] if high else []
    said = {
        "kind": "capacity",
        "steps": steps,
        "kept_per_s": low,
        "broken_per_s": high,
        "ended": "done",
        "promise": {"p95_s": 1.0, "ttft_p95_s": None, "error_rate": 0.01},
        "precision": 1.1,
        "step_s": 20,
    }
    n = 40
    run = run_of(np.full(n, 0.5), block=block, profile="capacity")
    run.columns["phase"] = np.array(["step-01"] * n, dtype=object)
    run.columns["instance_id"] = np.array([f"i{k % instances}" for k in range(n)], dtype=object)
    object.__setattr__(run, "record", SimpleNamespace(run={"experiment": said}))
    return run


def test_one_search_has_its_bracket():
    found = capacity("alpha", [searched(9.0, 10.0)]).per_s

    assert (found.low, found.high) == (pytest.approx(9.0), pytest.approx(10.0))
    assert found.value == pytest.approx(90**0.5)


def test_several_searches_have_an_interval_that_is_never_narrower_than_a_bracket():
    near = capacity("alpha", [searched(9.0, 10.0, k) for k in range(3)]).per_s
    far = capacity("alpha", [searched(9.0 + 2 * k, 10.0 + 2 * k, k) for k in range(3)]).per_s

    assert near.high / near.low == pytest.approx(10 / 9)
    assert far.high / far.low > 1.5
    assert far.n == 3


def test_a_search_that_the_limits_ended_says_at_least():
    found = capacity("alpha", [searched(40.0, None)])

    assert found.at_least == 40.0
    assert isinstance(found.per_s, Unknown)
    assert found.per_s.reason.startswith("at least 40/s")


def test_a_target_that_refuses_everything_keeps_no_rate():
    found = capacity("alpha", [searched(None, 0.02)])

    assert found.per_s == Unknown("no rate was kept")
    assert isinstance(sizing(found, 5.0).utilisation, Unknown)


def test_an_instance_is_what_answered_the_highest_kept_step():
    found = capacity("alpha", [searched(9.0, 10.0, instances=4)])

    assert found.instances == 4
    assert found.per_instance_per_s == pytest.approx(90**0.5 / 4)


def test_the_peak_is_sized_at_seven_tenths_of_what_is_sustained():
    size = sizing(capacity("alpha", [searched(9.0, 10.0, instances=4)]), peak_per_s=12.0)

    assert size.instances_needed == 8, "12 / (0.7 x 2.37)"
    assert isinstance(size.utilisation, Estimate)
    assert size.utilisation.low == pytest.approx(1.2)


def test_without_a_search_nothing_is_known():
    assert capacity("alpha", []).per_s == Unknown("no search was made")
