"""How long a deployment and a rollback take: the team's own command, timed and written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.campaign.commands import run_command
from harness.errors import Refused
from harness.evidence.store import Store

EVENT = "timed"
STEPS = ("deploy", "rollback")


@dataclass(frozen=True)
class Timed:
    """One step of one target; the command itself stays out of the evidence, for it may hold a secret."""

    target: str
    step: str
    seconds: float
    exit_code: int


def timed(
    store: Store, target: str, step: str, command: Sequence[str], clock: Callable[[], float] = time.monotonic
) -> Timed:
    """Run it, its words passed through; raises Refused where it is no command."""
    began = clock()
    try:
        code = run_command(command)
    except OSError as error:
        raise Refused(f"{command[0]}: {error.strerror}", "name a command after --") from None
    made = Timed(target, step, round(clock() - began, 1), code)
    store.note(EVENT, target=made.target, step=made.step, seconds=made.seconds, exit_code=made.exit_code)
    return made
