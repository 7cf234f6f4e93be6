"""The hostile server: which answer a request gets is said by its id, whose last digits are the arrival's number."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FLOOD_S = 40.0  # a flood that nobody stops ends then
BLOCK = 1 << 16
META = b'{"contract": "rag-chat/1"}'


class Peer:
    """One connection on which a request has come whole."""

    def __init__(self, connection: socket.socket, head: bytes) -> None:
        self._connection, self.head = connection, head
        self._until = time.monotonic() + FLOOD_S

    def send(self, *data: bytes) -> None:
        for part in data:
            self._connection.sendall(part)

    def flood(self, unit: bytes, most: int | None = None) -> None:
        """Again and again, as fast as it is read, until the client goes or ``most`` bytes are out."""
        block = unit * max(1, BLOCK // len(unit))
        sent = 0
        while time.monotonic() < self._until and (most is None or sent < most):
            self.send(block)
            sent += len(block)

    def drip(self, unit: bytes, every_s: float = 0.05) -> None:
        """Slowly and without end."""
        while time.monotonic() < self._until:
            self.send(unit)
            time.sleep(every_s)

    def reset(self) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def silent(self) -> None:
        """Until the client goes."""
        self._connection.settimeout(FLOOD_S)
        while self._connection.recv(1 << 16):
            pass

    def accept(self, more: str = "") -> None:
        """Change to a WebSocket, and read the question."""
        lines = dict(line.split(b": ", 1) for line in self.head.split(b"\r\n")[1:] if line)
        key = next(value for name, value in lines.items() if name.lower() == b"sec-websocket-key")
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.send(f"{head}Sec-WebSocket-Accept: {accept}\r\n{more}\r\n".encode())
        self._connection.recv(1 << 16)


Act = bytes | Callable[[Peer], None]


@dataclass(frozen=True)
class Hostile:
    """One answer, and what a run may make of it: outcomes between bars, a part of the detail."""

    name: str
    act: Act
    want: str
    says: str = ""
    stream: bool = True

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset(self.want.split("|"))


@contextmanager
def hostile(entries: Sequence[Hostile], gets: Act | None = None):
    """The base URL of a server that answers arrival k with entry k, beginning again at the end, and every GET with ``gets``."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    def serve(connection: socket.socket) -> None:
        with suppress(OSError, StopIteration), connection:
            connection.settimeout(FLOOD_S)
            while (head := _request(connection)) is not None:
                upgrade = b"pgrade: websocket" in head
                if gets is None and head.startswith(b"GET /v1/meta"):
                    connection.sendall(whole(META))
                    continue
                asked = gets is None or upgrade or not head.startswith(b"GET ")
                act = entries[_number(head) % len(entries)].act if asked else gets
                if callable(act):
                    act(Peer(connection, head))
                else:
                    connection.sendall(act)
                return  # every answer has a connection of its own

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _request(connection: socket.socket) -> bytes | None:
    """The head of the next request, whose body has been read; None once the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(BLOCK)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(v) for n, v in _lines(head) if n == b"content-length"), 0)
    while len(body) < length:
        body += connection.recv(BLOCK)
    return head


def _number(head: bytes) -> int:
    """Of the arrival."""
    return next(int(value[20:32] or b"0", 16) for name, value in _lines(head) if name == b"x-request-id")


def _lines(head: bytes):
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name.lower(), value.strip()


# -- what answers are made of


def head(kind: str = "application/json", *more: str, status: str = "200 OK") -> bytes:
    """A head whose body ends with the connection, unless ``more`` says otherwise."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *more]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n"


def whole(body: bytes | str, *more: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    data = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    return head(kind, f"Content-Length: {len(data)}", *more, status=status) + data


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = "Transfer-Encoding: chunked"
SSE = "text/event-stream"
LAST = b"0\r\n\r\n"


def streamed(*parts: bytes, kind: str = SSE, more: Sequence[str] = ()) -> bytes:
    """Chunked, ended as it should."""
    return head(kind, CHUNKED, *more) + b"".join(chunk(part) for part in parts if part) + LAST


def event(data: bytes | str, name: str = "") -> bytes:
    raw = data if isinstance(data, bytes) else data.encode()
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + raw + b"\n\n"
