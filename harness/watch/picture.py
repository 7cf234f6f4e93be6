"""What the page shows now, as plain data: the campaign, the block that is looked at, and a lane a target."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.domain.looks import Look, look, looks_of
from harness.domain.plan import Block, Plan, Purpose, Run
from harness.errors import PilotError, Refused
from harness.evidence.events import BEGUN, ENDED
from harness.evidence.run_folder import SPOOL
from harness.evidence.store import PLAN, Store
from harness.run.spend import spent_in
from harness.status.board import BlockLine, BlockState, block_lines
from harness.watch.lane import SILENT_S, Lane
from harness.watch.left import left
from harness.watch.shown import Lanes, Wanted
from harness.words import all_said
from harness.workspace import Workspace

Judge = Callable[[], Mapping[str, Any]]  # the verdicts of the look that was reached


class Picture:
    """Of one store; any thread may ask. ``judge`` is asked once a look; None where nothing may be judged."""

    def __init__(self, workspace: Workspace, store: Store, judge: Judge | None) -> None:
        self._workspace, self._store, self._judge = workspace, store, judge
        self._lock = threading.Lock()
        self._lanes = Lanes(workspace, store)
        self._journal: list[dict[str, Any]] = []
        self._stamp: object = None
        self._lines: tuple[BlockLine, ...] = ()
        self._blocks: list[dict[str, Any]] = []
        self._settled: str | None = None
        self._watched: list[Path] = []
        self._spent_usd = 0.0
        self._attempts: dict[int, int] = {}
        self._judged: tuple[int, Mapping[str, Any]] | None = None
        self._plan_read: tuple[object, Plan | None] = (None, None)

    def stamp(self) -> str:
        """Another one as soon as there is something new of what was shown last; costs a look at two or three files."""
        return str([_stamp(path) for path in self._watched])

    def now(self, wanted: Wanted) -> dict[str, Any]:
        """One document; raises Refused where there is no plan, BadFile where one cannot be read."""
        with self._lock:
            stamp = self.stamp()  # before anything is read: what comes meanwhile is new
            plan = self._plan()
            self._read(plan)
            unit, run = self._shown(plan, wanted)
            lanes = self._lanes_of(plan, unit, run)
            spools = [lane.folder / SPOOL for _, lane in lanes if lane is not None and lane.going]
            self._watched = [self._store.root / "journal.jsonl", *spools]
            going_usd = sum(lane.spent_usd() or 0.0 for _, lane in lanes if lane is not None and lane.going)
            return {
                "stamp": stamp,
                "question": self._workspace.config.pilot.question,
                "race": plan.purpose is Purpose.EYES,
                "embedded": [
                    name for name in _pair(plan) if (t := self._lanes.target(name)) is not None and t.embedded
                ],
                "targets": [self._named(plan, name) for name in dict.fromkeys(r.target for r in unit.runs)],
                "going": self._going(plan),
                "blocks": self._blocks,
                "left": self._left(plan, unit, lanes),
                "spend": {
                    "spent_usd": self._spent_usd + going_usd,
                    "budget_usd": float(self._workspace.config.limits.budget_usd),
                },
                "looks": self._looks(plan),
                "shown": self._lanes.charts(unit, self._attempt(unit), run, lanes, wanted),
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
            units = {unit.number: unit for unit in plan.units}
            self._blocks = [self._block(units[line.number], line) for line in self._lines]
            self._settled = str(ended) if ended else None
            self._spent_usd = float(spent_in(self._workspace))
            self._attempts = {}
            self._stamp = stamp

    def _going(self, plan: Plan) -> list[dict[str, Any]]:
        """Runs that began and did not end, by the journal and their own files."""
        ended = {(e.get("run"), e.get("attempt")) for e in self._journal if e.get("event") == ENDED}
        begun = {(e.get("run"), e.get("attempt")): e for e in self._journal if e.get("event") == BEGUN}
        still = {key: event for key, event in begun.items() if key not in ended}
        if not still:
            return []
        known: dict[object, tuple[Block, Run]] = {run.id: (unit, run) for unit in plan.units for run in unit.runs}
        out = []
        for (name, attempt), event in still.items():
            if name not in known or not self._is_going(known[name][1], event):
                continue
            unit, run = known[name]
            said = {"block": unit.number, "track": unit.track, "profile": run.profile, "target": run.target}
            out.append({**said, "attempt": attempt})
        return out

    def _is_going(self, run: Run, begun: Mapping[str, Any]) -> bool:
        """One whose files are not there yet is about to begin, for a while."""
        lane = self._lanes.lane(run, int(begun["attempt"]))
        if lane is not None:
            return lane.going
        age = datetime.now(UTC) - datetime.fromisoformat(str(begun["utc"]))
        return age.total_seconds() < SILENT_S

    def _block(self, unit: Block, line: BlockLine) -> dict[str, Any]:
        """Its state; of one that is INVALID or was given up why, in the ledgers' words."""
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

    def _left(self, plan: Plan, unit: Block, lanes: Sequence[tuple[Run, Lane | None]]) -> dict[str, Any]:
        """Without what the runs that are going on have behind them."""
        found = left(plan, self._lines, self._journal, datetime.now(UTC))
        behind = [min(lane.now_s(), run.expected_s) for run, lane in lanes if lane is not None and lane.going]
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
        if not now.number or self._judge is None:
            return None
        if self._judged is None or self._judged[0] != now.number:
            if self._store.seal() is None:
                return None
            try:
                self._judged = (now.number, self._judge())
            except PilotError as error:
                self._judged = (now.number, {"problem": str(error)})
        return self._judged[1]

    # -- the block that is shown

    def _shown(self, plan: Plan, wanted: Wanted) -> tuple[Block, Run]:
        """What was asked for, else what goes on, else what began last: of blocks of both targets, where there are any."""
        units = {unit.number: unit for unit in plan.units}
        where = {run.id: (unit, run) for unit in plan.units for run in unit.runs}
        begun = [where[e["run"]] for e in self._journal if e.get("event") == BEGUN and e.get("run") in where]
        paired = [] if self._going(plan) else [(unit, run) for unit, run in begun if unit.track is None]
        going = next(reversed(paired or begun), None)
        tried = [u for u in plan.units if self._store.attempts(u.number)] if going is None else []
        unit = units.get(wanted.block or 0) or (going[0] if going else tried[-1] if tried else plan.units[0])
        names = [r.profile for r in unit.runs]
        now = going[1].profile if going and going[0] is unit else names[0]
        profile = wanted.profile if wanted.profile in names else now
        return unit, next(r for r in unit.runs if r.profile == profile)

    def _lanes_of(self, plan: Plan, unit: Block, shown: Run) -> list[tuple[Run, Lane | None]]:
        """Of each target that gets this profile's schedule, the baseline first whatever the block's order is."""
        pair = _pair(plan)
        place = {run: (pair.index(run.target) if run.target in pair else len(pair), run.position) for run in unit.runs}
        runs = sorted((run for run in unit.runs if run.profile == shown.profile), key=lambda run: place[run])
        return [(run, self._lanes.lane(run, self._attempt(unit))) for run in runs]

    def _attempt(self, unit: Block) -> int:
        """The one that counts, else the last."""
        if unit.number not in self._attempts:
            valid = self._store.valid_attempt(unit)
            last = max(self._store.attempts(unit.number), default=1)
            self._attempts[unit.number] = last if valid is None else valid
        return self._attempts[unit.number]

    # -- targets

    def _named(self, plan: Plan, name: str) -> dict[str, Any]:
        target = self._lanes.target(name)
        side = {plan.baseline: "baseline", plan.candidate: "candidate"}.get(name, "other")
        return {"name": name, "title": (target.title if target else "") or name, "side": side}


def _pair(plan: Plan) -> tuple[str, str]:
    return plan.baseline, plan.candidate


def _stamp(path: Path) -> object:
    """What changes when a file does; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
