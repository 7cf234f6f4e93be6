"""A scripted server of the contract: what it does is named by the question that it is asked."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter

TOKENS = ("Hello", " wor", "ld")
HEAD = "X-Instance-Id: 6f1c\r\nX-Instance-Requests: 3\r\nX-Instance-Age-Ms: 90000\r\nX-Init-Type: always-on\r\n"


class ScriptedServer:
    """One thread a connection; every request's body is kept and counted by its last question."""

    def __init__(self, tls=None, host="127.0.0.1", port=0) -> None:
        self._tls = tls
        self.headers: list[dict[str, str]] = []
        self.bodies: list[dict[str, object]] = []
        self._listener = socket.create_server((host, port))
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://{host}:{self.port}"
        self.paths: list[str] = []
        self.hits: Counter[str] = Counter()
        self.connections = 0
        self._closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closing = True
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:  # a client that does not trust us
                connection.close()
                return
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as reader:  # a client may leave midway
            while True:
                line = reader.readline()
                if not line:
                    return
                self.paths.append(line.split()[1].decode())
                length = 0
                headers = {}
                while (header := reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    headers[name.lower()] = value.strip()
                    if name.lower() == "content-length":
                        length = int(value)
                body = reader.read(length)
                if line.startswith(b"GET"):
                    meta = {"contract": "rag-chat/1", "index_digest": "sha256:x"}
                    connection.sendall(_whole(200, meta))
                    continue
                data = json.loads(body)
                act = data["messages"][-1]["content"].split(" (case")[0]
                if act == "refuse first":  # what a client that tries again gets past
                    act = "ok" if "-" in headers["x-request-id"] else "throttled soon"
                self.hits[act] += 1
                self.headers.append(headers)
                self.bodies.append(data)
                if not ACTS[act](connection, data["stream"]):
                    return


def _whole(status: int, body: object, extra: str = HEAD) -> bytes:
    raw = json.dumps(body).encode()
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{extra}Content-Length: {len(raw)}\r\n\r\n".encode()
        + raw
    )


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _begin(connection: socket.socket) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head.encode() + _chunk(_event("citations", {"citations": [{"passage_id": "p1"}]})))


CLOSING = {
    "id": "a1",
    "model": "m",
    "usage": {"input_tokens": 10, "output_tokens": 3},
    "timings": {"generation_ms": 30.0, "model_ttft_ms": 5.0},
}


def _ok(connection: socket.socket, stream: bool) -> bool:
    if not stream:
        body = CLOSING | {"answer": "".join(TOKENS), "citations": [{"passage_id": "p1"}]}
        connection.sendall(_whole(200, body))
        return True
    _begin(connection)
    for text in TOKENS:
        time.sleep(0.02)
        connection.sendall(_chunk(_event("token", {"text": text})))
    connection.sendall(_chunk(_event("done", CLOSING)) + b"0\r\n\r\n")
    return True


def _midway(ending: bytes):
    def act(connection: socket.socket, stream: bool) -> bool:
        _begin(connection)
        connection.sendall(_chunk(_event("token", {"text": "Hel"})) + ending)
        return bool(ending)

    return act


def _answer(status: int, code: str | None, extra: str = HEAD):
    def act(connection: socket.socket, stream: bool) -> bool:
        body = {"error": {"code": code, "message": "no"}} if code else "gateway says no"
        connection.sendall(_whole(status, body, extra))
        return True

    return act


def _hang(connection: socket.socket, stream: bool) -> bool:
    """Longer than any deadline: the client has long gone."""
    time.sleep(60)
    return False


def _interim(connection: socket.socket, stream: bool) -> bool:
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
    return _ok(connection, stream)


def _drip(connection: socket.socket, stream: bool) -> bool:
    """Streams for ever."""
    _begin(connection)
    while True:
        connection.sendall(_chunk(_event("token", {"text": "x"})))
        time.sleep(0.1)


