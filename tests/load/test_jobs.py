"""Runs that submit jobs, over real sockets and through real Locust, against a queue whose law is arithmetic."""

import json

import pyarrow.parquet as pq
import pytest

from harness.analysis.dataset import RunData
from harness.analysis.job_table import job_run
from harness.analysis.jobs.draining import rate_per_s
from harness.domain.job import JobState
from harness.evidence.store import RunRecord
from tests.fake_jobs import jobs_file, serving
from tests.load.run import ROOT, _wait, finish, questions_file, run, start

PROFILE = ROOT / "loadprofiles" / "jobs.py"
SECRET = "a secret that both know"
ACTS = ("done", "twice", "fails", "memory", "time", "called twice", "refused", "nameless", "never")
ENDS = {
    "done": JobState.DONE,
    "twice": JobState.DONE,
    "fails": JobState.FAILED,
    "memory": JobState.DEAD_LETTERED,
    "time": JobState.FAILED,
    "called twice": JobState.DONE,
    "refused": JobState.NOT_ACCEPTED,
    "nameless": JobState.NOT_ACCEPTED,
    "never": JobState.UNFINISHED,
}


class Kept:
    """A finished run with the act of each submission."""

    def __init__(self, done, file, server):
        self.done, self.polls, self.cancelled = (
            done,
            list(server.polls),
            [j for j in server.jobs.values() if j.cancelled],
        )
        inputs = {f"j{k}": json.loads(line)["input"] for k, line in enumerate(file.read_text().splitlines())}
        self.acts = [inputs[row["question_id"]].get("act", "done") for row in done.samples]
        self.jobs = pq.read_table(done.folder / "jobs.parquet").to_pylist()

    def of(self, act):
        return [job for job, one in zip(self.jobs, self.acts, strict=True) if one == act]


@pytest.fixture(scope="module")
def called_back(tmp_path_factory):
    folder = tmp_path_factory.mktemp("called")
    file = jobs_file(folder, *({"act": act} for act in ACTS))
    with serving(workers=2, service_s=0.02, secret=SECRET) as server:
        options = ("--rate", "40", "--duration", "1.5", "--warmup", "0", "--drain", "2", "--poll", "0.2")
        how = ("--host", server.url, "--jobs", str(file), "--callback", "loopback", *options)
        return Kept(run(folder, *how, file=PROFILE, RAG_JOBS_SECRET=SECRET), file, server)


def test_every_submission_has_its_row_and_ends_as_its_service_ended_it(called_back):
    assert called_back.done.ended_well, called_back.done.output
    assert [job["seq"] for job in called_back.jobs] == list(range(60))
    assert set(called_back.acts) == set(ACTS)
    assert [(a, job["state"]) for a, job in zip(called_back.acts, called_back.jobs, strict=True)] == [
        (a, ENDS[a].value) for a in called_back.acts
    ]


def test_the_ledger_accounts_for_each_submission_once(called_back):
    states = called_back.done.json("ledger.json")["jobs"]

    assert sum(states.values()) == called_back.done.json("ledger.json")["planned"] == 60
    assert states["unfinished"] == len(called_back.of("never"))


def test_done_is_placed_on_the_runs_own_clock_by_the_age_that_was_told(called_back):
    sent = {row["seq"]: row["sent_s"] for row in called_back.done.samples}
    for job in called_back.of("done"):  # that it was accepted may be heard late
        assert sent[job["seq"]] <= job["started_s"] < job["done_s"] <= job["known_s"]
        assert job["done_s"] - job["started_s"] == pytest.approx(0.02, abs=1e-3)


def test_what_happened_twice_and_what_killed_a_job_is_kept(called_back):
    assert {job["effects"] for job in called_back.of("twice")} == {2}
    assert {job["killed_by"] for job in called_back.of("memory")} == {"memory_limit"}
    assert {job["killed_by"] for job in called_back.of("time")} == {"time_limit"}
    assert {job["callbacks"] for job in called_back.of("done")} == {1}, "one delivery, which was retried"
    assert {job["callbacks"] for job in called_back.of("called twice")} == {2}
    assert {(job["input_tokens"], job["output_tokens"]) for job in called_back.of("done")} == {(1000, 100)}


def test_what_is_left_at_the_deadline_is_taken_back_so_that_the_next_run_finds_an_empty_queue(called_back):
    said = called_back.done.json("run.json")["jobs"]

    assert len(called_back.cancelled) == said["cancelled"] == len(called_back.of("never"))
    assert said["signed"] is True
    assert said["callbacks_refused"] == 0


def test_the_terminal_counts_the_states(called_back):
    [line] = [line for line in called_back.done.output.splitlines() if line.startswith("  jobs ")]

    assert f"unfinished {len(called_back.of('never'))}" in line


@pytest.mark.slow  # 12 s, a rate on the wall clock; tests/analysis/jobs/test_draining.py reads the same law from rows
def test_a_backlog_is_drained_and_read_at_the_rate_of_the_law(tmp_path):
    """Four workers of 80 ms are 50 jobs a second, whoever reads them."""
    file = jobs_file(tmp_path, {})
    with serving(workers=4, service_s=0.08) as server:
        options = ("--variant", "backlog", "--rate", "200", "--duration", "0.75", "--drain", "30", "--poll", "0.5")
        kept = Kept(run(tmp_path, "--host", server.url, "--jobs", str(file), *options, file=PROFILE), file, server)

    assert kept.done.ended_well, kept.done.output
    assert {job["state"] for job in kept.jobs} == {"done"}
    run_of_jobs = job_run(RunData(1, "host", "jobs", RunRecord(kept.done.folder, 1, 1, "jobs", "host", None, None), {}))
    assert rate_per_s(run_of_jobs) == pytest.approx(50, rel=0.05)


def test_a_run_that_is_killed_leaves_every_job_that_was_accepted(tmp_path):
    """The last line of each counts; what the process never wrote a line of was not accepted, as far as anybody knows."""
    file, folder = jobs_file(tmp_path, {"takes_s": 60}), tmp_path / "run"
    with serving(workers=1) as server:
        options = ("--rate", "20", "--duration", "30", "--warmup", "0", "--jobs", str(file), "--evidence", str(folder))
        process = start(tmp_path, "--host", server.url, *options, file=PROFILE)
        _wait(lambda: len(server.jobs) > 20, 60)
        process.terminate()
        done = finish(process, tmp_path, folder)
        accepted = len(server.jobs)

    jobs = pq.read_table(folder / "jobs.parquet").to_pylist()
    unfinished = sum(job["state"] == "unfinished" for job in jobs)
    on_the_way = sum(row["outcome"] == "aborted" for row in done.samples)
    assert done.code == 130
    assert len(jobs) == 600
    assert unfinished <= accepted <= unfinished + on_the_way
    assert sum(done.json("ledger.json")["jobs"].values()) == 600


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--variant", "weekly"), "--variant: the locustfile has no 'weekly'; it has backlog, nightly"),
        (("--callback", "http://host"), "want its port too"),
        (("--drain", "0"), "--drain: want a number above 0"),
    ],
)
def test_what_cannot_be_followed_is_refused_before_anything_is_sent(tmp_path, options, words):
    done = run(tmp_path, "--host", "http://127.0.0.1:9", *options, file=PROFILE)

    assert (done.code, words in done.output) == (2, True), done.output


def test_options_of_jobs_belong_to_jobs(tmp_path):
    questions = questions_file(tmp_path, ["ok"])
    done = run(tmp_path, "--host", "http://127.0.0.1:9", "--questions", str(questions), "--poll", "1")

    assert "--poll: this profile submits no jobs" in done.output
    assert done.code == 2
