"""Locust's sockets between a master and its workers, with CurveZMQ: each proves that it knows the fleet's secret; all is encrypted.

libzmq makes the handshake before it hands out a frame, and numbers what follows: what a
stranger sends is never read as a message, nothing can be sent a second time, and neither side takes a stranger for the other.
"""

from __future__ import annotations

import os
from contextlib import suppress
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import gevent
import locust.runners
import zmq.green
from gevent import GreenletExit
from locust.exception import RPCError, RPCSendError
from locust.rpc import Message
from locust.rpc.zmqrpc import BaseSocket
from zmq.constants import Event
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

from harness import signals
from harness.errors import Refused
from harness.keys import Pair
from harness.load.guard import told

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BYTES = 64 * 1024 * 1024  # of a message; a stranger's frame of more is not even read
AGAIN_S = 1.0
SEND_S = 9.0  # as long as Locust tries
DOMAIN = b"pilot"
ASKED_AT = "inproc://zeromq.zap.01"  # where libzmq asks whether a key may come in: RFC 27, ZAP
GIVEN_UP = (Event.HANDSHAKE_FAILED_PROTOCOL, Event.HANDSHAKE_FAILED_AUTH)
FAILED = (Event.HANDSHAKE_FAILED_NO_DETAIL, *GIVEN_UP)


