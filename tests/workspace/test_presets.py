"""Presets: how each asks, and what a run keeps of answers in the shapes that these services send.

The shapes of anthropic, ai-sdk, langserve and langgraph are those that the services sent here; ollama,
bedrock-converse and azure-openai are written by their documents.
"""

import json
import tomllib

import pytest

from harness.domain.sample import Outcome
from harness.domain.target import Dialect
from harness.errors import BadFile, Refused
from harness.workspace import presets
from harness.workspace.target_toml import read_target, undeclared
from tests.dialects.framing.test_aws_event_stream import event
from tests.dialects.reading import events, preset, read

MESSAGES = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}]
VALUES = {"prompt": "Why?", "messages": MESSAGES, "stream": False, "max_tokens": 9}
JSON = b"application/json"


def declared(folder, text, name="t"):
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "target.toml").write_text(
        f'base_url = "http://127.0.0.1:9"\n{text}\n[runtime]\nkind = "external"\n'
    )
    return read_target(folder / name, {})


LANGGRAPH = 'dialect = "langgraph"\n[api]\nassistant = "rag"'


@pytest.mark.parametrize("name", presets.names())
def test_each_says_what_it_needs_and_opens_once_it_has_it(name, tmp_path):
    found = presets.preset(name)
    model = 'model = "m"' if "model" in found.needs else ""
    api = "".join(f'{key[4:]} = "x"\n' for key in found.needs if key.startswith("api."))
    made = declared(tmp_path, f'dialect = "{name}"\n{model}\n[api]\n{api}')
    assert made.preset == name
    assert made.dialect in (Dialect.MAPPED, Dialect.OPENAI_CHAT)
    assert "{" not in (made.fields.path_for(stream=True) if made.fields else made.openai.path_for(made.model))
    if not found.needs:
        return
    with pytest.raises(BadFile) as refused:
        declared(tmp_path, f'dialect = "{name}"', "bare")
    assert {p.field for p in refused.value.problems} == set(found.needs)
    assert all(what in str(refused.value) for what in found.needs.values())


