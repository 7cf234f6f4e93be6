"""HTTP/1.1 over gevent sockets with llhttp: one request at a time, each phase timed apart.

An exchange ends with the answer's own end. What a server does with the body after it (a
gateway may keep a stream open after ``[DONE]``) is nobody's time: if the body's end does not
come at once, the connection is closed.

A kept-alive connection that the peer closed just as it was used again is Stale: the caller
sends the request once more on a new one, as HTTP clients do. Nothing else is ever sent twice.
An answer that comes while the request is still being written is read, and the rest not sent.
"""

from __future__ import annotations

import ssl
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import httptools
from gevent import monkey, socket

from harness.domain.bounds import HEAD_BYTES, KIB, MOST_HEADERS
from harness.load.faults import ClosedEarly, DeadlinePassed, NotHttp, Stale

if TYPE_CHECKING:
    from harness.dialects.answer import Headers
    from harness.load.origin import Origin

READ_BYTES = 16384
READABLE = 1 | 8 | 16  # POLLIN, POLLERR, POLLHUP
GONE = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)  # how writing or reading says that the peer left
EITHER = 1 | 2  # the event loop's own flags: readable or writable
READS_A_TURN = 16  # of a socket that always has more: then the others, the deadlines among them, have theirs
LEAST_STATUS = 100
LEAST_ERROR = 300  # a status from here on ends the sending of a request
STALE_S = 1.0  # a connection that ends later than this after the send took the request with it
TAIL_S = 0.05  # how long after the answer's own end a body's may come for its connection to be used again
_poll = monkey.get_original("select", "poll")  # gevent's own costs a fifth of a request and may switch greenlets
_plain_socket = monkey.get_original("socket", "socket")


