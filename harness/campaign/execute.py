"""``pilot run``: the plan's remaining blocks, each run in a Locust process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from harness.campaign.launch import launch
from harness.campaign.limits import Limits, spent_in
from harness.campaign.metering import Meter, metered
from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Pace, Progress, Seen, Step, duration
from harness.campaign.settling import Ask, Stopping
from harness.costing.forecast import run_cost_usd
from harness.domain.plan import Block, Plan, Run, Start
from harness.domain.target import Runtime, Target
from harness.errors import Exit, Interrupted, InvalidRun, LimitReached, PilotError, Refused
from harness.evidence.digests import digest_of, digests_of
from harness.evidence.files import dump, write_text
from harness.evidence.store import RunRecord, Store
from harness.runtimes import runtime_of
from harness.workspace import Workspace

REST_S = 0.3
SLOT_POLL_S = 5.0
TOKENS = (2000, 512)  # an answer's worst case in the forecast: prompt and max_tokens of the questions


def limits_of(workspace: Workspace) -> Limits:
    """The limits of pilot.toml, nothing spent yet."""
    limits = workspace.config.limits
    return Limits(limits.budget_usd, workspace.root / limits.stop_file)


def worst_case_usd(workspace: Workspace, target: Target, run: Run) -> Decimal:
    """Every answer as slow as the deadline allows, and every attempt that the retry policy may make."""
    load = workspace.config.load
    attempts = load.retry_attempts if load.retry == "client" else 1
    return run_cost_usd(target, run.requests * attempts, run.expected_s, load.deadline_s, TOKENS)


def usual_usd(workspace: Workspace, target: Target, run: Run) -> Decimal:
    """Every answer as slow as the promised p95, none asked twice."""
    return run_cost_usd(target, run.requests, run.expected_s, workspace.config.slo.p95_s, TOKENS)


@dataclass(frozen=True)
class Tally:
    """How a campaign's execution ended."""

    blocks_valid: int
    blocks_given_up: int
    blocks_left: int
    not_needed: int = 0  # paired blocks that were left out because the answer was settled


@dataclass(frozen=True)
class Driven:
    """Whom a plan drives; ``prepare`` comes before each of its runs, ``command`` goes on where it stopped."""

    targets: Sequence[Target]
    prepare: Callable[[Target, Runtime], None] | None = None
    command: str = "pilot run"


