"""The folder of the machine's template: beside the targets in a checkout, inside the package in a wheel."""

from __future__ import annotations

from pathlib import Path

import harness
from harness.errors import PilotError

PLACES = ("scaffold/assets/targets/generator", "../targets/generator")


def folder() -> Path:
    """Raises PilotError where it is missing."""
    for place in PLACES:
        found = Path(harness.__file__).parent / place
        if found.is_dir():
            return found
    raise PilotError("the package's own targets/generator is missing", "install the package again")
