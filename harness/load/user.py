"""The Locust user: one concurrency slot of an open-loop run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locust import User, task

from harness.load import engine

if TYPE_CHECKING:
    from harness.domain.arrivals import LoadProfile
    from harness.domain.schedule import Arrival


class ChatUser(User):
    """Sends the arrivals that the process's schedule hands it, each at its intended time.

    A locustfile subclasses it and sets ``schedule``; everything else is the command line's.
    """

    abstract = True
    schedule: LoadProfile
    _arrival: Arrival | None = None

    def wait_time(self) -> float:
        """Seconds until this slot's next arrival: the schedule paces, never the answers."""
        generator = engine.ENGINE.generator
        self._arrival = generator.next() if generator else None
        return generator.wait_s(self._arrival) if generator else 1e6

    def on_start(self) -> None:
        # Locust runs the first task before the first wait.
        self.wait()

    @task
    def ask(self) -> None:
        """Send the arrival that is due."""
        generator = engine.ENGINE.generator
        if generator and self._arrival:
            arrival, self._arrival = self._arrival, None
            generator.send(arrival)


engine.install(ChatUser)
