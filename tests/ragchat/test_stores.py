"""Stores on the network: a real PostgreSQL with pgvector, and OpenSearch's wire format behind a guard that checks signatures."""

import json
import os
import subprocess
import sys
import threading
import warnings
from contextlib import closing, contextmanager

import pytest
from ragchat import index, opensearch
from ragchat.embedding import Cached, HashedWords
from ragchat.opensearch import OpenSearch
from ragchat.retrieval import Store, terms

from tests.guarded.sigv4 import refuses
from tests.peers.serving import Quiet, serving

KEYS = {"AKIDEXAMPLE": ("planted-secret", None)}
TEXTS = {
    "apples": "Apples ripen in autumn and keep through the winter in a cool cellar.",
    "pears": "Pears ripen after they are picked, in a bowl beside the window.",
    "json": "The function dumps serialises an object to a JSON formatted string.",
    "sockets": "A socket connects two processes over a network and carries bytes.",
}


@pytest.fixture(scope="module")
def index_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (folder / f"{name}.md").write_text(f"# {name}\n\n{text}\n")
    assert index.main(["--corpus", str(folder), "--out", str(folder / "out"), "--questions", "2"]) == 0
    return folder / "out" / "index.sqlite"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
        server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="module")
def filled(postgres, index_file):
    from ragchat import pgvector

    digest, count = pgvector.load(postgres, index_file, HashedWords())
    assert count >= len(TEXTS)
    return digest


@pytest.fixture
def store(postgres, filled):
    from ragchat.pgvector import PgVector

    with closing(PgVector(postgres, HashedWords())) as made:
        yield made


def first(found):
    return found[0].document_id


def test_the_digest_names_the_texts_and_the_vectors(store, index_file, filled):
    with closing(Store(index_file)) as same:
        assert store.digest == filled == f"{same.digest}+hash-256"


@pytest.mark.parametrize(
    ("question", "document"), [("When do apples ripen?", "apples"), ("How does a socket carry bytes?", "sockets")]
)
def test_a_question_finds_the_passage_that_answers_it(store, index_file, question, document):
    with closing(Store(index_file)) as sqlite:
        assert document in first(store.search(question, 2))
        assert first(sqlite.search(question, 2)) == first(store.search(question, 2))


def test_scores_fall_and_the_same_question_finds_the_same(store):
    found = store.search("json object string", 4)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert store.search("json object string", 4) == found


def test_nothing_is_asked_for_or_asked(store):
    assert store.search("apples", 0) == []
    assert store.search("???", 3) == []
    assert store.search("'; DROP TABLE passage; --", 3) is not None


def test_a_connection_that_the_server_closed_is_opened_again(store, postgres):
    import psycopg

    assert store.search("apples", 1)
    with psycopg.connect(postgres, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'idle'"
        )
    assert store.search("apples", 1)


def test_many_threads_search_at_once(store):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(first(store.search("pears in a bowl", 1)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {found[0]}


def test_vectors_of_another_model_are_refused(postgres, filled):
    from ragchat.pgvector import PgVector

    class Other(HashedWords):
        name = "other-256"

    with pytest.raises(ValueError, match="holds vectors of hash-256, not of other-256"):
        PgVector(postgres, Other())


def test_the_loader_says_what_it_wants():
    command = [sys.executable, "-m", "ragchat.pgvector", "load", "--index", "none.sqlite"]
    environment = {k: v for k, v in os.environ.items() if k != "RAG_STORE_URL"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr.strip()) == (2, "ragchat.pgvector: RAG_STORE_URL is not set")


def test_hashed_words_are_of_length_one_and_kept_where_they_are_cached():
    made = HashedWords()
    vector = made.embed("apples and pears")
    assert sum(x * x for x in vector) == pytest.approx(1)
    assert made.embed("") == [0.0] * 256
    cached = Cached(made, 60)
    assert cached.embed("apples") is cached.embed("apples")


class Search:
    """Enough of OpenSearch: bulk, search by shared words, documents; with ``keys`` every request's signature is checked."""

    def __init__(self, keys=None):
        self.rows, self.docs, self.refused = [], {}, []
        self._keys = keys

    def why_not(self, method, path, headers, body):
        if not self._keys:
            return None
        if "x-amz-content-sha256" not in headers:
            return "no SigV4 with x-amz-content-sha256, which Serverless wants"
        return refuses(self._keys, "eu-west-1", "aoss", method, path, "", headers, body)

    @contextmanager
    def up(self):
        stub = self

        class Handler(Quiet):
            def answer(self):
                body = self.body()
                why = stub.why_not(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if why:
                    stub.refused.append(why)
                    self.send(403, json.dumps({"message": why}).encode())
                else:
                    self.send(200, json.dumps(stub.answer(self.command, self.path, body)).encode())

        with serving(Handler) as url:
            yield url

    def answer(self, method, path, body):
        if path == "/_bulk":
            self.rows += [json.loads(line) for line in body.splitlines()[1::2]]
            return {"errors": False}
        if path == "/meta/_doc/digest":
            if method == "PUT":
                self.docs["digest"] = json.loads(body)
            return {"_source": self.docs.get("digest", {})}
        if path == "/passages/_search":
            asked = json.loads(body)
            words = set(terms(asked["query"]["multi_match"]["query"]))
            scored = [(len(words & set(terms(row["body"]))), row) for row in self.rows]
            scored.sort(key=lambda s: (-s[0], s[1]["passage_id"]))
            return {"hits": {"hits": [{"_score": n, "_source": row} for n, row in scored[: asked["size"]] if n]}}
        return {"acknowledged": True}


@pytest.mark.parametrize("auth", ["none", "aoss"])
def test_opensearch_is_filled_and_asked_signed_where_it_is_serverless(index_file, auth, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    stub = Search(KEYS if auth == "aoss" else None)
    with stub.up() as url:
        digest, count = opensearch.load(url, auth, "eu-west-1", index_file)
        with closing(OpenSearch(url, auth, "eu-west-1")) as store:
            assert store.digest == digest
            assert "apples" in first(store.search("When do apples ripen?", 2))
            assert store.search("apples", 0) == []
    assert stub.refused == []
    assert count == len(stub.rows)


def test_an_unsigned_question_is_refused_in_the_stores_words():
    with Search(KEYS).up() as url, pytest.raises(OSError, match=r"answered 403: .*no SigV4"):
        OpenSearch(url)
