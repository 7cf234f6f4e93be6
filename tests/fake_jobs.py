"""A service of rag-jobs/1 whose queue is a law: when a job begins and ends is arithmetic, told by the clock as it is asked.

First come, first served by ``workers``, each job as long as its input says. What becomes of it is named by its input's
``act``. It shares no code with what is tested.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import json
import threading
import time
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ENDS = {"done": "done", "twice": "done", "fails": "failed", "dead": "dead", "memory": "dead", "time": "failed"}
CODES = {"fails": "bad_input", "dead": "worker_lost", "memory": "memory_limit", "time": "time_limit"}


@dataclass
class FakeJob:
    id: str
    kind: str
    act: str
    came: float
    starts: float
    ends: float
    cancelled: bool = False


class JobServer(ThreadingHTTPServer):
    """``service_s``: how long a job takes whose input says nothing; ``ages``: whether a status tells them."""

    daemon_threads = True

    def __init__(self, *, workers=1, service_s=0.05, secret=None, most=10**6, ages=True):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.workers, self.service_s, self.secret, self.most, self.ages = workers, service_s, secret, most, ages
        self.free = [0.0] * workers
        self.jobs: dict[str, FakeJob] = {}
        self.keys: dict[str, str] = {}
        self.polls: list[str] = []
        self.bodies: list[dict] = []
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def submit(self, key, body):
        with self.lock:
            if key in self.keys:
                return self.jobs[self.keys[key]]
            now = time.monotonic()
            given = body["input"]
            takes, act = given.get("takes_s", self.service_s), given.get("act", "done")
            starts = max(now, heapq.heappop(self.free))
            heapq.heappush(self.free, starts + takes)
            job = FakeJob(f"job-{next(self.numbers)}", body["kind"], act, now, starts, starts + takes)
            self.keys[key], self.jobs[job.id] = job.id, job
            self.bodies.append(body)
        if body.get("callback_url") and act != "silent":
            threading.Thread(target=self._call, args=(job, body["callback_url"]), daemon=True).start()
        return job

    def status(self, job):
        now = time.monotonic()
        ended = now >= job.ends and job.act != "never"
        state = ENDS.get(job.act, "done") if ended else "running" if now >= job.starts else "queued"
        said = {"id": job.id, "kind": job.kind, "status": "cancelled" if job.cancelled else state, "attempts": 1}
        if self.ages:
            said["queued_ms"] = (min(now, job.starts) - job.came) * 1000
            said["running_ms"] = (min(now, job.ends) - job.starts) * 1000 if now >= job.starts else None
            said["since_done_ms"] = (now - job.ends) * 1000 if ended else None
        code = CODES.get(job.act) if ended else None
        return said | {"instance_id": "w1", "error": {"code": code, "message": "as told"} if code else None}

    def _call(self, job, url):
        time.sleep(max(0.0, job.ends - time.monotonic()))
        deliveries = [str(uuid.uuid4())] * 2 if job.act != "called twice" else [str(uuid.uuid4()) for _ in range(2)]
        for delivery in deliveries:  # the first is retried under its own id, as after a lost answer
            data = json.dumps(self.status(job) | {"delivery": delivery}).encode()
            headers = {"Content-Type": "application/json"}
            if self.secret:
                signature = hmac.new(self.secret.encode(), data, hashlib.sha256).hexdigest()
                headers["X-RagJobs-Signature"] = "sha256=" + signature
            try:
                urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=5).close()
            except OSError:
                return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: JobServer

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["input"].get("act") == "refused" or len(self.server.jobs) >= self.server.most:
            return self._say(429, {"error": {"code": "queue_full"}}, {"Retry-After": "1"})
        if body["input"].get("act") == "nameless":
            return self._say(202, {"kind": body["kind"]})
        job = self.server.submit(self.headers["Idempotency-Key"], body)
        said = {"id": job.id, "kind": job.kind, "status": "queued"}
        return self._say(202, said, {"Location": f"/v1/jobs/{job.id}"})

    def do_GET(self):
        if self.path == "/v1/meta":
            return self._say(200, {"contract": "rag-chat/1"})
        self.server.polls.append(self.path)
        _, _, name = self.path.partition("/v1/jobs/")
        job = self.server.jobs.get(name.removesuffix("/result"))
        if job is None or job.act == "gone":
            return self._say(404, {"error": {"code": "unknown_job"}})
        if job.act == "mute":
            return self._say(500, {"error": {"code": "broken"}})
        said = self.server.status(job)
        if not name.endswith("/result"):
            return self._say(200, said)
        if said["status"] != "done":
            return self._say(409, {"error": {"code": "not_done"}})
        effects = 2 if job.act == "twice" else 1
        return self._say(
            200, {"id": job.id, "result": {}, "tokens": {"input": 1000, "output": 100}, "effects": effects}
        )

    def do_DELETE(self):
        job = self.server.jobs[self.path.rpartition("/")[2]]
        job.cancelled = True
        self._say(202, {"id": job.id, "status": "cancelled"})

    def _say(self, status, value, headers=None):
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def serving(**how):
    server = JobServer(**how)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def jobs_file(folder, *inputs, kind="ingest"):
    """One kind of job an input, so that a schedule's question says what becomes of it."""
    path = folder / "jobs.jsonl"
    rows = [{"id": f"j{k}", "kind": kind, "input": given} for k, given in enumerate(inputs)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
