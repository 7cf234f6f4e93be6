"""A target of which only the client side is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.domain.target import Cold, Target
from harness.errors import Refused
from harness.platforms.shared.ready import wait_ready


class ExternalRuntime:
    """No control side: facts are what it says of itself, cold cannot be forced."""

    def __init__(self, target: Target, root: Path, base_url: str) -> None:
        del root
        self._target = target
        self._base_url = base_url

    def facts(self) -> dict[str, Any]:
        return {"kind": "external", "control": None}

    def make_cold(self) -> Cold:
        raise Refused(f"{self._target.name} is external: it cannot be made cold", "use idle gaps instead")

    def wait_ready(self) -> None:
        wait_ready(self._target, self._base_url)


control = ExternalRuntime
