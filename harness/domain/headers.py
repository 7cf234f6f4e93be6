"""Headers: what names and values that a person says are made of, which are the load generator's own, and what packs a body."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(
    r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?"
)  # RFC 9110, 5.5: no CR, LF, NUL
MOST_NAME, MOST_VALUE = 100, 8_192

# What frames a request, or belongs to one connection (RFC 9110, 7.6.1): a second one smuggles or hangs.
RESERVED = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection"),
        *("te", "trailer", "upgrade", "expect", "http2-settings", "proxy-authenticate", "proxy-authorization"),
        *("accept-encoding", "content-encoding"),
    }
)

# Content codings (IANA). What is none of them packs nothing: apps write "none" or "utf-8" to keep a proxy from compressing.
_PACKING = frozenset(
    ("gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz", "aes128gcm", "exi")
)


def is_packed(content_encoding: str) -> bool:
    """Whether a body under this content-encoding can't be read as it is."""
    return any(coding.strip().lower() in _PACKING for coding in content_encoding.split(","))


def name_problem(name: str) -> str | None:
    """Why no header of this name may be configured; None where it may."""
    if len(name) > MOST_NAME or not _TOKEN.fullmatch(name):
        return "is not a header name"
    if name.lower() in RESERVED:
        return "the load generator sets it itself: it belongs to the connection"
    return None


def value_problem(value: str) -> str | None:
    """Why this cannot be sent as a header's value, in words that do not repeat it; None where it can."""
    if len(value) > MOST_VALUE:
        return f"is longer than {MOST_VALUE} characters"
    if not _VALUE.fullmatch(value):
        return "is not the value of a header: it is empty, begins or ends with a blank, or holds a line break or another control character"
    return None
