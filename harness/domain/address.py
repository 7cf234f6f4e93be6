"""What a base URL may be: an origin and a path, and never a place for a secret."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

HTTP = ("http", "https")
SOCKETS = ("ws", "wss")  # the same hosts and ports, as a WebSocket's URL says it
SCHEMES = (*HTTP, *SOCKETS)


def over_http(url: str) -> str:
    """A base URL without its last slash; a WebSocket's begins as a request of HTTP."""
    scheme, colon, rest = url.rstrip("/").partition(":")
    return {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme) + colon + rest


def problem_of(url: str, schemes: Sequence[str] = HTTP) -> str | None:
    """Why this is no base URL, in words that do not repeat it; None where it is one."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return "is no URL"
    if parts.scheme not in schemes or not parts.hostname or not port_is_one:
        return "want http:// or https:// with a host"
    if "@" in parts.netloc:
        return "holds a name or password, which would stand in evidence: put it into the environment, with [auth]"
    if parts.query or parts.fragment:
        return "want no ? or # part: paths are added to it, and a key would stand in evidence"
    return None


def without_secrets(url: str) -> str:
    """As it may be shown: neither a name or password, nor what stands behind ? or #."""
    shown = url.partition("?")[0].partition("#")[0]
    before, at, after = shown.rpartition("@")
    return f"{before.partition('://')[0]}://{after}" if at else shown
