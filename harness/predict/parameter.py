"""A Parameter: one figure that a prediction rests on, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.platforms import scaling
from harness.platforms.scaling import Stated


class From(StrEnum):
    """Where a figure comes from."""

    MEASURED = "measured"
    DECLARED = "declared"
    ASSUMED = "assumed"


class What(StrEnum):
    """What it is a figure of."""

    RUNTIME = "runtime's own time an answer"
    MODEL = "model's time an answer"
    BUSY = "what an answer in progress keeps busy"
    START = "what a start adds"
    WINDOW = "time that an idle instance is kept"
    AT_ONCE = "requests that an instance holds"
    LEAST = "instances that are always kept"
    MOST = "instances at most"
    CAPACITY = "requests a second that it sustains"
    WAIT = "how long a request may wait for a place"
    ATTEMPTS = "attempts of a client"
    SPEED = "speed of an instance"


@dataclass(frozen=True)
class Parameter:
    """``low`` and ``high``: its 90 % interval where measured, its range where assumed; n and blocks of what was measured."""

    what: What
    unit: str
    value: float
    low: float | None
    high: float | None
    basis: From
    source: str
    n: int = 0
    blocks: int = 0


def stated(what: What, unit: str, said: Stated) -> Parameter:
    """As a platform or a target says it."""
    basis = From.DECLARED if said.basis is scaling.Basis.DECLARED else From.ASSUMED
    return Parameter(what, unit, said.value, said.low, said.high, basis, said.source)
