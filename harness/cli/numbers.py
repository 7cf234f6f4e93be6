"""Numbers among the options: finite and within bounds, for which click's own ranges let NaN pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import typer

from harness.domain.bounds import Range

N = TypeVar("N", int, float)


def within(range_: Range) -> Callable[[N | None], N | None]:
    """A callback of ``typer.Option``; raises a usage error, which names the option. None is an option that was not given."""

    def held(value: N | None) -> N | None:
        if value is not None and value not in range_:
            raise typer.BadParameter(f"want a number {range_}, not {value:g}")
        return value

    return held
