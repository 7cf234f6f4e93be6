"""What an experiment is: arrivals that depend on the answers before them, as a state machine without clocks or sockets.

A Design is what a locustfile writes down; ``begin`` makes an Experiment of it, which
the load engine asks again and again what to do next and tells what it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from harness.domain.due import Due


@dataclass(frozen=True, slots=True)
class Promise:
    """The latency and error limits that a step is held to, from pilot.toml."""

    p95_s: float
    ttft_p95_s: float | None = None
    error_rate: float = 0.01


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a run knows before it begins: seed, promise, the highest rate allowed, and how many copies there are."""

    seed: int
    promise: Promise
    most_rate: float
    lanes: int = 0
    can_cold: bool = True
    slots: int | None = None  # most requests that may be in flight at once; None: any number


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one arrival, as far as an experiment steers by it; instants as in a Sample."""

    phase: str
    lane: int
    stream: bool
    scheduled_s: float
    sent_s: float | None
    first_token_s: float | None
    finished_s: float
    ok: bool
    cold: bool | None


@dataclass(frozen=True, slots=True)
class Ask:
    """Arrivals to send, in time order; none: wait."""

    due: tuple[Due, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeCold:
    """Leave no warm instance, and touch the target no more until the next arrival."""


@dataclass(frozen=True, slots=True)
class Done:
    """The experiment is over, and why."""

    why: str


Move = Ask | MakeCold | Done
WAIT = Ask()


class Experiment(Protocol):
    """One run of a design."""

    def next(self, now_s: float) -> Move:
        """What to do now; asked many times a second."""
        ...

    def see(self, seen: Seen) -> None:
        """An arrival has ended."""
        ...

    def words(self) -> str:
        """What it found, as one line for the terminal; the report's estimates have intervals."""
        ...

    def record(self) -> dict[str, Any]:
        """What it did and found, as plain values, for run.json."""
        ...


class Design(Protocol):
    """The parameters of an experiment; a frozen dataclass with a ``kind``."""

    @property
    def kind(self) -> str: ...

    @property
    def sparse(self) -> bool:
        """Asks one thing at a time and mostly waits: targets that share nothing can be asked at the same time."""
        ...

    @property
    def timed(self) -> bool:
        """What it finds are times, which processors shared with another target's experiment would change."""
        ...

    @property
    def total_s(self) -> float:
        """The longest it may take, for plans and limits."""
        ...

    @property
    def most_requests(self) -> int:
        """The most it may send, for forecasts."""
        ...

    @property
    def peak_rate(self) -> float:
        """Arrivals per second in its fullest second."""
        ...

    def begin(self, given: Conditions) -> Experiment: ...
