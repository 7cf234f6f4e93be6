"""A server whose every byte is the test's own: no framework mends what it sends."""

import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Asked:
    """One request; ``count`` says which of the server's it is, from 1."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    count: int

    @property
    def fields(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def stream(self):
        return self.fields.get("stream") is True


class Last(bytes):
    """An answer after which the connection is closed."""


def whole(body, status="200 OK", kind="application/json", more=()):
    """The bytes of an answer with its length."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}", *more, "", ""]
    return "\r\n".join(lines).encode() + data


def streamed(*events, kind="text/event-stream", more=()):
    """The bytes of a chunked answer, a chunk an event."""
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", "Transfer-Encoding: chunked", *more, "", ""]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in map(_bytes, events))
    return "\r\n".join(lines).encode() + chunks + b"0\r\n\r\n"


def sse(value, name=None):
    """One server-sent event of this JSON value, or text as it is."""
    data = value if isinstance(value, str) else json.dumps(value)
    return (f"event: {name}\n" if name else "") + f"data: {data}\n\n"


def not_found(asked):
    del asked
    return whole({"error": {"message": "not found"}}, "404 Not Found")


@contextmanager
def raw(answer):
    """The base URL of a server that answers with the bytes of ``answer(asked)``; None closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []
    thread = threading.Thread(target=_accept, args=(listener, answer, seen), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _accept(listener, answer, seen):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, answer, seen), daemon=True).start()


def _serve(connection, answer, seen):
    with connection, connection.makefile("rb") as lines:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (asked := _read(lines, seen)) is not None:
                said = answer(asked)
                if said is None:
                    return
                connection.sendall(said)
                if isinstance(said, Last):
                    return
        except OSError:
            return


def _read(lines, seen):
    first = lines.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while (line := lines.readline().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = lines.read(int(headers.get("content-length", 0)))
    seen.append(first[1])
    return Asked(first[0], first[1], headers, body, len(seen))


def _bytes(value):
    return value if isinstance(value, bytes) else value.encode()
