"""One run of a plan: the target made ready, the run watched and paid for, and what it left written down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.campaign.limits import Spending
from harness.campaign.metering import Meter
from harness.campaign.platform import EmbeddedPlatform
from harness.campaign.progress import Progress, RunSeen, RunShown, duration
from harness.domain.lines import lines_of
from harness.domain.plan import Plan, Run, Start
from harness.domain.role import RETRIEVALS, Role
from harness.domain.target import Runtime, Target
from harness.errors import Exit, Interrupted, InvalidRun, LimitReached, PilotError, Refused, to_write
from harness.evidence.digests import digest_of
from harness.evidence.events import BEGUN
from harness.evidence.files import dump, write_text
from harness.evidence.schema import FACTS_FORMAT
from harness.evidence.store import RunRecord, Store
from harness.launch import Launcher
from harness.platforms.control import facts_of, runtime_of
from harness.platforms.forecast import Following, run_cost_usd
from harness.run.deployed import until_now_usd
from harness.run.launch import launch
from harness.run.settle import account, explain, settle
from harness.signals import ENDING
from harness.words import all_said
from harness.workspace import Workspace

TARGETS_GONE = "targets gone"  # in the journal: before this run
GENERATORS = "generators"  # in the journal: who sends from here on, where that is a fleet
TOKENS = (2000, 512)  # an answer's worst case in the forecast: prompt and max_tokens of the questions
USUAL_POLL_S, LONGEST_POLL_S, AGE_SHARE = 1.0, 10.0, 0.1  # how jobs are followed (harness/load/jobs)


def limits_of(workspace: Workspace, *, sending: bool = False) -> Spending:
    """The limits of pilot.toml; nothing spent yet but by what is deployed, and by a fleet that is led from now on."""
    limits = workspace.config.limits
    standing = until_now_usd(workspace, Store(workspace.evidence), sending=sending)
    return Spending(limits.budget_usd, workspace.root / limits.stop_file, standing=standing)


def worst_case_usd(workspace: Workspace, plan: Plan, target: Target, run: Run) -> Decimal:
    """Every answer as slow as the deadline allows, and every attempt that the retry policy may make; jobs, polls and work too."""
    load = workspace.config.load
    attempts = load.retry_attempts if load.retry == "client" else 1
    return _usd(workspace, plan, target, run, run.requests * attempts, load.deadline_s)


def usual_usd(workspace: Workspace, plan: Plan, target: Target, run: Run) -> Decimal:
    """Every answer as slow as the promised p95, none asked twice."""
    return _usd(workspace, plan, target, run, run.requests, workspace.config.slo.p95_s)


def _usd(workspace: Workspace, plan: Plan, target: Target, run: Run, requests: int, answer_s: float) -> Decimal:
    role = plan.role_of(run.profile)
    tokens = (0, 0) if role in RETRIEVALS else TOKENS
    following = _following(workspace, plan, run) if role is Role.JOBS else None
    return run_cost_usd(target, requests, run.expected_s, answer_s, tokens, following)


def _following(workspace: Workspace, plan: Plan, run: Run) -> Following:
    """Each job unfinished to the run's end; it works as long as its workload says, else as long as an answer may take."""
    options = next((dict(p.options) for p in plan.profiles if p.name == run.profile), {})
    said = [w.duration_s for w in workspace.workloads() if w.measured_by == run.profile and w.duration_s]
    each = polls_within(run.expected_s, float(options.get("--poll", USUAL_POLL_S)))
    most = float(options.get("--poll-rate", workspace.config.limits.max_rate)) * run.expected_s  # no run asks faster
    return Following(
        Decimal(str(round(min(run.requests * each, most)))), max(said, default=workspace.config.load.deadline_s)
    )


def polls_within(seconds: float, poll_s: float) -> int:
    """How often a job that never ends is asked for: the older it is, the seldomer."""
    count, age_s = 0, poll_s
    while age_s <= seconds:
        count += 1
        age_s += max(poll_s, min(LONGEST_POLL_S, age_s * AGE_SHARE))
    return count


class Stopped(Exception):
    """Another run beside this one ended the campaign; what was measured is kept."""


