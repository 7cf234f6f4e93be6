"""Every long-lived loop has one place where an unexpected error ends: in words, never in silence."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from harness.domain.shown import visible

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
LONGEST = 300  # of what an error says: it may quote a whole answer


def told(error: BaseException) -> str:
    """Its kind, its words and where it was raised: enough to find it without a traceback."""
    frames = extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {visible(str(error), LONGEST)}{place}"


def guarded(work: Callable[P, R], failed: Callable[[str], None]) -> Callable[P, R | None]:
    """The same work; what it raises goes to ``failed`` as words. Being stopped (GreenletExit) is no error."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return work(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the one place
            failed(f"unexpected: {told(error)}")
            return None

    return run
