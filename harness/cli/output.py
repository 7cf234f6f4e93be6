"""Printing for machines."""

from __future__ import annotations

from typing import Any

from harness.evidence.files import dump


def emit(value: Any) -> None:  # noqa: ANN401
    """One JSON document on standard output."""
    print(dump(value), end="")