@dataclass(frozen=True)
class Driven:
    """Whom a plan drives; ``prepare`` comes before each of its runs, ``command`` goes on where it stopped."""

    targets: Sequence[Target]
    prepare: Callable[[Target, Runtime], None] | None = None
    command: str = "pilot run"
    stops_unanswered: bool = True  # False: that one answers nothing is what is looked for


class Driver:
    """Does runs of one plan, one at a time or several side by side, each in a thread of its own."""

    def __init__(
        self,
        workspace: Workspace,
        plan: Plan,
        store: Store,
        progress: Progress,
        of: Driven,
        limits: Spending,
        platform: EmbeddedPlatform,
        launcher: Launcher,
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._progress = progress
        self._of = of
        self._targets: dict[str, Target] = {t.name: t for t in of.targets}
        self._plan = plan
        self._profiles = {p.name: p for p in plan.profiles}
        self._purpose = plan.purpose
        self._limits = limits
        self._platform = platform
        self._launcher = launcher
        self._stop = threading.Event()
        self._members: list[dict[str, Any]] = []

    def stop(self) -> None:
        """Every run that is going ends with its ledger closed, and raises Stopped."""
        self._stop.set()

    def reserve(self, runs: Sequence[Run]) -> None:
        """Raises LimitReached where the runs together could exceed the budget."""
        self._limits.reserve(
            sum((worst_case_usd(self._workspace, self._plan, self._targets[r.target], r) for r in runs), Decimal(0))
        )

    def together(self, runs: Sequence[Run], attempt: int, steps: Sequence[RunShown]) -> list[RunRecord]:
        """All at once: the first that fails stops the others, a signal stops all; what each measured is kept."""
        self.reserve(runs)
        if len(runs) == 1:
            return [self(runs[0], attempt, steps[0])]
        with ENDING.held(), ThreadPoolExecutor(len(runs)) as pool:
            futures = [pool.submit(self, run, attempt, step) for run, step in zip(runs, steps, strict=True)]
            wait(futures, return_when=FIRST_EXCEPTION)  # each of them looks whether an end was asked for
            if any(future.done() and future.exception() for future in futures):
                self.stop()
            errors = [error for future in futures if (error := future.exception()) is not None]
            for error in sorted(errors, key=lambda e: isinstance(e, Stopped)):
                raise error
            return [future.result() for future in futures]

    def __call__(self, run: Run, attempt: int, step: RunShown) -> RunRecord:
        """What the run left; raises LimitReached, Interrupted, Stopped, and PilotError where it left nothing to go on with."""
        if not self._platform.alive:
            self._store.note(TARGETS_GONE, run=run.id)
            words = "the embedded targets are gone: they died while they were measured"
            raise LimitReached(
                words, f"see {self._workspace.state / 'logs'}; {self._of.command} starts them and goes on"
            )
        self._ready()
        target = self._targets[run.target]
        runtime = runtime_of(target, self._workspace.root, self._platform.url(run.target))
        cold_method = self._prepare(run, target, runtime)
        with ENDING.held():  # from here on there is something to settle; the run itself is stopped all the same
            record, code = self._measured(run, attempt, step, cold_method)
            self._after(run, record, runtime, cold_method)
        self._progress.say(_line(step, record))
        if code == Exit.LIMIT:
            raise LimitReached(f"{run.id}: {(record.ledger or {}).get('stopped_by')}", "check the target's credentials")
        return record

    def _ready(self) -> None:
        """All that sends stands by before a target is made cold; who came, and whenever that changes, is noted."""
        members = self._launcher.ready()
        if members != self._members:
            self._members = members
            asked = self._workspace.generator
            self._store.note(GENERATORS, fleet=asked.kind, processes=asked.processes, members=members)

    def _measured(
        self, run: Run, attempt: int, step: RunShown, cold_method: str | None
    ) -> tuple[RunRecord, int | None]:
        """Launched, ended and paid for, whatever ended it."""
        target, folder = self._targets[run.target], self._store.run_folder(run, attempt)
        self._store.note(BEGUN, run=run.id, attempt=attempt, cold=cold_method, schedule=run.schedule_digest)
        worst = worst_case_usd(self._workspace, self._plan, target, run)
        try:
            code = self._launch(run, target, folder, step)
        except BaseException as error:
            if folder.is_dir():
                account(folder)
            note = type(error).__name__
            if isinstance(error, LimitReached):
                note = str(error)
                explain(folder, note)
            self._settle(run, attempt, worst, code=None, note=note)
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(
                    f"stopped during {run.id}; what was measured is kept", f"{self._of.command} goes on"
                ) from None
            raise
        if code is None or code < 0 or folder.is_dir():
            account(folder, code)
        self._settle(run, attempt, worst, code=code)
        return self._ended(run, attempt, folder, code), code

    def _prepare(self, run: Run, target: Target, runtime: Runtime) -> str | None:
        if self._of.prepare is not None:
            self._of.prepare(target, runtime)
        if run.start is Start.COLD:
            return runtime.make_cold().method
        runtime.wait_ready()
        return None

    def _launch(self, run: Run, target: Target, folder: Path, step: RunShown) -> int | None:
        meter = Meter(target)

        def tick(elapsed_s: float) -> None:
            ENDING.check()
            if self._stop.is_set():
                raise Stopped
            self._limits.check_stop_file()
            meter.follow(folder)
            cost_usd = meter.cost_usd(elapsed_s)
            seen = RunSeen(
                meter.samples, meter.ok, run.requests, self._limits.all_usd + cost_usd, self._limits.budget_usd
            )
            self._progress.tick(step, elapsed_s, run.expected_s, seen)
            self._limits.count(cost_usd)

        urls = (self._platform.url(run.target), *self._platform.lanes(run.target))
        return launch(self._launcher, run, self._profiles[run.profile], urls, folder, tick, self._purpose)

    def _ended(self, run: Run, attempt: int, folder: Path, code: int | None) -> RunRecord:
        record = self._store.record(run, attempt)
        if record is None or code == Exit.REFUSED:
            log = folder.with_suffix(".log")
            words = lines_of(log.read_text(encoding="utf-8", errors="replace").strip())[-3:]
            kind = Refused if code == Exit.REFUSED else PilotError
            raise kind(f"{run.id} did not begin: {' '.join(words) or f'exit code {code}'}", f"see {log}")
        if errors := (record.ledger or {}).get("write_errors"):
            raise InvalidRun(
                f"{run.id} is INVALID, its evidence could not be written: {'; '.join(errors)}",
                f"free some space; {self._of.command} goes on with this block",
            )
        return record

    def _settle(self, run: Run, attempt: int, worst: Decimal, code: int | None, note: str | None = None) -> None:
        cost = settle(self._store, self._targets[run.target], run, attempt, worst, code=code, note=note)
        self._limits.settle(cost)

    def _after(self, run: Run, record: RunRecord, runtime: Runtime, cold_method: str | None) -> None:
        """Facts are asked after the run: before a cold probe nothing may touch the target."""
        content = FACTS_FORMAT.stamped({"target": run.target, "facts": facts_of(runtime), "cold_method": cold_method})
        try:
            path = record.path / "facts.json"
            write_text(path, dump(content))
            files = {str(record.path.relative_to(self._store.root)): {path.name: digest_of(path)}}
            self._store.note("facts", run=run.id, files=files)
        except OSError as error:
            raise PilotError(f"{record.path}: {error.strerror}", f"{to_write(error)} and run again") from None


def _line(step: RunShown, record: RunRecord) -> str:
    ledger = record.ledger or {}
    outcomes = ledger.get("outcomes", {})
    failed = sum(count for name, count in outcomes.items() if name != "ok")
    lag = ledger.get("lag_p99_s")
    words = [
        f"[{step.number:>3}/{step.of}] block {step.block}  {step.label:<32}",
        "RACE   " if record.only_to_watch else "VALID  " if record.valid else "INVALID",
        f"{ledger.get('planned', 0):>4} requests, {failed} failed",
        f"lag p99 {lag * 1e3:.1f} ms" if lag is not None else "",
    ]
    text = "  ".join(words) + f"  left {duration(step.remaining_s)}"
    return text + "".join(f"\n        {reason}" for reason in all_said(record.reasons))
