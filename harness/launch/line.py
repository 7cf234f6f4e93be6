"""The line between a campaign and its standbys: JSON over CurveZMQ, where each side proves that it knows the secret.

    standby    {"hello": {...}}   {"beat": true}   {"ended": number, "code": ..., "words": "..."}
    campaign   {"begin": number, "argv": [...], "env": {...}, "processes": n}   {"end": number}   {"leave": true}   {"beat": true}

Kept apart from Locust's own sockets, whose secret is the same and whose keys are not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import zmq
from zmq.utils import z85

from harness.errors import Refused
from harness.keys import Pair

BEAT_S = 1.0
SILENT_S = 5.0  # after that a member counts as gone
ALONE_S = 30.0  # a standby that hears nothing for so long leaves
MOST_BYTES = 1 << 20
ASKED_AT = "inproc://zeromq.zap.01"  # where libzmq asks whether a key may come in: RFC 27, ZAP


class Door:
    """The campaign's end: one thread reads it, any may send."""

    def __init__(self, bind: str, port: int, secret: bytes) -> None:
        campaign, standby = Pair.of(secret, b"campaign"), Pair.of(secret, b"standby")
        self._context = zmq.Context()
        self._asked = self._context.socket(zmq.REP)
        self._asked.bind(ASKED_AT)
        self._known = z85.decode(standby.public)
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.curve_server = True
        self._socket.curve_publickey, self._socket.curve_secretkey = campaign.public, campaign.secret
        self._socket.zap_domain = b"pilot"
        self._socket.maxmsgsize = MOST_BYTES
        self._socket.linger = 1000  # what tells the members to leave still goes out
        try:
            self._socket.bind(f"tcp://{bind}:{port}")
        except zmq.ZMQError as error:
            self.close()
            raise Refused(
                f"generator: {bind}:{port} cannot be listened at: {zmq.strerror(error.errno or 0)}",
                "another pilot run with a fleet? generator.port chooses others; generator.bind an address of this machine",
            ) from None

    def hear(self, seconds: float) -> list[tuple[bytes, dict[str, Any]]]:
        """What came within this time, by who sent it; what cannot be read is dropped."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._asked, zmq.POLLIN)
        ready = dict(poller.poll(int(seconds * 1000)))
        if self._asked in ready:
            self._admit()
        out = []
        while self._socket in ready:
            try:
                sender, data = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            except ValueError:
                continue
            if (said := read(data)) is not None:
                out.append((sender, said))
        return out

    def send(self, to: bytes, message: dict[str, Any]) -> None:
        """Nothing where it is gone: that shows by its silence."""
        self._socket.send_multipart([to, json.dumps(message).encode()])

    def close(self) -> None:
        self._asked.close(linger=0)
        self._socket.close()
        self._context.term()

    def _admit(self) -> None:
        version, number, _domain, _address, _identity, mechanism, *credentials = self._asked.recv_multipart()
        known = mechanism == b"CURVE" and credentials == [self._known]
        status = (b"200", b"OK", b"standby") if known else (b"400", b"unknown key", b"")
        self._asked.send_multipart([version, number, *status, b""])


class Caller:
    """A standby's end; libzmq connects again by itself."""

    def __init__(self, to: str, secret: bytes) -> None:
        campaign, standby = Pair.of(secret, b"campaign"), Pair.of(secret, b"standby")
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.curve_serverkey = campaign.public
        self._socket.curve_publickey, self._socket.curve_secretkey = standby.public, standby.secret
        self._socket.maxmsgsize = MOST_BYTES
        self._socket.linger = 1000
        self._socket.connect(f"tcp://{to}")

    def hear(self, seconds: float, take: Callable[[dict[str, Any]], None]) -> bool:
        """Whether anything came."""
        heard = False
        wait_ms = int(seconds * 1000)
        while self._socket.poll(wait_ms):
            heard, wait_ms = True, 0
            if (said := read(self._socket.recv())) is not None:
                take(said)
        return heard

    def send(self, message: dict[str, Any]) -> None:
        """Kept where the campaign is not there for a moment."""
        self._socket.send(json.dumps(message).encode())

    def close(self) -> None:
        self._socket.close()
        self._context.term()


def read(data: bytes) -> dict[str, Any] | None:
    """None of what is not one of these messages."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
