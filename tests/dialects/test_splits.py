"""However the network splits an answer, and whatever it is, it gets one judgement, and reading never raises."""

from itertools import pairwise

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.answers import DONE, JSON, SSE, delta, events, message, read

STREAMS = [
    events(
        delta(role="assistant", content=""), delta(reasoning="Hm"), delta(content="hel"), delta("stop", content="lo")
    )
    + DONE,
    events(delta(content="hel")) + b'event: error\ndata: {"code":"overloaded"}\n\n' + DONE,
    events({"choices": [None]}, delta(content="x"), {"error": {"code": 429}}, delta(content="y")) + DONE,
    b"\xef\xbb\xbfdata:\r\n\r\n"
    + events(delta(content="x")).replace(b"\n", b"\r\n")
    + b"data: [DONE] \r\r"
    + events(5),
    events(delta(content="x"), delta("stop")),
]
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 600)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "error", "length"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("choices", "delta", "message", "content", "error", "usage", "code", "type", "object"),
                    *("finish_reason", "reasoning", "tool_calls", "function", "refusal", "text", "answer", "citations"),
                    *("status", "metadata", "prompt_tokens", "completion_tokens_details", "id", "model", "timings"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def judged(done):
    sample = done.sample
    return (
        *(done.outcome, done.code, done.detail, sample.answer_kind, sample.answer_digest, sample.token_events),
        *(sample.output_tokens, sample.first_reasoning_s is None, done.answer.over),
    )


@pytest.mark.parametrize("wire", STREAMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_split_is_judged_alike(wire, data):
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=12))
    pieces = [wire[a:b] for a, b in pairwise([0, *sorted(cuts), len(wire)])]

    assert judged(read(pieces)) == judged(read(wire))


@settings(max_examples=600, deadline=None)
@given(st.lists(JSON_VALUES, max_size=4), st.sampled_from(["openai-chat", "rag-chat/1"]), st.booleans())
def test_no_shape_of_json_makes_reading_raise(values, dialect, ended):
    names = [b"message", b"token", b"citations", b"done", b"error"]
    wire = b"".join(b"event: " + names[k % 5] + b"\ndata: " + orjson.dumps(v) + b"\n\n" for k, v in enumerate(values))

    read(events(*values) + (DONE if ended else b""), dialect=dialect)
    read(wire, dialect=dialect)
    for value in values:
        read(orjson.dumps(value), dialect=dialect, stream=False)
        read(orjson.dumps(value), dialect=dialect, stream=False, status=429)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=80), st.booleans(), st.sampled_from([SSE, JSON, {}]), st.sampled_from([200, 204, 302, 429, 500])
)
def test_nor_do_any_bytes(body, stream, head, status):
    done = read(body, stream=stream, headers=head, status=status)

    assert done.outcome != "ok"


@settings(max_examples=200, deadline=None)
@given(JSON_VALUES.filter(bool))
def test_whatever_stands_under_error_is_never_ok(value):
    streamed = read(events(delta(content="x"), {"error": value}) + DONE)
    whole = read(orjson.dumps(orjson.loads(message(content="x")) | {"error": value}), stream=False)

    assert "ok" not in (streamed.outcome, whole.outcome)
