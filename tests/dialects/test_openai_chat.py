"""Answers of openai-chat: whole and streamed alike, and every odd shape named."""

import orjson
import pytest

from tests.dialects.answers import DONE, JSON, SSE, USAGE, delta, events, message, read

HELLO = delta(content="hello")
CALL = {"id": "a", "type": "function", "function": {"name": "search", "arguments": "{}"}}


def both(streamed, whole):
    """The same answer in both modes; the judgement has to be one."""
    a, b = read(streamed + DONE), read(whole, stream=False)
    assert (a.outcome, a.code, a.detail, a.sample.answer_kind) == (b.outcome, b.code, b.detail, b.sample.answer_kind)
    if a.outcome == "ok":
        assert a.sample.answer_digest == b.sample.answer_digest
    return a


def test_text_is_an_answer():
    done = both(events(delta(role="assistant", content=""), HELLO, delta("stop")), message(content="hello"))

    assert (done.outcome, done.sample.answer_kind) == ("ok", "text")
    assert done.sample.first_token_s == 0.11


@pytest.mark.parametrize(
    "end", [b"data: [DONE]\n\n", b"data: [DONE] \n\n", b"data:[DONE]\r\n\r\n", b"data: [DONE]\t\n\n"]
)
def test_the_end_may_have_blanks_behind_it(end):
    assert read(events(HELLO) + end).outcome == "ok"


def test_what_follows_the_end_is_not_read_however_it_is_split():
    late = DONE + events({"error": {"code": 500}})

    assert read(events(HELLO) + late).outcome == "ok"
    assert read([events(HELLO), DONE, events({"error": {"code": 500}})]).outcome == "ok"


def test_an_answer_is_over_and_timed_when_its_end_is_read():
    done = read([events(HELLO), b"", DONE, b"data: more\n\n"])

    assert done.answer.over
    assert done.sample.finished_s == pytest.approx(0.13)


def test_heartbeats_and_empty_choices_are_read():
    beats = b"data:\n\n: ping\n\ndata: \n\n" + events(
        {"choices": [{}]}, {"choices": [{"delta": {}}]}, {"choices": None}
    )

    assert read(beats + events(HELLO) + DONE).outcome == "ok"


@pytest.mark.parametrize("thought", ["Okay", {"text": "Okay"}, [{"type": "reasoning.text", "text": "Okay"}]])
@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking", "reasoning_details"])
def test_reasoning_has_a_first_instant_of_its_own(name, thought):
    usage = {"choices": [], "usage": USAGE | {"completion_tokens_details": {"reasoning_tokens": 20}}}

    done = read([events(delta(**{name: thought, "content": None})), events(HELLO), events(usage) + DONE])

    assert (done.sample.first_reasoning_s, done.sample.first_token_s) == (pytest.approx(0.11), pytest.approx(0.12))
    assert (done.outcome, done.sample.reasoning_tokens, done.sample.token_events) == ("ok", 20, 1)


def test_reasoning_within_a_list_of_content_is_not_the_answer():
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Okay"}]}]
    words = [{"type": "text", "text": "hello"}]

    done = both(events(delta(content=parts), delta(content=words)), message(content=[*parts, *words]))
    assert (done.outcome, done.sample.first_reasoning_s) == ("ok", pytest.approx(0.11))


def test_all_of_max_tokens_thought_away_is_the_same_in_both_modes():
    done = both(
        events(delta(reasoning_content="Okay"), delta("length"), {"choices": [], "usage": USAGE}),
        message("length", content=None, reasoning_content="Okay"),
    )

    assert (done.outcome, done.detail) == ("bad_contract", "no text: all of max_tokens went to reasoning")


def test_so_is_reasoning_that_only_the_usage_tells_of():
    usage = USAGE | {"completion_tokens_details": {"reasoning_tokens": 24}}
    whole = orjson.loads(message("length", content="")) | {"usage": usage}

    done = both(events(delta("length", content=""), {"choices": [], "usage": usage}), orjson.dumps(whole))
    assert done.detail == "no text: all of max_tokens went to reasoning"


