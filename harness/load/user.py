"""The Locust user: one concurrency slot of an open-loop run."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from locust import User, task

from harness.load import engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.domain.arrivals import LoadProfile

NEVER_S = 10**6


class ChatUser(User):
    """Sends the arrivals that the process's schedule hands it, each at its intended time.

    A locustfile subclasses it and sets ``schedule``; everything else is the command line's.
    """

    abstract = True
    schedule: LoadProfile

    def wait_time(self) -> float:
        """Between tasks there is nothing: the one task ends when no arrival is left."""
        return NEVER_S

    @task
    def serve(self) -> None:
        """Send arrivals as they come due: the schedule paces, never the answers."""
        generator = engine.ENGINE.generator
        if generator is not None:
            generator.serve(self)


class JobUser(ChatUser):
    """Submits jobs in place of questions; each is followed until it ended, by the run and not by its slot.

    ``schedule`` is one that drains; ``variants`` are others by the names that ``--variant`` takes.
    """

    abstract = True
    variants: Mapping[str, LoadProfile] = MappingProxyType({})


engine.install(ChatUser)
