"""Facts without what identifies an account: they go into evidence that others read."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

# A request id or a digest may hold twelve digits in a row too: those are taken whole and left alone.
_ACCOUNT = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,})(?![0-9A-Za-z])"
    r"|(?<![0-9])(?P<account>[0-9]{12})(?![0-9])",
    re.IGNORECASE,
)
_URL_ID = re.compile(r"https://[a-z0-9]{20,}\.lambda-url\.")


def without_accounts(value: Any) -> Any:  # noqa: ANN401 - any plain value
    """The same value with twelve-digit account ids and function URLs' ids masked, times as text."""
    if isinstance(value, dict):
        return {key: without_accounts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_accounts(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str):
        return _URL_ID.sub("https://URL-ID.lambda-url.", _ACCOUNT.sub(_masked, value))
    return value


def _masked(found: re.Match[str]) -> str:
    return "ACCOUNT" if found["account"] else found[0]
