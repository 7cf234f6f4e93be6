"""[jobs] of target.toml and jobs.jsonl: everything that is wrong is said at once, by its field."""

import dataclasses
import json

import pytest

from harness.domain.job_map import RAG_JOBS, jobs_map
from harness.domain.target import Dialect
from harness.errors import BadFile
from harness.workspace.job_shapes import USUAL, digest, read_shapes
from harness.workspace.target_toml import target_of

JOBS = {
    "submit": "/tasks",
    "body": {"task": "{kind}", "args": "{input}"},
    "id": "task.id",
    "status_path": "/tasks/{id}",
    "words": {"queued": ["PENDING"], "done": ["SUCCESS"], "failed": ["FAILURE"]},
}


def target(jobs=None, **more):
    said = {"base_url": "http://127.0.0.1:9", "runtime": {"kind": "external"}, **more}
    return target_of(said | ({"jobs": jobs} if jobs else {}), "theirs")


def wrong(**changes):
    with pytest.raises(BadFile) as caught:
        target({**JOBS, **changes}, dialect="jobs")
    return {p.field: p.message for p in caught.value.problems}


def test_a_target_of_the_contract_takes_its_jobs_without_saying_so():
    assert target().jobs.name == RAG_JOBS
    assert target(dialect="openai-chat").jobs is None


def test_an_api_that_takes_only_jobs_says_how():
    made = target(JOBS, dialect="jobs")

    assert made.dialect is Dialect.JOBS
    assert (made.jobs.submit, made.jobs.statuses, made.jobs.id_at) == ("/tasks", (202,), "task.id")
    with pytest.raises(BadFile, match=r'dialect = "jobs" requires \[jobs\]'):
        target(dialect="jobs")


def test_what_a_target_says_travels_whole_to_the_workers():
    full = {
        **JOBS,
        "body": {**JOBS["body"], "hook": "{callback_url}"},
        "status": {"status": "state", "since_done_ms": "age"},
        "result": {"path": "/tasks/{id}/out", "effects": "n"},
        "cancel": {"method": "POST", "path": "/tasks/{id}/stop"},
        "callback": {"id": "task", "signature": "X-Sign", "secret": "HOOK_KEY"},
        "killed": {"Timeout": "time_limit"},
    }
    made = target(full, dialect="jobs").jobs

    assert jobs_map(json.loads(json.dumps(dataclasses.asdict(made)))) == made


def test_every_field_that_is_wrong_is_named_at_once():
    found = wrong(
        submit="tasks",
        body={"task": "{prompt}"},
        accepted=[404],
        status_path="/tasks/{task}",
        words={"finished": ["SUCCESS"]},
    )

    assert set(found) == {"jobs.submit", "jobs.body", "jobs.accepted", "jobs.status_path", "jobs.words"}
    assert "{prompt} stands for nothing" in found["jobs.body"]
    assert "want {id}, or {answer.PATH}" in found["jobs.status_path"]
    assert "'finished': want one of queued, running, done" in found["jobs.words"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"words": {"queued": ["PENDING"]}}, "done = […] is missing"),
        ({"words": {"queued": ["X"], "done": ["x"]}}, "x: means two things"),
        ({"status_path": "/tasks"}, "names no job"),
        ({"callback": {"id": "task"}}, "requires {callback_url} in body"),
        ({"body": {"hook": "{callback_url}"}}, "{callback_url} requires [jobs.callback]"),
        ({"id": None, "status_path": "/t/{answer.thread}/{id}"}, "requires id"),
        ({"callback": {"signature": "X-Sign"}}, "signature and secret go together"),
        ({"body": {"token": "sk-12345678901234567890"}}, "looks like a secret"),
    ],
)
def test_what_could_not_be_followed_is_refused_with_the_mend(changes, words):
    given = {**JOBS, **changes}
    with pytest.raises(BadFile) as caught:
        target({k: v for k, v in given.items() if v is not None}, dialect="jobs")

    assert words in str(caught.value), caught.value


def test_the_usual_jobs_are_those_of_the_contract():
    shapes = read_shapes(USUAL)

    assert {shape.kind for shape in shapes} <= {"ingest", "evaluate", "webhook"}
    assert digest(shapes) == digest(read_shapes(USUAL))
    assert digest(shapes) != digest(shapes[1:])


def test_a_jobs_file_says_all_that_is_wrong_with_its_line(tmp_path):
    lines = [
        '{"id": "a", "kind": "ingest", "input": {}, "size_kb": 4}',
        '{"id": "b", "kind": "ingest"}',
        "not json",
        '{"id": "c", "kind": "ingest", "input": {"api_key": "abc"}}',
        '{"id": "d", "kind": "ingest", "input": {}, "weight": -1}',
    ]
    path = tmp_path / "jobs.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(BadFile) as caught:
        read_shapes(path)

    said = [f"{p.field}: {p.message}" for p in caught.value.problems]
    assert [line.partition(",")[0].partition(":")[0] for line in said] == [f"line {k}" for k in range(1, 6)]
    assert 'put "{text}" where it belongs' in said[0]
    path.write_text("")
    with pytest.raises(BadFile, match="holds no job"):
        read_shapes(path)
