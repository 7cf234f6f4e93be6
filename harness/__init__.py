"""A two-week pilot that decides which runtime should serve a RAG chat API.

``harness.open(DIR)`` gives a pilot's evidence and verdicts as pandas frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from harness.frames import Pilot

__all__ = ["__version__", "open"]
__version__ = "0.2.0.dev0"


def open(folder: str | os.PathLike[str] = ".") -> Pilot:  # noqa: A001 - read as harness.open
    """The pilot in a workspace's folder, read-only; raises Refused where there is none, or nothing is planned yet."""
    from pathlib import Path  # noqa: PLC0415 - a locustfile imports this module too

    from harness.frames import Pilot  # noqa: PLC0415 - pandas takes as long to import as a run takes to start

    return Pilot(Path(folder))
