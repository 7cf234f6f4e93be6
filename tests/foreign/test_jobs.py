"""Two job APIs that others wrote, Celery behind FastAPI and LangGraph's runs, piloted through fields of target.toml alone."""

import json
import shutil
from pathlib import Path

import pytest

import harness
from tests.foreign import services
from tests.foreign.piloting import Pilot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parent.parent.parent

PILOT = """
[pilot]
question  = "Which queue should make the digests?"
baseline  = "celery"
candidate = "langgraph"
blocks    = 2

[slo]
p95_s = 5.0

[traffic]
requests_per_month = 100_000
peak_per_s         = 5

[limits]
attempts = 8

[profiles.jobs]
rate       = 3
duration_s = 4
warmup_s   = 0
jobs       = "jobs.jsonl"
poll_s     = 0.2
drain_s    = 60
"""

JOBS = (
    {"id": "short", "kind": "digest", "weight": 3, "input": {"topic": "ladders", "words": 100}},
    {"id": "long", "kind": "digest", "weight": 1, "input": {"topic": "drills", "words": 400}},
)

CELERY = """
base_url = "{url}"
dialect  = "jobs"

[runtime]
kind = "external"

[jobs]
submit      = "/tasks"
body        = {{ name = "{{kind}}", words = "{{input_words}}" }}
accepted    = [201]
id          = "task.id"
status_path = "/tasks/{{id}}"

[jobs.status]
status     = "state"
error_code = "error"

[jobs.words]
queued    = ["PENDING", "RECEIVED", "RETRY"]
running   = ["STARTED"]
done      = ["SUCCESS"]
failed    = ["FAILURE"]
cancelled = ["REVOKED"]

[jobs.result]
path          = "/tasks/{{id}}/output"
input_tokens  = "output.tokens_in"
output_tokens = "output.tokens_out"

[jobs.cancel]
method = "POST"
path   = "/tasks/{{id}}/revoke"
"""

LANGGRAPH = """
base_url = "{url}"
dialect  = "jobs"

[runtime]
kind = "external"

[jobs]
submit      = "/runs"
accepted    = [200]
id          = "run_id"
status_path = "/threads/{{answer.thread_id}}/runs/{{id}}"

[jobs.body]
assistant_id  = "rules"
on_completion = "keep"
input         = {{ messages = [{{ role = "user", content = "{{input_topic}}" }}] }}

[jobs.words]
queued    = ["pending"]
running   = ["running"]
done      = ["success"]
failed    = ["error", "timeout"]
cancelled = ["interrupted"]

[jobs.cancel]
method = "POST"
path   = "/threads/{{answer.thread_id}}/runs/{{id}}/cancel"
"""


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jobs")
    with services.CELERY.running(folder) as celery, services.LANGGRAPH.running(folder) as langgraph:
        for name, text, url in (("celery", CELERY, celery), ("langgraph", LANGGRAPH, langgraph)):
            (folder / "targets" / name).mkdir(parents=True)
            (folder / "targets" / name / "target.toml").write_text(text.format(url=url))
        shutil.copytree(ROOT / "loadprofiles", folder / "loadprofiles")
        (folder / "pilot.toml").write_text(PILOT)
        (folder / "jobs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in JOBS))
        made = Pilot(folder)
        for words in (["check"], ["plan", "--seal"], ["run", "--now"], ["decide"], ["report", "--no-predict"]):
            made.type(words)
    return made


def test_one_job_of_each_is_tried_before_anything_is_planned(pilot):
    said = pilot.steps["check"].stdout

    assert pilot.code["check"] == 0, pilot.said
    assert said.count("Its status is read until it is done") == 2
    assert "a lost job looks like one that waits" in said, "Celery's"


def test_every_submission_of_both_is_accounted_for_and_done(pilot):
    jobs = harness.open(pilot.folder).jobs()

    assert pilot.blocks == (2, 0), pilot.said
    assert sorted(jobs["target"].unique()) == ["celery", "langgraph"]
    assert set(jobs["state"]) == {"done"}
    assert len(jobs) == 4 * 12
    assert (jobs["to_done_s"] < 60).all()
    assert jobs["done_s"].isna().all(), "neither tells ages: done lies between two polls"
    assert (jobs["known_s"] > jobs["not_done_s"].fillna(jobs["accepted_s"])).all()
    assert (jobs.loc[jobs["target"] == "celery", "output_tokens"] > 0).all()


def test_the_report_has_both_beside_each_other(pilot):
    text = (pilot.folder / "reports" / "rendered" / "report.md").read_text()

    assert pilot.code["report"] == 0, pilot.said
    assert "Jobs: how long they took" in text
    assert "only by polling" in text
