"""A run's collected series by the name of their metric, from whichever source has them, and what was asked in vain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from harness.domain.reason import AsRecorded, Reason
from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT

Points = tuple[tuple[float, float], ...]
Collected = Mapping[str, tuple[Points, ...]]  # of each metric one series a source, or one a value of its label
TRIED = ".try"  # in the name of an earlier answer, which is kept and not counted
LABELLED = re.compile(r'(?s)(.*?)(?:\{.*\}|(?: [\w.]+="[^"]*")+)')  # as sources write labels behind a metric


@dataclass(frozen=True)
class Answers:
    """What one run's sources answered: series, their units, and the reason of each that is absent."""

    series: Collected = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, Reason] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)  # of each metric, there or absent


def family(metric: str) -> str:
    """A metric without the labels that tell its series apart."""
    found = LABELLED.fullmatch(metric)
    return found[1] if found else metric


def collected(run_folder: Path, side: str = "") -> Collected:
    """Empty where nothing was collected; a file that cannot be read holds nothing. ``side``: of a router's run, this side's."""
    return answers(run_folder, side).series


def answers(run_folder: Path, side: str = "") -> Answers:
    """The same, with units and absences."""
    files = sorted(p for p in (run_folder / "readings" / side).glob("*.json") if TRIED not in p.name)
    return _read(tuple((str(p), p.lstat().st_mtime_ns) for p in files))


def values(found: Collected, metric: str) -> list[float]:
    """Of every source that has the metric."""
    return [value for points in found.get(metric, ()) for _, value in points]


def by_instant(many: Iterable[Collected], metric: str) -> dict[float, float] | None:
    """Over runs: a minute that two of them share counts once; None where nobody collected it."""
    out: dict[float, float] = {}
    seen = False
    for found in many:
        for points in found.get(metric, ()):
            seen = True
            out |= dict(points)
    return out if seen else None


@lru_cache(maxsize=1024)
def _read(files: Sequence[tuple[str, int]]) -> Answers:
    found: dict[str, list[Points]] = {}
    units: dict[str, str] = {}
    absent: dict[str, Reason] = {}
    sources: dict[str, str] = {}
    for name, _ in files:
        try:
            content = read_json(Path(name), READINGS_FORMAT)
        except BadFile:
            continue
        for row in content.get("readings", ()):
            metric = row["metric"]
            sources[metric] = str(row.get("source", content.get("source", "")))
            if row["kind"] == "series":
                found.setdefault(metric, []).append(tuple((at, value) for at, value in row["points"]))
                units[metric] = str(row.get("unit", ""))
            else:
                absent[metric] = AsRecorded(str(row.get("reason", "")), str(row.get("reason_kind", "")))
    return Answers({metric: tuple(series) for metric, series in found.items()}, units, absent, sources)
