"""Passages alone, the reranker and the weights: really read, really multiplied, off by default."""

import asyncio
import json
from contextlib import closing

import pytest
from ragchat import artifact, index, questions, weights
from ragchat.app import create_app
from ragchat.contract import ContractError, parse_retrieval
from ragchat.instance import memory_mb
from ragchat.rerank import Reranker
from ragchat.retrieval import Passage, Store
from ragchat.settings import Settings

MB = weights.MB


def ask(app, path, body=None):
    """Status, headers and JSON of one request."""
    return ask_all(app, path, body)[0]


def ask_all(app, path, *bodies):
    """The same of requests that come at once: each body is there when every request has been counted."""
    come, all_come = [], asyncio.Event()

    async def go(body):
        sent = []
        scope = {
            "type": "http",
            "method": "GET" if body is None else "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("t", 80),
            "client": ("t", 1),
        }

        async def receive():
            come.append(None)
            if len(come) == len(bodies):
                all_come.set()
            await all_come.wait()
            return {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), json.loads(b"".join(m.get("body", b"") for m in sent[1:]))

    async def together():
        return await asyncio.gather(*map(go, bodies))

    return asyncio.run(together())


def service(corpus, monkeypatch, **env):
    monkeypatch.setenv("RAG_INDEX", str(corpus / "index.sqlite"))
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return create_app(Settings.from_env())


def test_each_of_those_that_come_at_once_is_told_its_own_ordinal(corpus, monkeypatch):
    """By the time the first one's head is written the others have been counted, too."""
    asked = [{"question": "What does json.dumps do?"}, {"question": 7}, {"question": "What is a list?"}]
    answers = ask_all(service(corpus, monkeypatch), "/v1/retrieve", *asked)
    ordinals = [int(headers[b"x-instance-requests"]) for _, headers, _ in answers]

    assert [status for status, _, _ in answers] == [200, 422, 200]
    assert ordinals == [ordinals[0], ordinals[0] + 1, ordinals[0] + 2]


def test_retrieve_answers_with_passages_their_scores_and_the_instances_headers(corpus, monkeypatch):
    status, headers, body = ask(service(corpus, monkeypatch), "/v1/retrieve", {"question": "What does json.dumps do?"})

    assert status == 200
    assert len(body["passages"]) == 6
    assert any(p["document_id"] == "py:json.dumps" and p["text"] for p in body["passages"])
    scores = [p["score"] for p in body["passages"]]
    assert scores == sorted(scores, reverse=True)
    assert body["timings"]["retrieval_ms"] > 0
    assert body["timings"]["rerank_ms"] is None
    assert float(headers[b"x-instance-memory-mb"]) > 10
    assert b"x-instance-id" in headers


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"{", 400, "JSON"),
        (b"{}", 422, "question"),
        (b'{"question": ""}', 422, "question"),
        (b'{"question": "x", "top_k": 0}', 422, "top_k"),
        (b'{"question": "x", "stream": true}', 422, "stream"),
    ],
)
def test_a_bad_question_is_refused_and_its_field_named(body, status, named):
    with pytest.raises(ContractError) as refused:
        parse_retrieval(body)

    assert refused.value.status == status
    assert named in refused.value.message


def test_weights_are_written_once_and_read_whole(tmp_path):
    first = weights.load(tmp_path, 2)
    path = tmp_path / "weights-2.bin"
    written = path.stat().st_mtime_ns
    again = weights.load(tmp_path, 2)

    assert len(first.data) == 2 * MB
    assert first.data == again.data == path.read_bytes()
    assert path.stat().st_mtime_ns == written
    assert again.told()["mb"] == 2
    assert again.told()["page_cache"] == ("dropped" if again.from_disk else "kept")


def test_a_file_of_another_size_is_written_anew(tmp_path):
    (tmp_path / "weights-1.bin").write_bytes(b"short")

    assert len(weights.load(tmp_path, 1).data) == MB


@pytest.mark.parametrize("text", ["-1", "1.5", "9000", "x", "²"])
def test_a_size_that_is_none_is_refused_by_its_name(text, monkeypatch):
    monkeypatch.setenv("RAG_WEIGHTS_MB", text)
    with pytest.raises(ValueError, match="RAG_WEIGHTS_MB"):
        Settings.from_env()


def test_nothing_is_loaded_unless_it_is_switched_on(corpus, monkeypatch):
    _, _, meta = ask(service(corpus, monkeypatch), "/v1/meta")

    assert (meta["weights"], meta["reranker"]) == (None, None)
    assert meta["artifact"]["package_mb"] > 1
    assert meta["artifact"]["index_mb"] > 0.1


def test_the_reranker_puts_the_likest_passage_first(tmp_path):
    model = Reranker(weights.load(tmp_path, 1))
    texts = [
        "Numbers are added and multiplied.",
        "Open a file and read its lines.",
        "A queue keeps what is put into it.",
    ]
    found = [Passage(f"p{k}", "d", "", text, 1.0) for k, text in enumerate(texts)]

    best = model.order("read the lines of a file", found, 2)

    assert (best[0].passage_id, len(best)) == ("p1", 2)
    assert model.order("anything", [], 3) == []


def test_a_service_with_a_reranker_says_so_and_how_long_it_took(corpus, monkeypatch, tmp_path):
    app = service(corpus, monkeypatch, RAG_RERANKER="projection", RAG_WEIGHTS_MB="1", RAG_WEIGHTS_FOLDER=str(tmp_path))
    _, _, body = ask(app, "/v1/retrieve", {"question": "What does json.dumps do?", "top_k": 3})
    _, _, meta = ask(app, "/v1/meta")

    assert len(body["passages"]) == 3
    assert body["timings"]["rerank_ms"] > 0
    assert "rehearsal" in meta["reranker"]
    assert meta["weights"]["mb"] == 1


def test_memory_is_this_processs_own_high_water():
    assert 5 < memory_mb() < 100_000
    assert artifact.package_mb() > 1


def test_the_corpuss_questions_know_their_passages_and_its_evaluation_passes_today(corpus):
    known = [json.loads(line) for line in (corpus / "questions.jsonl").read_text().splitlines()]
    graded = [json.loads(line) for line in (corpus / "evaluation.jsonl").read_text().splitlines()]
    with closing(Store(corpus / "index.sqlite")) as store:
        ids = {row[0] for row in store._db.execute("SELECT passage_id FROM passage")}
        for row in graded:
            assert set(row["must_cite"]) <= {p.passage_id for p in store.search(row["question"], 6)}
    assert all(row["passages"] and set(row["passages"]) <= ids for row in known)
    assert len(graded) == questions.EVALUATED
    assert all(row["must_contain"] and row["must_not_contain"] for row in graded)


def test_a_corpus_whose_names_hold_blanks_still_makes_questions(tmp_path):
    (tmp_path / "a file.md").write_text("# One\n\nSome text about apples and what they do for pears.\n")

    assert index.main(["--corpus", str(tmp_path), "--out", str(tmp_path / "o"), "--questions", "3"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "o" / "questions.jsonl").read_text().splitlines()]
    assert [row["passages"] for row in rows] == [[], [], []]
