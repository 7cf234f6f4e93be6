"""Starts the slots and ends the run; it never paces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locust import LoadTestShape

if TYPE_CHECKING:
    from harness.load.coordinator import Coordinator


class SlotShape(LoadTestShape):
    """A constant number of users until the coordinator says that the run is over."""

    def __init__(self, coordinator: Coordinator) -> None:
        super().__init__()
        self._coordinator = coordinator
        self._fresh = True

    def reset_time(self) -> None:
        """Locust calls this before a run: forget how the last one ended."""
        super().reset_time()
        self._fresh = True
        self._coordinator.reset()

    def tick(self) -> tuple[int, float] | None:
        """All slots at once, then nothing; waits inside, so that an end is seen at once and not a second later."""
        if self._fresh:
            self._fresh = False
            users = self._coordinator.users
            return users, float(users)
        if self._coordinator.wait_finished(0.9):
            return None
        users = self._coordinator.users
        return users, float(users)
