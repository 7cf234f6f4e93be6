"""The Bedrock backend over a local stub that speaks the real event-stream frames."""

import asyncio
import json
from contextlib import contextmanager

import pytest
from ragchat.bedrock import Bedrock
from ragchat.contract import ContractError
from ragchat.model import Generation

from tests.peers.serving import Quiet, serving
from tests.ragchat.eventstream import event, failure

USAGE = {"inputTokens": 12, "outputTokens": 2, "totalTokens": 14, "cacheReadInputTokens": 3}
WHOLE = [
    event("messageStart", role="assistant"),
    event("contentBlockDelta", contentBlockIndex=0, delta={"text": "Hel"}),
    event("contentBlockDelta", contentBlockIndex=0, delta={"text": "lo."}),
    event("contentBlockStop", contentBlockIndex=0),
    event("messageStop", stopReason="end_turn"),
    event("metadata", usage=USAGE, metrics={"latencyMs": 5}),
]
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "assistant", "content": "dropped: turns begin with the user"},
    {"role": "user", "content": "one"},
    {"role": "user", "content": "two"},
]


@contextmanager
def bedrock(frames=(), refuse=None):
    """Answers ConverseStream with ``frames``, or refuses with a status and an error type; yields the URL and what was asked."""
    asked = []

    class Handler(Quiet):
        def answer(self):
            asked.append((self.path, json.loads(self.body())))
            if refuse is None:
                self.send(200, b"".join(frames), Content_Type="application/vnd.amazon.eventstream")
                return
            status, kind = refuse
            data = json.dumps({"message": "words of the service"}).encode()
            self.send(status, data, Content_Type="application/json", **{"x-amzn-ErrorType": kind})

    with serving(Handler) as url:
        yield url, asked


@pytest.fixture(autouse=True)
def _credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def ask(url, generation, timeout_s=10.0):
    async def texts():
        model = Bedrock("eu.model-1", "eu-west-1", timeout_s, url)
        try:
            return [t async for t in model.stream(MESSAGES, 40, "req-1", generation)]
        finally:
            model._client.close()

    return asyncio.run(texts())


def test_texts_come_as_they_are_streamed_with_usage_and_times():
    generation = Generation()
    with bedrock(WHOLE) as (url, asked):
        assert ask(url, generation) == ["Hel", "lo."]
    path, body = asked[0]

    assert path == "/model/eu.model-1/converse-stream"
    assert body["system"] == [{"text": "Be brief."}]
    assert body["messages"] == [{"role": "user", "content": [{"text": "one"}, {"text": "two"}]}]
    assert body["inferenceConfig"] == {"maxTokens": 40}
    assert body["requestMetadata"] == {"request_id": "req-1"}
    assert (generation.input_tokens, generation.output_tokens, generation.cached_input_tokens) == (12, 2, 3)
    assert 0 <= generation.ttft_ms <= generation.total_ms


@pytest.mark.parametrize(
    ("refuse", "status", "code"),
    [
        ((429, "ThrottlingException"), 503, "upstream_throttled"),
        ((503, "ServiceUnavailableException"), 503, "upstream_throttled"),
        ((403, "AccessDeniedException"), 502, "upstream_error"),
        ((400, "ValidationException"), 502, "upstream_error"),
    ],
)
def test_a_refusal_is_told_from_a_throttle_and_asked_once(refuse, status, code):
    with bedrock(refuse=refuse) as (url, asked), pytest.raises(ContractError) as refused:
        ask(url, Generation())
    assert (refused.value.status, refused.value.code, refused.value.source) == (status, code, "model")
    assert len(asked) == 1, "a retry inside would hide a throttle from the pilot"


def test_a_throttle_in_the_middle_of_a_stream_is_one():
    frames = [*WHOLE[:2], failure("throttlingException", "too many tokens")]
    with bedrock(frames) as (url, _), pytest.raises(ContractError, match="throttled"):
        ask(url, Generation())


def test_a_stream_that_breaks_is_an_upstream_error():
    with bedrock([WHOLE[0], WHOLE[1][:-3] + b"xyz"]) as (url, _), pytest.raises(ContractError) as refused:
        ask(url, Generation())
    assert refused.value.code == "upstream_error"
