"""What has changed since an earlier report of the same pilot, from the decision.json beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.decision.wording import money
from harness.errors import BadFile, Problem
from harness.evidence.files import read_json
from harness.report.blocks import Cell, Table, absent, number, table
from harness.report.columns import text, toned

NEEDED = ("recommendation", "confidence", "slos", "cost", "blocks")


def read_earlier(path: Path) -> dict[str, Any]:
    """A decision.json, or the folder of a report that has one; raises BadFile for anything else."""
    file = path / "decision.json" if path.is_dir() else path
    said = read_json(file)
    missing = [name for name in NEEDED if name not in said]
    if missing:
        raise BadFile(
            file, [Problem(name, "is missing: want the decision.json of an earlier report") for name in missing]
        )
    return said


def changes(earlier: Mapping[str, Any] | None, now: Mapping[str, Any]) -> Table:
    """Recommendation, blocks, verdicts and cost, where they differ; empty without an earlier report."""
    rows = [(what, old, new) for what, old, new in (_pairs(earlier, now) if earlier else ()) if old != new]
    note = "" if rows or earlier is None else "Nothing that is compared here has changed."
    shown = (text("what"), toned("then", "then", _cell), toned("now", "now", _cell))
    return table("changes", "Since the earlier report", shown, rows, note)


def _cell(said: str | None) -> Cell:
    return absent("not there") if said is None else number(said) if said[:1] in "$0123456789" else Cell(said)


def _pairs(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str | None, str | None]]:
    out: list[tuple[str, str | None, str | None]] = [
        (what, str(earlier[what]), str(now[what])) for what in ("recommendation", "confidence")
    ]
    out.append(("valid blocks", str(len(earlier["blocks"]["valid"])), str(len(now["blocks"]["valid"]))))
    old, new = _verdicts(earlier), _verdicts(now)
    out += [(what, old.get(what), new.get(what)) for what in dict.fromkeys((*old, *new))]
    costs = [_months(said) for said in (earlier, now)]
    return out + [(what, costs[0].get(what), costs[1].get(what)) for what in dict.fromkeys((*costs[0], *costs[1]))]


def _verdicts(said: Mapping[str, Any]) -> dict[str, str]:
    return {f"{s['slo']} of {s['target']} under {s['profile']}": str(s["verdict"]) for s in said["slos"]}


def _months(said: Mapping[str, Any]) -> dict[str, str]:
    found = {name: (cost.get("per_month") or {}).get("value") for name, cost in said["cost"].items()}
    return {f"runtime cost a month of {name}": money(value) for name, value in found.items() if value is not None}
