"""How a long command says where it is: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text


@dataclass(frozen=True)
class Step:
    """One run of many, as it is shown."""

    number: int
    of: int
    block: int
    blocks: int
    label: str
    remaining_s: float  # of everything after this run


class Progress:
    """A context; ``tick`` often, ``say`` once per event."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._live: Live | None = None
        if self._console.is_terminal and not quiet:
            self._live = Live(Text(""), console=self._console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def tick(self, step: Step, elapsed_s: float, expected_s: float) -> None:
        """Redraw the live line; nothing where there is no terminal."""
        if self._live is None:
            return
        done = min(1.0, elapsed_s / expected_s) if expected_s else 0.0
        bar = "━" * round(done * 20) + "╌" * (20 - round(done * 20))
        eta = duration(max(0.0, expected_s - elapsed_s) + step.remaining_s)
        words = f"block {step.block}/{step.blocks}  run {step.number}/{step.of}  {bar}  {step.label}  left {eta}"
        self._live.update(Text(words))

    def work(self, text: str) -> None:
        """Redraw the live line with anything else that takes long."""
        if self._live is not None:
            self._live.update(Text(text))

    def say(self, text: str) -> None:
        """One line that stays."""
        self._console.print(text, markup=False, soft_wrap=True)


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
