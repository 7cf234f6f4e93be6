"""A target is asked for passages before a plan that does so."""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.check.asking import USUAL
from harness.check.contract_check import Answer
from harness.check.retrieval_check import retrieval_check
from harness.domain.retrieval_map import USUAL_RETRIEVAL
from tests.builders import external


@contextmanager
def serving(status, body):
    class Search(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Search)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, {"passages": [{"passage_id": "a"}]}, Answer.PASS),
        (200, {"passages": []}, Answer.PASS),
        (200, {"passages": [{"id": "a"}]}, Answer.FAIL),
        (200, {"hits": []}, Answer.FAIL),
        (404, {}, Answer.FAIL),
    ],
)
def test_passages_stand_where_the_run_reads_them(status, body, answer):
    with serving(status, body) as url:
        found = retrieval_check(replace(external(url), retrieval=USUAL_RETRIEVAL), url, USUAL)

    assert found.answer is answer


def test_an_api_that_nothing_is_said_of_and_one_that_is_not_there():
    gone = external("http://127.0.0.1:9", retrieval=USUAL_RETRIEVAL)

    assert retrieval_check(external("http://127.0.0.1:9"), "http://127.0.0.1:9", USUAL).answer is Answer.FAIL
    assert retrieval_check(gone, "http://127.0.0.1:9", USUAL).answer is Answer.UNKNOWN
