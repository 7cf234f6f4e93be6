"""What an API has no field for is a doubt only where the samples of both do not show it."""

from dataclasses import replace

import pytest

from harness.analysis.dataset import load
from harness.analysis.parity import Parity
from harness.decision.doubts import doubts
from harness.decision.gather import gather
from harness.words import all_said
from tests.builders import LIGHT, Pilot

UNTOLD = {
    "same work": [
        {"name": "same index_digest", "answer": "not told", "detail": "", "shown_by": "citations"},
        {"name": "same model", "answer": "not told", "detail": "", "shown_by": "answers"},
    ],
    "fairness": [{"name": "same region", "answer": "not told", "detail": "", "shown_by": "nothing"}],
}
PAIRS = 100


@pytest.fixture
def said(tmp_path):
    """The doubts, for a parity of the samples."""
    workspace, plan, store = Pilot(tmp_path, per_run=30).write()
    store.write_checks(UNTOLD)
    findings = gather(workspace, load(store, plan), store, plan, effort=LIGHT)

    def doubted(parity):
        found = all_said(doubts(workspace, plan, store, replace(findings, parity=parity)))
        return [doubt for doubt in found if doubt.startswith("Neither reported")]

    return doubted


def test_the_same_texts_show_the_same_work_and_leave_only_what_no_sample_shows(said):
    assert said(Parity(PAIRS, PAIRS, PAIRS, PAIRS)) == [
        "Neither reported by the endpoints nor shown by the samples: same region."
    ]


def test_the_same_citations_show_the_index_and_not_the_model(said):
    [doubt] = said(Parity(PAIRS, 3, PAIRS, PAIRS, overlap=1.0))
    assert doubt.endswith(": same model, same region.")


def test_without_citations_and_with_other_texts_nothing_is_shown(said):
    [doubt] = said(Parity(PAIRS, 3, PAIRS, PAIRS, overlap=None))
    assert doubt.endswith(": same index_digest, same model, same region.")


def test_no_pair_shows_nothing(said):
    assert "same index_digest" in said(Parity(0, 0, 0, 0))[0]
