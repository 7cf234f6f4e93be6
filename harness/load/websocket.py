"""WebSockets over the origin's own sockets: one question and the messages that answer it.

The request is a handshake's head, then a line of JSON for each message to send: those of the
opening, then the question. The upgrade's answer is the head of the exchange, each message that
comes a piece of its body, a close frame its end. A refused upgrade is an HTTP answer like any other.
Frames are wsproto's (RFC 6455); compression is not offered.
"""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, cast

import gevent
import orjson
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from harness.dialects.shapes import Unexpected
from harness.domain.bounds import EVENT_BYTES, MIB, MOST_EVENTS, OWN_BYTES
from harness.domain.field_map import value_at
from harness.load.connection import READS_A_TURN, Sink
from harness.load.faults import ClosedEarly, DeadlinePassed, NotWebSocket, Stale

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.domain.field_map import WebSocketMap
    from harness.load.origin import Origin

READ_BYTES = 16384
SWITCHED = 101
EVENTS_A_TURN = 64  # frames that came at once: then the others, the deadlines among them, have their turn
WHOLE = frozenset({1000, 1005})  # normal, and a close frame that says no code
_OWN = frozenset((b"host", b"upgrade", b"connection", b"content-type", b"content-length", b"accept"))


class MessageSink(Sink, Protocol):
    """A sink that may be told why a WebSocket was closed, and asked for room."""

    def hold(self, size: int) -> None: ...
    def closed(self, code: int, reason: str, now: float) -> None: ...


