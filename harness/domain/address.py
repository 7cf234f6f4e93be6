"""What a base URL may be: an origin and a path, and never a place for a secret."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

HTTP = ("http", "https")
SOCKETS = ("ws", "wss")  # the same hosts and ports, as a WebSocket's URL says it
SCHEMES = (*HTTP, *SOCKETS)
NOWHERE = "https://not-deployed.invalid"  # of a target that is not deployed yet, or not any more
MOST = 2_000
MOST_HOST = 253
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN = re.compile(r"""[^\x00-\x20\x7f-\U0010ffff\\"'<>^`{|}]+""")  # RFC 3986 leaves these out
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def over_http(url: str) -> str:
    """A base URL without its last slash; a WebSocket's begins as a request of HTTP."""
    scheme, colon, rest = url.rstrip("/").partition(":")
    return {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme) + colon + rest


def is_url(text: str) -> bool:
    """Whether it is meant as a URL rather than a name; also of one that is broken."""
    return bool(_SCHEME.match(text))


def problem_of(url: str, schemes: Sequence[str] = HTTP) -> str | None:
    """Why this is no base URL, in words that do not repeat it; None where it is one."""
    if len(url) > MOST or not _PLAIN.fullmatch(url):
        return f"is not a URL: want at most {MOST} printable ASCII characters without blanks, quotes and backslashes"
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return "is not a URL"
    if parts.scheme not in schemes or not parts.hostname or not port_is_one:
        return "want http:// or https:// with a host"
    return _problem_of_parts(url, parts)


def _problem_of_parts(url: str, parts: SplitResult) -> str | None:
    if "@" in parts.netloc:
        return "holds a name or password, which would stand in evidence: put it into the environment, with [auth]"
    if parts.query or parts.fragment or url[-1] in "?#":
        return "want no ? or # part: paths are added to it, and a key would stand in evidence"
    if not _is_host(parts.hostname) or parts.netloc.endswith(":"):
        return "its host is neither a name nor an address"
    return None


def is_loopback(hostname: str) -> bool:
    """By its name alone: nothing is looked up."""
    if hostname == "localhost":
        return True
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return False


def _is_host(host: str | None) -> bool:
    """A name of DNS labels, or an address as ``urlsplit`` takes it out of its brackets."""
    if not host or ":" in host:
        try:
            return bool(ip_address(host or ""))
        except ValueError:
            return False
    return len(host) <= MOST_HOST and all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))


def without_secrets(url: str) -> str:
    """As it may be shown: neither a name or password, nor what stands behind ? or #."""
    shown = url.partition("?")[0].partition("#")[0]
    before, at, after = shown.rpartition("@")
    return f"{before.partition('://')[0]}://{after}" if at else shown
