"""W3C trace context: a run's request ids begin with what is a trace id too, so spans are joined by it."""

from __future__ import annotations

import re

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")


def trace_of(request_id: str | None) -> str | None:
    """The trace that a request and its further attempts are one of; None for an id of another form."""
    found = _TRACE_ID.match(request_id or "")
    return found[0] if found else None


def traceparent(trace_id: str) -> str:
    """The header of a sampled trace whose parent is the request itself."""
    return f"00-{trace_id}-{trace_id[:16]}-01"
