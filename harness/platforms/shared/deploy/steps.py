"""What a deployment has done so far, told as it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from harness.platforms.deploying import Heard, Took
from harness.platforms.shared.deploy.pace import Pace


class Done(Protocol):
    """What came of one: ``created``, ``updated``, ``kept`` or ``removed``, and after how long."""

    @property
    def did(self) -> str: ...

    @property
    def seconds(self) -> float: ...


class Step:
    """One that goes on: whoever does it says what it came to."""

    did = "kept"


class Steps:
    """In the order in which they ended."""

    def __init__(self, pace: Pace, heard: Heard) -> None:
        self._pace, self._heard = pace, heard
        self.done: list[Took] = []

    @contextmanager
    def timed(self, name: str, target: str | None = None) -> Iterator[Step]:
        """By this machine's clock; one that fails is not done."""
        began, step = self._pace.clock(), Step()
        yield step
        self._add(Took(name, step.did, round(self._pace.clock() - began, 1), target))

    def add(self, name: str, done: Done, target: str | None = None) -> None:
        """By the clock of whoever did it."""
        self._add(Took(name, done.did, round(done.seconds, 1), target))

    def _add(self, took: Took) -> None:
        self.done.append(took)
        self._heard.say(f"{took.name}: {took.did}" + (f" in {took.seconds:.0f} s" if took.did != "kept" else ""))
