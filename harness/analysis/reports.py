"""A run's REPORT lines by request id, as they were collected."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from harness.analysis.dataset import RunData
from harness.evidence.regular import lines_in
from harness.platforms.shared.report_lines import Report, parse_report


def reports_of(run: RunData) -> dict[str, Report]:
    """Empty where none were collected."""
    return reports_in(run.record.path / "readings" / run.side) if run.record else {}


def reports_in(readings: Path) -> dict[str, Report]:
    """From every log of one run's folder."""
    found: dict[str, Report] = {}
    for path in sorted(readings.glob("*.log")):
        found |= _reports(path, path.lstat().st_mtime_ns)
    return found


@lru_cache(maxsize=512)
def _reports(path: Path, changed_ns: int) -> dict[str, Report]:
    del changed_ns  # part of the cache's key: a file that was collected anew is read anew
    found = (parse_report(line) for line in lines_in(path))
    return {report.request_id: report for report in found if report}
