"""The other side of a supervisor's control port: cold, figures, stop."""

from __future__ import annotations

import time
from typing import Any

from harness.errors import PilotError, Refused
from harness.local.registry import Entry, Registry

COLD_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
CANNOT = 409  # what it was asked for is not possible, and it says why


def entry_of(registry: Registry, target: str) -> Entry:
    """The running target's entry; raises Refused when it is not up."""
    entry = registry.get(target)
    if entry is None:
        raise Refused(f"{target} is not up", f"pilot up {target}")
    return entry


def call(entry: Entry, method: str, path: str, body: object = None) -> dict[str, Any]:
    """One control request; raises PilotError when the supervisor does not answer, or says why it can't."""
    import httpx  # noqa: PLC0415 - half of what a step would import

    headers = {"Authorization": f"Bearer {entry.token}"}
    try:
        answer = httpx.request(
            method, entry.control_url + path, headers=headers, json=body, timeout=COLD_TIMEOUT_S, trust_env=False
        )
        if answer.status_code == CANNOT:
            raise PilotError(str(answer.json()["error"]), "its log says more: pilot up prints where it is")
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise PilotError(
            f"{entry.target}: its supervisor did not answer ({error})", "pilot down, then up again"
        ) from None
    value: dict[str, Any] = answer.json()
    return value


def stop(registry: Registry, entry: Entry) -> None:
    """Ask the supervisor to stop and wait until it is gone."""
    call(entry, "POST", "/stop")
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while registry.get(entry.target) is not None:
        if time.monotonic() > deadline:
            raise PilotError(
                f"{entry.target} is still running (process {entry.pid})",
                f"kill {entry.pid} ends it; then pilot up again",
            )
        time.sleep(0.05)
