"""Earlier reports of the same pilot, from the decision.json of each: where they lie, what they say, what has changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.domain.bounds import MOST_ITEMS, REPORT_BYTES
from harness.errors import BadFile, Problem, Refused
from harness.evidence.schema import Format, version_of
from harness.report.blocks import Cell, Table, absent, number, table
from harness.report.columns import toned, word
from harness.tables.plain import shown
from harness.tables.said import words_of
from harness.tables.text import text_of
from harness.words.numbers import money

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

DECISION = "decision.json"
FORMAT = Format(DECISION, 1)  # reports of 0.1.0 name no version: they have the same fields, and fewer
RENDERED = Path("reports") / "rendered"  # of a workspace
HINT = "name another report, or make it again: pilot report in its workspace"
DEEPEST = 3  # folders below one that is named: NIGHT/report/decision.json


Earlier = Sequence[tuple[str, Mapping[str, Any]]]  # where each lies, what it says
Names = Mapping[str, str]


class _Loose(BaseModel):
    """Fields that are compared; later versions may say more."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class _Blocks(_Loose):
    valid: list[int | str]


class _Beyond(_Loose):
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    blocks: int | None = None


class _Verdict(_Beyond):
    slo: str
    target: str
    profile: str
    verdict: str
    limit: float | None = None
    unit: str | None = None
    reason: str | None = None
    beyond: _Beyond | None = None


class _Amount(_Beyond):
    reason: str | None = None


class _Cost(_Loose):
    per_month: _Amount | None = None


class _Campaign(_Loose):
    from_utc: str | None = None
    to_utc: str | None = None
    plan: str | None = None
    sealed: dict[str, Any] | None = None
    versions: dict[str, Any] = {}
    generator: dict[str, Any] = {}
    targets: dict[str, dict[str, Any]] = {}
    labels: dict[str, str] = {}
    model_time_scale: float | None = None


class _Earlier(_Loose):
    recommendation: str
    confidence: str
    slos: list[_Verdict]
    cost: dict[str, _Cost]
    blocks: _Blocks
    method: str | None = None
    campaign: _Campaign = _Campaign()


def newest(every: Earlier) -> Mapping[str, Any] | None:
    """What the one that measured last says; of those that do not say when, the last one named."""
    return max((said for _, said in every), key=lambda said: str(said["campaign"]["to_utc"] or ""), default=None)


def read_all(paths: Sequence[Path]) -> list[tuple[str, dict[str, Any]]]:
    """What each earlier report says, with the name of where it lies; raises BadFile for a broken one, Refused where none is."""
    files = dict.fromkeys(file for path in paths for file in _files(path))
    return [(_name(file), read_earlier(file)) for file in files]


def read_two(a: Path, b: Path) -> tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]:
    """The one report of each path, as ``read_all`` does; raises Refused where a path holds several, or both are the same."""
    one, two = _only(a), _only(b)
    found = (_name(one), read_earlier(one)), (_name(two), read_earlier(two))
    if one.samefile(two):
        raise Refused(f"{a} and {b} are the same report: {one}", "name an earlier and a later one")
    return found


def _only(path: Path) -> Path:
    files = _files(path)
    if len(files) > 1:
        raise Refused(f"{path} holds {len(files)} reports", f"name one of them, as {files[0].parent}")
    return files[0]


def _files(path: Path) -> list[Path]:
    """Of a file itself, of a report, of a workspace or its evidence the report, of a folder of such all of them."""
    if not path.is_dir():
        return [path]
    if found := _report_of(path):
        return [found]
    if (path / "plan.json").is_file() and (path.parent / RENDERED / DECISION).is_file():
        return [path.parent / RENDERED / DECISION]
    if found_below := list(_below(path, DEEPEST)):
        return found_below
    raise Refused(
        f"{path} holds no report: no {DECISION} in it or below",
        "name a report's folder, a workspace with a report, or a folder of such; pilot report writes one",
    )


def _report_of(folder: Path) -> Path | None:
    return next((file for file in (folder / DECISION, folder / RENDERED / DECISION) if file.is_file()), None)


def _below(folder: Path, left: int) -> Iterator[Path]:
    """Without links, and without more folders than a pilot has reports."""
    for inner in sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())[:MOST_ITEMS]:
        if found := _report_of(inner):
            yield found
        elif left > 1:
            yield from _below(inner, left - 1)


def _name(file: Path) -> str:
    """The folder that tells it from the others."""
    parts = [part for part in file.parts[:-1] if part not in (*RENDERED.parts, "report")]
    return shown(parts[-1]) if parts else shown(file.name)


def read_earlier(path: Path) -> dict[str, Any]:
    """A decision.json, or the folder of a report that has one; raises BadFile for anything else, with every wrong field, TooNew."""
    file = path / DECISION if path.is_dir() else path
    try:
        said = json.loads(text_of(file, HINT, REPORT_BYTES))
    except (ValueError, RecursionError) as error:
        raise BadFile(file, [Problem("", f"is not valid JSON: {error}")], HINT) from None
    if not isinstance(said, dict):
        raise BadFile(file, [Problem("", "is not an object: want the decision.json of an earlier report")], HINT)
    version_of(file, FORMAT, said.get("schema_version", 1), said.get("written_by"))
    return as_earlier(said, file)


def as_earlier(said: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The fields that are compared; raises BadFile."""
    try:
        return _Earlier.model_validate_json(json.dumps(said), strict=True).model_dump()
    except ValidationError as error:
        raise BadFile(file, [_problem(item) for item in error.errors()[:20]], HINT) from None


def _problem(said: ErrorDetails) -> Problem:
    place = ".".join(shown(str(part)) for part in said["loc"])
    if said["type"] == "missing":
        return Problem(place, "is missing: want the decision.json of an earlier report")
    return Problem(place, words_of(said, "an object"))


def changes(earlier: Mapping[str, Any] | None, now: Mapping[str, Any], names: Names, promised: Names) -> Table:
    """Recommendation, blocks, verdicts and cost, where they differ; empty without an earlier report.

    ``names``: the label of every target, ``promised``: how each metric is called. The CSV keeps what they stand for.
    """
    every = (earlier or {}, now)
    names = {**(earlier["campaign"]["labels"] if earlier else {}), **names}
    called = {_verdict_of(s): _verdict_of(s, names, promised) for said in every for s in said.get("slos", ())}
    called |= {_month_of(name): _month_of(names.get(name, name)) for said in every for name in said.get("cost", ())}
    rows = [(what, old, new) for what, old, new in (_pairs(earlier, now) if earlier else ()) if old != new]
    note = "" if rows or earlier is None else "Nothing that is compared here has changed."
    shown = (
        word("what", write=lambda what: str(called.get(what, what))),
        toned("then", "then", _cell),
        toned("now", "now", _cell),
    )
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
    return {_verdict_of(s): str(s["verdict"]) for s in said["slos"]}


def _verdict_of(
    said: Mapping[str, Any], names: Names = MappingProxyType({}), promised: Names = MappingProxyType({})
) -> str:
    slo, target = said["slo"], said["target"]
    return f"{promised.get(slo, slo)} of {names.get(target, target)} under {said['profile']}"


def _months(said: Mapping[str, Any]) -> dict[str, str]:
    found = {name: (cost.get("per_month") or {}).get("value") for name, cost in said["cost"].items()}
    return {_month_of(name): money(value) for name, value in found.items() if value is not None}


def _month_of(target: str) -> str:
    return f"runtime cost a month of {target}"
