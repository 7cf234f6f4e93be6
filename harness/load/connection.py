"""HTTP/1.1 over gevent sockets with llhttp: one request at a time, each phase timed apart.

A request is never sent twice: when a reused connection turns out to be dead
after bytes were written, that is a connection error, not a retry.
"""

from __future__ import annotations

import select
import ssl
from time import perf_counter
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import httptools
from gevent import socket

CONNECT_TIMEOUT_S = 10.0
READ_BYTES = 65536


class Sink(Protocol):
    """What an answer is told to, as it arrives."""

    def head(self, status: int, headers: dict[str, str], now: float) -> None: ...
    def body(self, data: bytes, now: float) -> None: ...


class ClosedEarly(Exception):
    """The connection ended before the answer did; ``head_seen`` tells whether it had begun."""

    def __init__(self, *, head_seen: bool) -> None:
        super().__init__("the connection closed before the answer was whole")
        self.head_seen = head_seen


class NotHttp(Exception):
    """The peer's bytes are no HTTP answer."""


class Origin:
    """Where requests go: address, path prefix, TLS, and the connections that are free for reuse."""

    def __init__(self, base_url: str) -> None:
        parts: SplitResult = urlsplit(base_url)
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.hostname = parts.hostname or ""
        self.port = parts.port or (443 if self.tls else 80)
        self.host_header = parts.netloc.rpartition("@")[2]
        self.prefix = parts.path.rstrip("/")
        self._free: list[Connection] = []
        self.open_sockets = 0

    def take(self) -> tuple[Connection, bool]:
        """A connection and whether it was reused; raises OSError when none can be made."""
        while self._free:
            connection = self._free.pop()
            if connection.usable():
                return connection, True
            connection.close()
        return Connection(self), False

    def give(self, connection: Connection) -> None:
        self._free.append(connection)

    def close(self) -> None:
        while self._free:
            self._free.pop().close()


class Connection:
    """One socket; also the parser's callbacks, so that no object is made per chunk."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        raw = socket.create_connection((origin.hostname, origin.port), timeout=CONNECT_TIMEOUT_S)
        origin.open_sockets += 1
        self._closed = False
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket: Any = origin.tls.wrap_socket(raw, server_hostname=origin.hostname) if origin.tls else raw
        except OSError:
            raw.close()
            origin.open_sockets -= 1
            raise
        self._socket.settimeout(None)  # the deadline is the caller's
        self._sink: Sink | None = None
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._status = 0
        self._complete = False
        self._keep = False
        self._now = 0.0

    def usable(self) -> bool:
        """Nothing to read on an idle connection: readable means that the peer closed it."""
        try:
            poll = select.poll()
            poll.register(self._socket.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
            return not poll.poll(0)
        except (OSError, ValueError):
            return False

    def exchange(self, request: bytes, sink: Sink) -> None:
        """Send one request and feed its answer to the sink; returns when it is whole.

        Raises ClosedEarly, NotHttp or OSError. The connection goes back to its
        origin when the answer allows it, else it is closed.
        """
        self._sink = sink
        self._socket.sendall(request)
        while not self._complete:
            data = self._socket.recv(READ_BYTES)
            self._now = perf_counter()
            if not data:
                self._ended()
                return
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade:
                raise NotHttp("unexpected protocol upgrade") from None
            except httptools.HttpParserError as error:
                raise NotHttp(str(error)) from None
        if self._keep:
            self._reset()
            self._sink = None
            self._origin.give(self)
        else:
            self.close()

    def _ended(self) -> None:
        """End of the stream: whole only for a body that nothing but the end delimits."""
        self.close()
        framed = "content-length" in self._headers or "chunked" in self._headers.get("transfer-encoding", "")
        if not self._status or framed:
            raise ClosedEarly(head_seen=bool(self._status))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._origin.open_sockets -= 1
            self._socket.close()

    # -- callbacks of the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 1xx: not the answer yet
            self._headers = {}
            return
        self._status = status
        assert self._sink is not None
        self._sink.head(status, self._headers, self._now)

    def on_body(self, data: bytes) -> None:
        assert self._sink is not None
        self._sink.body(data, self._now)

    def on_message_complete(self) -> None:
        if not self._status:
            return
        self._complete = True
        self._keep = self._parser.should_keep_alive()  # false once this callback has returned
