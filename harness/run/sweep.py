"""``pilot sweep``: a target's settings measured in short interleaved rounds, before one of them is sealed."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Progress, duration
from harness.domain.plan import Plan
from harness.domain.sweep import MARK, Sweep
from harness.evidence.store import PLAN, Store
from harness.planning.sweep import draw_sweep, profiles_of
from harness.platforms.control import runtime_of
from harness.run.apply import Applied
from harness.run.drive import Driven
from harness.run.execute import Campaign, Tally
from harness.workspace import Workspace

COMMAND = "pilot sweep"


def store_of(workspace: Workspace, sweep: Sweep) -> Store:
    """Where its evidence lies: settings that change make another."""
    return Store(workspace.evidence).sweep(sweep.target, sweep.digest)


def drawn(workspace: Workspace, sweep: Sweep, rounds: int, most_s: float) -> Plan:
    """The sweep's plan, drawn and kept once; a later call goes on with the one that is there."""
    store = store_of(workspace, sweep)
    existing = store.plan()
    if existing is not None:
        return existing
    made = draw_sweep(workspace, sweep, profiles_of(workspace, most_s), rounds, datetime.now(UTC))
    store.write_plan(made)
    store.note(
        "sweep drawn",
        target=sweep.target,
        settings=[s.name for s in sweep.settings],
        digest=sweep.digest,
        files=store.digests(PLAN),
    )
    return made


def measure(workspace: Workspace, sweep: Sweep, plan: Plan, progress: Progress) -> Tally:
    """Every round that is not valid yet; safe to repeat."""
    store, targets = store_of(workspace, sweep), workspace.swept(sweep)
    left = sum(b.expected_s for b in plan.units if store.valid_attempt(b) is None)
    if left:
        progress.say(
            f"{sweep.target}: {len(sweep.settings)} settings, {len(plan.blocks)} rounds, about {duration(left)}"
        )
    words = workspace.state / f"apply-{sweep.target}.log"
    applied = Applied(sweep, store, workspace.root, words, progress)
    of = Driven(targets, applied, COMMAND, stops_unanswered=False)  # a setting that answers nothing is a finding
    return Campaign(workspace, plan, store, progress, of).run(now=True)


def leave_at(workspace: Workspace, sweep: Sweep, name: str, progress: Progress) -> None:
    """Make the deployment the setting that was chosen; nothing to do for an embedded target."""
    setting = next(s for s in sweep.settings if s.name == name)
    if not setting.apply:
        return
    store = store_of(workspace, sweep)
    target = workspace.target(f"{sweep.target}{MARK}{name}")
    words = workspace.state / f"apply-{sweep.target}.log"
    with EmbeddedPlatform(workspace, [target]) as platform:
        runtime = runtime_of(target, workspace.root, platform.url(target.name))
        Applied(sweep, store, workspace.root, words, progress)(target, runtime)
