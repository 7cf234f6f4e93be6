"""An API of a team's own: found, asked, and drafted from real answers, each guess marked; or said to be none that can be piloted."""

import json
import tomllib
from dataclasses import replace

import pytest

from harness.check.contract_check import Answer
from harness.check.endpoint import EndpointHints
from harness.check.guess import Streamed, of_stream, of_whole
from harness.check.openapi import Asking, askings
from harness.check.recognise import recognise
from harness.dialects.framing.events import Event
from harness.workspace.target_toml import target_of
from tests.peers.raw import not_found, raw, sse, streamed, whole

WORDS = ("Until ", "Saturday, ", "and ", "then ", "on ", "Monday.")
TEXT = "".join(WORDS)
SOURCES = [{"id": "p1"}, {"id": "p2"}]
USAGE = {"prompt_tokens": 50, "completion_tokens": 6}
ASK = Asking("/ask", {"question": "{prompt}", "stream": "{stream}"})
OPENAPI = {
    "openapi": "3.1.0",
    "paths": {
        "/health": {"get": {}},
        "/upload": {"post": {"requestBody": {"content": {"multipart/form-data": {}}}}},
        "/ask": {
            "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ask"}}}}}
        },
    },
    "components": {
        "schemas": {
            "Ask": {
                "type": "object",
                "required": ["question", "collection"],
                "properties": {
                    "question": {"type": "string"},
                    "collection": {"type": "string", "enum": ["handbook", "faq"]},
                    "stream": {"type": "boolean", "default": True},
                    "max_tokens": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
            }
        }
    },
}


def own(asked):
    """An API with names of its own, and events with names."""
    if asked.path == "/openapi.json":
        return whole(OPENAPI)
    if asked.path != "/ask" or "question" not in asked.fields:
        return not_found(asked) if asked.path != "/ask" else whole({"detail": "question is missing"}, "422 X")
    if not asked.stream:
        return whole({"answer": TEXT, "sources": SOURCES, "usage": USAGE})
    tokens = [sse({"t": word}, "token") for word in WORDS]
    return streamed(*tokens, sse({"sources": SOURCES, "usage": USAGE}, "done"))


def seen(answer, asking=None, **told):
    with raw(answer) as url:
        return recognise(url, EndpointHints(**told), asking)


def test_it_is_found_by_its_openapi_document_and_held_to_what_was_drafted():
    found = seen(own)
    mapping = found.target.fields

    assert {c.answer for c in found.held} == {Answer.PASS}
    assert mapping.path == "/ask"
    assert mapping.request == {
        "question": "{prompt}",
        "stream": "{stream}",
        "max_tokens": "{max_tokens}",
        "collection": "handbook",
    }
    assert (mapping.answer.text, mapping.answer.output_tokens) == ("answer", "usage.completion_tokens")
    assert (mapping.stream.token_event, mapping.stream.text, mapping.stream.done_event) == ("token", "t", "done")
    assert mapping.stream.places.citations == "sources.*.id"


def test_the_draft_is_a_target_toml_in_which_each_guess_says_what_it_rests_on():
    found = seen(own)
    read = target_of(tomllib.loads(found.draft), "ours")
    lines = found.draft.splitlines()

    assert read.fields == found.target.fields
    assert all("# guess: " in line for line in lines if line.startswith(("text", "token_event", "done_event", "path")))
    [text] = [line for line in lines if line.startswith('text = "t"')]
    assert "together they are the whole answer" in text


def test_what_a_person_says_is_no_guess():
    found = seen(own, ASK)
    assert {c.answer for c in found.held} == {Answer.PASS}
    assert 'path = "/ask"\n' in found.draft
    assert found.target.fields.request == ASK.request


def test_a_path_is_enough_where_its_body_is_a_usual_one():
    def answer(asked):
        return own(asked) if asked.path == "/ask" else not_found(asked)

    found = seen(answer, Asking("/ask", {}, guessed=("request",)))
    assert found.target.fields.request == {"question": "{prompt}", "stream": "{stream}"}
    assert "POST /ask 422" in found.asked, "a conversation was tried first"