class Sink(Protocol):
    """What an answer is told to, as it arrives; header names are lower case. ``over``: its own end has come."""

    over: bool

    def head(self, status: int, headers: Headers, now: float) -> None: ...
    def body(self, data: bytes, now: float) -> None: ...


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
        self._quiet = 0  # bytes since the last of a body: of heads, chunk sizes, trailers
        self._complete = False
        self._keep = False
        self._now = 0.0  # of the last read of this exchange; 0: none yet
        self._closed = False
        self._expired = -1  # the exchange whose deadline has passed
        self._used = False
        self._whole_request = True
        self._data = b""  # of the last read
        self._hub = gevent.get_hub()
        self._readable = self._hub.loop.io(sock.fileno(), 1) if plain else None
        self._waiting = False
        self._writable: Any = None
        self.exchanges = 0  # tells the deadline's watch whether it still means this exchange
        self.busy = False

    def usable(self) -> bool:
        """Nothing to read on an idle connection: readable means that the peer closed it, or sent too much."""
        try:
            return not self._closed and not self._poll.poll(0)
        except (OSError, ValueError):
            return False

    def exchange(self, request: bytes, sink: Sink) -> bool:
        """Send one request and feed its answer to the sink; True when the connection may be used again.

        Raises Stale, ClosedEarly, NotHttp, DeadlinePassed or OSError, and is closed then.
        """
        self._sink = sink
        self.busy = True
        self._now = 0.0
        self._whole_request = True
        kept = False
        began = perf_counter()
        try:
            self._send(request)
            self._receive(sink, began)
            kept = self._keep if self._complete else self._body_ends()
        except httptools.HttpParserUpgrade:
            raise NotHttp("unexpected protocol upgrade", head_seen=True) from None
        except httptools.HttpParserError as error:
            if not (self._complete or sink.over):  # else what follows an answer spoils its connection alone
                raise self._told(error) from None
        except OSError as error:
            if self._expired == self.exchanges:
                raise DeadlinePassed from None
            if isinstance(error, GONE) and self._stale(began):
                raise Stale from None
            raise
        finally:
            self.busy = self._waiting = False
            self.exchanges += 1
            if not (kept and self._whole_request):
                self.close()
        return self._reset()

    def _receive(self, sink: Sink, began: float) -> None:
        """Until the body's end or the answer's own, whichever comes first."""
        self._waiting = waiting = self._readable is not None
        recv, feed = self._socket.recv, self._parser.feed_data
        reads = 0
        while not (self._complete or sink.over):
            if waiting:
                self._wait(self._readable)
            elif (reads := reads + 1) % READS_A_TURN == 0:
                gevent.sleep(0)
            try:
                self._data = data = recv(READ_BYTES)
            except BlockingIOError:
                continue  # woken for nothing
            if not data:
                self._ended(began)
                return
            self._now = perf_counter()
            feed(data)
            self._quiet += len(data)
            if self._quiet > HEAD_BYTES:
                self._too_quiet(sink)

    def _told(self, error: httptools.HttpParserError) -> BaseException:
        """What the parser found, or what one of its callbacks raised."""
        raised = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
        return raised or NotHttp(str(error), self._data, head_seen=bool(self._status))

    def _too_quiet(self, sink: Sink) -> None:
        if not (self._complete or sink.over):
            what = "between two pieces of its body" if self._status else "before its body"
            raise NotHttp(f"more than {HEAD_BYTES // KIB} KiB {what}", head_seen=True)

    def _body_ends(self) -> bool:
        """Wait a moment for the body's end after the answer's own; True where the connection may be used again."""
        if not self._framed:
            return False
        self.busy = False  # the deadline was the answer's
        self._sink = NOBODY
        until, size = perf_counter() + TAIL_S, 0
        while not self._complete and (left_s := until - perf_counter()) > 0:
            data = self._receive_within(left_s)
            size += len(data)
            if not data or size > HEAD_BYTES:
                return False
            self._parser.feed_data(data)
        return self._complete and self._keep

    def _receive_within(self, left_s: float) -> bytes:
        """What comes in that time, nothing if the peer is silent or gone."""
        try:
            if self._readable is None:
                self._socket.settimeout(left_s)
            else:
                with gevent.Timeout(left_s, False):  # noqa: FBT003 - gevent's signature: raises nothing
                    self._wait(self._readable)
            data: bytes = self._socket.recv(READ_BYTES)
            if self._readable is None:
                self._socket.settimeout(None)
        except OSError:
            return b""
        return data

    def _send(self, request: bytes) -> None:
        """Write it all, or as much as the peer reads before it answers."""
        try:
            if self._readable is None:
                self._socket.sendall(request)
                return
            rest: Any = request
            while (sent := self._sent(rest)) < len(rest):
                rest = memoryview(rest)[sent:]
                self._wait_either()
                if self._poll.poll(0) and self._answered():
                    break
            else:
                return
        except GONE:
            pass  # its answer may be in the receive buffer already
        self._whole_request = False

    def _sent(self, data: Any) -> int:  # noqa: ANN401 - bytes, or a view of them
        try:
            sent: int = self._socket.send(data)
        except BlockingIOError:
            return 0
        return sent

    def _answered(self) -> bool:
        """Read what comes while the request is still being written; True when nobody wants the rest of it."""
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return False
        if data:
            self._now = perf_counter()
            self._parser.feed_data(data)
            self._quiet += len(data)
        return not data or self._complete or self._status >= LEAST_ERROR or self._quiet > HEAD_BYTES

    def _wait_either(self) -> None:
        """A request larger than the socket's buffer goes out as the peer reads it; the peer may answer before that."""
        writable = self._hub.loop.io(self._socket.fileno(), EITHER)
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
        self._headers, self._status, self._complete, self._quiet = {}, 0, False, 0
        return not self._closed

    @property
    def _framed(self) -> bool:
        """Something other than the connection's end says where the body ends."""
        headers = self._headers
        return b"content-length" in headers or b"chunked" in headers.get(b"transfer-encoding", b"").lower()

    def _stale(self, began: float) -> bool:
        """Ended so soon that the peer had closed it before it could read, and without a byte of an answer."""
        return self._used and not self._now and perf_counter() - began < STALE_S

    def _ended(self, began: float) -> None:
        """End of the stream: whole only for a body that nothing but the end delimits."""
        if self._stale(began):
            raise Stale
        if not self._status or self._framed:
            raise ClosedEarly(head_seen=bool(self._status))

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

    def on_message_begin(self) -> None:
        if self._complete:
            self._keep = False  # more than the answer came

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._status:
            return  # a trailer: what the head says stands
        self._headers[name.lower()] = value
        if len(self._headers) > MOST_HEADERS:
            raise NotHttp(f"more than {MOST_HEADERS} headers", head_seen=True)

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < LEAST_STATUS:
            raise NotHttp(f"status {status:03}", head_seen=True)
        if status < 200 or self._complete:  # 1xx: not the answer yet
            self._headers = {}
            return
        self._status = status
        self._sink.head(status, self._headers, self._now)  # type: ignore[union-attr]

    def on_body(self, data: bytes) -> None:
        if not self._complete:
            self._quiet = 0
            self._sink.body(data, self._now)  # type: ignore[union-attr]

    def on_message_complete(self) -> None:
        if not self._status or self._complete:
            return
        self._complete = True
        self._headers = {}  # the sink keeps its own
        self._keep = self._parser.should_keep_alive()  # false once this callback has returned


class _Nobody:
    """The sink of what follows an answer's own end."""

    over = True

    def head(self, status: int, headers: Headers, now: float) -> None:
        pass

    def body(self, data: bytes, now: float) -> None:
        pass


NOBODY = _Nobody()


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
