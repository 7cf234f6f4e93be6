"""Answers of APIs that a [mapping] describes."""

import pytest

from harness.domain.sample import Outcome
from tests.dialects.framing.test_aws_event_stream import event, message
from tests.dialects.reading import events, fields, read

LINES = fields(stream={"framing": "ndjson", "text": "t", "done_at": "done", "output_tokens": "n"})


def test_json_lines_are_tokens_until_the_value_that_ends_them():
    seen = read(
        LINES,
        b'{"t":"a","done":false}\n{"t"',
        b':"b","done":false}\n',
        b'{"t":"","done":true,"n":2}\n',
        kind=b"application/x-ndjson",
    )
    assert (seen.outcome, seen.token_events, seen.output_tokens) == (Outcome.OK, 2, 2)
    assert (seen.first_token_s, seen.last_token_s) == (0.02, 0.03)


@pytest.mark.parametrize("said", [b"false", b"null", b'""', b"[]", b"{}"])
def test_a_value_that_says_nothing_ends_no_stream(said):
    assert read(LINES, b'{"t":"a","done":' + said + b"}\n", kind=b"application/json").outcome is Outcome.CUT_STREAM


def test_plain_text_is_tokens_as_it_arrives():
    seen = read(fields(stream={"framing": "text"}), b"Hel", b"lo \xc3", b"\xa4", kind=b"text/plain")
    assert (seen.outcome, seen.token_events, seen.first_token_s, seen.last_token_s) == (Outcome.OK, 3, 0.02, 0.04)


def test_plain_text_that_ends_inside_a_character_was_cut():
    assert read(fields(stream={"framing": "text"}), b"Hello \xc3", kind=b"text/plain").outcome is Outcome.CUT_STREAM


ARRAY = fields(
    stream={
        "framing": "json-array",
        "text": "candidates.0.content.parts.*.text",
        "done_at": "candidates.0.finishReason",
        "output_tokens": "usageMetadata.candidatesTokenCount",
    }
)


def test_a_streamed_array_is_read_element_by_element():
    first = b'[{"candidates":[{"content":{"parts":[{"text":"Hel"},{"text":"lo"}]}}]}'
    last = b',{"candidates":[{"content":{"parts":[{"text":"."}]},"finishReason":"STOP"}],"usageMetadata":{"candidatesTokenCount":3}}]'
    seen = read(ARRAY, first, last, kind=b"application/json; charset=UTF-8")
    assert (seen.outcome, seen.token_events, seen.output_tokens, seen.first_token_s) == (Outcome.OK, 2, 3, 0.02)


def test_a_body_that_is_not_of_the_declared_framing_breaks_the_contract_and_says_so():
    seen = read(ARRAY, b'{"reply": "Hello"}', kind=b"application/json")
    assert seen.outcome is Outcome.BAD_CONTRACT
    assert "not one JSON array" in (seen.detail or "")
    assert "json-array" in (seen.detail or "")


def test_an_error_anywhere_in_a_stream_is_no_success():
    """With text before it and the stream's own end behind it."""
    bad = b'{"t":"a"}\n{"error":{"code":"rate_limit_exceeded"}}\n{"done":true}\n'
    seen = read(LINES, bad, kind=b"application/x-ndjson")
    assert (seen.outcome, seen.error_code) != (Outcome.OK, None)
    assert seen.error_code == "rate_limit_exceeded"


def test_a_code_may_be_a_number():
    how = fields(
        stream={"token_event": "delta", "text": "t", "done_event": "end", "error_event": "oops"},
        error_code="fault.code",
    )
    stream = read(how, events(("delta", b'{"t":"hel"}'), ("oops", b'{"fault":{"code":42901}}')))
    whole = read(how, b'{"fault":{"code":42901}}', status=429, kind=b"application/json")
    assert (stream.error_code, whole.error_code) == ("42901", "42901")
    assert stream.outcome is not Outcome.OK


def test_an_events_name_may_stand_in_its_data():
    how = fields(stream={"event_at": "type", "token_event": "text", "text": "v", "done_event": "end"})
    seen = read(
        how,
        events((None, b'{"type":"start","v":"no"}'), (None, b'{"type":"text","v":"yes"}'), (None, b'{"type":"end"}')),
    )
    assert (seen.outcome, seen.token_events) == (Outcome.OK, 1)


def test_a_done_event_needs_no_data():
    how = fields(stream={"token_event": "data", "text": "$", "done_event": "end"})
    assert read(how, events(("data", b'"Hi"'), ("end", None))).outcome is Outcome.OK
    assert read(how, events(("data", b'"Hi"'))).outcome is Outcome.CUT_STREAM


