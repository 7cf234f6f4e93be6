"""What a job API answers, read by the places that its map names."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from harness.dialects.jobs import accepted, called, result_in, signed, status_in
from harness.dialects.shapes import Unexpected
from harness.domain.job import Status
from harness.domain.job_map import CallbackMap, ResultPlaces, StatusPlaces, path_of, rag_jobs

RAG = rag_jobs()
THEIRS = replace(
    RAG,
    id_at="data.0.ref",
    status=StatusPlaces("info.phase"),
    words={"Waiting": "queued", "SUCCESS": "done"},
    body={"task": "{kind}", "args": "{input}", "pages": "{input_pages}", "hook": "{callback_url}"},
)


def body(**fields):
    return json.dumps(fields).encode()


def test_a_job_is_known_by_the_place_of_its_id_or_by_its_location():
    assert accepted(RAG, body(id="j-1", status="queued"), None).job_id == "j-1"
    assert accepted(THEIRS, body(data=[{"ref": 17}]), None).job_id == "17"
    assert accepted(replace(RAG, id_at=None), b"", "https://host/v1/jobs/j-9/").job_id == "j-9"


@pytest.mark.parametrize(
    ("how", "answer", "location"),
    [
        (RAG, b'{"status": "queued"}', "/v1/jobs/j-1"),
        (RAG, b'{"id": {"of": "an object"}}', None),
        (RAG, b'{"id": ""}', None),
        (RAG, b"accepted", None),
        (RAG, body(id="x" * 201), None),
        (RAG, b'{"id": "a\\u0000b"}', None),
        (replace(RAG, id_at=None), b'{"id": "j"}', None),
        (replace(RAG, id_at=None), b'{"id": "j"}', "https://host/"),
    ],
)
def test_what_says_no_id_accepts_no_job(how, answer, location):
    with pytest.raises(Unexpected):
        accepted(how, answer, location)


def test_a_status_tells_its_ages_and_what_ended_it():
    said = status_in(
        RAG,
        body(
            id="j",
            status="dead",
            attempts=3,
            queued_ms=5,
            running_ms=70.5,
            since_done_ms=2,
            error={"code": "time_limit"},
        ),
    )

    assert (said.status, said.attempts, said.queued_ms, said.running_ms, said.since_done_ms) == (
        Status.DEAD,
        3,
        5,
        70.5,
        2,
    )
    assert RAG.killed_by(said.error_code) == "time_limit"
    assert RAG.killed_by("bad_input") is None


def test_words_of_a_service_are_read_in_any_case_and_an_unknown_one_is_named():
    assert status_in(THEIRS, body(info={"phase": "waiting"})).status is Status.QUEUED
    assert status_in(THEIRS, body(info={"phase": "success"})).status is Status.DONE
    with pytest.raises(Unexpected, match=r"info\.phase is 'Paused', which is none of Waiting, SUCCESS"):
        status_in(THEIRS, body(info={"phase": "Paused"}))


@pytest.mark.parametrize("field", ["attempts", "queued_ms", "since_done_ms"])
@pytest.mark.parametrize("value", ["5", True, -1, 1e300])
def test_an_age_that_is_none_is_no_status(field, value):
    with pytest.raises(Unexpected, match=field):
        status_in(RAG, body(status="done", **{field: value}))


def test_a_result_tells_effects_and_tokens():
    found = result_in(RAG.result, body(id="j", effects=2, tokens={"input": 7, "output": 1}, result={"model": "m"}))

    assert (found.effects, found.input_tokens, found.output_tokens, found.model) == (2, 7, 1, "m")
    assert result_in(ResultPlaces(), b"[]").effects is None


def test_a_callback_names_its_job_and_its_delivery():
    call = called(RAG, RAG.callback, body(id="j", status="failed", since_done_ms=1, delivery="d-1"))

    assert (call.job_id, call.said.status, call.delivery) == ("j", Status.FAILED, "d-1")
    with pytest.raises(Unexpected, match="run_id is not the id of a job"):
        called(RAG, CallbackMap("run_id"), body(id="j", status="done"))


def test_only_the_service_that_knows_the_secret_signs_a_body():
    data = b'{"id": "j"}'
    made = "sha256=" + hmac.new(b"key", data, hashlib.sha256).hexdigest()
    assert signed(data, b"key", made, "sha256=")
    assert not signed(data + b" ", b"key", made, "sha256=")
    assert not signed(data, b"other", made, "sha256=")
    assert not signed(data, b"key", made.removeprefix("sha256="), "sha256=")
    assert not signed(data, b"key", None, "sha256=")


def test_paths_of_a_job_hold_its_id_and_what_its_answer_said_escaped():
    path = "/threads/{answer.thread.id}/runs/{id}"

    assert path_of(path, "a/b", {"thread": {"id": "t 1"}}) == "/threads/t%201/runs/a%2Fb"
    assert path_of(path, "j", {}) == "/threads//runs/j"


def test_a_submission_is_filled_from_the_job_and_leaves_out_what_nobody_gave():
    given = {"kind": "ingest", "input": {"pages": 3, "text": "a {brace} stays"}}

    assert THEIRS.request(given) == {"task": "ingest", "args": given["input"], "pages": 3}
    assert THEIRS.request({**given, "callback_url": "http://here"})["hook"] == "http://here"
    assert RAG.request(given) == {"kind": "ingest", "input": given["input"]}
