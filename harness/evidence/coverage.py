"""Which readings are there and which are not: source by day, from the evidence alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.domain.plan import Plan
from harness.domain.target import Target
from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.regular import there
from harness.evidence.schema import READINGS_FORMAT
from harness.evidence.store import Store


@dataclass
class Cell:
    """One source of one target on one UTC day, counted in runs that ended."""

    target: str
    source: str
    day: str
    runs: int = 0
    collected: int = 0
    empty: int = 0  # collected, and not one series in it
    verified: str | None = None  # by what the adapter was verified, as it says

    @property
    def whole(self) -> bool:
        return self.collected == self.runs

    @property
    def said(self) -> str:
        """``4/4``, ``3/4``, and of those how many hold nothing."""
        return f"{self.collected}/{self.runs}" + (f" ({self.empty} empty)" if self.empty else "")


def coverage(targets: Iterable[Target], plan: Plan, store: Store) -> list[Cell]:
    """Every source that a target's file names, in the order of target, source and day."""
    known = {target.name: target for target in targets}
    cells: dict[tuple[str, str, str], Cell] = {}
    for record in store.all_records(plan):
        run = record.run
        if record.target not in known or not run or run.get("elapsed_s") is None:
            continue
        day = str(run["started_utc"])[:10]
        for source in known[record.target].source_names:
            cell = cells.setdefault((record.target, source, day), Cell(record.target, source, day))
            cell.runs += 1
            path = record.path / "readings" / f"{source}.json"
            if not there(path):
                continue
            content = _content(path)
            cell.collected += 1
            cell.empty += not any(r["kind"] == "series" for r in content.get("readings", ()))
            cell.verified = content.get("verified") or cell.verified
    order = {name: k for k, name in enumerate(known)}
    return sorted(cells.values(), key=lambda c: (order[c.target], c.source, c.day))


def _content(path: Path) -> dict[str, Any]:
    """Empty for a file that cannot be read: it holds nothing that anybody can use."""
    try:
        return read_json(path, READINGS_FORMAT)
    except BadFile:
        return {}


def table(cells: Sequence[Cell]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: a row a source, a column a day; a day without a run of that target is a dash."""
    days = sorted({cell.day for cell in cells})
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for cell in cells:
        rows.setdefault((cell.target, cell.source), {})[cell.day] = cell.said
    body = [
        [target, source, *(said.get(day, "\N{EN DASH}") for day in days)] for (target, source), said in rows.items()
    ]
    return ["target", "source", *days], body
