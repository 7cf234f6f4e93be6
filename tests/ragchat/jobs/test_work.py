"""The kinds of work on the real corpus: passages that are found again, answers that are scored, signatures that are verified."""

import sqlite3
from array import array
from contextlib import closing

import pytest
from ragchat.embedding import HashedSubwords
from ragchat.jobs.contract import JobError
from ragchat.jobs.courier import sign
from ragchat.jobs.work.evaluate import Evaluate
from ragchat.jobs.work.ingest import Ingest
from ragchat.jobs.work.webhook import Webhook
from ragchat.settings import Settings


class Calm:
    """An attempt that nobody disturbs."""

    def __init__(self):
        self.checked = 0

    def check(self):
        self.checked += 1


@pytest.fixture
def settings(corpus, monkeypatch):
    monkeypatch.setenv("RAG_INDEX", str(corpus / "index.sqlite"))
    return Settings.from_env()


def closest(question, passages):
    asked = HashedSubwords().embed(question)
    return max(passages, key=lambda p: sum(a * b for a, b in zip(asked, array("f", p.vector), strict=True)))


TEXTS = {
    "apples": "Apples ripen in autumn and keep through the winter in a cool cellar.",
    "sockets": "A socket connects two processes over a network and carries bytes.",
    "json": "The function dumps serialises an object to a JSON formatted string.",
}


class Billed:
    name, dimensions, model = "bedrock:titan", 1, "titan"

    def embed(self, text):
        return [1.0]


@pytest.mark.parametrize(
    ("question", "document"),
    [("When do apples ripen?", "apples"), ("serialising objects", "json"), ("networked proccesses", "sockets")],
)
def test_an_ingested_passage_is_found_by_its_words_inflected_or_misspelt(settings, question, document):
    given = {"collection": "c", "documents": [{"id": k, "title": k, "text": v} for k, v in TEXTS.items()]}
    effect = Ingest(settings)(given, Calm())

    assert closest(question, effect.passages).document_id == document
    assert effect.result == {"collection": "c", "documents": 3, "passages": 3, "embedder": "subword-256"}
    assert effect.input_tokens == 0, "this embedder is billed by no token"


def test_tokens_of_an_embedder_that_is_billed_by_them_are_told_with_its_model(settings):
    ingest = Ingest(settings)
    ingest._embedder = Billed()
    given = {"collection": "c", "documents": [{"id": k, "title": k, "text": v} for k, v in TEXTS.items()]}
    effect = ingest(given, Calm())

    assert effect.input_tokens == sum(len(text) // 4 for text in TEXTS.values())
    assert effect.result["model"] == "titan"


def test_the_services_own_documents_are_ingested_from_its_index_and_it_stays_as_it_was(settings, corpus):
    with closing(sqlite3.connect(corpus / "index.sqlite")) as index:
        digest = index.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()
        names = index.execute("SELECT DISTINCT document_id FROM passage ORDER BY rowid LIMIT 12").fetchall()
        attempt = Calm()
        effect = Ingest(settings)({"collection": "c", "reindex": {"first": 10, "count": 2}}, attempt)
        assert index.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone() == digest

    assert {p.document_id for p in effect.passages} == {name for (name,) in names[10:]}
    assert attempt.checked == len(effect.passages), "it hears of a cancellation between passages"


@pytest.mark.parametrize("text", ["", " \n\n "])
def test_documents_without_text_are_the_jobs_own_fault(settings, text):
    with pytest.raises(JobError) as failed:
        Ingest(settings)({"collection": "c", "documents": [{"id": "a", "title": "a", "text": text}]}, Calm())
    assert (failed.value.code, failed.value.again) == ("invalid_input", False)


def asked(question, **held):
    return {"id": question, "question": question, "must": [], "must_not": [], "cites": [], **held}


def test_answers_are_scored_by_what_they_say_and_cite(settings, monkeypatch):
    from ragchat import model

    class Says:
        async def stream(self, _messages, _most, _request_id, generation):
            generation.input_tokens, generation.output_tokens = 10, 2
            yield "JSON is "
            yield "text."

    monkeypatch.setattr("ragchat.jobs.work.evaluate.open_model", lambda _: Says())
    questions = [
        asked("What does json.dumps do?", must=["json is TEXT"], cites=["py:json.dumps"]),
        asked("What does json.loads do?", must=["bread"], must_not=["text"]),
        asked("What is a socket?", cites=["py:nowhere"]),
    ]
    effect = Evaluate(settings)({"questions": questions, "top_k": 6, "max_tokens": 20}, Calm())

    assert (effect.result["asked"], effect.result["passed"]) == (3, 1)
    assert [q["missed"] for q in effect.result["questions"]] == [[], ["must", "must_not"], ["cites"]]
    assert (effect.input_tokens, effect.output_tokens) == (30, 6)
    assert model


def test_a_model_that_cannot_be_reached_is_tried_again(settings, monkeypatch):
    monkeypatch.setenv("RAG_PROVIDER_URL", "http://127.0.0.1:9")
    with pytest.raises(JobError) as failed:
        Evaluate(Settings.from_env())({"questions": [asked("Why?")], "top_k": 0, "max_tokens": 5}, Calm())
    assert (failed.value.code, failed.value.again) == ("upstream_error", True)


def hook(payload, signature, url=None):
    return {"payload": payload, "signature": signature, "forward_url": url}


def test_a_webhook_is_verified_and_handed_on():
    given = hook('{"event": 7}', sign(b"k", b'{"event": 7}'), "http://127.0.0.1/x")
    effect = Webhook(b"k")(given, Calm())

    assert effect.hand_on == ("http://127.0.0.1/x", '{"event": 7}')
    assert (effect.result["bytes"], effect.result["handed_on"]) == (12, True)


@pytest.mark.parametrize(("secret", "signed"), [(b"k", b"other"), (b"", b"")])
def test_a_webhook_that_cannot_be_verified_fails(secret, signed):
    with pytest.raises(JobError) as failed:
        Webhook(secret)(hook("{}", sign(signed, b"{}")), Calm())
    assert (failed.value.code, failed.value.again) == ("bad_signature", False)
