"""What has changed since an earlier report of the same pilot, from the decision.json beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.domain.bounds import REPORT_BYTES
from harness.errors import BadFile, Problem
from harness.report.blocks import Cell, Table, absent, number, table
from harness.report.columns import text, toned
from harness.tables.plain import shown
from harness.tables.text import text_of
from harness.words.numbers import money

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class _Loose(BaseModel):
    """Fields that are compared; later versions may say more."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class _Blocks(_Loose):
    valid: list[int | str]


class _Verdict(_Loose):
    slo: str
    target: str
    profile: str
    verdict: str


class _Amount(_Loose):
    value: float | None = None


class _Cost(_Loose):
    per_month: _Amount | None = None


class _Earlier(_Loose):
    recommendation: str
    confidence: str
    slos: list[_Verdict]
    cost: dict[str, _Cost]
    blocks: _Blocks


def read_earlier(path: Path) -> dict[str, Any]:
    """A decision.json, or the folder of a report that has one; raises BadFile for anything else, with every wrong field."""
    file = path / "decision.json" if path.is_dir() else path
    try:
        said = json.loads(text_of(file, most=REPORT_BYTES))
    except (ValueError, RecursionError) as error:
        raise BadFile(file, [Problem("", f"is not valid JSON: {error}")]) from None
    if not isinstance(said, dict):
        raise BadFile(file, [Problem("", "is not an object: want the decision.json of an earlier report")])
    try:
        return _Earlier.model_validate_json(json.dumps(said), strict=True).model_dump()
    except ValidationError as error:
        raise BadFile(file, [_problem(item) for item in error.errors()[:20]]) from None


def _problem(said: ErrorDetails) -> Problem:
    place = ".".join(shown(str(part)) for part in said["loc"])
    if said["type"] == "missing":
        return Problem(place, "is missing: want the decision.json of an earlier report")
    return Problem(place, said["msg"][:1].lower() + said["msg"][1:])


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
