"""Notices what a person does in the web UI while a run goes: edits and resets touch Locust's state, never the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locust.env import Environment

    from harness.load.coordinator import Coordinator


def watch_touches(environment: Environment, coordinator: Coordinator) -> None:
    """Record resets of the statistics and edits of a running test in the run's own record."""

    def reset(**_: object) -> None:
        coordinator.note_touch("statistics reset")

    environment.events.reset_stats.add_listener(reset)
    if environment.web_ui is None or environment.web_ui.app is None:
        return

    def before_request() -> None:
        from flask import request  # noqa: PLC0415 - only where there is a web UI

        if request.method == "POST" and request.path.rstrip("/").endswith("/swarm"):
            asked = {name: request.form[name] for name in ("user_count", "spawn_rate") if name in request.form}
            coordinator.note_touch(f"users edited {asked}" if asked else "test started again")

    environment.web_ui.app.before_request(before_request)
