"""The reference service's own pieces: validation, corpus, index, questions, token clock, extraction."""

import json
import statistics
from contextlib import closing

import pytest
from ragchat import clock, corpus, extract, index, questions
from ragchat.contract import ContractError, parse
from ragchat.instance import Instance
from ragchat.lambda_runtime import scope_of
from ragchat.retrieval import Store

GOOD = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"{", 400, "JSON"),
        (b"[]", 422, "body"),
        (json.dumps({**GOOD, "temperature": 1}), 422, "temperature"),
        (json.dumps({"messages": []}), 422, "messages"),
        (json.dumps({"messages": [{"role": "user", "content": "x"}] * 65}), 422, "messages"),
        (json.dumps({"messages": [{"role": "robot", "content": "x"}]}), 422, "messages[0].role"),
        (json.dumps({"messages": [{"role": "user"}]}), 422, "messages[0]"),
        (json.dumps({"messages": [{"role": "user", "content": "x" * 32_001}]}), 422, "messages[0].content"),
        (json.dumps({"messages": [{"role": "assistant", "content": "x"}]}), 422, "messages"),
        (json.dumps({**GOOD, "stream": 1}), 422, "stream"),
        (json.dumps({**GOOD, "top_k": 51}), 422, "top_k"),
        (json.dumps({**GOOD, "top_k": True}), 422, "top_k"),
        (json.dumps({**GOOD, "max_tokens": 0}), 422, "max_tokens"),
        (json.dumps({**GOOD, "session_id": 7}), 422, "session_id"),
        (b'{"messages": "' + b"x" * (1 << 20) + b'"}', 413, "larger"),
    ],
)
def test_a_bad_request_is_refused_and_its_field_named(body, status, named):
    with pytest.raises(ContractError) as refused:
        parse(body if isinstance(body, bytes) else body.encode())

    assert refused.value.status == status
    assert named in refused.value.message


def test_a_request_of_one_message_has_the_contracts_defaults():
    request = parse(json.dumps(GOOD).encode())

    assert (request.stream, request.top_k, request.max_tokens, request.session_id) == (False, 6, 512, None)


def test_the_index_answers_with_the_passage_that_was_asked_for(corpus):
    with closing(Store(corpus / "index.sqlite")) as store:
        found = store.search("What does json.dumps do?", 6)

    assert len(found) == 6
    assert any(p.document_id == "py:json.dumps" for p in found)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)


def test_no_retrieval_and_odd_questions_find_nothing_and_break_nothing(corpus):
    with closing(Store(corpus / "index.sqlite")) as store:
        assert store.search("json", 0) == []
        assert store.search('"; DROP TABLE passage --', 3) is not None
        assert store.search("???", 3) == []


def test_the_digest_depends_on_the_text_alone(tmp_path):
    (tmp_path / "a.md").write_text("# One\n\nSome text about apples.\n")
    (tmp_path / "b.jsonl").write_text('{"id": "x", "title": "T", "text": "Pears and plums."}\n')
    outs = []
    for name in ("first", "second"):
        assert index.main(["--corpus", str(tmp_path), "--out", str(tmp_path / name), "--questions", "5"]) == 0
        with closing(Store(tmp_path / name / "index.sqlite")) as store:
            outs.append(store.digest)
        for made in (tmp_path / name).iterdir():
            made.rename(made.with_suffix(".kept"))

    assert outs[0] == outs[1]


def test_a_broken_corpus_is_named_with_its_line(tmp_path, capsys):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "b.jsonl").write_text('{"title": "no text"}\n')

    assert index.main(["--corpus", str(tmp_path / "c"), "--out", str(tmp_path / "o")]) == 2
    assert "b.jsonl:1" in capsys.readouterr().err


def test_a_corpus_as_editors_save_it_is_read(tmp_path):
    """Marks of Windows at the start and, of joined files, inside; separators of Unicode within a text."""
    rows = [json.dumps({"id": name, "text": "Pears\u2028and plums."}, ensure_ascii=False) for name in "xy"]
    (tmp_path / "b.jsonl").write_bytes("".join(f"\ufeff{row}\r\n" for row in rows).encode())
    (tmp_path / "a.md").write_bytes("\ufeff# Apples\r\nRed fruit.\r\n".encode())
    first, *rest = corpus.from_folder(tmp_path)

    assert first.title == "Apples"
    assert [(d.id, d.text) for d in rest] == [("x", "Pears\u2028and plums."), ("y", "Pears\u2028and plums.")]


def test_long_texts_are_cut_into_passages_that_hold_every_word():
    text = " ".join(f"word{k}" for k in range(2000))
    parts = list(corpus.passages(text))

    assert " ".join(parts).split() == text.split()
    assert max(map(len, parts)) <= corpus.PASSAGE_CHARS * 1.5


def test_questions_have_the_shape_of_rag_traffic(corpus):
    rows = [json.loads(line) for line in (corpus / "questions.jsonl").read_text().splitlines()]

    assert len(rows) == 250
    assert len({row["id"] for row in rows}) == 250
    assert 0.13 < sum(row["top_k"] == 0 for row in rows) / 250 < 0.30
    assert 0.30 < sum(len(row["messages"]) > 1 for row in rows) / 250 < 0.50
    assert all(row["messages"][-1]["role"] == "user" for row in rows)


def test_the_same_documents_give_the_same_questions():
    documents = [corpus.Document(f"d{k}", f"t{k}", "text " * 50, f"subject{k}") for k in range(30)]

    assert questions.write(documents, 40) == questions.write(documents, 40)


def test_the_token_clock_is_a_function_of_the_request():
    law = clock.Law()

    assert clock.plan(law, b"a", 1000, 100) == clock.plan(law, b"a", 1000, 100)
    assert clock.plan(law, b"a", 1000, 100) != clock.plan(law, b"b", 1000, 100)


def test_the_token_clock_follows_its_law():
    plans = [clock.plan(clock.Law(), str(k).encode(), 1000, 4096).times_s for k in range(3000)]

    assert statistics.median(p[0] for p in plans) == pytest.approx(0.6 + 0.25, rel=0.05)
    assert statistics.median(map(len, plans)) == pytest.approx(220, rel=0.06)
    scaled = clock.plan(clock.Law(time_scale=0.25), b"a", 1000, 100).times_s
    assert scaled == pytest.approx([t / 4 for t in clock.plan(clock.Law(), b"a", 1000, 100).times_s])


def test_the_answer_is_made_of_the_passages_and_cites_them():
    system = "Rules.\n\nPassages:\n\n[1] a\nApples are red fruit.\n\n[2] b\nBananas are long yellow fruit.\n"
    answer = extract.answer(system, "Which fruit is long and yellow?")

    assert answer.startswith("Bananas are long yellow fruit. [2]")
    assert "".join(extract.tokens(answer)) == answer


def test_an_instance_counts_its_requests_and_its_age():
    instance = Instance()
    instance.ready()
    headers = dict(instance.headers())

    assert instance.count() == 1
    assert float(headers[b"x-instance-age-ms"]) >= 0
    assert instance.id != Instance().id


def test_a_function_url_event_becomes_an_asgi_scope():
    event = {
        "rawPath": "/v1/chat",
        "rawQueryString": "a=1",
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"http": {"method": "POST", "sourceIp": "1.2.3.4"}, "domainName": "x.on.aws"},
        "body": "aGk=",
        "isBase64Encoded": True,
    }
    scope, body = scope_of(event, "r1")

    assert (scope["method"], scope["path"], scope["aws.request_id"], body) == ("POST", "/v1/chat", "r1", b"hi")
    assert (b"content-type", b"application/json") in scope["headers"]
