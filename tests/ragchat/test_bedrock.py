"""The Bedrock backend over a local stub that speaks the real event-stream frames."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ragchat.bedrock import Bedrock
from ragchat.contract import ContractError
from ragchat.model import Generation

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


class Stub:
    """Answers ConverseStream with ``frames``, or refuses with a status and an error type."""

    def __init__(self, frames=(), refuse=None):
        stub = self
        self.asked = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.asked.append((self.path, body))
                if refuse:
                    status, kind = refuse
                    data = json.dumps({"message": "words of the service"}).encode()
                    self.send_response(status)
                    self.send_header("x-amzn-ErrorType", kind)
                    self.send_header("Content-Type", "application/json")
                else:
                    data = b"".join(frames)
                    self.send_response(200)
                    self.send_header("Content-Type", "application/vnd.amazon.eventstream")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


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
    with Stub(WHOLE) as stub:
        assert ask(stub.url, generation) == ["Hel", "lo."]
    path, body = stub.asked[0]

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
    with Stub(refuse=refuse) as stub, pytest.raises(ContractError) as refused:
        ask(stub.url, Generation())
    assert (refused.value.status, refused.value.code, refused.value.source) == (status, code, "model")
    assert len(stub.asked) == 1, "a retry inside would hide a throttle from the pilot"


def test_a_throttle_in_the_middle_of_a_stream_is_one():
    frames = [*WHOLE[:2], failure("throttlingException", "too many tokens")]
    with Stub(frames) as stub, pytest.raises(ContractError, match="throttled"):
        ask(stub.url, Generation())


def test_a_stream_that_breaks_is_an_upstream_error():
    with Stub([WHOLE[0], WHOLE[1][:-3] + b"xyz"]) as stub, pytest.raises(ContractError) as refused:
        ask(stub.url, Generation())
    assert refused.value.code == "upstream_error"
