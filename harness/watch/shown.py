"""The block that is looked at: one profile's runs as lanes on shared axes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.domain.arrivals import from_data
from harness.domain.plan import Block, Run
from harness.domain.target import Target
from harness.errors import BadFile, PilotError
from harness.evidence.files import read_object
from harness.evidence.store import RunRecord, Store
from harness.watch.lane import Lane
from harness.words import all_said
from harness.workspace import Workspace
from harness.workspace.trace_csv import read_trace

WIDTHS_S = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
MOST_BINS = 90
MOST_LANES = 16  # kept: those of the blocks that somebody looks back at are read again


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


class Lanes:
    """Every run that was looked at, read as far as it is."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        self._workspace, self._store = workspace, store
        self._lanes: dict[Path, Lane] = {}
        self._offered: dict[Path, Offered] = {}
        self._targets: dict[str, Target | None] = {}
        self._records: dict[tuple[str, int], RunRecord | None] = {}

    def target(self, name: str) -> Target | None:
        """None for one that is not declared any more."""
        if name not in self._targets:
            try:
                self._targets[name] = self._workspace.target(name)
            except PilotError:
                self._targets[name] = None
        return self._targets[name]

    def lane(self, run: Run, attempt: int) -> Lane | None:
        """As far as it is; None for a run that has not begun."""
        folder = self._store.run_folder(run, attempt)
        if folder not in self._lanes:
            try:
                said = read_object(folder / "run.json")
            except BadFile:
                return None  # it has not begun, or is just beginning
            while len(self._lanes) >= MOST_LANES:
                self._lanes.pop(next(iter(self._lanes)))
            offered = self._offers(folder, said)
            self._lanes[folder] = Lane(folder, self.target(run.target), said, bin_s(offered.length_s))
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

    def charts(
        self, unit: Block, attempt: int, run: Run, lanes: Sequence[tuple[Run, Lane | None]], wanted: Wanted
    ) -> dict[str, Any]:
        """One profile of a block: the axes that its lanes share, and each of them."""
        known = [lane for _, lane in lanes if lane is not None]
        told = [lane for lane in known if self._offered[lane.folder].due is not None] or known
        offered = self._offered[told[0].folder] if told else None
        read = "".join("." if lane is None else "w" if lane.ledger is not None else "s" for _, lane in lanes)
        key = f"{unit.number}/{attempt}/{run.profile}/{read}"  # a file read whole begins its dots anew
        slo = self._workspace.config.slo
        seen_s = max((lane.seen_s for lane in known), default=0.0)
        length_s = offered.length_s if offered and offered.due is not None else 0.0
        same = wanted.key == key
        return {
            "key": key,
            "block": unit.number,
            "track": unit.track,
            "attempt": attempt,
            "profile": run.profile,
            "profiles": list(dict.fromkeys(r.profile for r in unit.runs)),
            "length_s": max(length_s, seen_s, 1.0),
            "bin_s": told[0].bin_s if told else 1.0,
            "offered": offered.rates(told[0].bin_s) if offered else None,
            "limits": {"response_s": slo.p95_s, "first_token_s": slo.ttft_p95_s},
            "lanes": [
                self._lane_said(one, attempt, lane, offered, wanted.dots[k] if same and k < len(wanted.dots) else 0)
                for k, (one, lane) in enumerate(lanes)
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


def bin_s(length_s: float) -> float:
    """The shortest stretch of which a run of this length has few enough to be drawn."""
    return next((width for width in WIDTHS_S if length_s / width <= MOST_BINS), WIDTHS_S[-1])
