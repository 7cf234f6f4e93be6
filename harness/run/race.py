"""``pilot race``: one profile at both declared targets at once, for people to watch; nothing of it is evidence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Progress, RunShown, duration
from harness.domain.plan import Plan
from harness.evidence.store import RunRecord, Store
from harness.launch import Launcher
from harness.platforms.control import runtime_of
from harness.run.drive import Driven, Driver, limits_of
from harness.run.spend import spent_in
from harness.workspace import Workspace

COMMAND = "pilot race"


def race(
    workspace: Workspace, plan: Plan, progress: Progress, beside: Callable[[Store], AbstractContextManager[object]]
) -> tuple[Store, list[RunRecord]]:
    """Drive both and return what each left; ``beside`` is entered once the folder is there, and left at the end.

    Raises PilotError, with nothing sent, where either is not ready.
    """
    limits = limits_of(workspace)
    limits.spent_usd = spent_in(workspace)
    [block] = plan.blocks
    targets = [workspace.target(run.target) for run in block.runs]
    with EmbeddedPlatform(workspace, targets) as platform:
        for target in targets:  # before either is driven: one that is late would leave the other alone
            runtime_of(target, workspace.root, platform.url(target.name)).wait_ready()
        store = Store(workspace.evidence).new_race()
        store.write_plan(plan)
        store.keep("plan.json")
        with beside(store), Launcher(workspace.root, workspace.state / "nursery.err") as launcher:
            progress.say(
                f"race of {' and '.join(run.target for run in block.runs)}: {block.runs[0].requests} requests each, "
                f"about {duration(block.expected_s)}; to watch, not to measure: both generators share this machine"
            )
            driven = Driven(targets, command=COMMAND)
            drive = Driver(workspace, plan, store, progress, driven, limits, platform, launcher)
            store.note("block begun", block=1, attempt=1, order=block.order)
            steps = [
                RunShown(number, 2, 1, 1, f"{run.profile} on {run.target}", 0.0, run.expected_s)
                for number, run in enumerate(block.runs, start=1)
            ]
            records = drive.together(block.runs, 1, steps)
            store.note("block ended", block=1, attempt=1)
    return store, records
