"""Cold starts: counted apart, compared with their own control."""

import numpy as np
import pytest

from harness.analysis import coldstarts
from tests.analysis.fakes import run_of


def probes(block, added_s=0.2):
    phases = np.array(["forced", "control", "idle", "control"], dtype=object)
    response = np.array([0.5 + added_s + 0.001 * block, 0.5, 0.5 + added_s, 0.5])
    cold = np.array([True, False, True, False], dtype=object)
    return run_of(response, block=block, profile="coldstart", phase=phases, cold=cold, generation_ms=np.full(4, 400.0))


def test_the_penalty_is_the_probe_minus_its_control():
    forced, idle = coldstarts.penalties("alpha", [probes(k) for k in range(6)])

    assert forced.cold == forced.probes == 6
    assert forced.penalty_s.value == pytest.approx(0.2025)
    assert idle.penalty_s.value == pytest.approx(0.2)


def test_a_probe_that_was_refused_has_no_pair_but_is_counted():
    run = probes(1)
    run.columns["outcome"][0] = "throttled"
    forced, _ = coldstarts.penalties("alpha", [run])

    assert forced.refused == 1
    assert forced.pairs == ()


def test_answers_without_an_instance_are_not_known_never_warm():
    cold = np.array([True, None, False, None], dtype=object)
    share = coldstarts.share("alpha", "steady", [run_of(np.full(4, 0.1), cold=cold)])

    assert (share.cold, share.known, share.unknown) == (1, 2, 2)
    assert share.per_thousand == 500


def test_no_known_instance_has_no_rate():
    cold = np.array([None, None], dtype=object)

    assert coldstarts.share("a", "steady", [run_of(np.full(2, 0.1), cold=cold)]).per_thousand is None