def test_an_error_inside_a_200_is_not_drafted_as_an_answer():
    """As a Lambda function's runtime tells what it threw."""

    def answer(asked):
        if asked.path != "/ask":
            return not_found(asked)
        thrown = {"errorMessage": "undefined (reading 'toLowerCase')", "errorType": "TypeError", "stackTrace": ["ask"]}
        return own(asked) if "question" in asked.fields else whole(thrown)

    found = seen(answer, Asking("/ask", {}, guessed=("request",)))
    assert found.target.fields.request == {"question": "{prompt}", "stream": "{stream}"}
    assert found.target.fields.answer.text == "answer"


def test_one_error_at_every_path_is_no_sign_of_openais_api():
    """As a function answers that does not look at the path."""

    def answer(asked):
        if "question" not in asked.fields:
            return whole({"error": {"code": "no_question"}}, "400 Bad Request")
        return own(replace(asked, path="/ask"))

    found = seen(answer)
    assert found.target.fields.path == "/"
    assert {c.answer for c in found.held} == {Answer.PASS}


def test_the_place_itself_may_be_said_instead_of_its_base():
    def answer(asked):
        return own(asked) if asked.path == "/ask" else not_found(asked)

    with raw(answer) as url:
        found = recognise(f"{url}/ask")
    assert (found.target.base_url, found.target.fields.path) == (url, "/ask")


@pytest.mark.parametrize(
    ("path", "prefix", "name"), [("/api/chat", "", "ollama"), ("/docs/invoke", "/docs", "langserve")]
)
def test_a_known_api_is_told_by_its_paths(path, prefix, name):
    paths = {"ollama": [path], "langserve": [path, f"{prefix}/stream"]}[name]

    def answer(asked):
        if asked.path == "/openapi.json" and name == "langserve":
            return whole({"paths": {one: {"post": {}} for one in paths}})
        if asked.path == "/api/tags":
            return whole({"models": [{"name": "small:1b"}]})
        if asked.path not in paths:
            return not_found(asked)
        if name == "langserve":
            events = [sse(json.dumps(word), "data") for word in WORDS]
            return streamed(*events, "event: end\n\n") if asked.path.endswith("stream") else whole({"output": TEXT})
        if not asked.stream:
            return whole({"message": {"content": TEXT}, "done": True, "prompt_eval_count": 5, "eval_count": 6})
        lines = [json.dumps({"message": {"content": w}, "done": False}) + "\n" for w in WORDS]
        end = json.dumps({"done": True, "prompt_eval_count": 5, "eval_count": 6}) + "\n"
        return streamed(*lines, end, kind="application/x-ndjson")

    with raw(answer) as url:
        found = recognise(url)
    assert found.target.preset == name
    assert found.url == url + prefix
    assert {c.answer for c in found.held} == {Answer.PASS}


def queued(asked):
    """An answer in two steps, without a sign that names its maker."""
    ask = {"post": OPENAPI["paths"]["/ask"]["post"]}
    if asked.path == "/openapi.json":
        return whole({**OPENAPI, "paths": {"/jobs": ask, "/jobs/{job_id}": {"get": {}}}})
    return whole({"job_id": "7969936a", "status": "queued"}) if asked.path == "/jobs" else not_found(asked)


def gradio(asked):
    return whole({"named_endpoints": {"/chat": {}}}) if asked.path == "/gradio_api/info" else not_found(asked)


def chainlit(asked):
    polled = asked.path.startswith("/ws/socket.io/")
    return whole(b'0{"sid":"yPL1","upgrades":["websocket"]}', kind="text/plain") if polled else not_found(asked)


@pytest.mark.parametrize(("answer", "what"), [(queued, "two steps"), (gradio, "two steps"), (chainlit, "Socket.IO")])
def test_what_cannot_be_piloted_is_said_with_what_was_seen_and_nothing_is_drafted(answer, what):
    found = seen(answer)
    assert found.seen.answer is Answer.FAIL
    assert "cannot be piloted as it is" in found.seen.detail
    assert what in found.seen.detail
    assert "docs/not-pilotable.md" in found.seen.mend
    assert found.target is None
    assert found.draft is None


def test_an_answer_in_which_nothing_looks_like_text_is_a_cant_tell():
    found = seen(lambda a: whole({"n": 3}) if a.path == "/ask" else not_found(a), ASK)
    assert found.seen.answer is Answer.UNKNOWN
    assert '{"n": 3}' in found.seen.said


