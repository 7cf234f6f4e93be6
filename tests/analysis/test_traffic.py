"""Whether streams streamed, and what the decision says when they did not."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import pipeline
from harness.domain.buffering import held_back
from harness.words import all_said
from tests.builders import LIGHT, sample, write_run


@pytest.mark.parametrize(
    ("first", "last", "whole", "tokens", "answer"),
    [
        (0.2, 1.0, 1.0, 40, False),
        (0.98, 1.0, 1.0, 40, True),
        (0.98, 1.0, 1.0, 3, None),
        (0.049, 0.05, 0.05, 40, None),
    ],
)
def test_a_stream_is_held_back_when_all_its_tokens_come_in_its_last_tenth(first, last, whole, tokens, answer):
    assert held_back(first, last, whole, tokens) is answer


def buffered(k):
    return sample(k, first_token_s=k + 0.395, token_events=40)


def streaming(k):
    return sample(k, token_events=40)


def test_a_target_that_buffers_is_named_and_the_other_is_not(pilot):
    workspace, plan, store = pilot.write()
    for block in plan.blocks:
        for run in block.runs:
            folder = store.run_folder(run, 1)
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            folder.rmdir()
            make = buffered if run.target == "beta" else streaming
            write_run(folder, [make(k) for k in range(30)], datetime(2026, 11, 10 + block.number, tzinfo=UTC))
    outcome = pipeline.decide(workspace, effort=LIGHT)

    assert {s.target: s.buffered for s in outcome.findings.streams} == {"alpha": False, "beta": True}
    assert any(d.startswith("beta buffers its streams: in 180 of 180") for d in all_said(outcome.doubts))
    assert not any("alpha buffers" in d for d in all_said(outcome.doubts))


def test_a_pilot_without_a_calibration_says_so(pilot):
    workspace, _, _ = pilot.write()

    assert any("was not calibrated" in d for d in all_said(pipeline.decide(workspace, effort=LIGHT).doubts))


def test_a_calibration_that_failed_is_a_doubt(pilot):
    workspace, _, store = pilot.write()
    check = {"law": "stall", "quantity": "p95", "verdict": "can't tell", "why": "a worker was lost"}
    (store.root / "calibration.json").write_text(json.dumps({"schema_version": 1, "versions": {}, "checks": [check]}))

    assert any(
        "The generator's calibration could not tell stall, p95: a worker was lost." in d
        for d in all_said(pipeline.decide(workspace, effort=LIGHT).doubts)
    )


def test_requests_that_were_tried_again_are_said(pilot):
    workspace, plan, store = pilot.write()
    assert not any("attempts" in d for d in all_said(pipeline.decide(workspace, effort=LIGHT).doubts))
    folder = store.run_folder(plan.blocks[0].runs[0], 1)
    table = pq.read_table(folder / "samples.parquet")
    twice = pa.array([2] * table.num_rows)
    pq.write_table(
        table.set_column(table.column_names.index("attempts"), "attempts", twice), folder / "samples.parquet"
    )

    [said] = [d for d in all_said(pipeline.decide(workspace, effort=LIGHT).doubts) if "attempts" in d]
    assert "1200 requests took 1400 attempts" in said
