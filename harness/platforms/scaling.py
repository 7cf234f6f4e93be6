"""How a platform grows with its traffic, as data: who starts an instance and when, what one holds, what waits, what is refused.

A figure is declared (target.toml or the control plane say it) or a stated assumption: the documented default, with the
range that it may lie in and where that stands. Sources: providers' documentation as of November 2026.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any


class Grows(StrEnum):
    """Who starts an instance."""

    ON_DEMAND = "on demand"  # a request that finds no place
    AUTOSCALER = "autoscaler"  # a loop that looks at the load every so often
    FIXED = "fixed"  # nobody: there are as many as there are


class Picks(StrEnum):
    """Which of the instances with a place takes a request."""

    RECENT = "most recently used"  # so that idle ones can end
    LEAST = "least in hand"
    TURNS = "each in turn"


class Basis(StrEnum):
    """Who says a figure."""

    DECLARED = "declared"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Stated:
    """A figure with the range that it may lie in; ``source`` is where it stands."""

    value: float
    low: float
    high: float
    basis: Basis
    source: str

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.value:g} does not lie between {self.low:g} and {self.high:g}: {self.source}")

    @property
    def ranges(self) -> bool:
        """Whether it may be another."""
        return self.low < self.high


def declared(value: float, source: str) -> Stated:
    """As somebody who decides it says."""
    return Stated(float(value), float(value), float(value), Basis.DECLARED, source)


def assumed(value: float, low: float, high: float, source: str) -> Stated:
    """A documented default, or what is usual."""
    return Stated(float(value), float(low), float(high), Basis.ASSUMED, source)


NOT_LIMITED = declared(math.inf, "it has no such limit")
NO_TIME = declared(0.0, "it has no such time")
ONE_PROCESSOR = declared(1, "one processor an instance")


@dataclass(frozen=True)
class Waiting:
    """What happens where no instance has a place; ``starts``: the wait is at least so many mean start times."""

    places: Stated  # requests that may wait, of all instances together; 0: each is refused at once
    most_s: Stated
    starts: float = 0.0


REFUSED_AT_ONCE = Waiting(declared(0, "nothing waits"), NO_TIME)


@dataclass(frozen=True)
class Scaler:
    """An autoscaler's rule: the mean load of a window over a share of what one instance holds.

    Enough for what is in hand now where ``at_need``; an instance more than is needed ends after ``down_s``.
    """

    share: Stated
    window_s: Stated
    every_s: Stated
    lag_s: Stated  # from the wish for an instance to the beginning of its start
    down_s: Stated
    at_need: bool = True


@dataclass(frozen=True)
class Scaling:
    """How one target grows; instances are counted as clients see them."""

    grows: Grows
    picks: Picks
    at_once: Stated  # requests that one instance holds
    least: Stated  # instances that are always kept
    most: Stated
    waiting: Waiting = REFUSED_AT_ONCE
    scaler: Scaler | None = None  # of an autoscaler alone
    starts_at_once: Stated = NOT_LIMITED  # a bucket of starts, and
    starts_per_s: Stated = NOT_LIMITED  # how fast it fills
    idle_s: Stated = NOT_LIMITED  # how long an idle instance is kept, where no window was measured
    vcpus: Stated = ONE_PROCESSOR
    bills_starts: bool = False  # the time of a start
    one_machine: bool = False  # all instances are processes of the machine that asks, and share its processors
    bills_idle: bool = False  # of each instance that serves nothing; else of those that are kept on purpose

    def changed(self, asked: Mapping[str, float], source: str) -> Scaling:
        """With figures of ``SETTINGS`` as somebody wants them; raises KeyError for another name, ValueError for no size."""
        for name, value in asked.items():
            if name in COUNTS and value != int(value):
                raise ValueError(f"{name} {value:g} is not a whole number")
            if name in ABOVE_0 and value <= 0:
                raise ValueError(f"{name} {value:g} is not above 0")
        figures: dict[str, Any] = {SETTINGS[name]: declared(value, source) for name, value in asked.items()}
        made = replace(self, **figures)
        if made.grows is Grows.FIXED and {"min_instances", "max_instances"} & asked.keys():
            said = made.least if "min_instances" in asked else made.most
            made = replace(made, least=said, most=said)
            if said.value < 1:
                raise ValueError("a fixed number of instances is at least 1")
        if made.most.value < made.least.value:
            raise ValueError(f"min_instances {made.least.value:g} is more than max_instances {made.most.value:g}")
        return made

    def assumptions(self) -> tuple[tuple[str, Stated], ...]:
        """Every figure that nobody declared, by its name."""
        parts: list[tuple[str, Any]] = [(f.name, getattr(self, f.name)) for f in fields(self)]
        parts += [(f.name, getattr(self.waiting, f.name)) for f in fields(self.waiting)]
        parts += [(f.name, getattr(self.scaler, f.name)) for f in fields(self.scaler)] if self.scaler else []
        return tuple((n, s) for n, s in parts if isinstance(s, Stated) and s.basis is Basis.ASSUMED)


SETTINGS: Mapping[str, str] = {
    "min_instances": "least",
    "max_instances": "most",
    "requests_per_instance": "at_once",
    "idle_s": "idle_s",
    "vcpus": "vcpus",
}
COUNTS = frozenset({"min_instances", "max_instances", "requests_per_instance"})
ABOVE_0 = frozenset({"requests_per_instance", "vcpus"})
