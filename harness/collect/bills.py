"""Bills by day: asked daily while they may change, every answer kept, and what the asking itself costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from harness.domain.identities import without_identities
from harness.domain.plan import Plan
from harness.domain.target import SourceConfig, Target
from harness.evidence.bills import FOLDER, final, latest, write, write_unread
from harness.evidence.store import Store
from harness.platforms.registry import bills_of
from harness.platforms.shared.cost_explorer import BilledDay, CostExplorer

AGAIN_AFTER_S = 12 * 3600  # bills are made up to three times a day


@dataclass
class BillsPulled:
    """What one pass asked; ``pages`` cost ``usd``."""

    days: int = 0
    final: int = 0
    pages: int = 0
    usd: Decimal = Decimal(0)
    failed: tuple[str, ...] = ()


def pull_bills(
    targets: Mapping[str, Target],
    plan: Plan,
    store: Store,
    now: Callable[[], float] = time.time,
    make: Callable[[SourceConfig], CostExplorer] = bills_of,
) -> BillsPulled:
    """Every day from the first run's to yesterday that is not final yet."""
    out = BillsPulled()
    days = _days(plan, store, now())
    for target in targets.values():
        for config in (s for s in target.sources if s.bills):
            source = None
            folder = store.root / FOLDER / target.name
            for day in days:
                last = latest(folder, day)
                if last is not None and (final(last) or now() - last["pulled_unix_s"] < AGAIN_AFTER_S):
                    out.final += final(last)
                    continue
                source = source or make(config)
                bill = source.bill(day)
                out.pages += bill.pages  # paid for, also where the next one then failed
                out.usd += bill.own_cost_usd
                if bill.failed is not None:
                    said = f"cost-explorer of {target.name}, {day}: {without_identities(bill.failed)}"
                    out.failed = (*dict.fromkeys((*out.failed, said)),)
                    if bill.raw:
                        write_unread(folder, day, without_identities(list(bill.raw)))
                    continue
                out.days += 1
                write(folder, day, _content(bill, now(), source.verified))
    return out


def _content(bill: BilledDay, now_s: float, verified: str) -> dict[str, Any]:
    return {
        "estimated": bill.estimated,
        "pages": bill.pages,
        "own_cost_usd": bill.own_cost_usd,
        "pulled_unix_s": now_s,
        "verified": verified,
        "query": without_identities(dict(bill.query)),
        "lines": bill.lines,
    }


def _days(plan: Plan, store: Store, now_s: float) -> list[date]:
    started = [str(r.run["started_utc"])[:10] for r in store.all_records(plan) if r.run and r.run.get("started_utc")]
    if not started:
        return []
    first, yesterday = date.fromisoformat(min(started)), datetime.fromtimestamp(now_s, UTC).date() - timedelta(days=1)
    return [first + timedelta(days=k) for k in range((yesterday - first).days + 1)]
