"""Printing for machines, and where the pages for people are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import harness
from harness.evidence.files import dump


def emit(value: Any) -> None:  # noqa: ANN401
    """One JSON document on standard output."""
    print(dump(value), end="")


def pages() -> Path:
    """The folder of the documentation: inside an installed package, beside it in a checkout."""
    package = Path(harness.__file__).parent
    inside = package / "scaffold" / "assets" / "docs"
    return inside if inside.is_dir() else package.parent / "docs"
