"""HTTP/1.1 over gevent sockets with llhttp: one request at a time, each phase timed apart.

A request is never sent twice: when a reused connection turns out to be dead
after bytes were written, that is a connection error, not a retry.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import httptools
from gevent import monkey, socket

if TYPE_CHECKING:
    from harness.dialects.answer import Headers
    from harness.load.origin import Origin

READ_BYTES = 16384
READABLE = 1 | 8 | 16  # POLLIN, POLLERR, POLLHUP
WRITABLE = 2  # the event loop's own flag, as 1 is readable
_poll = monkey.get_original("select", "poll")  # gevent's own costs a fifth of a request and may switch greenlets
_plain_socket = monkey.get_original("socket", "socket")


class Sink(Protocol):
    """What an answer is told to, as it arrives; header names are lower case."""

    def head(self, status: int, headers: Headers, now: float) -> None: ...
    def body(self, data: bytes, now: float) -> None: ...


class ClosedEarly(Exception):
    """The connection ended before the answer did; ``head_seen`` tells whether it had begun."""

    def __init__(self, *, head_seen: bool, reused: bool) -> None:
        where = "a kept-alive connection closed as it was used again" if reused and not head_seen else "it closed"
        super().__init__(f"{where} before the answer was whole")
        self.head_seen = head_seen


class NotHttp(Exception):
    """The peer's bytes are no HTTP answer."""


class DeadlinePassed(Exception):
    """The whole answer did not come in time."""


class Connection:
    """One open socket; also the parser's callbacks, so that no object is made per chunk."""

    def __init__(self, origin: Origin, sock: Any) -> None:  # noqa: ANN401 - gevent has no types
        self._origin = origin
        plain = not hasattr(sock, "pending")  # TLS may hold bytes that no event announces
        if plain:  # its own waits are cheaper than gevent's, a call and an exception a token
            sock = _plain_socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
            sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._socket = sock
        self._poll = _poll()
        self._poll.register(sock.fileno(), READABLE)
        self._parser = httptools.HttpResponseParser(self)
        self._sink: Sink | None = None
        self._headers: Headers = {}
        self._status = 0
        self._complete = False
        self._keep = False
        self._now = 0.0
        self._closed = False
        self._expired = -1  # the exchange whose deadline has passed
        self._used = False
        self._hub = gevent.get_hub()
        self._readable = self._hub.loop.io(sock.fileno(), 1) if plain else None
        self._waiting = False
        self._writable: Any = None
        self.exchanges = 0  # tells the deadline's watch whether it still means this exchange
        self.busy = False

    def usable(self) -> bool:
        """Nothing to read on an idle connection: readable means that the peer closed it."""
        try:
            return not self._closed and not self._poll.poll(0)
        except (OSError, ValueError):
            return False

    def exchange(self, request: bytes, sink: Sink) -> bool:
        """Send one request and feed its answer to the sink; True when the connection may be used again.

        Raises ClosedEarly, NotHttp, DeadlinePassed or OSError, and is closed then.
        """
        self._sink = sink
        self.busy = True
        try:
            self._send(request)
            self._waiting = waiting = self._readable is not None
            recv, feed = self._socket.recv, self._parser.feed_data
            while not self._complete:
                if waiting:
                    self._wait(self._readable)
                try:
                    data = recv(READ_BYTES)
                except BlockingIOError:
                    continue  # woken for nothing
                self._now = perf_counter()
                if not data:
                    self._ended()
                    return False
                feed(data)
        except httptools.HttpParserUpgrade:
            raise NotHttp("unexpected protocol upgrade") from None
        except httptools.HttpParserError as error:
            raise NotHttp(str(error)) from None
        except OSError:
            if self._expired == self.exchanges:
                raise DeadlinePassed from None
            raise
        finally:
            self.busy = self._waiting = False
            self.exchanges += 1
            if not (self._complete and self._keep):
                self.close()
        return self._reset()

    def _send(self, request: bytes) -> None:
        if self._readable is None:
            self._socket.sendall(request)
            return
        while True:
            try:
                sent = self._socket.send(request)
            except BlockingIOError:
                sent = 0
            if sent == len(request):
                return
            request = request[sent:]
            self._wait_writable()

    def _wait_writable(self) -> None:
        """A request larger than the socket's buffer goes out as the peer reads it."""
        writable = self._hub.loop.io(self._socket.fileno(), WRITABLE)
        self._waiting, self._writable = True, writable
        try:
            self._wait(writable)
        finally:
            self._waiting, self._writable = False, None
            writable.stop()
            writable.close()

    def _wait(self, watcher: Any) -> None:  # noqa: ANN401
        """Until the socket is ready."""
        while True:
            try:
                self._hub.wait(watcher)
            except DeadlinePassed:
                if self._expired != self.exchanges:
                    continue  # meant for an exchange that ended just as its deadline passed
                raise
            return

    def _reset(self) -> bool:
        self._sink = None
        self._used = True
        self._headers, self._status, self._complete = {}, 0, False
        return not self._closed

    def _ended(self) -> None:
        """End of the stream: whole only for a body that nothing but the end delimits."""
        headers = self._headers
        framed = b"content-length" in headers or b"chunked" in headers.get(b"transfer-encoding", b"").lower()
        if not self._status or framed:
            raise ClosedEarly(head_seen=bool(self._status), reused=self._used)

    def expire(self) -> None:
        """Wake whoever waits for this exchange; it raises DeadlinePassed there."""
        self._expired = self.exchanges
        if self._waiting:
            self._hub.cancel_wait(self._writable or self._readable, DeadlinePassed())
        else:
            self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._origin.open_sockets -= 1
            if self._readable is not None:
                self._readable.stop()
                self._readable.close()
            self._socket.close()

    # -- callbacks of the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 1xx: not the answer yet
            self._headers = {}
            return
        self._status = status
        self._sink.head(status, self._headers, self._now)  # type: ignore[union-attr]

    def on_body(self, data: bytes) -> None:
        self._sink.body(data, self._now)  # type: ignore[union-attr]

    def on_message_complete(self) -> None:
        if not self._status:
            return
        self._complete = True
        self._keep = self._parser.should_keep_alive()  # false once this callback has returned


def open_socket(addresses: list[Any], timeout_s: float) -> Any:  # noqa: ANN401
    """The first address that takes a TCP connection; raises OSError with the last one's reason."""
    failure: OSError | None = None
    for family, kind, protocol, _, address in addresses:
        raw = socket.socket(family, kind, protocol)
        try:
            raw.settimeout(timeout_s)
            raw.connect(address)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            failure = error
            raw.close()
        else:
            return raw
    raise failure or OSError("the name has no address")
