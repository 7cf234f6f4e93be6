"""A machine in a cloud that runs the campaign in this one's place: what each cloud must be able to do, and what is known of it.

begin      bring it up with the variables; whatever is there already is kept
hand       the bundle, once: with it the run begins
seen       what the machine last said of itself
fetch      copy what it measured
stop       ask it to end: its run closes its ledger first
remove     take all of it away, and prove that nothing is left
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.platforms.generator import Books, Upkeep

BUNDLE, STATE, EVIDENCE, STOP = "bundle.tar.gz", "state.json", "evidence", "control/STOP"
VARIABLES = "targets/generator/generator.env"  # unless [on.KIND] names another file
Say = Callable[[str], None]


@dataclass(frozen=True)
class Where:
    """What was brought up, in the cloud's own names; ``made`` is False of what was there."""

    stack: str
    store: str
    made: bool
    handed: bool = True  # it has its bundle, and begins by itself
    address: str | None = None  # where its load comes from, as targets see it


@dataclass(frozen=True)
class Seen:
    """``utc``: when the machine said it; ``exit_code`` is None while its run goes; ``board``: as ``pilot status --json`` says."""

    utc: str
    service: str  # "waiting", "running", "ended"
    exit_code: int | None
    board: Mapping[str, Any] | None
    words: tuple[str, ...] = ()  # the last ones of its run

    @property
    def over(self) -> bool:
        """And all that it measured has been copied."""
        return self.service == "ended"


class Elsewhere(Protocol):
    """One pilot's machine; every method may be called again after it was cut at any instant."""

    def there(self) -> Where | None:
        """None where nothing was brought up."""

    def begin(self, variables: str, say: Say) -> Where:
        """Return when it is up; raises PilotError with the cause."""

    def hand(self, bundle: Path, say: Say) -> None:
        """Return when it has its bundle, which it is given once; raises PilotError."""

    def seen(self) -> Seen | None:
        """None before the machine has said anything; raises PilotError where it cannot be asked."""

    def fetch(self, into: Path) -> int:
        """Number of files; raises PilotError."""

    def stop(self) -> None:
        """Return at once."""

    def remove(self, say: Say) -> tuple[str, ...]:
        """What is still there, in words; empty: nothing."""


@dataclass(frozen=True)
class ElsewhereKind:
    """One value of ``--on``: its table ``[on.KIND]`` of pilot.toml, and what makes it."""

    kind: str
    config: type
    make: Callable[[Any], Elsewhere]
    verified: str
    upkeep: Callable[[Any, Books], Upkeep]  # its table, where prices are
