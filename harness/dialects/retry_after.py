"""How long an answer asks a client to wait, and whether it wants it to come again, as client libraries read it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from harness.dialects.numbers import finite
from harness.domain.bounds import RETRY_AFTER_S

MOST_DATE = 100  # characters
MILLISECONDS = (b"retry-after-ms", b"x-ms-retry-after-ms")  # OpenAI's and Azure's: finer, so they win


def retry_after_s(headers: Mapping[bytes, bytes]) -> float | None:
    """Seconds; of a date those since the answer's own Date, or this machine's clock without one.

    None: it does not say, or asks for what nobody would wait (a negative time, more than 30 days).
    """
    wait_s = _wait_s(headers)
    return wait_s if wait_s is not None and wait_s in RETRY_AFTER_S else None


def _wait_s(headers: Mapping[bytes, bytes]) -> float | None:
    for name in MILLISECONDS:
        if name in headers and (wait := finite(headers.get(name))) is not None:
            return wait / 1000
    text = headers.get(b"retry-after")
    if text is None:
        return None
    if (wait := finite(text)) is not None:
        return wait
    until = _date(text)
    if until is None:
        return None
    since = _date(headers.get(b"date"))
    return max(0.0, until.timestamp() - (time.time() if since is None else since.timestamp()))


def should_retry(headers: Mapping[bytes, bytes]) -> bool | None:
    """What the server asks for itself by ``x-should-retry``, as OpenAI and Anthropic do; None: it does not say."""
    text = headers.get(b"x-should-retry")
    return None if text is None else {b"true": True, b"false": False}.get(text.strip().lower())


def _date(text: bytes | None) -> datetime | None:
    try:
        date = None if text is None else parsedate_to_datetime(text[:MOST_DATE].decode("latin-1"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date
