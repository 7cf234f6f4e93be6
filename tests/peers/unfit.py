"""Servers whose answers do not come by one request for each question."""

import json
import socketserver
import threading
from contextlib import contextmanager

from tests.peers.serving import Quiet

PAGE = b"<!doctype html><title>Assistant</title><div id=root></div>"


class SocketIo(Quiet):
    """A page, and the handshake that its script begins with."""

    def answer(self):
        if self.command != "GET":
            self.body()
            return self.send(405, b'{"detail":"Method Not Allowed"}', Content_Type="application/json", Allow="GET")
        if self.path.startswith("/socket.io/?EIO=4&transport=polling"):
            said = {"sid": "lv_VI97HAXpY6yYWAAAC", "upgrades": ["websocket"], "pingInterval": 25000}
            return self.send(200, b"0" + json.dumps(said).encode(), Content_Type="text/plain; charset=UTF-8")
        return self.send(200, PAGE, Content_Type="text/html; charset=utf-8")


class Jobs(Quiet):
    """Takes a question with 202, and says where to ask until it is done; its openapi.json describes both."""

    def answer(self):
        if self.command == "GET" and self.path == "/openapi.json":
            asked = {"content": {"application/json": {"schema": {"properties": {"question": {"type": "string"}}}}}}
            paths = {
                "/jobs": {"post": {"requestBody": asked, "responses": {"202": {"description": "queued"}}}},
                "/jobs/{job_id}": {"get": {"responses": {"200": {"description": "its state, and its answer"}}}},
            }
            return self.send(
                200, json.dumps({"openapi": "3.1.0", "paths": paths}).encode(), Content_Type="application/json"
            )
        self.body()
        if self.command == "POST" and self.path == "/jobs":
            said = {"job_id": "7f1c", "status": "queued", "status_url": "/jobs/7f1c"}
            return self.send(202, json.dumps(said).encode(), Content_Type="application/json", Location="/jobs/7f1c")
        return self.send(404, b'{"detail":"Not Found"}', Content_Type="application/json")


class Login(Quiet):
    """A web app that sends whoever has no session to its form."""

    def answer(self):
        self.body()
        if self.path == "/login":
            return self.send(200, b"<form method=post><input name=user></form>", Content_Type="text/html")
        return self.send(302, b"", Location="/login")


class _Frames(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)
        self.request.sendall(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64")  # SETTINGS
        self.request.sendall(b"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")  # GOAWAY


@contextmanager
def http2():
    """The URL of a server that speaks HTTP/2 alone, as one of gRPC does."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Frames) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