class Campaign:
    """One pass over a plan."""

    def __init__(
        self,
        workspace: Workspace,
        plan: Plan,
        store: Store,
        progress: Progress,
        of: Driven | None = None,
        settled: Ask | None = None,
    ) -> None:
        self._workspace = workspace
        self._plan = plan
        self._store = store
        self._progress = progress
        self._of = of or Driven(workspace.measured())
        self._targets: dict[str, Target] = {t.name: t for t in self._of.targets}
        self._profiles = {p.name: p for p in plan.profiles}
        self._limits = limits_of(workspace)
        self._limits.spent_usd = spent_in(workspace.evidence)
        self._pace = Pace()
        self._stopping = Stopping(plan, store, progress, settled)

    def run(self, *, now: bool) -> Tally:
        """Every block that has no valid attempt yet, in order; raises LimitReached or Interrupted."""
        most = self._workspace.config.limits.attempts
        given_up = []
        with EmbeddedPlatform(self._workspace, list(self._targets.values())) as platform:
            for block in self._plan.units:
                if self._store.valid_attempt(block) is not None or self._stopping.leaves_out(block):
                    continue
                self._wait_for(block, now=now)
                for _ in range(most - len(self._spoilt_attempts(block))):
                    if self._attempt(block, platform):
                        break
                else:
                    given_up.append(block.number)
                    self._store.note("block given up", block=block.number, attempts=most)
                    self._progress.say(f"block {block.number}: INVALID in all {most} attempts; going on without it")
        valid = sum(self._store.valid_attempt(b) is not None for b in self._plan.units)
        needed = len(self._stopping.needed(self._plan.units))
        return Tally(valid, len(given_up), needed - valid - len(given_up), len(self._plan.units) - needed)

    def _spoilt_attempts(self, block: Block) -> list[int]:
        """Earlier attempts that the generator spoilt; one that a person or a limit stopped does not count."""
        out = []
        for attempt in self._store.attempts(block.number):
            records = self._store.records(block, attempt)
            if any(r.ledger and not r.valid and not r.ledger.get("stopped_by") for r in records):
                out.append(attempt)
        return out

    def _wait_for(self, block: Block, *, now: bool) -> None:
        """Until the block's slot; nothing is sent while waiting, and the stop file is honoured."""
        due = datetime.fromisoformat(block.not_before)
        said = False
        while not now and (wait := (due - datetime.now(UTC)).total_seconds()) > 0:
            if not said:
                self._progress.say(f"block {block.number} is due at {block.not_before} UTC, in {duration(wait)}")
                said = True
            self._limits.check_stop_file()
            time.sleep(min(SLOT_POLL_S, wait))

    def _attempt(self, block: Block, platform: EmbeddedPlatform) -> bool:
        """Every run of the block once; False as soon as one is INVALID, for the block is repeated whole."""
        attempt = max(self._store.attempts(block.number), default=0) + 1
        self._store.note("block begun", block=block.number, attempt=attempt, order=block.order)
        units = self._stopping.needed(self._plan.units)
        place = units.index(block)
        for number, run in enumerate(block.runs):
            left = sum(r.expected_s for r in block.runs[number + 1 :]) + sum(b.expected_s for b in units[place + 1 :])
            step = Step(
                sum(len(b.runs) for b in units[:place]) + number + 1,
                sum(len(b.runs) for b in units),
                place + 1,
                len(units),
                f"{run.profile} on {run.target}",
                left * self._pace.factor,
                sum(unit.expected_s for unit in units) * self._pace.factor,
            )
            began = time.monotonic()
            record = self._one(run, attempt, step, platform)
            self._pace.add(time.monotonic() - began, run.expected_s)
            if not record.valid:
                self._store.note("block invalid", block=block.number, attempt=attempt, reasons=record.reasons)
                return False
        self._store.note("block ended", block=block.number, attempt=attempt)
        return True

    def _one(self, run: Run, attempt: int, step: Step, platform: EmbeddedPlatform) -> RunRecord:
        target = self._targets[run.target]
        if not platform.alive:
            raise PilotError("the embedded targets are gone", f"see {self._workspace.state / 'logs'}")
        worst = worst_case_usd(self._workspace, target, run)
        self._limits.reserve(worst)
        runtime = runtime_of(target, self._workspace, platform.url(run.target))
        folder = self._store.run_folder(run, attempt)
        cold_method = None
        if self._of.prepare is not None:
            self._of.prepare(target, runtime)
        if run.start is Start.COLD:
            cold_method = runtime.make_cold().method
        else:
            runtime.wait_ready()
        self._store.note("run begun", run=run.id, attempt=attempt, cold=cold_method, schedule=run.schedule_digest)

        meter = Meter(target)

        def tick(elapsed_s: float) -> None:
            self._limits.check_stop_file()
            meter.follow(folder)
            cost_usd = meter.cost_usd(elapsed_s)
            seen = Seen(
                meter.samples, meter.ok, run.requests, self._limits.spent_usd + cost_usd, self._limits.budget_usd
            )
            self._progress.tick(step, elapsed_s, run.expected_s, seen)
            self._limits.count(cost_usd)

        try:
            urls = (platform.url(run.target), *platform.lanes(run.target))
            code = launch(run, self._profiles[run.profile], urls, folder, self._workspace.root, tick)
        except (KeyboardInterrupt, LimitReached) as error:
            self._settle(run, attempt, worst, folder, code=None, note=type(error).__name__)
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(
                    f"stopped during {run.id}; what was measured is kept", f"{self._of.command} goes on"
                ) from None
            raise
        self._settle(run, attempt, worst, folder, code=code)
        record = self._store.record(run, attempt)
        if record is None or code == Exit.REFUSED:
            log = folder.with_suffix(".log")
            words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
            kind = Refused if code == Exit.REFUSED else PilotError
            raise kind(f"{run.id} did not begin: {' '.join(words) or f'exit code {code}'}", f"see {log}")
        if errors := (record.ledger or {}).get("write_errors"):
            raise InvalidRun(
                f"{run.id} is INVALID, its evidence could not be written: {'; '.join(errors)}",
                f"free some space; {self._of.command} goes on with this block",
            )
        self._after(run, record, runtime.facts(), cold_method)
        self._progress.say(_line(step, record))
        if code == Exit.LIMIT:
            raise LimitReached(f"{run.id}: {(record.ledger or {}).get('stopped_by')}", "check the target's credentials")
        time.sleep(REST_S)
        return record

    def _settle(
        self, run: Run, attempt: int, worst: Decimal, folder: Path, code: int | None, note: str | None = None
    ) -> None:
        """Count the run at what its samples say; at its worst case where they do not account for every arrival."""
        meter = metered(self._targets[run.target], folder)
        record = self._store.record(run, attempt)
        elapsed_s = (record.run or {}).get("elapsed_s") if record else None
        known = meter is not None and elapsed_s is not None and not (record and record.lost)
        cost = meter.cost_usd(elapsed_s) if known and meter and elapsed_s else worst
        self._limits.settle(cost)
        files = {str(folder.relative_to(self._store.root)): digests_of(folder)}
        said = {"files": files, "exit_code": code, "cost_usd": str(cost), "reserved_usd": str(worst), "note": note}
        self._store.note("run ended", run=run.id, attempt=attempt, basis="samples" if known else "worst case", **said)

    def _after(self, run: Run, record: RunRecord, facts: dict[str, object], cold_method: str | None) -> None:
        """Facts are asked after the run: before a cold probe nothing may touch the target."""
        content = {"schema_version": 1, "target": run.target, "facts": facts, "cold_method": cold_method}
        try:
            path = record.path / "facts.json"
            write_text(path, dump(content))
            files = {str(record.path.relative_to(self._store.root)): {path.name: digest_of(path)}}
            self._store.note("facts", run=run.id, files=files)
        except OSError as error:
            raise PilotError(f"{record.path}: {error.strerror}", "free some space and run again") from None


def _line(step: Step, record: RunRecord) -> str:
    ledger = record.ledger or {}
    outcomes = ledger.get("outcomes", {})
    failed = sum(count for name, count in outcomes.items() if name != "ok")
    lag = ledger.get("lag_p99_s")
    words = [
        f"[{step.number:>3}/{step.of}] block {step.block}  {step.label:<32}",
        "VALID  " if record.valid else "INVALID",
        f"{ledger.get('planned', 0):>4} requests, {failed} failed",
        f"lag p99 {lag * 1e3:.1f} ms" if lag is not None else "",
    ]
    text = "  ".join(words) + f"  left {duration(step.remaining_s)}"
    return text + "".join(f"\n        {reason}" for reason in record.reasons)
