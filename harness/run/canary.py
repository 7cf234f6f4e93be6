"""``pilot canary``: steady load on a router while its split goes up step by step, and back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Progress, RunShown, duration
from harness.domain.plan import Plan
from harness.domain.routing import When
from harness.domain.target import Target
from harness.errors import PilotError, Refused
from harness.evidence.store import CANARY, RunRecord, Store
from harness.launch import Launcher
from harness.local import control
from harness.local.registry import Registry
from harness.planning.canary import WARMUP_S, draw_canary, steps_of
from harness.run.drive import Driven, Driver, limits_of
from harness.run.spend import spent_in
from harness.workspace import Workspace

EVENT = "canary"
COMMAND = "pilot canary"
POLL_S = 0.05
Split = Callable[[float], float]  # to a share: when that was so, on this machine's monotonic clock


@dataclass(frozen=True)
class Splitting:
    """``shares`` in their order, each held for ``step_s``; ``rate`` None: the everyday profile's own."""

    shares: tuple[float, ...]
    step_s: float
    rate: float | None = None


def router_of(workspace: Workspace, name: str | None) -> Target:
    """The named router, or the pilot's hybrid; raises Refused where it has no split."""
    chosen = name or workspace.config.pilot.hybrid
    if chosen is None:
        raise Refused("no router to drive", "name one, or set hybrid under [pilot]: docs/hybrid.md")
    router = workspace.target(chosen)
    if not router.runtime.splits or not any(r.when is When.CANARY for r in router.runtime.routing):
        raise Refused(
            f"{chosen} has no split that could be changed",
            "an embedded router has one with [runtime.canary]: docs/hybrid.md",
        )
    return router


Gate = Callable[[str], None]  # at a base URL: raises GateFailed or Undecided where nothing may be sent there


def canary(workspace: Workspace, router: Target, wanted: Splitting, progress: Progress, gate: Gate) -> Store:
    """Drive it once ``gate`` lets it; whatever ends it, the split is back at 0 and what was measured is kept."""
    steps = steps_of(wanted.shares)
    plan = draw_canary(workspace, router.name, len(steps), wanted.step_s, wanted.rate, datetime.now(UTC))
    _within_rate(workspace, plan, wanted)
    limits = limits_of(workspace)
    limits.spent_usd = spent_in(workspace)
    [run] = plan.runs
    progress.say(
        f"{router.name}: {' → '.join(f'{share * 100:g} %' for share in steps)}, {duration(wanted.step_s)} each, "
        f"{run.requests} requests, about {duration(run.expected_s)}"
    )
    with (
        Launcher(workspace.root, workspace.state / "nursery.err") as launcher,
        EmbeddedPlatform(workspace, [router]) as platform,
    ):
        gate(platform.url(router.name))
        store = Store(workspace.evidence).new_canary()
        store.write_plan(plan)
        store.keep("plan.json")
        drive = Driver(workspace, plan, store, progress, Driven([router], command=COMMAND), limits, platform, launcher)
        drive.reserve([run])
        splits = Splits(_splitter(workspace, router), steps, wanted.step_s, store.run_folder(run, 1), progress.say)
        try:
            with splits:
                record = drive(run, 1, RunShown(1, 1, 1, 1, f"canary on {router.name}", 0.0, run.expected_s))
        finally:
            store.write_canary(splits.content(router))
            store.note(EVENT, target=router.name, files=store.digests(CANARY))
    _told(record, splits)
    return store


def _within_rate(workspace: Workspace, plan: Plan, wanted: Splitting) -> None:
    [run] = plan.runs
    rate = wanted.rate or run.requests / max(1.0, run.expected_s)
    if rate > workspace.config.limits.max_rate:
        raise Refused(
            f"{rate:g} requests a second are more than limits.max_rate", "a smaller --rate, or seal a higher one"
        )


def _told(record: RunRecord, splits: Splits) -> None:
    if splits.error is not None:
        raise PilotError(f"the split was not changed as planned: {splits.error}", f"see {record.path}")


def _splitter(workspace: Workspace, router: Target) -> Split:
    known = Registry(workspace.state)

    def split(share: float) -> float:
        said = control.call(control.entry_of(known, router.name), "POST", "/split", {"share": share})
        return float(said["changed_monotonic_s"])

    return split


@dataclass
class Splits:
    """A context that changes the split while a run goes on, at instants of the run's own clock; at its end it is 0."""

    split: Split
    steps: Sequence[float]
    step_s: float
    folder: Path  # of the run: run.json says when it began
    say: Callable[[str], None]
    clock: Callable[[], float] = time.perf_counter
    changed: dict[int, float] = field(default_factory=dict)  # by step, seconds from the run's start
    error: str | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _started: float | None = None

    def __enter__(self) -> Self:
        self.split(self.steps[0])
        self._thread = threading.Thread(target=self._change, name="splits")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.split(0.0)
        except PilotError as error:
            self.error = self.error or str(error)

    def due_s(self, number: int) -> float:
        """When a step begins, in seconds from the run's start."""
        return WARMUP_S + number * self.step_s

    def _change(self) -> None:
        for number, share in enumerate(self.steps):
            while not self._at(self.due_s(number)):
                if self._done.wait(POLL_S):
                    return
            try:
                at = self.split(share)
            except PilotError as error:
                self.error = str(error)
                return
            self.changed[number] = round(at - (self._started or 0.0), 6)
            left = duration((len(self.steps) - number) * self.step_s)
            self.say(f"split {share * 100:g} %, step {number + 1} of {len(self.steps)}, left {left}")

    def _at(self, seconds: float) -> bool:
        if self._started is None:
            self._started = _started(self.folder)
        return self._started is not None and self.clock() - self._started >= seconds

    def content(self, router: Target) -> dict[str, Any]:
        """canary.json."""
        side = next(r.to for r in router.runtime.routing if r.when is When.CANARY)
        steps = [
            {"share": share, "due_s": self.due_s(n), "changed_s": self.changed.get(n)}
            for n, share in enumerate(self.steps)
        ]
        return {"target": router.name, "side": side, "step_s": self.step_s, "steps": steps, "ended": self.error}


def _started(folder: Path) -> float | None:
    """When a run began, None as long as it has not."""
    try:
        said = json.loads((folder / "run.json").read_text(encoding="utf-8"))["started_monotonic_s"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return float(said)
