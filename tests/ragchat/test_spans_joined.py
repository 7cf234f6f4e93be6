"""The reference service's own spans, by the way of a Collector's file, joined to the requests that the generator would send."""

import base64
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest

from harness.analysis.spans import spans
from harness.domain import arrivals
from harness.domain.mix import Mix
from harness.domain.questions import Message, Question
from harness.domain.reading import Window
from harness.domain.schedule import Arrival
from harness.load.bodies import Bodies
from harness.load.spec import RunSpec
from harness.platforms.shared.otlp_traces import OtlpTraces
from tests.analysis.fakes import run_of
from tests.local.platform import Up, workspace
from tests.peers.serving import Quiet, serving

ASKED = 6
QUESTION = Question("q0", (Message("user", "What does json.dumps do?"),), max_tokens=12)


@dataclass
class Record:
    path: Path


def as_json(message):
    """OTLP/JSON as the Collector's file exporter writes it: ids are hexadecimal, 64-bit numbers are text."""
    json_format = pytest.importorskip("google.protobuf.json_format")

    def hexed(value):
        if isinstance(value, list):
            return [hexed(one) for one in value]
        if not isinstance(value, dict):
            return value
        ids = ("traceId", "spanId", "parentSpanId")
        return {k: base64.b64decode(v).hex() if k in ids else hexed(v) for k, v in value.items()}

    return hexed(json_format.MessageToDict(message))


@pytest.fixture
def collector(tmp_path):
    """Its URL, and the file that it writes."""
    messages = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    file = tmp_path / "collected.jsonl"
    file.touch()

    class Handler(Quiet):
        def answer(self):
            said = messages.ExportTraceServiceRequest.FromString(self.body())
            with file.open("a") as out:
                out.write(json.dumps(as_json(said)) + "\n")
            self.send(200)

    with serving(Handler) as url:
        yield url, file


def head_of(sent):
    lines = sent.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    said = dict(line.split(": ", 1) for line in lines)
    return {k: said[k] for k in said if k.lower() in ("traceparent", "x-request-id", "content-type", "accept")}


def test_where_an_answers_time_went_is_told_by_the_services_own_spans(collector, tmp_path, corpus):
    endpoint, file = collector
    folder = workspace(tmp_path / "w", corpus)
    path = folder / "targets" / "local_container" / "target.toml"
    more = f'[runtime.environment]\nRAG_OTLP = "1"\nOTEL_EXPORTER_OTLP_ENDPOINT = "{endpoint}"\nOTEL_BSP_SCHEDULE_DELAY = "100"\n'
    path.write_text(path.read_text().replace("[runtime.environment]\n", more))
    spec = RunSpec("steady", "t", None, "rag-chat/1", arrivals.constant(1), 1, 1, 5.0, Mix(), "", "", None, None)
    origin = SimpleNamespace(prefix="", host_header="127.0.0.1")
    bodies = Bodies(replace(spec, traced=True), {"q0": QUESTION}, origin)
    ids = [f"a1b2c3d4e5f6a7b8c9d0{k:012x}" for k in range(ASKED)]
    began = time.time()
    with Up(folder, "local_container") as running:
        for k, request_id in enumerate(ids):
            sent = bodies.request(Arrival(k, float(k), "steady", True, "q0", stream=False), request_id)
            body = sent.partition(b"\r\n\r\n")[2]
            url = f"{running.urls['local_container']}/v1/chat"
            httpx.post(url, content=body, headers=head_of(sent), timeout=30, trust_env=False).raise_for_status()
        deadline = time.monotonic() + 15
        while file.read_text().count('"name": "model"') < ASKED and time.monotonic() < deadline:
            time.sleep(0.1)
    source = OtlpTraces(file)
    window = Window(began - 1, time.time() + 1)
    source.read(window)
    (tmp_path / "run" / "readings").mkdir(parents=True)
    (tmp_path / "run" / "readings" / "otlp-traces.log").write_text("\n".join(source.lines(window)))
    run = replace(run_of(np.full(ASKED, 0.1), request_id=np.array(ids, dtype=object)), record=Record(tmp_path / "run"))
    found = {s.name: (s.joined, s.answers) for s in spans("alpha", "steady", [run])}

    assert found == dict.fromkeys(("POST /v1/chat", "retrieval", "model"), (ASKED, ASKED))
