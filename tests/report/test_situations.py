"""Five pilots that end differently: each report says so on page one, and its sentences match its numbers."""

import json
import re
import shutil

import numpy as np
import pytest

from harness import pipeline
from harness.errors import BadFile, Refused
from harness.planning import seal_of
from harness.report.earlier import read_earlier
from harness.report.pdf import print_pdf
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, lognormal

CRITERIA = """
[criteria]
dependencies = { weight = 0.1, baseline = 3, candidate = 3, note = "the same" }
operations   = { weight = 0.15, baseline = 2, candidate = 5, note = "nobody is on call for the container" }
compliance   = { weight = 0.1, baseline = 4, candidate = 4, note = "both reviewed" }
lock_in      = { weight = 0.1, baseline = 5, candidate = 2, note = "the function's event format is its own" }
"""


def told(pilot, folder, criteria=""):
    """Outcome, page one as text, and the whole page."""
    workspace, plan, store = pilot.write()
    path = workspace.root / "pilot.toml"
    path.write_text(path.read_text() + criteria)
    workspace = open_workspace(workspace.root)
    if store.seal() is None:
        seal = seal_of(workspace, plan)
        store.write_seal(seal.digest, dict(seal.content))
    outcome, page = pipeline.report(workspace, folder, effort=LIGHT)
    html = page.read_text()
    first = re.sub(r"<[^>]+>", " ", html[html.index("<main") : html.index('id="slos"')])
    return outcome, " ".join(first.split()), html


def test_a_clear_winner_is_named_with_what_would_change_it(pilot, tmp_path):
    pilot.refused["alpha"] = 0.2
    outcome, first, html = told(pilot, tmp_path / "r")

    assert "Serve the endpoint from Beta: it keeps all 4 promises." in first
    assert f"Confidence {outcome.decision.confidence.value}" in first
    assert "Alpha breaks 3 of 4 promises" in first
    assert "of the whole bill), and $36.04 of runtime alone" in first.replace("\u00a0", " ")
    assert re.search(
        r"Serve the endpoint from Beta: [^<]+ Because:</p>\s*<ul>\s*<li>Of the two runtimes, only this one breaks", html
    )
    assert "Alpha fails p95 response time under steady" in html


def test_a_tie_is_said_to_be_one_and_the_cheaper_to_reverse_is_named(pilot, tmp_path):
    pilot.laws["beta"] = lognormal(0.4 * 1.5)
    _, first, html = told(pilot, tmp_path / "r")

    assert (
        "No clear winner: both keep every promise, and cost and latency do not favour one. Beta is cheaper to" in first
    )
    assert "The scores of Alpha and Beta tie (" in html
    assert "Nothing is moved yet" in html


def test_an_invalid_pilot_recommends_nothing_and_shows_every_run(tmp_path):
    pilot = Pilot(tmp_path)
    _, plan, store = pilot.write()
    for block in plan.blocks:
        for run in block.runs:
            path = store.run_folder(run, 1) / "ledger.json"
            ledger = json.loads(path.read_text())
            path.write_text(
                json.dumps({**ledger, "valid": False, "reasons": ["lag p99 99 ms is above its limit 40 ms"]})
            )
    _, page = pipeline.report(open_workspace(pilot.root), tmp_path / "r", effort=LIGHT)
    html = page.read_text()

    assert "No answer: no block was measured completely and validly." in html
    assert "random weightings" not in html, "nothing is scored where nothing was measured"
    assert not [
        gone for gone in ("cold-starts", "burst", "steady", "quality", "sizes") if f'<section id="{gone}">' in html
    ]
    assert "No valid run yet." in html
    assert html.count("lag p99 99 ms is above its limit") >= 12


def test_a_half_done_pilot_says_how_much_is_missing(pilot, tmp_path):
    _, plan, store = pilot.write()
    for block in plan.blocks[3:]:
        shutil.rmtree(store.attempt_folder(block.number, 1))
    outcome, page = pipeline.report(open_workspace(pilot.root), tmp_path / "r", effort=LIGHT)
    html = page.read_text()

    assert "3 of 6 blocks are valid; verdicts need 6" in html
    assert {v.judgement.value for v in outcome.findings.slos} == {"INCONCLUSIVE"}
    assert "Confidence: high" not in html


