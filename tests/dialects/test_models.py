"""Which model answered, and what of the prompt its provider had read before: what tokens cost depends on both."""

import orjson
import pytest

from tests.dialects.answers import DONE, JSON, USAGE, delta, events, read

CACHED = USAGE | {"prompt_tokens_details": {"cached_tokens": 8}}


def test_a_chunk_and_a_whole_answer_name_the_model_and_the_cached_part():
    chunk = delta(content="Hi") | {"model": "gpt-4o-mini-2024-07-18"}
    streamed = read(events(chunk, {"choices": [], "usage": CACHED}) + DONE).sample
    choices = [{"message": {"content": "Hi"}, "finish_reason": "stop"}]
    body = orjson.dumps({"model": "gpt-4o-mini-2024-07-18", "choices": choices, "usage": CACHED})
    whole = read(body, stream=False, headers=JSON).sample

    assert [(s.model, s.cached_tokens) for s in (streamed, whole)] == [("gpt-4o-mini-2024-07-18", 8)] * 2


@pytest.mark.parametrize("name", [None, 7, "", ["x"]])
def test_a_name_that_is_none_is_not_known_and_spoils_no_answer(name):
    done = read(events(delta(content="Hi") | {"model": name}) + DONE)

    assert (done.outcome, done.sample.model) == ("ok", None)


def test_a_long_name_is_cut():
    done = read(events(delta(content="Hi") | {"model": "m" * 5_000}) + DONE)

    assert len(done.sample.model) == 200
