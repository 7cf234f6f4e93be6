"""Jobs as a DataFrame and as a page: both targets beside each other, from the same rows."""

import math
import shutil

import pytest

import harness
from harness import pipeline
from harness.domain.estimate import Estimate
from harness.domain.job import Fate, JobState
from harness.errors import BadFile
from harness.evidence.job_columns import JOBS
from harness.workspace import open_workspace
from tests.analysis.jobs.queue import played
from tests.builders import Pilot, not_done

BLOCKS = 6


def fast(block):
    return played(60, 4, 0.5, seed=block)


def slow(block):
    """Half the workers, and one job in twenty that never ends."""
    jobs = played(60, 2, 0.5, seed=block)
    return [not_done(j.seq, JobState.UNFINISHED, scheduled_s=j.scheduled_s) if j.seq % 20 == 7 else j for j in jobs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("pilot")
    Pilot(root, blocks=BLOCKS, per_run=40, jobs={"alpha": fast, "beta": slow}).write()
    return root


def test_every_submission_is_a_row_with_its_keys_and_times(folder):
    jobs = harness.open(folder).jobs()

    assert len(jobs) == 2 * BLOCKS * 60
    assert [name for name in (c.name for c in JOBS) if name not in jobs.columns] == []
    assert set(jobs["target"]) == {"alpha", "beta"}
    assert math.isinf(jobs.loc[jobs["state"] == "unfinished", "to_done_s"].min())
    assert jobs.attrs["units"]["to_done_s"] == "s"
    assert len(harness.open(folder).jobs(target="beta")) == BLOCKS * 60
    assert harness.open(folder).jobs(used=False).empty


def test_the_report_draws_the_backlog_and_says_what_each_did(folder):
    outcome, page = pipeline.report(open_workspace(folder), folder / "out")
    alpha, beta = outcome.findings.jobs
    text = (folder / "out" / "report.md").read_text()

    assert (alpha.target, beta.target) == ("alpha", "beta")
    assert alpha.per_s.value == pytest.approx(8, rel=0.05)
    assert beta.share_of(Fate.UNFINISHED).count == 3 * BLOCKS
    assert "Backlog under jobs: at most" in text
    assert isinstance(alpha.cost.per_thousand_usd, Estimate), "a capacity, for as long as the jobs kept it"
    assert page.name == "report.html"


def test_jobs_change_nothing_that_is_said_of_the_chat(folder, tmp_path):
    """The same chat without jobs has the same verdicts and costs."""
    Pilot(tmp_path, blocks=BLOCKS, per_run=40).write()
    with_jobs, without = (pipeline.decide(open_workspace(root)).as_json() for root in (folder, tmp_path))

    for part in ("slos", "comparisons", "recommendation"):
        assert with_jobs[part] == without[part], part
    assert with_jobs["cost"]["alpha"]["per_success"] == without["cost"]["alpha"]["per_success"]


def test_a_run_whose_jobs_cannot_be_read_is_not_evidence(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "broken")
    [broken, *_] = sorted((tmp_path / "broken").glob("evidence/blocks/b01/*/jobs-*/jobs.parquet"))
    broken.write_bytes(b"PAR1 no more")
    found = pipeline.decide(open_workspace(tmp_path / "broken")).findings

    assert [u.file.rpartition("/")[2] for u in found.data.unread] == ["jobs.parquet"]
    assert found.data.blocks_valid == tuple(range(2, BLOCKS + 1))
    assert {job.blocks for job in found.jobs} == {BLOCKS - 1}
    with pytest.raises(BadFile):
        harness.open(tmp_path / "broken").jobs()
