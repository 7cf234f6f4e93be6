"""Names on a certificate against the name that a URL says: the handshake that every request makes, made once before."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from harness.domain.finding import Finding, State
from harness.domain.target import Target
from harness.platforms.examining import guarded
from harness.platforms.shared.ready import verify_of

TIMEOUT_S = 10.0
Names = Callable[[str, int], tuple[str, ...]]  # of the certificate that answers at a host and a port


def names_at(host: str, port: int, context: ssl.SSLContext | None = None) -> tuple[str, ...]:
    """Of a certificate whose authority is trusted, whatever name was asked for; raises OSError, of which SSLError is one."""
    trusted = context or ssl.create_default_context()
    trusted.check_hostname = False
    with (
        socket.create_connection((host, port), TIMEOUT_S) as plain,
        trusted.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        said: dict[str, Any] = dict(wrapped.getpeercert() or {})
    return tuple(str(name) for kind, name in said.get("subjectAltName", ()) if kind in ("DNS", "IP Address"))


def names_for(target: Target) -> Names:
    """By the authority that its own file names, where it has one: its certificates are often a team's own."""

    def names(host: str, port: int) -> tuple[str, ...]:
        verify = verify_of(target)
        return names_at(host, port, verify if isinstance(verify, ssl.SSLContext) else None)

    return names


def covers(host: str, names: Iterable[str]) -> bool:
    """As RFC 6125: a star stands for one label, and only the leftmost."""
    wanted = host.lower().rstrip(".")
    for name in (n.lower().rstrip(".") for n in names):
        if name == wanted or (
            name.startswith("*.") and wanted.partition(".")[2] == name[2:] and wanted.partition(".")[0]
        ):
            return True
    return False


def certificate(name: str, url: str, names: Names = names_at) -> list[Finding]:
    """Whether the certificate at a URL is for the URL's host; nothing of an address without TLS."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return []
    host, port = parts.hostname, parts.port or 443

    def look() -> Finding:
        try:
            found = names(host, port)
        except ssl.SSLCertVerificationError as error:
            words = f"{host}: {error.verify_message or error}"
            return Finding(
                name, State.WRONG, words, "a certificate of an authority that clients trust, or [tls] ca_file"
            )
        except OSError as error:
            words = f"{host}:{port}: {error.strerror or error}"
            return Finding(name, State.UNREADABLE, words, "the address must be reachable from here")
        if covers(host, found):
            return Finding(name, State.GOOD, host)
        words = f"it is for {', '.join(found) or 'no name'}, and the URL says {host}: every client would refuse it"
        return Finding(
            name, State.WRONG, words, f"a DNS name of the certificate that leads to {host}, and that name in the URL"
        )

    return guarded(name, look)
