"""The error budget of a whole campaign stands wherever its verdicts do."""

from harness import pipeline
from harness.analysis.aa import aa_gate
from harness.analysis.dataset import Dataset
from harness.decision.doubts import aa_silent
from harness.decision.errors import statement
from harness.words import said
from tests.analysis.test_verdicts_more import named, pair
from tests.builders import LIGHT, Pilot


def test_the_sentence_counts_looks_promises_and_comparisons(tmp_path):
    pilot = Pilot(tmp_path, blocks=12)
    pilot.write()
    outcome = pipeline.decide(pilot.workspace(), effort=LIGHT)
    words = said(statement(outcome.findings))

    assert words.startswith("Over all 3 sealed looks, each of the 4 promises")
    assert "any of the 2 co-primary comparisons" in words
    assert outcome.as_json()["errors"] == words


def test_a_silent_a_a_run_says_what_it_would_have_noticed():
    same = tuple(zip(*(named(x, "alpha") for x in pair(1.0, k=8)), strict=True))
    gate = aa_gate(Dataset("alpha", "beta", (), (), 6, (), (), (), same), 1.1, (60, None))
    words = said(aa_silent(gate))

    assert words.startswith("The A/A run found no bias of alpha against itself; 9 of 10 such runs would have noticed")
    assert f"in p95 response time one of {(gate.noticed('p95_s') - 1) * 100:.2g} %" in words
