"""How a long command says where it is: a live page in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from harness import outlet
from harness.outlet import beneath, clean


@dataclass(frozen=True)
class RunShown:
    """One run of many, as it is shown."""

    number: int
    of: int
    block: int
    blocks: int
    label: str
    remaining_s: float  # of everything after this run
    whole_s: float = 0.0  # of the plan, done or not


@dataclass(frozen=True)
class RunSeen:
    """What is known of a run while it goes; money is MODELLED, this run's so far with it."""

    ended: int
    ok: int
    planned: int
    spent_usd: Decimal
    budget_usd: Decimal


@dataclass
class Pace:
    """How much longer runs take than their schedules: the last answers' time, and whatever is applied before one."""

    took_s: float = 0.0
    expected_s: float = 0.0

    def add(self, took_s: float, expected_s: float) -> None:
        self.took_s += took_s
        self.expected_s += expected_s

    @property
    def factor(self) -> float:
        """Never below 1, and 1 before the first run."""
        return max(1.0, self.took_s / self.expected_s) if self.expected_s else 1.0


BAR = 28


class Progress:
    """A context; ``tick`` often, ``say`` once per event."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(file=beneath(sys.stderr), stderr=True, highlight=False, quiet=quiet)
        self._live: Live | None = None
        if self._console.is_terminal and not quiet:
            self._live = Live(Text(""), console=self._console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
            outlet.install()  # the live page has put itself before both streams
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def tick(self, step: RunShown, elapsed_s: float, expected_s: float, seen: RunSeen) -> None:
        """Redraw the live page; nothing where there is no terminal."""
        if self._live is not None:
            self._live.update(Text(clean("\n".join(page(step, elapsed_s, expected_s, seen)))))

    def work(self, text: str) -> None:
        """Redraw the live line with anything else that takes long."""
        if self._live is not None:
            self._live.update(Text(clean(text)))

    def say(self, text: str) -> None:
        """One line that stays."""
        self._console.print(clean(text), markup=False, soft_wrap=True)


def page(step: RunShown, elapsed_s: float, expected_s: float, seen: RunSeen) -> list[str]:
    """Where the campaign is, what the run has met so far, how long both still take, and the spend."""
    left_s = max(0.0, expected_s - elapsed_s)
    whole_s = max(step.whole_s, left_s + step.remaining_s)
    failed = seen.ended - seen.ok
    met = (
        f"{seen.ended} of {seen.planned} ended, {failed} failed"
        if seen.planned
        else f"{seen.ended} ended, {failed} failed"
    )
    whole_left_s = left_s + step.remaining_s
    spent = f"spent {seen.spent_usd:.2f} of {seen.budget_usd} USD (MODELLED)"
    return [
        "",
        f"block {step.block} of {step.blocks}, run {step.number} of {step.of}: {step.label}",
        f"  this run  {bar(elapsed_s, expected_s)}  left {duration(left_s)}  {met}",
        f"  pilot     {bar(whole_s - whole_left_s, whole_s)}  left {duration(whole_left_s)}  {spent}",
    ]


def bar(done: float, whole: float) -> str:
    """Full, or what is done of it."""
    filled = round(BAR * min(1.0, max(0.0, done / whole))) if whole > 0 else 0
    return "━" * filled + "╌" * (BAR - filled)


def duration(seconds: float) -> str:
    """``45 s``, ``3 min``, ``2 h 05 min``, ``9 d 4 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest:02d} min"
    return f"{hours // 24} d {hours % 24} h"
