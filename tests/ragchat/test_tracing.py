"""Spans of one answer over OTLP to a real receiver, and the client's context where nobody traces."""

import subprocess
import sys
import time

import httpx
import pytest
from ragchat.tracing import tracing_of

from tests.local.platform import Up, workspace
from tests.peers.serving import Quiet, serving

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"


@pytest.fixture
def receiver():
    """POST /v1/traces of protobuf, decoded by OpenTelemetry's own messages: the URL, and spans by name as they come."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    spans = {}

    class Handler(Quiet):
        def answer(self):
            said = ExportTraceServiceRequest.FromString(self.body())
            for resource in said.resource_spans:
                for scope in resource.scope_spans:
                    spans.update({span.name: span for span in scope.spans})
            self.send(200)

    with serving(Handler) as url:
        yield url, spans


def test_request_retrieval_and_model_are_spans_of_the_clients_trace(receiver, tmp_path, corpus):
    url_of, spans = receiver
    folder = workspace(tmp_path, corpus)
    path = folder / "targets" / "local_container" / "target.toml"
    more = f'[runtime.environment]\nRAG_OTLP = "1"\nOTEL_EXPORTER_OTLP_ENDPOINT = "{url_of}"\nOTEL_BSP_SCHEDULE_DELAY = "100"\n'
    path.write_text(
        path.read_text().replace("[runtime.environment]\n", more).replace("workers     = 2", "workers     = 1")
    )
    ask = {"messages": [{"role": "user", "content": "What does json.dumps do?"}], "max_tokens": 12, "stream": True}
    with Up(folder, "local_container") as running:
        url = running.urls["local_container"]
        headers = {"traceparent": TRACEPARENT, "X-Request-Id": "req-7"}
        httpx.post(f"{url}/v1/chat", json=ask, headers=headers, timeout=30, trust_env=False).raise_for_status()
        deadline = time.monotonic() + 15
        while len(spans) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
    whole = spans["POST /v1/chat"]

    assert set(spans) == {"POST /v1/chat", "retrieval", "model"}
    assert {s.trace_id.hex() for s in spans.values()} == {TRACE_ID}
    assert whole.parent_span_id.hex() == "b7ad6b7169203331"
    assert {spans[n].parent_span_id for n in ("retrieval", "model")} == {whole.span_id}
    assert {a.key: a.value.string_value for a in whole.attributes}["http.request.header.x-request-id"] == "req-7"
    assert whole.start_time_unix_nano <= spans["retrieval"].start_time_unix_nano < spans["model"].end_time_unix_nano
    assert spans["model"].end_time_unix_nano <= whole.end_time_unix_nano + 5_000_000


def test_without_it_the_clients_own_context_is_handed_on():
    trace = tracing_of(on=False).begin(TRACEPARENT, "r")
    trace.step("retrieval", 0.0, 1.0)
    trace.end()
    assert trace.traceparent == TRACEPARENT


def test_a_service_that_does_not_trace_does_not_import_it():
    code = (
        "import sys, ragchat.app; print([m for m in sys.modules if m.startswith(('opentelemetry', 'boto', 'psycopg'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
