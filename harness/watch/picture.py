"""What the page shows now, as plain data: the campaign, the block that is looked at, and a lane a target."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.domain.arrivals import from_data
from harness.domain.looks import Look, look, looks_of
from harness.domain.plan import Block, Plan, Purpose, Run
from harness.domain.target import Target
from harness.errors import BadFile, PilotError, Refused
from harness.evidence.events import BEGUN, ENDED
from harness.evidence.files import read_object
from harness.evidence.store import PLAN, RunRecord, Store
from harness.run.spend import spent_in
from harness.status.board import BlockLine, BlockState, block_lines
from harness.watch.lane import Lane
from harness.watch.left import left
from harness.words import all_said
from harness.workspace import Workspace
from harness.workspace.trace_csv import read_trace

WIDTHS_S = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
MOST_BINS = 90
MOST_LANES = 16  # kept: those of the blocks that somebody looks back at are read again

Judge = Callable[[], Mapping[str, Any]]  # the verdicts of the look that was reached


@dataclass(frozen=True)
class Wanted:
    """What a page asks for; None: whatever is going on. ``dots``: how many of each lane it has, of ``key``."""

    block: int | None = None
    profile: str | None = None
    key: str = ""
    dots: tuple[int, ...] = ()


@dataclass
class Offered:
    """When requests are due, the same on both; ``due`` is None where answers decide it."""

    due: Sequence[float] | None
    length_s: float

    def until(self, now_s: float) -> int | None:
        """How many were due by then."""
        return None if self.due is None else bisect_right(self.due, now_s)

    def rates(self, bin_s: float) -> list[float] | None:
        """A second, for each stretch."""
        if self.due is None:
            return None
        edges = [bisect_left(self.due, k * bin_s) for k in range(int(self.length_s / bin_s) + 2)]
        return [round((after - before) / bin_s, 3) for before, after in pairwise(edges)]


class Picture:
    """Of one store; any thread may ask. ``judge`` is asked once a look; None where nothing may be judged."""

    def __init__(self, workspace: Workspace, store: Store, judge: Judge | None) -> None:
        self._workspace, self._store, self._judge = workspace, store, judge
        self._lock = threading.Lock()
        self._lanes: dict[Path, Lane] = {}
        self._offered: dict[Path, Offered] = {}
        self._targets: dict[str, Target | None] = {}
        self._journal: list[dict[str, Any]] = []
        self._stamp: object = None
        self._lines: tuple[BlockLine, ...] = ()
        self._settled: str | None = None
        self._spent_usd = 0.0
        self._attempts: dict[int, int] = {}
        self._records: dict[tuple[str, int], RunRecord | None] = {}
        self._judged: tuple[int, Mapping[str, Any]] | None = None
        self._plan_read: tuple[object, Plan | None] = (None, None)

    def now(self, wanted: Wanted) -> dict[str, Any]:
        """One document; raises Refused where there is no plan, BadFile where one cannot be read."""
        with self._lock:
            plan = self._plan()
            self._read(plan)
            unit, run = self._shown(plan, wanted)
            lanes = self._lanes_of(unit, run)
            return {
                "question": self._workspace.config.pilot.question,
                "race": plan.purpose is Purpose.EYES,
                "embedded": [name for name in _pair(plan) if (t := self._target(name)) is not None and t.embedded],
                "targets": [self._named(plan, name) for name in dict.fromkeys(r.target for r in unit.runs)],
                "going": self._going(plan),
                "blocks": [self._block(line) for line in self._lines],
                "left": self._left(plan, unit, lanes),
                "spend": {
                    "spent_usd": self._spent_usd + sum(lane.spent_usd() or 0.0 for _, _, lane in lanes if lane and lane.going),
                    "budget_usd": float(self._workspace.config.limits.budget_usd),
                },
                "looks": self._looks(plan),
                "shown": self._charts(unit, run, lanes, wanted),
            }

    # -- the campaign

    def _plan(self) -> Plan:
        stamp = _stamp(self._store.root / PLAN)
        if self._plan_read[0] != stamp or self._plan_read[1] is None:
            self._plan_read = (stamp, self._store.plan())
        plan = self._plan_read[1]
        if plan is None or not plan.units:
            raise Refused("no plan yet", "pilot plan --seal, then pilot run")
        return plan

    def _read(self, plan: Plan) -> None:
        """The journal, and what follows from it, whenever it has grown."""
        stamp = _stamp(self._store.root / "journal.jsonl")
        if stamp != self._stamp or not self._lines:
            self._journal = self._store.journal()
            most = self._workspace.config.limits.attempts
            self._lines, ended = block_lines(self._store, plan, self._journal, most)
            self._settled = str(ended) if ended else None
            self._spent_usd = float(spent_in(self._workspace))
            self._attempts = {}
            self._stamp = stamp

    def _going(self, plan: Plan) -> list[dict[str, Any]]:
        """Runs that began and did not end, by the journal and their own files."""
        ended = {(e.get("run"), e.get("attempt")) for e in self._journal if e.get("event") == ENDED}
        begun = [(e["run"], e["attempt"]) for e in self._journal if e.get("event") == BEGUN and "run" in e]
        units = {run.id: (unit, run) for unit in plan.units for run in unit.runs}
        out = []
        for name, attempt in dict.fromkeys(begun):
            if (name, attempt) in ended or name not in units:
                continue
            unit, run = units[name]
            lane = self._lane(run, attempt)
            if lane is None or lane.going:
                said = {"block": unit.number, "track": unit.track, "profile": run.profile, "target": run.target}
                out.append({**said, "attempt": attempt})
        return out

    def _block(self, line: BlockLine) -> dict[str, Any]:
        """Its state; of one that is INVALID or was given up why, in the ledgers' words."""
        unit = next(u for u in self._plan_read[1].units if u.number == line.number)  # type: ignore[union-attr]
        said = {
            name: getattr(line, name) for name in ("number", "order", "track", "attempts", "requests", "not_before")
        }
        reasons: list[str] = []
        if line.state in (BlockState.INVALID, BlockState.GIVEN_UP) and line.attempts:
            records = self._store.records(unit, self._store.attempts(line.number)[-1])
            reasons = [words for r in records if not r.valid for words in all_said(r.reasons)]
        return {
            **said,
            "state": line.state.value,
            "reasons": reasons,
            "profiles": list(dict.fromkeys(r.profile for r in unit.runs)),
        }

    def _left(self, plan: Plan, unit: Block, lanes: Sequence[tuple[Run, int, Lane | None]]) -> dict[str, Any]:
        """Without what the runs that are going on have behind them."""
        found = left(plan, self._lines, self._journal, datetime.now(UTC))
        behind = [min(lane.now_s(), run.expected_s) for run, _, lane in lanes if lane is not None and lane.going]
        done_s = max(behind, default=0.0) if unit.side_by_side else sum(behind)
        return {**asdict(found), "measuring_s": max(0.0, found.measuring_s - done_s)}

    def _looks(self, plan: Plan) -> dict[str, Any] | None:
        """What may be read of the verdicts; None for a race, of which there are none."""
        if plan.purpose is Purpose.EYES or not plan.blocks:
            return None
        valid = sum(line.state is BlockState.DONE for line in self._lines if line.track is None)
        now = look(valid, len(plan.blocks))
        counts = looks_of(len(plan.blocks))
        said = {"valid": valid, "counts": counts, "number": now.number, "following": now.following}
        return said | {"settled": self._settled, "verdicts": self._verdicts(now)}

    def _verdicts(self, now: Look) -> Mapping[str, Any] | None:
        """Of the last look, and of nothing between two; made once, when it is reached."""
        if not now.number or self._judge is None or self._store.seal() is None:
            return None
        if self._judged is None or self._judged[0] != now.number:
            try:
                self._judged = (now.number, self._judge())
            except PilotError as error:
                self._judged = (now.number, {"problem": str(error)})
        return self._judged[1]

    # -- the block that is shown

    def _shown(self, plan: Plan, wanted: Wanted) -> tuple[Block, Run]:
        """What was asked for, else what goes on, else what began last."""
        units = {unit.number: unit for unit in plan.units}
        begun = [e for e in self._journal if e.get("event") == BEGUN]
        last = begun[-1].get("run") if begun else None
        going = next(((u, r) for u in plan.units for r in u.runs if r.id == last), None)
        tried = [u for u in plan.units if self._store.attempts(u.number)] if going is None else []
        unit = units.get(wanted.block or 0) or (going[0] if going else tried[-1] if tried else plan.units[0])
        names = [r.profile for r in unit.runs]
        now = going[1].profile if going and going[0] is unit else names[0]
        profile = wanted.profile if wanted.profile in names else now
        return unit, next(r for r in unit.runs if r.profile == profile)

    def _lanes_of(self, unit: Block, shown: Run) -> list[tuple[Run, int, Lane | None]]:
        """Of each target that gets this profile's schedule, in the plan's order of targets."""
        attempt = self._attempt(unit)
        runs = sorted((r for r in unit.runs if r.profile == shown.profile), key=lambda r: r.position)
        return [(run, attempt, self._lane(run, attempt)) for run in runs]

    def _attempt(self, unit: Block) -> int:
        """The one that counts, else the last."""
        if unit.number not in self._attempts:
            valid = self._store.valid_attempt(unit)
            last = max(self._store.attempts(unit.number), default=1)
            self._attempts[unit.number] = last if valid is None else valid
        return self._attempts[unit.number]

    def _lane(self, run: Run, attempt: int) -> Lane | None:
        folder = self._store.run_folder(run, attempt)
        if folder not in self._lanes:
            try:
                said = read_object(folder / "run.json")
            except BadFile:
                return None  # it has not begun, or is just beginning
            while len(self._lanes) >= MOST_LANES:
                self._lanes.pop(next(iter(self._lanes)))
            offered = self._offers(folder, said)
            self._lanes[folder] = Lane(folder, self._target(run.target), said, bin_s(offered.length_s))
        lane = self._lanes[folder]
        lane.follow()
        return lane

    def _offers(self, folder: Path, run: Mapping[str, Any]) -> Offered:
        """Drawn anew from what the run says of itself: the schedule is no more than a profile and a seed."""
        if folder not in self._offered:
            length_s, due = float(run.get("total_s") or 0.0), None
            try:
                load = run["spec"]["load"]
                file = load["trace_file"]
                trace = read_trace(self._workspace.root / file) if file else None
                profile = from_data(load, trace)
                due = None if profile.experiment else [d.scheduled_s for d in profile.arrivals(int(run["seed"]))]
            except (KeyError, TypeError, ValueError, AttributeError, PilotError):
                due = None  # of another version, or its trace is gone: what was sent tells it
            self._offered[folder] = Offered(due, length_s)
        return self._offered[folder]

    def _charts(
        self, unit: Block, run: Run, lanes: Sequence[tuple[Run, int, Lane | None]], wanted: Wanted
    ) -> dict[str, Any]:
        known = [lane for _, _, lane in lanes if lane is not None]
        told = [lane for lane in known if self._offered[lane.folder].due is not None] or known
        offered = self._offered[told[0].folder] if told else None
        read = "".join("." if lane is None else "w" if lane.ledger is not None else "s" for _, _, lane in lanes)
        key = f"{unit.number}/{self._attempt(unit)}/{run.profile}/{read}"  # a file read whole begins its dots anew
        slo = self._workspace.config.slo
        seen_s = max((lane.seen_s for lane in known), default=0.0)
        length_s = offered.length_s if offered and offered.due is not None else 0.0
        same = wanted.key == key
        return {
            "key": key,
            "block": unit.number,
            "track": unit.track,
            "attempt": self._attempt(unit),
            "profile": run.profile,
            "profiles": list(dict.fromkeys(r.profile for r in unit.runs)),
            "length_s": max(length_s, seen_s, 1.0),
            "bin_s": told[0].bin_s if told else 1.0,
            "offered": offered.rates(told[0].bin_s) if offered else None,
            "limits": {"response_s": slo.p95_s, "first_token_s": slo.ttft_p95_s},
            "lanes": [
                self._lane_said(one, attempt, lane, offered, wanted.dots[k] if same and k < len(wanted.dots) else 0)
                for k, (one, attempt, lane) in enumerate(lanes)
            ],
        }

    def _lane_said(
        self, run: Run, attempt: int, lane: Lane | None, offered: Offered | None, has: int
    ) -> dict[str, Any]:
        if lane is None:
            return {"target": run.target, "position": run.position, "state": "not begun"}
        record = self._record(run, attempt) if lane.ledger is not None else None
        now_s = lane.now_s()
        due = offered.until(now_s) if offered else None
        ended = sum(lane.counts)
        return {
            "target": run.target,
            "position": run.position,
            "state": "going" if lane.going else "ended" if lane.ledger is not None else "did not end",
            "valid": record.valid if record else None,
            "reasons": list(all_said(record.reasons)) if record and not record.valid else [],
            "now_s": round(now_s, 3),
            "due": ended if due is None or lane.ledger is not None else max(due, ended),
            "planned": None if offered is None or offered.due is None else len(offered.due),
            "answered": lane.counts[0],
            "refused": lane.counts[1],
            "failed": lane.counts[2],
            "cold": lane.cold,
            "instances": len(lane.instances),
            "lag_p99_s": lane.lag_p99_s(),
            "spent_usd": lane.spent_usd(),
            "every": lane.every,
            "bin_s": lane.bin_s,
            "dots_from": has,
            "dots": lane.dots[has:],
            "stretches": lane.stretches(),
            "spend": lane.spend(),
        }

    def _record(self, run: Run, attempt: int) -> RunRecord | None:
        """Of a run that has ended: read once."""
        key = (run.id, attempt)
        if key not in self._records:
            self._records[key] = self._store.record(run, attempt)
        return self._records[key]

    # -- targets

    def _target(self, name: str) -> Target | None:
        """None for one that is not declared any more."""
        if name not in self._targets:
            try:
                self._targets[name] = self._workspace.target(name)
            except PilotError:
                self._targets[name] = None
        return self._targets[name]

    def _named(self, plan: Plan, name: str) -> dict[str, Any]:
        target = self._target(name)
        side = {plan.baseline: "baseline", plan.candidate: "candidate"}.get(name, "other")
        return {"name": name, "title": (target.title if target else "") or name, "side": side}


def bin_s(length_s: float) -> float:
    """The shortest stretch of which a run of this length has few enough to be drawn."""
    return next((width for width in WIDTHS_S if length_s / width <= MOST_BINS), WIDTHS_S[-1])


def _pair(plan: Plan) -> tuple[str, str]:
    return plan.baseline, plan.candidate


def _stamp(path: Path) -> object:
    """What changes when a file does; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
