"""The API server in memory, served on loopback: for kubectl, which speaks no other way."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


@contextmanager
def served(cluster):
    """Where it answers."""
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for its body

        def answer(self):
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked = httpx.Request(
                self.command, f"http://cluster{self.path}", headers=dict(self.headers), content=content
            )
            with one_at_a_time:
                said = cluster._answer(asked)
            self.send_response(said.status_code)
            self.send_header("Content-Type", said.headers["content-type"])
            self.send_header("Content-Length", str(len(said.content)))
            self.end_headers()
            self.wfile.write(said.content)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - as http.server calls them

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """A client that gave up leaves no traceback."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def kubeconfig(path, url):
    """A file for kubectl with one context, ``pilot``, that leads there without credentials."""
    said = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "pilot", "cluster": {"server": url}}],
        "contexts": [{"name": "pilot", "context": {"cluster": "pilot", "user": ""}}],
        "current-context": "pilot",
    }
    path.write_text(json.dumps(said))
    return path
