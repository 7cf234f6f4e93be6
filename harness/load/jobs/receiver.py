"""Receives callbacks: a small server on loopback; what is not signed as its job's service signs is turned away and counted."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gevent.pywsgi import WSGIServer

from harness.dialects.jobs import Called, called, signed
from harness.dialects.shapes import Unexpected
from harness.domain.bounds import KIB
from harness.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.domain.job_map import JobsMap

LOOPBACK = "127.0.0.1"
MOST_BYTES = 64 * KIB
MOST_DIGITS = 18  # of a length: more is no number to read
PATH = "/callbacks"


class Receiver:
    """Listens from the start of a run to its end; ``heard`` gets each callback and its instant on the run's clock.

    With the service's secret in this process's environment every callback must be signed with it; without, none can be
    told from a stranger's, and the run says so.
    """

    def __init__(self, how: JobsMap, address: str, t0: float, heard: Callable[[Called, float], None]) -> None:
        assert how.callback is not None
        self._how, self._callback = how, how.callback
        self._t0 = t0
        self._heard = heard
        secret = os.environ.get(self._callback.secret or "")
        self._secret = secret.encode() if secret else None
        self._public = None if address == "loopback" else address
        port = urlsplit(address).port or 0 if self._public else 0
        self._server = WSGIServer((LOOPBACK, port), self._answer, log=None, error_log=None)
        self.received = self.refused = 0

    @property
    def checks_signatures(self) -> bool:
        return self._secret is not None

    @property
    def url(self) -> str:
        """What submissions name; a public address leads to the same port here."""
        own = f"http://{LOOPBACK}:{self._server.server_port}"
        return f"{(self._public or own).rstrip('/')}{PATH}"

    def start(self) -> None:
        """Raises Refused where the port is taken."""
        try:
            self._server.start()
        except OSError as error:
            raise Refused(
                f"--callback: port {self._server.address[1]} of {LOOPBACK}: {error.strerror}", "name another port"
            ) from None

    def stop(self) -> None:
        self._server.stop(timeout=0.1)

    def summary(self) -> dict[str, Any]:
        """For run.json."""
        return {"callbacks": self.received, "callbacks_refused": self.refused, "signed": self.checks_signatures}

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        at_s = perf_counter() - self._t0
        status = self._take(environ, at_s)
        start(status, [("Content-Length", "0")] if not status.startswith("204") else [])
        return [b""]

    def _take(self, environ: dict[str, Any], at_s: float) -> str:
        length = environ.get("CONTENT_LENGTH") or ""
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"].rstrip("/").rpartition("/")[2] != PATH[1:]:
            return "404 Not Found"
        if wrong := _wrong_length(length):
            self.refused += 1
            return wrong
        body = environ["wsgi.input"].read(int(length))
        header = f"HTTP_{(self._callback.signature or '').upper().replace('-', '_')}"
        if self._secret and not signed(body, self._secret, environ.get(header), self._callback.prefix):
            self.refused += 1
            return "401 Unauthorized"
        try:
            call = called(self._how, self._callback, body)
        except Unexpected:
            self.refused += 1
            return "400 Bad Request"
        self.received += 1
        self._heard(call, at_s)
        return "204 No Content"


def _wrong_length(length: str) -> str | None:
    """Why a body of this Content-Length is not read; a callback that is sent in chunks tells none."""
    if not length:
        return "411 Length Required"
    if not (length.isascii() and length.isdigit()):
        return "400 Bad Request"
    return "413 Content Too Large" if len(length) > MOST_DIGITS or int(length) > MOST_BYTES else None
