"""``pilot collect``: each run's platform figures, pulled once they have settled, kept beside its samples."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.domain.plan import Plan
from harness.domain.reading import Absent, LineSource, MetricSource, Window
from harness.domain.target import LocalFunction, Target
from harness.evidence.files import dump, write_text
from harness.evidence.store import RunRecord, Store
from harness.sources.local_logs import LocalLogs
from harness.sources.registry import source_of
from harness.workspace import Workspace

READINGS_VERSION = 1
BEFORE_S, AFTER_S = 1.0, 1.5
SHORT_WAIT_S = 5.0  # a run that has just ended is worth waiting for; longer, and the next pass takes it


@dataclass(frozen=True)
class Collected:
    """What one pass did."""

    pulled: int
    kept: int
    absent: int
    unsettled: int


def sources_of(target: Target, workspace: Workspace) -> list[MetricSource]:
    """Every source that the target's file names; embedded targets have their own log; raises Refused."""
    named = [source_of(config) for config in target.sources]
    if target.embedded:
        function = isinstance(target.runtime, LocalFunction)
        return [LocalLogs(workspace.state / "logs", target.name, function=function), *named]
    return named


def _names(sources: Sequence[MetricSource]) -> list[str]:
    """A file name each: the kind, numbered where a target has several of one."""
    out: list[str] = []
    for source in sources:
        same = sum(name.rpartition("-")[0] == source.kind or name == source.kind for name in out)
        out.append(f"{source.kind}-{same + 1}" if same else source.kind)
    return out


def collect(workspace: Workspace, plan: Plan, store: Store) -> Collected:
    """Pull what is not there yet; a second pass adds nothing and changes nothing."""
    targets = {t.name: t for t in workspace.measured()}
    known = {name: sources_of(target, workspace) for name, target in targets.items()}
    pulled = kept = absent = unsettled = 0
    for record in store.all_records(plan):
        window = window_of(record)
        if window is None:
            continue
        sources = known[record.target]
        for name, source in zip(_names(sources), sources, strict=True):
            path = record.path / "readings" / f"{name}.json"
            if path.exists():
                kept += 1
                continue
            wait_s = window.end_unix_s + source.settle_s - time.time()
            if wait_s > SHORT_WAIT_S:
                unsettled += 1
                continue
            time.sleep(max(0.0, wait_s))
            readings = source.read(window)
            absent += sum(isinstance(r, Absent) for r in readings)
            if isinstance(source, LineSource):
                lines = "\n".join(source.lines(window))
                write_text(path.with_suffix(".log"), lines + "\n" if lines else "")
            content = {
                "schema_version": READINGS_VERSION,
                "source": source.kind,
                "verified": source.verified,
                "window": window,
                "readings": [{"kind": type(r).__name__.lower(), **_fields(r)} for r in readings],
            }
            write_text(path, dump(content))
            pulled += 1
    store.note("collected", pulled=pulled, kept=kept, absent=absent, unsettled=unsettled)
    return Collected(pulled, kept, absent, unsettled)


def window_of(record: RunRecord) -> Window | None:
    """The run's wall-clock window with a little room, None for a run that did not end."""
    run = record.run
    if not run or run.get("elapsed_s") is None:
        return None
    start = datetime.fromisoformat(run["started_utc"]).timestamp()
    return Window(start - BEFORE_S, start + run["elapsed_s"] + AFTER_S)


def _fields(reading: object) -> dict[str, object]:
    return {name: getattr(reading, name) for name in reading.__dataclass_fields__}  # type: ignore[attr-defined]
