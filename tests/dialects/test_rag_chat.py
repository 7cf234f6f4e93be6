"""Answers of rag-chat/1: whole and streamed alike, and what breaks the contract named."""

import orjson
import pytest

from tests.dialects.answers import read

CLOSING = {"id": "i", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 2}, "timings": {"generation_ms": 5.0}}
CITED = [{"passage_id": "p1"}, {"passage_id": "p2"}]


def event(name, data):
    return f"event: {name}\ndata: ".encode() + (data if isinstance(data, bytes) else orjson.dumps(data)) + b"\n\n"


BEGUN = event("citations", {"citations": CITED})
TOKENS = event("token", {"text": "hel"}) + event("token", {"text": "lo"})
STREAM = BEGUN + TOKENS + event("done", CLOSING)
WHOLE = CLOSING | {"answer": "hello", "citations": CITED}


def whole(**changes):
    return read(
        orjson.dumps({k: v for k, v in (WHOLE | changes).items() if v != ...}), dialect="rag-chat/1", stream=False
    )


def streamed(*parts):
    return read(b"".join(parts), dialect="rag-chat/1")


def test_both_modes_come_to_the_same():
    a, b = streamed(STREAM), whole()

    assert a.outcome == b.outcome == "ok"
    for name in ("answer_digest", "citations", "input_tokens", "output_tokens", "generation_ms", "answer_kind"):
        assert getattr(a.sample, name) == getattr(b.sample, name), name


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"answer": 7}, "answer is a number, not text"),
        ({"answer": ""}, "answer is empty"),
        ({"citations": None}, "citations is null, not a list"),
        ({"usage": ...}, "usage is null, not an object"),
        ({"id": 5}, "id is a number, not text"),
        ({"timings": "x"}, "timings is text, not an object"),
    ],
)
def test_a_whole_answer_that_is_not_as_the_contract_says(changes, named):
    done = whole(**changes)

    assert (done.outcome, done.detail) == ("bad_contract", named)


@pytest.mark.parametrize(
    ("stream", "named"),
    [
        (TOKENS + event("done", CLOSING), "a token before the citations"),
        (BEGUN + event("done", CLOSING), "a stream without a token"),
        (BEGUN + event("token", {"text": ""}) + event("done", CLOSING), "text of a token is empty"),
        (BEGUN + event("token", {"text": 5}) + event("done", CLOSING), "text of a token is a number"),
        (BEGUN + event("token", b"{nope") + event("done", CLOSING), "event token: not valid JSON (at character 1)"),
        (BEGUN + event("token", [5]) + event("done", CLOSING), "event token is a list, not an object"),
        (BEGUN + TOKENS + event("done", b"null"), "event done is null, not an object"),
        (BEGUN + TOKENS + event("done", {"id": "i"}), "model is null, not text"),
        (event("citations", b'{"citations":[{"score":NaN}]}'), "event citations: NaN is not JSON (at character 23)"),
        (event("citations", [1]), "event citations is a list, not an object"),
    ],
)
def test_a_stream_that_is_not_as_the_contract_says(stream, named):
    done = streamed(stream, event("done", CLOSING) if b"done" not in stream else b"")

    assert (done.outcome, done.detail) == ("bad_contract", named)


def test_a_stream_without_its_end_says_so():
    done = streamed(BEGUN + TOKENS)

    assert (done.outcome, done.detail) == ("cut_stream", "the stream ended without done or error")


def test_what_follows_done_is_not_read():
    late = event("error", {"error": {"code": "internal"}}) + event("token", {"text": "x"})

    assert streamed(STREAM, late).outcome == "ok"
    assert read([STREAM, late], dialect="rag-chat/1").outcome == "ok"
