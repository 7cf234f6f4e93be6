"""Promises about jobs decide like every other: who loses jobs does not win, and what nobody measured is not kept."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness import pipeline
from harness.analysis.jobs import JobsFound
from harness.cli.decide import _print
from harness.decision.job_doubts import job_doubts
from harness.decision.jobs import job_verdicts
from harness.decision.rule import Choice, gate, hybrid_gate
from harness.domain.job import Fate, JobState
from harness.domain.reasons.absence import NotMeasured
from harness.domain.verdict import Judgement
from harness.report.page_one import _kept
from harness.words import said
from harness.workspace import open_workspace
from tests.builders import LIGHT, Pilot, job, not_done

WORKLOAD = """
[workloads.ingestion]
kind = "job"
waited_for = false
measured_by = "jobs"
slo = { done_within_s = 10, lost = 0 }
"""


def whole(block):
    return [job(k) for k in range(60)]


def losing(block):
    """One lost a block, two dead-lettered, and one that became visible twice; a fifth of them too late."""
    bad = {
        7: not_done(7, JobState.LOST),
        8: not_done(8, JobState.DEAD_LETTERED),
        9: not_done(9, JobState.DEAD_LETTERED),
        10: job(10, effects=2),
    }
    return [bad.get(k, job(k, takes_s=2.0 if k % 5 else 30.0)) for k in range(60)]


@pytest.fixture(scope="module")
def piloted(tmp_path_factory):
    """The cheaper one loses jobs; with its findings under no promise, and under one."""
    root = tmp_path_factory.mktemp("jobs")
    workspace, _, _ = Pilot(root, jobs={"alpha": whole, "beta": losing}).write()
    free = pipeline.decide(workspace, effort=LIGHT)
    path = root / "pilot.toml"
    path.write_text(path.read_text() + WORKLOAD)
    bound = open_workspace(root)
    return free, bound, pipeline.decide(bound, effort=LIGHT)


def test_a_target_that_loses_jobs_wins_only_where_nobody_promised_that_none_is(piloted):
    free, _, bound = piloted

    assert free.decision.choice is Choice.CANDIDATE, "it is the cheaper one"
    assert bound.decision.choice is Choice.BASELINE
    broken = {v.slo.metric for v in gate("beta", bound.findings).failed}
    assert broken == {"lost", "done_within_s"}
    assert any("lost jobs" in said(reason) for reason in bound.decision.reasons)


def test_none_lost_is_no_proof_and_keeps_nothing_waiting(piloted):
    _, _, bound = piloted
    [lost] = [v for v in bound.findings.job_verdicts if (v.target, v.slo.metric) == ("alpha", "lost")]

    assert lost.judgement is Judgement.INCONCLUSIVE
    assert not gate("alpha", bound.findings).failed
    assert bound.standing.settled is not None, "more blocks would not prove it either"


def test_a_machine_reads_them_among_the_promises(piloted):
    told = piloted[2].as_json()

    found = {(s["target"], s["slo"]): s["verdict"] for s in told["slos"] if s["profile"] == "jobs"}
    assert found[("beta", "lost")] == found[("beta", "done_within_s")] == "FAIL"
    assert found[("alpha", "done_within_s")] == "PASS"
    assert all(s["n"] and s["blocks"] == 6 for s in told["slos"] if s["profile"] == "jobs")
    assert told["gates"]["beta"] == "FAIL"


def test_both_together_keep_what_the_one_that_does_the_jobs_keeps(piloted):
    _, workspace, bound = piloted

    assert [v.target for v in hybrid_gate(workspace, bound.findings).open if v.profile == "jobs"] == ["alpha"]


def test_page_one_counts_of_a_router_what_was_asked_of_it_and_says_what_is_open_of_jobs_that_go_past_it(piloted):
    _, workspace, bound = piloted
    own = tuple(replace(v, target="router") for v in bound.findings.slos if v.target == "alpha")
    findings = replace(bound.findings, hybrid=SimpleNamespace(target="router", promises=own))
    gate_of = hybrid_gate(workspace, findings)
    told = _kept(findings, "router", "Router", first=True)

    assert (told.kept, told.broken, told.open) == (len(own), 0, 0), "what was measured through it"
    assert told.elsewhere == (1, 0, len(gate_of.open)) == (1, 0, 1)
    assert said(told) == "Router keeps 3 of 3 promises (of 2 for work that goes past it, 1 undecided)"
    assert {v.target for v in findings.hybrid_promises} == {"router"}, "its table has what was measured on it"


def test_what_became_of_jobs_is_in_doubt_by_kind_whether_it_is_promised_or_not(piloted):
    free, _, bound = piloted
    found = [r for r in bound.doubts if r.kind == "jobs_ended"]

    assert [(r.target, r.fate, r.count) for r in found] == [
        ("beta", Fate.LOST, 6),
        ("beta", Fate.TWICE, 6),
        ("beta", Fate.DEAD_LETTERED, 12),
    ]
    assert all(r.low < r.count / r.of < r.high for r in found), "with the interval that blocks give it"
    assert [r for r in free.doubts if r.kind == "jobs_ended"] == found


def test_a_promise_that_only_one_of_the_two_was_measured_for_is_open_on_the_other(piloted):
    _, workspace, bound = piloted
    one_sided = tuple(found for found in bound.findings.jobs if found.target == "alpha")
    findings = replace(bound.findings, jobs=one_sided, job_verdicts=job_verdicts(workspace, one_sided))
    mine = [v for v in findings.job_verdicts if v.target == "beta"]

    assert [v.slo.metric for v in mine] == ["done_within_s", "lost"]
    assert {v.reason for v in mine} == {NotMeasured()}
    assert gate("beta", findings).judgement is Judgement.INCONCLUSIVE


def test_jobs_that_promise_something_and_were_never_measured_are_in_doubt(piloted):
    _, workspace, bound = piloted
    [doubt] = job_doubts(workspace, replace(bound.findings, jobs=()))

    assert (doubt.kind, doubt.workload, doubt.promises) == ("jobs_not_measured", "ingestion", ("done_within_s", "lost"))


def test_ends_that_only_polls_tell_are_in_doubt_where_they_could_decide(piloted):
    _, workspace, bound = piloted
    alpha, _ = bound.findings.jobs

    def told(resolution_s):
        rough: JobsFound = replace(alpha, resolution_s=resolution_s)
        return [r.kind for r in job_doubts(workspace, replace(bound.findings, jobs=(rough,)))]

    assert told(0.9) == []
    assert told(1.1) == ["jobs_timed_roughly"]


def test_decide_says_in_a_line_where_each_workload_belongs(piloted, capsys):
    _print(piloted[2])
    lines = capsys.readouterr().out.splitlines()

    head = next(k for k, one in enumerate(lines) if one.strip() == "Placement")
    assert lines[head + 1].split() == ["workload", "place", "because"]
    assert lines[head + 2].startswith("ingestion ")
    assert "beta" in lines[head + 2].lower()


def test_a_promise_about_passages_decides_beside_those_about_jobs(piloted):
    _, workspace, bound = piloted
    like = next(v for v in bound.findings.job_verdicts if v.target == "alpha")
    kept, broken = (
        replace(like, target=target, profile="retrieval", judgement=judgement)
        for target, judgement in (("beta", Judgement.PASS), ("alpha", Judgement.FAIL))
    )
    findings = replace(bound.findings, retrieval_verdicts=(broken, kept))

    assert broken in gate("alpha", findings).failed
    assert broken in findings.promises_of("alpha"), "a row of page one"
    assert broken not in hybrid_gate(workspace, findings).failed, "both together have it done by the one that keeps it"
