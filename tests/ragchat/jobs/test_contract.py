"""What a submission may hold, and that answers are as the contract's OpenAPI document says."""

import json
import os
from pathlib import Path

import jsonschema
import pytest
from ragchat.contract import ContractError
from ragchat.jobs.contract import key_of, parse
from starlette.testclient import TestClient

ROOT = Path(__file__).parent.parent.parent.parent
SPEC = json.loads((ROOT / "targets" / "contract" / "rag-jobs-1.openapi.json").read_text())
HOSTS = ("127.0.0.1",)
INGEST = {"kind": "ingest", "input": {"documents": [{"id": "a", "text": "Apples ripen in autumn."}]}}
HOOK = {"payload": "{}", "signature": "sha256=0"}


def holds(name, body):
    schema = {"$ref": f"#/components/schemas/{name}", "components": SPEC["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"{", 400, "JSON"),
        (b"[]", 422, "body"),
        ({"kind": "paint", "input": {}}, 422, "kind"),
        ({"kind": ["ingest"], "input": {}}, 422, "kind"),
        ({"kind": "ingest", "input": {}}, 422, "documents or reindex"),
        ({"kind": "ingest", "input": {}, "color": 1}, 422, "color"),
        ({"kind": "ingest", "input": {"documents": []}}, 422, "input.documents"),
        ({"kind": "ingest", "input": {"documents": [{"id": "a"}]}}, 422, "input.documents[0].text"),
        ({"kind": "ingest", "input": {"documents": [{"id": "a", "text": "\ud800"}]}}, 422, "surrogate"),
        ({"kind": "ingest", "input": {"reindex": {"first": -1, "count": 1}}}, 422, "input.reindex.first"),
        ({"kind": "ingest", "input": {"reindex": {"first": 0, "count": True}}}, 422, "input.reindex.count"),
        ({"kind": "ingest", "input": {"collection": "a/b", "reindex": {"first": 0, "count": 1}}}, 422, "collection"),
        ({"kind": "evaluate", "input": {"questions": [{"question": ""}]}}, 422, "input.questions[0].question"),
        ({"kind": "evaluate", "input": {"questions": [{"question": "x", "must": "y"}]}}, 422, "questions[0].must"),
        ({"kind": "evaluate", "input": {"questions": [{"question": "x"}], "top_k": 51}}, 422, "input.top_k"),
        ({"kind": "webhook", "input": {"payload": 1, "signature": "x"}}, 422, "input.payload"),
        ({**INGEST, "callback_url": "ftp://127.0.0.1/"}, 422, "callback_url"),
        ({**INGEST, "callback_url": "http://169.254.169.254/latest"}, 422, "RAG_JOBS_CALLBACK_HOSTS"),
        ({**INGEST, "callback_url": "http://127.0.0.1@evil.example/"}, 422, "callback_url"),
        ({**INGEST, "callback_url": "http://127.0.0.1:99999/"}, 422, "callback_url"),
        ({**INGEST, "callback_url": "http://127.0.0.1/\r\nX: y"}, 422, "callback_url"),
        ({"kind": "webhook", "input": {**HOOK, "forward_url": "http://10.0.0.1/"}}, 422, "input.forward_url"),
    ],
)
def test_a_bad_submission_is_refused_and_its_field_named(body, status, named):
    with pytest.raises(ContractError) as refused:
        parse(body if isinstance(body, bytes) else json.dumps(body).encode(), HOSTS)

    assert refused.value.status == status
    assert named in refused.value.message


def test_defaults_are_filled_in():
    made = parse(json.dumps({"kind": "evaluate", "input": {"questions": [{"question": "Why?"}]}}).encode(), HOSTS)

    question = {"id": "0", "question": "Why?", "must": [], "must_not": [], "cites": []}
    assert made.input == {"questions": [question], "top_k": 6, "max_tokens": 256}
    assert made.callback_url is None


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb"])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(ContractError):
        key_of(key)


@pytest.fixture
def client(tmp_path, corpus, monkeypatch):
    for name, value in {
        "RAG_JOBS": "sqlite",
        "RAG_JOBS_DIR": str(tmp_path),
        "RAG_JOBS_MOST_QUEUED": "3",
        "RAG_INDEX": str(corpus / "index.sqlite"),
    }.items():
        monkeypatch.setenv(name, value)
    from ragchat.app import create_app

    return TestClient(create_app(), raise_server_exceptions=False)


def post(client, body=INGEST, **headers):
    return client.post("/v1/jobs", json=body, headers=headers)


def test_a_submission_is_accepted_and_its_status_is_where_it_says(client):
    accepted = post(client)
    status = client.get(accepted.headers["location"])

    assert accepted.status_code == 202
    holds("Accepted", accepted.json())
    holds("Job", status.json())
    assert status.json()["status"] == "queued"
    assert status.json()["queued_ms"] >= 0
    assert status.json()["running_ms"] is status.json()["since_done_ms"] is None
    assert accepted.headers["x-instance-id"] == status.headers["x-instance-id"]


def test_the_same_key_gives_the_same_job_and_another_body_under_it_is_refused(client):
    first, again = (post(client, **{"Idempotency-Key": "k"}) for _ in range(2))
    other = {"kind": "ingest", "input": {"reindex": {"first": 0, "count": 1}}}

    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"]
    assert post(client, other, **{"Idempotency-Key": "k"}).json()["error"]["code"] == "idempotency_mismatch"


def test_a_full_queue_refuses_with_a_time_to_wait_but_still_knows_its_keys(client):
    kept = [post(client, **{"Idempotency-Key": str(n)}) for n in range(3)]
    refused = post(client)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["error"]["code"] == "queue_full"
    assert post(client, **{"Idempotency-Key": "0"}).json()["id"] == kept[0].json()["id"]


def test_what_is_unknown_not_done_or_over_is_said_so(client):
    job = post(client).json()["id"]
    early = client.get(f"/v1/jobs/{job}/result")
    cancelled, again = client.delete(f"/v1/jobs/{job}"), client.delete(f"/v1/jobs/{job}")

    assert (early.status_code, early.json()["error"]["code"]) == (409, "not_done")
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    holds("Job", cancelled.json())
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ended")
    for answer in (client.get("/v1/jobs/no"), client.get("/v1/jobs/no/result"), client.delete("/v1/jobs/no")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        holds("Error", answer.json())


def test_a_large_body_is_refused(client):
    text = "x" * (4 << 20)
    answer = post(client, {"kind": "ingest", "input": {"documents": [{"id": "a", "text": text}]}})

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_meta_says_that_jobs_are_served_and_a_service_without_them_imports_nothing_of_them(client, tmp_path):
    import subprocess
    import sys

    assert client.get("/v1/meta").json()["jobs"]["contract"] == "rag-jobs/1"
    code = "import sys, ragchat.app; assert not [m for m in sys.modules if m.startswith('ragchat.jobs')]"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "RAG_JOBS": ""})


def test_every_route_of_the_document_is_served_and_no_other(client):
    served = {(route.path, method) for route in _routes(client) for method in route.methods - {"HEAD"}}
    said = {(path, method.upper()) for path, item in SPEC["paths"].items() for method in item}

    assert {pair for pair in served if "jobs" in pair[0]} == said


def _routes(client):
    return client.app._app.routes
