"""Ports, so that runs go on side by side on one machine: a free one where this machine's own workers meet their master.

Locust's fixed default stays for a master and workers that are started apart: both sides must know it beforehand.
It stays for the page too, unless somebody has it. A port that was chosen and is taken is refused.
"""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING

from gevent import socket  # Locust patches it anyway

from harness.errors import Refused

if TYPE_CHECKING:
    import argparse

LOCUSTS_PORT, PAGE_PORT = 5557, 8089
UNSAID = -1  # what nobody chose, by option, environment or config file
ANYWHERE = ("", "*", "0.0.0.0", "::")  # noqa: S104 - compared with, never bound


class MeetingPort:
    """A port chosen before the fork and kept until the master listens at it.

    What is kept is bound and does not listen: on Linux nobody else is given such a port, and a
    listener that may reuse its address, as ZeroMQ's may, gets it all the same. Elsewhere the
    port is only known to have been free when it was chosen.
    """

    def __init__(self) -> None:
        self._kept: socket.socket | None = None

    def choose(self, parsed: argparse.Namespace) -> None:
        """Fill in both sides' ports where nobody chose them."""
        bind, connect = parsed.master_bind_port, parsed.master_port
        if parsed.processes and not parsed.worker:
            if bind == UNSAID:
                bind = connect if connect != UNSAID else self._keep(parsed.master_bind_host)
            connect = bind if connect == UNSAID else connect
        parsed.master_bind_port = LOCUSTS_PORT if bind == UNSAID else bind
        parsed.master_port = LOCUSTS_PORT if connect == UNSAID else connect
        if (parsed.master or (parsed.processes and not parsed.worker)) and self._kept is None:
            host, port = parsed.master_bind_host, parsed.master_bind_port
            if taken(host, port):
                raise Refused(
                    f"--master-bind-port {port}: something else listens there",
                    "another master? choose a free port, and give it to the workers as --master-port",
                )

    def _keep(self, host: str) -> int:
        self.release()
        try:
            self._kept = kept = _bound(host, 0)
        except OSError as error:
            raise Refused(f"--master-bind-host {host}: {error.strerror}", "as 127.0.0.1") from None
        port = int(kept.getsockname()[1])
        if sys.platform != "linux":
            self.release()
        return port

    def release(self) -> None:
        """The master listens by now."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


MEETING_PORT = MeetingPort()


def choose_page_port(parsed: argparse.Namespace) -> None:
    """Locust's own, or a free one where another page has it; raises Refused where a chosen one is taken."""
    chosen = parsed.web_port
    parsed.web_port = PAGE_PORT if chosen == UNSAID else chosen
    if parsed.headless or parsed.worker or not taken(parsed.web_host, parsed.web_port):
        return
    if chosen != UNSAID:
        raise Refused(
            f"--web-port {chosen}: something else listens there", "choose a free port, or none: a free one is found"
        )
    with _bound(parsed.web_host, 0) as free:
        parsed.web_port = int(free.getsockname()[1])


def taken(host: str, port: int) -> bool:
    """Whether somebody listens there; what is wrong with an address otherwise shows when it is bound."""
    try:
        with _bound(host, port):
            return False
    except OSError as error:
        return error.errno == errno.EADDRINUSE


def _bound(host: str, port: int) -> socket.socket:
    """Not listening; where every address was meant, one of them."""
    address = "127.0.0.1" if host in ANYWHERE else host
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made
