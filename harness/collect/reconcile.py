"""A run's cost again, once the platform has said what it billed: the budget then counts less than the worst case."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from harness.campaign.limits import spent
from harness.campaign.metering import metered
from harness.domain.plan import Plan
from harness.domain.target import Target
from harness.evidence.events import ENDED, RECONCILED
from harness.evidence.regular import lines_in
from harness.evidence.store import Store
from harness.platforms import registry
from harness.platforms.billing import ToldBy
from harness.platforms.shared.report_lines import parse_report


def reconcile(targets: Mapping[str, Target], plan: Plan, store: Store) -> Decimal:
    """Note each run's cost by its billed durations, once; returns what all runs have cost."""
    known = {(e["run"], e["attempt"]) for e in store.journal() if e["event"] == RECONCILED}
    ended = {(e["run"], e["attempt"]) for e in store.journal() if e["event"] == ENDED}
    for unit in plan.units:
        for attempt in store.attempts(unit.number):
            for run in unit.runs:
                target, record = targets.get(run.target), store.record(run, attempt)
                if target is None or record is None or (run.id, attempt) not in ended - known:
                    continue
                billing = registry.billing_of(target)
                if billing is None or billing.told is not ToldBy.EACH_REQUEST:
                    continue
                billed = billed_ms_of(record.path / "readings")
                elapsed_s = (record.run or {}).get("elapsed_s")
                meter = metered(target, record.path, billed) if billed and elapsed_s else None
                if meter is None or not meter.matched:
                    continue
                share = {"billed": meter.matched, "samples": meter.samples}
                cost = str(meter.cost_usd(elapsed_s or 0.0))
                store.note(RECONCILED, run=run.id, attempt=attempt, cost_usd=cost, **share)
    return spent(store.journal())


def billed_ms_of(readings: Path) -> dict[str, float]:
    """Billed milliseconds by platform request id, from every log that was collected."""
    found: dict[str, float] = {}
    for path in sorted(readings.glob("*.log")):
        reports = (parse_report(line) for line in lines_in(path))
        found |= {report.request_id: report.whole_billed_ms for report in reports if report}
    return found
