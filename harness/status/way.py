"""The way from a new workspace to its report: which steps this pilot has, how far each is, and what comes next."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from harness.check.checks import checked, gates
from harness.check.contract_check import Answer
from harness.domain.lines import first_line
from harness.domain.plan import Plan
from harness.errors import Refused
from harness.evidence.events import COLLECTED, ENDED
from harness.evidence.store import Store
from harness.planning.changes import changes_since, has_measured, last_seal
from harness.workspace import Workspace


class State(StrEnum):
    """How far one step is: DUE where its command can do something now, ABSENT where this pilot has no such step."""

    DONE = "done"
    DUE = "due"
    WAITING = "waiting"
    ABSENT = "absent"


@dataclass(frozen=True)
class WayStep:
    """One step, its command, and in words how far it is."""

    name: str
    command: str
    state: State
    words: str = ""


@dataclass(frozen=True)
class Left:
    """What the evidence lacks: blocks that can still be measured, those given up, runs without platform figures."""

    measurable: int
    given_up: int
    blocks: int
    uncollected: int
    next_slot: str | None = None


def steps(workspace: Workspace, store: Store, left: Left) -> tuple[WayStep, ...]:
    """Every step in order; the first that is due is the next command."""
    plan = store.plan()
    begun = has_measured(store)
    return (
        _check(store, begun=begun),
        _calibrate(store, begun=begun),
        _sweep(workspace, store, begun=begun),
        _seal(workspace, store, plan, begun=begun),
        _run(plan, left),
        _collect(workspace, store, left),
        *_read(workspace, store, left),
    )


def _check(store: Store, *, begun: bool) -> WayStep:
    asked = store.checks()
    if begun or checked(store.journal()):
        return WayStep("check", "pilot check", State.DONE, "the contract is kept")
    if asked is None:
        return WayStep("check", "pilot check", State.DUE, "not yet")
    fine = (Answer.PASS, Answer.UNTOLD)
    wrong = [f"{group}: {c['name']}" for group, c in gates(asked) if c["answer"] not in fine]
    if wrong:
        return WayStep("check", "pilot check", State.DUE, f"to be fixed: {'; '.join(wrong)}")
    return WayStep("check", "pilot check", State.DONE, "the contract is kept")


def calibrated(store: Store) -> str | None:
    """When, and whether every check passed; None: not yet."""
    said = store.calibration()
    if said is None:
        return None
    return f"{said['measured_utc']}, {'every check passed' if said['passed'] else 'not every check passed'}"


def _calibrate(store: Store, *, begun: bool) -> WayStep:
    words = calibrated(store)
    if words is None:
        # later it still says whether the generator can be believed, but nothing waits for it
        return WayStep("calibrate", "pilot calibrate", State.WAITING if begun else State.DUE, "not calibrated")
    return WayStep("calibrate", "pilot calibrate", State.DONE, words)


def settings_of(workspace: Workspace, store: Store) -> tuple[tuple[str, bool], ...]:
    """Of each target that declares settings, in words how far its sweep is, and whether anything is left of it."""
    return tuple(one for name in _pair(workspace) if (one := _settings(workspace, store, name)) is not None)


def _settings(workspace: Workspace, store: Store, name: str) -> tuple[str, bool] | None:
    try:
        declared = workspace.sweep(name)
    except Refused as error:
        return f"{name}: {first_line(str(error))}", True
    if declared is None:
        return None
    own, count = store.sweep(name, declared.digest), len(declared.settings)
    plan = own.plan()
    if plan is None:
        return f"{name}: {count} declared, not tried: pilot sweep", True
    most = workspace.config.limits.attempts
    valid = [block for block in plan.blocks if own.valid_attempt(block) is not None]
    return f"{name}: {count} tried in {len(valid)} of {len(plan.blocks)} rounds", bool(own.due(plan.blocks, most))


def _pair(workspace: Workspace) -> tuple[str, str]:
    return workspace.config.pilot.baseline, workspace.config.pilot.candidate


def _sweep(workspace: Workspace, store: Store, *, begun: bool) -> WayStep:
    """Settings are tried before the seal: once it stands they decide nothing."""
    told = settings_of(workspace, store)
    if not told:
        return WayStep("sweep", "pilot sweep", State.ABSENT, "no target declares settings")
    due = any(left for _, left in told) and not begun and store.seal() is None
    return WayStep("sweep", "pilot sweep", State.DUE if due else State.DONE, "; ".join(words for words, _ in told))


def _seal(workspace: Workspace, store: Store, plan: Plan | None, *, begun: bool) -> WayStep:
    seal = store.seal()
    if plan is None or seal is None:
        gone = " again: the journal knows a seal, and its file is gone" if last_seal(store.journal()) else ""
        drawn = "drawn, not sealed" if plan else "no plan yet"
        return WayStep("seal", "pilot plan --seal", State.DUE, drawn + gone)
    if not begun and changes_since(workspace, plan, store):
        return WayStep("seal", "pilot plan --seal", State.DUE, "changed since it was sealed, and nothing is measured")
    return WayStep("seal", "pilot plan --seal", State.DONE, str(seal["digest"]))


def _run(plan: Plan | None, left: Left) -> WayStep:
    if plan is None:
        return WayStep("run", "pilot run", State.DUE, "nothing planned")
    valid = left.blocks - left.measurable - left.given_up
    words = f"{valid} of {left.blocks} blocks valid"
    if left.given_up:
        words += f", {left.given_up} given up: a higher limits.attempts measures {'it' if left.given_up == 1 else 'them'} again"
    if not left.measurable:
        return WayStep("run", "pilot run", State.DONE, words)
    waits = left.next_slot is not None and datetime.fromisoformat(left.next_slot) > datetime.now(UTC)
    slot = f"; the next may start at {left.next_slot[:16].replace('T', ' ')} UTC" if waits and left.next_slot else ""
    return WayStep("run", "pilot run", State.DUE, words + slot)


def _collect(workspace: Workspace, store: Store, left: Left) -> WayStep:
    """Due where a pass would find something: a run whose figures have settled, or bills since the last run."""
    targets = workspace.measured()
    bills = any(source.bills for target in targets for source in target.sources)
    if not bills and not any(target.source_names for target in targets):
        return WayStep("collect", "pilot collect", State.ABSENT, "no target names a source")
    events = [line for line in store.journal() if line["event"] in (ENDED, COLLECTED)]
    fresh = bool(events) and events[-1]["event"] == ENDED  # a run has ended since the last pass
    if not events or (not left.uncollected and not (bills and fresh)):
        state = State.DONE if events else State.WAITING
        return WayStep("collect", "pilot collect", state, "" if events else "nothing is measured yet")
    settles = None if fresh else events[-1].get("settles_unix_s")
    words = f"{left.uncollected} runs not collected"
    if settles is not None and settles > time.time():
        at = datetime.fromtimestamp(settles, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return WayStep("collect", "pilot collect", State.WAITING, f"{words}; the next figures settle at {at}")
    return WayStep("collect", "pilot collect", State.DUE, words)


def _read(workspace: Workspace, store: Store, left: Left) -> tuple[WayStep, WayStep]:
    """Deciding leaves nothing behind, for it is a function of the evidence: it is done when its report is."""
    page, journal = workspace.rendered / "report.html", store.root / "journal.jsonl"
    said = [path.stat().st_mtime for path in (journal, workspace.root / "pilot.toml") if path.is_file()]
    read = page.is_file() and page.stat().st_mtime >= max(said)
    state = State.DUE if not read or left.measurable or not left.blocks else State.DONE
    words = str(page) if read else "older than the evidence" if page.is_file() else "not yet"
    return WayStep("decide", "pilot decide", state), WayStep("report", "pilot report", state, words)


def following(steps: Sequence[WayStep], left: Left) -> WayStep | None:
    """The step that comes next, None where nothing is left; platform figures expire, so they come before more runs."""
    due = [step for step in steps if step.state is State.DUE]
    early = [step for step in due if step.name == "collect" and left.uncollected]
    before = [step for step in due if step.name in ("check", "calibrate", "sweep", "seal")]
    return next(iter([*before, *early, *due]), None)
