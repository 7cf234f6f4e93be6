"""A run's REPORT lines by request id, as they were collected."""

from __future__ import annotations

from functools import lru_cache

from harness.analysis.dataset import RunData
from harness.sources.lambda_lines import Report, parse_report


def reports_of(run: RunData) -> dict[str, Report]:
    """Empty where none were collected."""
    if not run.record:
        return {}
    found: dict[str, Report] = {}
    for path in sorted((run.record.path / "readings").glob("*.log")):
        found |= _reports(str(path))
    return found


@lru_cache(maxsize=512)
def _reports(path: str) -> dict[str, Report]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - the cache wants a plain key
            found = (parse_report(line) for line in file)
            return {report.request_id: report for report in found if report}
    except OSError:
        return {}
