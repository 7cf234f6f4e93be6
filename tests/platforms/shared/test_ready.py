"""Readiness behind fronts that keep paths for themselves, and of servers that know the contract's older path alone."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.domain.target import Dialect, Target
from harness.errors import PilotError
from harness.platforms.external.config import External
from harness.platforms.shared.ready import wait_ready


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(self.server.says(self.path))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.asked = []
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def ready(server, says, timeout_s=5.0):
    server.says = says
    target = Target("alpha", server.server_name, Dialect.RAG_CHAT, External())
    wait_ready(target, f"http://127.0.0.1:{server.server_port}", timeout_s)
    return server.asked


def test_a_front_end_that_keeps_what_ends_in_z_is_passed(server):
    """As Cloud Run's does: 404 by Google, whatever the service would say."""
    assert ready(server, lambda path: 404 if path.endswith("z") else 200) == ["/health"]


def test_a_server_that_only_knows_the_older_path_is_ready_too(server):
    assert ready(server, lambda path: 200 if path == "/healthz" else 404) == ["/health", "/healthz"]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 405])
def test_a_gateway_may_refuse_the_path_that_it_does_not_know_as_it_likes(server, status):
    assert ready(server, lambda path: 200 if path == "/healthz" else status)[-1] == "/healthz"


def test_one_whose_paths_are_not_there_yet_is_waited_for_at_both(server):
    """As behind an ingress that answers 404 until it knows the service."""
    left = [404, 404, 404, 404, 200]
    assert ready(server, lambda path: left.pop(0) if path == "/health" else 404)[-1] == "/health"


def test_one_that_has_neither_is_not(server):
    with pytest.raises(PilotError, match="GET /healthz gave HTTP 404"):
        ready(server, lambda path: 404, 0.2)


def test_one_that_starts_is_waited_for(server):
    left = [503, 503, 200]
    assert ready(server, lambda path: left.pop(0)) == ["/health"] * 3
