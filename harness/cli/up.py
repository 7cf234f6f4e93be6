"""``pilot up TARGET…``: start embedded targets and stay until told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from harness.errors import Exit, PilotError
from harness.local.registry import Entry, Registry
from harness.local.supervisor import Supervisor
from harness.signals import PARENT_OF_TARGETS, done
from harness.workspace import find, trust

DETACHED_VARIABLE = "PILOT_DETACHED"
DETACH_START_S = 40.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    targets: Annotated[
        list[str], typer.Argument(metavar="TARGET", help="Embedded target; several share the processes they need.")
    ],
    *,
    detach: Annotated[bool, typer.Option(help="Stay up after this command ends; stop with pilot down.")] = False,
) -> None:
    """Start embedded targets and print one JSON line each with the base URL; runs until Ctrl-C or pilot down."""
    workspace = find()
    trust.for_work(workspace, targets)
    chosen = [workspace.target(name) for name in targets]
    workspace.corpus.ensure()
    if detach:
        _detached(targets, workspace.state)
        return
    # who begins it may be gone before there is anything to watch, and a child's getppid() then names another
    parent = None if os.environ.get(DETACHED_VARIABLE) else int(os.environ.get(PARENT_OF_TARGETS) or os.getppid())
    supervisor = Supervisor(chosen, workspace.state, parent=parent)
    try:
        asyncio.run(supervisor.run(_announce))
    finally:
        done()  # asyncio has taken its handlers back


def _announce(entry: Entry) -> None:
    said = {"target": entry.target, "base_url": entry.base_url, "pid": entry.pid, "lanes": list(entry.lanes)}
    print(json.dumps(said), flush=True)


def _detached(targets: list[str], state: Path) -> None:
    """Start the same command in a session of its own and wait until its targets answer."""
    state.mkdir(parents=True, exist_ok=True)
    words = state / "up.err"
    with words.open("wb") as err:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness", "up", *targets],
            env={**os.environ, DETACHED_VARIABLE: "1", PARENT_OF_TARGETS: ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
            start_new_session=True,
        )
    known = Registry(state)
    deadline = time.monotonic() + DETACH_START_S
    while child.poll() is None and time.monotonic() < deadline:
        entries = [known.get(name) for name in targets]
        if all(entry and entry.pid == child.pid for entry in entries):
            for entry in entries:
                if entry:
                    _announce(entry)
            return
        time.sleep(0.05)
    if child.poll() is None:
        child.terminate()  # pilot down knows only what is up
    said = words.read_text(encoding="utf-8", errors="replace").strip().removeprefix("pilot: ")
    late = f"not up after {DETACH_START_S:.0f} s: {', '.join(targets)}"
    error = PilotError(said or late, None if said else "pilot up without --detach shows what it waits for")
    error.exit_code = ended_with(child.returncode)  # type: ignore[misc]
    raise error


def ended_with(code: int | None) -> Exit:
    """Of a command that should have stayed; one that was killed, or is still at it, has none of our codes."""
    return Exit(code) if code in set(Exit) - {Exit.DONE} else Exit.FAILED
