"""``pilot collect``: each run's platform figures, pulled once they have settled, kept beside its samples.

What is there is never asked for again and never overwritten. A question that got no
answer leaves its reason in a file of its own and is asked again by the next pass.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.campaign.progress import Progress, duration
from harness.collect.bills import BillsPulled, pull_bills
from harness.collect.reconcile import reconcile
from harness.domain.identities import without_identities, without_identity
from harness.domain.plan import Plan
from harness.domain.reading import Absent, LineSource, MetricSource, RawSource, Reading, Window
from harness.domain.shown import harmless
from harness.domain.target import SourceConfig, Target
from harness.errors import PilotError, to_write
from harness.evidence.coverage import Cell, coverage
from harness.evidence.digests import digest_of
from harness.evidence.events import COLLECTED
from harness.evidence.files import dump, jsonable, write_text
from harness.evidence.schema import READINGS_FORMAT
from harness.evidence.store import RunRecord, Store
from harness.platforms.registry import bills_of, platform_of, source_of
from harness.platforms.shared.absence import ask
from harness.platforms.shared.absence import readings as answers
from harness.platforms.shared.cost_explorer import CostExplorer
from harness.secrecy import KNOWN
from harness.words import said
from harness.workspace import Workspace

BEFORE_S, AFTER_S = 1.0, 1.5
SHORT_WAIT_S = 5.0  # a run that has just ended is worth waiting for; longer, and the next pass takes it


@dataclass(frozen=True)
class Due:
    """Something that is still to be had, and until when: ``keeps_s`` of its source after the run."""

    target: str
    source: str
    day: str
    settles_unix_s: float
    expires_unix_s: float | None


@dataclass
class Collected:
    """What one pass did, and what is left to do."""

    pulled: int = 0
    kept: int = 0
    absent: int = 0
    failed: list[str] = field(default_factory=list)  # with the reason, once each
    unsettled: list[Due] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    bills: BillsPulled = field(default_factory=BillsPulled)
    spent_usd: Decimal = Decimal(0)

    @property
    def next_expiry(self) -> Due | None:
        """The first of what was not pulled that will be gone."""
        dated = [due for due in self.unsettled if due.expires_unix_s is not None]
        return min(dated, key=lambda due: due.expires_unix_s or 0.0, default=None)


Make = Callable[[SourceConfig], MetricSource]


def sources_of(target: Target, workspace: Workspace, make: Make) -> dict[str, MetricSource]:
    """Every source of a target by its file's name, those of a router's sides among them; raises Refused."""
    named = [make(config) for config in target.sources if not config.bills]
    own = platform_of(target).own_sources(target, workspace.state / "logs")
    behind = [source for side in target.behind for source in sources_of(side, workspace, make).values()]
    return dict(zip(target.source_names, [*own, *named, *behind], strict=True))


def collect(
    workspace: Workspace,
    plan: Plan,
    store: Store,
    progress: Progress,
    now: Callable[[], float] = time.time,
    make: Make = source_of,
    make_bills: Callable[[SourceConfig], CostExplorer] = bills_of,
    measured: Sequence[Target] | None = None,
) -> Collected:
    """Pull what is not there yet; a second pass adds nothing and changes nothing."""
    targets = {t.name: t for t in (workspace.measured() if measured is None else measured)}
    known: dict[str, dict[str, MetricSource]] = {}
    done = Collected()
    todo = [
        (record, window, name)
        for record in store.all_records(plan)
        if (window := window_of(record)) is not None
        for name in targets[record.target].source_names
        if not (record.path / "readings" / f"{name}.json").exists()
    ]
    every = sum(len(targets[r.target].source_names) for r in store.all_records(plan) if window_of(r) is not None)
    done.kept = every - len(todo)
    files: dict[str, dict[str, str]] = {}
    began = time.monotonic()
    for number, (record, window, name) in enumerate(todo):
        if record.target not in known:
            known[record.target] = sources_of(targets[record.target], workspace, make)
        source = known[record.target][name]
        if (wait_s := window.end_unix_s + source.settle_s - now()) > SHORT_WAIT_S:
            done.unsettled.append(_due(record, name, source, window))
            continue
        spent_s = time.monotonic() - began
        left = duration(spent_s / number * (len(todo) - number)) if number else "?"
        progress.work(
            f"collecting  {number + 1}/{len(todo)}  {name} of {record.target}, b{record.block:02d}  left {left}"
        )
        time.sleep(max(0.0, wait_s))
        before = set((record.path / "readings").rglob("*"))
        _pull(record, window, name, source, done)
        new = sorted(p for p in set((record.path / "readings").rglob("*")) - before if p.is_file())
        at = str(record.path.relative_to(store.root))
        files.setdefault(at, {}).update({str(p.relative_to(record.path)): digest_of(p) for p in new})
    done.bills = pull_bills(targets, plan, store, now, make_bills)
    done.failed += done.bills.failed
    done.spent_usd = reconcile(targets, plan, store)
    done.cells = coverage(targets.values(), plan, store)
    store.note(
        COLLECTED,
        pulled=done.pulled,
        kept=done.kept,
        absent=done.absent,
        unsettled=len(done.unsettled),
        settles_unix_s=min((due.settles_unix_s for due in done.unsettled), default=None),
        failed=len(done.failed),
        bills=done.bills.days,
        bills_usd=str(done.bills.usd),
        files=files,
    )
    return done


def _pull(record: RunRecord, window: Window, name: str, source: MetricSource, done: Collected) -> None:
    """One source of one run; final only when every question was answered. Answers are kept as they came, read or not."""
    readings, lines, raw = kept_of(source, window)
    folder = record.path / "readings"
    unanswered = [r for r in readings if isinstance(r, Absent) and r.failed]
    try:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)  # a router's side has a folder of its own
        if unanswered:
            reasons = dict.fromkeys(f"{name} of {record.target}: {said(r.reason)}" for r in unanswered)
            done.failed += [str(without_identities(reason)) for reason in reasons if reason not in done.failed]
            tried = _next_name(folder, f"{name}.try", ".json")
            if raw:
                _write_raw(folder / "raw" / f"{tried.relative_to(folder)}.gz", raw)
            write_text(tried, dump(_content(source, window, readings)))
            return
        if raw:
            _write_raw(folder / "raw" / f"{name}.json.gz", raw)
        if isinstance(source, LineSource):
            write_text(folder / f"{name}.log", "".join(f"{harmless(without_identity(line))}\n" for line in lines))
        write_text(folder / f"{name}.json", dump(_content(source, window, readings)))
    except OSError as error:
        raise PilotError(f"{folder}: {error.strerror}", f"{to_write(error)}; pilot collect goes on") from None
    done.pulled += 1
    done.absent += sum(isinstance(r, Absent) for r in readings)


def kept_of(source: MetricSource, window: Window) -> tuple[list[Reading], list[str], list[dict[str, Any]]]:
    """Readings, lines and raw answers of one source; a source that fails at one of them is told as a reading that failed."""
    readings = ask(source, window)
    lines: list[str] = []
    raw: list[dict[str, Any]] = []

    def take() -> list[Reading]:
        if isinstance(source, RawSource):
            raw.extend(source.raw())
        if isinstance(source, LineSource):
            lines.extend(source.lines(window))
        return []

    return [*readings, *answers(("lines and raw answers",), "", source.kind, take)], lines, raw


def _content(source: MetricSource, window: Window, readings: Sequence[Reading]) -> dict[str, object]:
    return READINGS_FORMAT.stamped(
        {
            "source": source.kind,
            "verified": source.verified,
            "pulled_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "window": window,
            "readings": [{"kind": type(r).__name__.lower(), **fields_of(r)} for r in readings],
        }
    )


def _write_raw(path: Path, raw: Sequence[object]) -> None:
    """Answers as they came, without account ids."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with gzip.open(partial, "wt", encoding="utf-8") as file:
        json.dump(KNOWN.hide_in(jsonable(without_identities(list(raw)))), file, default=repr)
    partial.replace(path)


