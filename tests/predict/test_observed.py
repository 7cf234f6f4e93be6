"""What runs say of an answer's parts, of starts, and of how far a target was driven."""

import numpy as np
import pytest

from harness.predict.observed import driven, parts, starts
from tests.builders import failed, sample
from tests.predict.situations import run_of

WARM = {"cold": False, "instance_id": "i", "model_ttft_ms": 100.0, "generation_ms": 300.0}


def test_an_answer_is_the_runtimes_time_and_the_models():
    run = run_of(1, "steady", [sample(0, sent_s=0.0, response_s=0.5, first_token_s=0.25, queue_ms=100.0, **WARM)])
    found = parts(run)

    assert found.told
    assert (found.runtime_s[0], found.model_s[0]) == (pytest.approx(0.1), pytest.approx(0.3))
    assert (found.runtime_first_s[0], found.model_first_s[0]) == (pytest.approx(0.05), pytest.approx(0.1))


def test_without_the_models_time_all_of_it_is_the_runtimes():
    run = run_of(1, "steady", [sample(0, sent_s=0.0, response_s=0.5, generation_ms=None, model_ttft_ms=None)])
    found = parts(run)

    assert not found.told
    assert (found.runtime_s[0], found.model_s[0]) == (pytest.approx(0.5), 0)


def test_cold_and_failed_answers_are_no_part_of_the_warm_law():
    rows = [sample(0, **WARM), sample(1, **{**WARM, "cold": True}), failed(2), failed(3, "server_error")]
    found = parts(run_of(1, "steady", rows))

    assert len(found) == 1
    assert (found.failed, found.asked) == (1, 4)  # a refusal is the fleet's, an error is not


def test_a_start_is_what_a_probe_takes_beyond_its_control():
    rows = [
        sample(0, phase="forced", response_s=1.5, **{**WARM, "cold": True}),
        sample(1, phase="control", response_s=0.5, **WARM),
        sample(2, phase="idle", response_s=2.5, **{**WARM, "cold": True}),
        sample(3, phase="control", response_s=0.5, **WARM),
    ]
    found = {s.cause: s.beyond_s.tolist() for s in starts(run_of(1, "coldstart", rows))}

    assert found == {"forced": [pytest.approx(1.0)], "idle": [pytest.approx(2.0)]}


def test_in_traffic_it_is_what_a_cold_answer_takes_beyond_the_warm_ones():
    rows = [*(sample(k, response_s=0.5, **WARM) for k in range(9)), sample(9, response_s=1.5, **{**WARM, "cold": True})]
    [found] = starts(run_of(1, "steady", rows))

    assert (found.cause, found.beyond_s.tolist()) == ("traffic", [pytest.approx(1.0)])


def test_how_far_it_was_driven_is_counted_over_every_run():
    rows = [sample(k, scheduled_s=0.0, sent_s=0.0, **{**WARM, "instance_id": f"i{k % 3}"}) for k in range(6)]
    refused = [sample(0, scheduled_s=0.0, sent_s=0.0, **WARM), failed(1, scheduled_s=0.1, sent_s=0.1)]
    found = driven([run_of(1, "burst", rows), run_of(1, "steady", refused)])

    assert (found.in_flight, found.instances) == (6, 3)
    assert (found.refused, found.refused_from) == (1, 1)
    assert found.per_s == pytest.approx(0.6)
    assert found.n == 8


def test_a_target_that_names_no_instance_has_no_count():
    rows = [sample(k, instance_id=None, cold=None) for k in range(3)]

    assert driven([run_of(1, "steady", rows)]).instances is None
    assert parts(run_of(1, "steady", rows)) is not None
    assert np.isfinite(parts(run_of(1, "steady", rows)).runtime_s).all()