def test_messages_of_an_aws_event_stream_have_their_names():
    how = fields(
        stream={
            "framing": "aws-event-stream",
            "token_event": "contentBlockDelta",
            "text": "delta.text",
            "done_event": "metadata",
        }
    )
    kind = b"application/vnd.amazon.eventstream"
    good = (
        event("messageStart", role="assistant")
        + event("contentBlockDelta", delta={"text": "Hi"})
        + event("metadata", usage={})
    )
    assert read(how, good[:50], good[50:], kind=kind).outcome is Outcome.OK
    thrown = message(b'{"message":"x"}', message_type="exception", exception_type="modelStreamErrorException")
    failed = read(how, event("contentBlockDelta", delta={"text": "Hi"}) + thrown, kind=kind)
    assert failed.outcome is not Outcome.OK
    assert failed.error_code == "modelStreamErrorException"
    assert read(how, good[:-1], kind=kind).outcome is Outcome.CUT_STREAM


def test_a_whole_answers_text_may_be_in_parts():
    how = fields(answer={"text": "content.*.text"})
    parts = b'{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"},{"type":"text","text":"b"}]}'
    one = read(how, parts, stream=False, kind=b"application/json")
    same = read(how, b'{"content":[{"text":"ab"}]}', stream=False, kind=b"application/json")
    assert (one.outcome, one.answer_digest) == (Outcome.OK, same.answer_digest)
    assert read(how, b'{"content":[{"x":1}]}', stream=False, kind=b"application/json").outcome is Outcome.BAD_CONTRACT


def test_text_that_is_json_is_entered():
    how = fields(stream={"framing": "ndjson", "text": "event.0.text", "done_at": "event.0.last"})
    seen = read(how, b'{"event":"[{\\"text\\":\\"Hi\\",\\"last\\":true}]"}\n', kind=b"application/x-ndjson")
    assert (seen.outcome, seen.token_events) == (Outcome.OK, 1)


def test_an_answer_of_tool_calls_is_one_of_its_kind_in_both_modes():
    how = fields(
        answer={"text": "content.*.text", "tool_calls": "content.*.name"},
        stream={"text": "t", "tool_calls": "tool", "done_event": "end"},
    )
    stream = read(how, events((None, b'{"tool":"search"}'), ("end", b"{}")))
    whole = read(how, b'{"content":[{"name":"search"}]}', stream=False, kind=b"application/json")
    assert [(s.outcome, s.answer_kind) for s in (stream, whole)] == [(Outcome.OK, "tool_calls")] * 2
    plain = read(how, events((None, b'{"t":"a","tool":null}'), ("end", b"{}")))
    assert (plain.outcome, plain.answer_kind) == (Outcome.OK, "text")


def test_an_answer_without_text_breaks_the_contract_in_both_modes_and_says_what_came():
    how = fields(answer={"text": "t"}, stream={"text": "t", "reasoning": "r", "done_event": "end"})
    whole = read(how, b'{"t":""}', stream=False, kind=b"application/json")
    stream = read(how, events((None, b'{"t":""}'), ("note", b"{}"), ("end", b"{}")))
    thought = read(how, events((None, b'{"r":"hm"}'), ("end", b"{}")))
    assert {s.outcome for s in (whole, stream, thought)} == {Outcome.BAD_CONTRACT}
    assert whole.detail == "no text at t"
    assert stream.detail == "a stream without text: events were end, message, note"
    assert thought.detail == "a stream without text, only reasoning: events were end, message"


def test_reasoning_has_a_time_of_its_own_before_the_first_token():
    how = fields(stream={"text": "t", "reasoning": "r", "done_event": "end"})
    seen = read(how, events((None, b'{"r":"hm"}')), events((None, b'{"t":"a"}'), ("end", b"{}")))
    assert (seen.outcome, seen.first_reasoning_s, seen.first_token_s) == (Outcome.OK, 0.02, 0.03)


@pytest.mark.parametrize(
    ("path", "body"),
    [("0.generated_text", b'[{"generated_text":"Hi"}]'), ("$", b'"Hi"'), ("", b"Hi"), ("a", b'{"a":"Hi"}')],
)
def test_a_whole_answer_may_be_any_json_or_bare_text(path, body):
    how = fields(answer={"text": path})
    seen = read(how, body, stream=False, kind=b"text/plain")
    assert (seen.outcome, seen.answer_digest) == (
        Outcome.OK,
        read(fields(answer={"text": ""}), b"Hi", stream=False, kind=b"text/plain").answer_digest,
    )
    assert read(how, b"", stream=False, kind=b"text/plain").outcome is Outcome.BAD_CONTRACT


def test_bare_text_that_is_an_error_of_json_is_one():
    seen = read(fields(answer={"text": ""}), b'{"error":{"code":"overloaded"}}', stream=False, kind=b"application/json")
    assert (seen.outcome, seen.error_code) == (Outcome.OVERLOADED, "overloaded")
