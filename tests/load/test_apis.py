"""APIs of others over real sockets, through real Locust: how they are asked, and what a run keeps of their answers."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.load.run import questions_file, run

WORDS = ("Re", "start", " it.")


class Api(BaseHTTPRequestHandler):
    """Ollama's /api/chat, by its documents, on any path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        counts = {"done": True, "prompt_eval_count": 7, "eval_count": len(WORDS)}
        if not body["stream"]:
            return self._whole({"message": {"role": "assistant", "content": "".join(WORDS)}, **counts})
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("X-Pod", "pod-1")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in WORDS:
            self._line({"message": {"role": "assistant", "content": word}, "done": False})
            time.sleep(0.01)
        self._line({"message": {"content": ""}, **counts})
        self.wfile.write(b"0\r\n\r\n")
        return None

    def _line(self, value):
        line = json.dumps(value).encode() + b"\n"
        for part in (line[:7], line[7:]):  # a chunk ends where it likes
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()

    def _whole(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def serving():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


SHORT = ("--rate", "20", "--duration", "1", "--warmup", "0")


def test_a_preset_by_hand_asks_and_reads_json_lines(tmp_path):
    with serving() as (server, url):
        asks = ("--questions", str(questions_file(tmp_path, ["Why?"])), "--host", url)
        done = run(tmp_path, *asks, *SHORT, "--dialect", "ollama", "--model", "m", "--stream-share", "0.5")
    assert done.ended_well, done.output
    assert done.json("ledger.json")["outcomes"] == {"ok": 20}
    assert {path for path, _, _ in server.asked} == {"/api/chat"}
    assert all(body["model"] == "m" and "num_predict" in body["options"] for _, _, body in server.asked)
    streamed = [s for s in done.samples if s["stream"]]
    assert 0 < len(streamed) < 20
    assert {(s["token_events"], s["input_tokens"], s["output_tokens"]) for s in streamed} == {(3, 7, 3)}
    assert any(s["first_token_s"] < s["last_token_s"] for s in streamed), "each line as it came"
    assert len({s["answer_digest"] for s in done.samples}) == 1, "whole and streamed answers are the same text"


PILOT = """
[pilot]
question = "?"
baseline = "a"
candidate = "b"
[slo]
p95_s = 5
error_rate = 0.1
[traffic]
requests_per_month = 1000
peak_per_s = 1
[limits]
budget_usd = 1
"""
TARGET = """
base_url = "URL"
dialect  = "ollama"
model    = "m"
[headers]
X-Tenant  = "acme"
X-Api-Key = "${CHAT_KEY}"
[header_names]
instance_id = "X-Pod"
request_id  = "X-Correlation-Id"
[mapping]
stream_path    = "/live"
stream_request = { model = "{model}", q = "{prompt}", stream = true }
[runtime]
kind = "external"
"""


def test_a_declared_target_sends_its_headers_and_a_body_of_its_own_for_streams(tmp_path):
    with serving() as (server, url):
        (tmp_path / "pilot.toml").write_text(PILOT)
        for name in ("a", "b"):
            (tmp_path / "targets" / name).mkdir(parents=True)
            (tmp_path / "targets" / name / "target.toml").write_text(TARGET.replace("URL", url))
        asks = ("--questions", str(questions_file(tmp_path, ["Why?"])))
        done = run(tmp_path, *asks, *SHORT, "--mode", "stream", CHAT_KEY="hidden-1")
    assert done.ended_well, done.output
    assert {s["instance_id"] for s in done.samples} == {"pod-1"}
    path, headers, body = server.asked[0]
    assert (path, body) == ("/live", {"model": "m", "q": "Why?", "stream": True})
    assert (headers["X-Tenant"], headers["X-Api-Key"]) == ("acme", "hidden-1")
    assert {s["request_id"] for s in done.samples} == {h["X-Correlation-Id"] for _, h, _ in server.asked}
    assert not any(b"hidden-1" in file.read_bytes() for file in done.folder.rglob("*") if file.is_file())


def test_a_mix_that_the_api_cannot_answer_is_refused_before_anything_is_sent(tmp_path):
    with serving() as (server, url):
        asks = ("--questions", str(questions_file(tmp_path, ["Why?"])), "--host", url)
        done = run(tmp_path, *asks, *SHORT, "--dialect", "ai-sdk", "--mode", "json")
    assert done.code == 2
    assert "[mapping.answer] is missing" in done.output
    assert server.asked == []
