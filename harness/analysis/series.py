"""A run's collected series by the name of their metric, from whichever source has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from harness.errors import BadFile
from harness.evidence.files import read_json
from harness.evidence.schema import READINGS_FORMAT

Points = tuple[tuple[float, float], ...]
Collected = dict[str, tuple[Points, ...]]  # of each metric one series a source, or one a value of its label
TRIED = ".try"  # in the name of an earlier answer, which is kept and not counted


def collected(run_folder: Path) -> Collected:
    """Empty where nothing was collected; a file that cannot be read holds nothing."""
    files = sorted(p for p in (run_folder / "readings").glob("*.json") if TRIED not in p.name)
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
def _read(files: Sequence[tuple[str, int]]) -> Collected:
    found: dict[str, list[Points]] = {}
    for name, _ in files:
        try:
            rows = read_json(Path(name), READINGS_FORMAT).get("readings", ())
        except BadFile:
            continue
        for row in rows:
            if row["kind"] == "series":
                found.setdefault(row["metric"], []).append(tuple((at, value) for at, value in row["points"]))
    return {metric: tuple(series) for metric, series in found.items()}
