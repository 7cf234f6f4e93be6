"""[jobs] drafted from an openapi.json: what it names, what is guessed, and that no job is submitted to find out."""

import tomllib

import pytest

from harness.check.contract_check import Answer
from harness.check.jobs_draft import jobs_draft
from harness.check.recognise import recognise
from harness.workspace.target_toml import target_of
from tests.peers.raw import not_found, raw, whole


def json_of(schema):
    return {"content": {"application/json": {"schema": schema}}}


def document(**changes):
    """A queue behind FastAPI, its schemas by reference, an id one level down, and its words listed."""
    task = {"type": "object", "properties": {"task": {"$ref": "#/components/schemas/Ref"}}}
    state = {"enum": ["PENDING", "STARTED", "SUCCESS", "FAILURE", "REVOKED", "PARKED"]}
    paths = {
        "/tasks": {
            "post": {
                "parameters": [{"in": "header", "name": "Idempotency-Key"}],
                "requestBody": json_of({"$ref": "#/components/schemas/Submit"}),
                "responses": {"202": json_of(task), "422": {}},
            }
        },
        "/tasks/{task_id}": {
            "get": {"responses": {"200": json_of({"properties": {"state": state}})}},
            "delete": {"responses": {"204": {}}},
        },
        "/tasks/{task_id}/result": {"get": {}},
    }
    schemas = {
        "Ref": {"type": "object", "properties": {"id": {"type": "string"}, "state": {"type": "string"}}},
        "Submit": {
            "type": "object",
            "required": ["name", "words"],
            "properties": {"name": {"type": "string"}, "words": {"type": "integer"}, "payload": {"type": "object"}},
        },
    }
    return {"openapi": "3.1.0", "paths": paths | changes, "components": {"schemas": schemas}}


def drafted(said):
    return jobs_draft({"base_url": "http://127.0.0.1:9"}, said)


def test_what_the_document_names_is_drafted_as_it_names_it():
    made = drafted(document())
    jobs = tomllib.loads(made.text)["jobs"]

    assert (jobs["submit"], jobs["status_path"], jobs["accepted"]) == ("/tasks", "/tasks/{id}", [202])
    assert jobs["id"] == "task.id"
    assert jobs["body"] == {"name": "{kind}", "payload": "{input}", "words": "{input_words}"}
    assert jobs["status"] == {"status": "state"}
    assert jobs["words"] == {
        "queued": ["PENDING"],
        "running": ["STARTED"],
        "done": ["SUCCESS"],
        "failed": ["FAILURE"],
        "cancelled": ["REVOKED"],
    }
    assert "guess: its openapi.json; add PARKED" in made.text
    assert jobs["result"] == {"path": "/tasks/{id}/result"}
    assert jobs["cancel"] == {"method": "DELETE", "path": "/tasks/{id}"}
    assert jobs["idempotency"] == "Idempotency-Key"


def test_what_it_does_not_name_is_guessed_and_says_so():
    made = drafted({"paths": {"/jobs": {"post": {"responses": {"202": {}}}}, "/jobs/{id}": {"get": {}}}})
    target = target_of(tomllib.loads(made.text), "theirs")

    assert target.jobs.body == {"kind": "{kind}", "input": "{input}"}
    assert (target.jobs.id_at, target.jobs.status.status) == ("id", "status")
    assert target.jobs.status_of("Succeeded").value == "done"
    assert made.text.count("its openapi.json does not name it") == 2
    assert "usual words: it lists none" in made.text


@pytest.mark.parametrize(
    "paths",
    [
        {},
        {"/users": {"post": {"responses": {"201": {}}}, "get": {}}, "/users/{id}": {"get": {"responses": {"200": {}}}}},
        {"/jobs": {"post": {"responses": {"202": {}}}}},
        {"/jobs": {"post": "?"}, "/jobs/{id}": {"get": []}},
        {"/a/{x}/jobs": {"post": {"responses": {"202": {}}}}, "/a/{x}/jobs/{id}": {"get": {}}},
        {"/jo bs": {"post": {"responses": {"202": {}}}}, "/jo bs/{id}": {"get": {}}},
    ],
)
def test_where_nothing_is_a_job_nothing_is_drafted(paths):
    assert drafted({"paths": paths}) is None


def test_an_api_of_jobs_is_told_with_its_draft_and_no_job_is_submitted():
    """Its body has a place for a question too: asked as a chat, it would have become a job."""
    asks = {"post": {"requestBody": json_of({"properties": {"prompt": {"type": "string"}}}), "responses": {"202": {}}}}
    said = document(**{"/tasks": asks})
    seen = []

    def answer(asked):
        seen.append((asked.method, asked.path))
        return whole(said) if asked.path == "/openapi.json" else not_found(asked)

    with raw(answer) as url:
        found = recognise(url)

    assert found.target is None
    assert found.seen.answer is Answer.FAIL
    assert "two steps: POST /tasks gives an id, GET /tasks/{id} tells its state" in found.seen.detail
    assert "docs/measure-jobs.md" in found.seen.mend
    assert tomllib.loads(found.draft)["jobs"]["submit"] == "/tasks"
    assert ("POST", "/tasks") not in seen


def test_an_api_of_both_has_a_draft_of_both():
    ask = {"post": {"requestBody": json_of({"required": ["question"], "properties": {"question": {"type": "string"}}})}}
    said = document(**{"/ask": ask})

    def answer(asked):
        if asked.path == "/openapi.json":
            return whole(said)
        return whole({"answer": "On Monday."}) if asked.path == "/ask" else not_found(asked)

    with raw(answer) as url:
        found = recognise(url)
    tables = tomllib.loads(found.draft)

    assert tables["mapping"]["path"] == "/ask"
    assert target_of(tables, "theirs").jobs.submit == "/tasks"
