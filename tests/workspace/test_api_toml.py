"""Plain headers, names of headers and options of openai-chat in a target.toml."""

from pathlib import Path

import pytest

from harness.domain.target import Target
from harness.errors import BadFile
from harness.workspace.api_toml import header_problem
from harness.workspace.target_toml import read_target


def declared(folder: Path, text: str) -> Target:
    said = f'base_url = "http://127.0.0.1:9"\n{text}\n[runtime]\nkind = "external"\n'
    (folder / "target.toml").write_text(said)
    return read_target(folder, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("anthropic-version", "2023-06-01"),
        ("X-Tenant", "acme"),
        ("X-Tenant", "2f1c4a52-7b8e-4c1d-9a3e-0d6f5b4c3a21"),
        ("X-Model", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("X-Model", "gpt-4o-mini-2024-07-18-preview-for-us"),
        ("X-Upstream", "abc123.appsync-api.eu-west-1.amazonaws.com"),
        ("User-Agent", "our-client/2.1 (load test)"),
        ("X-Feature-Flags", "rag-v2,rerank=on,index=docs-2026-11-26"),
        ("Authorization", "${CHAT_KEY}"),
        ("X-Api-Key", "${CHAT_KEY}"),
    ],
)
def test_what_is_no_secret_may_stand_in_the_file(name: str, value: str) -> None:
    assert header_problem(name, value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "anything"),
        ("X-Api-Key", "anything"),
        ("api-key", "anything"),
        ("Ocp-Apim-Subscription-Key", "anything"),
        ("Cookie", "a=b"),
        ("X-Token", "anything"),
        ("X-Tenant", "Bearer abc"),
        ("X-Tenant", "sk-proj-12"),
        ("X-Tenant", "eyJhbGciOi"),
        ("X-Tenant", "0123456789abcdef0123456789abcdef"),
        ("X-Tenant", "q8Zt5rN2vX7pL0sK4mB9cD3fG6hJ1wYe"),
    ],
)
def test_a_secret_by_its_name_or_its_looks_stays_in_the_environment(name: str, value: str) -> None:
    problem = header_problem(name, value) or ""
    assert "looks like a secret" in problem
    assert "${VARIABLE}" in problem
    assert value not in problem.replace(name, "")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Host", "x", "sets it itself"),
        ("content-length", "1", "sets it itself"),
        ("X-Request-Id", "1", "sets it itself"),
        ("X Tenant", "x", "is not a header name"),
        ("X-Tenant", "a\r\nX-Other: b", "printable"),
        ("X-Tenant", " a", "printable"),
        ("X-Tenant", "für uns", "printable"),
        ("X-Tenant", "eu-${REGION}", "alone"),
    ],
)
def test_what_would_break_a_request_is_refused(name: str, value: str, words: str) -> None:
    assert words in (header_problem(name, value) or "")


def test_plain_headers_and_those_of_the_environment_are_kept_apart(tmp_path: Path) -> None:
    made = declared(tmp_path, '[headers]\nX-Tenant = "acme"\nX-Api-Key = "${CHAT_KEY}"')
    assert (made.headers, made.headers_from_env) == ({"X-Tenant": "acme"}, {"X-Api-Key": "CHAT_KEY"})


def test_every_wrong_header_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        declared(tmp_path, '[headers]\nHost = "x"\nX-Api-Key = "abc"')
    assert all(words in str(refused.value) for words in ("Host: the load", "X-Api-Key: looks like a secret"))


def test_names_of_headers_are_the_apis_own(tmp_path: Path) -> None:
    names = declared(tmp_path, '[header_names]\ninstance_id = "X-Pod"\nrequest_id = "X-Correlation-Id"').header_names
    assert (names.instance_id, names.request_id, names.instance_age_ms) == (
        "X-Pod",
        "X-Correlation-Id",
        "X-Instance-Age-Ms",
    )


def test_openai_chat_is_asked_as_its_server_wants(tmp_path: Path) -> None:
    said = 'dialect = "openai-chat"\nmodel = "o"\n[openai]\nmax_tokens_field = "max_completion_tokens"\n'
    made = declared(tmp_path, said + 'stream_options = false\npath = "/chat"\nextra = { temperature = 0 }')
    assert made.openai.path_for(made.model) == "/chat"
    assert made.openai.body([], 9, made.model, stream=True) == {
        "temperature": 0,
        "messages": [],
        "stream": True,
        "max_completion_tokens": 9,
        "model": "o",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[openai]\nstream_options = false", '[openai] requires dialect = "openai-chat"'),
        ('dialect = "openai-chat"\n[openai]\nextra = { stream = true }', "stream: comes from the question"),
        ('dialect = "openai-chat"\n[openai]\nmax_tokens_field = "n"', "max_completion_tokens"),
        ('dialect = "openai-chat"\n[openai]\npath = "/{x}"', "{x} stands for nothing in a path"),
        ('model = "m"', "{model} in [mapping]"),
        ('dialect = "mapped"', '[mapping] and dialect = "mapped" go together'),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadFile) as refused:
        declared(tmp_path, text)
    assert words in str(refused.value)


MAPPED = 'dialect = "mapped"\n[mapping]\npath = "/x"\nanswer = { text = "a" }\nrequest = { q = "{prompt}", '


@pytest.mark.parametrize(
    "field", ['authorization = "abc"', 'inner = [{ x-api-key = "abc" }]', 'id = "sk-proj-1234"', 'access_token = "abc"']
)
def test_a_body_holds_no_secret(tmp_path: Path, field: str) -> None:
    with pytest.raises(
        BadFile, match=r"looks like a secret, which would stand in evidence: write \"\{env:VARIABLE\}\""
    ):
        declared(tmp_path, f"{MAPPED}{field} }}")


def test_a_body_may_hold_one_of_the_environment_and_anything_else(tmp_path: Path) -> None:
    more = 'x-api-key = "{env:CHAT_KEY}", max_tokens = "{max_tokens}", tokenizer = "gpt2", key = "id"'
    made = declared(tmp_path, f"{MAPPED}{more} }}")
    assert made.fields is not None
    assert made.fields.environment == ("CHAT_KEY",)
    assert made.fields.body({"prompt": "p"})["x-api-key"] == "{env:CHAT_KEY}", "read only where it is sent"
    assert made.fields.with_secrets({"CHAT_KEY": "k"}).body({"prompt": "p"})["x-api-key"] == "k"


def test_a_variable_that_is_called_as_secrets_are_is_not_filled_into_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_KEY", "hidden")
    monkeypatch.setenv("CHAT_HOST", "h")
    made = declared(tmp_path, f'{MAPPED}host = "${{CHAT_HOST}}" }}')
    assert made.fields is not None
    assert made.fields.request["host"] == "h"
    with pytest.raises(BadFile, match="CHAT_KEY would stand in evidence") as refused:
        declared(tmp_path, f'{MAPPED}k = "${{CHAT_KEY}}" }}')
    assert "hidden" not in str(refused.value)
