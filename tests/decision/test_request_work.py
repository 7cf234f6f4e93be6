"""What is known of a request workload at its volume: the month that cost is scored at is told once, whoever asks."""

import pytest

from harness import pipeline
from harness.decision.request_work import AT_VOLUME, RequestWork
from harness.predict.prediction import Quantity
from tests.builders import LIGHT, Pilot


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    workspace, _, _ = Pilot(tmp_path_factory.mktemp("requests"), per_run=60).write()
    return workspace, pipeline.decide(workspace, effort=LIGHT).findings


def test_the_month_that_cost_is_scored_at_is_the_one_that_the_decision_played(decided):
    workspace, findings = decided
    work = RequestWork(workspace, findings, frozenset({"alpha"}))
    [chat] = workspace.workloads()
    starts = work(chat, workspace.target("alpha")).starts
    there = findings.played.at("alpha")

    assert starts
    for start in starts:
        assert start.at_volume is there.of(AT_VOLUME[start.promise]).known
        assert start.share is there.of(Quantity.COLD_SHARE).known
