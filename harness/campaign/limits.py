"""Where a campaign stops: budget, stop file; the worst case is reserved before each run, counted during, settled after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.errors import LimitReached
from harness.evidence.events import ENDED, RECONCILED

SPENT = (ENDED, RECONCILED)  # journal events that say what a run has cost; the last one counts


@dataclass
class Spending:
    """Spend so far against the budget, in modelled US dollars: of runs, and of what stands whether or not it is asked."""

    budget_usd: Decimal
    stop_file: Path
    spent_usd: Decimal = field(default=Decimal(0))
    standing: Callable[[], Decimal] = lambda: Decimal(0)
    _settling: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def all_usd(self) -> Decimal:
        """Of runs and deployments together, until now."""
        return self.spent_usd + self.standing()

    def _standing_words(self) -> str:
        standing = self.standing()
        return (
            f", {standing:.4f} of it by what is deployed and by generators, which cost until they are removed"
            if standing
            else ""
        )

    def reserve(self, worst_case_usd: Decimal) -> None:
        """Raises LimitReached when the next run could exceed the budget, or the stop file lies there."""
        self.check_stop_file()
        if self.all_usd + worst_case_usd > self.budget_usd:
            raise LimitReached(
                f"the next run may cost up to {worst_case_usd:.4f} USD; {self.all_usd:.4f} of "
                f"{self.budget_usd} USD are spent (limits.budget_usd){self._standing_words()}",
                "raise the budget in pilot.toml and seal again, or decide on what there is",
            )

    def count(self, so_far_usd: Decimal) -> None:
        """Raises LimitReached when the run that is under way has used up what was left."""
        if self.all_usd + so_far_usd > self.budget_usd:
            raise LimitReached(
                f"this run has cost {so_far_usd:.4f} USD so far, and with it {self.budget_usd} USD are spent "
                "(limits.budget_usd)",
                "it cost more than its worst case: look at its retries before you raise the budget",
            )

    def check_stop_file(self) -> None:
        if self.stop_file.exists():
            raise LimitReached(f"the stop file {self.stop_file} is there", "remove it to go on")

    def settle(self, cost_usd: Decimal) -> None:
        """Safe from several threads."""
        with self._settling:
            self.spent_usd += cost_usd


def costs(journal: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], Decimal]:
    """What every run has cost, by the last word on it."""
    said = [e for e in journal if e["event"] in SPENT and {"run", "attempt", "cost_usd"} <= e.keys()]
    return {(str(e["run"]), int(e["attempt"])): Decimal(str(e["cost_usd"])) for e in said}


def spent(journal: Iterable[Mapping[str, Any]]) -> Decimal:
    """What all runs have cost together."""
    return sum(costs(journal).values(), Decimal(0))
