"""Requests that somebody can look up."""

import pytest

from harness.analysis.dataset import load
from harness.decision.gather import gather
from harness.report.slowest import FAILED, SLOWEST, slowest
from tests.builders import LIGHT, Pilot


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    pilot = Pilot(tmp_path_factory.mktemp("slowest"), refused={"beta": 0.2}, per_run=40)
    workspace, plan, store = pilot.write()
    data = load(store, plan)
    made = slowest(gather(workspace, data, store, plan, effort=LIGHT), {"alpha": "Alpha", "beta": "Beta"})
    names = [column.name for column in made.columns]
    return data, [dict(zip(names, row, strict=True)) for row in made.data]


def test_the_slowest_answers_are_those_of_all_blocks(rows):
    data, told = rows
    mine = [row["response_s"] for row in told if row["target"] == "alpha"]
    every = sorted((v for r in data.of("alpha", "steady") for v in r.response_s[r.measured & r.ok]), reverse=True)

    assert mine == pytest.approx(every[:SLOWEST])


def test_failures_are_shown_without_a_time(rows):
    _, told = rows
    failed = [row for row in told if row["target"] == "beta" and row["outcome"] != "ok"]

    assert len(failed) == FAILED
    assert {row["response_s"] for row in failed} == {None}
    assert {row["response_s_absent"] for row in failed} == {"no answer"}
