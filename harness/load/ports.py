"""The port at which one machine's own workers meet their master: a free one, so that campaigns run side by side.

Locust's fixed default stays for a master and workers that are started apart: both sides must know it beforehand.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gevent import socket  # Locust patches it anyway

if TYPE_CHECKING:
    import argparse

LOCUSTS_PORT = 5557
UNSAID = -1  # what nobody chose, by option, environment or config file
ANYWHERE = ("*", "0.0.0.0", "::")  # noqa: S104 - compared with, never bound


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

    def _keep(self, host: str) -> int:
        self.release()
        kept = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1" if host in ANYWHERE else host, 0))
        self._kept = kept
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