@pytest.mark.parametrize(
    ("streamed", "whole", "detail"),
    [
        (events(delta("stop", content="")), message(content=""), "no text (finish_reason stop)"),
        (
            events(delta("stop", reasoning="Hm")),
            message(content="", reasoning="Hm"),
            "no text, only reasoning (finish_reason stop)",
        ),
    ],
)
def test_no_text_is_no_answer_in_either_mode(streamed, whole, detail):
    done = both(streamed, whole)

    assert (done.outcome, done.detail) == ("bad_contract", detail)


def test_usage_alone_is_named():
    assert read(events({"choices": [], "usage": USAGE}) + DONE).detail == "no text: not a single choice"


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ({"tool_calls": [CALL]}, "tool_calls"),
        ({"tool_calls": [{"type": "custom", "custom": {"name": "f", "input": "x"}}]}, "tool_calls"),
        ({"function_call": {"name": "search", "arguments": "{}"}}, "tool_calls"),
        ({"refusal": "I can't help with that."}, "refusal"),
        ({"content": "Let me see. ", "tool_calls": [CALL]}, "tool_calls"),
    ],
)
def test_tool_calls_and_refusals_are_answers_of_their_kind(what, kind):
    done = both(events(delta(**what), delta("stop")), message(**({"content": None} | what)))

    assert (done.outcome, done.sample.answer_kind) == ("ok", kind)
    assert done.sample.first_token_s == pytest.approx(0.11), "a promise to the first token would not see it"


@pytest.mark.parametrize(
    ("chunk", "named"),
    [
        ({"choices": [None]}, "an element of choices is null, not an object"),
        ({"choices": ["x"]}, "an element of choices is text, not an object"),
        ({"choices": {"0": 1}}, "choices is an object, not a list"),
        ({"choices": 5}, "choices is a number, not a list"),
        ({"choices": [{"delta": "hello"}]}, "choices.delta is text, not an object"),
        ({"choices": [{"delta": [1]}]}, "choices.delta is a list, not an object"),
        ({"choices": [{"delta": {"content": 5}}]}, "choices.delta.content is a number, not a list"),
        ({"choices": [{"delta": {"content": [5]}}]}, "choices.delta.content is a number, not text"),
        ({"choices": [{"delta": {"reasoning": 5}}]}, "choices.delta.reasoning is a number, not text"),
        ({"choices": [{"delta": {"tool_calls": "x"}}]}, "choices.delta.tool_calls is text, not a list"),
        (
            {"choices": [{"delta": {"tool_calls": [None]}}]},
            "an element of choices.delta.tool_calls is null, not an object",
        ),
        (
            {"choices": [{"delta": {}, "finish_reason": {"type": "stop"}}]},
            "choices.finish_reason is an object, not text",
        ),
        ({"choices": [], "usage": "x"}, "usage is text, not an object"),
        (5, "a chunk is a number, not an object"),
        ([1], "a chunk is a list, not an object"),
        (None, "a chunk is null, not an object"),
    ],
)
def test_an_odd_chunk_is_named_by_its_field(chunk, named):
    done = read(events(chunk, HELLO) + DONE)

    assert (done.outcome, done.detail) == ("bad_contract", named)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"[]", "the answer is a list, not an object"),
        (b"{}", "choices is null, not a list"),
        (b'{"choices":[]}', "choices is empty"),
        (b'{"choices":[null]}', "choices[0] is null, not an object"),
        (b'{"choices":[{}]}', "choices[0].message is null, not an object"),
        (b'{"choices":[{"message":"x"}]}', "choices[0].message is text, not an object"),
        (b'{"choices":[{"message":{"content":7}}]}', "choices[0].message.content is a number, not a list"),
        (b"", "the answer is empty (content-type application/json)"),
        (b'{"choices":', "the answer: not valid JSON (at character 11) (content-type application/json)"),
        (b'{"score":NaN}', "the answer: NaN is not JSON (at character 9) (content-type application/json)"),
        (b'{"score":-Infinity}', "the answer: Infinity is not JSON (at character 10) (content-type application/json)"),
        (b'"\\ud800"', "the answer: not valid JSON (at character 1) (content-type application/json)"),
    ],
)
def test_an_odd_whole_answer_is_named_by_its_field(body, named):
    done = read(body, stream=False)

    assert (done.outcome, done.detail) == ("bad_contract", named)