@pytest.mark.parametrize("name", presets.names())
def test_each_may_be_copied_into_a_target(name, tmp_path):
    """What a preset says is nothing but tables of target.toml."""
    text = (presets.FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    found = presets.preset(name)
    copied = {**tomllib.loads(text), "base_url": "http://127.0.0.1:9", "runtime": {"kind": "external"}}
    assert copied["title"], copied["verified"]
    data, said, problems = presets.laid_under({k: v for k, v in copied.items() if k != "needs"} | {"model": "m"})
    assert (said, [p for p in problems if p.field.startswith("dialect")]) == (None, [])
    assert data["dialect"] == found.tables["dialect"]


def test_anthropic_keeps_the_system_apart_and_sends_its_version():
    made = preset("anthropic", "claude")
    body = made.fields.body(VALUES)
    assert (body["system"], body["messages"]) == ("Be short.", MESSAGES[1:])
    assert (body["model"], body["max_tokens"], made.headers) == ("claude", 9, {"anthropic-version": "2023-06-01"})
    assert "system" not in made.fields.body({**VALUES, "messages": MESSAGES[1:]})


def test_anthropics_stream():
    rows = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 11, "output_tokens": 1}}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Because"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 12}},
        {"type": "message_stop"},
    ]
    wire = [events((row["type"], json.dumps(row).encode())) for row in rows]
    seen = read(preset("anthropic"), *wire)
    assert (seen.outcome, seen.token_events, seen.input_tokens, seen.output_tokens) == (Outcome.OK, 1, 11, 12)
    assert (seen.first_reasoning_s, seen.first_token_s) == (0.04, 0.05), "thought is no token of the answer"
    busy = events(("error", b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'))
    failed = read(preset("anthropic"), *wire[:4], busy)
    assert (failed.outcome == Outcome.OK, failed.error_code) == (False, "overloaded_error")


def test_ollama():
    made = preset("ollama", "llama3.2")
    assert made.fields.body(VALUES)["options"] == {"num_predict": 9}
    wire = (
        b'{"model":"llama3.2","message":{"role":"assistant","content":"Be"},"done":false}\n',
        b'{"model":"llama3.2","message":{"role":"assistant","content":"cause"},"done":false}\n',
        b'{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":2}\n',
    )
    seen = read(made, *wire, kind=b"application/x-ndjson")
    assert (seen.outcome, seen.token_events, seen.input_tokens, seen.output_tokens) == (Outcome.OK, 2, 26, 2)
    assert read(made, wire[0], b'{"error":"out of memory"}\n', kind=b"application/x-ndjson").outcome is not Outcome.OK
    assert read(made, *wire[:2], kind=b"application/x-ndjson").outcome is Outcome.CUT_STREAM


def test_the_ai_sdks_data_stream():
    made = preset("ai-sdk", None)
    assert made.fields.body(VALUES)["messages"][1] == {"role": "user", "parts": [{"type": "text", "text": "Why?"}]}
    assert not made.fields.answers_whole
    rows = [
        b'{"type":"start"}', b'{"type":"reasoning-delta","id":"r","delta":"hm"}', b'{"type":"text-start","id":"t"}',
        b'{"type":"text-delta","id":"t","delta":"Because"}', b'{"type":"text-delta","id":"t","delta":"."}',
        b'{"type":"finish","messageMetadata":{"usage":{"inputTokens":50,"outputTokens":2}}}', b"[DONE]",
    ]  # fmt: skip
    seen = read(made, *(events((None, row)) for row in rows))
    assert (seen.outcome, seen.token_events, seen.input_tokens, seen.output_tokens) == (Outcome.OK, 2, 50, 2)
    assert seen.first_token_s == 0.05
    failed = read(made, events((None, rows[3]), (None, b'{"type":"error","errorText":"no"}'), (None, b"[DONE]")))
    assert failed.outcome is not Outcome.OK


def test_langserve():
    made = preset("langserve", None)
    assert made.fields.body(VALUES) == {"input": {"question": "Why?"}}
    assert (made.fields.path_for(stream=False), made.fields.path_for(stream=True)) == ("/invoke", "/stream")
    wire = events(("metadata", b'{"run_id": "1"}'), ("data", b'"F"'), ("data", b'"r"'))
    assert read(made, wire, events(("end", None))).token_events == 2
    assert read(made, wire, events(("end", None))).outcome is Outcome.OK
    assert read(made, wire).outcome is Outcome.CUT_STREAM
    failed = read(made, wire, events(("error", b'{"status_code":500,"message":"Internal Server Error"}')))
    assert (failed.outcome == Outcome.OK, failed.error_code) == (False, "500")
    assert read(made, b'{"output":"From","metadata":{}}', stream=False, kind=JSON).outcome is Outcome.OK


def test_langserve_with_messages_and_an_input_of_its_own(tmp_path):
    """A request replaces the preset's whole, a path only itself."""
    said = 'dialect = "langserve"\n[mapping]\nrequest = { topic = "{prompt}" }\n[mapping.stream]\ntext = "content"'
    made = declared(tmp_path, said)
    assert made.fields.body(VALUES) == {"topic": "Why?"}
    assert read(made, events(("data", b'{"content":"F"}'), ("end", None))).token_events == 1


def test_langgraph(tmp_path):
    made = declared(tmp_path, LANGGRAPH)
    assert made.fields.body({**VALUES, "stream": True})["stream_mode"] == ["messages-tuple"]
    assert "stream_mode" not in made.fields.body(VALUES)
    rows = [
        ("metadata", b'{"run_id":"1","attempt":1}'),
        ("messages", b'[{"content":"F","type":"AIMessageChunk"},{"langgraph_node":"llm"}]'),
        ("messages", b'[{"content":"","usage_metadata":{"input_tokens":4,"output_tokens":1}},{}]'),
    ]
    seen = read(made, *(events(row) for row in rows))
    assert (seen.outcome, seen.token_events, seen.input_tokens) == (Outcome.OK, 1, 4)
    assert read(made, events(*rows, ("error", b'{"error":"ValueError","message":"x"}'))).outcome is not Outcome.OK
    whole = b'{"messages":[{"content":"Why?","type":"human"},{"content":"Because","type":"ai","usage_metadata":null}]}'
    assert read(made, whole, stream=False, kind=JSON).outcome is Outcome.OK


def test_hayhooks_ends_with_its_reason_and_without_done():
    chunk = b'{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}'
    last = b'{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}'
    made = preset("hayhooks", "rag")
    assert read(made, events((None, chunk), (None, last))).outcome is Outcome.OK
    assert read(made, events((None, chunk))).outcome is Outcome.CUT_STREAM


def test_bedrock_converse():
    made = preset("bedrock-converse", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x:0")
    assert made.fields.path_for(stream=True) == (
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x%3A0/converse-stream"
    )
    assert made.fields.body(VALUES) == {
        "system": [{"text": "Be short."}],
        "messages": [{"role": "user", "content": [{"text": "Why?"}]}],
        "inferenceConfig": {"maxTokens": 9},
    }
    wire = (
        event("messageStart", role="assistant"),
        event("contentBlockDelta", delta={"reasoningContent": {"text": "hm"}}),
        event("contentBlockDelta", delta={"text": "Because"}),
        event("messageStop", stopReason="end_turn"),
        event("metadata", usage={"inputTokens": 7, "outputTokens": 2}, metrics={"latencyMs": 400}),
    )
    kind = b"application/vnd.amazon.eventstream"
    seen = read(made, *wire, kind=kind)
    assert (seen.outcome, seen.token_events, seen.output_tokens, seen.generation_ms) == (Outcome.OK, 1, 2, 400.0)
    assert seen.first_token_s == 0.04
    assert read(made, *wire[:4], kind=kind).outcome is Outcome.CUT_STREAM


def test_azure_openai_names_the_deployment_in_its_path(tmp_path):
    made = declared(tmp_path, 'dialect = "azure-openai"\nmodel = "chat 1"\n[api]\napi_version = "2025-01-01"')
    assert made.dialect is Dialect.OPENAI_CHAT
    assert made.openai.path_for(made.model) == "/openai/deployments/chat%201/chat/completions?api-version=2025-01-01"


def test_a_name_that_is_no_api_is_said_with_the_nearest(tmp_path):
    with pytest.raises(BadFile, match="no API 'olama': did you mean ollama"):
        declared(tmp_path, 'dialect = "olama"\nmodel = "m"')


def test_a_value_of_api_that_nothing_uses_is_said_with_the_nearest(tmp_path):
    with pytest.raises(BadFile, match="did you mean assistant"):
        declared(tmp_path, f'{LANGGRAPH}\nassistent = "x"')
    with pytest.raises(BadFile, match="filled in for each question"):
        declared(tmp_path, f'{LANGGRAPH}\nprompt = "x"')


def test_by_hand_a_preset_needs_no_file_unless_it_needs_more_than_a_model():
    assert undeclared("http://127.0.0.1:9", "ollama", "m").preset == "ollama"
    with pytest.raises(Refused, match=r"model is required .*ollama list"):
        undeclared("http://127.0.0.1:9", "ollama", None)
    with pytest.raises(Refused, match=r"api\.assistant is required"):
        undeclared("http://127.0.0.1:9", "langgraph", None)
    with pytest.raises(Refused, match="only a target"):
        undeclared("http://127.0.0.1:9", "mapped", None)
