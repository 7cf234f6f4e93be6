"""``scipy.special``, imported when a law is first asked for: that takes as long as all else that a command loads."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a function of any shape
    if name.startswith("__"):
        raise AttributeError(name)
    from scipy import special  # noqa: PLC0415

    found = globals()[name] = getattr(special, name)
    return found