class Fleet:
    """The keys of one master and its workers, and what was refused for not having them."""

    def __init__(self, secret: bytes) -> None:
        if not zmq.has("curve"):
            raise Refused(
                "this machine's libzmq has no CURVE, by which master and workers know each other",
                "pip install --force-reinstall pyzmq",
            )
        self.master, self.worker = Pair.of(secret, b"master"), Pair.of(secret, b"worker")
        self._accepted = self._admitted = 0
        self.unreadable = 0
        self._told: set[str] = set()

    @property
    def strangers(self) -> int:
        """Connections that never proved that they know the secret."""
        return self._accepted - self._admitted

    def install(self) -> None:
        """In place of Locust's own, for whatever runner this process makes."""
        made = SimpleNamespace(
            Server=lambda host, port: Server(self, host, port),
            Client=lambda host, port, identity: Client(self, host, port, identity),
        )
        locust.runners.rpc = made  # type: ignore[assignment,attr-defined]

    def heard(self, event: Event) -> None:
        """What became of a connection to the master."""
        self._accepted += event == Event.ACCEPTED
        self._admitted += event == Event.HANDSHAKE_SUCCEEDED
        if event in FAILED:
            self.tell_once("warning: a connection to the workers' port was refused: it does not know the secret")

    def cannot_read(self, error: Exception) -> None:
        """A message of a worker of ours that is none."""
        self.unreadable += 1
        self.tell_once(f"warning: a message between master and worker is dropped: {told(error)}")

    def tell_once(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            signals.say(words)


class Server(BaseSocket):
    """The master's: hears only workers that know the secret."""

    def __init__(self, fleet: Fleet, host: str, port: int) -> None:
        super().__init__(zmq.ROUTER, self.ipv4_only(host, port))
        self._fleet = fleet
        self.socket.curve_server = True
        self.socket.curve_publickey, self.socket.curve_secretkey = fleet.master.public, fleet.master.secret
        self.socket.zap_domain = DOMAIN
        self.socket.maxmsgsize = MOST_BYTES
        context = self.socket.context
        self._door = context.socket(zmq.REP)
        self._door.bind(ASKED_AT)
        self._watches = _watch(self.socket, fleet.heard), gevent.spawn(_answer, self._door, fleet.worker)
        try:
            self.port = self.socket.bind_to_random_port(f"tcp://{host}") if port == 0 else port
            if port != 0:
                self.socket.bind(f"tcp://{host}:{port}")
        except zmq.ZMQError as error:
            self.close(linger=0)
            raise RPCError(f"Socket bind failure: {os.strerror(error.errno or 0)}") from error

    def recv_from_client(self) -> tuple[str, Message]:
        """The next that is a message, and that its sender says of itself."""
        while True:
            try:
                frames = self.socket.recv_multipart()
            except zmq.ZMQError as error:
                raise RPCError("ZMQ network broken") from error
            try:
                sender, data = frames
                return sender.decode(), _message(data, sender.decode())
            except Exception as error:  # noqa: BLE001 - Locust would handle the message before it once more
                self._fleet.cannot_read(error)

    def close(self, linger: int | None = None) -> None:
        for watch in self._watches:
            watch.kill(block=False)
        self._door.close(linger=0)
        super().close(linger)


class Client(BaseSocket):
    """A worker's: hears only the master that knows the secret."""

    def __init__(self, fleet: Fleet, host: str, port: int, identity: str) -> None:
        super().__init__(zmq.DEALER, self.ipv4_only(host, port))
        self._fleet, self._where, self._identity = fleet, f"{host}:{port}", identity
        self.socket.curve_serverkey = fleet.master.public
        self.socket.curve_publickey, self.socket.curve_secretkey = fleet.worker.public, fleet.worker.secret
        self.socket.maxmsgsize = MOST_BYTES
        self.socket.setsockopt(zmq.IDENTITY, identity.encode())
        self._watching = _watch(self.socket, self._heard)
        self.socket.connect(f"tcp://{self._where}")

    def _heard(self, event: Event) -> None:
        if event in GIVEN_UP:
            gevent.spawn_later(AGAIN_S, self._connect_again)
        if event in FAILED:
            self._fleet.tell_once(
                f"warning: what listens at {self._where} does not share this worker's secret, or ends just now: "
                "docs/load.md says how a master and its workers know each other"
            )

    def _connect_again(self) -> None:
        """Libzmq gives up where the other side is no master at all; the next one there may be ours."""
        if not self.socket.closed:
            with suppress(zmq.ZMQError):  # it may know of no connection any more
                self.socket.disconnect(f"tcp://{self._where}")
            self.socket.connect(f"tcp://{self._where}")

    def send(self, msg: Message) -> None:
        """Waits a while where nobody is connected, as Locust does, but without a traceback for each time."""
        data, until = msg.serialize(), perf_counter() + SEND_S
        while True:
            try:
                self.socket.send(data, zmq.NOBLOCK)
            except zmq.Again as error:
                if perf_counter() > until:
                    raise RPCSendError("ZMQ sent failure") from error
                gevent.sleep(AGAIN_S / 10)
            except zmq.ZMQError as error:
                raise RPCSendError("ZMQ sent failure") from error
            else:
                return

    def recv(self) -> Message:
        """The next that is a message."""
        while True:
            try:
                data = self.socket.recv()
            except zmq.ZMQError as error:
                raise RPCError("ZMQ network broken") from error
            try:
                return _message(data, self._identity)
            except Exception as error:  # noqa: BLE001 - what it is does not matter: the next one counts
                self._fleet.cannot_read(error)

    def close(self, linger: int | None = None) -> None:
        self._watching.kill(block=False)
        super().close(linger)


def _message(data: bytes, node: str) -> Message:
    message: Message = Message.unserialize(data)
    if not isinstance(message.type, str) or message.node_id != node:
        raise ValueError(f"a message of type {message.type!r} in the name of {message.node_id!r}")
    return message


def _watch(socket: Any, heard: Callable[[Event], None]) -> gevent.Greenlet:  # noqa: ANN401 - zmq.green's are untyped
    """Hear what becomes of this socket's connections."""
    events = Event.ACCEPTED | Event.HANDSHAKE_SUCCEEDED | FAILED[0] | FAILED[1] | FAILED[2]
    monitor = socket.get_monitor_socket(events)

    def watch() -> None:
        try:
            while True:
                heard(Event(parse_monitor_message(monitor.recv_multipart())["event"]))
        except (GreenletExit, zmq.ZMQError):
            monitor.close(linger=0)

    return gevent.spawn(watch)


def _answer(door: Any, worker: Pair) -> None:  # noqa: ANN401
    """Say of every key whether it is the workers'; libzmq waits for it, and refuses where nothing comes."""
    key = z85.decode(worker.public)
    while True:
        version, number, _domain, _address, _identity, mechanism, *credentials = door.recv_multipart()
        known = mechanism == b"CURVE" and credentials == [key]
        status = (b"200", b"OK", b"worker") if known else (b"400", b"unknown key", b"")
        door.send_multipart([version, number, *status, b""])
