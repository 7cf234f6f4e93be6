"""Where requests go: address, TLS, and which connections may be used again by whom."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from gevent import socket
from gevent.ssl import SSLContext as GreenContext

from harness.errors import Refused
from harness.load.connection import Connection, open_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.load.wire import Wire

CONNECT_TIMEOUT_S = 10.0


class Connections(StrEnum):
    """Whose connections a request may use again: part of the workload, the same on both targets."""

    SHARED = "shared"
    PER_USER = "per-user"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True)
class Opened:
    """How long a new connection took, part by part, in seconds; ``tls_s`` is None without TLS."""

    connect_s: float
    dns_s: float
    tls_s: float | None


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Certificates are always verified, against the system's authorities or the file's; raises Refused."""
    try:
        # gevent's own, patched or not: the standard one would block every greenlet, so that no deadline passes
        context: ssl.SSLContext = GreenContext(ssl.PROTOCOL_TLS_CLIENT)
        if ca_file:
            context.load_verify_locations(ca_file)
        else:
            context.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Refused(f"tls.ca_file {ca_file}: {reason}", "name a file of PEM certificates") from None
    return context


class Origin:
    """One base URL; a slot is whatever object a connection belongs to under ``per-user``."""

    def __init__(self, base_url: str, connections: str = Connections.SHARED, ca_file: str | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        parts: SplitResult = urlsplit(self.base_url)
        self._tls = tls_context(ca_file) if parts.scheme == "https" else None
        self._hostname = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self.host_header = parts.netloc.rpartition("@")[2]
        self.prefix = parts.path
        self.connections = Connections(connections)
        self._free: list[Wire] = []
        self._own: dict[Any, Wire] = {}
        self.make: Callable[[Origin, Any], Wire] = Connection  # of an open socket; HTTP unless somebody says otherwise
        self.open_sockets = 0

    def reuse(self, slot: object) -> Wire | None:
        """A connection that is still alive, None to open one."""
        if self.connections is Connections.PER_USER:
            kept = self._own.pop(slot, None)
            if kept is not None and not kept.usable():
                kept.close()
                return None
            return kept
        while self._free:
            connection = self._free.pop()
            if connection.usable():
                return connection
            connection.close()
        return None

    def open(self) -> tuple[Wire, Opened]:
        """A new connection; raises OSError (of which ssl.SSLError is one)."""
        began = perf_counter()
        addresses = socket.getaddrinfo(self._hostname, self._port, 0, socket.SOCK_STREAM)
        resolved = perf_counter()
        sock = open_socket(addresses, CONNECT_TIMEOUT_S)
        self.open_sockets += 1
        tls_s = None
        try:
            if self._tls:
                connected = perf_counter()
                sock = self._tls.wrap_socket(sock, server_hostname=self._hostname)
                tls_s = perf_counter() - connected
            sock.settimeout(None)  # from here on the deadline is the caller's
            connection = self.make(self, sock)
        except BaseException:
            sock.close()
            self.open_sockets -= 1
            raise
        return connection, Opened(perf_counter() - began, resolved - began, tls_s)

    def give(self, slot: object, connection: Wire) -> None:
        """Take back a connection that may be used again."""
        match self.connections:
            case Connections.FRESH:
                connection.close()
            case Connections.PER_USER:
                self._own[slot] = connection
            case _:
                self._free.append(connection)

    def close(self) -> None:
        for connection in (*self._free, *self._own.values()):
            connection.close()
        self._free, self._own = [], {}