def _bodies_in_pieces(connection: socket.socket, stream: bool) -> bool:
    """A stream whose every byte is a segment of its own."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{HEAD}Connection: close\r\n\r\n"
    events = _event("citations", {"citations": []}) + _event("token", {"text": "ä"}) + _event("done", CLOSING)
    for byte in head.encode() + events:
        connection.sendall(bytes([byte]))
    return False


def _all_at_once(connection: socket.socket, stream: bool) -> bool:
    """A stream that something on the way held back."""
    _begin(connection)
    time.sleep(0.2)
    events = b"".join(_event("token", {"text": "x"}) for _ in range(8)) + _event("done", CLOSING)
    connection.sendall(_chunk(events) + b"0\r\n\r\n")
    return True


STALL_EVERY_S, STALL_S, SERVICE_S = 2.0, 0.3, 0.005


def _stall(connection: socket.socket, stream: bool) -> bool:
    """Works, then is stuck for the last ``STALL_S`` of every ``STALL_EVERY_S``: freeze and release."""
    phase = time.monotonic() % STALL_EVERY_S
    if phase >= STALL_EVERY_S - STALL_S:
        time.sleep(STALL_EVERY_S - phase)
    time.sleep(SERVICE_S)
    return _ok(connection, stream)


def _until_close(connection: socket.socket, stream: bool) -> bool:
    """A body that only the end of the connection delimits."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{HEAD}Connection: close\r\n\r\n"
    events = _event("citations", {"citations": []}) + _event("token", {"text": "x"}) + _event("done", CLOSING)
    connection.sendall(head.encode() + events)
    return False


ONE = threading.Lock()
ONE_S = 0.04


def _one_at_a_time(connection: socket.socket, stream: bool) -> bool:
    """A single server with a queue before it: 25 answers a second and no more."""
    with ONE:
        time.sleep(ONE_S)
    body = CLOSING | {"answer": "x", "citations": []}
    connection.sendall(_whole(200, body))
    return True


ACTS = {
    "one at a time": _one_at_a_time,
    "ok": _ok,
    "interim": _interim,
    "until close": _until_close,
    "throttled by platform": _answer(429, None, "Retry-After: 2\r\n"),
    "overloaded": _answer(503, "overloaded"),
    "provider throttled": _answer(503, "upstream_throttled"),
    "provider failed": _answer(502, "upstream_error"),
    "unauthorized": _answer(403, "unauthorized"),
    "rejected": _answer(422, "invalid_request"),
    "redirected": _answer(302, None),
    "server error": _answer(500, "internal"),
    "gateway timeout": _answer(504, "timeout"),
    "error event": _midway(_chunk(_event("error", {"error": {"code": "upstream_error"}})) + b"0\r\n\r\n"),
    "internal event": _midway(_chunk(_event("error", {"error": {"code": "internal"}})) + b"0\r\n\r\n"),
    "cut": _midway(b""),
    "no done": _midway(b"0\r\n\r\n"),
    "closed at once": lambda connection, stream: False,
    "stall": _stall,
    "throttled soon": _answer(429, "throttled", HEAD + "Retry-After: 0.2\r\n"),
    "drip": _drip,
    "byte by byte": _bodies_in_pieces,
    "all at once": _all_at_once,
    "hang": _hang,
    "no http": lambda connection, stream: connection.sendall(b"BLAH\r\n\r\n") or False,
    "wrong shape": lambda connection, stream: connection.sendall(_whole(200, {"answer": 7})) or True,
}

EXPECTED = {  # act -> (outcome, layer) of a streamed request
    "ok": ("ok", None),
    "interim": ("ok", None),
    "until close": ("ok", None),
    "byte by byte": ("ok", None),
    "all at once": ("ok", None),
    "drip": ("timeout", "service"),
    "throttled by platform": ("throttled", "platform"),
    "overloaded": ("overloaded", "service"),
    "provider throttled": ("upstream_throttled", "provider"),
    "provider failed": ("upstream_error", "provider"),
    "unauthorized": ("unauthorized", "service"),
    "rejected": ("rejected", "service"),
    "redirected": ("rejected", "service"),
    "server error": ("server_error", "service"),
    "gateway timeout": ("timeout", "service"),
    "error event": ("upstream_error", "provider"),
    "internal event": ("server_error", "service"),
    "cut": ("cut_stream", "network"),
    "no done": ("cut_stream", "network"),
    "closed at once": ("connection_error", "network"),
    "hang": ("timeout", None),
    "no http": ("bad_contract", "platform"),
    "wrong shape": ("bad_contract", "service"),
}
