"""Whole minutes, and the way in which clouds write an instant."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.domain.reading import Window


def whole(window: Window, period_s: float) -> tuple[float, float]:
    """From the beginning of the window's first period to the end of its last, in Unix seconds."""
    return window.start_unix_s // period_s * period_s, -(-window.end_unix_s // period_s) * period_s


def touches(window: Window, at_unix_s: float, period_s: float) -> bool:
    """Whether the period that begins then lies in the window, in part at least."""
    return window.start_unix_s - period_s < at_unix_s < window.end_unix_s


def utc(unix_s: float) -> str:
    """To the second, as ``2026-11-20T09:00:30Z``."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