def test_one_target_down_is_a_report_and_not_a_crash(pilot, tmp_path):
    pilot.laws["beta"] = lambda rng, block, n: np.full(n, 0.4)
    pilot.refused["beta"] = 1.0
    outcome, first, html = told(pilot, tmp_path / "r")

    assert "Serve the endpoint from Alpha: it keeps all 4 promises." in first
    assert outcome.decision.choice.value == "baseline"
    assert "infinite: 100.0 % of" in html
    assert re.search(r"not known: none of [\d,]+ requests succeeded", first)


def test_judged_criteria_are_weighed_with_their_notes(pilot, tmp_path):
    outcome, _, html = told(pilot, tmp_path / "r", CRITERIA)
    made = outcome.decision.scoring
    shares = made.acceptability.around

    assert {c.value for c in made.weights} >= {"operations", "lock_in", "cost", "latency"}
    assert "nobody is on call for the container" in html
    for name in ("baseline", "candidate"):
        assert f"{made.total(name):.2f}" in html
    assert sum(shares.values()) == pytest.approx(1)


def test_weights_decide_and_the_report_says_at_which_they_flip(pilot, tmp_path):
    heavy = CRITERIA.replace("weight = 0.15", "weight = 2.0")
    outcome, first, html = told(pilot, tmp_path / "r", heavy)
    [flip] = [f for f in outcome.decision.scoring.flips if f.criterion.value == "operations"]

    assert outcome.decision.choice.value == "candidate"
    assert "It scores highest in" in first
    assert flip.flips_at is not None
    assert f"{flip.flips_at * 100:.0f} %" in html or f"{flip.flips_at * 100:.1f} %" in html


def test_the_decision_record_is_madr_and_says_what_the_report_says(pilot, tmp_path):
    pilot.question = "Which *one* <b>?"
    outcome, _, _ = told(pilot, tmp_path / "r")
    text = (tmp_path / "r" / "decision-record.md").read_text()
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)

    assert text.startswith('---\nstatus: "')
    assert [h for h in heads if h in ("Context and Problem Statement", "Decision Drivers", "Considered Options")]
    assert heads[1:7] == [
        "Context and Problem Statement",
        "Decision Drivers",
        "Considered Options",
        "Decision Outcome",
        "Consequences",
        "Confirmation",
    ]
    assert said(outcome.decision.sentence) in text
    assert "<b>" not in text


def test_an_earlier_report_shows_what_has_changed_since(pilot, tmp_path):
    told(pilot, tmp_path / "earlier")
    workspace = open_workspace(pilot.root)
    pilot.refused["beta"] = 0.3
    shutil.rmtree(workspace.evidence / "blocks")
    pilot.write()
    _, page = pipeline.report(workspace, tmp_path / "now", [tmp_path / "earlier"], effort=LIGHT)
    html = page.read_text()
    rows = (page.parent / "tables" / "changes.csv").read_text()

    assert "Since the earlier report" in html
    assert "error rate of Beta under steady" in html
    assert "error rate of Beta under steady,PASS,FAIL" in rows
    assert "recommendation,candidate,baseline" in rows


def test_the_same_evidence_has_changed_nothing(pilot, tmp_path):
    told(pilot, tmp_path / "earlier")
    _, page = pipeline.report(
        open_workspace(pilot.root), tmp_path / "now", [tmp_path / "earlier" / "decision.json"], effort=LIGHT
    )

    assert "Nothing that is compared here has changed." in page.read_text()


def test_what_is_no_earlier_report_is_refused(tmp_path):
    (tmp_path / "decision.json").write_text("{}")
    with pytest.raises(BadFile, match="recommendation: is missing"):
        read_earlier(tmp_path)


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium on this machine")
def test_a_pdf_is_printed_where_a_chromium_is(pilot, tmp_path):
    told(pilot, tmp_path / "r")

    assert print_pdf(tmp_path / "r" / "report.html").read_bytes().startswith(b"%PDF")


def test_without_a_chromium_the_pdf_is_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused) as refused:
        print_pdf(tmp_path / "report.html")

    assert "print the HTML" in refused.value.hint
