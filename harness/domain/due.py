"""Due: one intended arrival, before it is given a question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Due:
    """When, in which phase, and to which copy of the target; token counts as a trace has them."""

    scheduled_s: float
    phase: str
    measured: bool
    input_tokens: int | None = None
    output_tokens: int | None = None
    lane: int = 0