class WebSocket:
    """One open socket; the upgrade is part of its first exchange."""

    def __init__(self, origin: Origin, sock: Any, how: WebSocketMap) -> None:  # noqa: ANN401 - gevent has no types
        self._origin = origin
        self._socket = sock
        self._how = how
        self._frames = WSConnection(ConnectionType.CLIENT)
        self._message = bytearray()
        self._seen = 0  # frames of this exchange
        self._reads = 0
        self._switched = False
        self._idle_so_far = False  # used again, and nothing has come since
        self._closed = False
        self._expired = -1  # the exchange whose deadline has passed
        self.exchanges = 0
        self.busy = False

    def usable(self) -> bool:
        """What came meanwhile is answered (pings) or dropped (messages that no question waits for)."""
        try:
            with gevent.Timeout(0.0, False):  # noqa: FBT003 - gevent's signature: raises nothing
                self._frames.receive_data(self._socket.recv(READ_BYTES) or None)
            return all(self._idle(event) for event in self._frames.events()) and not self._closed
        except (OSError, ProtocolError):
            return False

    def exchange(self, request: bytes, sink: Sink) -> bool:
        """Raises ClosedEarly, NotHttp, DeadlinePassed or OSError, and is closed then."""
        head, _, body = request.partition(b"\r\n\r\n")
        *opening, question = body.split(b"\n")
        told = cast("MessageSink", sink)
        self.busy = True
        kept = False
        self._seen = 0
        self._idle_so_far = self._switched
        try:
            if self._switched:
                sink.head(SWITCHED, {}, perf_counter())
            if self._switched or (self._upgrade(head, sink) and self._open(opening, told)):
                self._say(question)
                kept = self._listen(told) and self._how.keep_open
        except ProtocolError as error:
            raise NotWebSocket(str(error)) from None
        except OSError as error:
            if self._expired == self.exchanges:
                raise DeadlinePassed from None
            if isinstance(error, ConnectionError) and self._idle_so_far:
                raise Stale from None
            raise
        finally:
            self.busy = False
            self.exchanges += 1
            if not kept:
                self.close()
        return kept

    def expire(self) -> None:
        """Wake whoever waits for this exchange; it raises DeadlinePassed there."""
        self._expired = self.exchanges
        self.close()

    def close(self) -> None:
        """Says so to a peer that has not said it first, without waiting for its answer."""
        if self._closed:
            return
        self._closed = True
        self._origin.open_sockets -= 1
        if self._frames.state is ConnectionState.OPEN:
            with gevent.Timeout(0.0, False):  # noqa: FBT003
                self._say_bye(1000)
        self._socket.close()

    # -- the upgrade

    def _upgrade(self, head: bytes, sink: Sink) -> bool:
        """True once the protocol has changed; else the sink has the HTTP answer that refuses it."""
        first, *lines = head.split(b"\r\n")
        pairs = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
        headers = [(name, value) for name, value in pairs if name.lower() not in _OWN]
        self._send(
            self._frames.send(
                Request(
                    host=self._origin.host_header,
                    target=first.split(b" ")[1].decode("latin-1"),
                    extra_headers=headers,
                    subprotocols=[subprotocol(one) for one in self._how.subprotocols],
                )
            )
        )
        for event in self._events():
            now = perf_counter()
            match event:
                case AcceptConnection():
                    sink.head(SWITCHED, {b"upgrade": b"websocket", **_headers(event.extra_headers)}, now)
                    self._switched = True
                    return True
                case RejectConnection():
                    sink.head(event.status_code, _headers(event.headers), now)
                    if not event.has_body:
                        return False
                case RejectData():
                    sink.body(bytes(event.data), now)
                    if event.body_finished:
                        return False
        raise ClosedEarly(head_seen=False)

    def _open(self, opening: list[bytes], sink: MessageSink) -> bool:
        """Each message of the opening, and what answers it; any other message is the sink's, for it may be an error."""
        for message, step in zip(opening, self._how.opening, strict=True):
            self._say(message)
            if step.until is None:
                continue
            for said, now in self._messages(sink):
                if _fits(said, step.until):
                    break
                sink.body(said, now)
                if sink.over:
                    return False
            else:
                return False  # closed
        return True

    # -- messages

    def _listen(self, sink: MessageSink) -> bool:
        """Until the answer's own end; True where the connection is still open then."""
        for said, now in self._messages(sink):
            sink.body(said, now)
            if sink.over:
                return True
        return False

    def _messages(self, sink: MessageSink) -> Iterator[tuple[bytes, float]]:
        """Whole messages with when they came; ends with a close frame, which the sink is told."""
        for event in self._events():
            match event:
                case Message():
                    self._put_together(event.data, sink)
                    if event.message_finished:
                        whole, self._message = bytes(self._message), bytearray()
                        yield whole, perf_counter()
                case Ping():
                    self._send(self._frames.send(event.response()))
                case CloseConnection():
                    if self._frames.state is ConnectionState.OPEN:  # wsproto's own, of bytes that it cannot read
                        raise NotWebSocket(event.reason or str(event.code))
                    self._send(self._frames.send(event.response()))
                    if event.code not in WHOLE:
                        sink.closed(event.code, event.reason or "", perf_counter())
                    return

    def _put_together(self, text: str | bytes | bytearray, sink: MessageSink) -> None:
        """One more fragment of a message."""
        self._message += text.encode() if isinstance(text, str) else text
        held = len(self._message)
        if held > EVENT_BYTES:
            raise NotWebSocket(f"a message of more than {EVENT_BYTES // MIB} MiB")
        if held > OWN_BYTES:
            try:
                sink.hold(held)
            except Unexpected as error:
                raise NotWebSocket(str(error)) from None

    def _counted(self) -> Iterator[Event]:
        """What is there; others have their turn in between, for a flood of frames never waits."""
        for event in self._frames.events():
            self._seen += 1
            if self._seen > MOST_EVENTS:
                raise NotWebSocket(f"more than {MOST_EVENTS:,} frames")
            if self._seen % EVENTS_A_TURN == 0:
                gevent.sleep(0)
            yield event

    def _events(self) -> Iterator[Event]:
        """As they come; raises ClosedEarly where the peer is gone without a close frame."""
        while True:
            yield from self._counted()
            self._reads += 1
            if self._reads % READS_A_TURN == 0:
                gevent.sleep(0)
            data = self._socket.recv(READ_BYTES)
            if not data:
                raise Stale if self._idle_so_far else ClosedEarly(head_seen=self._switched)
            self._idle_so_far = False
            self._frames.receive_data(data)

    def _idle(self, event: Event) -> bool:
        if isinstance(event, Ping):
            self._send(self._frames.send(event.response()))
        return not isinstance(event, CloseConnection)

    def _say(self, message: bytes) -> None:
        self._send(self._frames.send(TextMessage(data=message.decode())))

    def _say_bye(self, code: int) -> None:
        with suppress(OSError, ProtocolError):  # gone already
            self._send(self._frames.send(CloseConnection(code=code)))

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)


def subprotocol(said: str | Mapping[str, Any]) -> str:
    """As offered; a table becomes ``header-`` and its JSON in base64url, as AppSync has its authorization."""
    if isinstance(said, str):
        return said
    encoded = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode())
    return "header-" + encoded.decode().rstrip("=")


def _headers(pairs: Any) -> dict[bytes, bytes]:  # noqa: ANN401 - wsproto's own list
    return {bytes(name).lower(): bytes(value) for name, value in pairs}


def _fits(message: bytes, until: Mapping[str, str]) -> bool:
    try:
        data = orjson.loads(message)
    except ValueError:
        return False
    return all(str(value_at(data, path)) == value for path, value in until.items())
