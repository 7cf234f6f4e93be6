"""Cold starts: counted apart, compared with their own control."""

from pathlib import Path
from types import SimpleNamespace

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
    _, forced, idle = coldstarts.penalties("alpha", [probes(k) for k in range(6)])

    assert forced.cold == forced.probes == 6
    assert forced.penalty_s.value == pytest.approx(0.2025)
    assert idle.penalty_s.value == pytest.approx(0.2)


def test_a_probe_that_was_refused_has_no_pair_but_is_counted():
    run = probes(1)
    run.columns["outcome"][0] = "throttled"
    _, forced, _ = coldstarts.penalties("alpha", [run])

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


def test_an_instance_that_was_started_ahead_is_no_cold_start_and_is_counted_apart():
    run = run_of([0.5, 0.5], cold=np.array([False, False], dtype=object), instance_requests=np.array([1.0, 2.0]))
    share = coldstarts.share("alpha", "steady", [run])

    assert (share.cold, share.preinitialised) == (0, 1)


def made_cold(kind):
    run = probes(1)
    said = {"experiment": {"colds": [{"kind": kind, "method": f"a {kind}"}]}}
    object.__setattr__(run, "record", SimpleNamespace(run=said, path=Path("/nowhere")))
    return run


def test_the_first_start_after_a_deployment_is_kept_apart_from_other_forced_ones():
    deploy, forced, idle = coldstarts.penalties("alpha", [made_cold("new-version")])

    assert (deploy.probes, forced.probes, idle.probes) == (1, 0, 1)
    assert deploy.methods == ("a new-version",)


def test_a_target_that_never_goes_cold_has_probes_and_none_of_them_cold():
    run = made_cold("restarted")
    run.columns["cold"][:] = False
    _, forced, _ = coldstarts.penalties("alpha", [run])

    assert (forced.probes, forced.cold) == (1, 0)


def test_the_parts_of_a_cold_answer_add_up_to_it():
    run = run_of(
        [2.0],
        profile="coldstart",
        phase=np.array(["forced"], dtype=object),
        cold=np.array([True], dtype=object),
        headers_s=np.array([0.9]),
        instance_age_ms=np.array([700.0]),
        init_ms=np.array([400.0]),
        retrieval_ms=np.array([50.0]),
        model_ttft_ms=np.array([300.0]),
        generation_ms=np.array([1000.0]),
    )
    found = coldstarts.breakdown("alpha", "forced", [run], cold=True)

    assert found.parts_s == pytest.approx((0.2, 0.4, 0.35, 0.05, 0.3, 0.7))
    assert sum(found.parts_s) == pytest.approx(2.0)
    assert (found.platform_init_s, found.joined) == (None, 0)