# -- guesses


def guessed(guesses):
    return {guess.field: guess.value for guess in guesses}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"id": "a long identifier of something", "reply": "Yes."}, "reply"),
        ({"data": {"result": {"text": "Yes."}}, "model": "m"}, "data.result.text"),
        ({"choices": [{"message": {"role": "assistant", "content": "Yes."}}]}, "choices.0.message.content"),
        ({"messages": [{"content": "What?"}, {"content": "Yes."}]}, "messages.1.content"),
        ({"strange": "It is open until Saturday.", "x": "y"}, "strange"),
    ],
)
def test_the_text_of_a_whole_answer_is_guessed_by_its_name_then_its_length(body, text):
    assert guessed(of_whole(body))["text"] == text


def test_nothing_is_guessed_of_an_answer_without_text():
    assert of_whole({"ok": True, "n": 1}) == []


def events(*values, name="message"):
    return [Event(name, value if isinstance(value, bytes) else json.dumps(value).encode()) for value in values]


def test_a_stream_of_plain_data_ends_with_its_word():
    found = guessed(of_stream(Streamed(events(b"Until", b" Saturday", b"[DONE]"))))
    assert "text" not in found, "the data itself is the text"
    assert found["done_data"] == "[DONE]"


def test_events_that_say_in_their_data_what_they_are():
    rows = [{"type": "start"}, *({"type": "text-delta", "delta": w} for w in WORDS), {"type": "finish"}]
    found = guessed(of_stream(Streamed(events(*rows))))
    assert (found["event_at"], found["token_event"], found["text"]) == ("type", "text-delta", "delta")
    assert found["done_event"] == "finish"


def test_a_field_that_is_true_at_last_alone_ends_a_stream():
    rows = [{"message": {"content": w}, "done": False} for w in WORDS] + [{"done": True, "eval_count": 6}]
    found = guessed(of_stream(Streamed(events(*rows), "ndjson")))
    assert (found["framing"], found["text"], found["done_at"]) == ("ndjson", "message.content", "done")
    assert found["output_tokens"] == "eval_count"


def test_ids_and_roles_that_every_event_repeats_are_no_text():
    rows = [{"id": "c-1", "role": "assistant", "word": w} for w in WORDS]
    assert guessed(of_stream(Streamed(events(*rows))))["text"] == "word"


def test_a_document_without_a_place_for_a_question_offers_no_way_to_ask():
    assert (
        askings({"paths": {"/ask": {"post": {"requestBody": {"content": {"application/json": {"schema": {}}}}}}}}) == []
    )
    assert askings({"paths": "nonsense"}) == []
    assert askings({}) == []


def test_pieces_are_taken_for_the_text_and_not_the_whole_once_more_at_the_end():
    """As Text Generation Inference streams, with the model's own mark for the end among the pieces."""

    def answer(asked):
        if asked.path == "/generate":
            return whole({"generated_text": TEXT})
        pieces = [{"token": {"text": word, "special": False}, "generated_text": None} for word in WORDS]
        last = {"token": {"text": "</s>", "special": True}, "generated_text": TEXT}
        return streamed(*map(sse, (*pieces, last)))

    asking = Asking("/generate", {"inputs": "{prompt}"}, more={"stream_path": "/generate_stream"})
    stream = seen(answer, asking).target.fields.stream

    assert (stream.text, stream.done_at) == ("token.text", "token.special")


@pytest.mark.parametrize("length", [True, False])
def test_text_alone_is_drafted_whole_or_as_a_stream(length):
    said = TEXT.encode()

    def answer(asked):
        return whole(said, kind="text/plain") if length else streamed(said, kind="text/plain")

    found = seen(answer, Asking("/ask", {"question": "{prompt}"}))
    how = found.target.fields

    assert {c.answer for c in found.held} <= {Answer.PASS, Answer.UNTOLD}
    assert found.stream_share == (0 if length else 1)
    assert how.answer.text == "" if length else how.stream.framing == "text"


def test_an_only_event_that_is_text_is_no_mark_of_the_end():
    guesses = of_stream(Streamed([Event("message", b"Until Saturday.")]))

    assert "done_data" not in {guess.field for guess in guesses}
