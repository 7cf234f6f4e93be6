"""Model, cache and fallback of an answer, in each dialect; what is not told is null."""

import orjson
import pytest

from tests.dialects.answers import DONE, JSON, SSE, delta, events, message, read
from tests.dialects.reading import fields
from tests.dialects.reading import read as mapped
from tests.dialects.test_rag_chat import BEGUN, CLOSING, TOKENS, WHOLE, event, streamed, whole


def told(sample):
    return sample.model, sample.cached, sample.degraded


def test_rag_chat_says_it_in_whole_answers_and_streams_alike():
    closing = CLOSING | {"cached": True, "degraded": False}

    assert told(streamed(BEGUN, TOKENS, event("done", closing)).sample) == ("m", True, False)
    assert told(whole(cached=True, degraded=False).sample) == ("m", True, False)
    assert told(whole().sample) == ("m", None, None)


def test_a_field_of_another_kind_breaks_no_contract():
    """Clients ignore fields that they don't know, and this one may be somebody's own."""
    done = whole(cached="hit", degraded={"from": "m"})

    assert (done.outcome, *told(done.sample)) == ("ok", "m", True, True)


@pytest.mark.parametrize(
    ("headers", "cached", "degraded"),
    [
        ({b"x-litellm-attempted-fallbacks": b"1"}, None, True),
        ({b"x-litellm-attempted-fallbacks": b"0"}, None, False),
        ({b"cf-aig-step": b"1", b"cf-aig-cache-status": b"MISS"}, False, True),
        ({b"x-portkey-cache-status": b"SEMANTIC HIT"}, True, None),
        ({b"x-portkey-cache-status": b"SEMANTIC MISS"}, False, None),
        ({b"helicone-cache": b"HIT", b"cf-aig-step": b"?"}, True, None),
        ({}, None, None),
    ],
)
def test_gateways_say_it_in_headers(headers, cached, degraded):
    sample = read(message(content="hi"), stream=False, headers=JSON | headers).sample
    stream = read([events(delta(content="hi"), delta("stop")), DONE], headers=SSE | headers).sample

    assert (sample.cached, sample.degraded) == (stream.cached, stream.degraded) == (cached, degraded)


def test_a_refusal_of_a_gateway_is_no_degraded_answer():
    refused = read(b"{}", status=503, stream=False, headers=JSON | {b"cf-aig-step": b"1"})

    assert refused.sample.degraded is None


@pytest.mark.parametrize(
    ("value", "is_"),
    [
        (True, True),
        (False, False),
        (0, False),
        (2, True),
        ("hit", True),
        ("MISS", False),
        ("none", False),
        ("small-model", True),
        ("", None),
        (None, None),
        ([], False),
        (["a"], True),
    ],
)
def test_an_api_of_a_teams_own_says_it_where_its_mapping_says(value, is_):
    how = fields(answer={"text": "reply", "degraded": "meta.fallback", "cached": "meta.cache"})
    body = orjson.dumps({"reply": "x", "meta": {"fallback": value, "cache": value}})
    sample = mapped(how, body, stream=False, kind=b"application/json")

    assert (sample.degraded, sample.cached) == (is_, is_)


def test_the_text_of_a_graded_answer_is_kept_however_it_came():
    def text(body, stream, dialect):
        from harness.dialects.readers import reader_of
        from harness.domain.sample import Sample

        answer = reader_of(dialect, None)(Sample(0, "s", True, "q", stream, 0.0), 0.0)
        answer.keep_text()
        answer.head(200, dict(SSE if stream else JSON), 0.1)
        for k in range(0, len(body), 7):
            answer.body(body[k : k + 7], 0.2)
        answer.close()
        return answer.text

    whole_ = orjson.dumps(WHOLE)
    stream = BEGUN + TOKENS + event("done", CLOSING)
    assert text(whole_, False, "rag-chat/1") == text(stream, True, "rag-chat/1") == "hello"
    chunks = events(delta(content="hé"), delta(content="llo"), delta("stop")) + DONE
    assert text(chunks, True, "openai-chat") == text(message(content="héllo"), False, "openai-chat") == "héllo"
