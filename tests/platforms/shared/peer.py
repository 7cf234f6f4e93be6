"""A server on loopback that throttles, breaks and hangs as it is told."""

import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG, DRIP = "hangs", "drips"


class Peer:
    """Answers in the order of ``script``: (status, headers, body), HANG or DRIP; the last one again and again."""

    def __init__(self, *script):
        self.asked, self._over = [], threading.Event()
        left, peer = deque(script), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                peer.asked.append((self.command, self.path))
                said = left.popleft() if len(left) > 1 else left[0]
                if said == HANG:
                    peer._over.wait(30)
                elif said == DRIP:
                    self._drip()
                else:
                    status, headers, body = said
                    self.send_response(status)
                    for name, value in {
                        "Content-Length": len(body),
                        "Content-Type": "application/json",
                        "Connection": "close",
                        **headers,
                    }.items():
                        self.send_header(name, str(value))
                    self.end_headers()
                    self.wfile.write(body.encode())
                self.close_connection = True

            def _drip(self):
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                while not peer._over.wait(0.02):
                    self.wfile.write(b" ")

            do_GET = do_POST = do_PATCH = answer  # noqa: N815 - as http.server calls them

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """A client that gave up is what is wanted."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


def said(status, body="{}", **headers):
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body