def test_nested_ever_so_deeply_is_an_odd_answer_too():
    deep = b'{"text":' * 900 + b'"x"' + b"}" * 900

    assert read(b'data: {"choices":[{"delta":{"reasoning":' + deep + b"}}]}\n\n" + DONE).outcome == "bad_contract"


def test_a_chunk_that_is_not_json_is_named():
    assert read(b"data: {nope\n\n" + DONE).detail == "a chunk: not valid JSON (at character 1)"
    assert read(b'data: {"score":NaN}\n\n' + DONE).detail == "a chunk: NaN is not JSON (at character 9)"


@pytest.mark.parametrize(
    ("reason", "said"), [("stop", "finish_reason stop had come"), (None, "no finish_reason either")]
)
def test_a_stream_without_its_end_says_what_was_missing(reason, said):
    done = read(events(HELLO, delta(reason)))

    assert (done.outcome, done.detail) == ("cut_stream", f"the stream ended without [DONE] ({said})")


def test_a_byte_order_mark_is_read_over():
    assert read(b"\xef\xbb\xbf" + message(content="hello"), stream=False).outcome == "ok"


@pytest.mark.parametrize(
    "kind", [b"Text/Event-Stream; Charset=UTF-8", b"text/event-stream;charset=utf-8", b"TEXT/EVENT-STREAM"]
)
def test_media_types_know_no_case(kind):
    assert read(events(HELLO) + DONE, headers={b"content-type": kind}).outcome == "ok"


@pytest.mark.parametrize(("stream", "head"), [(True, SSE), (False, JSON)])
def test_a_compressed_body_is_named_in_both_modes(stream, head):
    done = read(b"\x1f\x8b\x08\x00", stream=stream, headers=head | {b"content-encoding": b"GZIP"})

    assert (done.outcome, done.detail) == ("bad_contract", "content-encoding gzip, though identity was asked for")


@pytest.mark.parametrize(("stream", "head"), [(True, SSE), (False, JSON)])
@pytest.mark.parametrize("said", [b"none", b"identity", b"UTF-8", b"Identity, none"])
def test_what_packs_nothing_is_no_compression(stream, head, said):
    """As apps on Next.js say of their streams, so that nothing on the way compresses them."""
    body = events(HELLO) + DONE if stream else message(content="hello")

    assert read(body, stream=stream, headers=head | {b"content-encoding": said}).outcome == "ok"


def test_each_mode_gets_what_it_asked_for():
    streamed = read(events(HELLO) + DONE, stream=False, headers=SSE)
    whole = read(message(content="hello"), headers=JSON)
    nothing = read(b"", headers={})
    page = read(b"<html>", headers={b"content-type": b"text/html"})

    assert streamed.detail == "asked for a whole answer, got a stream (content-type text/event-stream)"
    assert whole.detail == "asked for a stream, got a whole answer (content-type application/json)"
    assert page.detail == "asked for a stream, got a whole answer (content-type text/html)"
    assert nothing.detail == "asked for a stream, got a whole answer (no content-type)"
    assert read(b"", status=204).detail == "status 204, not 200"
    assert {r.outcome for r in (streamed, whole, page, nothing)} == {"bad_contract"}


def test_counts_beyond_reason_are_not_known():
    head = JSON | {b"x-instance-id": b"i", b"x-instance-requests": b"1e300", b"x-instance-age-ms": b"inf"}

    sample = read(orjson.dumps({"choices": []} | {"usage": {}}), stream=False, headers=head).sample
    assert (sample.instance_requests, sample.instance_age_ms) == (None, None)
    sample = read(
        events({"choices": [], "usage": {"prompt_tokens": 2**60, "completion_tokens": True}}, HELLO) + DONE
    ).sample
    assert (sample.input_tokens, sample.output_tokens) == (None, None)