def _next_name(folder: Path, stem: str, suffix: str) -> Path:
    return folder / f"{stem}-{len(list(folder.glob(f'{stem}-*{suffix}'))) + 1}{suffix}"


def _due(record: RunRecord, name: str, source: MetricSource, window: Window) -> Due:
    keeps_s = getattr(source, "keeps_s", None)
    return Due(
        record.target,
        name,
        str((record.run or {})["started_utc"])[:10],
        window.end_unix_s + source.settle_s,
        None if keeps_s is None else window.end_unix_s + keeps_s,
    )


def window_of(record: RunRecord) -> Window | None:
    """The run's wall-clock window with a little room, None for a run that did not end."""
    run = record.run
    if not run or run.get("elapsed_s") is None:
        return None
    start = datetime.fromisoformat(run["started_utc"]).timestamp()
    return Window(start - BEFORE_S, start + run["elapsed_s"] + AFTER_S)


def fields_of(reading: Reading) -> dict[str, object]:
    """As it is written: of an absence the sentence, and its kind beside it."""
    fields = {name: getattr(reading, name) for name in reading.__dataclass_fields__}
    if isinstance(reading, Absent):
        fields |= {"reason": said(reading.reason), "reason_kind": reading.reason.kind}
    return {name: without_identities(value) if name in ("query", "reason") else value for name, value in fields.items()}
