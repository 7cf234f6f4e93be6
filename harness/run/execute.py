"""``pilot run``: the plan's remaining blocks, each run in a Locust process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Pace, Progress, RunShown, duration
from harness.domain.plan import Block, Plan
from harness.errors import Interrupted
from harness.evidence.events import BEGUN
from harness.evidence.store import Store
from harness.launch.generators import can_be_reached, launcher_of
from harness.run.drive import Driven, Driver, limits_of, worst_case_usd
from harness.run.quiet import wait_until_quiet
from harness.run.settle import account, settle, unsettled, wait_closed
from harness.run.settling import Ask, Stopping
from harness.run.silence import note_silence, note_unanswered, stopped
from harness.run.spend import spent_in
from harness.run.upkeep import FLEET_GONE, FLEET_UP, of_fleet
from harness.words import all_said
from harness.workspace import Workspace

SLOT_POLL_S = 5.0
QUIET_S = 60.0  # how long a busy machine is waited for before an INVALID block is repeated


@dataclass(frozen=True)
class Tally:
    """How a campaign's execution ended."""

    blocks_valid: int
    blocks_given_up: int
    blocks_left: int
    not_needed: int = 0  # paired blocks that were left out because the answer was settled


class Campaign:
    """One pass over a plan; ``after_block`` is called when a block or a track has ended VALID."""

    def __init__(
        self,
        workspace: Workspace,
        plan: Plan,
        store: Store,
        progress: Progress,
        of: Driven | None = None,
        after_block: Callable[[Block], None] | None = None,
        settled: Ask | None = None,
    ) -> None:
        self._workspace = workspace
        self._plan = plan
        self._store = store
        self._progress = progress
        self._of = of or Driven(workspace.measured())
        self._after_block = after_block
        self._limits = limits_of(workspace, sending=True)
        self._pace = Pace()
        self._stopping = Stopping(plan, store, progress, settled)

    def run(self, *, now: bool) -> Tally:
        """Every block that has no valid attempt yet, in order; raises LimitReached or Interrupted."""
        try:
            return self._run(now=now)
        except KeyboardInterrupt:
            raise Interrupted(
                "stopped between two runs; what was measured is kept", f"{self._of.command} goes on"
            ) from None

    def _run(self, *, now: bool) -> Tally:
        units = _blocks_first(self._plan.units) if now else self._plan.units
        can_be_reached(self._workspace, self._of.targets)
        self._settle_killed()
        given_up = 0
        with (
            self._led(),
            launcher_of(self._workspace, self._progress.say) as launcher,
            EmbeddedPlatform(self._workspace, list(self._of.targets)) as platform,
        ):
            drive = Driver(
                *(self._workspace, self._plan, self._store, self._progress),
                *(self._of, self._limits, platform, launcher),
            )
            for block in units:
                if self._store.valid_attempt(block) is not None or self._stopping.leaves_out(block):
                    continue
                self._wait_for(block, now=now)
                given_up += not self._until_valid(block, self._stopping.needed(units), drive)
                self._hear(block, units)
        valid = sum(self._store.valid_attempt(b) is not None for b in units)
        needed = len(self._stopping.needed(units))
        return Tally(valid, given_up, needed - valid - given_up, len(units) - needed)

    @contextmanager
    def _led(self) -> Iterator[None]:
        """Notes how long a fleet stands by, which somebody bills."""
        fleet, price = self._workspace.generator.kind, of_fleet(self._workspace)
        if price is None:
            yield
            return
        if price.usd_per_hour is None:
            self._progress.say(
                f"{price.what}: no price is known ({price.why}), so limits.budget_usd does not count them"
            )
        self._store.note(FLEET_UP, fleet=fleet)
        try:
            yield
        finally:
            self._store.note(FLEET_GONE, fleet=fleet)

    def _hear(self, block: Block, units: Sequence[Block]) -> None:
        """Raises LimitReached where more would say nothing, and blocks are left to measure: never inside a block that may yet count."""
        attempt = self._store.valid_attempt(block)
        words = note_silence(self._store, block, attempt) if attempt is not None else None
        left = any(self._store.valid_attempt(unit) is None for unit in units)
        if words is None:
            self._answered(left=left)
            return
        if left:
            raise stopped(words, self._of.command)
        self._progress.say(words)

    def _answered(self, *, left: bool) -> None:
        """Raises LimitReached where a target answers nothing any more, and something is left to measure."""
        found = note_unanswered(self._store, self._plan) if self._of.stops_unanswered else None
        if found is not None and left:
            raise found.stopped(self._of.command)
        if found is not None:
            self._progress.say(found.words)

    def _settle_killed(self) -> None:
        """Runs whose campaign was killed under them enter the budget now, and have a ledger."""
        targets = {target.name: target for target in self._of.targets}
        begun = {(e.get("run"), e.get("attempt")) for e in self._store.journal() if e["event"] == BEGUN}
        for run, attempt in unsettled(self._plan, self._store):
            why = "its campaign was killed" if (run.id, attempt) in begun else "the journal had lost it"
            folder = self._store.run_folder(run, attempt)
            if folder.is_dir():
                wait_closed(folder)
                account(folder)
            if run.target in targets:
                worst = worst_case_usd(self._workspace, self._plan, targets[run.target], run)
                settle(
                    self._store,
                    targets[run.target],
                    run,
                    attempt,
                    worst,
                    code=None,
                    note=why,
                )
        self._limits.spent_usd = spent_in(self._workspace)

    def _until_valid(self, block: Block, units: Sequence[Block], drive: Driver) -> bool:
        """Repeats an INVALID block at once, as soon as this machine keeps time again; False when it is given up."""
        most = self._workspace.config.limits.attempts
        spoilt = self._store.spoilt(block)
        for number in range(most - spoilt):
            if number or spoilt:
                self._wait_until_quiet(block)
            if self._attempt(block, units, drive):
                if self._after_block is not None:
                    self._after_block(block)
                return True
            self._answered(left=True)
        self._store.note("block given up", block=block.number, attempts=most)
        self._progress.say(f"block {block.number}: INVALID in all {most} attempts; going on without it")
        return False

    def _wait_until_quiet(self, block: Block) -> None:
        began = time.monotonic()
        late_s = wait_until_quiet(QUIET_S, self._progress.say)
        waited_s = round(time.monotonic() - began, 1)
        self._store.note("waited for a quiet machine", block=block.number, waited_s=waited_s, late_s=late_s)

    def _wait_for(self, block: Block, *, now: bool) -> None:
        """Until the block's slot; nothing is sent while waiting, and the stop file is honoured."""
        due = datetime.fromisoformat(block.not_before)
        said = False
        while not now and (wait_s := (due - datetime.now(UTC)).total_seconds()) > 0:
            if not said:
                self._progress.say(f"block {block.number} is due at {block.not_before} UTC, in {duration(wait_s)}")
                said = True
            self._limits.check_stop_file()
            time.sleep(min(SLOT_POLL_S, wait_s))

    def _attempt(self, block: Block, units: Sequence[Block], drive: Driver) -> bool:
        """Every run of the block once; False as soon as one is INVALID, for the block is repeated whole."""
        attempt = max(self._store.attempts(block.number), default=0) + 1
        self._store.note("block begun", block=block.number, attempt=attempt, order=block.order)
        place = units.index(block)
        before = sum(len(b.runs) for b in units[:place])
        most = self._workspace.config.limits.attempts  # what comes later in the order may have been measured before
        after = sum(unit.expected_s for unit in self._store.due(units[place + 1 :], most))
        first = 0
        for runs in (block.runs,) if block.side_by_side else [(run,) for run in block.runs]:
            left = sum(r.expected_s for r in block.runs[first + len(runs) :]) + after
            steps = [
                RunShown(
                    before + first + number,
                    sum(len(b.runs) for b in units),
                    place + 1,
                    len(units),
                    f"{run.profile} on {run.target}",
                    left * self._pace.factor,
                    sum(unit.expected_s for unit in units) * self._pace.factor,
                )
                for number, run in enumerate(runs, start=1)
            ]
            began = time.monotonic()
            records = drive.together(runs, attempt, steps)
            self._pace.add(time.monotonic() - began, max(run.expected_s for run in runs))
            if reasons := [reason for record in records if not record.valid for reason in record.reasons]:
                self._store.note("block invalid", block=block.number, attempt=attempt, reasons=all_said(reasons))
                return False
            first += len(runs)
        self._store.note("block ended", block=block.number, attempt=attempt)
        return True


def _blocks_first(units: Sequence[Block]) -> tuple[Block, ...]:
    """A rehearsal knows no slots: what verdicts come from goes first, then the experiments."""
    return tuple(sorted(units, key=lambda unit: unit.track is not None))
